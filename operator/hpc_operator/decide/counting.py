"""When a count of nodes is believed: two complete looks with different beginnings that agree, late enough. Pure.

Imported by `changing`. addNodes takes a number, not a target, so that a wrong count buys nodes. What goes wrong
without: a look that skips a node, or began before an earlier effect could be seen, adds a node too many.
"""

from itertools import pairwise

from hpc_operator.decide import guards
from hpc_operator.decide.decision import Act, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.domain.actions import CountNodes
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import Node, NodesLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Intent, OperationAction

_SELDOM = 5  # stalenesses between looks at nodes that are others at each look


def certain(scene: Scene, cluster_id: str, since: Instant) -> NodesLook | Decision:
    """The nodes as two fresh looks begun later than `since` agree upon, or what is to be done to know them."""
    looks = [look for look in scene.facts.nodes if guards.nodes_speak(look, since)]
    if not looks or looks[0].begun < scene.now - scene.policy.staleness:
        return count(scene, cluster_id)
    newest = looks[0]
    beside = next((look for look in looks[1:] if look.begun != newest.begun), None)
    if beside is None:
        return count(scene, cluster_id)
    return newest if agree(newest, beside) else _again(scene, cluster_id, looks)


def _again(scene: Scene, cluster_id: str, looks: list[NodesLook]) -> Decision:
    """The looks do not agree: one more soon. Where none agrees with the one before, seldom, and then it is told."""
    few = len(looks) <= guards.LOOKS or any(agree(one, other) for one, other in pairwise(looks))
    pause = scene.policy.poll if few else _SELDOM * scene.policy.staleness
    if looks[0].begun <= scene.now - pause:
        return count(scene, cluster_id)
    text = f"Two looks at the nodes of {cluster_id} do not agree; they are counted again."
    return Wait(Reason.CHANGING, pause, text, quiet=few)


def count(scene: Scene, cluster_id: str) -> Decision:
    """Look at the nodes, unless that failed a moment ago."""
    return unread(scene, cluster_id) or Act(CountNodes(cluster_id))


def unread(scene: Scene, cluster_id: str) -> Wait | None:
    """That failed a moment ago: until it is tried again nothing else need be asked either."""
    if "CountNodes" not in scene.facts.postponed:
        return None
    text = f"The nodes of {cluster_id} cannot be read in full; nothing is changed until they can."
    return Wait(Reason.CLOUD_UNREACHABLE, scene.policy.staleness, text)


def agree(one: NodesLook, other: NodesLook) -> bool:
    """Whether both show the same nodes that are there to stay."""
    return _staying(one) == _staying(other)


def _staying(look: NodesLook) -> frozenset[str]:
    return frozenset(node.id for node in look.nodes if not node.leaving)


def victims(nodes: tuple[Node, ...], surplus: int) -> tuple[str, ...]:
    """Who goes: unhealthy ones first, then the newest; never all of a role."""
    order = sorted(nodes, key=lambda n: (healthy(n), -(n.created_at or 0.0), n.id))
    return tuple(node.id for node in order[: max(0, min(surplus, len(nodes) - 1))])


def healthy(node: Node) -> bool:
    """What no answer calls unhealthy is taken for healthy."""
    return node.status in (None, "active") and node.health in (None, "", "healthy")


def took_effect(intent: Intent, look: NodesLook) -> bool:
    """Whether nodes are there that were not before, or those that were to go are gone."""
    there = {node.id for node in look.of(intent.role or "")}
    if intent.action is OperationAction.ADD_NODES:
        return bool(there - set(intent.nodes))
    return not there & set(intent.nodes)
