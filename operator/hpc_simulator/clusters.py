"""A cluster as it truly is, and as the list shows it.

Lives here: `Cluster`, the rendering of list elements and of nodes. The core may import it.
Never comes in: jobs, parameters of calls.
"""

from dataclasses import dataclass, field
from math import inf

from hpc_simulator.dressing import worded
from hpc_simulator.envelope import Fields
from hpc_simulator.nodes import Node, Past
from hpc_simulator.settings import Settings
from hpc_simulator.times import written

LISTED = frozenset({"active", "stopped", "suspended", "pending", "creating", "installing", "initialising"})
"""Statuses of the default list (API reference, cluster page): deleting and abnormal clusters are not in it."""

BEING_CREATED = frozenset({"pending", "creating", "installing", "initialising"})


COUNTERS = ("running", "pending", "finished", "stopped", "deleted")
"""Whose jobs the list counts, by their state."""


@dataclass(slots=True)
class Cluster:
    """The truth about one cluster. `began` is of the injected clock, `stamp` the same moment as the cloud tells it."""

    cluster_id: str
    cluster_type: str
    owner: str
    zone: str
    status: str
    began: float
    stamp: float
    app_cluster_id: str
    top_name: str = ""
    conf_name: str = ""
    renamed_to: str | None = None
    """By modifyCluster; shown only when the settings echo renames."""
    person_name: str | None = None
    """By a person at the console: always shown."""
    description: str = ""
    person_description: str | None = None
    paid_type: str = ""
    duration: int = 0
    is_auto_renewal: int = 0
    nas_id: str = ""
    nas_path: str = ""
    nas_mount_point: str = ""
    scheduler_type: str = ""
    version_id: str = ""
    vxnet: str = ""
    deploy_mode: str = "1"
    nodes: list[Node] = field(default_factory=list)
    request: str = ""
    """Digest of the body that made it; empty for one that a person made."""
    departed: list[Node] = field(default_factory=list)
    """Nodes that are no more, for looks to which news comes late."""
    nodes_changed: float = 0.0
    """Moment of the injected clock of the last change of nodes."""
    doing: str = ""
    """The word for the operation that changes nodes, sizes or power; empty when none runs."""
    job_counts: dict[str, int] = field(default_factory=dict)
    """Jobs that people run on it, by state; no other way changes them than a person's."""

    def shown_name(self, settings: Settings) -> str:
        """The name that `cluster/list` answers."""
        if self.person_name is not None:
            return worded(self.person_name, settings)
        if settings.rename_echo and self.renamed_to is not None:
            return self.renamed_to
        names = {"top": self.top_name, "conf": self.conf_name, "none": ""}
        return names[settings.name_echo] or f"cluster-{self.cluster_id.rpartition('-')[2]}"

    def shown_description(self, settings: Settings) -> str:
        """The description that `cluster/list` answers."""
        if self.person_description is not None:
            return worded(self.person_description, settings)
        return self.description if settings.description_echo else ""

    def nodes_at(self, then: float) -> list[Node]:
        """The nodes that were there at a moment of the injected clock, oldest first; not to be changed."""
        if self.nodes_changed <= then:
            return self.nodes
        ever = [*self.nodes, *self.departed]
        return sorted((node for node in ever if node.there(then)), key=lambda node: node.place)


def shown_status(cluster: Cluster, settings: Settings) -> str:
    """What cluster_status says: the truth, but for the word of a cluster on which an operation runs."""
    if cluster.doing and cluster.status not in BEING_CREATED | {"deleting"}:
        words = {"unchanged": cluster.status, "console": cluster.doing, "pending": "pending", "unknown": "dancing"}
        return words[settings.change_word]
    if cluster.status not in BEING_CREATED | {"deleting"} or settings.busy_word == "console":
        return cluster.status
    return "dancing" if settings.busy_word == "unknown" else settings.busy_word


def rendered(cluster: Cluster, settings: Settings, then: float = inf) -> Fields:
    """One element of cluster_set, in the shape and spelling that the settings ask for; nodes counted as of `then`."""
    bad = settings.misspelled_fields
    fields: Fields = {
        "cluster_id": cluster.cluster_id,
        "cluster_name": cluster.shown_name(settings),
        "cluster_status": shown_status(cluster, settings),
        "cluster_type": cluster.cluster_type,
        "app_cluster_id": cluster.app_cluster_id,
        "create_time": written(cluster.stamp),
        "description": cluster.shown_description(settings),
        "nas_id": cluster.nas_id,
        "nas_mout_point" if bad else "nas_mount_point": cluster.nas_mount_point,
        "nas_path": cluster.nas_path,
        "nas_shared_path": "",
        "paid_type": cluster.paid_type,
        "schedule_type" if bad else "scheduler_type": cluster.scheduler_type,
        "toatl_node_count" if bad else "total_node_count": len(cluster.nodes_at(then)),
        "cluster_sw": "",
        "project_info": "",
        "cpu_hours": 0,
        "mem_hours": 0,
    }
    if settings.job_counts_shown:
        fields |= {f"{kind}_job_count": cluster.job_counts.get(kind, 0) for kind in COUNTERS}
    if not settings.status_shown:
        del fields["cluster_status"]
    return {"app_cluster": fields} if settings.list_shape == "wrapped" else fields


def rendered_node(cluster: Cluster, node: Node, settings: Settings, then: float = inf) -> Fields:
    """One element of hpc_app_nodes_set as of `then`; its cluster_id is the application's, as documented."""
    was = node.at(then)
    status, transition = _shown_state(cluster, was, settings)
    created = cluster.stamp if node.stamp is None else node.stamp
    return {
        "node_id": node.node_id,
        "cluster_id": cluster.app_cluster_id,
        "role": node.role,
        "status": status,
        "health_status": was.health or ("healthy" if status == "active" else "unknown"),
        "cpu": was.cpu,
        "memory": was.memory,
        "gpu": 0,
        "private_ip": node.private_ip,
        "eip": "",
        "name": node.name,
        "instance_id": f"i-{node.node_id.rpartition('-')[2]}",
        "server_id": "",
        "create_time": written(created),
        "status_time": written(created if was.stamp is None else was.stamp),
        "transition_status": transition,
        "alarm_status": "",
        "queue_info": "",
        "env": '{"admin.password": "******"}',
    }


def _shown_state(cluster: Cluster, was: Past, settings: Settings) -> tuple[str, str]:
    """status and transition_status of a node."""
    if cluster.status in BEING_CREATED or was.status == "pending":
        return "dancing" if settings.busy_word == "unknown" else "pending", "creating"
    if was.transition == "deleting":
        shown = settings.deleting_node_shows
        return "deleting" if shown == "status" else was.status, "" if shown == "nothing" else "deleting"
    return was.status, was.transition
