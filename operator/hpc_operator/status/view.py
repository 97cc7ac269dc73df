"""A raw HpcCluster as `status` shows it: everything optional, nothing believed about its shape.

Imported by this room only. The operator's own parsing (`kube.codec`) is strict on purpose and knows one version;
whoever looks may have an older program than the operator that wrote. So an unknown field is not seen, a field of
another shape is not there, and nothing here ever raises. Pure; what follows from it is in `judging`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hpc_operator.domain.desired import Instant
from hpc_operator.kube import names
from hpc_operator.status.loose import Raw, number, object_, objects, said, text, texts, time

ROLES = ("login", "controller", "compute")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `since` None: not told."""

    status: str
    reason: str
    message: str
    since: Instant | None


@dataclass(frozen=True, slots=True)
class Operation:
    """The open operation: which call, on what, since when."""

    action: str
    started_at: Instant | None
    attempt: int | None = None
    role: str | None = None
    count: int | None = None
    cpu: int | None = None
    memory: int | None = None
    nodes: tuple[str, ...] = ()
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes of one role; `memory` in MiB. None: not told."""

    role: str
    desired: int | None
    active: int | None
    present: int | None
    cpu: int | None
    memory: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One difference that a plan lists."""

    field: str
    before: str
    after: str
    call: str
    interrupts: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """One wish that the service refused."""

    field: str
    wish: str
    code: int | None
    message: str


@dataclass(frozen=True, slots=True)
class View:
    """What one resource says about itself. `seen`: what it says is about the spec as it stands now."""

    namespace: str
    name: str
    uid: str
    cluster_type: str | None
    policy: str
    orders: tuple[tuple[str, str], ...]
    created_at: Instant | None
    deleting_since: Instant | None
    finalizers: tuple[str, ...]
    seen: bool
    conditions: Mapping[str, Condition]
    cluster_id: str | None
    job_id: str | None
    cluster_status: str | None
    cluster_name: str | None
    operation: Operation | None
    nodes: tuple[Nodes, ...]
    endpoints: tuple[str, ...]
    changes: tuple[Change, ...]
    unknown: tuple[str, ...]
    refused: tuple[Refusal, ...]
    waiting_since: Instant | None

    @property
    def ready(self) -> Condition | None:
        """The condition that says how it stands."""
        return self.conditions.get("Ready")

    @property
    def paused(self) -> bool:
        """Whether a person has paused it."""
        return dict(self.orders).get("paused", "").lower() not in ("", "false")

    def __str__(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


def view(raw: Raw) -> View:
    """The resource as far as it can be read."""
    meta, spec, status = object_(raw, "metadata"), object_(raw, "spec"), object_(raw, "status")
    generation, observed = number(meta, "generation"), number(status, "observedGeneration")
    plan = object_(status, "plan")
    return View(
        namespace=text(meta, "namespace") or "",
        name=text(meta, "name") or "",
        uid=text(meta, "uid") or "",
        cluster_type=text(spec, "cluster_type"),
        policy=text(spec, "managementPolicy") or "Full",
        orders=_orders(object_(meta, "annotations")),
        created_at=time(meta, "creationTimestamp"),
        deleting_since=time(meta, "deletionTimestamp"),
        finalizers=texts(meta, "finalizers"),
        seen=observed is not None and observed >= (generation or 0) >= 0,
        conditions={text(each, "type") or "": _condition(each) for each in objects(status, "conditions")},
        cluster_id=text(status, "hpc_cluster_id"),
        job_id=text(status, "job_id"),
        cluster_status=text(status, "cluster_status"),
        cluster_name=text(status, "cluster_name"),
        operation=_operation(object_(status, "operation")),
        nodes=_nodes(spec, object_(status, "nodes")),
        endpoints=texts(status, "endpoints"),
        changes=tuple(_change(each) for each in objects(plan, "changes")),
        unknown=texts(plan, "unknown"),
        refused=tuple(_refusal(each) for each in objects(status, "refused")),
        waiting_since=time(status, "waitingSince"),
    )


def _orders(annotations: Raw) -> tuple[tuple[str, str], ...]:
    """What people ask by annotation; the record is the operator's and long."""
    asked = [name for name in names.ANNOTATIONS if name != names.ANNOTATION_RECORD]
    values = ((name.removeprefix(f"{names.GROUP}/"), text(annotations, name)) for name in asked)
    return tuple((name, value) for name, value in values if value)


def _condition(each: Raw) -> Condition:
    return Condition(
        text(each, "status") or "Unknown",
        text(each, "reason") or "",
        text(each, "message") or "",
        time(each, "lastTransitionTime"),
    )


def _operation(found: Raw) -> Operation | None:
    action = text(found, "action")
    if action is None:
        return None
    return Operation(
        action,
        time(found, "startedAt"),
        number(found, "attempt"),
        text(found, "role"),
        number(found, "count"),
        number(found, "cpu"),
        number(found, "memory"),
        texts(found, "nodes"),
        text(found, "jobId"),
    )


def _nodes(spec: Raw, counted: Raw) -> tuple[Nodes, ...]:
    """By role; before they were counted, what the manifest wishes."""
    cluster = object_(object_(spec, "cluster_conf"), "cluster")
    found = []
    for role in ROLES:
        wish, there = object_(cluster, role), object_(counted, role)
        if wish or there:
            desired = number(there, "desired") if there else number(wish, "count") or 1
            cpu, memory = (_either(there, wish, name) for name in ("cpu", "memory"))
            found.append(Nodes(role, desired, number(there, "active"), number(there, "present"), cpu, memory))
    return tuple(found)


def _either(first: Raw, second: Raw, name: str) -> int | None:
    found = number(first, name)
    return number(second, name) if found is None else found


def _change(each: Raw) -> Change:
    field, before, after, call = (said(each.get(name)) for name in ("field", "from", "to", "call"))
    return Change(field, before, after, call, each.get("interrupts") is True)


def _refusal(each: Raw) -> Refusal:
    code = number(each, "code")
    return Refusal(said(each.get("field")), said(each.get("wish")), code, said(each.get("message")))
