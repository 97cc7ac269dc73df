"""An event loop whose time is virtual: when nothing is ready, the clock jumps to the next timer.

Everything that waits through asyncio (sleeps, timeouts, the real wake queue) costs no real time and is repeatable.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
TICK = 1e-9  # at large times: a timer that is late by less than the clock can tell would spin for ever


class Idle(Exception):  # noqa: N818
    """Nothing is ready and nothing is timed: the scenario waits for something that cannot happen."""


class _NoFiles(selectors.BaseSelector):
    """Selects nothing; a wait is a jump of the clock."""

    def __init__(self, tick: float) -> None:
        self._registered: dict[int, selectors.SelectorKey] = {}
        self._tick = tick
        self.now = 0.0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = self._registered[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._registered.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._registered

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Idle
        self.now += max(0.0, timeout) + self._tick
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0 and counts virtual seconds; with `tick` it never stands still."""

    def __init__(self, tick: float = 0.0) -> None:
        self._virtual = _NoFiles(tick)
        super().__init__(self._virtual)
        self.set_exception_handler(lambda loop, context: None)

    def time(self) -> float:
        return self._virtual.now

    def begin_at(self, now: float) -> None:
        """Count from here on; before anything is timed."""
        self._virtual.now = now


def run_virtually(main: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run to the end; tasks that are left over are cancelled."""
    try:
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
