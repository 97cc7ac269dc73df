"""Reading all pages of a list without losing an item that slides between two of them.

Lives here: the two ways to walk pages, each over a function that reads one. May be imported by `cloud.observer`. Must
never come in: HTTP, caching, a clock. Pages overlap by one item (in the log by all of one time, whose order may vary):
what ended one must turn up in the next. Else something moved, and the list is read as one without order (`unsorted`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Generic, Protocol, TypeVar

from hpc_operator.cloud.ahead import Ahead
from hpc_operator.cloud.unread import Unread
from hpc_operator.cloud.unsorted import ReadPage, Swept, reunited
from hpc_operator.cloud.wire import Page
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import Entry

_MOVED = "an item moved"
_A_ROW = 8  # entries that fall in time by chance once in 40,000 times: fewer prove no order


class HasId(Protocol):
    """An item of a list."""

    @property
    def id(self) -> str:
        """What tells it from all others."""


Item = TypeVar("Item", bound=HasId)


async def whole_list(read: ReadPage[Item], most_pages: int, before: Sequence[Item] = ()) -> Swept[Item]:
    """All items of a list: every page agrees on the total, they overlap, and as many ids were seen as there are.

    `before`: what the list was when it was last seen whole. Where nothing came or went, pages need no overlap.
    """
    ahead: Ahead[Item] = Ahead(read)
    try:
        first = await ahead(0)
        if isinstance(first, Unread):
            return Swept((), first.problem)
        if _may_be_as_before(first, len(before)) and (same := await _as_before(ahead, first, before)):
            return same
        ahead.fetch(_overlapping(first, most_pages))
        return await _walked(read, ahead, first, most_pages)
    finally:
        await ahead.close()


def _may_be_as_before(first: Page[Item], before: int) -> bool:
    """Whether what is new, if anything, stands on one page with the last one of before."""
    size = len(first.items)
    return 0 < size < first.total and before <= first.total <= before + (-before % size) and before > 0


async def _as_before(ahead: Ahead[Item], first: Page[Item], before: Sequence[Item]) -> Swept[Item] | None:
    """The whole list when its pages, side by side, begin with the ids of `before` in their order; else None.

    Why that proves it: a cluster that is not shown and was there all the time makes one of the shown ones too many in a
    total that every page tells. One of before would have to be gone before the first page, and ids do not come back; or
    gone after its page was read: then the last one of before, which stands on the page of all new ones, had moved.
    """
    size = len(first.items)
    offsets = range(size, first.total, size)
    ahead.fetch(offsets)
    pages = [first]
    for offset in offsets:
        page = await ahead(offset)
        if isinstance(page, Unread):
            return Swept(_seen(pages), page.problem)
        pages.append(page)
    items = tuple(item for page in pages for item in page.items)
    ids = [item.id for item in items]
    fits = all(page.total == first.total and not page.problem for page in pages)
    whole = len(set(ids)) == len(ids) == first.total and ids[: len(before)] == [item.id for item in before]
    return Swept(items) if fits and whole else None


def _seen(pages: Sequence[Page[Item]]) -> tuple[Item, ...]:
    return tuple({item.id: item for page in pages for item in page.items}.values())


def _overlapping(first: Page[Item], most_pages: int) -> range:
    """The offsets that the walk will ask for, if the list stays as it is."""
    step = len(first.items) - 1
    return range(0) if step < 1 or first.problem else range(step, first.total - 1, step)[: most_pages - 1]


async def _walked(read: ReadPage[Item], ahead: Ahead[Item], first: Page[Item], most_pages: int) -> Swept[Item]:
    walk: _ListWalk[Item] = _ListWalk([])
    for used in range(1, most_pages + 1):
        page = first if used == 1 else await ahead(walk.offset)
        if isinstance(page, Unread):
            return walk.swept(page.problem)
        done, problem = walk.take(page)
        if problem == _MOVED:
            again = await reunited(read, lambda item: item.id, most_pages - used)
            walk.items = [*(walk.items if again.problem else ()), *again.items]
            return walk.swept(again.problem)
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
            return False, page.problem or ("the total changed between pages" if not agreed else _MOVED)
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
        if seen == last.total >= self.offset + len(last.items):  # an item twice: more lines than are counted
            return ""
        return _MOVED if self.offset else f"saw {seen} of {self.total}"

    def swept(self, problem: str) -> Swept[Item]:
        return Swept(tuple({item.id: item for item in self.items}.values()), problem)


async def log_down_to(read: ReadPage[Entry], since: Instant, most_pages: int) -> Swept[Entry]:
    """The log's entries, newest first, down past `since`, or all of them where it does not come sorted that way."""
    walk = _LogWalk({})
    for used in range(1, most_pages + 1):
        page = await read(walk.offset)
        if isinstance(page, Unread):
            return walk.swept(page.problem)
        done, problem = walk.take(page, since)
        if problem == _MOVED:
            again = await reunited(read, lambda entry: entry.job_id, most_pages - used)
            walk.entries = {**(walk.entries if again.problem else {}), **dict.fromkeys(again.items)}
            return walk.swept(again.problem)
        if done or problem:
            return walk.swept(problem)
    return walk.swept(f"more than {most_pages} pages")


@dataclass(slots=True)
class _LogWalk:
    """`entries` by themselves, in order: only an entry that was read twice unchanged is dropped.

    `tail`: the jobs at the end of the last page that share its last time. `row`: no page was all of one time, so that
    what falls in time so far really is a row from the newest on.
    """

    entries: dict[Entry, None]
    offset: int = 0
    tail: set[str] = field(default_factory=set)
    first_total: int | None = None
    total: int = 0
    row: bool = True

    def take(self, page: Page[Entry], since: Instant) -> tuple[bool, str]:
        """Whether it is read far enough, and what does not fit. New entries may push older ones down: they overlap."""
        fits = self.tail <= {entry.job_id for entry in page.items}
        self.first_total = page.total if self.first_total is None else self.first_total
        self.entries |= dict.fromkeys(page.items)
        end, shrank = self.offset + len(page.items), page.total < self.total
        self.total = page.total
        if page.problem or end > page.total:
            return False, page.problem or f"saw {end} of {page.total}"
        if not fits or shrank:  # what expired meanwhile, or has no order, is read anew
            return False, _MOVED
        if end >= page.total:
            return (True, "") if self._counted(page.total) else (False, _MOVED)
        if self.row and len(self.entries) >= _A_ROW and _past(tuple(self.entries), since):
            return True, ""
        if len(page.items) < 2:
            return False, f"a page ended at {end} of {page.total}"
        self._overlap(page.items, end)
        return False, ""

    def _counted(self, total: int) -> bool:
        """As many jobs as there are; or as there were, when new ones came on top of what is sorted."""
        jobs = len({entry.job_id for entry in self.entries})
        return jobs == total or (self.row and _falling(tuple(self.entries)) and jobs >= (self.first_total or 0))

    def _overlap(self, items: Sequence[Entry], end: int) -> None:
        last = items[-1].created_at
        tail = list(takewhile(lambda entry: entry.created_at == last is not None, reversed(items))) or [items[-1]]
        if 2 * len(tail) > len(items):
            self.row, tail = False, tail[:1]
        self.offset, self.tail = end - len(tail), {entry.job_id for entry in tail}

    def swept(self, problem: str) -> Swept[Entry]:
        """Newest first; an entry whose time is not readable may be the newest."""
        newest = sorted(self.entries, key=lambda e: math.inf if e.created_at is None else e.created_at, reverse=True)
        return Swept(tuple(newest), problem)


def _past(entries: Sequence[Entry], since: Instant) -> bool:
    """Whether nothing later than `since` can follow: only true of what is really sorted, newest first."""
    times = [entry.created_at for entry in entries if entry.created_at is not None]
    return _falling(entries) and times[0] > times[-1] and times[-1] < since


def _falling(entries: Sequence[Entry]) -> bool:
    times = [entry.created_at for entry in entries if entry.created_at is not None]
    return len(times) == len(entries) > 0 and all(newer >= older for newer, older in pairwise(times))
