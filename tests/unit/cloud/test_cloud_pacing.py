"""The promised sweeps come first; other looks live on what they leave."""

import pytest
from cloud_scripts import ACCOUNT, HandClock

from hpc_operator.cloud.pacing import Pace, sweep_calls
from hpc_operator.cloud.quota import HourlyBudget

STALENESS = 30.0


def pace(clock: HandClock, limit: int = 2000) -> tuple[Pace, HourlyBudget]:
    budget = HourlyBudget(clock, limit=limit, share=0.8)
    return Pace(budget, clock, STALENESS), budget


@pytest.mark.parametrize(("listed", "calls"), [(0, 2), (1, 2), (100, 2), (101, 3), (1000, 11), (10_000, 101)])
def test_a_sweep_is_its_pages_and_one_of_the_log(listed: int, calls: int) -> None:
    assert sweep_calls(listed) == calls


def test_up_to_a_thousand_clusters_the_promise_is_kept_and_then_the_budget_says_how_often() -> None:
    made, budget = pace(HandClock())
    assert [made.period(ACCOUNT, n) for n in (0, 100, 1000)] == [0.945 * STALENESS] * 3
    assert 1000 * 3600 / made.period(ACCOUNT, 1000) / 1000 * sweep_calls(1000) <= 1400
    assert made.period(ACCOUNT, 10_000) == pytest.approx(101 * 3600 / budget.room("sweep"))


async def run(made: Pace, clock: HandClock, *, calls: int, listed: int, every: float, seconds: float) -> int:
    granted, end = 0, clock.at + seconds
    while clock.at < end:
        granted += await made.pay(ACCOUNT, "look", calls, listed) == 0
        clock.at += every
    return granted


async def test_in_a_small_account_nobody_waits_for_looks_every_ten_seconds() -> None:
    clock = HandClock()
    made, _ = pace(clock)
    assert await run(made, clock, calls=2, listed=90, every=10.0, seconds=3600) == 360


async def test_in_a_large_account_looks_leave_the_sweeps_their_calls() -> None:
    clock = HandClock()
    made, budget = pace(clock)
    sweeps, extra, end = 0, 0, clock.at + 2 * 3600
    due = clock.at
    while clock.at < end:
        extra += await made.pay(ACCOUNT, "look", 9, 900) == 0
        if clock.at >= due:
            assert await made.pay(ACCOUNT, "sweep", 10, 900) == 0, "a sweep never waits"
            sweeps, due = sweeps + 1, due + made.period(ACCOUNT, 900)
        clock.at += 1.0
    assert sweeps == pytest.approx(2 * 3600 / made.period(ACCOUNT, 900), abs=2)
    assert 1 <= extra <= 2 * (budget.room("look") - 3600 / made.period(ACCOUNT, 900) * 10) / 9 + 1


async def test_a_look_that_the_window_refuses_costs_nothing_of_what_is_spare() -> None:
    clock = HandClock()
    made, budget = pace(clock, limit=1000)
    while await budget.permit(ACCOUNT, "look") == 0:
        clock.at += 1
    for _ in range(50):
        assert await made.pay(ACCOUNT, "look", 1, 0) > 0
    clock.at += 3600
    assert await made.pay(ACCOUNT, "look", 1, 0) == 0


def test_while_a_create_waits_the_watch_takes_a_quarter_of_what_it_may() -> None:
    made, budget = pace(HandClock())
    budget.hurry(ACCOUNT, True)
    assert made.period(ACCOUNT, 1000) == pytest.approx(11 * 3600 / (budget.room("sweep") // 4))
    assert made.period(ACCOUNT, 0) == 0.945 * STALENESS, "a small account's watch is cheap"
    budget.hurry(ACCOUNT, False)
    assert made.period(ACCOUNT, 1000) == 0.945 * STALENESS


async def test_a_question_about_one_cluster_is_no_part_of_the_watch_and_leaves_it_its_calls() -> None:
    made, _ = pace(HandClock())
    asked = 0
    while await made.pay(ACCOUNT, "ask", 2, 1000) == 0:
        asked += 1
    assert asked == (1520 - 1397) // 2
    assert await made.pay(ACCOUNT, "sweep", 11, 1000) == 0


@pytest.mark.parametrize("lane", ["finish", "change", "create", "sweep"])
async def test_other_lanes_are_not_paced(lane: str) -> None:
    made, _ = pace(HandClock())
    assert [await made.pay(ACCOUNT, lane, 10, 1000) for _ in range(100)] == [0] * 100


async def test_a_clock_that_goes_back_fills_the_spare_again() -> None:
    clock = HandClock()
    made, _ = pace(clock)
    while await made.pay(ACCOUNT, "look", 9, 900) == 0:
        pass
    clock.at -= 600
    assert await made.pay(ACCOUNT, "look", 9, 900) == 0
