"""Many creations in one apply, against the bare floor that does the same writes and decides nothing.

Operator and floor take turns (A B A B …), each in a fresh scene after a warm-up, so that both meet the same machine;
what counts is the median of the ratios of neighbours. The counts are exact and come from the last turn.
"""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stage.operators import Operator

from benchmarks import floor, machine, peer
from benchmarks.audit import counted
from benchmarks.figures import median_ratio
from benchmarks.load import apply, has_id, is_reported, names
from benchmarks.row import Figure, Goal, Row
from benchmarks.stage import AGENT, Ground, Scene, passes, quiet
from local_control_plane import Program

_WARM = 5
_ID = {"id": has_id}
_STAGES = {**_ID, "reported": is_reported}


@dataclass(frozen=True, slots=True)
class Turn:
    """One apply: seconds until all ids were in status, what it took by name, effects, and passes of the operator."""

    seconds: float
    loading: float
    calls: Mapping[str, int]
    requests: Mapping[str, int]
    created: int
    passes: int
    cpu: float
    """Milliseconds of CPU time for each creation, of the program; `server`: of kube-apiserver."""
    server: float


def measure(ground: Ground) -> list[Row]:
    """Three rows: the ratios to the floor and to the peer, and the counts."""
    mine, least, others = [], [], []
    for _ in range(ground.size.repetitions):
        mine.append(_operator(ground))
        least.append(_floor(ground))
        others.append(_peer(ground))
    return [_ratio(ground, mine, least), _counts(ground, mine[-1]), _to_the_peer(ground, mine, others)]


def _operator(ground: Ground) -> Turn:
    with ground.scene("burst") as scene:
        operator = scene.operator()
        apply(
            scene.kube, names("first", 1), _STAGES, operator.program
        )  # until one has shown its mark, creates go one at a time
        apply(scene.kube, names("warm", _WARM), _STAGES, operator.program)
        quiet(operator)
        return _turn(scene, ground.size.burst, AGENT, operator.program, operator)


def _floor(ground: Ground) -> Turn:
    with ground.scene("floor") as scene:
        program = scene.program(floor.__name__, floor.READY)
        apply(scene.kube, names("warm", 1 + _WARM), _STAGES, program)
        return _turn(scene, ground.size.burst, floor.AGENT, program)


def _peer(ground: Ground) -> Turn:
    with ground.scene("peer") as scene:
        program = scene.program(peer.__name__, peer.READY)
        apply(scene.kube, names("warm", 1 + _WARM), _ID, program)
        return _turn(scene, ground.size.burst, peer.AGENT, program)


def _turn(scene: Scene, number: int, agent: str, program: Program, operator: Operator | None = None) -> Turn:
    mark, before = scene.mark(operator), scene.cloud.count("createCluster")[1]
    used = {pid: machine.cpu_seconds(pid) for pid in (program.pid, scene.kube.server.pids["kube-apiserver"])}
    told = apply(scene.kube, names("burst", number), _ID if agent == peer.AGENT else _STAGES, program)
    made = passes(operator) - mark.passes if operator else 0
    spent = [1000 * (machine.cpu_seconds(pid) - before) / number for pid, before in used.items()]
    asked = [request for request in scene.asked(mark, agent) if request.kind != "leases"]
    created = scene.cloud.count("createCluster")[1] - before
    return Turn(told.until("id"), told.loading, scene.calls(mark), counted(asked), created, made, *spent)


def _ratio(ground: Ground, mine: list[Turn], least: list[Turn]) -> Row:
    number = ground.size.burst
    times, floors = [turn.seconds for turn in mine], [turn.seconds for turn in least]
    return Row(
        f"{number} creations in one apply, to the floor",
        (Figure("ratio", median_ratio(times, floors), "×"),),
        "seconds until all ids are in status, operator to bare floor, median of interleaved turns",
        goals=(Goal("ratio", "≤", 2),),
        notes=(
            f"operator {_seconds(times)}, floor {_seconds(floors)}; the POSTs of the apply took "
            f"{_seconds([turn.loading for turn in mine])} and {_seconds([turn.loading for turn in least])}",
            f"CPU time for each creation, ms: operator {_median(turn.cpu for turn in mine)}, floor "
            f"{_median(turn.cpu for turn in least)}; the API server for them {_median(turn.server for turn in mine)} "
            f"and {_median(turn.server for turn in least)}",
            f"the floor's requests: {_listed(least[-1].requests)}; calls: {_listed(least[-1].calls)}",
        ),
        details={"operator_s": times, "floor_s": floors},
    )


def _to_the_peer(ground: Ground, mine: list[Turn], others: list[Turn]) -> Row:
    number = ground.size.burst
    times, theirs = [turn.seconds for turn in mine], [turn.seconds for turn in others]
    return Row(
        f"{number} creations in one apply, to a peer's way",
        (Figure("ratio", median_ratio(times, theirs), "×"), Figure("duplicates", others[-1].created - number)),
        "seconds until all ids are in status, ours to those of a tutorial Kopf operator; its duplicates",
        goals=(Goal("ratio", "<", 1),),
        notes=(
            f"ours {_seconds(times)}, the peer {_seconds(theirs)}",
            f"CPU time for each creation, ms: ours {_median(turn.cpu for turn in mine)}, the peer "
            f"{_median(turn.cpu for turn in others)}; the API server for them {_median(turn.server for turn in mine)} "
            f"and {_median(turn.server for turn in others)}",
            f"the peer's requests: {_listed(others[-1].requests)}; calls: {_listed(others[-1].calls)}",
        ),
        details={"ours_s": times, "peer_s": theirs},
    )


def _counts(ground: Ground, turn: Turn) -> Row:
    number = ground.size.burst
    writes = sum(n for what, n in turn.requests.items() if not what.startswith(("get", "list")))
    return Row(
        f"{number} creations in one apply, counted",
        (
            Figure("duplicates", turn.created - number),
            Figure("API calls each", sum(turn.calls.values()) / number),
            Figure("Kubernetes writes each", writes / number),
            Figure("passes each", turn.passes / number),
        ),
        "clusters beyond one for each resource, and what one creation takes until its first report",
        goals=(Goal("duplicates", "≤", 0),),
        notes=(f"calls: {_listed(turn.calls)}", f"requests: {_listed(turn.requests)}", f"passes: {turn.passes}"),
        details={"calls": turn.calls, "requests": turn.requests, "passes": turn.passes},
    )


def _median(values: Iterable[float]) -> str:
    return f"{statistics.median(values):.0f}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{what} {number}" for what, number in counts.items())


def _seconds(times: list[float]) -> str:
    return " / ".join(f"{each:.1f}" for each in times) + " s"
