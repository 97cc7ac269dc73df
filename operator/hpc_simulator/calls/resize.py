"""POST /cluster/resizeCluster: the size of one role's nodes.

Lives here: the one function. The table of calls imports it.
Never comes in: the end of the job (that is `changes`).
"""

from hpc_simulator.calls import parameters
from hpc_simulator.calls.changing import check_balance, check_changeable, one_cluster, start
from hpc_simulator.calls.context import Context
from hpc_simulator.calls.sizing import other_size
from hpc_simulator.envelope import Fields, Refused

_ROLES = ("login", "controller", "compute")


def resize_cluster(ctx: Context) -> Fields:
    """Start resizing a role. Raises Refused; then nothing was started. The shape of resize_info is not documented."""
    fields = ctx.request.fields()
    role = parameters.one_of(fields, "node_role", _ROLES)
    cpu, memory = parameters.number(fields, "cpu"), parameters.number(fields, "memory")
    for name in ("instance_class", "storage_size"):
        if name in fields and not isinstance(fields[name], (str, int)):
            raise Refused(1101, f"{name} must be a number or a string")
    cluster = one_cluster(ctx, fields)
    check_changeable(ctx, cluster)
    check_balance(ctx)
    job = start(ctx, [cluster], other_size(ctx, cluster, role, cpu, memory))
    return {"job_id": job.job_id, "resize_info": {"node_role": role, "cpu": cpu, "memory": memory}}
