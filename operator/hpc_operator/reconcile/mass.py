"""Whether deletions are held because too many are asked for at once: the numbers gathered, the approval used up.

Made by `engine`, asked by `gathering` for resources that are being deleted, and told when one is gone. What follows
from the numbers is `decide.mass`'s. After a restart: the timestamps of what is still Terminating are all in the cache;
what went before is forgotten.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from hpc_operator.decide import mass
from hpc_operator.decide.facts import Scene
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.policy import Policy
from hpc_operator.reconcile.ports import Lease, Store

_log = logging.getLogger(__name__)


class Going(Protocol):
    """The part of `reconcile.cache` that is used here."""

    def __len__(self) -> int: ...

    def deletions(self) -> Sequence[Instant]:
        """When each resource that is Terminating, or went lately, was deleted; sorted."""

    def terminating(self) -> Iterable[Instant]:
        """When those were deleted that are still there."""


class Bulk:
    """Asks once a pass. `store` tells whether the CRD goes, `lease` what a person approved."""

    def __init__(self, store: Store, lease: Lease, fleet: Going, policy: Policy) -> None:
        self._store, self._lease, self._fleet, self._policy = store, lease, fleet, policy
        self._doomed: bool | None = False

    async def weigh(self, scene: Scene) -> Scene:
        """The scene with what holds its deletion; as it was for a resource that is not being deleted, or not by us."""
        resource = scene.resource
        if resource.deleting_since is None or not resource.finalizer or not self._policy.hold_deletions:
            return scene
        self._doomed = await self._store.doomed()
        why = mass.held(
            self._numbers(), resource.deleting_since, self._doomed, self._lease.approved_deletions(), self._policy
        )
        return replace(scene, facts=replace(scene.facts, mass_deletion=why))

    def went(self) -> None:
        """A resource is gone: an approval that no burst needs any more is taken off the Lease."""
        if self._lease.approved_deletions() <= 0:
            return
        numbers = self._numbers()
        left = tuple(self._fleet.terminating())
        if left and self._doomed is not False:
            return
        if any(mass.held(numbers, at, doomed=False, approved=0, policy=self._policy) for at in left):
            return
        _log.info("the approval of deletions is used up and is taken off the Lease")
        self._lease.drop_approval()

    def _numbers(self) -> mass.Deletions:
        return mass.Deletions(self._fleet.deletions(), len(self._fleet), len(tuple(self._fleet.terminating())))
