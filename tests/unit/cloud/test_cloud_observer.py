"""The shared looks: complete or saying why not, begun when they say, one sweep for all who ask in time."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from cloud_scripts import ACCOUNT, CREDENTIALS, UNHURRIED, Call, HandClock, bench
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud.observer import Observer
from hpc_operator.cloud.pacing import Pace
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.cloud.unread import Unread
from hpc_operator.cloud.wire import Page
from hpc_operator.domain.observed import Cluster, Entry, JobStatus, Node
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import Credentials

NEVER = 0.0


def clusters(count: int, first: int = 0) -> list[Cluster]:
    return [Cluster(f"ehpc-{n}", f"n{n}", "active") for n in range(first, first + count)]


def entries(count: int) -> list[Entry]:
    """Newest first, a second apart, the newest at time 10000."""
    return [Entry(f"j-{n}", JobStatus.SUCCESSFUL, "", (f"ehpc-{n % 7}",), 10_000.0 - n) for n in range(count)]


@dataclass
class Cloud:
    """Pages cut from plain lists; `hook` runs before each page and may change things, or answer instead."""

    listed: list[Cluster] = field(default_factory=list)
    logged: list[Entry] = field(default_factory=list)
    noded: list[Node] = field(default_factory=list)
    page: int = 100
    reads: list[tuple[str, int]] = field(default_factory=list)
    hook: Callable[[str, int], Unread | None] = lambda _name, _offset: None
    gate: asyncio.Event | None = None

    async def _cut(self, name: str, held: Callable[[], list], offset: int) -> Page | Unread:  # type: ignore[type-arg]
        self.reads.append((name, offset))
        if self.gate is not None:
            await self.gate.wait()
        if (instead := self.hook(name, offset)) is not None:
            return instead
        return Page(tuple(held()[offset : offset + self.page]), len(held()))

    async def cluster_page(
        self, _c: Credentials, _a: Account, offset: int, *, cluster_id: str | None = None, **_: object
    ):
        return await self._cut("list", lambda: [x for x in self.listed if cluster_id in (None, x.id)], offset)

    async def operation_page(
        self, _c: Credentials, _a: Account, offset: int, *, resource_id: str | None = None, **_: object
    ):
        return await self._cut("log", lambda: self.logged, offset)

    async def node_page(self, _c: Credentials, _a: Account, _cluster_id: str, offset: int, **how: object):
        return await self._cut("nodes", lambda: self.noded, offset)


def observer(cloud: Cloud, clock: HandClock | None = None, **limits: int) -> Observer:
    return Observer(cloud, WatchedClock(clock or HandClock()), **limits)


# --- the list


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 200, 1000])
async def test_a_list_of_any_length_is_seen_whole(count: int) -> None:
    cloud = Cloud(clusters(count))
    (look,) = await observer(cloud).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.complete, look.problem) == (True, "")
    assert [c.id for c in look.clusters] == [f"ehpc-{n}" for n in range(count)]
    assert look.key == CREDENTIALS.fingerprint


async def test_a_thousand_clusters_are_about_ten_calls() -> None:
    cloud = Cloud(clusters(1000))
    await observer(cloud).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert len(cloud.reads) == 11


@pytest.mark.parametrize("page", [2, 10, 37])
async def test_a_service_that_gives_shorter_pages_than_asked_is_read_whole_too(page: int) -> None:
    (look,) = await observer(Cloud(clusters(150), page=page)).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert look.complete
    assert len(look.clusters) == 150


def at_offset(offset: int, change: Callable[[], Unread | None]) -> Callable[[str, int], Unread | None]:
    return lambda _name, asked: change() if asked == offset else None


async def test_an_item_that_slides_between_pages_is_not_absent() -> None:
    cloud = Cloud(clusters(150))

    def shift() -> None:
        del cloud.listed[0]
        cloud.listed.append(Cluster("ehpc-new", status="active"))

    cloud.hook = at_offset(99, shift)
    (look,) = await observer(cloud).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert look.complete, "it was read again, as a list without order is"
    assert {c.id for c in look.clusters} == {*(f"ehpc-{n}" for n in range(1, 150)), "ehpc-new"}
    assert len(cloud.reads) == 2 + 3


async def test_a_total_that_changes_between_pages_is_said() -> None:
    cloud = Cloud(clusters(150))
    cloud.hook = at_offset(99, lambda: cloud.listed.append(Cluster("ehpc-new", status="active")))
    (look,) = await observer(cloud).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.complete, "total changed" in look.problem) == (False, True)


async def test_an_id_twice_means_another_was_not_seen() -> None:
    doubled = [*clusters(5), *clusters(1)]
    (look,) = await observer(Cloud(doubled)).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.complete, look.problem) == (False, "saw 5 of 6")


async def test_a_failing_page_leaves_what_was_seen_and_says_why() -> None:
    cloud = Cloud(clusters(150), hook=at_offset(99, lambda: Unread("no answer: reset")))
    (look,) = await observer(cloud).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.complete, look.problem, len(look.clusters)) == (False, "no answer: reset", 100)


async def test_a_page_that_ends_too_early_never_ends_in_a_loop() -> None:
    for page in (0, 1):
        cloud = Cloud(clusters(150), page=page)
        (look,) = await observer(cloud).listing(CREDENTIALS, ACCOUNT, NEVER)
        assert (look.complete, len(cloud.reads)) == (False, 1)


async def test_a_list_without_an_end_is_left() -> None:
    cloud = Cloud(clusters(1000))
    (look,) = await observer(cloud, most_pages=3).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.complete, look.problem, len(cloud.reads)) == (False, "more than 3 pages", 3)


async def test_at_most_three_looks_are_kept_newest_first_and_all_begun_differently() -> None:
    clock, cloud = HandClock(), Cloud(clusters(1))
    shared = observer(cloud, clock)
    for n in range(5):
        looks = await shared.listing(CREDENTIALS, ACCOUNT, clock.at)
        clock.at += n
    assert len(looks) == 3
    assert [look.begun for look in looks] == sorted({look.begun for look in looks}, reverse=True)


async def test_two_looks_at_one_reading_of_the_clock_still_begin_differently() -> None:
    clock, cloud = HandClock(), Cloud(logged=entries(3))
    shared = observer(cloud, clock)
    by_id = [(await shared.by_id(CREDENTIALS, ACCOUNT, "ehpc-1")).begun for _ in range(3)]
    assert len(set(by_id)) == 3
    assert max(by_id) - clock.at < 1e-4


async def test_an_incomplete_look_stands_before_the_complete_ones() -> None:
    clock, cloud = HandClock(), Cloud(clusters(1))
    shared = observer(cloud, clock)
    for _ in range(3):
        await shared.listing(CREDENTIALS, ACCOUNT, clock.at)
        clock.at += 1
    cloud.hook = lambda _name, _offset: Unread("quota: used up")
    for _ in range(3):
        looks = await shared.listing(CREDENTIALS, ACCOUNT, clock.at)
        assert [look.complete for look in looks] == [False, True, True]
        clock.at += 1


async def test_a_look_that_is_young_enough_is_not_made_again() -> None:
    clock, cloud = HandClock(), Cloud(clusters(1))
    shared = observer(cloud, clock)
    (first,) = await shared.listing(CREDENTIALS, ACCOUNT, clock.at)
    clock.at += 30
    assert await shared.listing(CREDENTIALS, ACCOUNT, first.begun) == (first,)
    assert len(await shared.listing(CREDENTIALS, ACCOUNT, first.begun + 0.1)) == 2
    assert len(cloud.reads) == 2


async def test_begun_is_before_the_first_request_however_long_the_sweep_takes() -> None:
    clock = HandClock(1000.0)
    cloud = Cloud(clusters(300))

    def slow(_name: str, _offset: int) -> None:
        clock.at += 40

    cloud.hook = slow
    (look,) = await observer(cloud, clock).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.begun, clock.at > 1100) == (1000.0, True)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_all_who_ask_at_once_share_one_sweep() -> None:
    cloud = Cloud(clusters(5), gate=asyncio.Event())
    shared, clock = observer(cloud), HandClock()
    asking = [asyncio.create_task(shared.listing(CREDENTIALS, ACCOUNT, clock.at)) for _ in range(50)]
    await settle()
    cloud.gate.set()
    answers = await asyncio.gather(*asking)
    assert len(cloud.reads) == 1
    assert len(set(answers)) == 1


async def test_all_who_wait_for_a_failing_sweep_share_the_failure() -> None:
    cloud = Cloud(gate=asyncio.Event(), hook=lambda _name, _offset: Unread("no answer: reset"))
    shared, clock = observer(cloud), HandClock()
    asking = [asyncio.create_task(shared.listing(CREDENTIALS, ACCOUNT, clock.at + n)) for n in range(50)]
    await settle()
    cloud.gate.set()
    answers = await asyncio.gather(*asking)
    assert len(cloud.reads) == 1
    assert all(not looks[0].complete for looks in answers)


async def test_who_asks_for_later_than_the_flight_began_gets_one_flight_more() -> None:
    clock, cloud = HandClock(), Cloud(clusters(5), gate=asyncio.Event())
    shared = observer(cloud, clock)
    early = asyncio.create_task(shared.listing(CREDENTIALS, ACCOUNT, clock.at))
    await settle()
    clock.at += 5
    late = [asyncio.create_task(shared.listing(CREDENTIALS, ACCOUNT, clock.at)) for _ in range(9)]
    await settle()
    cloud.gate.set()
    first, *others = await asyncio.gather(early, *late)
    assert len(cloud.reads) == 2
    assert first[0].begun == clock.at - 5
    assert {looks[0].begun for looks in others} == {clock.at}


async def test_a_caller_who_leaves_does_not_take_the_others_with_it() -> None:
    cloud = Cloud(clusters(5), gate=asyncio.Event())
    shared, clock = observer(cloud), HandClock()
    leaving = asyncio.create_task(shared.listing(CREDENTIALS, ACCOUNT, clock.at))
    await settle()
    staying = asyncio.create_task(shared.listing(CREDENTIALS, ACCOUNT, clock.at))
    await settle()
    leaving.cancel()
    await settle()
    cloud.gate.set()
    assert (await staying)[0].complete
    assert leaving.cancelled()


async def test_keys_and_accounts_have_looks_of_their_own() -> None:
    cloud = Cloud(clusters(1))
    shared = observer(cloud)
    other_key = replace(CREDENTIALS, fingerprint="0000000000000002")
    other_zone = replace(ACCOUNT, zone="pek3a")
    keys = [
        (await shared.listing(credentials, account, NEVER))[0].key
        for credentials, account in ((CREDENTIALS, ACCOUNT), (other_key, ACCOUNT), (CREDENTIALS, other_zone))
    ]
    assert keys == [CREDENTIALS.fingerprint, other_key.fingerprint, CREDENTIALS.fingerprint]
    assert len(cloud.reads) == 3


async def test_looks_of_a_clock_that_was_ahead_are_forgotten_when_it_is_set_right() -> None:
    clock, cloud = HandClock(5000.0), Cloud(clusters(1), entries(1))
    shared = observer(cloud, clock)
    await shared.listing(CREDENTIALS, ACCOUNT, NEVER)
    await shared.log(CREDENTIALS, ACCOUNT, 0.0, NEVER)
    await shared.by_id(CREDENTIALS, ACCOUNT, "ehpc-0")
    clock.at = 1000.0
    looks = await shared.listing(CREDENTIALS, ACCOUNT, 900.0)
    log = (await shared.log(CREDENTIALS, ACCOUNT, 0.0, 900.0))[0]
    assert [look.begun <= 1000.001 for look in (*looks, log)] == [True, True]
    assert dict(shared.known(ACCOUNT)) == {}


# --- the log


async def test_the_log_is_read_down_past_since_and_no_further() -> None:
    cloud = Cloud(logged=entries(1000))
    look = (await observer(cloud).log(CREDENTIALS, ACCOUNT, 10_000.0 - 150, NEVER))[0]
    assert look.complete
    assert len(cloud.reads) == 2
    assert {e.job_id for e in look.entries} >= {f"j-{n}" for n in range(151)}


async def test_entries_at_the_very_second_of_since_are_not_the_end() -> None:
    same = [replace(entry, created_at=5000.0) for entry in entries(150)]
    newer = Entry("j-new", JobStatus.PENDING, created_at=6000.0)
    look = (await observer(Cloud(logged=[newer, *same])).log(CREDENTIALS, ACCOUNT, 5000.0, NEVER))[0]
    assert len(look.entries) == 151


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (lambda log: log[::-1], "a service that ignores `reverse` shows the oldest first: all of it is old"),
        (lambda log: [log[0], *log[:0:-1]], "a page that begins well and goes on otherwise"),
        (
            lambda log: [replace(e, created_at=1.0) if n < 100 else e for n, e in enumerate(log)],
            "equal times tell no order",
        ),
        (
            lambda log: [replace(e, created_at=None) if n == 5 else e for n, e in enumerate(log)],
            "an unreadable time tells no order",
        ),
    ],
)
async def test_a_log_that_is_not_sorted_is_read_to_its_end(
    order: Callable[[list[Entry]], list[Entry]], reason: str
) -> None:
    cloud = Cloud(logged=order(entries(300)))
    look = (await observer(cloud).log(CREDENTIALS, ACCOUNT, 9_990.0, NEVER))[0]
    assert (look.complete, len(look.entries)) == (True, 300), reason


async def test_new_entries_push_the_older_down_and_none_is_lost() -> None:
    cloud = Cloud(logged=entries(250))
    more = iter(range(50))

    def grow(_name: str, _offset: int) -> None:
        n = next(more)
        cloud.logged.insert(0, Entry(f"j-new{n}", JobStatus.PENDING, created_at=20_000.0 + n))

    cloud.hook = grow
    look = (await observer(cloud).log(CREDENTIALS, ACCOUNT, 0.0, NEVER))[0]
    assert look.complete
    assert {f"j-{n}" for n in range(250)} <= {e.job_id for e in look.entries}


async def test_a_log_that_lost_entries_between_pages_is_read_again() -> None:
    cloud = Cloud(logged=entries(250))

    def shrink() -> None:
        del cloud.logged[:5]

    cloud.hook = at_offset(99, shrink)
    look = (await observer(cloud).log(CREDENTIALS, ACCOUNT, 0.0, NEVER))[0]
    assert (look.complete, {e.job_id for e in look.entries}) == (True, {f"j-{n}" for n in range(5, 250)})


async def test_two_readings_of_one_job_are_both_kept_when_they_differ() -> None:
    cloud = Cloud(logged=[replace(e, status=JobStatus.PENDING) for e in entries(150)])

    def finish() -> None:
        cloud.logged[99] = replace(cloud.logged[99], status=JobStatus.FAILED)

    cloud.hook = at_offset(99, finish)
    look = (await observer(cloud).log(CREDENTIALS, ACCOUNT, 0.0, NEVER))[0]
    assert [e.status for e in look.entries if e.job_id == "j-99"] == [JobStatus.PENDING, JobStatus.FAILED]


async def test_a_log_look_serves_whoever_asks_for_less() -> None:
    clock, cloud = HandClock(), Cloud(logged=entries(300))
    shared = observer(cloud, clock)
    deep = (await shared.log(CREDENTIALS, ACCOUNT, 9_800.0, clock.at))[0]
    assert (await shared.log(CREDENTIALS, ACCOUNT, 9_900.0, deep.begun))[0] is deep
    deeper = (await shared.log(CREDENTIALS, ACCOUNT, 9_750.0, deep.begun))[0]
    assert deeper.since == 9_750.0
    assert deeper.begun > deep.begun


async def test_the_newest_log_looks_are_kept_and_a_failed_one_does_not_push_them_out() -> None:
    clock, cloud = HandClock(), Cloud(logged=entries(3))
    shared = observer(cloud, clock)
    for _ in range(4):
        looks = await shared.log(CREDENTIALS, ACCOUNT, 0.0, clock.at)
        clock.at += 10
    assert [look.begun for look in looks] == sorted({look.begun for look in looks}, reverse=True)
    assert len(looks) == 3
    cloud.hook = lambda _name, _offset: Unread("reset")
    failed = await shared.log(CREDENTIALS, ACCOUNT, 0.0, clock.at)
    assert [look.complete for look in failed] == [False, True, True]
    assert failed[1:] == looks[:2]


async def test_two_log_looks_in_a_row_reach_as_far_as_anybody_asked_lately() -> None:
    """Else one who asks for little would push out the looks of one who needs two that reach further."""
    clock, cloud = HandClock(), Cloud(logged=entries(300))
    shared = observer(cloud, clock)
    await shared.log(CREDENTIALS, ACCOUNT, 9_800.0, clock.at)
    clock.at += 10
    assert (await shared.log(CREDENTIALS, ACCOUNT, 9_990.0, clock.at))[0].since == 9_800.0
    clock.at += 61
    assert (await shared.log(CREDENTIALS, ACCOUNT, 9_990.0, clock.at))[0].since == 9_990.0


async def test_those_who_wait_for_the_log_get_one_look_deep_enough_for_all() -> None:
    cloud, clock = Cloud(logged=entries(300), gate=asyncio.Event()), HandClock()
    shared = observer(cloud, clock)
    first = asyncio.create_task(shared.log(CREDENTIALS, ACCOUNT, 9_990.0, clock.at))
    await settle()
    others = [asyncio.create_task(shared.log(CREDENTIALS, ACCOUNT, 9_900.0 - n, clock.at)) for n in range(20)]
    await settle()
    assert cloud.gate is not None
    cloud.gate.set()
    looks = await asyncio.gather(first, *others)
    assert len({look[0].begun for look in looks}) == 2
    assert all(look[0].since <= 9_900.0 - n for n, look in enumerate(looks[1:]))


async def test_a_failing_log_is_shared_and_says_why() -> None:
    cloud = Cloud(gate=asyncio.Event(), hook=lambda _name, _offset: Unread("ret_code 5000"))
    shared, clock = observer(cloud), HandClock()
    asking = [asyncio.create_task(shared.log(CREDENTIALS, ACCOUNT, 5.0, clock.at)) for _ in range(20)]
    await settle()
    assert cloud.gate is not None
    cloud.gate.set()
    looks = await asyncio.gather(*asking)
    assert {(look[0].complete, look[0].problem) for look in looks} == {(False, "ret_code 5000")}
    assert len(cloud.reads) == 1


# --- by id, nodes


async def test_a_look_by_id_keeps_only_what_names_the_id() -> None:
    cloud = Cloud(clusters(9), entries(250))
    shared = observer(cloud)
    look = await shared.by_id(CREDENTIALS, ACCOUNT, "ehpc-3")
    assert look.complete
    assert look.cluster == clusters(1, 3)[0]
    assert len(look.entries) == len([n for n in range(250) if n % 7 == 3])
    assert shared.known(ACCOUNT) == {"ehpc-3": look}


@pytest.mark.parametrize("failing", ["list", "log"])
async def test_a_look_by_id_is_complete_only_if_both_its_reads_are(failing: str) -> None:
    cloud = Cloud(clusters(1), entries(1), hook=lambda name, _offset: Unread("reset") if name == failing else None)
    look = await observer(cloud).by_id(CREDENTIALS, ACCOUNT, "ehpc-0")
    assert (look.complete, look.problem) == (False, "reset")


async def test_another_line_than_the_one_asked_for_is_not_taken_for_it() -> None:
    cloud = Cloud(clusters(1))
    cloud.cluster_page = lambda _c, _a, offset, **_: cloud._cut("list", lambda: cloud.listed, offset)  # type: ignore[method-assign]
    look = await observer(cloud).by_id(CREDENTIALS, ACCOUNT, "ehpc-77")
    assert (look.complete, look.cluster) == (True, None)


async def test_what_is_known_by_id_is_bounded() -> None:
    shared = observer(Cloud(), most_ids=3)
    for n in range(5):
        await shared.by_id(CREDENTIALS, ACCOUNT, f"ehpc-{n}")
    assert list(shared.known(ACCOUNT)) == ["ehpc-2", "ehpc-3", "ehpc-4"]


async def test_a_question_by_id_is_paid_for_before_it_is_asked() -> None:
    cloud, purse = Cloud(clusters(3)), Purse(left=3)
    shared = Observer(cloud, WatchedClock(HandClock()), purse=purse)
    assert (await shared.by_id(CREDENTIALS, ACCOUNT, "ehpc-1")).complete
    look = await shared.by_id(CREDENTIALS, ACCOUNT, "ehpc-2")
    assert (look.complete, look.cluster, look.problem) == (
        False,
        None,
        "quota: the account's calls are used up for now",
    )
    assert cloud.reads == [("list", 0), ("log", 0)], "the second one cost nothing"
    assert purse.paid == [("look", 2, 0)]
    assert list(shared.known(ACCOUNT)) == ["ehpc-1"], "what was not asked is not remembered as an answer"


async def test_answers_by_id_are_forgotten_after_an_hour() -> None:
    clock = HandClock()
    shared = observer(Cloud(), clock)
    await shared.by_id(CREDENTIALS, ACCOUNT, "ehpc-1")
    clock.at += 3599
    await shared.by_id(CREDENTIALS, ACCOUNT, "ehpc-2")
    assert list(shared.known(ACCOUNT)) == ["ehpc-1", "ehpc-2"]
    clock.at += 2
    await shared.by_id(CREDENTIALS, ACCOUNT, "ehpc-3")
    assert list(shared.known(ACCOUNT)) == ["ehpc-2", "ehpc-3"]


async def test_a_service_that_answers_the_first_page_for_every_offset_shows_no_whole_log() -> None:
    """A gateway that caches without the offset: what lies behind the first page was never seen."""
    cloud = Cloud(logged=entries(150))
    first = Page(tuple(replace(entry, created_at=None) for entry in cloud.logged[:76]), 151)
    cloud.hook = lambda _name, _offset: first  # type: ignore[assignment,return-value]
    look = (await observer(cloud).log(CREDENTIALS, ACCOUNT, -math.inf, NEVER))[0]
    assert (look.complete, look.problem) == (False, "its pages never came to the total in any order")


def nodes(count: int) -> list[Node]:
    return [Node(f"cln-{n}", "compute", "active") for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 300])
async def test_all_nodes_are_seen_each_as_it_is(count: int) -> None:
    clock = HandClock()
    cloud = Cloud(noded=nodes(count))
    cloud.hook = lambda _name, _offset: setattr(clock, "at", clock.at + 5)  # type: ignore[func-returns-value]
    begun = clock.at
    look = await observer(cloud, clock).nodes(CREDENTIALS, ACCOUNT, "ehpc-1", "change")
    assert (look.complete, look.problem, look.key) == (True, "", CREDENTIALS.fingerprint)
    assert look.nodes == tuple(cloud.noded)
    assert look.begun == begun, "the clock before the first request"


@pytest.mark.parametrize(
    ("disturb", "problem"),
    [
        (lambda _cloud: Unread("no answer: reset"), "no answer: reset"),
        (lambda cloud: Page(tuple(cloud.noded[99:]), 150, "1 unreadable item(s)"), "1 unreadable item(s)"),
        (lambda cloud: cloud.noded.append(Node("cln-new", "compute", "active")), "the total changed between pages"),
        (lambda cloud: Page(tuple(cloud.noded[99:120]), 121), "the total changed between pages"),
    ],
)
async def test_nodes_that_were_not_all_seen_are_an_incomplete_look(
    disturb: Callable[[Cloud], Unread | None], problem: str
) -> None:
    cloud = Cloud(noded=nodes(150))
    cloud.hook = at_offset(99, lambda: disturb(cloud))
    look = await observer(cloud).nodes(CREDENTIALS, ACCOUNT, "ehpc-1")
    assert (look.complete, look.problem) == (False, problem)
    assert len(look.nodes) >= 100


async def test_a_node_that_stands_twice_means_that_another_was_not_seen() -> None:
    look = await observer(Cloud(noded=[*nodes(5), *nodes(1)])).nodes(CREDENTIALS, ACCOUNT, "ehpc-1")
    assert (look.complete, look.problem) == (False, "saw 5 of 6")


async def test_two_looks_at_nodes_never_begin_at_one_time() -> None:
    shared = observer(Cloud(noded=nodes(1)))
    first, second = [await shared.nodes(CREDENTIALS, ACCOUNT, "ehpc-1") for _ in range(2)]
    assert first.begun < second.begun, "a count is believed when two looks with different beginnings agree"


@pytest.mark.parametrize("lane", ["change", "ask"])
async def test_nodes_are_read_in_the_lane_of_who_asks_and_count_as_no_look_at_the_account(lane: str) -> None:
    many = [{"node_id": f"cln-{n}", "role": "compute", "status": "active"} for n in range(150)]

    def answer(call: Call) -> dict[str, object]:
        at = int(call.query["offset"])
        return {"ret_code": 0, "hpc_app_nodes_set": many[at : at + 100], "total_count": 150}

    made = bench(answer)
    purse = Pace(made.budget, made.watched.now, 30.0)
    shared = Observer(made.calls, made.watched, purse=purse)
    look = await shared.nodes(CREDENTIALS, ACCOUNT, "ehpc-1", lane)
    assert (look.complete, len(look.nodes), made.budget.used(ACCOUNT)) == (True, 150, 2)
    assert not made.budget._window(ACCOUNT).looks, "what the watch may take is left to it"
    while await made.budget.permit(ACCOUNT, lane) == 0:
        pass
    look = await shared.nodes(CREDENTIALS, ACCOUNT, "ehpc-1", lane)
    assert (look.complete, look.problem.startswith("quota: "), look.nodes) == (False, True, ())
    assert await made.budget.permit(ACCOUNT, "finish") == 0, "only its own lane is used up"


async def test_the_first_look_with_a_new_key_is_paid_for_whole_or_not_begun() -> None:
    """The account's list is as long as it was: begun without its calls, it would end half-way and be begun again."""

    class Purse:
        paid: list[int] = []  # noqa: RUF012 - of this test alone
        rich = True

        async def pay(
            self, _a: Account, _lane: str, calls: int, _listed: int, _cost: tuple[int, int] = (0, 1)
        ) -> float:
            self.paid.append(calls)
            return 0.0 if self.rich else 1.0

        def refund(self, _a: Account, calls: int) -> None:
            self.paid[-1] -= calls

    cloud, purse = Cloud(clusters(450)), Purse()
    shared = Observer(cloud, WatchedClock(HandClock()), purse=purse)
    await shared.listing(CREDENTIALS, ACCOUNT, NEVER, "sweep")
    before = len(cloud.reads)
    purse.rich = False
    new = replace(CREDENTIALS, fingerprint="rotated")
    (look,) = await shared.listing(new, ACCOUNT, NEVER, "sweep")
    assert (look.complete, len(cloud.reads), purse.paid[-1]) == (False, before, before)
    await shared.listing(new, replace(ACCOUNT, zone="other"), NEVER, "sweep")
    assert purse.paid[-1] == 1, "of another view nothing is known"


# --- jobs


def counting(*jobs: object) -> list[dict[str, object]]:
    counters = [{} if n is None else {"running_job_count": n, "pending_job_count": "1"} for n in jobs]
    return [
        {"cluster_id": f"ehpc-{n}", "cluster_status": "active", **each}  # type: ignore[dict-item]
        for n, each in enumerate(counters)
    ]


async def test_jobs_stand_beside_the_lines_and_make_no_difference_to_them() -> None:
    said = [counting(0, 3, None), counting(7, 3, 0)]
    made = bench(lambda _: {"ret_code": 0, "cluster_set": said.pop(0), "total_count": 3})
    shared = Observer(made.calls, made.watched)
    (before,) = await shared.listing(CREDENTIALS, ACCOUNT, NEVER)
    made.clock.at += 30
    after = (await shared.listing(CREDENTIALS, ACCOUNT, made.clock.at))[0]
    assert (before.jobs, after.jobs) == ({"ehpc-0": 1, "ehpc-1": 4}, {"ehpc-0": 8, "ehpc-1": 4, "ehpc-2": 1})
    assert after.clusters == before.clusters
    assert all(new is old for new, old in zip(after.clusters, before.clusters, strict=True)), "held once"
    assert after.by_id is before.by_id


@pytest.mark.parametrize(("running", "jobs"), [(0, 1), (5, 6), (None, None), ("x", None)])
async def test_a_look_by_id_tells_the_jobs_or_that_nobody_knows(running: object, jobs: int | None) -> None:
    log = {"ret_code": 0, "job_set": [], "total_count": 0}
    listed = {"ret_code": 0, "cluster_set": counting(running), "total_count": 1}
    made = bench(lambda call: listed if "list" in call.path else log)
    look = await Observer(made.calls, made.watched).by_id(CREDENTIALS, ACCOUNT, "ehpc-0", "change")
    assert (look.complete, look.jobs) == (True, jobs)


async def test_jobs_of_a_line_that_was_not_read_in_full_are_not_told() -> None:
    log = {"ret_code": 0, "job_set": [], "total_count": 0}
    listed = {"ret_code": 0, "cluster_set": counting(0), "total_count": 2}
    made = bench(lambda call: listed if "list" in call.path else log)
    look = await Observer(made.calls, made.watched).by_id(CREDENTIALS, ACCOUNT, "ehpc-0", "change")
    assert (look.complete, look.jobs) == (False, None)


async def test_jobs_survive_a_question_by_status() -> None:
    lines = [{"cluster_id": "ehpc-0", "running_job_count": 2, "pending_job_count": 0}]

    def answer(call: Call) -> dict[str, object]:
        status = call.query.get("status")
        shown = lines if status is None else [{"cluster_id": "ehpc-0"}] if status == "active" else []
        return {"ret_code": 0, "cluster_set": shown, "total_count": len(shown)}

    made = bench(answer)
    (look,) = await Observer(made.calls, made.watched).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.clusters[0].status, look.jobs) == ("active", {"ehpc-0": 2})


async def test_without_a_permit_a_look_is_incomplete_and_nothing_is_sent() -> None:
    made = bench(lambda _: {"ret_code": 0, "cluster_set": [], "total_count": 0}, limit=1)
    await made.budget.permit(ACCOUNT, "look")
    (look,) = await Observer(made.calls, made.watched).listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.complete, look.problem.startswith("quota: "), made.transport.calls) == (False, True, [])


@UNHURRIED
@given(
    st.lists(st.tuples(st.sampled_from("ads"), st.integers(0, 300)), max_size=6),
    st.integers(0, 260),
    st.integers(1, 100),
)
def test_a_complete_list_shows_all_that_was_there_throughout(
    changes: list[tuple[str, int]], count: int, page: int
) -> None:
    cloud = Cloud(clusters(count), page=page)
    steps = iter(changes)
    throughout = {cluster.id for cluster in cloud.listed}

    def disturb(_name: str, offset: int) -> None:
        what, where = next(steps, ("", 0)) if offset else ("", 0)
        if what in ("d", "s") and cloud.listed:
            throughout.discard(cloud.listed.pop(where % len(cloud.listed)).id)
        if what in ("a", "s"):
            cloud.listed.append(Cluster(f"ehpc-new{where}-{offset}", status="active"))

    cloud.hook = disturb
    (look,) = asyncio.run(observer(cloud, most_pages=400).listing(CREDENTIALS, ACCOUNT, NEVER))
    if look.complete:
        assert throughout <= {cluster.id for cluster in look.clusters}


@UNHURRIED
@given(
    st.lists(st.tuples(st.sampled_from("ads"), st.integers(0, 300)), max_size=6),
    st.integers(0, 260),
    st.integers(1, 100),
    st.integers(0, 300),
)
def test_a_complete_log_shows_all_that_was_there_throughout(
    changes: list[tuple[str, int]], count: int, page: int, depth: int
) -> None:
    cloud, since = Cloud(logged=entries(count), page=page), 10_000.0 - depth
    steps = iter(changes)
    throughout = {entry.job_id for entry in cloud.logged if (entry.created_at or 0) >= since}

    def disturb(_name: str, offset: int) -> None:
        what, where = next(steps, ("", 0)) if offset else ("", 0)
        if what in ("d", "s") and cloud.logged:
            throughout.discard(cloud.logged.pop(where % len(cloud.logged)).job_id)
        if what in ("a", "s"):
            cloud.logged.insert(0, Entry(f"j-new{where}-{offset}", JobStatus.PENDING, created_at=20_000.0 + offset))

    cloud.hook = disturb
    look = asyncio.run(observer(cloud, most_pages=400).log(CREDENTIALS, ACCOUNT, since, NEVER))[0]
    if look.complete:
        assert throughout <= {entry.job_id for entry in look.entries}


# --- what a look costs, and who pays


@dataclass
class Purse:
    """Lets `left` calls go; `paid` and `refunded` in order."""

    left: int = 1000
    paid: list[tuple[str, int, int]] = field(default_factory=list)
    refunded: int = 0

    async def pay(self, _account: Account, lane: str, calls: int, listed: int, _cost: tuple[int, int]) -> float:
        if calls > self.left:
            return 5.0
        self.left -= calls
        self.paid.append((lane, calls, listed))
        return 0.0

    def refund(self, _account: Account, calls: int) -> None:
        self.refunded += calls


def paying(cloud: Cloud, purse: Purse, clock: HandClock, told: list[tuple[str, int]] | None = None) -> Observer:
    def shown(_account: Account, look: object, _ended: float, pages: int) -> None:
        if told is not None:
            told.append((type(look).__name__, pages))

    return Observer(cloud, WatchedClock(clock), purse=purse, shown=shown)


async def test_a_sweep_is_paid_for_before_its_first_page_by_what_was_listed_last() -> None:
    clock, purse, told = HandClock(), Purse(), []
    shared = paying(Cloud(clusters(250)), purse, clock, told)
    await shared.listing(CREDENTIALS, ACCOUNT, NEVER, "create")
    clock.at += 10
    await shared.listing(CREDENTIALS, ACCOUNT, clock.at, "sweep")
    await shared.log(CREDENTIALS, ACCOUNT, 0.0, clock.at)
    assert purse.paid == [("create", 1, 0), ("sweep", 3, 250), ("look", 1, 250)]
    assert told == [("ListLook", 3), ("ListLook", 3), ("LogLook", 1)]


async def test_pages_that_are_not_there_any_more_are_refunded() -> None:
    clock, purse = HandClock(), Purse()
    cloud = Cloud(clusters(250))
    shared = paying(cloud, purse, clock)
    await shared.listing(CREDENTIALS, ACCOUNT, NEVER)
    cloud.listed = clusters(5)
    clock.at += 10
    await shared.listing(CREDENTIALS, ACCOUNT, clock.at)
    assert purse.refunded == 2


async def test_who_cannot_pay_gets_what_is_there_and_nothing_is_read() -> None:
    clock, purse = HandClock(), Purse()
    cloud = Cloud(clusters(5), entries(5))
    shared = paying(cloud, purse, clock)
    (look,) = await shared.listing(CREDENTIALS, ACCOUNT, NEVER)
    (log,) = await shared.log(CREDENTIALS, ACCOUNT, 9990.0, NEVER)
    clock.at, purse.left, read = clock.at + 100, 0, list(cloud.reads)
    assert await shared.listing(CREDENTIALS, ACCOUNT, clock.at) == (look,)
    assert await shared.log(CREDENTIALS, ACCOUNT, 9995.0, clock.at) == (log,)
    (deeper,) = await shared.log(CREDENTIALS, ACCOUNT, 9000.0, clock.at)
    assert (deeper.complete, deeper.problem.startswith("quota: ")) == (False, True), "it does not reach back so far"
    assert cloud.reads == read
    purse.left = 10
    (newer, _) = await shared.listing(CREDENTIALS, ACCOUNT, clock.at)
    assert newer.begun >= clock.at, "not having been able to pay is not kept as a look"


async def test_a_first_look_that_cannot_be_paid_is_incomplete_and_the_next_reads() -> None:
    clock, purse = HandClock(), Purse(left=0)
    shared = paying(Cloud(clusters(5)), purse, clock)
    (look,) = await shared.listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.complete, look.problem.startswith("quota: ")) == (False, True)
    purse.left = 10
    (look,) = await shared.listing(CREDENTIALS, ACCOUNT, NEVER)
    assert look.complete


async def test_a_paid_page_is_counted_once_and_a_repeated_one_again() -> None:
    answers = iter([{"ret_code": 5100}, {"ret_code": 0, "cluster_set": [], "total_count": 0}])
    made = bench(lambda _: next(answers), limit=100)

    class Counting(Purse):
        async def pay(self, account: Account, lane: str, calls: int, listed: int, cost: tuple[int, int]) -> float:
            await super().pay(account, lane, calls, listed, cost)
            return await made.budget.permit(account, lane, calls)

    shared = Observer(made.calls, made.watched, purse=Counting())
    (look,) = await shared.listing(CREDENTIALS, ACCOUNT, NEVER)
    assert (look.complete, len(made.transport.calls), made.budget.used(ACCOUNT)) == (True, 2, 2)
