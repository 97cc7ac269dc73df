"""The spent window outlives the process, at no write of its own; several calls go together or not at all."""

import asyncio
import json

import pytest
from cloud_scripts import ACCOUNT, HandClock
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud.quota import HourlyBudget

NOW = 1_700_000_000.0


def budget(clock: HandClock, asked: list[int] | None = None, **more: float) -> HourlyBudget:
    unkept = None if asked is None else lambda: asked.append(1)
    return HourlyBudget(clock, **{"limit": 2000, "share": 0.8, **more}, unkept=unkept)  # type: ignore[arg-type]


async def test_several_calls_go_together_or_not_at_all() -> None:
    made = budget(HandClock(NOW), limit=100, share=1.0)
    assert await made.permit(ACCOUNT, "finish", 95) == 0
    assert await made.permit(ACCOUNT, "finish", 6) > 0
    assert made.used(ACCOUNT) == 95, "what was refused is not counted"
    assert await made.permit(ACCOUNT, "finish", 5) == 0


async def test_the_wait_for_several_lasts_until_so_many_have_left_the_window() -> None:
    clock = HandClock(NOW)
    made = budget(clock, limit=10, share=1.0)
    for _ in range(10):
        await made.permit(ACCOUNT, "finish")
        clock.at += 10
    assert made.wait(ACCOUNT, "finish", 3) == pytest.approx(3600 - 100 + 20)
    clock.at += made.wait(ACCOUNT, "finish", 3)
    assert await made.permit(ACCOUNT, "finish", 3) == 0


async def test_more_calls_at_once_than_the_lane_has_go_when_the_window_is_empty() -> None:
    made = budget(HandClock(NOW), limit=10, share=1.0)
    assert await made.permit(ACCOUNT, "finish", 12) == 0
    assert await made.permit(ACCOUNT, "finish", 12) > 0


async def test_what_was_not_called_is_given_back() -> None:
    made = budget(HandClock(NOW), limit=10, share=1.0)
    await made.permit(ACCOUNT, "finish", 10)
    made.refund(ACCOUNT, 4)
    assert made.used(ACCOUNT) == 6
    assert made.left(ACCOUNT, "finish") == 4


async def test_a_successor_counts_what_was_spent_and_a_gap_for_what_was_not_written() -> None:
    clock = HandClock(NOW)
    first = budget(clock, [])
    for _ in range(20):
        await first.permit(ACCOUNT, "finish", 40)
        text, stored = first.kept()
        stored()
        clock.at += 60
    second = budget(clock, [])
    second.restore(text)
    assert second.used(ACCOUNT) == 800 + 1600 // 32
    second.restore(text)
    assert second.used(ACCOUNT) == 800 + 1600 // 32, "read twice, it counts once"
    clock.at += 3600
    assert second.used(ACCOUNT) == 0


async def test_a_process_that_ended_in_good_order_leaves_no_gap() -> None:
    clock = HandClock(NOW)
    first, second = budget(clock, []), budget(clock, [])
    await first.permit(ACCOUNT, "finish", 10)
    second.restore(first.kept(last=True)[0])
    assert second.used(ACCOUNT) == 10


@given(st.lists(st.tuples(st.floats(0, 900), st.integers(1, 60)), max_size=20), st.floats(0, 4000))
def test_a_restored_window_never_frees_a_call_too_early(spent: list[tuple[float, int]], later: float) -> None:
    async def scenario() -> None:
        clock = HandClock(NOW)
        first = budget(clock, limit=100_000)
        made = []
        for pause, calls in spent:
            clock.at += pause
            await first.permit(ACCOUNT, "finish", calls)
            made += [clock.at] * calls
        second = budget(clock, limit=100_000)
        second.restore(first.kept(last=True)[0])
        clock.at += later
        assert second.used(ACCOUNT) >= sum(at > clock.at - 3600 for at in made)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", '{"gap":1}', '{"gap":"x","accounts":[]}', '{"gap":1,"accounts":[1]}', "[" * 5000]
)
async def test_what_a_person_wrote_there_is_passed_over(text: str) -> None:
    made = budget(HandClock(NOW))
    made.restore(text)
    assert made.accounts() == ()


async def test_a_closed_tap_is_kept_but_no_longer_than_a_window() -> None:
    clock = HandClock(NOW)
    first, second = budget(clock, []), budget(clock, [])
    first.close_tap(ACCOUNT, NOW + 600)
    second.restore(first.kept()[0])
    assert second.closed_until(ACCOUNT) == NOW + 600
    second.restore(json.dumps({"gap": 0, "accounts": [[ACCOUNT.endpoint, ACCOUNT.owner, [], NOW + 1e9]]}))
    assert second.closed_until(ACCOUNT) == NOW + 3600


async def test_a_call_beyond_the_allotment_waits_until_the_window_is_written_down() -> None:
    asked: list[int] = []
    made = budget(HandClock(NOW), asked)
    allotment = 1600 // 32
    for _ in range(allotment):
        assert await made.permit(ACCOUNT, "finish") == 0
    assert len(asked) == allotment - allotment // 2 + 1, "asked to be written from the half on"
    waiting = asyncio.create_task(made.permit(ACCOUNT, "finish"))
    await asyncio.sleep(0)
    assert not waiting.done()
    text, stored = made.kept()
    stored()
    assert await waiting == 0
    assert json.loads(text)["gap"] == allotment


async def test_it_is_refused_for_a_moment_when_nobody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpc_operator.cloud.quota._PATIENCE", 0.0)
    waits: list[tuple[str, float]] = []
    made = HourlyBudget(
        HandClock(NOW), limit=32, share=1.0, unkept=lambda: None, on_wait=lambda _, *told: waits.append(told)
    )
    assert await made.permit(ACCOUNT, "look") == 0
    assert await made.permit(ACCOUNT, "look") == 1.0
    assert waits == [("look", 1.0)]
    assert made.used(ACCOUNT) == 1


async def test_an_account_that_was_never_written_down_has_a_gap_too() -> None:
    """Killed again and again before its first calls were written: each life's are taken for spent by the next."""
    clock, text, spent = HandClock(NOW), "", 0
    for _ in range(200):
        made = budget(clock, [])
        made.restore(text)
        text, stored = made.kept()  # with the taking of the Lease
        stored()
        while await made.permit(ACCOUNT, "finish") == 0 and made.used(ACCOUNT) % 50 != 20:
            spent += 1
        clock.at += 10
    assert spent <= 1600


async def test_many_who_wait_for_the_window_to_be_written_do_not_go_together() -> None:
    clock = HandClock(NOW)
    made = budget(clock, [])
    while await made.permit(ACCOUNT, "finish", 10) == 0 and made.used(ACCOUNT) < 50:
        pass
    waiting = [asyncio.create_task(made.permit(ACCOUNT, "finish", 10)) for _ in range(16)]
    await asyncio.sleep(0)
    text, stored = made.kept()
    stored()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    went = sum(task.done() and task.result() == 0 for task in waiting)
    for task in waiting:
        task.cancel()
    assert went == 5, "an allotment is 50 calls"
    second = budget(clock, [])
    second.restore(text)
    assert second.used(ACCOUNT) >= made.used(ACCOUNT)


async def test_more_at_once_than_an_allotment_goes_when_it_is_written_down() -> None:
    clock = HandClock(NOW)
    made = budget(clock, [], limit=60)
    asking = asyncio.create_task(made.permit(ACCOUNT, "sweep", 4))
    await asyncio.sleep(0)
    assert not asking.done()
    text, stored = made.kept()
    stored()
    assert await asking == 0
    second = budget(clock, [], limit=60)
    second.restore(text)
    assert second.used(ACCOUNT) >= 4
