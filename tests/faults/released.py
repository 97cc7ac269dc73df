"""Makes the fixtures of a version: every open intent, played to its moment in the suite's world, and kept as it stood.

`python -m faults.released FOLDER [MOMENT …]` writes, for each moment, `<moment>.yaml` (the HpcCluster and its Secrets as
the API server holds them) and `<moment>.cloud.json` (the simulator's world, and the second of the virtual clock). A
release runs it once (docs/releasing.md); from then on its folder is never written again.
"""

import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from pydantic import TypeAdapter

from faults.harness.injection import Kind
from faults.harness.world import World, run
from hpc_operator.kube import names
from hpc_simulator.world import World as CloudWorld

Moment: TypeAlias = Callable[[World], Coroutine[Any, Any, None]]
CLOUD = TypeAdapter(CloudWorld)
SPEC: dict[str, Any] = {"adminPasswordSecretRef": {"name": "given", "key": "password"}}
_ROLE = {"cpu": 2, "memory": 4096}


async def _reaches(world: World, done: Callable[[], bool]) -> None:
    assert await world.until(done, 1500, step=0.1), world.message()


async def _settled(world: World) -> None:
    world.process()
    world.people.apply(spec=SPEC)
    await _reaches(world, world.ready)
    await world.wait(400)  # described, counted, and shown to be both


async def _dies(world: World, point: str, kind: Kind, act: Callable[[], None]) -> None:
    """The process dies at this point of what a person asks for."""
    world.injector.on(point, kind)
    act()
    await _reaches(world, lambda: world.processes[0].dead)


def _conf(**compute: int) -> dict[str, Any]:
    roles = {"login": {"count": 1, **_ROLE}, "controller": {"count": 1, **_ROLE}}
    return {
        "cluster_conf": {
            "cluster": {"vxnet": "vxnet-a1b2c3d", "nas_id": "nas-1", **roles, "compute": {**_ROLE, **compute}},
            "env": {"admin.user": "admin", "nas_path": "/nas"},
        }
    }


def _operation(world: World) -> dict[str, Any]:
    raw = world.kube.get("demo") or {}
    found: dict[str, Any] = raw.get("status", {}).get("operation") or {}
    return found


def create(point: str, kind: Kind) -> Moment:
    """A create that was cut off at this point."""

    async def moment(world: World) -> None:
        world.process()
        await _dies(world, point, kind, lambda: world.people.apply(spec=SPEC))

    return moment


async def create_answered(world: World) -> None:
    world.process()
    world.people.apply(spec=SPEC)
    await _reaches(world, lambda: (found := world.resource()) is not None and found.id is not None)
    await world.wait(5)


async def create_described(world: World) -> None:
    await create_answered(world)
    await _reaches(world, world.ready)


async def adopted(world: World) -> None:
    world.process()
    bought = world.people.buy("of a person", status="active")
    await world.wait(100)
    world.people.apply(spec={**SPEC, "cluster_name": "chemistry"}, adopt=bought)
    await _reaches(world, world.ready)
    await world.wait(400)


async def taken_over(world: World) -> None:
    await _settled(world)
    made = world.made()[0]
    world.people.recreate()
    await _reaches(world, lambda: world.reason() == "OwnedElsewhere")
    world.people.annotate(take_over=made)
    await _reaches(world, world.ready)
    await world.wait(400)


def _delete(world: World) -> None:
    world.people.delete()


def _more(world: World) -> None:
    world.people.edit(**_conf(count=3))


def _fewer(world: World) -> None:
    world.people.edit(**_conf(count=1))


def _bigger(world: World) -> None:
    world.people.edit(**_conf(count=1, cpu=4))


def _stop(world: World) -> None:
    world.people.edit(power="Stopped")


def _start(world: World) -> None:
    world.people.edit(power="Running")


async def _with_three(world: World) -> None:
    await _settled(world)
    _more(world)
    await _reaches(world, world.ready)
    await world.wait(400)


async def _stopped(world: World) -> None:
    await _settled(world)
    _stop(world)
    await _reaches(world, lambda: world.reason() == "Stopped")
    await world.wait(400)


_BEGIN: dict[str, tuple[Moment, Callable[[World], None], str]] = {
    "delete": (_settled, _delete, "Calls.delete"),
    "add-nodes": (_settled, _more, "Calls.change"),
    "delete-nodes": (_with_three, _fewer, "Calls.change"),
    "resize": (_settled, _bigger, "Calls.change"),
    "stop": (_settled, _stop, "Calls.change"),
    "start": (_stopped, _start, "Calls.change"),
}


def _change(what: str, how: str) -> Moment:
    begin, act, call = _BEGIN[what]

    async def moment(world: World) -> None:
        await begin(world)
        if how == "answered":
            act(world)
            await _reaches(world, lambda: "jobId" in _operation(world))
        else:
            point = "Store.write_intent" if how == "intended" else call
            await _dies(world, point, Kind.CRASH_AFTER, lambda: act(world))

    return moment


MOMENTS: dict[str, Moment] = {
    "create-recorded": create("Store.remember", Kind.CRASH_AFTER),
    "create-intended": create("Store.write_intent", Kind.CRASH_AFTER),
    "create-sent": create("Calls.create", Kind.CRASH_AFTER),
    "create-answered": create_answered,
    "create-described": create_described,
    "settled-created": _settled,
    "settled-adopted": adopted,
    "settled-taken-over": taken_over,
    **{f"{what}-{how}": _change(what, how) for what in _BEGIN for how in ("intended", "sent", "answered")},
}


def resumed(world: World, folder: Path, moment: str) -> None:
    """Let a fresh world without processes go on from a fixture; what it makes and calls is counted from there."""
    held = json.loads((folder / f"{moment}.cloud.json").read_text(encoding="utf-8"))
    world.loop.begin_at(held["at"])
    world.cloud.world = CLOUD.validate_python(held["world"])
    versions = []
    for raw in yaml.safe_load_all((folder / f"{moment}.yaml").read_text(encoding="utf-8")):
        meta = raw["metadata"]
        kept = world.kube.objects if raw["kind"] == names.KIND else world.kube.secrets
        kept[meta["namespace"], meta["name"]] = raw
        versions.append(int(meta["resourceVersion"]))
    world.kube.goes_on(max(versions))


def write(folder: Path, name: str) -> None:
    """Play one moment and keep it."""

    async def scenario(world: World) -> None:
        world.kube.put_secret("given", {"password": "R2l2ZW5QYXNzd29yZDEh"})
        await MOMENTS[name](world)
        secrets = [{"apiVersion": "v1", **secret} for _, secret in sorted(world.kube.secrets.items())]
        objects = [raw for _, raw in sorted(world.kube.objects.items())]
        text = yaml.safe_dump_all([*objects, *secrets], sort_keys=False, width=110)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        cloud = CLOUD.dump_json(world.cloud.world).decode()
        (folder / f"{name}.cloud.json").write_text(f'{{"at":{world.loop.time()},"world":{cloud}}}\n', encoding="utf-8")

    run(scenario, restart_after=None)


def main(folder: str, *moments: str) -> None:
    """Write the fixtures."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for moment in moments or MOMENTS:
        write(Path(folder), moment)
        sys.stdout.write(f"{moment}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
