"""POST /cluster/deleteCluster.

Lives here: the checks of a delete and the start of its job. The table of calls imports it.
Never comes in: the end of the job (that is `world`).
"""

from collections.abc import Sequence

from hpc_simulator.calls import parameters
from hpc_simulator.calls.context import Context
from hpc_simulator.clusters import Cluster
from hpc_simulator.envelope import Fields, Refused
from hpc_simulator.jobs import DELETE, Job


def delete_cluster(ctx: Context) -> Fields:
    """Start deleting the named clusters, all or none. Raises Refused; then nothing was started."""
    fields = ctx.request.fields()
    cluster_ids = parameters.texts(fields, "cluster_ids", "cluster_id")
    run_user = parameters.text(fields, "run_user")
    if ctx.settings.run_user_must_be_owner and run_user != ctx.account.owner:
        raise Refused(1400, "run_user")
    ctx.check_zone(parameters.text_or(fields, "zone", ctx.account.zone))
    clusters = [ctx.own_cluster(cluster_id) for cluster_id in cluster_ids]
    for cluster in clusters:
        if ctx.world.busy(cluster.cluster_id):
            raise Refused(ctx.settings.busy_code, "an operation is running on the cluster")
    job = demolish(ctx, clusters)
    return {"hpc_cluster_id": cluster_ids, "job_id": job.job_id}


def demolish(ctx: Context, clusters: Sequence[Cluster]) -> Job:
    """Start the job that takes the clusters away."""
    fails = bool(ctx.twist.job_fails) or ctx.settings.delete_jobs_fail
    job = ctx.world.start(
        Job(
            job_id=ctx.world.new_id("j"),
            action=DELETE,
            cluster_ids=[cluster.cluster_id for cluster in clusters],
            owner=clusters[0].owner,
            began=ctx.now,
            ends=ctx.now + ctx.settings.delete_seconds * ctx.settings.time_factor,
            stamp=ctx.stamp,
            fails=fails,
            error_code=(ctx.twist.job_fails or 5000) if fails else 0,
            before=clusters[0].status,
        )
    )
    for cluster in clusters:
        if ctx.settings.status_during_operation == "transitional":
            cluster.status = "deleting"
            ctx.world.changed(cluster)
        ctx.changed.append(cluster.cluster_id)
    ctx.job_id = job.job_id
    return job
