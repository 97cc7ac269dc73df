"""The table of scenarios: single faults at every I/O point of each, and pairs for those that ask for them.

A new scenario is one entry; what can strike at a new call is a row of CLOUD in `harness/singles.py`.
"""

import copy
from typing import Any

from faults.harness.people import EHPC
from faults.harness.scene import Scenario
from faults.harness.world import World


def conf(**compute: int) -> dict[str, Any]:
    """`cluster_conf` with other compute nodes."""
    made: dict[str, Any] = copy.deepcopy(EHPC["cluster_conf"])
    made["cluster"]["compute"].update(compute)
    return made


_THREE = repr({"cluster_conf": conf(count=3)})
_STOPPED = repr({"power": "Stopped"})


def _delete(world: World) -> None:
    world.people.delete()


def _retain(world: World) -> None:
    world.people.edit(deletionPolicy="Retain")
    world.people.delete()


def _apply(world: World) -> None:
    world.people.apply()


def _apply_and_delete(world: World) -> None:
    world.people.apply()
    world.loop.call_later(20.0, world.people.delete)


def _out(world: World) -> None:
    world.people.edit(cluster_conf=conf(count=3))


def _in(world: World) -> None:
    world.people.edit(cluster_conf=conf(count=1))


def _resize(world: World) -> None:
    world.people.edit(cluster_conf=conf(cpu=8, memory=24576))


def _stop(world: World) -> None:
    world.people.edit(power="Stopped")


def _start(world: World) -> None:
    world.people.edit(power="Running")


def _rename(world: World) -> None:
    world.people.edit(cluster_name="renamed", description="said anew")


def _adopt(world: World) -> None:
    cluster = world.people.buy("theirs", status="active")
    world.loop.call_later(90.0, lambda: world.people.apply(adopt=cluster))


def _take_over(world: World) -> None:
    (cluster,) = world.alive()
    world.people.recreate()
    world.people.annotate(take_over=cluster)


def _ready(world: World) -> bool:
    return world.ready()


def _renamed(world: World) -> bool:
    return world.ready() and all((each.renamed_to or "").startswith("renamed-") for each in world.cloud.clusters())


def _gone(world: World) -> bool:
    return world.gone()


SCENARIOS = (
    Scenario("create", "nothing", _apply, _ready),
    Scenario("scale out", "settled", _out, _ready, pairs=5000),
    Scenario("scale in", "settled", _in, _ready, pairs=5000, spec=_THREE),
    Scenario("resize", "settled", _resize, _ready),
    Scenario("stop", "settled", _stop, _ready),
    Scenario("start", "settled", _start, _ready, spec=_STOPPED),
    Scenario("rename", "settled", _rename, _renamed),
    Scenario("adopt", "nothing", _adopt, _ready),
    Scenario("take over", "settled", _take_over, _ready),
    Scenario("delete", "settled", _delete, _gone, pairs=5000),
    Scenario("delete in mid-create", "nothing", _apply_and_delete, _gone, counted=()),  # a late create is none at all
    Scenario("retain", "settled", _retain, _gone),
)
