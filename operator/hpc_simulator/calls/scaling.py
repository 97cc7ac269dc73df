"""POST /cluster/addNodes, deleteNodes and restartNodes.

Lives here: the reading of their bodies, and their answers. The table of calls imports it.
Never comes in: an idempotency token. A count is added to what is there; two identical calls add twice as many.
"""

from hpc_simulator import jobs
from hpc_simulator.calls import parameters
from hpc_simulator.calls.changing import Order, check_balance, check_changeable, one_cluster, start
from hpc_simulator.calls.context import Context
from hpc_simulator.calls.sizing import MOST, check_nodes, fewer_nodes, more_nodes
from hpc_simulator.envelope import Fields, Refused


def add_nodes(ctx: Context) -> Fields:
    """Start adding nodes to a role. Raises Refused; then nothing was started."""
    fields = ctx.request.fields()
    role = parameters.one_of(fields, "node_role", ("login", "compute"))
    count = parameters.number(fields, "node_count")
    if not 1 <= count <= MOST:
        raise Refused(1101, f"node_count is from 1 to {MOST}")
    name = parameters.text_or(fields, "node_name")
    addresses = parameters.texts(fields, "private_ips", "private_ips") if fields.get("private_ips") else []
    if not isinstance(fields.get("resource_conf", ""), (str, dict)):
        raise Refused(1101, "resource_conf must be an object or a string of JSON")
    cluster = one_cluster(ctx, fields)
    check_changeable(ctx, cluster)
    check_balance(ctx)
    job = start(ctx, [cluster], more_nodes(ctx, cluster, role, count, name, addresses[:count]))
    return {"job_id": job.job_id}


def delete_nodes(ctx: Context) -> Fields:
    """Start taking nodes away. Raises Refused; then nothing was started."""
    fields = ctx.request.fields()
    node_ids = parameters.texts(fields, "node_ids", "node_list")
    cluster = one_cluster(ctx, fields)
    check_changeable(ctx, cluster)
    job = start(ctx, [cluster], fewer_nodes(ctx, cluster, node_ids))
    return {"job_id": job.job_id}


def restart_nodes(ctx: Context) -> Fields:
    """Start restarting nodes. Raises Refused; then nothing was started."""
    fields = ctx.request.fields()
    node_ids = parameters.texts(fields, "node_ids", "node_ids")
    cluster = one_cluster(ctx, fields)
    if cluster.status != "active":
        raise Refused(1400, f"the cluster is {cluster.status}")
    check_nodes(cluster, node_ids)
    job = start(ctx, [cluster], Order(jobs.RESTART_NODES, node_ids=tuple(node_ids)))
    return {"job_id": job.job_id}
