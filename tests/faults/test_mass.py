"""Deletion in bulk, played in whole lives: held by the number, by the CRD that goes, and let go by a person."""

from faults.harness import World, oracles, run
from hpc_simulator import faults as f

MANY = tuple(f"c{number}" for number in range(11))


async def _fleet(world: World, names: tuple[str, ...] = MANY) -> None:
    world.restart_after = None
    world.process()
    for name in names:
        world.people.apply(name)
    assert await world.until(lambda: all(world.ready(name) for name in names), 4000, step=5.0)


def _all(world: World, reason: str, names: tuple[str, ...] = MANY) -> bool:
    return all(world.reason(name) == reason for name in names)


def test_a_fleet_deleted_while_the_operator_was_down_is_held_until_it_is_approved() -> None:
    """Eleven of eleven: nothing is called after the start, the number is told, the approval of fewer is none."""

    async def scenario(world: World) -> None:
        await _fleet(world)
        world.processes[0].crash()
        for name in MANY:
            world.people.delete(name)
        await world.wait(3000)  # it is down for long: the timestamps still lie close to each other
        world.processes[0].start()
        assert await world.until(lambda: _all(world, "MassDeletion"), 300)
        assert all("approve-deletions=11" in world.message(name) for name in MANY)
        world.approved = 10
        await world.wait(300)
        assert world.posts("deleteCluster") == 0
        writes = len(world.kube.writes)
        await world.wait(300)
        assert world.kube.writes[writes:] == []
        world.approved = 11
        assert await world.until(lambda: all(world.gone(name) for name in MANY), 3000, step=5.0), world.message("c0")
        assert world.alive() == []
        assert world.approved == 0, "used up, and taken off"

    run(scenario, name_echo="top")


def test_eleven_at_once_before_the_eyes_of_the_operator() -> None:
    """Not one is deleted, though each alone would be."""

    async def scenario(world: World) -> None:
        await _fleet(world)
        for name in MANY:
            world.people.delete(name)
        await world.wait(900)
        assert world.posts("deleteCluster") == 0
        assert _all(world, "MassDeletion")

    run(scenario, name_echo="top")


def test_ten_of_them_are_no_mass() -> None:
    async def scenario(world: World) -> None:
        await _fleet(world)
        for name in MANY[:10]:
            world.people.delete(name)
        assert await world.until(lambda: all(world.gone(name) for name in MANY[:10]), 3000, step=5.0)
        assert len(world.alive()) == 1

    run(scenario, name_echo="top")


def test_the_crd_was_deleted_while_the_operator_was_down() -> None:
    """`kubectl delete crd` stamps every resource: two are a fleet too. Retain lets one go, an approval the other."""

    async def scenario(world: World) -> None:
        await _fleet(world, ("one", "two"))
        kept = world.resource("one")
        world.processes[0].crash()
        world.kube.doomed = True
        for name in ("one", "two"):
            world.people.delete(name)
        world.processes[0].start()
        await world.wait(900)
        assert world.posts("deleteCluster") == 0
        assert _all(world, "MassDeletion", ("one", "two"))
        world.people.edit("one", deletionPolicy="Retain")
        assert await world.until(lambda: world.gone("one"), 300)
        await world.wait(300)
        assert world.posts("deleteCluster") == 0
        world.approved = 2  # the one that was let go a moment ago counts
        assert await world.until(lambda: world.gone("two"), 1500), world.message("two")
        assert kept is not None
        assert world.alive() == [kept.id]
        assert list(oracles.hot(world)) == []

    run(scenario, name_echo="top")


def test_a_delete_that_was_answered_is_followed_while_the_rest_is_held() -> None:
    """Its cluster is gone already: holding its resource would help nobody."""

    async def scenario(world: World) -> None:
        await _fleet(world, ("one", "two"))
        world.people.delete("one")
        assert await world.until(lambda: world.effects("deleteCluster") == 1, 300)
        await world.wait(5)
        world.kube.doomed = True
        world.people.delete("two")
        assert await world.until(lambda: world.gone("one"), 1500), world.message("one")
        await world.wait(300)
        assert (world.reason("two"), world.effects("deleteCluster")) == ("MassDeletion", 1)

    run(scenario, name_echo="top", delete_seconds=60.0)


def test_what_has_no_cluster_goes_though_the_crd_does() -> None:
    """A refused create left nothing: there is nothing to hold."""

    async def scenario(world: World) -> None:
        world.process()
        world.cloud.add_fault(f.Code(2400), "createCluster", count=1000)
        world.people.apply(spec={"managementPolicy": "Observe"})
        world.people.apply("poor")
        assert await world.until(lambda: world.reason("poor") == "NoBalance", 300)
        world.kube.doomed = True
        for name in ("demo", "poor"):
            world.people.delete(name)
        assert await world.until(lambda: world.gone("demo") and world.gone("poor"), 300), world.message("poor")

    run(scenario)
