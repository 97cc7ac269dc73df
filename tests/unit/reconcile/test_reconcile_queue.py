"""The wake queue in virtual time: nothing is lost, nothing runs twice at once, nothing is polled."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults.harness.looptime import VirtualLoop, run_virtually
from hpc_operator.reconcile.queue import Lane, WakeQueue

Worker = Callable[[str], Awaitable[None]]


class Player:
    """Runs a queue whose passes take `length` seconds, and writes down when each began."""

    def __init__(self, loop: VirtualLoop, concurrency: int = 1, length: float = 0.0) -> None:
        self.loop, self.length, self.began = loop, length, []
        self.active: set[str] = set()
        self.failures: list[str] = []
        self.queue: WakeQueue[str] = WakeQueue(loop.time, failed=lambda key, _: self.failures.append(key))
        self.task = loop.create_task(self.queue.run(self.work, concurrency))

    async def work(self, key: str) -> None:
        assert key not in self.active, "one pass at a time for each key"
        self.active.add(key)
        self.began.append((self.now(), key))
        await asyncio.sleep(self.length)
        self.active.discard(key)

    def now(self) -> float:
        """The loop's time to the millisecond: each turn of the loop costs it some nanoseconds."""
        return round(self.loop.time(), 3)

    async def end(self) -> None:
        self.queue.stop()
        await self.task


def play(scenario: Callable[[Player], Awaitable[None]], concurrency: int = 1, length: float = 0.0) -> None:
    loop = VirtualLoop()

    async def begin() -> None:
        player = Player(loop, concurrency, length)
        await scenario(player)
        await player.end()

    run_virtually(begin(), loop)


def test_many_wakes_of_one_key_are_one_pass() -> None:
    async def scenario(player: Player) -> None:
        for _ in range(50):
            player.queue.wake("a")
        await asyncio.sleep(1)
        assert player.began == [(0, "a")]

    play(scenario)


def test_lanes_go_in_order_and_first_come_first_served_within_one() -> None:
    async def scenario(player: Player) -> None:
        for key, lane in [("l", Lane.LOOK), ("n1", Lane.CREATE), ("n2", Lane.CREATE), ("c", Lane.CHANGE)]:
            player.queue.wake(key, lane)
        player.queue.wake("d", Lane.DELETE)
        await asyncio.sleep(10)
        assert [key for _, key in player.began] == ["d", "c", "n1", "n2", "l"]

    play(scenario, length=1)


def test_a_more_urgent_wake_moves_a_waiting_key_forward() -> None:
    async def scenario(player: Player) -> None:
        player.queue.wake("a", Lane.LOOK)
        player.queue.wake("b", Lane.CREATE)
        player.queue.wake("a", Lane.DELETE)
        await asyncio.sleep(10)
        assert [key for _, key in player.began] == ["a", "b"]

    play(scenario, length=1)


def test_a_wake_during_a_pass_starts_another_after_it() -> None:
    async def scenario(player: Player) -> None:
        player.queue.wake("a")
        await asyncio.sleep(1)
        player.queue.wake("a")
        await asyncio.sleep(20)
        assert player.began == [(0, "a"), (5, "a")]

    play(scenario, concurrency=4, length=5)


def test_the_earlier_of_two_times_wins_whichever_came_first() -> None:
    async def scenario(player: Player) -> None:
        player.queue.schedule("a", Lane.LOOK, 30)
        player.queue.schedule("a", Lane.LOOK, 10)
        player.queue.schedule("b", Lane.LOOK, 20)
        player.queue.schedule("b", Lane.LOOK, 40)
        await asyncio.sleep(100)
        assert player.began == [(10, "a"), (20, "b")]

    play(scenario)


def test_a_failed_pass_is_told_and_looked_at_again_later() -> None:
    async def scenario(player: Player) -> None:
        calls = []

        async def failing(key: str) -> None:
            calls.append(player.now())
            if len(calls) == 1:
                raise ValueError("boom")

        await player.end()
        queue: WakeQueue[str] = WakeQueue(player.loop.time, failed=lambda key, _: player.failures.append(key))
        running = asyncio.create_task(queue.run(failing, 1))
        queue.wake("a")
        await asyncio.sleep(60)
        assert (calls, player.failures) == ([0, 15], ["a"])
        queue.stop()
        await running

    play(scenario)


def test_stop_lets_the_running_pass_end_and_starts_no_other() -> None:
    async def scenario(player: Player) -> None:
        player.queue.wake("a")
        await asyncio.sleep(1)
        player.queue.wake("b")
        player.queue.stop()
        await player.task
        assert (player.now(), player.active, player.began) == (5, set(), [(0, "a")])
        assert not player.queue.alive

    play(scenario, length=5)


def test_what_was_forgotten_is_not_looked_at() -> None:
    async def scenario(player: Player) -> None:
        player.queue.schedule("a", Lane.LOOK, 10)
        player.queue.forget("a")
        await asyncio.sleep(20)
        assert (player.began, player.queue.waiting) == ([], 0)

    play(scenario)


def test_waiting_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(player: Player) -> None:
        turns = 0
        start_due = player.queue._start_due

        def counting(worker: Worker, concurrency: int) -> None:
            nonlocal turns
            turns += 1
            start_due(worker, concurrency)

        monkeypatch.setattr(player.queue, "_start_due", counting)
        for number in range(20):
            player.queue.schedule(f"k{number}", Lane.LOOK, 1000.0 + number)
        await asyncio.sleep(5000)
        assert len(player.began) == 20
        assert turns < 70, "the dispatcher turns for a wake, a time, or a pass that ended; never in between"

    play(scenario)


KEYS = st.sampled_from("abc")
STEPS = st.lists(st.tuples(st.integers(0, 4), KEYS, st.sampled_from(Lane), st.integers(0, 12)), min_size=1, max_size=25)


@settings(max_examples=200, deadline=None)
@given(steps=STEPS, concurrency=st.integers(1, 3), length=st.integers(0, 3))
def test_every_wake_is_followed_by_a_pass_that_began_at_or_after_its_time_or_absorbed_it(
    steps: list[tuple[int, str, Lane, int]], concurrency: int, length: int
) -> None:
    """The model: after a wake for `at`, made when the key had nothing waiting, a pass begins at or after `at`; made
    when something waited, a pass begins at or after the earlier of the two. And there are no passes without a wake."""

    async def scenario(player: Player) -> None:
        owed: list[tuple[str, float, float]] = []
        for pause, key, lane, ahead in steps:
            await asyncio.sleep(pause)
            now = player.now()
            owed.append((key, now, now + ahead))
            player.queue.schedule(key, lane, now + ahead)
        await asyncio.sleep(1000)
        for key, made, at in owed:
            starts = [begin for begin, who in player.began if who == key and begin >= made]
            assert starts, f"the wake of {key} made at {made} was lost"
            free = concurrency >= 3
            assert not free or min(starts) <= at + 2 * length, "no later than its time, but for the passes before it"
        assert len(player.began) <= len(owed)
        for begin, key in player.began:
            asked = [at for who, made, at in owed if who == key and made <= begin]
            assert asked, "no pass without a wake"
            assert begin >= min(asked), "no pass before a time that was asked for"
        assert player.queue.waiting == player.queue.running == 0

    play(scenario, concurrency, float(length))


def test_parties_take_turns_within_a_lane_and_within_a_party_the_first_comes_first() -> None:
    loop = VirtualLoop()
    began: list[str] = []

    async def work(key: str) -> None:
        began.append(key)
        await asyncio.sleep(1)

    async def scenario() -> None:
        queue: WakeQueue[str] = WakeQueue(loop.time, party=lambda key: key[0])
        for number in range(5):
            queue.wake(f"a{number}", Lane.CREATE)
        task = asyncio.create_task(queue.run(work, 1))
        await asyncio.sleep(1.5)
        queue.wake("b0", Lane.CREATE)
        queue.wake("b1", Lane.CREATE)
        queue.wake("a9", Lane.DELETE)
        await asyncio.sleep(20)
        queue.stop()
        await task

    run_virtually(scenario(), loop)
    assert began[:3] == ["a0", "a1", "a9"], "a more urgent lane goes first whoever it is"
    assert began.index("b0") <= 4, "and the newcomer does not wait for all who were there"
    assert [key for key in began if key in ("a2", "a3", "a4")] == ["a2", "a3", "a4"]
    assert sorted(began[3:7]) == ["a2", "a3", "b0", "b1"]


def test_depth_and_age_are_those_that_are_due_by_lane() -> None:
    async def scenario(player: Player) -> None:
        queue = player.queue
        queue.wake("running", Lane.LOOK)
        await asyncio.sleep(0)
        queue.wake("a", Lane.CREATE)
        await asyncio.sleep(2)
        queue.wake("b", Lane.CREATE)
        queue.wake("c", Lane.DELETE)
        queue.schedule("later", Lane.LOOK, player.loop.time() + 3)
        await asyncio.sleep(1)
        assert queue.depth() == {Lane.DELETE: 1, Lane.CHANGE: 0, Lane.CREATE: 2, Lane.LOOK: 0}
        ages = {lane: round(age, 3) for lane, age in queue.oldest().items()}
        assert ages == {Lane.DELETE: 1, Lane.CHANGE: 0, Lane.CREATE: 3, Lane.LOOK: 0}
        assert (queue.scheduled, queue.waiting, queue.running) == (1, 4, 1)
        await asyncio.sleep(2.5)
        assert queue.depth()[Lane.LOOK] == 1, "its time has come"
        assert (queue.scheduled, round(queue.oldest()[Lane.LOOK], 3)) == (0, 0.5)

    play(scenario, length=100)


def test_what_is_woken_while_its_pass_runs_waits_too() -> None:
    async def scenario(player: Player) -> None:
        player.queue.wake("a")
        await asyncio.sleep(1)
        player.queue.wake("a", Lane.CHANGE)
        assert (player.queue.running, player.queue.depth()[Lane.CHANGE]) == (1, 1)
        await asyncio.sleep(10)
        assert (player.queue.running, sum(player.queue.depth().values())) == (0, 0)

    play(scenario, length=2)
