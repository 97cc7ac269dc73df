"""Who was let go in good order left nothing; who was retained left a cluster that the same manifest must find."""

from typing import Any

import pytest

from faults.harness import Kind, World, run
from faults.harness.injection import Strike


def _told(world: World) -> str:
    return f"{world.reason()}: {world.message()}"


async def _ready(world: World, name: str = "demo") -> None:
    if not world.processes:
        world.process()
    world.people.apply(name)
    assert await world.until(lambda: world.ready(name), 1500), world.message(name)


@pytest.mark.parametrize("keeps", [None, 120.0])
def test_let_go_and_the_answer_lost(keeps: float | None) -> None:
    """The finalizer is off, the answer is lost: the next life is not told that something was left."""

    def lost(index: int, point: str) -> Strike | None:
        return Strike(index, Kind.ANSWER_LOST) if point == "kube.PATCH object" else None

    async def scenario(world: World) -> None:
        await _ready(world)
        world.people.delete()
        assert await world.until(lambda: world.alive() == [], 600)
        world.injector.chance = lost
        assert await world.until(world.gone, 1500), _told(world)
        world.injector.chance = None
        await world.wait(60)
        world.people.apply()
        assert await world.until(world.ready, 1000), _told(world)
        assert world.told("OwnedElsewhere") == []

    run(scenario, name_echo="top", log_keeps=keeps)


@pytest.mark.parametrize("keeps", [None, 120.0])
def test_let_go_while_another_finalizer_holds(keeps: float | None) -> None:
    """Foreground deletion: ours goes first, the object later; the next life is not told that something was left."""

    async def scenario(world: World) -> None:
        await _ready(world)
        world.kube.change("demo", lambda raw: raw["metadata"]["finalizers"].append("foregroundDeletion"))
        world.people.delete()

        def ours_is_off() -> bool:
            raw: Any = world.kube.get("demo")
            return bool(raw["metadata"]["finalizers"] == ["foregroundDeletion"])

        assert await world.until(ours_is_off, 1500), _told(world)
        await world.wait(5)
        world.people.strip()
        await world.wait(5)
        world.people.apply()
        assert await world.until(world.ready, 1000), _told(world)
        assert world.told("OwnedElsewhere") == []

    run(scenario, name_echo="top", log_keeps=keeps)


def test_retained_before_its_mark_is_shown() -> None:
    """Names are not echoed; deleted with Retain before it is described, applied again: not bought again."""

    async def scenario(world: World) -> None:
        world.kube.put_secret("given", {"password": "R2l2ZW5QYXNzd29yZDEh"})
        spec = {"deletionPolicy": "Retain", "adminPasswordSecretRef": {"name": "given", "key": "password"}}
        await _ready(world, "first")
        await world.wait(100)
        world.people.apply(spec=spec)
        found_it = await world.until(
            lambda: (found := world.resource()) is not None and found.id is not None, 300, step=0.1
        )
        assert found_it, _told(world)
        await world.wait(15)
        world.people.delete()
        assert await world.until(world.gone, 1500), _told(world)
        world.people.apply(spec=spec)
        await world.wait(3 * world.policy.window)
        assert world.posts() == 2, (world.made(), _told(world))
        assert world.reason() == "OwnedElsewhere", _told(world)

    run(scenario, name_echo="none", rename_echo=False, create_seconds=200.0)
