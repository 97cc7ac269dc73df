"""Which jobs run, ready at hand: by their end, by cluster, and by the moment at which a create shows its next step.

Lives here: an index over the running jobs. Only `World` imports it, and tells it of every beginning and end.
Never comes in: what a job does. It is not written to the state file: a world that is read makes it anew.
"""

import heapq
from collections.abc import Iterable
from itertools import count

from hpc_simulator.jobs import CREATE, Job

Due = tuple[float, int, Job]


class Running:
    """The jobs that have not ended, oldest first. No question costs more for there being many of them."""

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        self._ends: list[Due] = []
        self._steps: list[Due] = []
        self._by_cluster: dict[str, list[Job]] = {}
        self._turns = count()
        for job in jobs:
            self.add(job)

    def add(self, job: Job) -> None:
        """A job begins."""
        heapq.heappush(self._ends, (job.ends, next(self._turns), job))
        for cluster_id in job.cluster_ids:
            self._by_cluster.setdefault(cluster_id, []).append(job)
        self._step_at(job, job.began)

    def drop(self, job: Job) -> None:
        """A job has ended: `job.ended` says so already, and the two heaps forget it when it comes up."""
        for cluster_id in job.cluster_ids:
            left = [each for each in self._by_cluster.get(cluster_id, ()) if each is not job]
            if left:
                self._by_cluster[cluster_id] = left
            else:
                self._by_cluster.pop(cluster_id, None)

    def on(self, cluster_id: str) -> tuple[Job, ...]:
        """The jobs that run on a cluster."""
        return tuple(self._by_cluster.get(cluster_id, ()))

    def next_end(self) -> Job | None:
        """The job that ends first; of several, the one that began first."""
        while self._ends and self._ends[0][2].ended:
            heapq.heappop(self._ends)
        return self._ends[0][2] if self._ends else None

    def steps(self, now: float) -> list[Job]:
        """The creates that show another step at `now` than when this was asked last, or that were to be shown again."""
        found = []
        while self._steps and self._steps[0][0] <= now:
            job = heapq.heappop(self._steps)[2]
            if not job.ended:
                found.append(job)
                later = job.next_step(now)
                if later is not None:
                    self._step_at(job, later)
        return found

    def show_again(self, cluster_id: str) -> None:
        """Somebody else changed a cluster: what a create shows of it comes back with the next look."""
        for job in self.on(cluster_id):
            self._step_at(job, job.began)

    def _step_at(self, job: Job, due: float) -> None:
        if job.action == CREATE:
            heapq.heappush(self._steps, (due, next(self._turns), job))
