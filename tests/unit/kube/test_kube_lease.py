"""The Lease loop in virtual time, against an API in memory: at no moment may two processes both have time left."""

import asyncio
from typing import Any

import pytest
from memory_api import MemoryApi

from faults.harness.looptime import VirtualLoop, run_virtually
from hpc_operator.kube.lease import APPROVED, SPENT, LeaseLoop
from hpc_operator.reconcile.ports import Conflict, Unavailable
from hpc_operator.settings import Settings

DURATION = 15.0
PATH = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/op"


class Scene:
    """An API, some processes, and a clock for each that can be made to stand still for a while (SIGSTOP)."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop, self.api, self.lost = loop, MemoryApi(), {}

    def process(self, me: str, api: MemoryApi | None = None, kept: Any = None, duration: float = DURATION) -> LeaseLoop:
        def on_lost(why: str) -> None:
            self.lost[me] = (self.loop.time(), why)

        return LeaseLoop(
            api or self.api,
            "ns",
            "op",
            me,
            duration=duration,
            ticks=self.loop.time,
            now=lambda: 1.8e9 + self.loop.time(),
            on_lost=on_lost,
            kept=kept,
        )

    @property
    def spec(self) -> dict[str, Any]:
        return self.api.objects[PATH]["spec"]


DEFAULT = Settings.model_fields["lease_duration"].default


def play(scenario: Any) -> None:
    loop = VirtualLoop()

    async def begin() -> None:
        await scenario(Scene(loop))

    run_virtually(begin(), loop)


def test_a_missing_lease_is_created_and_kept() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        assert lease.left() < 0
        await lease.acquire()
        assert scene.spec["holderIdentity"] == "a"
        for _ in range(100):
            await asyncio.sleep(1)
            assert lease.left() > DURATION / 2
        assert scene.spec["leaseTransitions"] == 0
        assert not scene.lost

    play(scenario)


def test_a_second_process_waits_for_the_release_and_then_leads_at_once() -> None:
    async def scenario(scene: Scene) -> None:
        first, second = scene.process("a", duration=DEFAULT), scene.process("b", duration=DEFAULT)
        await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        await asyncio.sleep(60)
        assert not waiting.done()
        assert second.holder == "a"
        await first.release()
        assert first.left() < 0
        released = scene.loop.time()
        await waiting
        assert scene.loop.time() - released < 1.5, "with the default settings"
        assert scene.spec["leaseTransitions"] == 1
        assert (first.how, second.how) == ("created", "released")

    play(scenario)


def test_standing_by_costs_one_small_read_a_second() -> None:
    async def scenario(scene: Scene) -> None:
        api = MemoryApi()
        api.objects = scene.api.objects
        first, second = scene.process("a", duration=DEFAULT), scene.process("b", api, duration=DEFAULT)
        await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        await asyncio.sleep(100)
        assert 95 <= len(api.requests) <= 105
        assert api.writes() == []
        waiting.cancel()

    play(scenario)


def test_of_two_that_stand_by_one_takes_it_and_the_other_goes_on_standing_by() -> None:
    async def scenario(scene: Scene) -> None:
        first, second, third = (scene.process(name) for name in "abc")
        await first.acquire()
        waiting = [asyncio.create_task(each.acquire()) for each in (second, third)]
        await asyncio.sleep(10)
        problems: list[str | None] = []
        scene.api.after = lambda method, path: problems.extend(each.problem for each in (second, third))
        conflicts: list[str] = []
        answer = scene.api.request

        async def told(*args: Any, **kwargs: Any) -> dict[str, Any]:
            try:
                return await answer(*args, **kwargs)
            except Conflict:
                conflicts.append("conflict")
                raise

        scene.api.request = told  # type: ignore[method-assign]
        await first.release()
        await asyncio.sleep(5)
        assert sorted(each.done() for each in waiting) == [False, True]
        assert conflicts, "they met"
        assert set(problems) == {None}, "being slower is no problem"
        assert not scene.lost
        for each in waiting:
            each.cancel()

    play(scenario)


def test_a_black_hole_ends_the_holder_before_the_next_one_leads() -> None:
    async def scenario(scene: Scene) -> None:
        mine = MemoryApi()
        mine.objects = scene.api.objects
        first, second = scene.process("a", mine), scene.process("b")
        await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        await asyncio.sleep(20)
        mine.black_hole = True
        await waiting
        assert second.how == "expired, held by a"
        assert scene.lost["a"][0] < scene.loop.time()
        assert "no renewal in time" in scene.lost["a"][1]
        assert first.left() < 0 < second.left()

    play(scenario)


def test_refused_connections_shorter_than_the_lease_are_survived() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        down_until = scene.loop.time() + 8

        def refuse_for_a_while(method: str, path: str) -> None:
            if scene.loop.time() < down_until:
                raise Unavailable("refused")

        scene.api.before = refuse_for_a_while
        await asyncio.sleep(60)
        assert not scene.lost
        assert lease.left() > DURATION / 2

    play(scenario)


def test_a_conflict_is_no_loss_the_next_attempt_reads_again() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        conflicts = iter([True, True])

        def raced(method: str, path: str) -> None:
            if method == "PUT" and next(conflicts, False):
                raise Conflict("raced")

        scene.api.before = raced
        await asyncio.sleep(30)
        assert not scene.lost
        assert next(conflicts, None) is None

    play(scenario)


def test_the_deadline_counts_from_before_the_renewal_was_sent() -> None:
    async def scenario(scene: Scene) -> None:
        api = scene.api

        class Slow(MemoryApi):
            async def request(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
                answer = await api.request(*args, **kwargs)
                await asyncio.sleep(2)
                return answer

        lease = scene.process("a", Slow())
        await lease.acquire()
        assert lease.left() == pytest.approx(DURATION - 2, abs=0.01), (
            "the slow answer is part of the time that is used up"
        )

    play(scenario)


def test_another_lease_expires_only_when_seen_unchanged_for_its_whole_duration() -> None:
    async def scenario(scene: Scene) -> None:
        meta = {"name": "op", "namespace": "ns"}
        spec = {"holderIdentity": "dead", "leaseDurationSeconds": 40, "renewTime": "2001-01-01T00:00:00.000000Z"}
        scene.api.put(PATH, {"metadata": meta, "spec": spec})
        lease = scene.process("a")
        await asyncio.wait_for(lease.acquire(), 100)
        assert 40 <= scene.loop.time() < 44, "the wall-clock renewTime says nothing"

    play(scenario)


def test_a_lease_taken_by_another_ends_the_holder_at_once() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        taken = scene.api.objects[PATH]
        scene.api.put(PATH, {**taken, "spec": {**taken["spec"], "holderIdentity": "b"}})
        await asyncio.sleep(DURATION / 4)
        assert "held by b" in scene.lost["a"][1]
        assert lease.left() < 0

    play(scenario)


def test_giving_back_never_takes_the_lease_from_another() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        taken = scene.api.objects[PATH]
        scene.api.put(PATH, {**taken, "spec": {**taken["spec"], "holderIdentity": "b"}})
        await lease.release()
        assert scene.spec["holderIdentity"] == "b"

    play(scenario)


@pytest.mark.parametrize("there", [True, False], ids=["an-older-lease", "no-lease"])
def test_a_storage_that_went_back_is_told_at_the_next_renewal(there: bool) -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        snapshot = dict(scene.api.objects), scene.api.version
        await asyncio.sleep(60)
        assert not lease.went_back.is_set()
        scene.api.objects, scene.api.version = snapshot if there else ({}, 5)
        await asyncio.wait_for(lease.went_back.wait(), DURATION / 4)
        assert not scene.lost

    play(scenario)


def test_a_process_that_only_stands_by_is_not_told_of_a_restored_storage() -> None:
    async def scenario(scene: Scene) -> None:
        first, second = scene.process("a"), scene.process("b")
        await first.acquire()
        snapshot = dict(scene.api.objects), scene.api.version
        waiting = asyncio.create_task(second.acquire())
        await asyncio.sleep(60)
        scene.api.objects, scene.api.version = snapshot
        await asyncio.wait_for(first.went_back.wait(), DURATION / 4)
        await first.release()
        await waiting
        await asyncio.sleep(60)
        assert not second.went_back.is_set()

    play(scenario)


def test_a_release_that_meets_a_renewal_ends_it() -> None:
    """Cancelled in the very tick in which the answer came, the renewal must not go on for ever."""

    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        ending: list[asyncio.Task[None]] = []

        def release_now(method: str, path: str) -> None:
            if method == "PUT" and not ending:
                ending.append(asyncio.create_task(lease.release()))

        scene.api.after = release_now
        await asyncio.sleep(DURATION)
        await asyncio.wait_for(ending[0], DURATION)
        assert scene.spec["holderIdentity"] == ""

    play(scenario)


class Purse:
    """What is kept beside the Lease: `text` goes there, `restored` came from there, `stored` counts."""

    def __init__(self, text: str) -> None:
        self.text, self.restored, self.stored = text, [], 0

    def kept(self, *, last: bool = False) -> tuple[str, Any]:
        def stored() -> None:
            self.stored += 1

        return self.text + (" last" if last else ""), stored

    def restore(self, text: str) -> None:
        self.restored.append(text)


def test_what_is_kept_goes_with_each_renewal_and_is_restored_by_the_next_process() -> None:
    async def scenario(scene: Scene) -> None:
        first, second = Purse("first"), Purse("second")
        lease = scene.process("a", kept=first)
        await lease.acquire()
        assert scene.api.objects[PATH]["metadata"]["annotations"] == {SPENT: "first"}
        assert (first.restored, first.stored, lease.idle_since) == ([], 1, None)
        scene.api.objects[PATH]["metadata"]["annotations"]["mine"] = "stays"
        first.text = "first, later"
        await asyncio.sleep(DURATION)
        assert scene.api.objects[PATH]["metadata"]["annotations"] == {SPENT: "first, later", "mine": "stays"}
        assert first.stored >= 5
        await lease.release()
        assert scene.api.objects[PATH]["metadata"]["annotations"][SPENT] == "first, later last"
        released = scene.loop.time()
        await asyncio.sleep(100)
        other = scene.process("b", kept=second)
        await other.acquire()
        assert second.restored == ["first, later last"]
        assert other.idle_since == pytest.approx(1.8e9 + released, abs=1)
        await asyncio.sleep(DURATION)
        assert second.restored == ["first, later last"], "once, when it is taken over"

    play(scenario)


def test_what_cannot_wait_for_the_next_renewal_is_written_at_once() -> None:
    async def scenario(scene: Scene) -> None:
        purse = Purse("x")
        lease = scene.process("a", kept=purse)
        await lease.acquire()
        before = purse.stored
        lease.renew_soon()
        await asyncio.sleep(0.1)
        assert purse.stored == before + 1
        await asyncio.sleep(0.5)
        assert purse.stored == before + 1, "once"

    play(scenario)


def test_a_write_that_failed_is_not_taken_for_stored() -> None:
    async def scenario(scene: Scene) -> None:
        purse = Purse("x")
        lease = scene.process("a", kept=purse)
        await lease.acquire()
        before = purse.stored

        def refuse(method: str, _path: str) -> None:
            if method == "PUT":
                raise Unavailable("down")

        scene.api.before = refuse
        lease.renew_soon()
        await asyncio.sleep(0.5)
        assert purse.stored == before

    play(scenario)


def approve(scene: Scene, text: Any) -> None:
    lease = scene.api.objects[PATH]
    annotations = {**lease["metadata"].get("annotations", {}), APPROVED: text}
    scene.api.put(PATH, {**lease, "metadata": {**lease["metadata"], "annotations": annotations}})


def approval(scene: Scene) -> Any:
    return scene.api.objects[PATH]["metadata"]["annotations"].get(APPROVED)


def test_an_approval_is_read_with_the_renewals_and_outlives_them_and_the_process() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        assert lease.approved_deletions() == 0
        await lease.acquire()
        assert lease.approved_deletions() == 0
        approve(scene, "40")
        await asyncio.sleep(3)
        assert lease.approved_deletions() == 40
        await asyncio.sleep(60)
        assert (lease.approved_deletions(), approval(scene)) == (40, "40")
        await lease.release()
        assert approval(scene) == "40"
        following = scene.process("b")
        await following.acquire()
        assert following.approved_deletions() == 40

    play(scenario)


@pytest.mark.parametrize("text", ["", "all", "-3", "1.5", "٣", "9" * 30, "1e3"])
def test_an_approval_that_is_no_number_approves_nothing(text: str) -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        approve(scene, text)
        await asyncio.sleep(5)
        assert lease.approved_deletions() == 0
        assert approval(scene) == text, "what a person wrote stays, so that it can be seen and corrected"

    play(scenario)


def test_a_used_approval_is_taken_off_at_once_and_another_one_stays() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        lease.drop_approval()
        approve(scene, "40")
        await asyncio.sleep(3)
        assert lease.approved_deletions() == 40, "dropping none drops no later one"
        lease.drop_approval()
        assert lease.approved_deletions() == 0, "also before the server has heard of it"
        await asyncio.sleep(0.5)
        assert approval(scene) is None
        assert SPENT in scene.api.objects[PATH]["metadata"]["annotations"], "only that one is taken off"
        approve(scene, "40")
        await asyncio.sleep(3)
        assert lease.approved_deletions() == 40, "the same number again is a new approval"
        assert lease.left() > 0

    play(scenario)


def test_an_approval_written_while_the_used_one_is_taken_off_is_not_lost() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        approve(scene, "40")
        await asyncio.sleep(3)
        lease.drop_approval()
        raced = []

        def race(method: str, path: str) -> None:
            if method == "PUT" and not raced:
                raced.append(path)
                approve(scene, "7")

        scene.api.before = race
        await asyncio.sleep(5)
        assert (lease.approved_deletions(), approval(scene)) == (7, "7")

    play(scenario)


def test_an_approval_that_was_used_is_gone_also_when_the_process_ends_at_once() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        approve(scene, "40")
        await asyncio.sleep(3)
        lease.drop_approval()
        await lease.release()
        assert approval(scene) is None

    play(scenario)


def test_an_approval_written_just_before_the_end_is_left_to_the_next_process() -> None:
    async def scenario(scene: Scene) -> None:
        lease = scene.process("a")
        await lease.acquire()
        approve(scene, "40")
        await asyncio.sleep(3)
        lease.drop_approval()
        approve(scene, "7")
        await lease.release()
        assert approval(scene) == "7"

    play(scenario)
