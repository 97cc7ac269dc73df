"""Resources that are all as wished: memory for each, CPU time at rest, and what a restart and an end cost among them.

One scene carries all of it, since settling hundreds is what takes the time: without resources first, then step by
step up to the most, then processes that end and begin anew on the same namespace.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from stage.operators import Operator

from benchmarks import machine
from benchmarks.audit import counted
from benchmarks.figures import slope
from benchmarks.load import apply, is_ready, names
from benchmarks.row import Figure, Goal, Row
from benchmarks.rows import restarting
from benchmarks.stage import Ground, Scene, passes

_CREATE = 1.0
_REST = 5.0
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Idle:
    """A window at rest: CPU in percent of one core, passes a second, calls and Kubernetes writes within it."""

    resources: int
    window: float
    cpu: float
    passes: float
    calls: dict[str, int]
    writes: dict[str, int]


def measure(ground: Ground) -> list[Row]:
    """Memory, CPU at rest, restart, end."""
    size = ground.size
    with ground.scene("settled", create=_CREATE) as scene:
        operator = scene.operator()
        time.sleep(_REST)
        sizes, memory = [0], [machine.resident(operator.pid)]
        idle = [_idle(scene, operator, 0, size.idle_window)]
        for number in size.settled:
            fresh = names("settled", number - sizes[-1], first=sizes[-1])
            apply(scene.kube, fresh, {"ready": is_ready}, operator.program)
            time.sleep(_REST)
            sizes.append(number)
            memory.append(machine.resident(operator.pid))
        idle.append(_idle(scene, operator, sizes[-1], size.settled_window))
        memory[-1] = max(memory[-1], machine.resident(operator.pid))
        return [
            _memory(sizes, memory),
            *map(_cpu, idle),
            *restarting.measure(scene, operator, sizes[-1], size.restarts),
        ]


def _idle(scene: Scene, operator: Operator, resources: int, window: float) -> Idle:
    mark, began, used = scene.mark(operator), time.monotonic(), machine.cpu_seconds(operator.pid)
    time.sleep(window)
    spent, seconds = machine.cpu_seconds(operator.pid) - used, time.monotonic() - began
    made = passes(operator) - mark.passes
    writes = counted(request for request in scene.asked(mark) if request.writes)
    return Idle(resources, seconds, 100 * spent / seconds, made / seconds, scene.calls(mark), writes)


def _memory(sizes: Sequence[int], memory: Sequence[float]) -> Row:
    each = slope(sizes, memory)
    most = memory[-1] if sizes[-1] >= _THOUSAND else memory[-1] + (_THOUSAND - sizes[-1]) * each
    if sizes[-1] > _THOUSAND and _THOUSAND in sizes:
        most = memory[list(sizes).index(_THOUSAND)]
    how = "measured" if _THOUSAND in sizes else f"projected from {sizes[-2]} and {sizes[-1]}"
    return Row(
        "resident memory",
        (
            Figure("without resources", memory[0], "MB"),
            Figure(f"{sizes[-1]} settled", memory[-1], "MB"),
            Figure("1000 settled", most, "MB"),
            Figure("each further", each * 1000, "KB"),
        ),
        "of the process that created them",
        goals=(Goal("1000 settled", "≤", 150), Goal("each further", "≤", 20)),
        notes=(f"1000 settled is {how}; each further: between {sizes[-2]} and {sizes[-1]}",),
        details={"sizes": list(sizes), "megabytes": list(memory)},
    )


def _cpu(idle: Idle) -> Row:
    return Row(
        f"CPU at rest, {idle.resources} resources",
        (
            Figure("CPU", idle.cpu, "%"),
            Figure("passes", idle.passes, "/s"),
            Figure("writes", sum(idle.writes.values())),
        ),
        "of one core, user and system",
        goals=(Goal("CPU", "<", 2), Goal("writes", "≤", 0)),
        notes=(
            f"window {idle.window:.0f} s; calls: {idle.calls or 'none'}; Kubernetes writes: {idle.writes or 'none'}",
        ),
        details={"window_s": idle.window, "calls": idle.calls, "writes": idle.writes},
    )
