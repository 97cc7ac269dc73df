"""The looks at the nodes of clusters that are being changed: the newest few of each, for as long as that takes.

Imported by `gathering`. Nothing is judged here, and nothing survives a restart: what was counted is counted anew.
"""

from hpc_operator.domain.desired import Instant, Ref
from hpc_operator.domain.observed import NodesLook

KEPT = 3
"""Looks of one cluster."""


class Countings:
    """By resource. A settled one keeps none: what was counted stands in its status."""

    def __init__(self) -> None:
        self._looks: dict[str, tuple[NodesLook, ...]] = {}

    def keep(self, ref: Ref, look: NodesLook) -> None:
        """A complete look was made."""
        self._looks[ref.uid] = (look, *self._looks.get(ref.uid, ()))[:KEPT]

    def of(self, ref: Ref, now: Instant) -> tuple[NodesLook, ...]:
        """The looks at this resource's cluster, newest first.

        Our clock may have gone back: what claims to begin later than `now` would count as fresh for as long as it was
        ahead, whatever was added meanwhile. It is forgotten.
        """
        looks = self._looks.get(ref.uid, ())
        if any(look.begun > now for look in looks):
            looks = self._looks[ref.uid] = tuple(look for look in looks if look.begun <= now)
        return looks

    def forget(self, ref: Ref) -> None:
        """It is settled, or gone."""
        self._looks.pop(ref.uid, None)
