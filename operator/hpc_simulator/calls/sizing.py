"""What may be asked of a cluster's roles: how many nodes, which of them, how large.

Lives here: the orders of a change, each with its rules. The calls that change nodes import it, and `outside`.
Never comes in: reading of bodies, jobs.
"""

from collections.abc import Sequence

from hpc_simulator import jobs
from hpc_simulator.calls.changing import Order
from hpc_simulator.calls.configuration import ROLES, check_size
from hpc_simulator.calls.context import Context
from hpc_simulator.clusters import Cluster
from hpc_simulator.envelope import Refused
from hpc_simulator.nodes import Node

MOST = 99
"""Nodes of a role, as documented for login and compute."""


def more_nodes(  # noqa: PLR0917  # the documented parameters of addNodes
    ctx: Context, cluster: Cluster, role: str, count: int, name: str = "", addresses: Sequence[str] = ()
) -> Order:
    """`count` new nodes of a role, of the size that the role has. Raises Refused."""
    _check_role(ctx, cluster, role)
    there = [node for node in cluster.nodes if node.role == role]
    most = min(MOST, ctx.settings.most_nodes)
    if len(there) + count > most:
        raise Refused(ctx.settings.too_many_nodes_code, f"at most {most} {role} nodes")
    model = there[-1] if there else Node("", role, 2, 4096, "", "")
    before = [*cluster.nodes, *cluster.departed]
    ever, places = sum(node.role == role for node in before), max((node.place for node in before), default=-1) + 1
    free = [*addresses, *_free_addresses(cluster, count)]
    new = tuple(
        Node(
            node_id=ctx.world.new_id("cln"),
            role=role,
            cpu=model.cpu,
            memory=model.memory,
            name=_name(name, role, ever + place + 1, place + 1, count),
            private_ip=free[place],
            place=places + place,
            status="pending",
            began=ctx.now,
            stamp=ctx.stamp,
        )
        for place in range(count)
    )
    return Order(jobs.ADD_NODES, new=new, role=role)


def fewer_nodes(ctx: Context, cluster: Cluster, node_ids: Sequence[str]) -> Order:
    """Without these nodes. Raises Refused: 2100 for one that is not there; each role keeps a node."""
    check_nodes(cluster, node_ids)
    leaving = {*node_ids, *ctx.world.leaving(cluster.cluster_id)}
    left = {node.role for node in cluster.nodes if node.node_id not in leaving}
    for node in cluster.nodes:
        if node.role not in left:
            raise Refused(ctx.settings.last_node_code, f"the last {node.role} node")
    return Order(jobs.DELETE_NODES, node_ids=tuple(node_ids))


def other_size(ctx: Context, cluster: Cluster, role: str, cpu: int, memory: int) -> Order:
    """Another size of all nodes of a role, memory in MiB. Raises Refused."""
    _check_role(ctx, cluster, role)
    check_size(role, cpu, memory, ctx.settings)
    return Order(jobs.RESIZE, role=role, cpu=cpu, memory=memory)


def check_nodes(cluster: Cluster, node_ids: Sequence[str]) -> None:
    """Raise Refused(2100) when the cluster lacks one of the nodes."""
    known = {node.node_id for node in cluster.nodes}
    for node_id in node_ids:
        if node_id not in known:
            raise Refused(2100, node_id[:40])


def _check_role(ctx: Context, cluster: Cluster, role: str) -> None:
    if role not in ROLES[cluster.cluster_type]:
        raise Refused(ctx.settings.wrong_role_code, f"{cluster.cluster_type} has no {role}")


def _free_addresses(cluster: Cluster, count: int) -> list[str]:
    taken = {node.private_ip for node in (*cluster.nodes, *cluster.departed)}
    places = range(len(taken) + count)
    free = [address for address in map(address_at, places) if address not in taken]
    return free[:count]


def address_at(place: int) -> str:
    """The private address of a cluster's node number `place`, from 0."""
    return f"172.16.{place // 250}.{place % 250 + 2}"


def _name(wished: str, role: str, number: int, place: int, count: int) -> str:
    if not wished:
        return f"{role}{number}"
    return wished if count == 1 else f"{wished}{place}"
