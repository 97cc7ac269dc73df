"""The shape of `.status` and of the record annotation: what is read is checked against it, the CRD is made from it.

`kube.memory_read`, `kube.codec` and `kube.crd` import it. Reading and writing live there; the spec lives in `schema`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hpc_operator.kube import names

ROLES = ("login", "controller", "compute")
_Role = Literal["login", "controller", "compute"]
_Action = Literal["Create", "Delete", "AddNodes", "DeleteNodes", "Resize", "Start", "Stop"]
_Id = Annotated[str, Field(pattern=names.ID_PATTERN)]
_Short = Annotated[str, Field(max_length=names.TEXT_LIMIT)]


class Strict(BaseModel):
    """Nothing is converted, and nothing unknown is let through."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Loose(BaseModel):
    """Nothing is converted; a field that a newer CRD added is nobody's business here."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


def operator(text: str, default: Any = None, **rest: Any) -> Any:  # noqa: ANN401 - as pydantic types Field
    """A field of Kubernetes or of this operator; `...` as default makes it required."""
    return Field(default, description=f"Operator: {text}", **rest)


def api(text: str, default: Any = None, **rest: Any) -> Any:  # noqa: ANN401 - as pydantic types Field
    """A field that bears the HPC API's own name and meaning."""
    return Field(default, description=f"HPC API: {text}", **rest)


def _time(text: str, default: Any = None, **rest: Any) -> Any:  # noqa: ANN401 - as pydantic types Field
    return operator(f"{text}; UTC with milliseconds.", default, pattern=names.TIME_PATTERN, **rest)


class AccountFields(Strict):
    """Where a cluster lives."""

    endpoint: str = operator("entry point of the HPC API.", ..., max_length=255, pattern=names.ENDPOINT_PATTERN)
    zone: str = operator("zone of the account that the calls go to.", ..., pattern=names.ZONE_PATTERN)
    owner: str = operator("owner (`usr-…`) that the calls name.", ..., pattern=names.OWNER_PATTERN)


class RecordFields(Strict):
    """The annotation `hpc.qingcloud.com/record`."""

    version: Literal[1]
    mark: str = Field(pattern=names.MARK_PATTERN)
    account: AccountFields
    origin: Literal["Created", "Adopted"]
    id: str | None = Field(None, pattern=names.ID_PATTERN)
    nonce: str = Field("", pattern=names.TOKEN_PATTERN)
    key: str = Field("", pattern=names.TOKEN_PATTERN)


class OperationFields(Strict):
    """An open operation: written before the call, closed after it."""

    version: int = operator("version of this memory's shape; a higher one is left alone.", ..., ge=1, le=1000)
    action: _Action = operator("the call that this intent stands before.", ...)
    mark: str = operator("stem of the mark that the cluster's names carry.", ..., pattern=names.MARK_PATTERN)
    attempt: int = operator("number of the attempt; the mark in the names is `<mark>-<attempt>`.", ..., ge=0, le=999999)
    started_at: str = _time("when the intent was taken by the operator's clock", ..., alias="startedAt")
    nonce: str = operator("makes every intent a different write.", ..., pattern=names.TOKEN_PATTERN)
    account: AccountFields = operator("the account that the call goes to; it rules from then on.", ...)
    key: str = operator("fingerprint of the access key that sends.", ..., pattern=names.TOKEN_PATTERN)
    generation: int = operator("generation of the spec that was acted on.", ..., ge=0)
    log_from: str | None = _time("earliest time at which the operation log may show this call", alias="logFrom")
    job_id: str | None = operator("job that the call was answered with.", alias="jobId", pattern=names.ID_PATTERN)
    gone: bool = operator("deleteCluster was answered with: not found.", False)
    reconcile_at: str | None = operator(
        "the reconcile-at annotation that this attempt answers.", alias="reconcileAt", max_length=names.TEXT_LIMIT
    )
    role: _Role | None = operator("role of the nodes that it changes.")
    count: int | None = operator("nodes to add.", ge=1, le=1000)
    nodes: list[_Id] = operator(
        "nodes that were there before some are added, or those that are to go.", [], max_length=names.NODES_LIMIT
    )
    cpu: int | None = operator("CPU cores that each node of the role is to have.", ge=1)
    memory: int | None = operator("MiB of memory that each node of the role is to have.", ge=1)
    ended_at: str | None = _time("no earlier than the end of its job", alias="endedAt")


class ClosedFields(Loose):
    """How the newest operation ended."""

    action: _Action = operator("which call.", ...)
    attempt: int = operator("number of the attempt.", ..., ge=0, le=999999)
    outcome: Literal["Accepted", "Refused", "NotSent", "Void", "Failed"] = operator("how it ended.", ...)
    at: str = _time("when it was closed", ...)
    generation: int = operator("generation of the spec that was acted on.", ..., ge=0)
    code: int | None = operator("the API's ret_code where it refused.")
    message: str = operator("the API's words, for people only.", "", max_length=names.MESSAGE_LIMIT)
    failures: int = operator("refusals in a row; the wait before the next attempt grows with them.", 0, ge=0)
    reconcile_at: str | None = operator(
        "the reconcile-at annotation that this attempt answered.", alias="reconcileAt", max_length=names.TEXT_LIMIT
    )


class NodeFields(Loose):
    """Nodes of one role."""

    desired: int = operator("nodes wished.", ..., ge=0)
    active: int = operator("nodes found active when the node list was last read.", ..., ge=0)
    present: int | None = operator("nodes found that are not being deleted, active or not.", ge=0)
    cpu: int | None = operator("CPU cores of each; 0 where they are not all alike.", ge=0)
    memory: int | None = operator("MiB of memory of each; 0 where they are not all alike.", ge=0)


class NodesFields(Loose):
    """Nodes by role."""

    login: NodeFields | None = operator("login nodes.")
    controller: NodeFields | None = operator("controller nodes.")
    compute: NodeFields | None = operator("compute nodes.")


class RefusedFields(Loose):
    """A change that was refused or failed; it is not tried again for the same wish."""

    field: str = operator("field of the spec that asks for it.", ..., max_length=names.TEXT_LIMIT)
    wish: str = operator("the value wished.", ..., max_length=names.WISH_LIMIT)
    at: str = _time("when it was refused", ...)
    generation: int = operator("generation of the spec that was acted on.", ..., ge=0)
    code: int | None = operator("the API's ret_code; left out where the job failed.")
    message: str = operator("the API's words, for people only.", "", max_length=names.MESSAGE_LIMIT)
    failures: int = operator("refusals in a row; the wait before the next attempt grows with them.", 1, ge=1)
    reconcile_at: str | None = operator(
        "the reconcile-at annotation that it answered.", alias="reconcileAt", max_length=names.TEXT_LIMIT
    )


class RememberedFields(Loose):
    """The part of `.status` that only it knows: unreadable, nothing may be done."""

    hpc_cluster_id: str | None = api("the cluster's id, as createCluster answered it.", pattern=names.ID_PATTERN)
    job_id: str | None = api("the newest operation's job, as it was answered.", pattern=names.ID_PATTERN)
    account: AccountFields | None = operator("where the create was sent; it rules from then on.")
    mark: str | None = operator("stem of the mark that the cluster's names carry.", pattern=names.MARK_PATTERN)
    origin: Literal["Created", "Adopted"] | None = operator(
        "how the cluster came to this resource; decides what an absent deletionPolicy means."
    )
    strays: list[str] = operator(
        "clusters that were answered to this resource beside hpc_cluster_id; a person must choose.",
        [],
        max_length=names.LIST_LIMIT,
    )
    recorded_at: str | None = _time(
        "from this time and the visibility window on, a look can prove absence", alias="recordedAt"
    )
    first_active_at: str | None = _time("when the cluster was first seen active", alias="firstActiveAt")
    described: str | None = operator(
        "digest of the name and description that were last written to the cluster.", pattern=names.TOKEN_PATTERN
    )
    described_at: str | None = _time("when they were written", alias="describedAt")
    nodes: NodesFields | None = operator("nodes by role.")
    endpoints: list[str] = operator("addresses of the login nodes.", [], max_length=names.LIST_LIMIT)
    operation: OperationFields | None = operator("the open operation: written before the call, closed after it.")
    last_operation: ClosedFields | None = operator("how the newest operation ended.", alias="lastOperation")
    refused: list[RefusedFields] = operator(
        "changes that were refused or failed; other wishes go on.", [], max_length=names.LIST_LIMIT
    )
    waiting_since: str | None = _time("since when a change waits for jobs", alias="waitingSince")
    stopped: bool = operator("it was stopped as the manifest says.", False)
    restarted: str | None = operator(
        "the wish for which it was started again after a stop from outside.", max_length=names.WISH_LIMIT
    )
    connection: str | None = operator(
        "digest of what stands in the Secret <name>-connection.", pattern=names.TOKEN_PATTERN
    )
    taken_over: str | None = operator(
        "the cluster for which the take-over annotation was carried out.", alias="takenOver", pattern=names.ID_PATTERN
    )


class ConditionFields(Loose):
    """One condition, in the standard shape."""

    type: str = operator("Ready, Reconciling, Stalled or Available.", ..., max_length=316)
    status: Literal["True", "False", "Unknown"] = operator("whether it holds.", ...)
    observed_generation: int = operator(
        "generation of the spec that it speaks of.", 0, ge=0, alias="observedGeneration"
    )
    last_transition_time: str = operator(
        "when its status last changed.", ..., alias="lastTransitionTime", json_schema_extra={"format": "date-time"}
    )
    reason: str = operator("one word that programs can compare.", ..., max_length=names.TEXT_LIMIT)
    message: str = operator("a sentence for people: what it is, and what would end it.", ..., max_length=32768)


class PlannedFields(Loose):
    """One call that would be made."""

    field: str = operator("field of the spec that asks for it.", ..., max_length=names.TEXT_LIMIT)
    was: str = operator("what there is.", ..., alias="from", max_length=names.WISH_LIMIT)
    wish: str = operator("what is wished.", ..., alias="to", max_length=names.WISH_LIMIT)
    call: str = operator("call of the HPC API.", ..., max_length=names.TEXT_LIMIT)
    interrupts: bool = operator("whether it interrupts service.", ...)


class PlanFields(Loose):
    """What managementPolicy Full would do."""

    changes: list[PlannedFields] = operator(
        "calls that would be made; none: it is as wished.", ..., max_length=names.LIST_LIMIT
    )
    unknown: list[_Short] = operator(
        "fields of the spec that no answer carries, so that nobody knows whether they differ.",
        [],
        max_length=names.LIST_LIMIT,
    )


class StatusFields(RememberedFields):
    """The whole of `.status`."""

    observed_generation: int | None = operator(
        "generation of the spec that this status speaks of; -1 before the first look.",
        ge=-1,
        alias="observedGeneration",
    )
    cluster_status: str | None = api("the cluster's status as last read.", max_length=names.TEXT_LIMIT)
    cluster_name: str | None = api("the cluster's name as last read.", max_length=names.TEXT_LIMIT)
    create_time: str | None = api("when the cluster was created, as last read.", max_length=names.TEXT_LIMIT)
    nodes_active: str | None = operator(
        "active and wished nodes of all roles, `4/4`: the column NODES.", alias="nodesActive", max_length=32
    )
    last_handled_reconcile_at: str | None = operator(
        "the value of the annotation reconcile-at that was last acted on.",
        alias="lastHandledReconcileAt",
        max_length=names.TEXT_LIMIT,
    )
    selector: str | None = operator(
        "a label selector that is this resource's alone, for autoscalers.", max_length=names.TEXT_LIMIT
    )
    plan: PlanFields | None = operator("with managementPolicy Plan: what Full would do.")
    conditions: list[ConditionFields] = operator("how it stands.", [], max_length=32)
