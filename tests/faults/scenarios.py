"""The table of scenarios: single faults at every I/O point of each, and pairs for those that ask for them.

A new scenario is one entry. What the operator does not do yet (scale-out, scale-in, resize, stop, start, rename, adopt,
take-over) joins here with its calls; what can strike at a new call is a row of CLOUD in `harness/singles.py`.
"""

from faults.harness.scene import Scenario
from faults.harness.world import World


def _delete(world: World) -> None:
    world.people.delete()


def _retain(world: World) -> None:
    world.people.edit(deletionPolicy="Retain")
    world.people.delete()


def _apply(world: World) -> None:
    world.people.apply()


def _ready(world: World) -> bool:
    return world.ready()


def _gone(world: World) -> bool:
    return world.gone()


SCENARIOS = (
    Scenario("create", "nothing", _apply, _ready),
    Scenario("delete", "settled", _delete, _gone, pairs=5000),
    Scenario("retain", "settled", _retain, _gone),
)
