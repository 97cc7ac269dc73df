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
from hpc_simulator.envelope import Fields

__all__ = ["CALLS", "Call", "Context"]


@dataclass(frozen=True, slots=True)
class Call:
    """How a call is asked for, how its answer names itself, and what carries it out."""

    method: str
    action: str
    path: str
    perform: Callable[[Context], Fields]


CALLS: dict[str, Call] = {
    "createCluster": Call("POST", "HpcClusterCreateClusterResponse", "/api/cluster/createCluster", create_cluster),
    "deleteCluster": Call("POST", "HpcClusterDeleteClusterResponse", "/api/cluster/deleteCluster", delete_cluster),
    "modifyCluster": Call("POST", "HpcClusterModifyClusterResponse", "/api/cluster/modifyCluster", modify_cluster),
    "list": Call("GET", "HpcClusterListResponse", "/api/cluster/list", list_clusters),
    "listNodes": Call("GET", "HpcClusterListNodesResponse", "/api/cluster/listNodes", list_nodes),
    "operation": Call("GET", "HpcOperationResponse", "/api/operation", list_operations),
    "permission": Call("GET", "HpcPermissionResponse", "/api/permission/", show_permission),
}
