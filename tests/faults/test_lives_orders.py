"""An order in the next life does not forget what the earlier one had open."""

from faults.harness import World, oracles, run
from hpc_simulator import faults as f


def test_an_order_in_the_next_life_does_not_forget_the_open_create() -> None:
    """An open create forced away; the next life adopts another cluster: what was made is named to somebody."""

    async def scenario(world: World) -> None:
        world.process()
        other = world.people.buy("mine", status="active")
        world.injector.on("cloud.createCluster", f.LostAfter())
        world.people.apply()
        assert await world.until(lambda: bool(world.made()), 300, step=0.1)
        spec = world.kube.get("demo")["spec"]
        world.people.force_delete()
        world.people.apply(spec=spec, adopt=other)
        await world.wait(1500)
        known = oracles.recorded(world)
        told = " ".join([world.message(), *(str(e["note"]) for e in world.kube.events)])
        assert world.made()[0] in known or world.made()[0] in told, (known, told)

    run(scenario, name_echo="top")
