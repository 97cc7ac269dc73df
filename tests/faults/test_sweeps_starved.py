"""What else looks at an account lives on what the sweeps leave: the promised staleness is kept, whoever waits."""

from collections import Counter

from faults.harness import World, run
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
    return max(later - earlier for earlier, later in zip(edges, edges[1:], strict=False))


def test_who_waits_for_a_person_does_not_spend_the_calls_of_the_watch() -> None:
    """Six clusters vanished at night: each is asked for by id again and again; the settled one is watched as promised."""

    async def scenario(world: World) -> None:
        crowd(world, 150)
        world.process()
        vanishing = [f"vanishes-{number}" for number in range(6)]
        await ready(world, *vanishing, "demo")
        await world.wait(300)
        for name in vanishing:
            found = world.resource(name)
            assert found is not None
            assert found.id is not None
            world.people.destroy(found.id)
        assert await world.until(lambda: all(world.reason(name) == "ClusterVanished" for name in vanishing), 1800)
        assert await widest_gap(world, 2 * 3600) <= STALENESS
        assert Counter(world.reason(name) for name in vanishing) == {"ClusterVanished": 6}

    run(scenario, quota=600, create_seconds=30.0)
