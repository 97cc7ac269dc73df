"""What an operator costs that has nothing to do but watch: CPU time, calls, writes within a window."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from stage.operators import Operator

from benchmarks import machine
from benchmarks.audit import counted
from benchmarks.row import Figure, Goal, Row
from benchmarks.stage import Scene, passes


@dataclass(frozen=True, slots=True)
class Rest:
    """`cpu` in percent of one core, user and system; `memory` in MB at the end; counts within `window` seconds."""

    window: float
    cpu: float
    memory: float
    passes: int
    calls: Mapping[str, int]
    writes: Mapping[str, int]


def rest(scene: Scene, operator: Operator, window: float) -> Rest:
    """Watch it for a window."""
    mark, began, used = scene.mark(operator), time.monotonic(), machine.cpu_seconds(operator.pid)
    time.sleep(window)
    spent, seconds = machine.cpu_seconds(operator.pid) - used, time.monotonic() - began
    writes = counted(request for request in scene.asked(mark) if request.writes)
    made = passes(operator) - mark.passes
    return Rest(seconds, 100 * spent / seconds, machine.resident(operator.pid), made, scene.calls(mark), writes)


def row(made: Rest, resources: int) -> Row:
    """CPU at rest."""
    return Row(
        f"CPU at rest with {resources}",
        (
            Figure("CPU", made.cpu, "%"),
            Figure("passes", made.passes),
            Figure("writes", sum(made.writes.values())),
        ),
        "of one core, user and system",
        goals=(Goal("CPU", "<", 2), Goal("writes", "≤", 0)),
        notes=(
            f"window {made.window:.0f} s; calls: {dict(made.calls)}; Kubernetes writes: {dict(made.writes) or 'none'}",
        ),
        details={"window_s": made.window, "calls": dict(made.calls), "writes": dict(made.writes)},
    )
