"""When a count of nodes is believed: two complete looks with different beginnings that agree, late enough. Pure.

Imported by `changing`. addNodes takes a number, not a target, so that a wrong count buys nodes. What goes wrong
without: a look that skips a node, or began before an earlier effect could be seen, adds a node too many.
"""

from hpc_operator.decide import guards
from hpc_operator.decide.decision import Act, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.domain.actions import CountNodes
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import Node, NodesLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Intent, OperationAction


def certain(scene: Scene, cluster_id: str, since: Instant) -> NodesLook | Decision:
    """The nodes as two fresh looks begun later than `since` agree upon, or what is to be done to know them."""
    looks = [look for look in scene.facts.nodes if guards.nodes_speak(look, since)]
    if not looks or looks[0].begun < scene.now - scene.policy.staleness:
        return count(scene, cluster_id)
    newest = looks[0]
    beside = next((look for look in looks[1:] if look.begun != newest.begun), None)
    if beside is None:
        return count(scene, cluster_id)
    if not agree(newest, beside):
        if newest.begun > scene.now - scene.policy.poll:
            text = f"Two looks at the nodes of {cluster_id} do not agree; they are counted again."
            return Wait(Reason.CHANGING, scene.policy.poll, text, quiet=True)
        return count(scene, cluster_id)
    return newest


def count(scene: Scene, cluster_id: str) -> Decision:
    """Look at the nodes, unless that failed a moment ago."""
    if "CountNodes" in scene.facts.postponed:
        text = f"The nodes of {cluster_id} cannot be read in full; nothing is changed until they can."
        return Wait(Reason.CLOUD_UNREACHABLE, scene.policy.staleness, text, quiet=True)
    return Act(CountNodes(cluster_id))


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
