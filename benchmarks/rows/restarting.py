"""The end of an idle operator, and the beginning of the next one among settled resources. `settled` hands its scene on.

A restart may look, and must change nothing: no changing call, no write to Kubernetes beside the Lease.
"""

import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from stage.operators import Operator
from stage.waiting import until

from benchmarks import machine
from benchmarks.audit import counted
from benchmarks.row import Figure, Goal, Row
from benchmarks.stage import Mark, Scene, passes

_CHANGING = ("createCluster", "deleteCluster", "modifyCluster")
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Restart:
    """Seconds from the start of the process: until it led, until its first whole list, until each resource was met."""

    ended: float
    led: float
    looked: float
    met: float
    calls: dict[str, int]
    requests: dict[str, int]
    writes: int
    memory: float


def measure(scene: Scene, operator: Operator, resources: int, times: int) -> list[Row]:
    """Two rows; the operator that is handed in is the first to end."""
    made = []
    for _ in range(times):
        restart, operator = _once(scene, operator, resources)
        made.append(restart)
    return [_restart(made, resources), _end(made)]


def _once(scene: Scene, operator: Operator, resources: int) -> tuple[Restart, Operator]:
    ended = _stopped(operator)
    mark, began = scene.mark(), time.time()
    following = scene.operator()
    led = time.time() - began
    until("each resource is met", lambda: passes(following) >= resources or None, deadline=600, pause=0.2)
    met = time.time() - began
    asked = [request for request in scene.asked(mark) if request.kind != "leases"]
    made = Restart(
        ended=ended,
        led=led,
        looked=_first_look(scene, mark, resources) - began,
        met=met,
        calls=scene.calls(mark),
        requests=counted(asked),
        writes=sum(request.writes for request in asked),
        memory=machine.resident(following.pid),
    )
    return made, following


def _stopped(operator: Operator) -> float:
    began = time.monotonic()
    operator.terminate()
    code = operator.wait()
    if code != 0:
        raise RuntimeError(f"the operator ended with {code}:\n{operator.program.tail()}")
    return time.monotonic() - began


def _first_look(scene: Scene, mark: Mark, resources: int) -> float:
    """When the last page of the first sweep was asked for; pages overlap by one line."""
    pages = max(1, -(-(resources - 1) // (_PAGE - 1)))
    return float([call["time"] for call in scene.cloud.calls("list", since=mark.call)][pages - 1])


def _restart(made: Sequence[Restart], resources: int) -> Row:
    last, calls = made[-1], Counter[str]()
    for each in made:
        calls.update({name: number for name, number in each.calls.items() if name in _CHANGING})
    return Row(
        f"restart with {resources} settled",
        (
            Figure("changing calls", calls.total()),
            Figure("Kubernetes writes", sum(each.writes for each in made)),
            Figure("leads after", _median([each.led for each in made]), "s"),
            Figure("first full look after", _median([each.looked for each in made]), "s"),
            Figure("each resource met after", _median([each.met for each in made]), "s"),
            Figure("memory", last.memory, "MB"),
        ),
        "seconds from the start of the process, median; counts over all restarts",
        goals=(Goal("changing calls", "≤", 0), Goal("Kubernetes writes", "≤", 0)),
        notes=(f"{len(made)} restarts; the last one's calls: {last.calls}, requests: {last.requests}",),
        details={"calls": [each.calls for each in made], "requests": [each.requests for each in made]},
    )


def _end(made: Sequence[Restart]) -> Row:
    times = [each.ended for each in made]
    return Row(
        "SIGTERM, idle, to the end",
        (Figure("slowest", max(times), "s"), Figure("median", _median(times), "s")),
        "with settled resources and nothing in flight, the Lease given back",
        goals=(Goal("slowest", "<", 2),),
        notes=(f"{len(times)} ends",),
        details={"seconds": times},
    )


def _median(times: Sequence[float]) -> float:
    return statistics.median(times)
