"""Scenes of the law that a single fault does not reach: people, second processes, odd orders."""

from dataclasses import replace
from typing import Any

import pytest

from faults.harness import POLICY, Kind, World, oracles, run
from hpc_simulator import faults as f

_UNSEEN: dict[str, Any] = {
    "name_echo": "none",
    "rename_echo": False,
    "description_echo": False,
    "policy": replace(POLICY, accept_invisible_marks=True),
}


async def _ready(world: World, name: str = "demo", **spec: Any) -> str:
    """A resource that is Ready; its cluster's id."""
    if not world.processes:
        world.process()
    world.people.apply(name, spec)
    assert await world.until(lambda: world.ready(name), 900), world.message(name)
    found = world.resource(name)
    assert found is not None
    assert found.id is not None
    return found.id


def _content(world: World, *, expected: int, excused: tuple[str, ...] = ()) -> None:
    found = [*oracles.clusters(world, expected=expected, excused=excused), *oracles.foreign(world), *oracles.hot(world)]
    assert found == []


def test_deleting_a_restored_resource_spares_the_cluster_of_its_earlier_life() -> None:
    """OwnedElsewhere lets go without a call, also where no look can show the mark."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world)
        world.people.restore(world.people.backup())
        assert await world.until(lambda: world.reason() == "OwnedElsewhere", 300), world.message()
        world.people.delete()
        assert await world.until(world.gone, 900), world.message()
        assert world.alive() == [cluster]
        assert world.effects("deleteCluster") == 0
        assert any(cluster in note for note in world.told("Left"))

    run(scenario, **_UNSEEN)


def test_create_beside_a_restored_record_writes_its_own_record() -> None:
    """The copied record must not stand beside the new attempt, nor lead a deletion to the old cluster."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world)
        world.people.restore(world.people.backup())
        assert await world.until(lambda: world.reason() == "OwnedElsewhere", 300)
        world.people.annotate(create_beside=cluster)
        world.injector.on("Calls.create", Kind.CRASH_BEFORE)
        assert await world.until(lambda: world.crashes > 0, 900)
        found = world.resource()
        assert found is not None
        assert found.record is not None
        assert found.memory.operation is not None
        assert found.record.mark == found.memory.operation.mark
        assert found.record.id is None
        world.people.delete()
        assert await world.until(world.gone, 1800), world.message()
        assert world.alive() == [cluster]
        assert world.effects("deleteCluster") == 0

    run(scenario, **_UNSEEN)


@pytest.mark.parametrize("trouble", ["no key", "another account"])
def test_retain_lets_go_without_a_key(trouble: str) -> None:
    """Retain of a cluster that was seen needs neither key nor account: AccountChanged holds everything but that."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world, deletionPolicy="Retain")
        assert world.key is not None
        world.key = None if trouble == "no key" else replace(world.key, owner="usr-another")
        world.people.delete()
        assert await world.until(world.gone, 1800), f"{world.reason()}: {world.message()}"
        _content(world, expected=0, excused=(cluster,))

    run(scenario)


@pytest.mark.parametrize("trouble", ["no key", "another account"])
def test_delete_is_held_without_the_account(trouble: str) -> None:
    """Nothing is let go that cannot be deleted; it goes on when the account is back."""

    async def scenario(world: World) -> None:
        await _ready(world)
        before = world.key
        assert before is not None
        world.key = None if trouble == "no key" else replace(before, owner="usr-another")
        world.people.delete()
        assert not await world.until(world.gone, 1800)
        world.key = before
        assert await world.until(world.gone, 1800), world.message()
        _content(world, expected=0)

    run(scenario)


@pytest.mark.parametrize("policy", ["Observe", "Retain"])
def test_a_skewed_clock_holds_everything_but_retain(policy: str) -> None:
    """ClockSkewed holds a deletion under Observe; Retain without an open create goes."""

    async def scenario(world: World) -> None:
        spec = {"managementPolicy": "Observe"} if policy == "Observe" else {"deletionPolicy": "Retain"}
        cluster = await _ready(world)
        world.people.edit(**spec)
        await world.wait(60)
        world.cloud.change_settings(clock_offset=300.0)
        await world.wait(400)
        world.people.delete()
        assert await world.until(world.gone, 600) is (policy == "Retain"), world.message()
        world.cloud.change_settings(clock_offset=0.0)
        assert await world.until(world.gone, 1800), world.message()
        _content(world, expected=0, excused=(cluster,))

    run(scenario)


def test_duplicates_by_a_late_answer_end_when_one_is_left() -> None:
    """A second cluster known only by its answer blocks until it is gone, and no longer."""

    async def scenario(world: World) -> None:
        first = await _ready(world)
        second = world.people.buy("nobody-knows")
        world.kube.change("demo", lambda raw: raw["status"].__setitem__("strays", [second]))
        assert await world.until(lambda: world.reason() == "DuplicateClusters", 300), world.message()
        world.people.destroy(second)
        assert await world.until(world.ready, 1800), world.message()
        _content(world, expected=1)
        assert world.alive() == [first]

    run(scenario)


def test_a_deletion_does_not_forget_a_cluster_known_only_by_a_late_answer() -> None:
    """The attempt was closed, then its answer came: the id is all that is left of it."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world)

        def lose(raw: dict[str, Any]) -> None:
            status = raw["status"]
            for key in ("hpc_cluster_id", "job_id", "firstActiveAt", "described", "describedAt"):
                status.pop(key, None)
            status["strays"] = [cluster]
            status["lastOperation"]["outcome"] = "Void"

        for process in world.processes:
            process.freeze(5)
        world.kube.change("demo", lose)
        world.people.strip_record()
        world.people.delete()
        assert await world.until(world.gone, 1800), world.message()
        _content(world, expected=0)

    run(scenario)


def test_a_delete_that_was_frozen_before_its_send_is_not_sent_late() -> None:
    """Who freezes after the intent of a delete no longer knows whose the cluster is: it looks again before it sends."""

    async def scenario(world: World) -> None:
        world.restart_after = None
        cluster = await _ready(world, deletionPolicy="Delete")
        world.injector.on("Store.write_intent", Kind.FREEZE_AFTER, seconds=300)
        world.people.delete()
        await world.wait(200)
        world.people.force_delete()
        world.people.apply("heir", take_over=cluster)
        world.processes[0].frozen_until += 60
        world.process("successor")
        assert await world.until(lambda: world.ready("heir"), 250), world.message("heir")
        await world.wait(600)
        assert world.alive() == [cluster]
        assert world.effects("deleteCluster") == 0

    run(scenario)


def test_two_clusters_by_one_request_block_until_one_is_gone() -> None:
    """A gateway repeats the POST: both bear the mark, a person deletes one, the other is Ready."""

    async def scenario(world: World) -> None:
        world.cloud.add_fault(f.Twice(), "createCluster")
        world.process()
        world.people.apply()
        assert await world.until(lambda: world.reason() == "DuplicateClusters", 900), world.message()
        found = world.resource()
        assert found is not None
        world.people.destroy(next(i for i in world.alive() if i != found.id))
        assert await world.until(world.ready, 900), world.message()
        _content(world, expected=1)

    run(scenario)
