"""One search: what the settings name is opened, read, and closed again. The command line runs it.

No call that changes anything can be reached from this room: the cloud is met through the observer's reads, Kubernetes
through `kube.readonly`.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from hpc_operator.cloud.calls import Caller, CallSettings
from hpc_operator.cloud.client import HpcCalls
from hpc_operator.cloud.credentials import AccountKeys, ReadSecret, Source
from hpc_operator.cloud.observer import Observer
from hpc_operator.cloud.quota import HourlyBudget
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.cloud.transport import HttpTransport
from hpc_operator.domain.desired import Instant
from hpc_operator.kube.api import Api
from hpc_operator.kube.passwords import Secrets
from hpc_operator.kube.readonly import ReadOnly
from hpc_operator.kube.store import Server
from hpc_operator.orphans.reading import Facts, Reader, Scope
from hpc_operator.reconcile.ports import Unavailable
from hpc_operator.settings import Settings


@dataclass(frozen=True, slots=True)
class Means:
    """What a search works with, made by the command line."""

    settings: Settings
    source: Source | None
    calls: CallSettings
    scrubber: Scrubber
    now: Callable[[], Instant]
    ticks: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


async def search(means: Means) -> Facts:
    """Everything that can be read."""
    settings = means.settings
    async with AsyncExitStack() as stack:
        try:
            server = await Server.connect(
                settings.kubeconfig,
                settings.context,
                ticks=means.ticks,
                timeout=settings.kube_timeout,
                learn=means.scrubber.add,
            )
        except Unavailable as problem:
            return Facts(None, {}, (str(problem).rstrip("."),))
        stack.push_async_callback(server.close)
        clock = WatchedClock(means.now)
        transport = HttpTransport(means.now, connect_timeout=settings.connect_timeout, verify=settings.verify_tls)
        await stack.enter_async_context(transport)
        budget = HourlyBudget(clock.now, limit=settings.quota, share=settings.quota_share)
        caller = Caller(transport, clock, budget, means.calls, sleep=means.sleep)
        api = ReadOnly(server)
        return await Reader(
            api, _keys(means, api), Observer(HpcCalls(caller), clock), clock.now, _scope(settings, means.source)
        ).read()


def _scope(settings: Settings, source: Source | None) -> Scope:
    policy = settings.policy()
    return Scope(settings.endpoint, policy.owners, policy.zones, settings.namespaces, own_key=source is not None)


def _keys(means: Means, api: Api) -> AccountKeys:
    settings = means.settings
    return AccountKeys(
        means.source,
        settings.endpoint,
        _secrets(api, means.scrubber),
        means.now,
        means.scrubber,
        owner=settings.owner,
        zone=settings.zone,
    )


def _secrets(api: Api, scrubber: Scrubber) -> ReadSecret:
    values = Secrets(api, choose=lambda options: options[0], learn=scrubber.add)  # nothing is generated here

    async def read(namespace: str, name: str) -> Mapping[str, str]:
        return await values.values(namespace, name)

    return read
