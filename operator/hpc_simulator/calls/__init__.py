"""The calls that the simulated cloud offers, one module each.

Lives here: the table from a call's name to its method, its `action` word and its function. The cloud imports it.
Never comes in: signatures, quotas, faults.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hpc_simulator.calls.context import Context
from hpc_simulator.calls.create import create_cluster
from hpc_simulator.calls.delete import delete_cluster
from hpc_simulator.calls.listing import list_clusters
from hpc_simulator.calls.modify import modify_cluster
from hpc_simulator.calls.nodes import list_nodes
from hpc_simulator.calls.operation import list_operations
from hpc_simulator.calls.permission import show_permission
from hpc_simulator.calls.power import start_cluster, stop_cluster
from hpc_simulator.calls.resize import resize_cluster
from hpc_simulator.calls.scaling import add_nodes, delete_nodes, restart_nodes
from hpc_simulator.envelope import Fields

__all__ = ["CALLS", "Call", "Context"]


@dataclass(frozen=True, slots=True)
class Call:
    """How a call is asked for, how its answer names itself, and what carries it out."""

    method: str
    action: str
    path: str
    perform: Callable[[Context], Fields]


def _change(name: str, perform: Callable[[Context], Fields]) -> dict[str, Call]:
    """A call that changes something: a POST under cluster/."""
    action = f"HpcCluster{name[0].upper()}{name[1:]}Response"
    return {name: Call("POST", action, f"/api/cluster/{name}", perform)}


CALLS: dict[str, Call] = {
    **_change("createCluster", create_cluster),
    **_change("deleteCluster", delete_cluster),
    **_change("modifyCluster", modify_cluster),
    **_change("resizeCluster", resize_cluster),
    **_change("startCluster", start_cluster),
    **_change("stopCluster", stop_cluster),
    **_change("addNodes", add_nodes),
    **_change("deleteNodes", delete_nodes),
    **_change("restartNodes", restart_nodes),
    "list": Call("GET", "HpcClusterListResponse", "/api/cluster/list", list_clusters),
    "listNodes": Call("GET", "HpcClusterListNodesResponse", "/api/cluster/listNodes", list_nodes),
    "operation": Call("GET", "HpcOperationResponse", "/api/operation", list_operations),
    "permission": Call("GET", "HpcPermissionResponse", "/api/permission/", show_permission),
}
