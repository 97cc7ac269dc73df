"""Lists and logs without a stable order: seen whole, or said to be incomplete; never taken for whole, and never for ever."""

import asyncio
import random  # noqa: TID251 - seeded: the order of each page
from dataclasses import replace

import pytest
from cloud_scripts import UNHURRIED
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud.sweep import log_down_to, whole_list
from hpc_operator.cloud.unread import Unread
from hpc_operator.cloud.unsorted import Swept, reunited
from hpc_operator.cloud.wire import Page
from hpc_operator.domain.observed import Cluster, Entry, JobStatus

MOST = 200


def clusters(count: int) -> list[Cluster]:
    return [Cluster(f"ehpc-{n}") for n in range(count)]


def entries(count: int, each: int = 1) -> list[Entry]:
    """Newest first, `each` of them in every second, the oldest in second 0."""
    return [Entry(f"j-{n}", JobStatus.SUCCESSFUL, created_at=float((count - 1 - n) // each)) for n in range(count)]


class Shuffled:
    """Pages of a list that is in another order at each call; `ties`: only where times are equal."""

    def __init__(self, held: list, *, seed: int = 1, page: int = 100, ties: bool = False) -> None:
        self.held, self.page, self.ties = held, page, ties
        self.chance = random.Random(seed)
        self.reads: list[int] = []
        self.total = 0  # beside what is there

    async def read(self, offset: int) -> Page | Unread:
        self.reads.append(offset)
        self.change()
        order = list(self.held)
        self.chance.shuffle(order)
        if self.ties:
            order.sort(key=lambda entry: -entry.created_at)
        return Page(tuple(order[offset : offset + self.page]), len(order) + self.total)

    def change(self) -> None:
        """What happens before a page is read."""


def swept(cloud: Shuffled, *, since: float | None = None, most: int = MOST) -> Swept:
    if since is None:
        return asyncio.run(whole_list(cloud.read, most))
    return asyncio.run(log_down_to(cloud.read, since, most))


@pytest.mark.parametrize(("count", "pages"), [(101, 15), (150, 25), (300, 60), (600, 150)])
def test_a_list_in_any_order_is_seen_whole_in_a_bounded_number_of_pages(count: int, pages: int) -> None:
    for seed in range(10):
        cloud = Shuffled(clusters(count), seed=seed)
        found = swept(cloud)
        assert found.problem == ""
        assert len({c.id for c in found.items}) == len(found.items) == count
        assert len(cloud.reads) <= pages


def test_a_log_in_any_order_is_seen_whole() -> None:
    for seed in range(10):
        found = swept(Shuffled(entries(250), seed=seed), since=240.0)
        assert found.problem == ""
        assert [e.job_id for e in found.items] == [f"j-{n}" for n in range(250)], "newest first"


def test_where_only_equal_times_change_places_a_log_is_not_read_to_its_end() -> None:
    for seed in range(20):
        cloud = Shuffled(entries(1000, each=7), seed=seed, ties=True)
        found = swept(cloud, since=120.0)
        assert found.problem == ""
        assert {e.job_id for e in found.items} >= {e.job_id for e in cloud.held if e.created_at >= 120.0}
        assert len(cloud.reads) <= 3


def test_equal_times_across_a_whole_page_lose_nothing() -> None:
    for seed in range(20):
        cloud = Shuffled(
            [Entry("j-new", JobStatus.PENDING, created_at=9.0), *entries(230, each=230)], seed=seed, ties=True
        )
        found = swept(cloud, since=0.0)
        assert found.problem == ""
        assert len(found.items) == 231


def test_behind_a_page_of_one_time_a_row_proves_nothing() -> None:
    times = [9.0, 8.0, 7.0, *[5.0] * 25, *(4.0 - n / 10 for n in range(30))]
    for seed in range(160):  # by luck one time in a hundred what was last turns up again and others do not
        cloud = Shuffled(
            [Entry(f"j-{n}", JobStatus.PENDING, created_at=at) for n, at in enumerate(times)],
            seed=seed,
            page=10,
            ties=True,
        )
        found = swept(cloud, since=3.0)
        assert found.problem == ""
        assert {e.job_id for e in found.items} >= {e.job_id for e in cloud.held if e.created_at >= 3.0}, seed


def test_one_that_goes_while_another_comes_does_not_stop_it_and_is_not_shown() -> None:
    for seed in range(20):
        cloud = Shuffled(clusters(150), seed=seed)

        def swap(cloud: Shuffled = cloud) -> None:
            if len(cloud.reads) == 7:
                cloud.held[:3] = [Cluster(f"ehpc-new{n}") for n in range(3)]

        cloud.change = swap  # type: ignore[method-assign]
        found = swept(cloud)
        assert found.problem == ""
        if len(cloud.reads) > 8:
            assert {c.id for c in found.items} == {c.id for c in cloud.held}


def test_a_few_entries_that_happen_to_fall_are_no_order() -> None:
    for seed in range(300):
        cloud = Shuffled(entries(6), seed=seed, page=2)
        found = swept(cloud, since=3.0)
        assert found.problem or len(found.items) == 6, seed


def test_an_id_that_is_always_missing_ends_in_a_problem_soon() -> None:
    cloud = Shuffled(clusters(150))
    cloud.total = 1
    found = swept(cloud)
    assert (found.problem, len(found.items)) == ("its pages never came to the total in any order", 150)
    assert len(cloud.reads) < 30


def test_a_list_that_never_rests_ends_in_a_problem_and_shows_what_it_saw() -> None:
    cloud = Shuffled(clusters(150))
    cloud.change = lambda: cloud.held.append(Cluster(f"ehpc-new{len(cloud.reads)}"))  # type: ignore[method-assign]
    found = swept(cloud, most=40)
    assert found.problem
    assert len(found.items) > 100
    assert len(cloud.reads) <= 40


def test_a_page_that_cannot_be_read_ends_it() -> None:
    cloud = Shuffled(clusters(150))

    async def failing(offset: int) -> Page | Unread:
        return Unread("no answer: reset") if len(cloud.reads) == 4 else await cloud.read(offset)

    found = asyncio.run(whole_list(failing, MOST))
    assert found.problem == "no answer: reset"
    assert len(found.items) > 100, "what was seen is still shown"


def test_readings_of_one_entry_that_differ_are_all_kept() -> None:
    cloud = Shuffled(entries(150))

    def finish() -> None:
        if len(cloud.reads) > 2:
            cloud.held = [replace(e, status=JobStatus.FAILED) if e.job_id == "j-3" else e for e in cloud.held]

    cloud.change = finish  # type: ignore[method-assign]
    found = asyncio.run(reunited(cloud.read, lambda e: e.job_id, MOST))
    assert found.problem == ""
    assert {e.status for e in found.items if e.job_id == "j-3"} <= {JobStatus.SUCCESSFUL, JobStatus.FAILED}
    assert JobStatus.FAILED in {e.status for e in found.items if e.job_id == "j-3"}


@UNHURRIED
@given(
    st.lists(st.sampled_from("ads-"), max_size=12),
    st.integers(0, 40),
    st.integers(2, 20),
    st.integers(0, 10_000),
    st.booleans(),
)
def test_what_was_there_throughout_is_in_every_complete_sweep(
    changes: list[str], count: int, page: int, seed: int, as_log: bool
) -> None:
    cloud = Shuffled(entries(count) if as_log else clusters(count), seed=seed, page=page)
    steps, chance = iter(changes), random.Random(seed)
    throughout = {item.id if isinstance(item, Cluster) else item.job_id for item in cloud.held}

    def disturb() -> None:
        what = next(steps, "-") if len(cloud.reads) > 1 else "-"
        if what in "ds" and cloud.held:
            gone = cloud.held.pop(chance.randrange(len(cloud.held)))
            throughout.discard(gone.id if isinstance(gone, Cluster) else gone.job_id)
        if what in "as":
            name = f"new{len(cloud.reads)}"
            cloud.held.append(
                Entry(f"j-{name}", JobStatus.PENDING, created_at=99.0) if as_log else Cluster(f"ehpc-{name}")
            )

    cloud.change = disturb  # type: ignore[method-assign]
    found = asyncio.run(reunited(cloud.read, lambda item: getattr(item, "job_id", None) or item.id, MOST))
    if not found.problem:
        seen = {getattr(item, "job_id", None) or item.id for item in found.items}
        assert throughout <= seen
