"""One scenario under a plan of faults: the world begins, a person acts, everything settles, the end is compared.

The oracles: the same end state and the same count of effects as in the run without faults, no write after settling,
bounded passes and calls, nothing foreign touched. Where a scenario begins is played once in each process and kept.
"""

from ast import literal_eval
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from faults.harness import oracles
from faults.harness.oracles import Finding
from faults.harness.past import Past, kept

if TYPE_CHECKING:
    from faults.harness.world import World

End: TypeAlias = tuple[tuple[Any, ...], ...]
"""What can be compared between runs: no ids, no times, no messages."""

CALLS = 250
"""More than any scenario needs from its beginning to its rest, also with two faults."""


COUNTED = ("createCluster", "deleteCluster", "addNodes", "deleteNodes", "resizeCluster", "startCluster", "stopCluster")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`begins`: with nothing, or with a cluster that is as wished. `act`: what a person then does. `done`: it is over.

    `counted`: the calls whose effects are the same in every run; absolute writes may be repeated and are not named.
    `spec`: what the settled cluster's manifest says besides, as `repr`. `pairs`: how many seeded pairs of faults `make test` plays (0: single faults only). Functions of a module: they
    are handed to other processes.
    """

    name: str
    begins: Literal["nothing", "settled"]
    act: "Callable[[World], None]"
    done: "Callable[[World], bool]"
    counted: tuple[str, ...] = COUNTED
    pairs: int = 0
    spec: str = "{}"


def end_of(world: "World") -> End:
    """Resources with their conditions and what they wish; the account's clusters by status."""
    resources = tuple(
        (
            name,
            tuple(sorted((c["type"], c["status"], c["reason"]) for c in raw["status"].get("conditions", []))),
            "operation" in raw["status"],
            repr(raw["spec"]),
        )
        for name, raw in sorted(world.kube.objects.items())
    )
    return resources, tuple(sorted((each.status, each.owner, _nodes(each)) for each in world.cloud.clusters()))


def _nodes(cluster: Any) -> tuple[tuple[str, int, int], ...]:
    return tuple(sorted((node.role, node.cpu, node.memory) for node in cluster.nodes))


def effects_of(world: "World", scenario: Scenario, before: dict[str, int]) -> dict[str, int]:
    """Effects of the counted calls since the scenario began."""
    return {call: world.effects(call) - before[call] for call in scenario.counted}


def compared(scenario: Scenario, end: End, effects: dict[str, int], like: tuple[End, dict[str, int]]) -> list[Finding]:
    """What differs from the run without faults."""
    found = [Finding("END", f"{end} instead of {like[0]}")] if end != like[0] else []
    return found + [
        Finding("EFFECTS", f"{call} took effect {effects[call]} times, not {like[1][call]}")
        for call in scenario.counted
        if effects[call] != like[1][call]
    ]


def bounded(world: "World", calls: int) -> list[Finding]:
    """Passes a minute, and calls since the scenario began, before it was watched at rest."""
    found = [*oracles.hot(world), *oracles.foreign(world)]
    return found + ([Finding("CALLS", f"{calls} calls")] if calls > CALLS else [])


@lru_cache(maxsize=16)
def settled(key: str, spec: str, cloud: str) -> Past:
    """The world with one cluster that is as wished, at rest. Arguments as `repr`: they are dictionaries."""
    from faults.harness.world import World, run  # noqa: PLC0415 - the world imports the harness

    async def scenario(world: World) -> Past:
        world.kube.put_secret("given", {"password": "R2l2ZW4tUGFzc3dvcmQx"})
        world.process("before")
        world.people.apply(spec=literal_eval(spec))
        assert await world.until(world.ready, 900), f"{key}: {world.message()}"
        assert await oracles.quiet(world) == [], key
        return kept(world)

    return run(scenario, **literal_eval(cloud))


def named(scenario: Scenario, course: Any) -> Any:
    """The course with this scenario in it."""
    return replace(course, name=f"{scenario.name}, {course.name}", scenario=scenario)
