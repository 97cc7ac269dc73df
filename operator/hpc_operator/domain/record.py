"""What the operator remembers about a resource: two memories, each rebuilt from the other.

`Record` lives in the annotation `hpc.qingcloud.com/record`, `Memory` in `.status`. Everybody may import this
module; nothing here knows how either is written.
"""

import json
from dataclasses import dataclass
from enum import StrEnum

from hpc_operator.domain.desired import Desired, Instant, Orders, Power, Ref


class Origin(StrEnum):
    """How the cluster came to this resource; decides what an absent deletionPolicy means."""

    CREATED = "Created"
    ADOPTED = "Adopted"


class OperationAction(StrEnum):
    """The calls that need an intent before them."""

    CREATE = "Create"
    DELETE = "Delete"
    ADD_NODES = "AddNodes"
    DELETE_NODES = "DeleteNodes"
    RESIZE = "Resize"
    START = "Start"
    STOP = "Stop"


LIFE = (OperationAction.CREATE, OperationAction.DELETE)
"""The calls that begin and end a cluster; all others change it."""


def field_of(action: OperationAction, role: str | None) -> str:
    """The field of the spec that a change carries out; of a resize the role, since cpu and memory go together."""
    if action in (OperationAction.START, OperationAction.STOP):
        return "power"
    counts = action in (OperationAction.ADD_NODES, OperationAction.DELETE_NODES)
    return f"cluster_conf.cluster.{role}" + (".count" if counts else "")


def size(cpu: int | None, memory: int | None) -> str:
    """A node's size as people read it."""
    return f"{cpu} cores, {memory} MiB"


class Outcome(StrEnum):
    """How an operation was closed."""

    ACCEPTED = "Accepted"
    REFUSED = "Refused"
    NOT_SENT = "NotSent"
    VOID = "Void"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Account:
    """Where a resource's cluster lives. Written with the intent; it rules from then on."""

    endpoint: str
    zone: str
    owner: str


@dataclass(frozen=True, slots=True)
class Record:
    """The annotation: mark stem (without attempt), account, origin, and the id once it is known.

    `key` is the fingerprint of the access key when it was written: what a doubt without an intent is judged by.
    """

    mark: str
    account: Account
    origin: Origin
    id: str | None = None
    nonce: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """`status.operation`: an open operation. `key` is the fingerprint of the access key that sends it.

    Of a change: `role`; `count` nodes to add, beside `nodes` (AddNodes), or to be left when `nodes` went (DeleteNodes);
    `cpu` and `memory` wished. `ended_at`: no earlier than the end of its job. `attempt` is its cluster's mark's then.
    """

    action: OperationAction
    mark: str
    attempt: int
    started_at: Instant
    nonce: str
    account: Account
    key: str
    generation: int
    log_from: Instant | None = None
    job_id: str | None = None
    gone: bool = False
    reconcile_at: str | None = None
    role: str | None = None
    count: int | None = None
    nodes: tuple[str, ...] = ()
    cpu: int | None = None
    memory: int | None = None
    ended_at: Instant | None = None

    @property
    def field(self) -> str:
        """The field of the spec that asks for it."""
        return field_of(self.action, self.role)

    @property
    def wish(self) -> str:
        """What that field says, as people read it."""
        match self.action:
            case OperationAction.ADD_NODES:
                return str(len(self.nodes) + (self.count or 0))
            case OperationAction.DELETE_NODES:
                return str(self.count)
            case OperationAction.RESIZE:
                return size(self.cpu, self.memory)
            case OperationAction.START:
                return Power.RUNNING.value
            case OperationAction.STOP:
                return Power.STOPPED.value
            case OperationAction.CREATE | OperationAction.DELETE:
                return ""

    @property
    def full_mark(self) -> str:
        """`<stem>-<attempt>`, as it stands in the names that were sent."""
        return f"{self.mark}-{self.attempt}"

    @property
    def answered(self) -> bool:
        """Whether a deleteCluster was answered: with a job, or with *not found*."""
        return self.job_id is not None or self.gone


@dataclass(frozen=True, slots=True)
class Closed:
    """`status.lastOperation`: how the newest operation ended. `code` is the API's ret_code where it refused."""

    action: OperationAction
    attempt: int
    outcome: Outcome
    at: Instant
    generation: int
    code: int | None = None
    message: str = ""
    failures: int = 0
    reconcile_at: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedWish:
    """`status.refused`: a change that was refused or failed, by the field that asks for it and the value wished.

    It is not tried again for the same wish while the refusal is final; other wishes go on. `code` is the API's
    ret_code, None where the job failed, 0 where nothing was sent. `failures` in a row make the wait.
    """

    field: str
    wish: str
    at: Instant
    generation: int
    code: int | None = None
    message: str = ""
    failures: int = 1
    reconcile_at: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One line of `status.plan.changes`: what would be called, and whether it interrupts service."""

    field: str
    was: str
    wish: str
    call: str
    interrupts: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """`status.plan`. `unknown`: fields of the spec that no answer carries."""

    changes: tuple[PlannedChange, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition as it stands; `changed` is lastTransitionTime."""

    type: str
    status: str
    reason: str
    message: str
    observed_generation: int
    changed: Instant


@dataclass(frozen=True, slots=True)
class NodeCount:
    """Nodes of one role when the list was last read: wished, up, and there to stay (`present`).

    `cpu` cores and `memory` MiB of each node; 0 where they are not all alike, None where the answer left it out.
    """

    role: str
    desired: int
    active: int
    present: int | None = None
    cpu: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The part of `.status` that is recomputed every pass and never remembered."""

    observed_generation: int
    conditions: tuple[Condition, ...]
    selector: str
    cluster_status: str | None = None
    cluster_name: str | None = None
    create_time: str | None = None
    last_handled_reconcile_at: str | None = None
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What `.status` remembers and only it can: everything else there is recomputed.

    `recorded_at`: from this time + window on, a look can prove absence (a create's startedAt, or when an id was taken).
    `strays`: clusters answered to this resource beside `hpc_cluster_id`; a person must choose (`DuplicateClusters`).
    `described`: digest of the name and description last written; `described_at` when. `waiting_since`: since when a
    change waits for jobs. `stopped`: it was stopped as the manifest said; `restarted`: the wish (generation and
    reconcile-at) for which it was started again after a stop from outside. `connection`: digest of what stands in the
    connection Secret. `taken_over`: the id for which `take-over` was carried out, while the annotation still stands.
    `newer`: a newer version wrote it; then only `hpc_cluster_id` and `job_id` are read, so that nobody else takes them.
    """

    mark: str | None = None
    account: Account | None = None
    origin: Origin | None = None
    hpc_cluster_id: str | None = None
    job_id: str | None = None
    strays: tuple[str, ...] = ()
    recorded_at: Instant | None = None
    first_active_at: Instant | None = None
    described: str | None = None
    described_at: Instant | None = None
    nodes: tuple[NodeCount, ...] = ()
    endpoints: tuple[str, ...] = ()
    operation: Intent | None = None
    last_operation: Closed | None = None
    refused: tuple[RefusedWish, ...] = ()
    waiting_since: Instant | None = None
    stopped: bool = False
    restarted: str | None = None
    connection: str | None = None
    taken_over: str | None = None
    newer: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing here tells what was done: a fresh, wiped or restored status."""
        return self.operation is None and self.hpc_cluster_id is None and self.last_operation is None


@dataclass(frozen=True, slots=True)
class Resource:
    """One HpcCluster as last read. `problem` is a spec or memory that cannot be parsed: nothing may be done with it.

    `spec_newer`: the problem is a field or a word of the spec that the CRD knows and this version does not.
    `stored` is the whole `.status` as canonical JSON: what a write is compared with. As a dictionary it would be most
    of what a settled resource takes of memory.
    """

    ref: Ref
    resource_version: str
    generation: int
    created_at: Instant
    deleting_since: Instant | None
    finalizer: bool
    desired: Desired
    orders: Orders
    record: Record | None
    memory: Memory
    conditions: tuple[Condition, ...] = ()
    stored: str = "{}"
    problem: str | None = None
    spec_newer: bool = False
    other_finalizers: tuple[str, ...] = ()

    @property
    def status(self) -> dict[str, object]:
        """The whole `.status`, read anew from `stored` at each use."""
        found: dict[str, object] = json.loads(self.stored)
        return found

    @property
    def newer(self) -> bool:
        """Whether a part of it is of a newer version: nothing is done with it, and nothing said but that."""
        return self.memory.newer or self.spec_newer

    @property
    def deleting(self) -> bool:
        """Whether a person (or a garbage collector) has asked for its deletion."""
        return self.deleting_since is not None

    @property
    def asks_again(self) -> bool:
        """Whether `reconcile-at` asks for a new attempt that the last one did not answer."""
        wanted = self.orders.reconcile_at
        last = self.memory.last_operation
        return wanted is not None and last is not None and wanted != last.reconcile_at

    @property
    def asks_to_look(self) -> bool:
        """Whether `reconcile-at` asks for a look that was not acknowledged yet."""
        wanted = self.orders.reconcile_at
        return wanted is not None and self.status.get("lastHandledReconcileAt") != wanted

    @property
    def id(self) -> str | None:
        """The cluster's id from whichever memory has it."""
        return self.memory.hpc_cluster_id or (self.record.id if self.record else None)

    @property
    def account(self) -> Account | None:
        """The recorded account: an open operation's rules, then the memories'."""
        if self.memory.operation is not None:
            return self.memory.operation.account
        return self.memory.account or (self.record.account if self.record else None)
