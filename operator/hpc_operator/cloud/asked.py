"""The newest answer about each single cluster that was asked for by id. Only `observer` imports it. Pure.

After a restart it is empty: what still matters is asked for again.
"""

from collections import OrderedDict
from collections.abc import Mapping

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import IdLook
from hpc_operator.domain.record import Account

_LIFETIME = 3600.0
"""Seconds after which an answer about one cluster is forgotten: what still matters was asked for again meanwhile."""


class Asked:
    """Looks by id, of each account at most `most`, the least lately asked going first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._looks: dict[Account, OrderedDict[str, IdLook]] = {}

    def known(self, account: Account) -> Mapping[str, IdLook]:
        """The newest look for each id asked lately."""
        return dict(self._looks.get(account, {}))

    def keep(self, account: Account, look: IdLook, now: Instant) -> None:
        """One more answer; an earlier beginning never takes the place of a later one."""
        kept = self._looks.setdefault(account, OrderedDict())
        earlier = kept.get(look.id)
        if earlier is None or earlier.begun <= look.begun:
            kept[look.id] = look
        kept.move_to_end(look.id)
        while len(kept) > self._most or next(iter(kept.values())).last_asked < now - _LIFETIME:
            kept.popitem(last=False)

    def forget_later(self, account: Account, now: Instant) -> None:
        """Our clock went back: what began later than now would claim too much."""
        kept = self._looks.get(account, OrderedDict())
        self._looks[account] = OrderedDict((i, look) for i, look in kept.items() if look.begun <= now)
