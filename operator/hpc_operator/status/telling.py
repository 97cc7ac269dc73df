"""The answer of `status` as a table and as JSON, and its exit code; the screen of one resource is in `screen`. Pure.

The JSON is for scripts: fields are added, never renamed, and `version` is raised when a meaning changes. Colour is laid
over whole words; whoever writes to something that is no terminal takes it off again (click does).
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from hpc_operator.domain.desired import Instant
from hpc_operator.kube.instants import write_time
from hpc_operator.status.judging import Judged, Stage, judge
from hpc_operator.status.reading import Seen
from hpc_operator.status.view import Operation, View

VERSION = 1
Paint = Callable[[str, Stage], str]
_HEAD = ("NAMESPACE", "NAME", "STAGE", "REASON", "FOR", "CLUSTER", "STATUS", "NODES", "TO DO")
_SHORT = 80


@dataclass(frozen=True, slots=True)
class Told:
    """What was read, judged at `now`; in the table things that need a person come first."""

    judged: tuple[Judged, ...]
    seen: Seen
    now: Instant


def tell(seen: Seen, now: Instant) -> Told:
    """Judge everything that was read."""
    judged = sorted((judge(each, now) for each in seen.views), key=lambda each: each.rank)
    return Told(tuple(judged), seen, now)


def exit_code(told: Told) -> int:
    """0: nobody has to do anything; 1: a person must; 2: it could not be read."""
    return 2 if told.seen.problem else int(any(each.needs_person for each in told.judged))


def as_table(told: Told, paint: Paint) -> str:
    """One row each."""
    if not told.judged:
        where = told.seen.namespace
        return f"No HpcClusters in namespace {where}." if where else "No HpcClusters in any namespace."
    rows = [_row(each, told.now) for each in told.judged]
    widths = [max(len(row[column]) for row in [_HEAD, *rows]) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(_HEAD, widths, strict=True)).rstrip()]
    for each, row in zip(told.judged, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        cells[2] = paint(cells[2], each.stage)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _row(each: Judged, now: Instant) -> tuple[str, ...]:
    view, ready = each.view, each.view.ready
    active = [n.active for n in view.nodes]
    wished = sum(n.desired or 0 for n in view.nodes)
    nodes = f"{sum(n or 0 for n in active)}/{wished}" if any(n is not None for n in active) else f"-/{wished}"
    return (
        view.namespace,
        view.name,
        each.stage.value,
        ready.reason if ready else "-",
        since(_changed(view), now) or "-",
        view.cluster_id or "-",
        view.cluster_status or "-",
        nodes if view.nodes else "-",
        _todo(each),
    )


def _todo(each: Judged) -> str:
    """Only what must be done; what may be done is for the screen."""
    if not each.needs_person:
        return "-"
    view = each.view
    return each.todo if len(each.todo) <= _SHORT else f"see: hpc-operator status {view.name} -n {view.namespace}"


def _changed(view: View) -> Instant | None:
    if view.deleting_since is not None:
        return view.deleting_since
    return view.waiting_since or (view.ready.since if view.ready else view.created_at)


def since(at: Instant | None, now: Instant) -> str:
    """How long ago, in two units at most: `3m12s`, `2h5m`, `4d3h`; nothing where it is not known."""
    if at is None:
        return ""
    seconds = max(0, int(now - at))
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1)):
        if seconds >= size:
            rest = seconds % size // part
            return f"{seconds // size}{unit}" + (f"{rest}{smaller}" if rest else "")
    return f"{seconds}s"


def stamp(at: Instant | None) -> str | None:
    """RFC 3339 in whole seconds."""
    return None if at is None else write_time(math.floor(at)).replace(".000Z", "Z")


def as_json(told: Told) -> str:
    """Everything, in one object."""
    whole: dict[str, Any] = {
        "version": VERSION,
        "complete": not told.seen.problem,
        "resources": [_resource(each, told) for each in told.judged],
        "problems": [each for each in (told.seen.problem, told.seen.events_problem) if each],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _resource(each: Judged, told: Told) -> dict[str, Any]:
    view = each.view
    return {
        "namespace": view.namespace,
        "name": view.name,
        "stage": each.stage.value,
        "needs_person": each.needs_person,
        "waits_for": each.waits or None,
        "advice": each.todo,
        "cluster_type": view.cluster_type,
        "managementPolicy": view.policy,
        "orders": dict(view.orders),
        "seen": view.seen,
        "conditions": {kind: _timed(asdict(found), "since") for kind, found in view.conditions.items()},
        "hpc_cluster_id": view.cluster_id,
        "job_id": view.job_id,
        "cluster_status": view.cluster_status,
        "cluster_name": view.cluster_name,
        "operation": _open(view.operation, told.now),
        "nodes": {found.role: _without(asdict(found), "role") for found in view.nodes},
        "endpoints": list(view.endpoints),
        "plan": {"changes": [asdict(change) for change in view.changes], "unknown": list(view.unknown)},
        "refused": [asdict(refusal) for refusal in view.refused],
        "waiting_since": stamp(view.waiting_since),
        "deletion": _leaving(view),
        "events": [_timed(asdict(event), "at") for event in told.seen.events],
    }


def _open(found: Operation | None, now: Instant) -> dict[str, Any] | None:
    if found is None:
        return None
    seconds = None if found.started_at is None else max(0, round(now - found.started_at))
    return {**_timed(asdict(found), "started_at"), "open_seconds": seconds}


def _leaving(view: View) -> dict[str, Any] | None:
    if view.deleting_since is None:
        return None
    return {"since": stamp(view.deleting_since), "finalizers": list(view.finalizers)}


def _timed(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {**fields, name: stamp(fields[name])}


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}
