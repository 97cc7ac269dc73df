"""POST /cluster/createCluster.

Lives here: the checks of a create and the making of a cluster. The table of calls imports it.
Never comes in: an idempotency token. Two identical calls make two clusters, unless a setting refuses the second.
"""

import hashlib

from hpc_simulator.calls import parameters
from hpc_simulator.calls.configuration import Configuration, read_configuration
from hpc_simulator.calls.context import Context
from hpc_simulator.calls.sizing import address_at
from hpc_simulator.clusters import Cluster
from hpc_simulator.envelope import Fields, Refused
from hpc_simulator.jobs import CREATE, Job
from hpc_simulator.nodes import Node

TERMS = (1, 3, 6, 12, 36, 70)
"""Months of a Reserved cluster, as documented (70 stands for five years)."""

PAID_TYPES = {"Reserved": "Reserved", "PayForUsed": "PayForUsed", "PayForUesd": "PayForUsed"}
"""What may be sent, and what it means; one page of the reference misspells the second."""

_TEXTS = (
    *("account_service", "app_id", "cluster_id", "cluster_name", "create_time", "instance_id", "instance_image"),
    *("nas_id", "nas_path", "password", "pqueue_name", "pqueue_type_id", "scheduler_type", "software_info"),
    *("status", "status_time", "user_name"),
)
_WHOLES = ("cur_cpu", "tasks_running", "tasks_total", "duration", "is_auto_renewal")


def create_cluster(ctx: Context) -> Fields:
    """Make a cluster and start its job. Raises Refused; then nothing was made."""
    fields = ctx.request.fields()
    _check_fields(ctx, fields)
    cluster_type = str(fields["cluster_type"])
    conf = read_configuration(fields, cluster_type, ctx.settings)
    if len(parameters.text_or(fields, "cluster_name")) > ctx.settings.longest_name:
        raise Refused(1101, "cluster_name is too long")
    _check_room(ctx, cluster_type)
    _check_new(ctx)
    cluster = _cluster(ctx, fields, conf)
    job = make(ctx, cluster)
    return {"hpc_cluster_id": cluster.cluster_id, "job_id": job.job_id}


def make(ctx: Context, cluster: Cluster) -> Job:
    """Put a cluster into the world, with the job that brings it up."""
    fails = bool(ctx.twist.job_fails) or ctx.settings.create_jobs_fail
    ctx.world.enter(cluster)
    job = ctx.world.start(
        Job(
            job_id=ctx.world.new_id("j"),
            action=CREATE,
            cluster_ids=[cluster.cluster_id],
            owner=cluster.owner,
            began=ctx.now,
            ends=ctx.now + ctx.settings.create_seconds * ctx.settings.time_factor,
            stamp=ctx.stamp,
            fails=fails,
            error_code=(ctx.twist.job_fails or 5200) if fails else 0,
        )
    )
    ctx.changed.append(cluster.cluster_id)
    ctx.job_id = job.job_id
    return job


def _check_fields(ctx: Context, fields: Fields) -> None:
    for name in ("gid_number", "uid_number"):
        parameters.whole(fields, name)
    parameters.text(fields, "version_id")
    cluster_type = parameters.one_of(fields, "cluster_type", ("hpc", "ehpc"))
    if parameters.text(fields, "owner") != ctx.account.owner:
        raise Refused(1400, "not the owner")
    ctx.check_zone(parameters.text(fields, "zone"))
    for name in _TEXTS:
        parameters.text_or(fields, name)
    for name in _WHOLES:
        parameters.whole_or(fields, name, 0)
    if "deploy_mode" in fields:
        parameters.one_of(fields, "deploy_mode", ("1", "2") if cluster_type == "ehpc" else ("1",))
    _check_payment(ctx, fields)


def _check_payment(ctx: Context, fields: Fields) -> None:
    if "paid_type" not in fields and not ctx.settings.paid_type_required:
        return
    if PAID_TYPES[parameters.one_of(fields, "paid_type", PAID_TYPES)] == "Reserved":
        if parameters.whole(fields, "duration") not in TERMS:
            raise Refused(1101, "duration is not an allowed term")
        if parameters.whole(fields, "is_auto_renewal") not in (0, 1):
            raise Refused(1101, "is_auto_renewal is 0 or 1")


def _check_room(ctx: Context, cluster_type: str) -> None:
    if ctx.account.arrears:
        raise Refused(2400)
    if cluster_type != "hpc" and ctx.settings.cluster_quota is None:
        return
    mine = [cluster for cluster in ctx.world.clusters.values() if cluster.owner == ctx.account.owner]
    if cluster_type == "hpc" and any(cluster.cluster_type == "hpc" for cluster in mine):
        raise Refused(ctx.settings.second_hpc_code, "one hpc cluster an owner")
    if ctx.settings.cluster_quota is not None and len(mine) >= ctx.settings.cluster_quota:
        raise Refused(2500, "clusters")


def _check_new(ctx: Context) -> None:
    """Two identical calls make two clusters, or the second is refused while the first one's cluster is there."""
    mark = _digest(ctx)
    if ctx.settings.repeated_create == "refused" and any(c.request == mark for c in ctx.world.clusters.values()):
        raise Refused(2110)


def _digest(ctx: Context) -> str:
    return hashlib.sha256(ctx.request.body).hexdigest()


def _cluster(ctx: Context, fields: Fields, conf: Configuration) -> Cluster:
    cluster_type = str(fields["cluster_type"])
    return Cluster(
        cluster_id=ctx.world.new_id(cluster_type),
        cluster_type=cluster_type,
        owner=ctx.account.owner,
        zone=ctx.account.zone,
        status="pending",
        began=ctx.now,
        stamp=ctx.stamp,
        app_cluster_id=ctx.world.new_id("cl"),
        top_name=parameters.text_or(fields, "cluster_name"),
        conf_name=conf.name,
        paid_type=PAID_TYPES.get(parameters.text_or(fields, "paid_type"), "PayForUsed"),
        duration=parameters.whole_or(fields, "duration", 0),
        is_auto_renewal=parameters.whole_or(fields, "is_auto_renewal", 0),
        nas_id=parameters.text_or(fields, "nas_id") or conf.nas_id,
        nas_path=parameters.text_or(fields, "nas_path") or conf.nas_path,
        nas_mount_point=conf.roles[0].mount_point,
        scheduler_type=parameters.text_or(fields, "scheduler_type"),
        version_id=parameters.text(fields, "version_id"),
        vxnet=conf.vxnet,
        deploy_mode=parameters.text_or(fields, "deploy_mode", "1"),
        nodes=_nodes(ctx, conf),
        request=_digest(ctx),
    )


def _nodes(ctx: Context, conf: Configuration) -> list[Node]:
    made = [(role, number) for role in conf.roles for number in range(1, role.count + 1)]
    return [
        Node(
            node_id=ctx.world.new_id("cln"),
            role=role.name,
            cpu=role.cpu,
            memory=role.memory,
            name=f"{role.name}{number}",
            private_ip=address_at(place),
            place=place,
        )
        for place, (role, number) in enumerate(made)
    ]
