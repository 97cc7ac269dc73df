"""The beginning of an operator among settled resources, and the end of an idle one.

A start may look, and must change nothing: no changing call, no write to Kubernetes beside the Lease, whose writes are
told apart. Calls are counted until each resource was met and some seconds after.
"""

import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from stage.operators import Operator
from stage.waiting import until

from benchmarks import machine
from benchmarks.audit import counted
from benchmarks.row import Figure, Goal, Row
from benchmarks.stage import Mark, Scene, passes

LOOKS = ("list", "operation")
_PAGE = 100
_SPARE = 3
"""Calls beyond the pages: one where pages overlap, and the log."""
_AFTER = 3.0
"""Seconds for which calls and writes are counted still, when each resource was met."""


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the start of the process: until it led, until its first whole list, until each resource was met.

    `writes`: without the Lease's.
    """

    led: float
    looked: float
    met: float
    calls: Mapping[str, int]
    requests: Mapping[str, int]
    writes: int
    memory: float

    @property
    def looks(self) -> int:
        """List and log calls."""
        return sum(self.calls.get(name, 0) for name in LOOKS)

    @property
    def changes(self) -> int:
        """All other calls but reads."""
        reads = (*LOOKS, "listNodes", "permission")
        return sum(number for name, number in self.calls.items() if name not in reads)


def start(scene: Scene, resources: int, **changed: str) -> tuple[Start, Operator]:
    """Start an operator among so many settled resources; returned when it has met each."""
    mark, began = scene.mark(), time.time()
    operator = scene.operator(**changed)
    led = time.time() - began
    until("each resource is met", lambda: passes(operator) >= resources or None, deadline=600, pause=0.2)
    met = time.time() - began
    time.sleep(_AFTER)
    asked = scene.asked(mark)
    made = Start(
        led=led,
        looked=_first_look(scene, mark, resources) - began,
        met=met,
        calls=scene.calls(mark),
        requests=counted(asked),
        writes=sum(request.writes for request in asked),
        memory=machine.resident(operator.pid),
    )
    return made, operator


def stop(operator: Operator) -> float:
    """SIGTERM; seconds until it had ended. RuntimeError when it did not end well."""
    began = time.monotonic()
    operator.terminate()
    code = operator.wait()
    if code != 0:
        raise RuntimeError(f"the operator ended with {code}:\n{operator.program.tail()}")
    return time.monotonic() - began


def pages(resources: int) -> int:
    """Pages of a whole list."""
    return max(1, -(-resources // _PAGE))


def _first_look(scene: Scene, mark: Mark, resources: int) -> float:
    """When the last page of the first sweep was asked for."""
    asked = ((call["time"], parse_qs(call["detail"])) for call in scene.cloud.calls("list", since=mark.call))
    return float(next(at for at, query in asked if int(query.get("offset", ["0"])[0]) + _PAGE >= resources))


def started_row(made: Sequence[Start], resources: int) -> Row:
    """What the starts did, and how soon."""
    calls = Counter[str]()
    for each in made:
        calls.update(each.calls)
    spent = max(each.looks for each in made)
    return Row(
        f"restart with {resources} settled",
        (
            Figure("changing calls", sum(each.changes for each in made)),
            Figure("list and log calls", spent),
            Figure("Kubernetes writes", sum(each.writes for each in made)),
            Figure("first full look after", max(each.looked for each in made), "s"),
            Figure("leads after", statistics.median(each.led for each in made), "s"),
            Figure("each resource met after", statistics.median(each.met for each in made), "s"),
        ),
        "seconds from the start of the process; writes beside the Lease's",
        goals=(
            Goal("changing calls", "≤", 0),
            Goal("list and log calls", "≤", pages(resources) + _SPARE),
            Goal("Kubernetes writes", "≤", 0),
            Goal("first full look after", "<", 5),
        ),
        notes=(
            f"{len(made)} starts, the first right after seeding;"
            " changes and writes of all, calls and look of the worst",
            f"the last one's calls: {dict(made[-1].calls)}, requests: {dict(made[-1].requests)}",
        ),
        details={
            "calls": [dict(each.calls) for each in made],
            "requests": [dict(each.requests) for each in made],
            "led_s": [each.led for each in made],
            "looked_s": [each.looked for each in made],
            "met_s": [each.met for each in made],
        },
    )


def ended_row(times: Sequence[float], resources: int) -> Row:
    """How long an end takes."""
    return Row(
        f"SIGTERM among {resources} settled, to the end",
        (Figure("slowest", max(times), "s"), Figure("median", statistics.median(times), "s")),
        "with nothing in flight, the Lease given back",
        goals=(Goal("slowest", "<", 2),),
        notes=(f"{len(times)} ends",),
        details={"seconds": list(times)},
    )
