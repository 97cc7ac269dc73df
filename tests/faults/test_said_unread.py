"""A report is said again where somebody else wrote over it, also while nothing can be read."""

from typing import Any

from faults.harness import World, run
from hpc_simulator import Account

OTHER_KEY = Account(key="OTHER-KEY", secret="other-secret", owner="usr-other")


def _told(world: World) -> str:
    return f"{world.reason()}: {world.message()}"


async def _ready(world: World, name: str = "demo", spec: Any = None) -> str:
    if not world.processes:
        world.process()
    world.people.apply(name, spec)
    assert await world.until(lambda: world.ready(name), 1500), world.message(name)
    found = world.resource(name)
    assert found is not None
    assert found.id is not None
    return found.id


def test_a_status_edited_by_hand_while_nothing_is_read() -> None:
    """The settings lead to another account; somebody edits the status: it is put right."""

    async def scenario(world: World) -> None:
        await _ready(world)
        world.people.switch_key(OTHER_KEY)
        assert await world.until(lambda: world.reason() == "AccountChanged", 300)

        def lie(raw: Any) -> None:
            for condition in raw["status"]["conditions"]:
                if condition["type"] in ("Ready", "Stalled"):
                    good = condition["type"] == "Ready"
                    condition.update(status="True" if good else "False", reason="AsWished", message="")

        world.kube.change("demo", lie)
        await world.wait(600)
        assert world.reason() == "AccountChanged", _told(world)
        assert not world.ready()

    run(scenario, name_echo="top")
