"""What the calls that change a running cluster are sent: from a Change to the documented JSON. Pure.

May be imported by `cloud.client` only. Must never come in: whether a change is wise, anything of the answer. Source:
API reference, addNodes, deleteNodes, resizeCluster, startCluster and stopCluster pages; where table and example differ,
the example rules.

What goes wrong without the checks: a deleteNodes that names no node may mean every node.
"""

from hpc_operator.cloud.body import Json
from hpc_operator.domain.actions import Change
from hpc_operator.domain.record import OperationAction

_MOST_NODES = 99


def call_of(change: Change, zone: str) -> tuple[str, dict[str, Json]]:
    """The call's name and its body; ValueError names what is missing: then nothing must be sent."""
    if not change.id:
        raise ValueError(f"{change.action} needs the id of a cluster")
    match change.action:
        case OperationAction.ADD_NODES:
            return "addNodes", {**_one(change, zone), "node_role": _role(change), "node_count": _count(change)}
        case OperationAction.DELETE_NODES:
            return "deleteNodes", {**_one(change, zone), "node_ids": _nodes(change)}
        case OperationAction.RESIZE:
            return "resizeCluster", {**_one(change, zone), "node_role": _role(change), **_sizes(change)}
        case OperationAction.START:
            return "startCluster", {"cluster_ids": [change.id], "zone": zone}
        case OperationAction.STOP:
            return "stopCluster", {"cluster_ids": [change.id], "zone": zone}
        case _:
            raise ValueError(f"{change.action} is no change of a running cluster")


def _one(change: Change, zone: str) -> dict[str, Json]:
    return {"cluster_id": change.id, "zone": zone}


def _role(change: Change) -> str:
    if not change.role:
        raise ValueError(f"{change.action} needs a role")
    return change.role


def _count(change: Change) -> str:
    """A string, as in the page's example."""
    if change.count is None or not 1 <= change.count <= _MOST_NODES:
        raise ValueError(f"AddNodes needs a count from 1 to {_MOST_NODES}, not {change.count}")
    return str(change.count)


def _nodes(change: Change) -> list[str]:
    nodes = list(dict.fromkeys(change.nodes))
    if not nodes or not all(nodes):
        raise ValueError("DeleteNodes needs the ids of the nodes that go")
    return nodes


def _sizes(change: Change) -> dict[str, Json]:
    if not change.cpu or not change.memory or change.cpu < 0 or change.memory < 0:
        raise ValueError(f"Resize needs cpu and memory, not {change.cpu} and {change.memory}")
    return {"cpu": change.cpu, "memory": change.memory}
