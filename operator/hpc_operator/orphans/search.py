"""One search: what the settings name is opened, read, and closed again. The command line runs it.

No call that changes anything can be reached from this room: the cloud is met through the observer's reads, Kubernetes
through `kube.readonly`.
"""

from contextlib import AsyncExitStack

from hpc_operator import account
from hpc_operator.account import Means
from hpc_operator.cloud.calls import Caller
from hpc_operator.cloud.client import HpcCalls
from hpc_operator.cloud.observer import Observer
from hpc_operator.cloud.quota import HourlyBudget
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.kube.passwords import Secrets
from hpc_operator.kube.readonly import ReadOnly
from hpc_operator.kube.store import Server
from hpc_operator.orphans.reading import Facts, Reader, Scope
from hpc_operator.reconcile.ports import Unavailable
from hpc_operator.settings import Settings


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
        transport = await stack.enter_async_context(account.transport(settings, means.now))
        budget = HourlyBudget(clock.now, limit=settings.quota, share=settings.quota_share)
        caller = Caller(transport, clock, budget, account.call_settings(settings), sleep=means.sleep)
        api = ReadOnly(server)
        # Nothing is generated here: a choice is never asked for.
        secrets = Secrets(api, choose=lambda options: options[0], learn=means.scrubber.add)
        keys = account.keys(settings, account.reading(secrets), means.now, means.scrubber)
        return await Reader(api, keys, Observer(HpcCalls(caller), clock), clock.now, _scope(settings)).read()


def _scope(settings: Settings) -> Scope:
    policy, own = settings.policy(), account.source(settings) is not None
    return Scope(settings.endpoint, policy.owners, policy.zones, settings.namespaces, own_key=own)
