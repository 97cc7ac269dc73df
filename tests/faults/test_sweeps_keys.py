"""Several keys of one account: one that sees nothing of it watches for nobody but its own resource."""

from faults.harness import World, run
from faults.harness.advice import OTHER_KEY, other_key
from hpc_simulator.outside import Change


async def _ready(world: World, name: str) -> None:
    world.people.apply(name)
    assert await world.until(lambda: world.ready(name), 900), world.message(name)


def _stop(world: World, name: str) -> None:
    found = world.resource(name)
    assert found is not None
    world.cloud.change_cluster(found.id or "", Change(status="suspended"))


def test_a_key_that_sees_nothing_of_the_account_does_not_blind_the_watch_for_others() -> None:
    """The oldest tenant's Secret now holds another account's key, and still names our owner: its lists are empty."""

    async def scenario(world: World) -> None:
        process = world.process()
        await _ready(world, "tenant")
        await _ready(world, "demo")
        await world.wait(400)
        world.cloud.add_account(OTHER_KEY)
        world.keys_of["tenant"] = other_key()
        await world.wait(700)
        passes = len(process.passes)
        await world.wait(600)
        assert len(process.passes) - passes < 600 / 30 + 20, "the tenant's own, and hardly one of the other"
        _stop(world, "demo")
        assert await world.until(lambda: world.reason("demo") == "AccountInArrears", 40)

    run(scenario, create_seconds=30.0)


def test_it_is_watched_again_when_its_key_is_mended() -> None:
    async def scenario(world: World) -> None:
        world.process()
        await _ready(world, "demo")
        await world.wait(400)
        world.cloud.add_account(OTHER_KEY)
        world.keys_of["demo"] = other_key()
        await world.wait(700)
        del world.keys_of["demo"]
        assert await world.until(lambda: world.ready("demo"), 400), world.message("demo")
        _stop(world, "demo")
        assert await world.until(lambda: world.reason("demo") == "AccountInArrears", 60)

    run(scenario, create_seconds=30.0)
