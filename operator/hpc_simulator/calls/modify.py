"""POST /cluster/modifyCluster: name and description, at once.

Lives here: the one function. The table of calls imports it.
Never comes in: what the list shows of it (that is `clusters`).
"""

from hpc_simulator.calls import parameters
from hpc_simulator.calls.context import Context
from hpc_simulator.envelope import Fields, Refused
from hpc_simulator.jobs import MODIFY, Job


def modify_cluster(ctx: Context) -> Fields:
    """Change name, description, or both. Raises Refused; then nothing was changed."""
    fields = ctx.request.fields()
    cluster = ctx.own_cluster(parameters.text(fields, "cluster_id"))
    ctx.check_zone(parameters.text_or(fields, "zone", ctx.account.zone))
    name, description = parameters.text_or(fields, "cluster_name"), parameters.text_or(fields, "description")
    if len(name) > ctx.settings.longest_name:
        raise Refused(1101, "cluster_name is too long")
    if (word := ctx.settings.refused_word) and word in f"{name}\n{description}":
        raise Refused(1101, f"the text must not contain {word}")
    if ctx.world.busy(cluster.cluster_id):
        raise Refused(ctx.settings.busy_code, "an operation is running on the cluster")
    if name:
        cluster.renamed_to, cluster.person_name = name, None
    if "description" in fields:
        cluster.description, cluster.person_description = description, None
    ctx.changed.append(cluster.cluster_id)
    if ctx.settings.log_modify:
        _log(ctx, cluster.cluster_id)
    return {}


def _log(ctx: Context, cluster_id: str) -> None:
    ctx.world.start(
        Job(
            job_id=ctx.world.new_id("j"),
            action=MODIFY,
            cluster_ids=[cluster_id],
            owner=ctx.account.owner,
            began=ctx.now,
            ends=ctx.now,
            stamp=ctx.stamp,
            ended=True,
        )
    )
