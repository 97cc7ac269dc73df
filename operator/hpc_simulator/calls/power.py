"""POST /cluster/startCluster and stopCluster.

Lives here: which clusters may be started and stopped, and the two answers. The table of calls imports it.
Never comes in: the end of the job (that is `changes`).
"""

from hpc_simulator import jobs
from hpc_simulator.calls import parameters
from hpc_simulator.calls.changing import Order, check_balance, check_free, start
from hpc_simulator.calls.context import Context
from hpc_simulator.clusters import Cluster
from hpc_simulator.envelope import Fields, Refused

_FROM = {jobs.START: ("stopped", "suspended"), jobs.STOP: ("active",)}
_TO = {jobs.START: "active", jobs.STOP: "stopped"}


def start_cluster(ctx: Context) -> Fields:
    """Start the named clusters, all or none. Raises Refused; then nothing was started."""
    return _power(ctx, jobs.START)


def stop_cluster(ctx: Context) -> Fields:
    """Stop the named clusters, all or none. Raises Refused; then nothing was started."""
    return _power(ctx, jobs.STOP)


def check_power(ctx: Context, cluster: Cluster, action: str) -> None:
    """Raise Refused in a status from which there is no such way: 1400."""
    repeated = ctx.settings.repeated_power == "accepted" and cluster.status == _TO[action]
    if cluster.status not in _FROM[action] and not repeated:
        raise Refused(1400, f"the cluster is {cluster.status}")


def _power(ctx: Context, action: str) -> Fields:
    fields = ctx.request.fields()
    if not isinstance(fields.get("cluster_ids"), list):
        raise Refused(1101, "cluster_ids is required, a list of strings")
    cluster_ids = parameters.texts(fields, "cluster_ids", "cluster_ids")
    ctx.check_zone(parameters.text(fields, "zone"))
    clusters = [ctx.own_cluster(cluster_id) for cluster_id in cluster_ids]
    for cluster in clusters:
        check_free(ctx, cluster)
    if action == jobs.START:
        check_balance(ctx)
    for cluster in clusters:
        check_power(ctx, cluster, action)
    job = start(ctx, clusters, Order(action))
    return {"job_ids": [job.job_id]} if ctx.settings.power_answer == "job_ids" else {"job_id": job.job_id}
