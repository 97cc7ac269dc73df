"""What people do at the console, and the platform by itself, behind the operator's back.

Lives here: making, renaming, changing, deleting clusters without a call. The cloud imports it.
Never comes in: the call log; these are no calls.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from hpc_simulator import jobs
from hpc_simulator.calls import changing, sizing
from hpc_simulator.calls.changing import Order
from hpc_simulator.calls.configuration import ROLES
from hpc_simulator.calls.context import Context
from hpc_simulator.calls.create import make
from hpc_simulator.calls.delete import demolish
from hpc_simulator.clusters import Cluster
from hpc_simulator.envelope import Refused
from hpc_simulator.nodes import Node

_STRICT: dict[str, object] = {"extra": "forbid"}
_POWER = {"start": jobs.START, "stop": jobs.STOP, "suspend": jobs.SUSPEND}
_STATUSES = {"active": jobs.START, "stopped": jobs.STOP, "suspended": jobs.SUSPEND}

Role = Literal["login", "controller", "compute"]


@dataclass(frozen=True, slots=True)
class MoreNodes:
    """So many new nodes of a role, of the size that the role has."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    count: int = 1
    role: Role = "compute"


@dataclass(frozen=True, slots=True)
class Size:
    """Another size of a role, memory in MiB."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    role: Role
    cpu: int
    memory: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a person changes; None leaves a thing alone. `delete`: by a job (as the console does) or at once.

    `by` says the same of `add_nodes`, `remove_nodes` (their ids), `resize` and `power`: a job stands in the operation
    log and is refused while another one runs; at once leaves no trace there. `suspend` is what the platform does in
    arrears. `unhealthy` and `healthy` name nodes; `job_counts` sets the list's counters of the cluster's jobs.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    name: str | None = None
    description: str | None = None
    status: str | None = None
    owner: str | None = None
    delete: Literal["job", "at-once"] | None = None
    add_nodes: MoreNodes | None = None
    remove_nodes: tuple[str, ...] = ()
    resize: Size | None = None
    power: Literal["start", "stop", "suspend"] | None = None
    by: Literal["job", "at-once"] = "at-once"
    unhealthy: tuple[str, ...] = ()
    healthy: tuple[str, ...] = ()
    job_counts: dict[Literal["running", "pending", "finished", "stopped", "deleted"], int] | None = None


@dataclass(frozen=True, slots=True)
class NewCluster:
    """A cluster that a person makes; `status` None: by a job, otherwise it stands there at once.

    Nodes of `cpu` and `memory` (MiB): so many login and compute nodes, and a controller, as its type has them.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    cluster_type: Literal["hpc", "ehpc"] = "ehpc"
    name: str = "made-by-a-person"
    description: str = ""
    status: str | None = None
    paid_type: Literal["Reserved", "PayForUsed"] = "PayForUsed"
    nas_id: str = ""
    login: int = 1
    compute: int = 1
    cpu: int = 2
    memory: int = 4096


def change(ctx: Context, cluster: Cluster, wish: Change) -> None:
    """Carry out a person's change. Raises ValueError for what the console refuses; then nothing was changed."""
    try:
        _check(cluster, wish)
        orders = _orders(ctx, cluster, wish)
    except Refused as no:
        raise ValueError(f"the console refuses with {no.code}: {no.detail}") from no
    if wish.name is not None:
        cluster.person_name = wish.name
    if wish.description is not None:
        cluster.person_description = wish.description
    cluster.owner = wish.owner or cluster.owner
    _mark(ctx, cluster, wish)
    _set_status(ctx, cluster, wish.status)
    for order in orders:
        if wish.by == "job":
            changing.start(ctx, [cluster], order)
        else:
            changing.at_once(ctx, cluster, order)
    if wish.delete == "job":
        demolish(ctx, [cluster])
    elif wish.delete == "at-once":
        ctx.world.remove(cluster.cluster_id, ctx.now)
    ctx.world.changed(cluster)


def _check(cluster: Cluster, wish: Change) -> None:
    sizing.check_nodes(cluster, (*wish.unhealthy, *wish.healthy))
    if min((wish.job_counts or {}).values(), default=0) < 0:
        raise Refused(1101, "job_counts are not below 0")


def _orders(ctx: Context, cluster: Cluster, wish: Change) -> list[Order]:
    """The changes of nodes, sizes and power, one after another. Raises Refused."""
    orders = []
    if wish.remove_nodes:
        orders.append(sizing.fewer_nodes(ctx, cluster, wish.remove_nodes))
    if wish.add_nodes is not None:
        orders.append(sizing.more_nodes(ctx, cluster, wish.add_nodes.role, wish.add_nodes.count))
    if wish.resize is not None:
        orders.append(sizing.other_size(ctx, cluster, wish.resize.role, wish.resize.cpu, wish.resize.memory))
    if wish.power is not None:
        orders.append(Order(_POWER[wish.power]))
    if orders and wish.by == "job":
        changing.check_free(ctx, cluster)
        if len(orders) + (wish.delete == "job") > 1:
            raise Refused(ctx.settings.busy_code, "one operation at a time")
    return orders


def _mark(ctx: Context, cluster: Cluster, wish: Change) -> None:
    for node in cluster.nodes:
        if node.node_id in (*wish.unhealthy, *wish.healthy):
            node.tell_health(ctx.now, ctx.stamp, "unhealthy" if node.node_id in wish.unhealthy else "")
            cluster.nodes_changed = ctx.now
    cluster.job_counts |= {str(kind): number for kind, number in (wish.job_counts or {}).items()}


def _set_status(ctx: Context, cluster: Cluster, status: str | None) -> None:
    """The cluster's status; its nodes follow where it says whether they run, and no operation is at work on them."""
    if status in _STATUSES and not ctx.world.busy(cluster.cluster_id):
        changing.at_once(ctx, cluster, Order(_STATUSES[status]))
    cluster.status = status or cluster.status


def create(ctx: Context, wish: NewCluster) -> str:
    """Make a cluster as a person does; its id. Raises ValueError for counts that cannot be."""
    if not (1 <= wish.login <= sizing.MOST and 1 <= wish.compute <= sizing.MOST):
        raise ValueError(f"login and compute are from 1 to {sizing.MOST}")
    new_id = ctx.world.new_id
    cluster = Cluster(
        cluster_id=new_id(wish.cluster_type),
        cluster_type=wish.cluster_type,
        owner=ctx.account.owner,
        zone=ctx.account.zone,
        status=wish.status or "pending",
        began=ctx.now,
        stamp=ctx.stamp,
        app_cluster_id=new_id("cl"),
        top_name=wish.name,
        conf_name=wish.name,
        person_name=wish.name,
        person_description=wish.description or None,
        paid_type=wish.paid_type,
        nas_id=wish.nas_id,
        nodes=_nodes(ctx, wish),
    )
    if wish.status is None:
        make(ctx, cluster)
    else:
        ctx.world.enter(cluster)
    return cluster.cluster_id


def _nodes(ctx: Context, wish: NewCluster) -> list[Node]:
    counts = {"login": wish.login, "controller": 1, "compute": wish.compute}
    made = [(role, number + 1) for role in ROLES[wish.cluster_type] for number in range(counts[role])]
    return [
        Node(
            node_id=ctx.world.new_id("cln"),
            role=role,
            cpu=wish.cpu,
            memory=wish.memory,
            name=f"{role}{number}",
            private_ip=sizing.address_at(place),
            place=place,
            status="stopped" if wish.status in ("stopped", "suspended") else "active",
        )
        for place, (role, number) in enumerate(made)
    ]
