"""Reading a whole list whose order is another one at each call: pages are read again until they prove each other.

Lives here: that walk, over a function that reads one page, and what any walk yields. May be imported by `cloud.sweep`
only. Must never come in: HTTP, caching, a clock, what an item is.

What goes wrong without: an account with more than a page of clusters in no stable order would never be seen whole, and
so nothing would ever be created or called absent there. Why it is right: when the ids seen up to some page are as many
as this page counts, and each of them is seen again from this page on, then all of them were there when this page was
read, and no other was. So nothing that was there throughout is missing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from hpc_operator.cloud.unread import Unread
from hpc_operator.cloud.wire import Page

T = TypeVar("T")
ReadPage: TypeAlias = Callable[[int], Awaitable[Page[T] | Unread]]

_PATIENCE = 6  # walks through the list that show nothing new, before it is given up


@dataclass(frozen=True, slots=True)
class Swept(Generic[T]):
    """What the pages showed. `problem` empty: it is everything; else what is not shown is unknown."""

    items: tuple[T, ...]
    problem: str = ""


async def reunited(read: ReadPage[T], key: Callable[[T], str], most_pages: int) -> Swept[T]:
    """All items of a list in whatever order, each reading of one that differs from the others."""
    walk: _Reunion[T] = _Reunion(key)
    for _ in range(most_pages):
        page = await read(walk.offset)
        if isinstance(page, Unread) or page.problem:
            return Swept(tuple(walk.items), page.problem)
        if walk.take(page):
            return Swept(tuple(item for item in walk.items if key(item) in walk.seen))
        if walk.barren > _PATIENCE * (page.total // max(1, len(page.items)) + 1):
            break
    return Swept(tuple(walk.items), "its pages never came to the total in any order")


@dataclass(slots=True)
class _Reunion(Generic[T]):
    """`seen` until it is `total`; `again` from that page on. `barren`: pages in a row that added to neither."""

    key: Callable[[T], str]
    items: dict[T, None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    total: int = 0
    offset: int = 0
    barren: int = 0

    def take(self, page: Page[T]) -> bool:
        """Whether the pages so far prove that `seen` is everything."""
        self.items |= dict.fromkeys(page.items)
        ids = {self.key(item) for item in page.items}
        before = len(self.seen), len(self.again)
        if self.total != page.total or len(self.seen | ids) > page.total:
            self.seen, self.again, self.total = set(), set(), page.total  # something came or went: begin anew
        self.seen |= ids
        if len(self.seen) == self.total:
            self.again |= ids
        self.barren = self.barren + 1 if before == (len(self.seen), len(self.again)) else 0
        self.offset = self._next(page)
        return len(self.again) == self.total

    def _next(self, page: Page[T]) -> int:
        """On through the list and round again; the last page is moved back to be a full one."""
        end = self.offset + len(page.items)
        return 0 if end >= page.total or not page.items else min(end, max(0, page.total - len(page.items)))
