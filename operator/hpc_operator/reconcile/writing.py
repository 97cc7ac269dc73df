"""Writing what an answer means, until it is written: under resourceVersion, for the same uid only.

The first try is upon the resource in hand: its resourceVersion vouches that nobody has written since, as a read
directly before would. Every further one, and every answer that there is nothing to write, is upon a fresh read. The
store's conflicts and outages end here; a resource that is gone is reported as an orphan, for its cluster bills on.
"""

import logging
from collections.abc import Awaitable, Callable

from hpc_operator.decide import guards, remembering
from hpc_operator.domain.answers import Accepted, Refused
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Closed, Intent, Memory, Resource
from hpc_operator.reconcile.ports import Clock, Conflict, CrdTooOld, Gone, Store, Unavailable

_log = logging.getLogger(__name__)


class Writer:
    """Writes memories that must not be lost. `sleep` is injected; `pause` seconds lie between two tries."""

    def __init__(
        self, store: Store, clock: Clock, sleep: Callable[[float], Awaitable[None]], pause: float = 1.0
    ) -> None:
        self._store, self._clock, self._sleep, self._pause = store, clock, sleep, pause

    async def created(self, resource: Resource, intent: Intent, answer: Accepted) -> None:
        """A createCluster was accepted: id and job into status; reported as orphan if the resource is gone."""

        def change(fresh: Resource) -> Memory | None:
            return remembering.created(fresh.memory, intent, answer, self._clock.now())

        written = await self._until(resource, change)
        if written is None:
            await self._orphan(resource, intent, answer, "its resource is gone")
        elif answer.cluster_id not in (written.memory.hpc_cluster_id, *written.memory.strays):
            await self._orphan(written, intent, answer, "its resource's memory cannot be read")
        elif answer.cluster_id in written.memory.strays:
            text = f"{answer.cluster_id} was answered to {intent.full_mark}, beside {written.memory.hpc_cluster_id}."
            _log.error("a second cluster belongs to a resource", extra={"resource": str(resource.ref), "detail": text})
            await self._store.announce(written, Reason.DUPLICATE_CLUSTERS, text, warning=True)

    async def answered(self, resource: Resource, intent: Intent, answer: Accepted | Refused) -> None:
        """A delete or a change was answered: its job, or a delete's *not found*, into the open intent."""
        await self._until(resource, lambda fresh: remembering.answered(fresh.memory, intent, answer))

    async def ended(self, resource: Resource, intent: Intent, at: Instant) -> None:
        """The job of the open change is over."""
        await self._until(resource, lambda fresh: remembering.ended(fresh.memory, intent, at))

    async def close(self, resource: Resource, intent: Intent, closing: Closed) -> None:
        """Close the operation, if it is still the one that was open."""

        def change(fresh: Resource) -> Memory | None:
            return remembering.closed(fresh.memory, intent, closing) if guards.same_intent(fresh, intent) else None

        await self._until(resource, change)

    async def _until(self, resource: Resource, change: Callable[[Resource], Memory | None]) -> Resource | None:
        """Write until written; the resource as it then is, or None when it is gone."""
        first = change(resource) is not None
        while True:
            try:
                fresh, first = resource if first else await self._store.read(resource.ref), False
                memory = change(fresh)
                return fresh if memory is None else await self._store.write_status(fresh, memory)
            except Conflict:
                continue
            except Gone:
                return None
            except (Unavailable, CrdTooOld) as error:
                _log.warning(
                    "an answer is not written yet: %s",
                    error,
                    extra={"resource": str(resource.ref), "again_in": self._pause},
                )
                await self._sleep(self._pause)

    async def _orphan(self, resource: Resource, intent: Intent, answer: Accepted, why: str) -> None:
        text = f"{answer.cluster_id} (mark {intent.full_mark}) was created, but {why}: it bills on."
        _log.error("a cluster has no resource", extra={"resource": str(resource.ref), "detail": text})
        await self._store.announce(resource, Reason.ORPHANED, text, warning=True)
