"""A create that an earlier life had open when it was forced away: judged by the log, like an open one of our own."""

import pytest

from faults.harness import World, run
from hpc_simulator import faults as f


def _told(world: World) -> str:
    return f"{world.reason()}: {world.message()}"


@pytest.mark.parametrize("fault", [f.LostAfter(), f.Late(50), f.Delay(3.0)])
def test_forced_away_with_its_create_open_where_its_name_is_not_echoed(fault: f.Fault) -> None:
    """Another cluster shows a mark in its description; what the open create made shows none: still not bought again."""

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply("first")
        assert await world.until(lambda: world.ready("first"), 900)
        world.injector.on("cloud.createCluster", fault)
        world.people.apply()
        assert await world.until(lambda: world.posts() == 2, 60, step=0.1)
        world.people.recreate()
        assert await world.until(lambda: world.reason() == "OwnedElsewhere", 900), (world.made(), _told(world))
        await world.wait(5 * world.policy.window)
        assert world.posts() == 2
        assert world.made()[1] in world.message()
        world.people.annotate(take_over=world.made()[1])
        assert await world.until(world.ready, 900), _told(world)
        assert sorted(world.alive()) == sorted(world.made())

    run(scenario, name_echo="none", rename_echo=False)


def test_forced_away_with_a_create_that_made_nothing_needs_nobody() -> None:
    """The request was lost: once nothing can appear any more, the next life creates by itself."""

    async def scenario(world: World) -> None:
        world.process()
        world.injector.on("cloud.createCluster", f.LostBefore())
        world.people.apply()
        assert await world.until(lambda: "operation" in world.kube.objects["default", "demo"]["status"], 60, step=0.1)
        await world.wait(1.0)
        world.people.recreate()
        assert await world.until(world.ready, 1500), _told(world)
        assert len(world.alive()) == 1
        assert world.told("OwnedElsewhere") == []

    run(scenario, name_echo="none", rename_echo=False)


def test_what_is_advised_for_a_life_without_a_memory_can_be_done() -> None:
    """Record stripped, status wiped, forced away; somebody bought meanwhile: create-beside as advised ends it."""

    async def scenario(world: World) -> None:
        world.process()
        world.injector.on("cloud.createCluster", f.LostBefore())
        world.people.apply()
        assert await world.until(lambda: "operation" in world.kube.objects["default", "demo"]["status"], 60, step=0.1)
        await world.wait(1.0)
        world.people.buy("of somebody")
        world.people.strip_record()
        world.people.wipe_status()
        world.people.recreate()
        assert await world.until(lambda: world.reason() == "OwnedElsewhere", 900), _told(world)
        advised = world.message().split("create-beside=")[1].split(" to create")[0]
        world.people.annotate(create_beside=advised)
        assert await world.until(world.ready, 1500), _told(world)

    run(scenario, name_echo="none", rename_echo=False)
