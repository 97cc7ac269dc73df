"""How the account is reached, from the settings: which key, signed how, over which client.

`main` calls it for `run`, `cli` for the commands that only read. Nothing is decided here.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from hpc_operator.cloud.calls import Caller, CallSettings
from hpc_operator.cloud.client import HpcCalls
from hpc_operator.cloud.credentials import AccountKeys, GivenKey, MountedKey, Source
from hpc_operator.cloud.quota import HourlyBudget
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.cloud.signing import Encoding
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.cloud.transport import HttpTransport
from hpc_operator.domain.reasons import Reason
from hpc_operator.kube.passwords import Secrets
from hpc_operator.measuring.counting import Metrics
from hpc_operator.reconcile.ports import SecretProblem
from hpc_operator.settings import PREFIX, Settings


def source(settings: Settings) -> Source | None:
    """Where the operator's own key comes from; None: resources must name Secrets."""
    if settings.credentials_dir is not None:
        return MountedKey(settings.credentials_dir)
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


async def calls(
    settings: Settings, clock: WatchedClock, budget: HourlyBudget, metrics: Metrics, stack: AsyncExitStack
) -> HpcCalls:
    """The client; `stack` closes its connections."""
    transport = HttpTransport(clock.now, connect_timeout=settings.connect_timeout, verify=settings.verify_tls)
    await stack.enter_async_context(transport)
    caller = Caller(
        transport,
        clock,
        budget,
        call_settings(settings),
        sleep=asyncio.sleep,
        on_call=metrics.called,
        calling=metrics.calling,
    )
    return HpcCalls(caller)


def keys(settings: Settings, secrets: Secrets, clock: WatchedClock, scrubber: Scrubber) -> AccountKeys:
    """The operator's own key, or that of a resource's Secret."""
    return AccountKeys(
        source(settings),
        settings.endpoint,
        _reading(secrets),
        clock.now,
        scrubber,
        owner=settings.owner,
        zone=settings.zone,
    )


def _reading(values: Secrets) -> Callable[[str, str], Any]:
    async def read(namespace: str, name: str) -> Mapping[str, str]:
        try:
            return await values.values(namespace, name)
        except SecretProblem as problem:
            raise SecretProblem(Reason.CREDENTIALS_MISSING, str(problem)) from None

    return read
