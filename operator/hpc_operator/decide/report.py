"""What a decision looks like in `.status`: pure, recomputable, one place for reason, message and conditions.

Nothing that moves by itself is written: no counters, no poll times. A quiet wait leaves the conditions as they are.
Imported by `reconcile.engine` only.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from hpc_operator.decide import exits, guards, wishes
from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.decide.differences import differences, plan, renamed
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.living import rivals
from hpc_operator.decide.naming import describe
from hpc_operator.domain.actions import Change, Create, Delete
from hpc_operator.domain.desired import ManagementPolicy, stored
from hpc_operator.domain.observed import Cluster
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import (
    LIFE,
    Condition,
    Memory,
    NodeCount,
    OperationAction,
    Plan,
    PlannedChange,
    Report,
    Resource,
)

_MESSAGE_LIMIT = 1024


def report(scene: Scene, decision: Decision) -> Report:
    """The recomputed part of the status after this decision."""
    resource = scene.resource
    line = scene.shown(resource.id) if resource.id else None
    kept = resource.status
    return Report(
        observed_generation=_observed(resource, decision),
        conditions=_conditions(scene, decision),
        selector=f"hpc.qingcloud.com/cluster={resource.ref.uid}",
        cluster_status=line.status if line else _text(kept, "cluster_status"),
        cluster_name=line.name if line else _text(kept, "cluster_name"),
        create_time=_stamp(line.created_at) if line and line.created_at else _text(kept, "create_time"),
        last_handled_reconcile_at=resource.orders.reconcile_at or _text(kept, "lastHandledReconcileAt"),
        plan=_plan(scene, line),
    )


def _plan(scene: Scene, line: Cluster | None) -> Plan | None:
    """With managementPolicy Plan, what Full would do."""
    resource = scene.resource
    if resource.desired.management_policy is not ManagementPolicy.PLAN or resource.deleting:
        return None
    if resource.id is None:
        name = resource.desired.free_name(resource.ref.name)
        return Plan((PlannedChange("", "nothing", name, "createCluster", interrupts=False),))
    return plan(scene, line) if line is not None else Plan()


def _observed(resource: Resource, decision: Decision) -> int:
    """Never ahead of the conditions: both are written in one patch."""
    quiet = isinstance(decision, Wait) and decision.quiet and decision.reason is not Reason.PAUSED
    if not quiet or not resource.conditions or resource.deleting:
        return resource.generation
    return max(each.observed_generation for each in resource.conditions)


def _stamp(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def remembered(scene: Scene, decision: Decision) -> Memory:
    """The memory after this decision: the job of a create whose answer was lost, and when it was first seen ready."""
    memory = scene.resource.memory
    log = scene.log
    if memory.strays and memory.hpc_cluster_id:
        left = rivals(scene, memory.hpc_cluster_id)
        memory = replace(memory, strays=tuple(stray for stray in memory.strays if stray in left))
    if memory.hpc_cluster_id and memory.job_id is None and log is not None:
        naming = [entry for entry in log.entries if memory.hpc_cluster_id in entry.cluster_ids]
        oldest = min(naming, key=lambda entry: entry.created_at or 0.0, default=None)
        memory = replace(memory, job_id=oldest.job_id if oldest else None)
    memory = replace(_waiting(scene, decision, memory), nodes=_wished(scene.resource))
    if memory.taken_over is not None and memory.taken_over != scene.resource.orders.take_over:
        memory = replace(memory, taken_over=None)  # the annotation is gone: written again, it is a new order
    if isinstance(decision, Settled) and memory.hpc_cluster_id:
        memory = replace(memory, stopped=decision.reason is Reason.STOPPED)
        return memory if memory.first_active_at is not None else replace(memory, first_active_at=scene.now)
    return memory


def _wished(resource: Resource) -> tuple[NodeCount, ...]:
    """What was counted, beside what the manifest says now: with `Plan`, or stopped, nothing is counted for long."""
    roles = resource.desired.conf.roles if resource.desired.conf else {}
    wishes = {name: wish.count for name, wish in roles.items() if wish.count is not None}
    return tuple(replace(each, desired=wishes.get(each.role, each.desired)) for each in resource.memory.nodes)


def _waiting(scene: Scene, decision: Decision, memory: Memory) -> Memory:
    """Since when a change waits for jobs; and that the cluster was renamed, before what it was called is forgotten."""
    if isinstance(decision, Wait) and decision.reason is Reason.WAITING_FOR_JOBS:
        since = stored(scene.now) if guards.clock_trusted(scene) else None
        return replace(memory, waiting_since=memory.waiting_since or since)
    line = scene.shown(memory.hpc_cluster_id) if memory.hpc_cluster_id else None
    if not isinstance(decision, Settled):
        over = memory.waiting_since is not None and line is not None and not _would_interrupt(scene, line)
        return replace(memory, waiting_since=None) if over else memory
    if line is not None and renamed(scene, line, describe(scene, line)):
        memory = replace(memory, described=None)
    return replace(memory, waiting_since=None)


def _would_interrupt(scene: Scene, line: Cluster) -> bool:
    """Whether a change is wished that jobs may hold back; while it cannot be told, what waited goes on waiting.

    Else the deadline of a wish that was taken back ends the jobs that the next one finds.
    """
    if line.status != "active":
        return True
    return any(each.interrupts and wishes.standing(scene, each) is None for each in differences(scene, line))


def _text(status: dict[str, object], name: str) -> str | None:
    value = status.get(name)
    return value if isinstance(value, str) else None


def _conditions(scene: Scene, decision: Decision) -> tuple[Condition, ...]:
    resource = scene.resource
    if isinstance(decision, Wait) and decision.quiet and resource.conditions and not resource.deleting:
        return _kept(scene, decision)
    reason, message = _words(decision)
    message = exits.told(scene, decision, reason, message)[:_MESSAGE_LIMIT]
    ready, reconciling, stalled = _stage(resource, decision)
    wished = {
        "Ready": (ready, reason, message),
        "Reconciling": (reconciling, reason if reconciling else "Done", message if reconciling else ""),
        "Stalled": (stalled, reason if stalled else "Progressing", message if stalled else ""),
        "Available": _available(scene),
    }
    return tuple(_condition(resource, scene.now, kind, said) for kind, said in wished.items())


def _kept(scene: Scene, decision: Wait) -> tuple[Condition, ...]:
    """As they stand. What a quiet wait keeps speaks of the spec that it was said of: an edit is not judged yet.

    A pause has judged it: it leaves Ready as it was, and says so; whether the cluster is up goes on being told.
    """
    resource = scene.resource
    if decision.reason is not Reason.PAUSED:
        return resource.conditions
    seen = tuple(replace(c, observed_generation=resource.generation) for c in resource.conditions)
    reason, message = decision.reason, decision.message
    told = (replace(c, reason=reason, message=message) if c.type == "Ready" else c for c in seen)
    up = _available(scene)
    return tuple(_condition(resource, scene.now, c.type, up) if c.type == "Available" else c for c in told)


def _words(decision: Decision) -> tuple[Reason, str]:
    match decision:
        case Settled(reason, message) | Blocked(reason, message) | Wait(reason=reason, message=message):
            return reason, message[:_MESSAGE_LIMIT]
        case Act(action=Create()):
            return Reason.CREATING, "The cluster is being created."
        case Act(action=Delete()):
            return Reason.DELETING, "The cluster is being deleted."
        case Act(action=Change()):
            return Reason.CHANGING, "The cluster is being changed."
        case Act():
            return Reason.WORKING, "Work is under way."
        case _:
            assert_never(decision)


def _stage(resource: Resource, decision: Decision) -> tuple[bool, bool, bool]:
    """(Ready, Reconciling, Stalled). Deleting wins over all others."""
    if resource.deleting:
        return False, True, False
    match decision:
        case Settled():
            return True, False, False
        case Blocked():
            return False, False, True
        case Act() | Wait():
            return False, True, False
        case _:
            assert_never(decision)


def _available(scene: Scene) -> tuple[bool, str, str]:
    """Active and reachable, whatever is under way; as the newest look that speaks for it says."""
    resource = scene.resource
    line = scene.shown(resource.id) if resource.id else None
    before = next((c for c in resource.conditions if c.type == "Available"), None)
    if line is not None and before is not None and _in_hand(resource, line):
        return before.status == "True", before.reason, before.message
    if line is not None:
        up = line.status == "active" and resource.memory.hpc_cluster_id is not None
        status = "".join(part.capitalize() for part in (line.status or "unknown").split("_"))
        return up, status if status.isalnum() and status.isascii() else "Unknown", ""
    if before is not None and scene.newest is None:
        return before.status == "True", before.reason, before.message
    return False, "NotShown", ""


def _in_hand(resource: Resource, line: Cluster) -> bool:
    """A change of ours runs, and the service calls the cluster busy: what could be reached still can."""
    operation = resource.memory.operation
    changes = operation is not None and operation.action not in (*LIFE, OperationAction.START, OperationAction.STOP)
    return changes and line.status not in ("active", "stopped", "suspended", "abnormal", "deleting")


def _condition(resource: Resource, now: float, kind: str, said: tuple[bool, str, str]) -> Condition:
    status, reason, message = said
    text = "True" if status else "False"
    before = next((c for c in resource.conditions if c.type == kind), None)
    flipped = before is None or before.status != text
    changed = now if before is None or flipped else before.changed
    return Condition(kind, text, reason, message, resource.generation, changed)
