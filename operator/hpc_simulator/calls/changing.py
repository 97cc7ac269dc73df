"""Changes of an existing cluster that take time: what every such call asks first, and the start of its job.

Lives here: `Order`, its start by a job or at once. The calls that change a cluster import it, and `outside`.
Never comes in: parameters of one call, what the operation does in the end (that is `changes`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hpc_simulator import changes, jobs
from hpc_simulator.calls import parameters
from hpc_simulator.calls.context import Context
from hpc_simulator.clusters import Cluster
from hpc_simulator.envelope import Fields, Refused
from hpc_simulator.jobs import Job
from hpc_simulator.nodes import Node
from hpc_simulator.settings import Settings


@dataclass(frozen=True, slots=True)
class Order:
    """One change: `action` of `jobs`, and what it is about. `memory` in MiB."""

    action: str
    new: tuple[Node, ...] = ()
    node_ids: tuple[str, ...] = ()
    role: str = ""
    cpu: int = 0
    memory: int = 0


def one_cluster(ctx: Context, fields: Fields) -> Cluster:
    """The cluster that a call names, free for an operation.

    Raises Refused: 1101, 2100, or the setting's code while an operation runs on it.
    """
    cluster_id = parameters.text(fields, "cluster_id")
    ctx.check_zone(parameters.text(fields, "zone"))
    cluster = ctx.own_cluster(cluster_id)
    check_free(ctx, cluster)
    return cluster


def check_free(ctx: Context, cluster: Cluster) -> None:
    """Raise Refused while an operation runs on the cluster."""
    if ctx.world.busy(cluster.cluster_id):
        raise Refused(ctx.settings.busy_code, "an operation is running on the cluster")


def check_changeable(ctx: Context, cluster: Cluster) -> None:
    """Raise Refused(1400) in a status that forbids changes of nodes and sizes."""
    allowed = {"active"} if ctx.settings.nodes_change_when == "active" else {"active", "stopped"}
    if cluster.status not in allowed:
        raise Refused(1400, f"the cluster is {cluster.status}")


def check_balance(ctx: Context) -> None:
    """Raise Refused(2400) for an account in arrears."""
    if ctx.account.arrears:
        raise Refused(2400)


def start(ctx: Context, clusters: Sequence[Cluster], order: Order) -> Job:
    """Begin a change by a job."""
    fails = bool(ctx.twist.job_fails) or ctx.settings.change_jobs_fail
    job = _job(ctx, clusters, order, _seconds(order.action, ctx.settings) * ctx.settings.time_factor)
    job.fails, job.error_code = fails, (ctx.twist.job_fails or 5000) if fails else 0
    ctx.world.start(job)
    for cluster in clusters:
        changes.begin(cluster, job, order.new)
        ctx.changed.append(cluster.cluster_id)
    ctx.job_id = job.job_id
    return job


def at_once(ctx: Context, cluster: Cluster, order: Order) -> None:
    """Carry a change out without a job, also while another operation runs."""
    job, doing = _job(ctx, [cluster], order, 0.0), cluster.doing
    changes.begin(cluster, job, order.new)
    changes.end(cluster, job, ctx.settings)
    cluster.doing = doing
    ctx.world.changed(cluster)


def _job(ctx: Context, clusters: Sequence[Cluster], order: Order, seconds: float) -> Job:
    return Job(
        job_id=ctx.world.new_id("j"),
        action=order.action,
        cluster_ids=[cluster.cluster_id for cluster in clusters],
        owner=clusters[0].owner,
        began=ctx.now,
        ends=ctx.now + seconds,
        stamp=ctx.stamp,
        before=clusters[0].status,
        node_ids=[*order.node_ids, *(node.node_id for node in order.new)],
        role=order.role,
        cpu=order.cpu,
        memory=order.memory,
    )


def _seconds(action: str, settings: Settings) -> float:
    match action:
        case jobs.RESIZE:
            return settings.resize_seconds
        case jobs.START | jobs.STOP | jobs.SUSPEND:
            return settings.power_seconds
        case _:
            return settings.node_seconds
