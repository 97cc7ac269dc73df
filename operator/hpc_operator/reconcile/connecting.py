"""Writing the connection Secret: a small chore that never holds back Ready.

Used by `performing` only. What stands in it is `decide.connecting`'s. A Secret of that name which is not ours is told
once by an event, and tried again now and then; after a restart it is told once more.
"""

from collections.abc import Callable

from hpc_operator.decide import remembering
from hpc_operator.domain.actions import Connect
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Resource
from hpc_operator.reconcile.ports import SecretProblem, Store, Unavailable

_MOST = 10_000


class Connector:
    """Carries out `Connect`. `postpone(resource, chore)` puts a failed chore off for a while."""

    def __init__(self, store: Store, postpone: Callable[[Resource, str], None]) -> None:
        self._store, self._postpone = store, postpone
        self._told: dict[str, str] = {}

    async def connect(self, resource: Resource, action: Connect) -> None:
        """Write the Secret, then its digest into status: a crash between the two writes the same once more."""
        try:
            await self._store.connect(resource, dict(action.texts))
        except SecretProblem as problem:
            await self._later(resource, problem.reason, str(problem))
            return
        except Unavailable as refused:
            if not refused.permanent:
                raise
            await self._later(resource, Reason.KUBERNETES_REFUSED, str(refused))
            return
        self._told.pop(resource.ref.uid, None)
        await self._store.write_status(resource, remembering.connected(resource, action.digest))

    async def _later(self, resource: Resource, reason: Reason, message: str) -> None:
        self._postpone(resource, "Connect")
        if self._told.get(resource.ref.uid) == message:
            return
        while len(self._told) >= _MOST:
            del self._told[next(iter(self._told))]
        self._told[resource.ref.uid] = message
        await self._store.announce(resource, reason, message, warning=True)
