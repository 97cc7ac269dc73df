"""How often an account is looked at: the promised sweeps first, and what else looks lives on what they leave.

Lives here: the period of the sweeps, and a token bucket for all other looks, over the injected clock. May be imported
by the composition root; `cloud.observer` and `reconcile.sweeping` see their protocols. Must never come in: reading,
sleeping, the window of calls (`cloud.quota`).

What goes wrong without: one cluster that is being created is looked for every few seconds; in an account of a thousand
that alone spends the hour's calls in twenty minutes, and then nobody is watched for forty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hpc_operator.cloud.wire import PAGE
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.record import Account

_EARLY = 0.945
"""A sweep begins a little before the promise runs out: reading it takes time too."""
_BURST = 0.5
"""The part of what the sweeps leave that may be spent at once."""
_AGAIN = 1.0
_ABOUT_ONE = ("ask", "change")
_HURRIED = 4


class Window(Protocol):
    """The account's budget (quota.HourlyBudget)."""

    @property
    def span(self) -> float:
        """Seconds that it looks back."""

    def room(self, lane: str) -> int:
        """Calls in `span` that the lane may bring the account to."""

    def wait(self, account: Account, lane: str, calls: int = 1) -> float:
        """Seconds until so many may go; counts nothing."""

    def hurried(self, account: Account) -> bool:
        """Whether somebody waits for a create."""

    def watches(self, account: Account, need: float) -> None:
        """The watch over the account takes so many calls in a span."""

    async def permit(self, account: Account, lane: str, calls: int = 1, *, looks: bool = False) -> float:
        """0 when so many may go now, and are counted."""

    def refund(self, account: Account, calls: int, *, looks: bool = False) -> None:
        """So many of those were not made."""


def sweep_calls(listed: int, read: int = 0, logged: int = 1) -> int:
    """Calls of one sweep of an account with so many clusters: its pages, and those of the log.

    `read`, `logged`: what list and log were seen to cost: a log can be deep, and lines may not say their status.
    """
    return max(1, -(-listed // PAGE), read) + max(1, logged)


class Pace:
    """`staleness`: the promised one, seconds. Both observer.Purse and sweeping.Pace."""

    def __init__(self, window: Window, now: Callable[[], Instant], staleness: float) -> None:
        self._window, self._now, self._staleness = window, now, staleness
        self._spare: dict[tuple[str, str], _Bucket] = {}

    def period(self, account: Account, listed: int, read: int = 0, logged: int = 1) -> float:
        """Seconds between two sweeps: what is promised, or what the budget allows for what they cost.

        While somebody waits for a create, the watch takes a quarter of what it may.
        """
        room = max(1, self._window.room("sweep") // (_HURRIED if self._window.hurried(account) else 1))
        return max(_EARLY * self._staleness, sweep_calls(listed, read, logged) * self._window.span / room)

    async def pay(self, account: Account, lane: str, calls: int, listed: int, cost: tuple[int, int] = (0, 1)) -> float:
        """0 when so many calls may go now (they are then counted), else the seconds to wait.

        Lanes `ask` and `change` are about one cluster; every other look is at the whole account, and so part of the
        watch. Lane `look` also waits for what the sweeps of such an account leave over.
        """
        need = sweep_calls(listed, *cost) * self._window.span / self.period(account, listed, *cost)
        self._window.watches(account, need)
        if lane == "look" and self._window.wait(account, lane, calls) <= 0:
            bucket = self._spare.setdefault((account.endpoint, account.owner), _Bucket())
            spare = min(self._window.room("look"), self._window.room("sweep")) - need
            if not bucket.take(calls, self._now(), max(0.0, spare), self._window.span):
                return _AGAIN
        return await self._window.permit(account, lane, calls, looks=lane not in _ABOUT_ONE)

    def refund(self, account: Account, calls: int) -> None:
        """So many of those were not made."""
        self._window.refund(account, calls, looks=True)


@dataclass(slots=True)
class _Bucket:
    tokens: float = -1.0
    at: Instant = 0.0

    def take(self, calls: int, now: Instant, spare: float, span: float) -> bool:
        """Whether `calls` are there, of `spare` calls in `span` seconds; they are taken then."""
        most = _BURST * spare
        if self.tokens < 0 or now < self.at:
            self.tokens = most
        self.tokens = min(most, self.tokens + (now - self.at) * (spare - most) / span)
        self.at = now
        if self.tokens < calls:
            return False
        self.tokens -= calls
        return True
