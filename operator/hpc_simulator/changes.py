"""What an operation on an existing cluster does to it: at its beginning, and at its end.

Lives here: nodes that come and go, sizes, power. `World` ends changes with it, `calls.changing` begins them.
Never comes in: which changes are allowed, the log, deleting a whole cluster.
"""

from collections.abc import Iterable

from hpc_simulator import jobs
from hpc_simulator.clusters import Cluster
from hpc_simulator.jobs import Job
from hpc_simulator.nodes import REMEMBERED, Node
from hpc_simulator.settings import Settings

TRANSITIONS = {
    jobs.ADD_NODES: "creating",
    jobs.DELETE_NODES: "deleting",
    jobs.RESTART_NODES: "restarting",
    jobs.RESIZE: "resizing",
    jobs.START: "starting",
    jobs.STOP: "stopping",
    jobs.SUSPEND: "suspending",
}
"""What nodes show as transition_status while each operation runs."""

_POWER = {jobs.START: ("active", "active"), jobs.STOP: ("stopped", "stopped"), jobs.SUSPEND: ("suspended", "stopped")}
"""The status of the cluster after each of these, and that of its nodes."""


def begin(cluster: Cluster, job: Job, new: Iterable[Node] = ()) -> None:
    """The operation begins; `new` nodes are there from now on, not yet active."""
    cluster.doing = TRANSITIONS[job.action]
    cluster.nodes.extend(new)
    cluster.nodes_changed = job.began
    for node in _concerned(cluster, job):
        node.turn(job.began, job.stamp, transition=node.transition or TRANSITIONS[job.action])


def end(cluster: Cluster, job: Job, settings: Settings) -> None:
    """The operation ends, well or not."""
    stamp = job.stamp + job.ends - job.began
    concerned = _concerned(cluster, job)
    cluster.doing, cluster.nodes_changed = "", job.ends
    leaving = set() if job.action != jobs.DELETE_NODES or job.fails else set(job.node_ids)
    if job.action == jobs.ADD_NODES and job.fails:
        made = (len(concerned) + 1) // 2 if settings.add_partial else 0
        leaving = {node.node_id for node in concerned[made:]}
    drop(cluster, leaving, job.ends)
    status = None
    if job.action in _POWER and not job.fails:
        cluster.status, status = _POWER[job.action]
    elif job.action == jobs.ADD_NODES:
        status = "stopped" if cluster.status in ("stopped", "suspended") else "active"
    for node in concerned:
        other = node.transition if node.transition != TRANSITIONS[job.action] else ""
        node.turn(job.ends, stamp, status=status, transition=other)
        if job.action == jobs.RESIZE and not job.fails:
            node.resize(job.cpu, job.memory)


def drop(cluster: Cluster, node_ids: set[str], now: float) -> None:
    """These nodes are no more; looks to which news comes late still see them."""
    gone = [node for node in cluster.nodes if node.node_id in node_ids]
    cluster.nodes = [node for node in cluster.nodes if node.node_id not in node_ids]
    cluster.departed = [node for node in cluster.departed if (node.gone or 0.0) + REMEMBERED > now] + gone
    for node in gone:
        node.gone = now


def _concerned(cluster: Cluster, job: Job) -> list[Node]:
    if job.node_ids:
        return [node for node in cluster.nodes if node.node_id in job.node_ids]
    return [node for node in cluster.nodes if job.role in ("", node.role)]
