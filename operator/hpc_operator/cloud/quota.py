"""The account's hourly call budget: who may call now, and how long the others wait.

Lives here: one sliding window per account (endpoint and owner). May be imported by the composition root; `client` and
`observer` see its protocol. Must never come in: sleeping (callers pace themselves), what a call is for beyond its lane.
Source: API reference, request page (2000 calls per 3600 s); whether refused calls count is not said: they are counted.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.record import Account

# What each lane must leave to those before it, as a part of the budget: finish > change > create > look.
RESERVES: Mapping[str, float] = MappingProxyType({"finish": 0.0, "change": 0.02, "create": 0.05, "look": 0.10})


@dataclass(slots=True)
class _Window:
    """Times of the calls of the last `span` seconds, oldest first, and until when the tap is closed."""

    calls: deque[Instant] = field(default_factory=deque)
    closed_until: Instant = 0.0


class HourlyBudget:
    """ports.Budget. `limit` calls in `span` seconds, of which `share` is ours."""

    def __init__(
        self, now: Callable[[], Instant], *, limit: int = 2000, share: float = 0.8, span: float = 3600.0
    ) -> None:
        self._now = now
        self._most = max(1, int(limit * share))
        self._span = span
        self._windows: defaultdict[tuple[str, str], _Window] = defaultdict(_Window)

    async def permit(self, account: Account, lane: str) -> float:
        """0 when a call of this lane may go now (it is then counted), else the seconds to wait."""
        window, now = self._window(account), self._now()
        if window.closed_until > now:
            return window.closed_until - now
        room = max(1, self._most - int(self._most * RESERVES[lane]))
        if len(window.calls) >= room:
            return max(0.001, window.calls[len(window.calls) - room] + self._span - now)
        window.calls.append(now)
        return 0.0

    def close_tap(self, account: Account, until: Instant) -> None:
        """The service refused a read with 2500: nothing of this account is called before `until`."""
        window = self._window(account)
        window.closed_until = max(window.closed_until, until)

    def used(self, account: Account) -> int:
        """Calls counted in the present window: a metric."""
        return len(self._window(account).calls)

    def closed_until(self, account: Account) -> Instant | None:
        """Until when the tap is closed; None when it is open."""
        until = self._window(account).closed_until
        return until if until > self._now() else None

    def _window(self, account: Account) -> _Window:
        window, past = self._windows[account.endpoint, account.owner], self._now() - self._span
        while window.calls and window.calls[0] <= past:
            window.calls.popleft()
        return window
