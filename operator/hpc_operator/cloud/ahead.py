"""Pages that will be asked for, read ahead of time and a few at once.

May be imported by `cloud.sweep`. Must never come in: what proves that pages belong together (the walk that asks for
them does), a retry, a budget. What was read ahead is handed out once: who asks again for a page reads it anew.
"""

import asyncio
from collections.abc import Iterable
from typing import Generic, TypeVar

from hpc_operator.cloud.unread import Unread
from hpc_operator.cloud.unsorted import ReadPage
from hpc_operator.cloud.wire import Page

T = TypeVar("T")
_WIDTH = 4
"""Requests at once: a service that counts calls is not fond of bursts either."""


class Ahead(Generic[T]):
    """A reader of pages over another one. Close it: what was read ahead for nothing is cancelled."""

    def __init__(self, read: ReadPage[T]) -> None:
        self._read = read
        self._gate = asyncio.Semaphore(_WIDTH)
        self._tasks: dict[int, asyncio.Task[Page[T] | Unread]] = {}

    def fetch(self, offsets: Iterable[int]) -> None:
        """Begin to read these."""
        for offset in offsets:
            if offset not in self._tasks:
                self._tasks[offset] = asyncio.create_task(self._one(offset), name=f"page {offset}")

    async def __call__(self, offset: int) -> Page[T] | Unread:
        """The page at this offset."""
        task = self._tasks.pop(offset, None)
        return await (self._read(offset) if task is None else task)

    async def close(self) -> None:
        """Nothing goes on after this."""
        left = tuple(self._tasks.values())
        self._tasks.clear()
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _one(self, offset: int) -> Page[T] | Unread:
        async with self._gate:
            return await self._read(offset)
