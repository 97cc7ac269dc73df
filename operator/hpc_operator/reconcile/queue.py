"""Which resource is looked at next: a keyed, deduplicating priority queue of wakes.

`main` runs it, the engine and the cache wake keys in it. Nothing about clouds or Kubernetes comes in here: keys are
opaque, a pass is a coroutine function, time is the injected clock.

Rules. A key waits at most once: a second wake keeps the earlier time and the more urgent lane. One pass at a time
per key: what arrives during a pass starts another after it. A pass that raises is told to `failed` and looked at
again after `retry` seconds. Nothing is polled: the dispatcher sleeps until the next time or the next wake. Within a
lane the parties (namespaces) take turns: many keys of one do not hold back the one key of another.
"""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Generic, TypeVar

from hpc_operator.domain.record import Resource

K = TypeVar("K", bound=Hashable)
_log = logging.getLogger(__name__)


class Lane(IntEnum):
    """How urgent a wake is: smaller goes first."""

    DELETE = 0
    CHANGE = 1
    CREATE = 2
    LOOK = 3


def lane_of(resource: Resource) -> Lane:
    """The lane of a resource whose object changed."""
    if resource.deleting:
        return Lane.DELETE
    if resource.id is None:
        return Lane.CREATE
    seen = max((condition.observed_generation for condition in resource.conditions), default=-1)
    return Lane.CHANGE if seen < resource.generation else Lane.LOOK


@dataclass(frozen=True, slots=True)
class _Entry:
    """A waiting wake. `order` keeps first come first served and tells a stale heap item from the valid one."""

    at: float
    lane: Lane
    order: int


class WakeQueue(Generic[K]):
    """Wakes in, passes out. `now` must count as the running loop's clock does; all methods belong to that loop."""

    def __init__(
        self,
        now: Callable[[], float],
        *,
        failed: Callable[[K, Exception], None] = lambda key, error: None,
        party: Callable[[K], Hashable] = lambda key: None,
        retry: float = 15.0,
    ) -> None:
        self._now, self._failed, self._party, self._retry = now, failed, party, retry
        self._waiting: dict[K, _Entry] = {}
        self._later: list[tuple[float, int, K]] = []
        self._due: list[tuple[Lane, int, int, K]] = []
        self._rounds: dict[Lane, int] = dict.fromkeys(Lane, 0)
        self._joined: dict[tuple[Lane, Hashable], int] = {}
        self._running: dict[K, asyncio.Task[None]] = {}
        self._orders = itertools.count()
        self._changed = asyncio.Event()
        self._stopping = False
        self._alive = False

    @property
    def alive(self) -> bool:
        """Whether the dispatcher is at work."""
        return self._alive

    @property
    def waiting(self) -> int:
        """How many keys wait, due or not."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many passes are being made."""
        return len(self._running)

    @property
    def scheduled(self) -> int:
        """How many keys wait for a time that has not come."""
        now = self._now()
        return sum(entry.at > now for entry in self._waiting.values())

    def depth(self) -> dict[Lane, int]:
        """How many keys are due, by lane; every lane is there."""
        now, found = self._now(), dict.fromkeys(Lane, 0)
        for entry in self._waiting.values():
            found[entry.lane] += entry.at <= now
        return found

    def oldest(self) -> dict[Lane, float]:
        """For how many seconds the longest waiting key of each lane is due; 0 where none is."""
        now, found = self._now(), dict.fromkeys(Lane, 0.0)
        for entry in self._waiting.values():
            found[entry.lane] = max(found[entry.lane], now - entry.at)
        return found

    def wake(self, key: K, lane: Lane = Lane.LOOK) -> None:
        """Look at the key as soon as possible."""
        self.schedule(key, lane, self._now())

    def schedule(self, key: K, lane: Lane, at: float) -> None:
        """Look at the key at `at` (clock of `now`); an earlier wait and a more urgent lane win."""
        old = self._waiting.get(key)
        if old is not None:
            at, lane = min(at, old.at), min(lane, old.lane)
            if (at, lane) == (old.at, old.lane):
                return
        entry = _Entry(at, lane, next(self._orders))
        self._waiting[key] = entry
        self._push(key, entry)

    def forget(self, key: K) -> None:
        """Drop what waits for a key that is gone; a running pass is left alone."""
        self._waiting.pop(key, None)

    def stop(self) -> None:
        """Begin no further pass; `run` returns when the running ones have ended."""
        self._stopping = True
        self._changed.set()

    async def run(self, worker: Callable[[K], Awaitable[None]], concurrency: int) -> None:
        """Make passes, at most `concurrency` at once, until `stop`. Running passes are never cancelled by `stop`."""
        self._alive = True
        try:
            while not self._stopping:
                self._changed.clear()
                self._start_due(worker, concurrency)
                await self._sleep(concurrency)
            while self._running:
                await asyncio.wait(self._running.values())
        finally:
            self._alive = False
            for task in self._running.values():
                task.cancel()

    def _push(self, key: K, entry: _Entry) -> None:
        if entry.at <= self._now():
            self._line_up(entry.lane, entry.order, key)
        else:
            heapq.heappush(self._later, (entry.at, entry.order, key))
        self._changed.set()

    def _line_up(self, lane: Lane, order: int, key: K) -> None:
        """The key comes in the present round, or in the one after the last that its party has a key in."""
        if not self._due:
            self._joined.clear()
        party = (lane, self._party(key))
        turn = max(self._rounds[lane], self._joined.get(party, -1) + 1)
        self._joined[party] = turn
        heapq.heappush(self._due, (lane, turn, order, key))

    def _valid(self, key: K, order: int) -> bool:
        entry = self._waiting.get(key)
        return entry is not None and entry.order == order and key not in self._running

    def _start_due(self, worker: Callable[[K], Awaitable[None]], concurrency: int) -> None:
        now = self._now()
        while self._later and self._later[0][0] <= now:
            _, order, key = heapq.heappop(self._later)
            if self._valid(key, order):
                self._line_up(self._waiting[key].lane, order, key)
        while self._due and len(self._running) < concurrency:
            lane, turn, order, key = heapq.heappop(self._due)
            if self._valid(key, order):
                self._rounds[lane] = turn
                del self._waiting[key]
                task = asyncio.create_task(self._pass(worker, key), name=f"pass {key}")
                self._running[key] = task
                task.add_done_callback(partial(self._ended, key))

    async def _sleep(self, concurrency: int) -> None:
        while self._later and not self._valid(self._later[0][2], self._later[0][1]):
            heapq.heappop(self._later)
        free = len(self._running) < concurrency
        delay = max(0.0, self._later[0][0] - self._now()) if self._later and free else None
        try:
            await asyncio.wait_for(self._changed.wait(), delay)
        except TimeoutError:
            pass  # the next time has come

    async def _pass(self, worker: Callable[[K], Awaitable[None]], key: K) -> None:
        try:
            await worker(key)
        except Exception as error:  # noqa: BLE001 - the rim of a pass: counted, logged, looked at again
            _log.error("a pass failed: %s", type(error).__name__, exc_info=error, extra={"resource": str(key)})
            self._failed(key, error)
            self.schedule(key, Lane.LOOK, self._now() + self._retry)

    def _ended(self, key: K, _: asyncio.Task[None]) -> None:
        del self._running[key]
        entry = self._waiting.get(key)
        if entry is not None:
            self._push(key, entry)
        self._changed.set()
