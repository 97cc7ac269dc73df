"""Since when this process knows each resource to exist.

The cache tells of a resource the moment it hears of it (`process.waking`), the gatherer asks. What goes wrong when only
the first pass counts: a thousand resources of one apply would each ask for a look of its own, since each would call a
look too old that began before its pass, though it began long after the resource was there.
"""

from collections.abc import Callable

from hpc_operator.domain.desired import Instant, Ref


class Meetings:
    """`now`: the clock by which looks begin."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._met: dict[str, Instant] = {}

    def met(self, ref: Ref) -> Instant:
        """When the resource was first heard of: at the latest now."""
        return self._met.setdefault(ref.uid, self._now())

    def forget(self, ref: Ref) -> None:
        """The resource is gone."""
        self._met.pop(ref.uid, None)
