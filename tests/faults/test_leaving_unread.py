"""A deletion that waits for looks says when none can be made."""

from dataclasses import replace

from faults.harness import World, run
from hpc_simulator import Account


def test_a_deletion_whose_account_cannot_be_read_says_so() -> None:
    """The delete job ended, then the key is revoked: the condition names that, not only that it is deleted."""

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply()
        assert await world.until(world.ready, 900)
        world.people.delete()
        assert await world.until(lambda: world.alive() == [], 600)
        world.key = replace(Account(), key="REVOKED", secret="revoked-secret")
        await world.wait(3600)
        assert "1200" in world.message(), f"{world.reason()}: {world.message()}"
        world.key = Account()
        assert await world.until(world.gone, 900), world.message()

    run(scenario, name_echo="top")
