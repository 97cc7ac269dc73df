"""GET /cluster/listNodes.

Lives here: one page of nodes. The table of calls imports it.
Never comes in: changes of nodes.
"""

from collections.abc import Iterable

from hpc_simulator.calls import parameters
from hpc_simulator.calls.context import Context
from hpc_simulator.calls.ordering import ordered
from hpc_simulator.clusters import Cluster, rendered_node
from hpc_simulator.envelope import Fields


def list_nodes(ctx: Context) -> Fields:
    """One page of the nodes of one cluster, or of all that the key sees."""
    query = ctx.request.parameters
    ctx.check_zone(parameters.text(query, "zone"))
    lag = ctx.settings.list_lag if ctx.twist.lag is None else ctx.twist.lag
    then = ctx.now - lag
    wanted, status = query.get("cluster_id"), query.get("status")
    seen = [
        element
        for cluster in _clusters(ctx, wanted)
        if cluster.owner == ctx.account.owner
        if cluster.began + lag <= ctx.now
        for element in (
            rendered_node(cluster, node, ctx.settings, then)
            for node in cluster.nodes_at(then)
            if ctx.settings.new_nodes_show == "begin" or node.at(then).transition != "creating"
        )
        if not status or element["status"] == status
    ]
    seen.sort(key=lambda element: str(element["create_time"]))
    seen = ordered(ctx, seen, lambda element: element["create_time"])
    page, total = ctx.page(seen, {str(element["node_id"]): element for element in seen})
    return {"hpc_app_nodes_set": list(page), "total_count": total}


def _clusters(ctx: Context, wanted: str | None) -> Iterable[Cluster]:
    """The one asked for if it is there, or all."""
    everything = ctx.world.clusters
    return everything.values() if not wanted else [everything[wanted]] if wanted in everything else []
