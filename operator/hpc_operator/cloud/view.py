"""What is kept of the looks at one account with one key. Only `observer` imports it. Pure.

After a restart all is empty and is read again.
"""

import asyncio
from dataclasses import dataclass, field

from hpc_operator.cloud.wire import PAGE
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import ListLook, LogLook

_KEPT = 3
_RECALLED = 60.0
"""Seconds for which the next log looks reach as far back as somebody asked: two in a row then serve the same askers."""
_TICK = 1e-6
_JITTER = 0.05
"""Seconds that a clock may step back without our saying that it went back."""


@dataclass(slots=True)
class View:
    """The looks at one account with one key. `asked`: how far back into the log somebody asked, and when.

    `cost`: calls of the newest complete list look.
    """

    listing: asyncio.Lock = field(default_factory=asyncio.Lock)
    logging: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: Instant = 0.0
    newest: ListLook | None = None
    cost: int = 0
    complete: tuple[ListLook, ...] = ()
    log: LogLook | None = None
    logs: tuple[LogLook, ...] = ()
    asked: dict[Instant, Instant] = field(default_factory=dict)

    def show(self, look: ListLook, calls: int) -> None:
        """Keep a look at the list, that took so many calls."""
        self.newest = look
        if look.complete:
            self.cost, self.complete = calls, (look, *self.complete)[:_KEPT]

    @property
    def listed(self) -> int:
        """Clusters of the account, as far as is known."""
        return len(self.complete[0].clusters) if self.complete else 0

    def list_calls(self) -> int:
        """What a look at the list is going to cost."""
        return max(1, -(-self.listed // PAGE), self.cost)

    def log_calls(self, since: Instant) -> int:
        """What a look at the log down to there is going to cost, by what the newest complete one showed."""
        newest = self.logs[0].entries if self.logs else ()
        return 1 + sum(entry.created_at is None or entry.created_at >= since for entry in newest) // PAGE

    @property
    def log_cost(self) -> int:
        """What the newest complete look at the log would cost again."""
        return self.log_calls(self.logs[0].since) if self.logs else 1

    def looks(self) -> tuple[ListLook, ...]:
        """The kept looks at the list, newest first: the newest one, and complete ones."""
        if self.newest is None or self.newest.complete:
            return self.complete
        return (self.newest, *self.complete)[:_KEPT]

    def show_log(self, look: LogLook) -> None:
        """Keep a look at the log."""
        self.log = look
        if look.complete:
            self.logs = (look, *self.logs)[:_KEPT]

    def log_looks(self) -> tuple[LogLook, ...]:
        """The kept looks at the log, newest first: the newest one, and complete ones."""
        if self.log is None or self.log.complete:
            return self.logs
        return (self.log, *self.logs)[:_KEPT]

    def ask(self, since: Instant, now: Instant) -> None:
        """Somebody wants the log from there on."""
        self.asked = {back: at for back, at in self.asked.items() if abs(now - at) < _RECALLED} | {since: now}

    def reaches(self, since: Instant, not_before: Instant) -> LogLook | None:
        """The newest look at the log, if it began late enough and reaches back that far."""
        look = self.log
        return look if look is not None and look.begun >= not_before and look.since <= since else None

    def begin(self, now: Instant) -> Instant:
        """When the next look begins: the clock before its first request, and different for every look."""
        self.begun = now if now > self.begun or self.ahead_of(now) else self.begun + _TICK
        return self.begun

    def ahead_of(self, now: Instant) -> bool:
        """Whether our clock went back: what is kept would claim a later beginning than it had."""
        return now < self.begun - _JITTER

    def forget(self) -> None:
        """Nothing was read."""
        self.newest, self.complete, self.log, self.logs, self.begun = None, (), None, (), 0.0
