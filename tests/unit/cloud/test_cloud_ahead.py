"""Pages read ahead and a few at once: fewer turns of waiting, no page lost, and never a call more than before."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from cloud_scripts import UNHURRIED
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud.ahead import Ahead
from hpc_operator.cloud.sweep import whole_list
from hpc_operator.cloud.unread import Unread
from hpc_operator.cloud.wire import Page
from hpc_operator.domain.observed import Cluster

MOST = 50


def clusters(count: int, first: int = 0) -> list[Cluster]:
    return [Cluster(f"ehpc-{n:04}", status="active") for n in range(first, first + count)]


@dataclass
class Listed:
    """A list cut into pages; `hook` runs before each answer. `flying`: how many were asked for at once, at most."""

    items: list[Cluster]
    hook: Callable[[int], Unread | None] = lambda _offset: None
    size: int = 100
    asked: list[int] = field(default_factory=list)
    now: int = 0
    flying: int = 0

    async def read(self, offset: int) -> Page[Cluster] | Unread:
        self.asked.append(offset)
        self.now += 1
        self.flying = max(self.flying, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if (instead := self.hook(offset)) is not None:
            return instead
        return Page(tuple(self.items[offset : offset + self.size]), len(self.items))


async def test_a_list_as_it_was_takes_no_page_more_than_it_has() -> None:
    listed = Listed(clusters(1000))
    swept = await whole_list(listed.read, MOST, tuple(listed.items))
    assert (swept.problem, len(swept.items)) == ("", 1000)
    assert sorted(listed.asked) == list(range(0, 1000, 100))
    assert listed.flying == 4


async def test_without_an_earlier_look_pages_overlap_and_are_read_a_few_at_once() -> None:
    listed = Listed(clusters(1000))
    swept = await whole_list(listed.read, MOST)
    assert (swept.problem, len(swept.items)) == ("", 1000)
    assert sorted(listed.asked) == list(range(0, 991, 99))
    assert listed.flying == 4


async def test_what_came_new_on_the_last_page_needs_no_overlap() -> None:
    listed = Listed(clusters(350))
    swept = await whole_list(listed.read, MOST, tuple(clusters(301)))
    assert (swept.problem, len(swept.items)) == ("", 350)
    assert sorted(listed.asked) == [0, 100, 200, 300]


async def test_what_came_new_on_a_page_of_its_own_is_read_with_overlap() -> None:
    """One of before was gone after its page was read; the new one that slid into its place must not be missed."""
    before = clusters(200)
    listed = Listed([*before, Cluster("ehpc-new", status="active")])

    def slide(offset: int) -> None:
        if offset == 200 and listed.items[0].id == before[0].id:
            del listed.items[0]
            listed.items.append(Cluster("ehpc-newer", status="active"))

    listed.hook = slide
    swept = await whole_list(listed.read, MOST, tuple(before))
    assert swept.problem or {c.id for c in swept.items} >= {"ehpc-new"}
    assert 200 not in listed.asked


async def test_one_more_or_one_less_is_read_with_overlap() -> None:
    for items in (clusters(301), clusters(299, first=1)):
        listed = Listed(items)
        swept = await whole_list(listed.read, MOST, tuple(clusters(300)))
        assert (swept.problem, [c.id for c in swept.items]) == ("", [c.id for c in items])
        assert len(listed.asked) == len(set(listed.asked)) == 4


async def test_what_slid_between_pages_that_are_read_at_once_is_not_absent() -> None:
    """The page after the deletion is read first, the one before it last, and the total is what it was."""
    before = clusters(300)
    listed = Listed(list(before))

    def shift(offset: int) -> None:
        if offset == 200 and len(listed.asked) >= 2 and listed.items[0].id == before[0].id:
            del listed.items[0]
            listed.items.append(Cluster("ehpc-new", status="active"))

    listed.hook = shift
    swept = await whole_list(listed.read, MOST, tuple(before))
    assert not swept.problem
    assert {c.id for c in swept.items} >= {c.id for c in before[1:]} | {"ehpc-new"}


async def test_the_new_line_of_a_known_cluster_is_shown_and_not_the_old_one() -> None:
    listed = Listed([*clusters(150)[:149], Cluster("ehpc-0149", status="stopped")])
    swept = await whole_list(listed.read, MOST, tuple(clusters(150)))
    assert swept.items[-1].status == "stopped"
    assert len(listed.asked) == 2


@pytest.mark.parametrize("before", [(), tuple(clusters(300))], ids=["first look", "as before"])
async def test_a_page_that_fails_is_said_and_nothing_flies_on(before: tuple[Cluster, ...]) -> None:
    listed = Listed(clusters(300), hook=lambda offset: Unread("no answer: reset") if offset > 150 else None)
    swept = await whole_list(listed.read, MOST, before)
    assert swept.problem == "no answer: reset"
    assert 100 <= len(swept.items) < 300
    assert listed.now == 0, "what was read ahead has ended"
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("page ")] == []


async def test_a_page_asked_for_again_is_read_again() -> None:
    listed = Listed(clusters(10))
    ahead: Ahead[Cluster] = Ahead(listed.read)
    ahead.fetch([0, 0, 5])
    await ahead(0)
    await ahead(0)
    await ahead.close()
    assert sorted(listed.asked) in ([0, 0], [0, 0, 5])


@UNHURRIED
@given(
    st.integers(101, 420),
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from("ads"), st.integers(0, 500)), max_size=8),
    st.booleans(),
)
def test_whatever_moves_a_complete_look_shows_all_that_was_there_throughout(
    count: int, moves: list[tuple[int, str, int]], known: bool
) -> None:
    items = clusters(count)
    listed = Listed(list(items))
    gone: set[str] = set()
    new = iter(range(10_000, 20_000))

    def move(_offset: int) -> None:
        for _ in [each for each in moves if each[0] == len(listed.asked)]:
            _, what, where = moves.pop(moves.index(_))
            if what in "ds" and listed.items:
                gone.add(listed.items.pop(where % len(listed.items)).id)
            if what in "as":
                listed.items.append(Cluster(f"ehpc-{next(new)}", status="active"))

    listed.hook = move
    swept = asyncio.run(whole_list(listed.read, MOST, tuple(items) if known else ()))
    if not swept.problem:
        assert {c.id for c in swept.items} >= {c.id for c in items} - gone
