"""GET /cluster/list.

Lives here: which clusters a look sees, their order, one page of them. The table of calls imports it.
Never comes in: the shape of an element (that is `clusters`).
"""

from hpc_simulator.calls import parameters
from hpc_simulator.calls.context import Context
from hpc_simulator.calls.ordering import begun_by, ordered, sorts
from hpc_simulator.clusters import LISTED, Cluster, rendered, shown_status
from hpc_simulator.dressing import plain
from hpc_simulator.envelope import Fields


def list_clusters(ctx: Context) -> Fields:
    """One page of the clusters that this look sees."""
    query = ctx.request.parameters
    ctx.check_zone(parameters.text(query, "zone"))
    owner = parameters.text(query, "owner")
    seen: list[Cluster] = []
    lag = ctx.settings.list_lag if ctx.twist.lag is None else ctx.twist.lag
    if ctx.sees(owner):
        seen = begun_by(_chosen(ctx, owner), ctx.now, lag)
    if sorts(ctx) and query.get("sort_key") in ("cluster_id", "cluster_name", "cluster_type"):
        seen = sorted(seen, key=lambda cluster: str(_flat(ctx, cluster)[query["sort_key"]]))
    seen = ordered(ctx, seen, lambda cluster: int(cluster.stamp))
    page, total = ctx.page(seen, ctx.world.clusters)
    if plain(ctx.settings):
        return {"cluster_set": ctx.world.lines.written(page, ctx.settings, ctx.now - lag), "total_count": total}
    return {"cluster_set": [rendered(cluster, ctx.settings, ctx.now - lag) for cluster in page], "total_count": total}


def _chosen(ctx: Context, owner: str) -> list[Cluster]:
    """The owner's clusters that the question is about, oldest first."""
    query, world = ctx.request.parameters, ctx.world
    if not any(query.get(name) for name in _FILTERS):
        return world.listed(owner)
    exact = query.get("cluster_id")
    named = world.clusters.get(exact) if exact else None
    among = world.clusters.values() if not exact else (named,) if named is not None else ()
    return [cluster for cluster in among if cluster.owner == owner and _asked_for(ctx, cluster)]


_FILTERS = ("cluster_id", "cluster_type", "status", "search_word")


def _asked_for(ctx: Context, cluster: Cluster) -> bool:
    query, settings = ctx.request.parameters, ctx.settings
    exact, kind, status = query.get("cluster_id"), query.get("cluster_type"), query.get("status")
    if (exact and exact != cluster.cluster_id) or (kind and kind != cluster.cluster_type):
        return False
    if status and shown_status(cluster, settings) not in status.split(","):
        return False
    word = query.get("search_word", "")
    if word and word.lower() not in cluster.shown_name(settings).lower():
        return False
    shown = (exact and settings.id_shows_hidden) or (kind and settings.type_shows_hidden)
    return bool(shown) or cluster.status in LISTED


def _flat(ctx: Context, cluster: Cluster) -> Fields:
    return {
        "cluster_id": cluster.cluster_id,
        "cluster_name": cluster.shown_name(ctx.settings),
        "cluster_type": cluster.cluster_type,
    }
