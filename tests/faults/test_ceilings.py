"""Ceilings in whole lives: as many clusters as are allowed, also when all are asked for in one moment."""

import base64
from dataclasses import replace

from faults.harness import World, run
from faults.harness.world import POLICY
from hpc_simulator import Account

NAMES = ("one", "two", "three")


def test_three_at_once_and_room_for_two() -> None:
    """The third waits and says why; it is bought when another has gone."""

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply("first")
        assert await world.until(lambda: world.ready("first"), 900)
        for name in NAMES:
            world.people.apply(name)
        assert await world.until(lambda: sum(world.ready(name) for name in NAMES) == 2, 1500)
        await world.wait(600)
        assert len(world.alive()) == len(world.made()) == 3
        (left,) = (name for name in NAMES if not world.ready(name))
        assert world.reason(left) == "CeilingReached"
        world.people.delete("first")
        assert await world.until(lambda: world.ready(left), 3000), world.message(left)
        assert len(world.alive()) == 3

    run(scenario, name_echo="top", policy=replace(POLICY, max_clusters=3))


def test_a_key_of_its_own_has_no_ceiling() -> None:
    """What another account pays for is not counted, neither for it nor for others."""

    async def scenario(world: World) -> None:
        own = Account(key="OWN-KEY", secret="own-secret-for-tests", owner="usr-own")
        world.cloud.add_account(own)
        values = {"access_key_id": own.key, "secret_access_key": own.secret}
        world.kube.put_secret("key", {name: base64.b64encode(text.encode()).decode() for name, text in values.items()})
        world.process()
        world.people.apply("mine", spec={"credentialsSecretRef": {"name": "key"}, "owner": own.owner, "zone": own.zone})
        assert await world.until(lambda: world.ready("mine"), 900), world.message("mine")
        world.people.apply("first")
        assert await world.until(lambda: world.ready("first"), 900), world.message("first")
        world.people.apply("second")
        assert await world.until(lambda: world.reason("second") == "CeilingReached", 300)

    run(scenario, name_echo="top", policy=replace(POLICY, max_clusters=1))
