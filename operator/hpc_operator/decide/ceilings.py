"""What the operator's own key may be used for: by which namespaces, for how many clusters, of how many nodes. Pure.

Imported by `creating` (before a create or an adoption) and by whoever lets a cluster grow. A resource with a key of its
own spends its own account's money: no ceiling is meant for it. Nothing here ever holds a deletion, or takes away what
is there already: a ceiling that is lowered later stops what would grow, and nothing else.
"""

from collections.abc import Mapping

from hpc_operator.decide.decision import Blocked, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.domain.desired import Role
from hpc_operator.domain.reasons import Reason


def namespace_allowed(scene: Scene) -> Decision | None:
    """Whether this namespace may use the operator's own key."""
    allowed, namespace = scene.policy.allowed_namespaces, scene.resource.ref.namespace
    if not scene.facts.own_key or not allowed or namespace in allowed:
        return None
    text = (
        f"Namespace {namespace} may not use the operator's own access key. Name a Secret of this namespace with "
        f"spec.credentialsSecretRef, or have {namespace} added to the operator's setting allowed_namespaces."
    )
    return Blocked(Reason.NAMESPACE_NOT_ALLOWED, text, scene.policy.staleness)


def cluster_room(scene: Scene) -> Decision | None:
    """Whether one more cluster may be bought. It heals when another one goes, so it waits."""
    most = scene.policy.max_clusters
    if not scene.facts.own_key or most is None or scene.facts.clusters < most:
        return None
    return Wait(Reason.CEILING_REACHED, scene.policy.staleness, no_room(most))


def no_room(most: int) -> str:
    """What a resource is told whose cluster would be one too many."""
    return (
        f"The operator's own access key is used for {most} cluster(s) already, and its setting max_clusters allows no "
        "more. It goes on when another cluster is deleted, or when the setting is raised."
    )


def size_allowed(scene: Scene) -> Decision | None:
    """Whether a cluster of the wished size may be bought."""
    conf = scene.resource.desired.conf
    problem = nodes_problem(scene, wished_nodes(conf.roles) if conf is not None else 0)
    return Blocked(Reason.CEILING_REACHED, problem, scene.policy.staleness) if problem is not None else None


def wished_nodes(roles: Mapping[str, Role]) -> int:
    """How many nodes a create buys: a role without a count gets one."""
    return sum(1 if role.count is None else role.count for role in roles.values())


def nodes_problem(scene: Scene, wished_total: int) -> str | None:
    """Why a cluster may not have so many nodes of all roles together; None: it may. For people, with both ways out."""
    most = scene.policy.max_nodes_per_cluster
    if not scene.facts.own_key or most is None or wished_total <= most:
        return None
    return (
        f"{wished_total} nodes are wished, and the operator's setting max_nodes_per_cluster allows {most} for each "
        "cluster under its own access key. Lower the counts in spec.cluster_conf.cluster, or have the setting raised."
    )
