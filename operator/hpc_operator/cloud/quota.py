"""The account's hourly call budget: who may call now, and how long the others wait.

Lives here: one sliding window per account (endpoint and owner). May be imported by the composition root; others see its
protocols. Must never come in: sleeping (callers pace themselves), what a call is for beyond its lane, where `kept`
texts are stored. Source: API reference, request page (2000 calls per 3600 s); whether refused calls count is not said:
they are counted.

What goes wrong without `kept`: a process that crashes in a loop would begin a fresh window each time and spend a
multiple of the quota. So the window is written down coarsely (kube.lease does it with a renewal that is due anyway),
no more than an allotment is spent between two writings, and whoever restores it takes the whole allotment for spent.
"""

import asyncio
import json
import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from types import MappingProxyType

from hpc_operator.cloud.window import Window, until_fewer
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import FOLLOW_UPS

# What each lane must leave to those before it, as a part of the budget: finish > change > create > look.
# `sweep` is the watch itself: it keeps the promised staleness, and has a share of its own instead of a place in the
# row; other looks at the whole account are paced besides (cloud.pacing). `ask` is a question about one cluster that the
# watch misses: it leaves the watch its calls, as a create does.
RESERVES: Mapping[str, float] = MappingProxyType(
    {"finish": 0.0, "change": 0.02, "sweep": 0.03, "create": 0.05, "ask": 0.05, "look": 0.10}
)
WATCH = 0.88
"""The watch never takes more than this; what it takes, creates leave to it: a burst of them must not blind it."""
_ALLOTMENT = 32
"""Up to this part of the budget may be spent between two writings of the window."""
_BUCKETS = 12
_MOMENT = 1.0
_PATIENCE = 2.0
"""Seconds that a call waits for the window to be written down."""
Key = tuple[str, str]
_UNHEARD: Key = ("", "")
"""Under this key stands what any account that is not written down may have been called: the gaps of earlier lives."""


def _ignore(_account: Account, _lane: str, _seconds: float) -> None:
    """Nobody counts who waits, or what is spent."""


class HourlyBudget:
    """ports.Budget. `limit` calls in `span` seconds, of which `share` is ours.

    `unkept` is called when half an allotment was spent since the window was last written down; None: it never is, and
    there are no allotments. `on_wait(account, lane, seconds)`: a call had to wait;
    `on_spend(account, lane, calls)`: so many were permitted, also such as are given back later.
    """

    def __init__(
        self,
        now: Callable[[], Instant],
        *,
        limit: int = 2000,
        share: float = 0.8,
        span: float = 3600.0,
        unkept: Callable[[], None] | None = None,
        on_wait: Callable[[Account, str, float], None] = _ignore,
        on_spend: Callable[[Account, str, int], None] = _ignore,
    ) -> None:
        self._now = now
        self._most = max(1, int(limit * share))
        self.span = span
        self._allotment = max(1, self._most // _ALLOTMENT)
        self.unkept, self._on_wait, self._on_spend = unkept, on_wait, on_spend
        self._stored = asyncio.Event()
        self._windows: defaultdict[Key, Window] = defaultdict(self._fresh)
        self._unheard = Window(span)

    def room(self, lane: str) -> int:
        """How many calls of the window this lane may bring the whole account to; for `sweep`, how many are its own."""
        return max(1, int(self._most * WATCH) if lane == "sweep" else self._most - int(self._most * RESERVES[lane]))

    def watches(self, account: Account, need: float) -> None:
        """The watch over the account takes so many calls in a span."""
        self._window(account).need = min(math.ceil(need), self.room("sweep"))

    def waits(self, account: Account, lane: str, seconds: float) -> None:
        """Somebody was told to wait who has not asked for a call yet."""
        self._on_wait(account, lane, seconds)

    def hurry(self, account: Account, waiting: bool) -> None:
        """Whether somebody waits for a create: the watch then takes less, for creates go before looks."""
        self._window(account).hurried = waiting

    def hurried(self, account: Account) -> bool:
        """Whether somebody waits for a create."""
        return self._window(account).hurried

    async def permit(self, account: Account, lane: str, calls: int = 1, *, looks: bool = False) -> float:
        """0 when so many calls of this lane may go now (they are then counted), else the seconds to wait.

        A create promises the calls that follow it to lane `change`. `looks`: they are looks at the whole account.
        """
        wait = self.wait(account, lane, calls)
        if wait <= 0 and not await self._allotted(account, calls):
            wait = _MOMENT
        wait = wait or self.wait(account, lane, calls)  # others may have called meanwhile
        if wait > 0:
            self._on_wait(account, lane, wait)
            return wait
        window, now = self._window(account), self._now()
        window.spend(now, calls, looks=looks)
        if self.unkept is not None and calls > self._allotment and not await self._written(window, self._allotment):
            window.refund(calls, looks=looks)  # more than a successor would take for spent, and not written down
            return _MOMENT
        if lane == "create" and not looks:
            window.promised.extend([now] * FOLLOW_UPS * calls)
        elif lane == "change" and window.promised:
            window.promised.popleft()
        self._on_spend(account, lane, calls)
        if self.unkept is not None and 2 * window.unwritten >= self._allotment:
            self.unkept()
        return 0.0

    async def _allotted(self, account: Account, calls: int) -> bool:
        """Whether the allotment suffices, after a moment for it to be written down and begun anew."""
        return self.unkept is None or await self._written(self._window(account), max(0, self._allotment - calls))

    async def _written(self, window: Window, most: int) -> bool:
        """Whether no more than so many calls are unwritten, after a moment; many may wait, each looks again."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while window.unwritten > most:
                    self._stored.clear()
                    if self.unkept is not None:
                        self.unkept()
                    await self._stored.wait()
        except TimeoutError:
            return False
        return True

    def wait(self, account: Account, lane: str, calls: int = 1) -> float:
        """Seconds until so many calls of this lane may go; 0 when they may now. Counts nothing.

        More calls at once than the lane ever has room for go when the window is as empty as it gets: never not at all.
        """
        window, now = self._window(account), self._now()
        if window.closed_until > now:
            return window.closed_until - now
        if lane == "sweep":
            own = until_fewer(window.looks, self.room(lane) - calls, self.span, now)
            most = self._most - int(self._most * RESERVES[lane])
            return max(own, until_fewer(window.calls, most - calls, self.span, now))
        return until_fewer(window.calls, self.room(lane) - self._held(window, lane) - calls, self.span, now)

    @staticmethod
    def _held(window: Window, lane: str) -> int:
        """Calls that are as good as spent for this lane: what creates bring after them, and the watch."""
        promised = len(window.promised) if lane in ("create", "ask", "look") else 0
        return promised + (window.unlooked if lane in ("create", "ask") else 0)

    def refund(self, account: Account, calls: int, *, looks: bool = False) -> None:
        """So many of the calls permitted last were not made."""
        self._window(account).refund(calls, looks=looks)

    def close_tap(self, account: Account, until: Instant) -> None:
        """The service refused a read with 2500: nothing of this account is called before `until`."""
        window = self._window(account)
        window.closed_until = max(window.closed_until, until)
        if self.unkept is not None:
            self.unkept()

    def accounts(self) -> tuple[Key, ...]:
        """Endpoint and owner of each account that was called: a metric's labels."""
        return tuple(self._windows)

    def used(self, account: Account) -> int:
        """Calls counted in the present window: a metric."""
        return len(self._window(account).calls)

    def left(self, account: Account, lane: str) -> int:
        """Calls that this lane may make before it waits: a metric. 0 while the tap is closed."""
        window = self._window(account)
        if window.closed_until > self._now():
            return 0
        if lane == "sweep":
            return max(0, self.room(lane) - len(window.looks))
        return max(0, self.room(lane) - self._held(window, lane) - len(window.calls))

    def closed_until(self, account: Account) -> Instant | None:
        """Until when the tap is closed; None when it is open."""
        until = self._window(account).closed_until
        return until if until > self._now() else None

    def kept(self, *, last: bool = False) -> tuple[str, Callable[[], None]]:
        """The windows as a text to be stored, and what to call once it is: from then on a new allotment may be spent.

        A bucket's calls count as made at its end. `last`: this process makes no call after it.
        """
        length, gap = self.span / _BUCKETS, 0 if last else self._allotment
        kept, spent = [], []
        self._unheard.forget(self._now())
        for key, window in [*((key, self._window_of(key)) for key in list(self._windows)), (_UNHEARD, self._unheard)]:
            counts: defaultdict[int, int] = defaultdict(int)
            for at in window.calls:
                counts[math.ceil(at / length)] += 1
            spent.append((window, window.unwritten))
            if key == _UNHEARD or counts or window.closed_until > self._now():
                kept.append([*key, sorted(counts.items()), math.ceil(window.closed_until)])

        def stored() -> None:
            for window, calls in spent:
                window.unwritten = max(0, window.unwritten - calls)

            self._stored.set()

        return json.dumps({"gap": gap, "accounts": kept}, separators=(",", ":")), stored

    def restore(self, text: str) -> None:
        """Take over what another process kept: its calls, and the gap for what it had not written down.

        What is no such text (a person's edit) is passed over: then the service itself says when it is too much.
        """
        length, now = self.span / _BUCKETS, self._now()
        for key, counts, closed in _read(text, math.ceil(now / length)):
            window = self._unheard if key == _UNHEARD else self._windows[key]
            times = [min(bucket * length, now) for bucket, count in counts for _ in range(min(count, self._most))]
            window.calls = deque(sorted(times))  # whoever restores has not called yet: read twice, it counts once
            window.closed_until = max(window.closed_until, min(closed, now + self.span))

    def _fresh(self) -> Window:
        """An account that was not written down at all may have been called too, as often as the gap tells."""
        return Window(self.span, deque(self._unheard.calls))

    def _window(self, account: Account) -> Window:
        return self._window_of((account.endpoint, account.owner))

    def _window_of(self, key: Key) -> Window:
        window = self._windows[key]
        window.forget(self._now())
        return window


def _read(text: str, now_bucket: int) -> list[tuple[Key, list[tuple[int, int]], float]]:
    try:
        read = json.loads(text)
        gap = (now_bucket, max(0, int(read["gap"])))
        return [
            (
                (str(endpoint), str(owner)),
                [*((int(bucket), max(0, int(count))) for bucket, count in counts), gap],
                float(closed),
            )
            for endpoint, owner, counts, closed in read["accounts"]
        ]
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return []
