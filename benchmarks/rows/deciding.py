"""What a decision costs in itself, and how that grows with the clusters that the account lists. No process, no I/O.

Three scenes of the decision tables, over a list in which every other cluster carries another resource's mark: a
settled cluster, a create, and a doubt whose log range is full of other people's creates (two entries a cluster).
Measured in CPU time: who else runs on the machine does not count.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType

from decide_scenes import FLEET, OLD, cluster, create_intent, entry, in_doubt, living, log, look, resource, scene

from benchmarks.figures import growth
from benchmarks.row import Figure, Row
from benchmarks.stage import Ground
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.planner import decide
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import stem
from hpc_operator.domain.observed import Cluster, ListLook

_SPAN = 0.2
"""Seconds that one sample lasts at least, if one pass does not last longer."""
_SAMPLES = 5
_LONGEST = 4.0
"""Seconds of one pass beyond which nothing larger is tried."""


def measure(ground: Ground) -> list[Row]:
    """One row for each scene."""
    return [_row(name, make, ground.size.listed) for name, make in SCENES.items()]


def _row(name: str, make: Callable[[int], Scene], sizes: Sequence[int]) -> Row:
    costs: list[float] = []
    for size in sizes:
        if costs and costs[-1] * (size / sizes[len(costs) - 1]) ** 2 > _LONGEST:
            break
        costs.append(_seconds_of(make(size)))
    tried = sizes[: len(costs)]
    figures = [Figure(f"{size} listed", cost * 1e6, "µs") for size, cost in zip(tried, costs, strict=True)]
    at = dict(zip(tried, costs, strict=True)).get(1000, costs[-1])
    power = growth(tried, costs)
    return Row(
        f"one decision, {name}",
        (*figures, Figure("at 1000", 1 / at, "/s"), Figure("grows with the power", power)),
        "CPU time of one pure decision; power 1: with the list, 2: with its square",
        notes=tuple(f"{size} listed: not tried, a pass would take seconds" for size in sizes[len(costs) :]),
        details={"seconds": dict(zip(map(str, tried), costs, strict=True)), "power": power},
    )


def _seconds_of(made: Scene) -> float:
    """The median of some samples, each long enough for the clock."""
    once = _timed(made, 1)
    rounds = max(1, int(_SPAN / max(once, 1e-9)))
    return statistics.median(_timed(made, rounds) / rounds for _ in range(_SAMPLES if once < _SPAN else 1))


def _timed(made: Scene, rounds: int) -> float:
    began = time.process_time()
    for _ in range(rounds):
        decide(replace(made))  # a pass has a scene of its own: nothing that one computed serves the next
    return time.process_time() - began


def _others(number: int) -> tuple[Cluster, ...]:
    return tuple(
        cluster(f"ehpc-{index}", name=f"demo-{stem(FLEET, Ref('default', f'other-{index}', str(index)))}-1")
        for index in range(number)
    )


def _looks(number: int, *own: Cluster) -> tuple[ListLook, ...]:
    """Three complete looks, as the observer keeps them."""
    listed = _others(number - len(own))
    return tuple(look(age, *listed, *own) for age in (1.0, 11.0, 21.0))


def _settled(number: int) -> Scene:
    held = living()
    own = cluster(held.id or "", name=f"demo-{held.memory.mark}-1")
    return scene(held, *_looks(number, own))


def _create(number: int) -> Scene:
    return scene(resource(), *_looks(number), seen_at=resource().created_at)


def _doubt(number: int) -> Scene:
    begun = create_intent(OLD)
    within = [OLD - 100 * index / (2 * number) for index in range(2 * number)]
    entries = (entry(f"ehpc-{index // 2}", job=f"j-{index}", age=age) for index, age in enumerate(within))
    return scene(in_doubt(intent=begun), *_looks(number), log=log(1.0, *entries))


SCENES = MappingProxyType({"a settled cluster": _settled, "a create": _create, "a doubt with its log": _doubt})
