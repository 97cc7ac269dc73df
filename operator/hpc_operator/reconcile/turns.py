"""Whose turn it is when the account's calls do not suffice for everybody who wants to create.

The gatherer asks before it looks. Namespaces take turns, and within one whoever asked first goes first: nine hundred
new resources in one namespace do not hold back the one in another. Pure bookkeeping over ports.Budget.

What goes wrong without: all who wait wake up for the same free call, and whoever happens to be first takes it.
"""

from collections import defaultdict

from hpc_operator.domain.desired import Instant, Ref
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import FOLLOW_UPS, Budget, Clock

_LANE, _PRICE = "create", 1 + FOLLOW_UPS


class Turns:
    """Who is in line for a create, by account and namespace."""

    def __init__(self, budget: Budget, clock: Clock) -> None:
        self._budget, self._clock = budget, clock
        self._lines: defaultdict[Account, dict[str, dict[str, None]]] = defaultdict(dict)
        self._where: dict[str, Account] = {}
        self._waiting: defaultdict[Account, set[str]] = defaultdict(set)

    def until(self, account: Account, ref: Ref) -> Instant | None:
        """None when the resource may create now; else when its turn is likely to come. It is in line from then on."""
        if self._where.get(ref.uid) != account:
            self.leave(ref)
            self._where[ref.uid] = account
            self._lines[account].setdefault(ref.namespace, {})[ref.uid] = None
        if self._budget.wait(account, _LANE, 1 + len(self._where) * _PRICE) <= 0:
            self._waits(account, ref, waits=False)
            return None  # there is enough for everybody in line: nobody need be counted
        wait = self._budget.wait(account, _LANE, 1 + self._ahead(account, ref) * _PRICE)
        if wait > 0 and ref.uid not in self._waiting[account]:
            self._budget.waits(account, _LANE, wait)
        self._waits(account, ref, waits=wait > 0)
        return None if wait <= 0 else self._clock.now() + wait

    def leave(self, ref: Ref) -> None:
        """It has created, is gone, or waits for something else."""
        account = self._where.pop(ref.uid, None)
        if account is None:
            return
        self._waits(account, ref, waits=False)
        lines = self._lines[account]
        line = lines.pop(ref.namespace)
        del line[ref.uid]
        if line:
            lines[ref.namespace] = line  # it had its turn: the other namespaces are before it now
        if not lines:
            del self._lines[account]

    def _waits(self, account: Account, ref: Ref, *, waits: bool) -> None:
        """The budget is told whether anybody waits."""
        waiting = self._waiting[account]
        before = bool(waiting)
        (waiting.add if waits else waiting.discard)(ref.uid)
        if before != bool(waiting):
            self._budget.hurry(account, bool(waiting))

    def _ahead(self, account: Account, ref: Ref) -> int:
        """How many go first, if the namespaces take turns in the order in which they came."""
        lines = self._lines[account]
        place = next(place for place, uid in enumerate(lines[ref.namespace]) if uid == ref.uid)
        ahead, before = 0, True
        for namespace, line in lines.items():
            if namespace == ref.namespace:
                before = False
                ahead += place
            else:
                ahead += min(len(line), place + before)
        return ahead
