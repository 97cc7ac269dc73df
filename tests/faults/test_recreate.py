"""`recreate`, played in whole lives: a cluster that vanished, one whose create failed, a kill at each point of the way.

Never two clusters, never the wrong one deleted, and an order that still stands does nothing more.
"""

import pytest

from faults.harness import World, oracles, run
from faults.harness.cores import on_all_cores
from faults.harness.injection import Kind, Strike
from hpc_simulator import faults as f

KILLS = (Kind.CRASH_BEFORE, Kind.CRASH_AFTER)


async def _ready(world: World) -> str:
    world.process()
    world.people.apply()
    assert await world.until(world.ready, 900), world.message()
    return world.made()[0]


async def _vanished(world: World) -> str:
    cluster = await _ready(world)
    await world.wait(world.policy.window)
    world.people.destroy(cluster)
    assert await world.until(lambda: world.reason() == "ClusterVanished", 900), world.message()
    return cluster


async def _failed(world: World) -> str:
    world.process()
    world.people.apply()
    assert await world.until(lambda: world.reason() == "CreateFailed", 900), world.message()
    world.cloud.change_settings(create_jobs_fail=False)
    return world.made()[0]


async def _anew(world: World, first: str) -> None:
    """The order is given; a new cluster is there, alone, and the order that still stands changes nothing."""
    world.people.annotate("demo", recreate=first)
    assert await world.until(lambda: len(world.made()) > 1 and world.ready(), 4000), (world.reason(), world.message())
    await world.wait(600)
    assert (len(world.made()), len(world.alive())) == (2, 1), (world.made(), world.alive())
    found = world.resource()
    assert found is not None
    assert found.id == world.alive()[0] != first
    assert found.record is not None
    assert found.record.id == found.id
    assert [*oracles.hot(world), *oracles.foreign(world), *await oracles.restless(world)] == []


def test_a_vanished_cluster_is_given_up_and_created_anew() -> None:
    async def scenario(world: World) -> None:
        first = await _vanished(world)
        await _anew(world, first)
        assert world.posts("deleteCluster") == 0, "there was nothing to delete"
        world.people.delete()
        assert await world.until(world.gone, 1500), world.message()
        assert world.alive() == []

    run(scenario, name_echo="top")


@pytest.mark.parametrize("leaves", ["abnormal", "nothing"])
@pytest.mark.parametrize("names", [True, False], ids=["named", "unnamed"])
def test_a_failed_create_is_deleted_then_created_anew(leaves: str, *, names: bool) -> None:
    async def scenario(world: World) -> None:
        first = await _failed(world)
        await _anew(world, first)

    run(
        scenario,
        name_echo="top",
        create_jobs_fail=True,
        create_failure_leaves=leaves,
        failed_create_names_cluster=names,
        create_seconds=20.0,
    )


def test_it_heals_before_the_call_and_is_not_deleted() -> None:
    """The order is given, the look directly before shows it active."""

    async def scenario(world: World) -> None:
        first = await _failed(world)
        world.people.status(first, "active")
        world.people.annotate("demo", recreate=first)
        assert await world.until(world.ready, 900), world.message()
        await world.wait(600)
        assert (world.alive(), world.posts("deleteCluster")) == ([first], 0)

    run(scenario, name_echo="top", create_jobs_fail=True, create_seconds=20.0)


def test_an_order_that_stands_deletes_nothing_that_was_ever_ready() -> None:
    """Healed after the order; ready; its status is lost; then the platform calls it abnormal: it is a person's again."""

    async def scenario(world: World) -> None:
        first = await _failed(world)
        world.people.status(first, "active")
        world.people.annotate("demo", recreate=first)
        assert await world.until(world.ready, 900), world.message()
        await world.wait(world.policy.window)
        world.processes[0].freeze(20)
        world.people.wipe_status()
        world.people.status(first, "abnormal")
        assert await world.until(lambda: world.reason() == "CreateFailed", 900), world.message()
        await world.wait(900)
        assert "not known any more" in world.message()
        assert (world.alive(), world.posts("deleteCluster")) == ([first], 0)

    run(scenario, name_echo="top", create_jobs_fail=True, create_seconds=20.0)


def test_the_answer_of_its_delete_is_lost() -> None:
    async def scenario(world: World) -> None:
        first = await _failed(world)
        world.injector.on("cloud.deleteCluster", f.LostAfter())
        await _anew(world, first)

    run(scenario, name_echo="top", create_jobs_fail=True, create_seconds=20.0)


def test_its_delete_job_fails_once() -> None:
    async def scenario(world: World) -> None:
        first = await _failed(world)
        world.cloud.add_fault(f.JobFails(), "deleteCluster")
        await _anew(world, first)

    run(scenario, name_echo="top", create_jobs_fail=True, create_seconds=20.0)


def test_status_is_wiped_between_the_two_writes() -> None:
    """The memory gave it up, the annotation still names it: it is taken, found absent, and given up once more."""

    async def scenario(world: World) -> None:
        first = await _vanished(world)
        world.injector.on("Store.remember", Kind.CRASH_BEFORE)
        world.restart_after = None
        world.people.annotate("demo", recreate=first)
        assert await world.until(lambda: world.processes[0].dead, 900)
        found = world.resource()
        assert found is not None
        assert (found.memory.hpc_cluster_id, found.record and found.record.id) == (None, first)
        world.people.wipe_status()
        world.processes[0].start()
        await _anew(world, first)

    run(scenario, name_echo="top")


def test_the_old_record_is_restored_after_a_new_cluster_is_there() -> None:
    """The order still stands and the backup names the old id: nothing is bought, nothing is deleted."""

    async def scenario(world: World) -> None:
        first = await _vanished(world)
        backup = world.kube.get("demo")["metadata"]["annotations"]["hpc.qingcloud.com/record"]
        await _anew(world, first)
        world.people.annotate("demo", record=backup)
        await world.wait(900)
        assert world.ready(), world.message()
        world.people.annotate("demo", record=backup)
        world.people.wipe_status()
        await world.wait(2 * world.policy.window + 900)
        assert len(world.made()) == 2, world.message()
        assert len(world.alive()) == 1
        assert world.posts("deleteCluster") == 0

    run(scenario, name_echo="top")


def _killed(case: tuple[str, int, Kind]) -> str:
    """One life with one kill; a sentence when it did not come out as it should."""
    course, index, kind = case
    try:
        _play(course, (Strike(index, kind),))
    except AssertionError as error:
        return f"{course} {index}:{kind}: {error}"
    return ""


def _play(course: str, plan: tuple[Strike, ...] = ()) -> list[int]:
    """From the order to the new cluster: the numbers of the points at which something was written or changed."""

    async def scenario(world: World) -> list[int]:
        first = await (_vanished if course == "vanished" else _failed)(world)
        begun = len(world.injector.points)
        world.people.annotate("demo", recreate=first)
        assert await world.until(lambda: len(world.made()) > 1 and world.ready(), 5000), (
            world.reason(),
            world.message(),
        )
        ended = len(world.injector.points)
        await world.wait(300)
        assert (len(world.made()), len(world.alive())) == (2, 1), (world.made(), world.alive())
        assert list(oracles.hot(world)) == []
        return [i for i in range(begun, ended) if world.injector.points[i].startswith(("Store.", "Calls."))]

    failing = {"create_jobs_fail": True, "create_seconds": 20.0} if course == "failed" else {}
    return run(scenario, plan=plan, name_echo="top", **failing)


@pytest.mark.parametrize("course", ["vanished", "failed"])
def test_a_kill_at_every_write_and_change(course: str) -> None:
    cases = [(course, index, kind) for index in _play(course) for kind in KILLS]
    assert len(cases) > 20
    assert [told for told in on_all_cores(_killed, cases) if told] == []
