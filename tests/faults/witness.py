"""Who sees everything in a fault world: every request on its arrival, every write of the resource; what must never be.

`test_life_machine` asks it after each step. It knows the truth, and what people did and when; nothing of how the
operator decides. Each violation is a sentence in `found`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from faults.harness.world import World
from faults.wishing import got
from hpc_simulator.clusters import Cluster
from hpc_simulator.replies import Reply

ENDS_JOBS = frozenset({"stopCluster", "resizeCluster", "deleteNodes"})
CHANGES = frozenset({"addNodes", "startCluster", "modifyCluster"}) | ENDS_JOBS
CHANGED_ROLES = ("login", "compute")
UNDER_WAY = 20.0
"""Seconds between the last look at the wish and the request on its arrival: the send deadline, and what calls take."""
HOUR, MOST_CALLS = 3600.0, 1600
"""Eighty of a hundred of the documented calls in an hour, for each process."""


@dataclass(slots=True)
class Bounds:
    """How many nodes a role may have had since all was settled: wishes since, and what people did outside."""

    least: int
    most: int
    added: int = 0
    removed: int = 0

    def wish(self, count: int) -> None:
        self.least, self.most = min(self.least, count), max(self.most, count)

    def allow(self, count: int) -> bool:
        return max(1, self.least - self.removed) <= count <= self.most + self.added


@dataclass
class Witness:
    """`stripped`: when a memory was last taken away; `outside`: when people last changed the cluster."""

    world: World
    found: list[str] = field(default_factory=list)
    wishes: list[tuple[float, dict[str, Any], bool]] = field(default_factory=list)
    bounds: dict[str, Bounds] = field(default_factory=dict)
    stripped: float = -1e9
    outside: float = -1e9
    refused_by_quota: int = 0
    _jobs_seen: dict[str, tuple[float, int]] = field(default_factory=dict)
    _ready: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        self._handle: Callable[..., Reply] = self.world.cloud.handle
        self.world.cloud.handle = self.arrived  # type: ignore[method-assign]
        self.world.kube.watchers.append(self.written)

    # Requests

    def arrived(self, method: str, path: str, query: str, body: bytes) -> Reply:
        call = path.rpartition("/")[2]
        if call in CHANGES or call == "deleteCluster":
            self._judge(call, json.loads(body))
        if call == "list" and (asked := parse_qs(query).get("cluster_id")):
            self._jobs_seen[asked[0]] = (self.world.now(), self._jobs(asked[0]))
        reply = self._handle(method, path, query, body)
        self.look()
        return reply

    def _judge(self, call: str, fields: dict[str, Any]) -> None:
        ids = fields.get("cluster_ids") or [fields.get("cluster_id")]
        for cluster_id in ids:
            where = f"{call} on {cluster_id} at {self.world.loop.time():.0f}"
            if cluster_id not in self.world.made():
                self.found.append(f"FOREIGN: {where}")
                continue
            self._one_at_a_time(where, cluster_id)
            if call in CHANGES:
                self._obeys(where)
            if call in ENDS_JOBS:
                self._idle(where, cluster_id)
        if call == "deleteNodes":
            self._keeps_one(ids[0], set(fields["node_ids"]))

    def _one_at_a_time(self, where: str, cluster_id: str) -> None:
        mine = {record.job_id for record in self.world.cloud.calls if record.effect and cluster_id in record.ids}
        running = [job for job in self.world.cloud.world.running if job in mine]
        forgot = self.world.loop.time() < self.stripped + self.world.policy.window
        if running and not forgot:
            self.found.append(f"TWO AT ONCE: {where} while {running} runs")

    def _lately(self, seconds: float) -> list[tuple[dict[str, Any], bool]]:
        """The wishes that held at some time since then."""
        since = self.world.loop.time() - seconds
        at = next((i for i in range(len(self.wishes) - 1, -1, -1) if self.wishes[i][0] <= since), 0)
        return [(spec, paused) for _, spec, paused in self.wishes[at:]]

    def _obeys(self, where: str) -> None:
        if not any(
            spec.get("managementPolicy", "Full") == "Full" and not paused for spec, paused in self._lately(UNDER_WAY)
        ):
            self.found.append(f"DISOBEYED: {where} although it was not to be changed")

    def _idle(self, where: str, cluster_id: str) -> None:
        lately = [spec for spec, _ in self._lately(UNDER_WAY)]
        if any(spec.get("disruptionPolicy") == "Immediate" or spec.get("disruptionDeadline") for spec in lately):
            return
        at, jobs = self._jobs_seen.get(cluster_id, (0.0, 0))
        if self.world.now() - at > 2 * UNDER_WAY or jobs:
            self.found.append(f"JOBS: {where}: {jobs} jobs were seen {self.world.now() - at:.1f} s before")

    def _jobs(self, cluster_id: str) -> int:
        cluster = self.world.cloud.world.clusters.get(cluster_id)
        return sum(cluster.job_counts.get(kind, 0) for kind in ("running", "pending")) if cluster else 0

    def _keeps_one(self, cluster_id: str, victims: set[str]) -> None:
        cluster = self.world.cloud.world.clusters.get(cluster_id)
        for role in CHANGED_ROLES if cluster else ():
            there = {node.node_id for node in cluster.nodes if node.role == role} if cluster else set()
            if there and there <= victims and not self.bounds[role].removed:
                self.found.append(f"LAST NODE: deleteNodes {sorted(victims)} leaves no {role}")

    # Writes

    def written(self, kind: str, raw: dict[str, Any]) -> None:
        meta, status = raw["metadata"], raw.get("status") or {}
        if meta["name"] != "demo" or kind == "DELETED":
            return
        paused = (meta.get("annotations") or {}).get("hpc.qingcloud.com/paused") == "true"
        if not self.wishes or self.wishes[-1][1:] != (raw["spec"], paused):
            self.wishes.append((self.world.loop.time(), raw["spec"], paused))
            self._wished(raw["spec"])
        observed, generation = status.get("observedGeneration", -1), meta["generation"]
        conditions = {each["type"]: each for each in status.get("conditions") or []}
        if observed > generation or any(each["observedGeneration"] != observed for each in conditions.values()):
            self.found.append(f"GENERATION: {observed} of {generation}: {conditions}")
        ready = conditions.get("Ready", {})
        if ready.get("status") == "True" and observed == generation and "deletionTimestamp" not in meta:
            if self._ready != (meta["uid"], generation):
                self._early(raw, ready["reason"])
            self._ready = (meta["uid"], generation)
        else:
            self._ready = None

    def _early(self, raw: dict[str, Any], reason: str) -> None:
        """Ready for this generation for the first time: what was asked for is there, if nobody else had a hand in it."""
        clear = self.world.loop.time() > self.outside + 600.0
        cluster = self.cluster(raw["status"].get("hpc_cluster_id"))
        if reason not in ("Ready", "Stopped") or not clear or cluster is None:
            return
        wants = "stopped" if raw["spec"].get("power") == "Stopped" else "active"
        if cluster.status != wants:
            self.found.append(f"EARLY: {reason} while the cluster is {cluster.status}")
        for role in CHANGED_ROLES if wants == "active" else ():
            wish = got(raw["spec"], ("cluster_conf", "cluster", role, "count"))
            if wish not in (None, self.count(cluster, role)):
                self.found.append(
                    f"EARLY: {reason} with {self.count(cluster, role)} {role} nodes where {wish} are wished"
                )

    def _wished(self, spec: dict[str, Any]) -> None:
        for role in CHANGED_ROLES:
            wish = got(spec, ("cluster_conf", "cluster", role, "count"))
            count = 1 if wish is None and not self.world.made() else wish
            if count is not None:
                self.bounds.setdefault(role, Bounds(count, count)).wish(count)

    # Looks

    def look(self) -> None:
        """What must hold at any moment."""
        cluster = self.cluster(None)
        for role, bounds in self.bounds.items() if cluster is not None else ():
            assert cluster is not None
            if not bounds.allow(count := self.count(cluster, role)):
                self.found.append(f"NODES: {count} of {role} at {self.world.loop.time():.0f}; allowed were {bounds}")

    def cluster(self, cluster_id: str | None) -> Cluster | None:
        """The operator's cluster as it is; the only one when no id is given."""
        mine = [self.world.cloud.world.clusters.get(i) for i in ([cluster_id] if cluster_id else self.world.made())]
        alive = [each for each in mine if each is not None]
        return alive[0] if len(alive) == 1 else None

    @staticmethod
    def count(cluster: Cluster, role: str) -> int:
        return sum(node.role == role and node.transition != "deleting" for node in cluster.nodes)

    def settled(self) -> None:
        """All is as wished now: from here on bounds begin anew."""
        cluster = self.cluster(None)
        for role, bounds in self.bounds.items() if cluster is not None else ():
            assert cluster is not None
            count = self.count(cluster, role)
            bounds.least = bounds.most = count
            bounds.added = bounds.removed = 0
        if self.wishes:
            self._wished(self.wishes[-1][1])

    def over_budget(self) -> list[str]:
        """Calls in any hour, over the processes that there were."""
        times = [record.time for record in self.world.cloud.calls if not record.late]
        most = MOST_CALLS * max(1, len(self.world.processes))
        for first, last in zip(times, times[most:], strict=False):
            if last - first < HOUR:
                return [f"BUDGET: more than {most} calls in the hour from {first:.0f}"]
        return []
