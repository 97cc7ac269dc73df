"""Tasks that nothing cancels: an answer from the cloud is written to the end, whoever stops waiting for it.

Only `reconcile` uses it; `main` drains it before it gives up the lease.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Keeper:
    """Owns the tasks of calls in flight."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.closed = False

    def close(self) -> None:
        """The process is ending: whoever is about to send something that must be written looks at `closed` first."""
        self.closed = True

    @property
    def busy(self) -> int:
        """How many calls are in flight."""
        return len(self._tasks)

    async def keep(self, work: Coroutine[Any, Any, T], name: str) -> T:
        """Run `work` as a task of its own and wait for it; being cancelled here leaves it running."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def drain(self, patience: float) -> int:
        """Wait until all have ended, at most `patience` seconds; returns how many have not."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        return len(self._tasks)
