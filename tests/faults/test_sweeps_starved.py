"""What else looks at an account lives on what the sweeps leave: the promised staleness is kept, whoever waits."""

from collections import Counter
from itertools import pairwise

from faults.harness import World, run
from hpc_simulator import faults as f
from hpc_simulator import jobs
from hpc_simulator.jobs import Job

STALENESS = 31.0
"""Seconds between the beginnings of two list looks, at most: the promise, and what a look takes."""


def crowd(world: World, number: int) -> None:
    """Clusters of other people."""
    for each in range(number):
        world.people.buy(f"theirs-{each}", status="active")


async def ready(world: World, *names: str) -> None:
    for name in names:
        world.people.apply(name)
    assert await world.until(lambda: all(world.ready(name) for name in names), 3000), world.message(names[-1])


async def widest_gap(world: World, seconds: float) -> float:
    """The longest time between two complete list looks from now on."""
    mark = len(world.cloud.calls)
    await world.wait(seconds)
    begun = [r.time for r in world.cloud.calls[mark:] if r.call == "list" and "&offset=0&" in f"&{r.detail}&"]
    edges = [world.now() - seconds, *begun, world.now()]
    return max(later - earlier for earlier, later in pairwise(edges))


def test_who_waits_for_a_person_does_not_spend_the_calls_of_the_watch() -> None:
    """Eight clusters vanished at night: each is asked for by id again and again; the settled one is watched as promised."""

    async def scenario(world: World) -> None:
        crowd(world, 150)
        world.process()
        vanishing = [f"vanishes-{number}" for number in range(8)]
        await ready(world, *vanishing, "demo")
        await world.wait(300)
        for name in vanishing:
            found = world.resource(name)
            assert found is not None
            assert found.id is not None
            world.people.destroy(found.id)
        assert await world.until(lambda: all(world.reason(name) == "ClusterVanished" for name in vanishing), 1800)
        assert await widest_gap(world, 2 * 3600) <= STALENESS
        assert Counter(world.reason(name) for name in vanishing) == {"ClusterVanished": 8}

    run(scenario, quota=800, create_seconds=30.0)


def operation(world: World, *, ago: float, lasts: float = 1.0) -> None:
    """Somebody's operation that names no cluster of ours, begun so many seconds ago."""
    truth, began = world.cloud.world, world.now() - ago
    assert world.key is not None
    truth.start(Job(truth.new_id("j"), "SomeOperation", [], world.key.owner, began, began + lasts, began))


def test_an_operation_of_somebody_that_never_ends_does_not_deepen_every_sweep() -> None:
    async def scenario(world: World) -> None:
        crowd(world, 450)
        world.process()
        await ready(world, "demo")
        await world.wait(60)
        operation(world, ago=0.0, lasts=1e9)
        for _ in range(1500):
            operation(world, ago=0.0)
            await world.wait(2.0)
        assert await widest_gap(world, 2 * 3600) <= STALENESS

    run(scenario, quota=1200, create_seconds=30.0)


def test_a_long_outage_of_ours_is_not_read_back_for_ever() -> None:
    """A week's log of 60,000 entries: more pages than are ever read. Watching begins all the same."""

    async def scenario(world: World) -> None:
        crowd(world, 250)
        process = world.process()
        await ready(world, "demo")
        await world.wait(100)
        world.restart_after = None
        process.crash()
        await world.wait(7 * 86_400)
        for number in range(60_000):
            operation(world, ago=7 * 86_400 - 10.0 * number)
        process.start()
        await world.wait(120)
        assert await widest_gap(world, 3600) <= STALENESS
        found = world.resource()
        assert found is not None
        nodes = world.posts("listNodes")
        truth = world.cloud.world
        now = world.now()
        assert world.key is not None
        truth.start(Job(truth.new_id("j"), jobs.RESTART_NODES, [found.id or ""], world.key.owner, now, now + 5, now))
        assert await world.until(lambda: world.posts("listNodes") > nodes, 60), "operations are noticed again"

    run(scenario, quota=1300, create_seconds=30.0)


def test_lines_that_do_not_say_their_status_are_paid_for_beforehand() -> None:
    """Asked for by status, a list costs several times its pages: swept less often, but evenly."""

    async def scenario(world: World) -> None:
        crowd(world, 250)
        world.process()
        await ready(world, "demo")
        await world.wait(600)
        assert await widest_gap(world, 2 * 3600) <= 200

    run(scenario, quota=600, create_seconds=30.0, status_shown=False)


def test_where_sweeps_take_all_that_there_is_a_vanished_cluster_is_told_all_the_same() -> None:
    """More clusters than the calls of an hour suffice for: the few looks by id that the rest needs come in time."""

    async def scenario(world: World) -> None:
        crowd(world, 250)
        world.process()
        await ready(world, "demo")
        await world.wait(3600)
        found = world.resource()
        assert found is not None
        world.people.destroy(found.id or "")
        assert await world.until(lambda: world.reason() == "ClusterVanished", 2 * 3600), world.message()

    run(scenario, quota=200, create_seconds=30.0)


def test_a_create_that_needs_looks_by_id_and_at_the_log_comes_to_its_turn_in_a_small_account() -> None:
    """An earlier life's create may be open: lists (two pages), the log, and a look by id share 48 calls an hour."""

    async def scenario(world: World) -> None:
        crowd(world, 150)
        world.process()
        world.injector.on("cloud.createCluster", f.LostBefore())
        world.people.apply()
        assert await world.until(lambda: "operation" in world.kube.objects["default", "demo"]["status"], 60, step=0.1)
        world.people.buy()
        await world.wait(1)
        world.people.recreate()
        assert await world.until(lambda: world.reason() == "OwnedElsewhere", 4 * 3600), world.message()

    run(scenario, quota=60, create_seconds=20.0, name_echo="none", rename_echo=False)
