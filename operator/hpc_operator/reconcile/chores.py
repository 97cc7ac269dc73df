"""Chores that were put off, of each resource: how long, and longer each time for what costs calls.

A chore is what a pass may leave undone without anything being wrong: it must not hold back Ready, nor be tried in a
loop. Only `gathering` imports it. After a restart nothing is put off.
"""

import math

from hpc_operator.domain.desired import Instant
from hpc_operator.reconcile.ports import Clock

_AT_FIRST = 3
"""So often a chore is put off for the shortest time: what is short-lived is over by then."""
_COSTLY = ("Describe", "CountNodes")
_CHORES = (*_COSTLY, "Connect")


class Chores:
    """What was put off, by uid. `most`: seconds, the longest time."""

    def __init__(self, clock: Clock, most: float) -> None:
        self._clock, self._most = clock, most
        self._later: dict[tuple[str, str], Instant] = {}
        self._failed: dict[tuple[str, str], int] = {}

    def postpone(self, uid: str, chore: str) -> None:
        """Not now; what costs calls is put off longer and longer while it comes again soon."""
        key, now, most = (uid, chore), self._clock.now(), self._most
        again = chore in _COSTLY and now - self._later.get(key, -math.inf) < most
        failed = self._failed[key] = self._failed.get(key, 0) + 1 if again else 1
        self._later[key] = now + min(most / 10 * 2 ** max(0, failed - _AT_FIRST), most)

    def postponed(self, uid: str) -> frozenset[str]:
        """The chores that are not due yet."""
        now = self._clock.now()
        return frozenset(chore for chore in _CHORES if self._later.get((uid, chore), 0.0) > now)

    def wait(self, uid: str) -> float:
        """Seconds until the first of them is due; infinite without one."""
        now = self._clock.now()
        due = (self._later.get((uid, chore), 0.0) - now for chore in _CHORES)
        return min((wait for wait in due if wait > 0), default=math.inf)

    def done(self, uid: str, chore: str) -> None:
        """It was carried out: the next failure is a first one."""
        self._failed.pop((uid, chore), None)

    def forget(self, uid: str) -> None:
        """The resource is gone."""
        for chore in _CHORES:
            self._later.pop((uid, chore), None)
            self._failed.pop((uid, chore), None)
