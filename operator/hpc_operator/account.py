"""How the account is reached, from the settings: which key, signed how, over which connections.

`main` uses it for `run`, `doctor` and the other commands for what they read. Nothing is decided here.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from hpc_operator.cloud.calls import Caller, CallSettings
from hpc_operator.cloud.client import HpcCalls
from hpc_operator.cloud.credentials import AccountKeys, GivenKey, MountedKey, ReadSecret, Source
from hpc_operator.cloud.observer import Observer
from hpc_operator.cloud.quota import HourlyBudget
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.cloud.signing import Encoding
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.cloud.transport import HttpTransport
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.reasons import Reason
from hpc_operator.kube.passwords import Secrets
from hpc_operator.kube.readonly import ReadOnly
from hpc_operator.kube.store import Server
from hpc_operator.reconcile.ports import SecretProblem
from hpc_operator.settings import PREFIX, Settings

_RETRY = 15.0
"""Seconds after which a Secret that could not be read is tried again."""


def source(settings: Settings) -> Source | None:
    """Where the operator's own key comes from; None: resources must name Secrets."""
    if settings.credentials_dir is not None:
        return MountedKey(settings.credentials_dir, settings.credentials_secret)
    if settings.access_key_id is not None:
        values = {"access_key_id": settings.access_key_id, "secret_access_key": settings.secret_access_key}
        return GivenKey(values, f"{PREFIX}ACCESS_KEY_ID and {PREFIX}SECRET_ACCESS_KEY")
    return None


def call_settings(settings: Settings) -> CallSettings:
    """How calls are made."""
    return CallSettings(
        encoding=Encoding[settings.signature_encoding.upper()],
        conf_as_text=settings.cluster_conf_as == "string",
        env_defaults=settings.env_defaults(),
        read_timeout=settings.read_timeout,
        change_timeout=settings.read_timeout,
        quota_pause=settings.quota_pause,
    )


@dataclass(frozen=True, slots=True)
class Means:
    """What a command that only reads works with, made by the command line: settings, clock and pauses."""

    settings: Settings
    scrubber: Scrubber
    now: Callable[[], Instant]
    ticks: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Opened:
    """Account and Kubernetes, open until the stack is closed. What is read of Secrets is read and never generated."""

    server: Server
    keys: AccountKeys
    observer: Observer
    caller: Caller
    clock: WatchedClock


async def opened(means: Means, stack: AsyncExitStack) -> Opened:
    """For a command: nothing is sent yet. Unavailable where no way to the API server can be read."""
    settings = means.settings
    server = await Server.connect(
        settings.kubeconfig,
        settings.context,
        ticks=means.ticks,
        timeout=settings.kube_timeout,
        learn=means.scrubber.add,
    )
    stack.push_async_callback(server.close)
    clock = WatchedClock(means.now)
    connections = await stack.enter_async_context(transport(settings, means.now))
    budget = HourlyBudget(clock.now, limit=settings.quota, share=settings.quota_share)
    caller = Caller(connections, clock, budget, call_settings(settings), sleep=means.sleep)
    # Nothing is generated here: a choice is never asked for.
    secrets = Secrets(ReadOnly(server), choose=lambda options: options[0], learn=means.scrubber.add)
    found = keys(settings, reading(secrets), means.now, means.scrubber)
    return Opened(server, found, Observer(HpcCalls(caller), clock), caller, clock)


def keys(settings: Settings, read: ReadSecret, now: Callable[[], Instant], scrubber: Scrubber) -> AccountKeys:
    """The operator's own key, or that of a resource's Secret, which `read` reads."""
    return AccountKeys(
        source(settings),
        settings.endpoint,
        read,
        now,
        scrubber,
        owner=settings.owner,
        zone=settings.zone,
        max_age=settings.credentials_max_age,
        retry=min(_RETRY, settings.credentials_max_age),
    )


def transport(settings: Settings, now: Callable[[], Instant]) -> HttpTransport:
    """The connections to the HPC API; use it in an `async with` statement."""
    return HttpTransport(now, connect_timeout=settings.connect_timeout, verify=settings.verify_tls)


def reading(values: Secrets) -> ReadSecret:
    """Reads the Secrets that resources name for their keys."""

    async def read(namespace: str, name: str) -> Mapping[str, str]:
        try:
            return await values.values(namespace, name)
        except SecretProblem as problem:
            text = f"{problem}; make it, with access_key_id and secret_access_key of one API key."
            raise SecretProblem(Reason.CREDENTIALS_MISSING, text) from None

    return read
