"""Jobs: what takes time, and what the operation log says of it.

Lives here: `Job`, the steps of a create, the rendering of log entries. The core may import it.
Never comes in: parameters of calls.
"""

from dataclasses import dataclass, field

from hpc_simulator.dressing import worded
from hpc_simulator.envelope import Fields
from hpc_simulator.settings import Settings
from hpc_simulator.times import written

CREATE, DELETE, MODIFY = "HpcClusterCreateCluster", "HpcClusterDeleteCluster", "HpcClusterModifyCluster"
ADD_NODES, DELETE_NODES, RESTART_NODES = "HpcClusterAddNodes", "HpcClusterDeleteNodes", "HpcClusterRestartNodes"
RESIZE, START, STOP = "HpcClusterResizeCluster", "HpcClusterStartCluster", "HpcClusterStopCluster"
SUSPEND = "HpcClusterSuspendCluster"
"""Values of job_action; the reference documents none for cluster operations, so nobody may rely on them."""

CHANGES = frozenset((ADD_NODES, DELETE_NODES, RESTART_NODES, RESIZE, START, STOP, SUSPEND))
"""Operations on an existing cluster that take time and leave it there."""

_STEPS = ((0.05, "pending"), (0.4, "creating"), (0.8, "installing"), (2.0, "initialising"))


@dataclass(slots=True)
class Job:
    """One operation. `began` and `ends` are of the injected clock, `stamp` is `began` as the cloud tells it."""

    job_id: str
    action: str
    cluster_ids: list[str]
    owner: str
    began: float
    ends: float
    stamp: float
    fails: bool = False
    error_code: int = 0
    ended: bool = False
    before: str = ""
    """The status that a failed operation brings back."""
    node_ids: list[str] = field(default_factory=list)
    """The nodes that it makes, takes away or restarts."""
    role: str = ""
    cpu: int = 0
    memory: int = 0
    """What a resize brings, memory in MiB."""

    def step(self, now: float) -> str:
        """The status of the cluster that this create is making."""
        return next(status for limit, status in _STEPS if limit > 1 or now < self._at(limit))

    def next_step(self, now: float) -> float | None:
        """When `step` says something else than now; None when it says the last."""
        return next((at for at in (self._at(limit) for limit, _ in _STEPS if limit <= 1) if now < at), None)

    def _at(self, share: float) -> float:
        return self.began + share * max(self.ends - self.began, 1e-9)


def rendered(job: Job, now: float, lag: float, settings: Settings) -> Fields:
    """The log entry as it is visible at `now` when news takes `lag` seconds."""
    ended = job.ended and now >= job.ends + lag
    status = ("failed" if job.fails else "successful") if ended else "pending"
    action = job.action if settings.job_actions == "plain" else f"Op{len(job.action)}"
    return {
        "job_id": job.job_id,
        "job_action": action,
        "action_describe": worded(action.removeprefix("HpcCluster"), settings),
        "status": "dancing" if status == "pending" and settings.pending_word == "unknown" else status,
        "error_codes": _error_codes(job.error_code if status == "failed" else 0, settings),
        "resource_ids": " ".join(named(job, settings)) if names_clusters(job, status, settings) else "",
        "create_time": written(job.stamp),
        "status_time": written(job.stamp + (job.ends - job.began if ended else 0.0)),
        "owner": job.owner,
        "submitter": "hpc-worker-0",
        "data": "",
        "task_count": 1,
    }


def named(job: Job, settings: Settings) -> list[str]:
    """The ids that an entry which names any carries."""
    return [*job.cluster_ids, *job.node_ids] if settings.log_names_nodes else job.cluster_ids


def names_clusters(job: Job, status: str, settings: Settings) -> bool:
    """Whether the entry carries resource_ids."""
    if job.action == CREATE and status == "pending":
        return settings.pending_create_names_cluster
    if job.action == CREATE and status == "failed":
        return settings.failed_create_names_cluster
    if job.action in CHANGES and status == "pending":
        return settings.pending_change_names_cluster
    return True


def _error_codes(code: int, settings: Settings) -> object:
    match settings.error_codes_type:
        case "int":
            return code
        case "list":
            return [code] if code else []
        case "object":
            return {"codes": [code] if code else []}
        case "null":
            return None
        case "string":
            return str(code) if code else ""
