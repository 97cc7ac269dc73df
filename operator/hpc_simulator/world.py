"""Everything that is true in the simulated cloud, and how jobs change it.

Lives here: `World`, the part that is written to the state file. The core may import it.
Never comes in: settings' meaning for calls, faults, answers.
"""

import hashlib
from dataclasses import dataclass, field

from hpc_simulator import changes
from hpc_simulator.accounts import Account
from hpc_simulator.clusters import LISTED, Cluster
from hpc_simulator.jobs import CREATE, DELETE, DELETE_NODES, Job
from hpc_simulator.lines import Lines
from hpc_simulator.running import Running
from hpc_simulator.settings import Settings

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class LateRequest:
    """A request that is still on its way; it takes effect at `due` of the injected clock."""

    method: str
    path: str
    query: str
    body: str
    """The bytes as latin-1 text, so that any can be written to the state file."""
    due: float
    ticket: str
    """Where its answer goes; empty when the answer is lost."""


@dataclass
class World:
    """Accounts by key, clusters by id, jobs by id; in the order of their making.

    Without slots: beside its fields, which are what is true and is written down, it keeps what is quick to ask.
    """

    seed: str = ""
    serial: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    gone: dict[str, float] = field(default_factory=dict)
    """Ids of clusters that are no more, with the time of their end."""
    jobs: dict[str, Job] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)
    late: list[LateRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = Lines()
        self._now = Running(self.jobs[job_id] for job_id in self.running)
        self._listed: dict[str, list[Cluster]] = {}
        self._logged: dict[str, list[Job]] = {}

    def new_id(self, prefix: str) -> str:
        """An id that was never given before; the same seed gives the same ids."""
        self.serial += 1
        number = int.from_bytes(hashlib.sha256(f"{self.seed}/{self.serial}".encode()).digest()[:8])
        letters = "".join(_DIGITS[number // 36**place % 36] for place in range(10))
        return f"{prefix}-{letters}"

    def start(self, job: Job) -> Job:
        """Enter a job; it runs until `advance` reaches its end."""
        self.jobs[job.job_id] = job
        if job.owner in self._logged:
            self._logged[job.owner].append(job)
        if not job.ended:
            self.running.append(job.job_id)
            self._now.add(job)
        return job

    def enter(self, cluster: Cluster) -> None:
        """Put a cluster into the world, as the newest."""
        self.clusters[cluster.cluster_id] = cluster
        if cluster.owner in self._listed and cluster.status in LISTED:
            self._listed[cluster.owner].append(cluster)

    def changed(self, cluster: Cluster) -> None:
        """Somebody changed a cluster by hand: its status, its owner, whatever."""
        self._listed.clear()
        self._now.show_again(cluster.cluster_id)

    def put_in_order(self) -> None:
        """Clusters and jobs that came in out of turn stand where their times belong."""
        self.clusters = dict(sorted(self.clusters.items(), key=lambda item: item[1].began))
        self.jobs = dict(sorted(self.jobs.items(), key=lambda item: item[1].began))
        self._listed.clear()
        self._logged.clear()

    def listed(self, owner: str) -> list[Cluster]:
        """The owner's clusters that the default list shows, oldest first; not to be changed."""
        if owner not in self._listed:
            mine = (cluster for cluster in self.clusters.values() if cluster.owner == owner)
            self._listed[owner] = [cluster for cluster in mine if cluster.status in LISTED]
        return self._listed[owner]

    def logged(self, owner: str) -> list[Job]:
        """The owner's jobs, oldest first; not to be changed."""
        if owner not in self._logged:
            self._logged[owner] = [job for job in self.jobs.values() if job.owner == owner]
        return self._logged[owner]

    def busy(self, cluster_id: str) -> bool:
        """Whether an operation runs on the cluster."""
        return bool(self._now.on(cluster_id))

    def leaving(self, cluster_id: str) -> set[str]:
        """The nodes that a running operation takes away from the cluster."""
        return {node for job in self._now.on(cluster_id) if job.action == DELETE_NODES for node in job.node_ids}

    def next_job_end(self) -> Job | None:
        """The running job that ends first."""
        return self._now.next_end()

    def show_steps(self, now: float) -> None:
        """Bring the statuses of clusters being created up to `now`."""
        for job in self._now.steps(now):
            for cluster_id in job.cluster_ids:
                self.clusters[cluster_id].status = job.step(now)

    def finish(self, job: Job, settings: Settings) -> None:
        """End a job and change what it worked on."""
        self._end(job)
        for cluster_id in job.cluster_ids:
            if cluster_id not in self.clusters:
                continue
            if job.action == CREATE:
                self._created(self.clusters[cluster_id], job, settings)
            elif job.action == DELETE:
                self._deleted(self.clusters[cluster_id], job, settings)
            else:
                changes.end(self.clusters[cluster_id], job, settings)

    def remove(self, cluster_id: str, now: float) -> None:
        """Take a cluster out of the world, and whatever job still works on it and on no other."""
        del self.clusters[cluster_id]
        self.gone[cluster_id] = now
        self._listed.clear()
        for job in self._now.on(cluster_id):
            if self.clusters.keys().isdisjoint(job.cluster_ids):
                self._end(job)
                job.ends, job.fails = now, job.action != DELETE

    def _end(self, job: Job) -> None:
        self.running.remove(job.job_id)
        job.ended = True
        self._now.drop(job)
        self._listed.clear()

    def _created(self, cluster: Cluster, job: Job, settings: Settings) -> None:
        if not job.fails:
            cluster.status = "active"
        elif settings.create_failure_leaves == "abnormal":
            cluster.status = "abnormal"
        else:
            self.remove(cluster.cluster_id, job.ends)

    def _deleted(self, cluster: Cluster, job: Job, settings: Settings) -> None:
        if not job.fails:
            self.remove(cluster.cluster_id, job.ends)
        else:
            cluster.status = "abnormal" if settings.delete_failure_leaves == "abnormal" else job.before
