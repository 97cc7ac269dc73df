"""One search: what the settings name is opened, read, and closed again. The command line runs it.

No call that changes anything can be reached from this room: the cloud is met through the observer's reads, Kubernetes
through `kube.readonly`.
"""

from contextlib import AsyncExitStack

from hpc_operator import account
from hpc_operator.account import Means, Opened
from hpc_operator.kube.readonly import ReadOnly
from hpc_operator.orphans.reading import Facts, Reader, Scope
from hpc_operator.reconcile.ports import Unavailable
from hpc_operator.settings import Settings


async def search(means: Means) -> Facts:
    """Everything that can be read."""
    async with AsyncExitStack() as stack:
        try:
            opened = await account.opened(means, stack)
        except Unavailable as problem:
            return Facts(None, {}, (str(problem).rstrip("."),))
        return await reader(opened, means.settings).read()


def reader(opened: Opened, settings: Settings, *also: str) -> Reader:
    """Reads all once; `also`: namespaces beside those that are served."""
    policy, own = settings.policy(), account.source(settings) is not None
    served = settings.namespaces and tuple(dict.fromkeys((*settings.namespaces, *also)))
    scope = Scope(settings.endpoint, policy.owners, policy.zones, served, own_key=own)
    return Reader(ReadOnly(opened.server), opened.keys, opened.observer, opened.clock.now, scope)
