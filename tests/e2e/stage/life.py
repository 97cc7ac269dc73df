"""One HpcCluster on a stage that many share: wishes go in through kubectl, the truth comes out of the simulator.

`Lives` runs many such lives at once, each in a thread of its own: waiting is most of what a life does.
"""

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self, TypeVar

import pytest

from stage.kube import condition
from stage.manifests import ehpc
from stage.proxy import Hold, Seen
from stage.setting import Stage
from stage.waiting import until

T = TypeVar("T")
CALLS = (
    "createCluster", "deleteCluster", "modifyCluster",
    "addNodes", "deleteNodes", "resizeCluster", "startCluster", "stopCluster",
)  # fmt: skip
"""Every call that changes something."""

Truth = tuple[str, dict[str, list[tuple[int, int]]]]
SMALL, BIG = (2, 4096), (8, 24576)
ONE: dict[str, list[tuple[int, int]]] = {"login": [SMALL], "controller": [SMALL], "compute": [SMALL]}
PATIENCE = 300.0


def role(name: str, **fields: object) -> dict[str, Any]:
    """A merge patch of spec in which a role says something else; None takes a field out."""
    return {"cluster_conf": {"cluster": {name: fields}}}


class Life:
    """One resource by name, and its cluster."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage, self.name = stage, name
        self.expected = ""
        """The id of the cluster that it must have, where the test notes one."""

    def apply(self, annotations: dict[str, str] | None = None, **spec: object) -> None:
        """kubectl apply of the smallest ehpc cluster with these fields."""
        made = ehpc(self.name, **spec)
        if annotations:
            made["metadata"]["annotations"] = {f"hpc.qingcloud.com/{key}": value for key, value in annotations.items()}
        self.stage.kube.apply(made)

    def born(self, **spec: object) -> str:
        """Apply, wait until Ready and counted; the cluster's id."""
        self.apply(None, **spec)
        return str(self.settled(ONE)["hpc_cluster_id"])

    def patch(self, spec: dict[str, Any]) -> None:
        """kubectl patch of spec."""
        self.kubectl("patch", "--type=merge", "-p", json.dumps({"spec": spec}))

    def annotate(self, **annotations: str | None) -> None:
        """kubectl annotate; None takes one away."""
        words = {f"hpc.qingcloud.com/{key.replace('_', '-')}": value for key, value in annotations.items()}
        self.kubectl("annotate", *(f"{key}-" if value is None else f"{key}={value}" for key, value in words.items()))

    def kubectl(self, verb: str, *arguments: str) -> str:
        """A verb of kubectl on this resource."""
        overwrite = ("--overwrite",) if verb == "annotate" else ()
        return self.stage.kube.kubectl(verb, "hpccluster", self.name, *overwrite, *arguments)

    def holds(self, call: str, contains: str) -> Hold:
        """The answer of the next such call whose body contains the text stops on its way back."""

        def mine(seen: Seen) -> bool:
            return seen.path.endswith(f"/{call}") and contains in json.dumps(seen.body)

        return self.stage.to_cloud.hold(mine, "after")

    def outside(self, **change: object) -> None:
        """What a person does at the console."""
        self.stage.cloud.ask("POST", f"/clusters/{self.id}", change)

    @property
    def id(self) -> str:
        """The cluster's id as status knows it."""
        return str(self.status["hpc_cluster_id"])

    @property
    def status(self) -> dict[str, Any]:
        return self.stage.kube.status(self.name)

    @property
    def reason(self) -> str:
        return self.stage.kube.reason(self.name)

    @property
    def conditions(self) -> dict[str, str]:
        """Status of each condition."""
        return {each["type"]: each["status"] for each in self.status.get("conditions", [])}

    def cluster(self, cluster_id: str | None = None) -> dict[str, Any]:
        """The cluster as the cloud truly has it."""
        wanted = cluster_id or self.id
        [found] = [each for each in self.stage.cloud.clusters() if each["cluster_id"] == wanted]
        return dict(found)

    def nodes(self, of: str = "compute") -> list[str]:
        """Ids of the nodes of a role, oldest first."""
        return [node["node_id"] for node in self.cluster()["nodes"] if node["role"] == of]

    def truth(self) -> Truth:
        """Status and the sizes of each role's nodes, as the cloud has them."""
        cluster, roles = self.cluster(), dict[str, list[tuple[int, int]]]()
        for node in cluster["nodes"]:
            roles.setdefault(node["role"], []).append((node["cpu"], node["memory"]))
        return cluster["status"], roles

    def sent(self, cluster_id: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Every changing request about this cluster that went out since its create, in order: call and body."""
        wanted = cluster_id or self.id
        log = [(seen.path.rsplit("/", 1)[1], seen.body) for seen in list(self.stage.to_cloud.log) if seen.writes]
        return [(call, body) for call, body in log if wanted in (body.get("cluster_id"), *body.get("cluster_ids", ()))]

    def counts(self, cluster_id: str | None = None) -> dict[str, tuple[int, int]]:
        """(requests, effects) of each changing call on this cluster since its create and first description."""
        wanted = cluster_id or self.id
        calls = [call for call, _ in self.sent(wanted)]
        records = [each for each in self.stage.cloud.calls() if each["call"] in CALLS and wanted in each["ids"]]
        effects = [each["call"] for each in records if each["effect"] and each["call"] != "createCluster"]
        found = {call: (calls.count(call), effects.count(call)) for call in CALLS}
        return {call: number for call, number in found.items() if number != (0, 0)}

    def since(self, before: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        """What `counts` has more than before."""
        now = self.counts()
        more = {call: tuple(map(int.__sub__, now[call], before.get(call, (0, 0)))) for call in now}
        return {call: (number[0], number[1]) for call, number in more.items() if number != (0, 0)}

    def settled(
        self, roles: dict[str, list[tuple[int, int]]], status: str = "active", reason: str = "Ready"
    ) -> dict[str, Any]:
        """The status once the wish was seen, Ready says so, nothing is open, and the cloud has exactly this."""

        def done() -> dict[str, Any] | None:
            resource = self.stage.kube.cluster(self.name) or {"metadata": {}, "status": {}}
            said = resource["status"]
            ready = condition(said)
            seen = said.get("observedGeneration") == resource["metadata"].get("generation")
            if not seen or "operation" in said or (ready.get("status"), ready.get("reason")) != ("True", reason):
                return None
            counted = {of: number.get("active") for of, number in said.get("nodes", {}).items()}
            up = status == "active"
            whole = counted == {of: len(sizes) if up else 0 for of, sizes in roles.items()}
            return dict(said) if whole and self.truth() == (status, roles) else None

        return self._until(f"{reason} with {status} {roles}", done)

    def says(self, *reasons: str) -> dict[str, Any]:
        """The status once Ready has one of these reasons for the present generation."""

        def done() -> dict[str, Any] | None:
            resource = self.stage.kube.cluster(self.name) or {"metadata": {}, "status": {}}
            ready = condition(resource["status"])
            seen = ready.get("observedGeneration") == resource["metadata"].get("generation")
            return dict(resource["status"]) if seen and ready.get("reason") in reasons else None

        return self._until(f"{reasons}", done)

    def until(self, what: str, probe: Callable[[], T | None]) -> T:
        """What the probe answers once it counts as true; on a timeout, status and truth."""
        return self._until(what, probe)

    def _until(self, what: str, probe: Callable[[], T | None]) -> T:
        try:
            return until(f"{self.name}: {what}", probe, deadline=PATIENCE, pause=0.25)
        except AssertionError as error:
            known = self.status
            truth = self.truth() if known.get("hpc_cluster_id") else None
            raise AssertionError(f"{error}; status: {known}; the cloud has {truth}") from None

    def waits(self, sweeps: int = 4) -> None:
        """Return after so many more looks at the account: what was to be seen was seen."""
        last = self.stage.cloud.last_call()
        until(f"{sweeps} sweeps", lambda: len(self.stage.cloud.calls("list", since=last)) >= sweeps, pause=0.25)


class Lives:
    """Lives that are lived at the same time. Use it in a `with` statement."""

    def __init__(self, stage: Stage, wanted: Iterable[Callable[[Life], None]]) -> None:
        self.stage, self._wanted = stage, list(dict.fromkeys(wanted))
        self._pool = ThreadPoolExecutor(max(1, len(self._wanted)))
        self._running: dict[str, Future[None]] = {}
        self.took: dict[str, float] = {}

    @classmethod
    def asked_for(cls, stage: Stage, request: pytest.FixtureRequest) -> Self:
        """The lives that are a parameter `live` of the tests of this file that the run asks for."""
        mine = [getattr(item, "callspec", None) for item in request.session.items if item.path == request.path]
        return cls(stage, [each.params["live"] for each in mine if each is not None and "live" in each.params])

    def __enter__(self) -> Self:
        for live in self._wanted:
            name = live.__name__.replace("_", "-")
            self._running[live.__name__] = self._pool.submit(self._live, live, Life(self.stage, name))
        return self

    def _live(self, live: Callable[[Life], None], life: Life) -> None:
        began = time.monotonic()
        try:
            live(life)
        finally:
            self.took[live.__name__] = time.monotonic() - began

    def longest(self) -> str:
        """The five that took longest, in words."""
        order = sorted(self.took, key=lambda name: -self.took[name])
        return ", ".join(f"{name} {self.took[name]:.0f} s" for name in order[:5])

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def end(self, live: Callable[[Life], None]) -> None:
        """Return when this life was lived; raises what went wrong in it."""
        self._running[live.__name__].result()

    def all_ended(self) -> None:
        """Return when all were lived, well or not."""
        for each in self._running.values():
            each.exception()
