"""What was called in the last hour, as a sliding window, and what is promised of the rest of it.

May be imported by `cloud.quota`. Must never come in: lanes, a clock, who may call.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from hpc_operator.domain.desired import Instant


@dataclass(slots=True)
class Window:
    """Times of the calls of the last `span` seconds, oldest first; `looks` are those among them that look.

    `promised`: calls that a create brings after it, by the time of the create. `need`: looks in a span that the
    promised watch takes; `hurried`: somebody waits for a create. `closed_until`: nothing is called before.
    `unwritten`: calls since it was last written down.
    """

    span: float
    calls: deque[Instant] = field(default_factory=deque)
    looks: deque[Instant] = field(default_factory=deque)
    promised: deque[Instant] = field(default_factory=deque)
    need: int = 0
    hurried: bool = False
    closed_until: Instant = 0.0
    unwritten: int = 0

    def forget(self, now: Instant) -> None:
        """Drop what has left the window."""
        for times in (self.calls, self.looks, self.promised):
            while times and times[0] <= now - self.span:
                times.popleft()

    def spend(self, now: Instant, calls: int, *, looks: bool) -> None:
        """So many are made now."""
        self.calls.extend([now] * calls)
        if looks:
            self.looks.extend([now] * calls)
        self.unwritten += calls

    def refund(self, calls: int, *, looks: bool) -> None:
        """So many of the last ones were not made."""
        for times in (self.calls, self.looks) if looks else (self.calls,):
            for _ in range(min(calls, len(times))):
                times.pop()
        self.unwritten = max(0, self.unwritten - calls)

    @property
    def unlooked(self) -> int:
        """Looks that the watch will still take of the present span."""
        return max(0, self.need - len(self.looks))


def until_fewer(times: Sequence[Instant], room: int, span: float, now: Instant) -> float:
    """Seconds until no more than `room` of the times are left in the window; 0 when that is so now.

    Less than no room means: until none is left. More than there ever is room for goes then, and not never.
    """
    over = len(times) - max(0, room)
    return 0.0 if over <= 0 else max(0.001, times[over - 1] + span - now)
