"""Reading all pages of a list without losing an item that slides between two of them.

Lives here: the two ways to walk pages, each over a function that reads one. May be imported by `cloud.observer`. Must
never come in: HTTP, caching, a clock. Pages overlap by one item: what was the last of one must turn up in the next,
else something moved and the walk says so in `problem`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, Protocol, TypeAlias, TypeVar

from hpc_operator.cloud.client import Unread
from hpc_operator.cloud.wire import Page
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import Entry


class HasId(Protocol):
    """An item of a list."""

    @property
    def id(self) -> str:
        """What tells it from all others."""


T = TypeVar("T")
Item = TypeVar("Item", bound=HasId)
ReadPage: TypeAlias = Callable[[int], Awaitable[Page[T] | Unread]]


@dataclass(frozen=True, slots=True)
class Swept(Generic[T]):
    """What the pages showed. `problem` empty: it is everything; else what is not shown is unknown."""

    items: tuple[T, ...]
    problem: str = ""


async def whole_list(read: ReadPage[Item], most_pages: int) -> Swept[Item]:
    """All items of a list: every page agrees on the total, they overlap, and as many ids were seen as there are."""
    walk: _ListWalk[Item] = _ListWalk([])
    for _ in range(most_pages):
        page = await read(walk.offset)
        if isinstance(page, Unread):
            return walk.swept(page.problem)
        done, problem = walk.take(page)
        if done or problem:
            return walk.swept(problem)
    return walk.swept(f"more than {most_pages} pages")


@dataclass(slots=True)
class _ListWalk(Generic[Item]):
    items: list[Item]
    offset: int = 0
    total: int | None = None

    def take(self, page: Page[Item]) -> tuple[bool, str]:
        """Whether the list is at its end, and what does not fit."""
        first, fits = self.total is None, self._overlaps(page)
        agreed = first or page.total == self.total
        self.items += page.items
        self.total = page.total if first else self.total
        if page.problem or not agreed or not fits:
            return False, page.problem or ("the total changed between pages" if not agreed else "an item moved")
        end = self.offset + len(page.items)
        if end >= page.total:
            return True, self._uncounted(page)
        if len(page.items) < 2:
            return False, f"a page ended at {end} of {page.total}"
        self.offset = end - 1
        return False, ""

    def _overlaps(self, page: Page[Item]) -> bool:
        return self.offset == 0 or (bool(page.items) and page.items[0].id == self.items[-1].id)

    def _uncounted(self, last: Page[Item]) -> str:
        seen = len({item.id for item in self.items})
        whole = seen == last.total >= self.offset + len(last.items)  # an item twice: more lines than are counted
        return "" if whole else f"saw {seen} of {self.total}"

    def swept(self, problem: str) -> Swept[Item]:
        return Swept(tuple({item.id: item for item in self.items}.values()), problem)


async def log_down_to(read: ReadPage[Entry], since: Instant, most_pages: int) -> Swept[Entry]:
    """The log's entries, newest first, down past `since`, or all of them where it does not come sorted that way."""
    walk = _LogWalk({})
    for _ in range(most_pages):
        page = await read(walk.offset)
        if isinstance(page, Unread):
            return walk.swept(page.problem)
        done, problem = walk.take(page, since)
        if done or problem:
            return walk.swept(problem)
    return walk.swept(f"more than {most_pages} pages")


@dataclass(slots=True)
class _LogWalk:
    """`entries` by themselves, in order: only an entry that was read twice unchanged is dropped."""

    entries: dict[Entry, None]
    offset: int = 0
    last: str | None = None
    total: int = 0
    first: int | None = None

    def take(self, page: Page[Entry], since: Instant) -> tuple[bool, str]:
        """Whether it is read far enough, and what does not fit. New entries may push older ones down: they overlap."""
        fits = self.last is None or any(entry.job_id == self.last for entry in page.items)
        self.entries |= dict.fromkeys(page.items)
        end = self.offset + len(page.items)
        counted = max(end, self.total) <= page.total  # it grows; what expired meanwhile is read anew
        self.total = page.total
        self.first = page.total if self.first is None else self.first
        if page.problem or not fits or not counted:
            return False, page.problem or ("an entry moved" if not fits else f"saw {end} of {page.total}")
        if _past(tuple(self.entries), since):
            return True, ""
        if end >= page.total:  # pages that all show the same (offset ignored, a cache) add up to less than was counted
            return True, "" if len(self.entries) >= self.first else f"saw {len(self.entries)} of {self.first}"
        if len(page.items) < 2:
            return False, f"a page ended at {end} of {page.total}"
        self.offset, self.last = end - 1, page.items[-1].job_id
        return False, ""

    def swept(self, problem: str) -> Swept[Entry]:
        return Swept(tuple(self.entries), problem)


def _past(entries: Sequence[Entry], since: Instant) -> bool:
    """Whether nothing later than `since` can follow: only true of what is really sorted, newest first."""
    times = [entry.created_at for entry in entries if entry.created_at is not None]
    if len(times) != len(entries) or not times:
        return False
    falling = all(newer >= older for newer, older in pairwise(times))
    return falling and times[0] > times[-1] and times[-1] < since
