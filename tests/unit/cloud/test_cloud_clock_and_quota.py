"""The cloud's clock by `Date`, and the hourly budget: both with a clock moved by hand."""

import pytest
from cloud_scripts import ACCOUNT, UNHURRIED, HandClock
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud.quota import RESERVES, WATCH, HourlyBudget
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import FOLLOW_UPS

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("samples", "offset", "reason"),
    [
        ([], None, "no answer, no idea"),
        ([(None, 0, 1)], None, "an answer without Date tells nothing"),
        ([(0, 0.4, 0.6)], 0.0, "inside what a cut second allows"),
        ([(100, 0, 1)], 99.0, "ahead: by at least this much"),
        ([(-100, 0, 1)], -99.0, "behind: by at least this much"),
        ([(30, 0, 60)], 0.0, "a slow answer proves nothing: it may have been written at any time of the trip"),
        ([(30, 0, 60), (100, 100, 100.1)], 0.0, "samples that agree narrow each other"),
        ([(100, 0, 1), (100, 90, 91)], 9.0, "they disagree: a clock was set, and the newest sample rules"),
        ([(50, 0, 60), (110, 60, 61)], 49.0, "an older, wider sample does not weaken a newer one"),
        ([(5, 3, 1)], None, "our clock went back during the call: the sample is worth nothing"),
    ],
)
def test_the_offset_is_what_is_proved_and_no_more(
    samples: list[tuple[float | None, float, float]], offset: float | None, reason: str
) -> None:
    watched = WatchedClock(HandClock(NOW))
    for date, began, ended in samples:
        watched.seen(None if date is None else NOW + date, NOW + began, NOW + ended)
    assert watched.offset() == (None if offset is None else pytest.approx(offset)), reason


@UNHURRIED
@given(
    st.floats(-500, 500),
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 1), st.floats(0, 30)), min_size=1, max_size=9),
)
def test_the_offset_never_exceeds_the_truth(true: float, trips: list[tuple[float, float, float]]) -> None:
    watched, at = WatchedClock(HandClock(NOW)), NOW
    for lasted, written, pause in trips:
        began, ended = at, at + lasted
        watched.seen(float(int(began + lasted * written + true)), began, ended)
        at = ended + pause
    found = watched.offset()
    assert found is not None
    assert abs(found) <= abs(true) + 1e-3
    assert found == 0 or (found > 0) == (true > 0)


def test_an_old_sample_stops_narrowing_but_the_newest_stays() -> None:
    watched = WatchedClock(HandClock(NOW), keep=300)
    watched.seen(NOW + 10, NOW, NOW)
    watched.seen(NOW + 1000, NOW + 1000 - 12, NOW + 1000)
    assert watched.offset() == 0.0
    watched.seen(NOW + 2100, NOW + 2000, NOW + 2000)
    assert watched.offset() == pytest.approx(100.0)


async def use(budget: HourlyBudget, account: Account, lane: str, times: int) -> int:
    return sum([await budget.permit(account, lane) == 0 for _ in range(times)])


async def test_never_more_calls_than_the_share_in_any_hour() -> None:
    clock = HandClock(NOW)
    budget = HourlyBudget(clock, limit=100, share=0.8)
    granted: list[float] = []
    for _ in range(600):
        if await budget.permit(ACCOUNT, "finish") == 0:
            granted.append(clock.at)
        clock.at += 20
    assert len(granted) > 200
    assert all(sum(t - 3600 < other <= t for other in granted) <= 80 for t in granted)


@pytest.mark.parametrize("lane", ["finish", "change", "look"])
async def test_each_lane_leaves_its_reserve_to_those_before_it(lane: str) -> None:
    budget = HourlyBudget(HandClock(NOW), limit=1000, share=1.0)
    assert await use(budget, ACCOUNT, lane, 1100) == 1000 - int(1000 * RESERVES[lane])


async def test_a_create_goes_only_if_what_follows_it_can_go_too() -> None:
    budget = HourlyBudget(HandClock(NOW), limit=1000, share=1.0)
    creates = await use(budget, ACCOUNT, "create", 1100)
    assert creates == -(-950 // (1 + FOLLOW_UPS))
    assert budget.wait(ACCOUNT, "look") > 0, "looks leave it to them too"
    assert await use(budget, ACCOUNT, "change", FOLLOW_UPS * creates) == FOLLOW_UPS * creates
    assert budget.used(ACCOUNT) <= 950 + FOLLOW_UPS


async def test_what_followed_a_create_is_promised_no_more() -> None:
    budget = HourlyBudget(HandClock(NOW), limit=1000, share=1.0)
    await use(budget, ACCOUNT, "create", 1)
    assert budget.left(ACCOUNT, "create") == 950 - 1 - FOLLOW_UPS
    await use(budget, ACCOUNT, "change", FOLLOW_UPS)
    assert budget.left(ACCOUNT, "create") == 950 - 1 - FOLLOW_UPS, "what was promised is spent, and not both"


async def test_a_burst_of_creates_leaves_the_watch_its_calls() -> None:
    clock = HandClock(NOW)
    budget = HourlyBudget(clock, limit=2000, share=0.8)
    budget.watches(ACCOUNT, 1361)
    creates = await use(budget, ACCOUNT, "create", 2000)
    assert creates == -(-(1520 - 1361) // (1 + FOLLOW_UPS))
    await use(budget, ACCOUNT, "change", FOLLOW_UPS * creates)
    for _ in range(123):
        assert await budget.permit(ACCOUNT, "sweep", 11, looks=True) == 0
        clock.at += 29.1


async def test_a_watch_in_full_swing_leaves_creates_their_calls() -> None:
    budget = HourlyBudget(HandClock(NOW), limit=2000, share=0.8)
    budget.watches(ACCOUNT, 10_000)
    sweeps = 0
    while await budget.permit(ACCOUNT, "sweep", 100, looks=True) == 0:
        sweeps += 1
    assert sweeps == 1600 * WATCH // 100
    assert await use(budget, ACCOUNT, "create", 100) == -(-(1520 - 1400 - 8) // (1 + FOLLOW_UPS))


async def test_what_was_promised_and_never_called_is_free_again_after_an_hour() -> None:
    clock = HandClock(NOW)
    budget = HourlyBudget(clock, limit=100, share=1.0)
    first = await use(budget, ACCOUNT, "create", 100)
    assert await use(budget, ACCOUNT, "create", 100) == 0
    clock.at += 3600
    assert await use(budget, ACCOUNT, "create", 100) == first


async def test_finishing_still_goes_when_looking_has_used_its_part() -> None:
    budget = HourlyBudget(HandClock(NOW), limit=100, share=1.0)
    await use(budget, ACCOUNT, "look", 200)
    assert [await budget.permit(ACCOUNT, lane) == 0 for lane in ("look", "create", "change", "finish")] == [False] + [
        True
    ] * 3
    assert list(RESERVES.values()) == sorted(RESERVES.values())
    assert [lane for lane in RESERVES if lane != "sweep"] == ["finish", "change", "create", "ask", "look"]


async def test_the_wait_is_just_long_enough() -> None:
    clock = HandClock(NOW)
    budget = HourlyBudget(clock, limit=10, share=1.0)
    for _ in range(10):
        await budget.permit(ACCOUNT, "finish")
        clock.at += 10
    wait = await budget.permit(ACCOUNT, "finish")
    clock.at += wait - 1
    assert await budget.permit(ACCOUNT, "finish") == pytest.approx(1.0)
    clock.at += 1
    assert await budget.permit(ACCOUNT, "finish") == 0


async def test_what_is_permitted_and_what_waits_is_told_once_each() -> None:
    spent: list[tuple[object, ...]] = []
    waited: list[tuple[object, ...]] = []
    budget = HourlyBudget(
        HandClock(NOW),
        limit=10,
        share=1.0,
        on_spend=lambda *what: spent.append(what),
        on_wait=lambda *what: waited.append(what),
    )
    await budget.permit(ACCOUNT, "finish", 8)
    await budget.permit(ACCOUNT, "finish", 3)
    assert (spent, waited) == ([(ACCOUNT, "finish", 8)], [(ACCOUNT, "finish", 3600.0)])


async def test_zones_of_one_owner_share_a_budget_and_owners_do_not() -> None:
    budget = HourlyBudget(HandClock(NOW), limit=10, share=1.0)
    await use(budget, ACCOUNT, "finish", 10)
    assert await budget.permit(Account(ACCOUNT.endpoint, "pek3a", ACCOUNT.owner), "finish") > 0
    assert await budget.permit(Account(ACCOUNT.endpoint, ACCOUNT.zone, "usr-other"), "finish") == 0


async def test_a_closed_tap_stays_closed_for_every_lane_until_its_time() -> None:
    clock = HandClock(NOW)
    budget = HourlyBudget(clock)
    budget.close_tap(ACCOUNT, NOW + 60)
    budget.close_tap(ACCOUNT, NOW + 10)
    assert [await budget.permit(ACCOUNT, lane) for lane in RESERVES] == [60.0] * len(RESERVES)
    assert budget.closed_until(ACCOUNT) == NOW + 60
    clock.at += 60
    assert await budget.permit(ACCOUNT, "look") == 0
    assert budget.closed_until(ACCOUNT) is None


async def test_a_denied_call_is_not_counted() -> None:
    budget = HourlyBudget(HandClock(NOW), limit=5, share=1.0)
    await use(budget, ACCOUNT, "finish", 50)
    assert budget.used(ACCOUNT) == 5
