"""How far the cloud's clock is from ours, by the `Date` of its answers.

Lives here: the clock that the whole operator reads. May be imported by `cloud.client` and the composition root. Must
never come in: a source of time of its own (it comes by constructor), a judgement about how much is too much.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from hpc_operator.domain.desired import Instant


@dataclass(frozen=True, slots=True)
class _Sample:
    """The cloud's clock minus ours lay between `low` and `high`, seconds, at `seen`."""

    seen: Instant
    low: float
    high: float


class WatchedClock:
    """ports.Clock: `now` reads the own clock; `offset` is what the newest answers prove, never more than that.

    A sample is older than `keep` seconds: dropped, but for the newest one.
    """

    def __init__(self, now: Callable[[], Instant], *, keep: float = 300.0, most: int = 32) -> None:
        self._now = now
        self._keep = keep
        self._samples: deque[_Sample] = deque(maxlen=most)

    def now(self) -> Instant:
        """Seconds since the epoch, by the own clock."""
        return self._now()

    def seen(self, date: Instant | None, began: Instant, ended: Instant) -> None:
        """Take an answer's `Date` (whole seconds, cut) that was written between `began` and `ended` of our clock."""
        if date is None or ended < began:
            return
        self._samples.append(_Sample(ended, date - ended, date + 1.0 - began))

    def offset(self) -> float | None:
        """The smallest offset by amount that agrees with the newest samples; None when no `Date` was ever seen."""
        if not self._samples:
            return None
        newest = self._samples[-1]
        low, high = newest.low, newest.high
        for sample in reversed(self._samples):
            agreed = max(low, sample.low), min(high, sample.high)
            if abs(newest.seen - sample.seen) > self._keep or agreed[0] > agreed[1]:
                break
            low, high = agreed
        return 0.0 if low <= 0.0 <= high else min(low, high, key=abs)
