"""Upgrades and ways back on the genuine API server: CRD and operator of different versions, whichever came first.

docs/upgrading.md promises what is tried here. A server of its own: the CRD is everybody's.
"""

import copy
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import Operator, Stage, until, until_served
from stage.kube import condition
from stage.manifests import CRD, ROOT, ehpc
from stage.operators import environment
from stage.programs import script

from benchmarks.likeness import Identity, Model, shown
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import Mark, stem
from local_control_plane import ControlPlane

FIRST = ROOT / "tests" / "fixtures" / "released" / "operation-1"
READS = {"list", "operation", "listNodes", "permission"}
PASSWORD = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "given"},
    "stringData": {"password": "GivenPassword1!"},
}
GIVEN = {"adminPasswordSecretRef": {"name": "given", "key": "password"}}
SETTLED = 100
FEW = 8
"""Looks that a start needs for a hundred clusters: two pages of the list, the log, and each once more to be believed."""


@pytest.fixture(scope="module")
def server() -> Iterator[ControlPlane]:
    with ControlPlane() as made:
        made.kubectl("create", "namespace", "versions")
        yield made


@pytest.fixture
def place(server: ControlPlane, tmp_path: Path) -> Iterator[Stage]:
    """A stage without the CRD, which is taken away after it with all that is left."""
    with Stage(server, "versions", tmp_path, crd=False) as stage:
        yield stage
        for each in stage.operators:
            each.stop()
        for left in stage.kube.shown("hpcclusters"):
            stage.kube.merge(left["metadata"]["name"], {"metadata": {"finalizers": None}})
        server.kubectl("delete", "crd", "--all", "--timeout=300s")
        server.kubectl("delete", "secrets,leases", "--all", "--namespace=versions")


def install(stage: Stage, crd: dict[str, Any]) -> None:
    """Put this CRD in place of what is there."""
    stage.server.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=json.dumps(crd))
    until_served(stage.server)


def todays() -> dict[str, Any]:
    """The CRD of this version."""
    found: dict[str, Any] = yaml.safe_load(CRD.read_text())
    return found


def newer() -> dict[str, Any]:
    """A CRD of a version to come: a field and a word in spec, a field with a default in status, a column."""
    made = todays()
    version = made["spec"]["versions"][0]
    properties = version["schema"]["openAPIV3Schema"]["properties"]
    properties["spec"]["properties"]["gpu_type"] = {"type": "string"}
    properties["spec"]["properties"]["deletionPolicy"]["enum"].append("Archive")
    properties["status"]["properties"]["phase"] = {"type": "string", "default": "Unknown"}
    version["additionalPrinterColumns"].append({"name": "PHASE", "type": "string", "jsonPath": ".status.phase"})
    return made


def versions(*served: tuple[str, bool]) -> dict[str, Any]:
    """A CRD with these versions, each served or not; the last one is stored."""
    made = todays()
    [model] = made["spec"]["versions"]
    made["spec"]["versions"] = [
        {**copy.deepcopy(model), "name": name, "served": is_served, "storage": name == served[-1][0]}
        for name, is_served in served
    ]
    return made


def readyz(operator: Operator) -> str:
    return operator.probe("/readyz")[1]


def doctor(stage: Stage) -> str:
    """What the doctor says of the CRD, with what to do."""
    command = [script("hpc-operator"), "doctor", "-o", "json"]
    done = subprocess.run(
        command, env=environment(stage.settings()), capture_output=True, text=True, check=False, timeout=90
    )
    found = next(each for each in json.loads(done.stdout)["findings"] if each["check"].lower() == "crd")
    return f"{found['level']}: {found['said']}: {found['advice']}"


def begun_by(stage: Stage, moment: str, name: str) -> Mark:
    """A fixture as it would stand here: its status and record with this life's mark, this account and this time."""
    text = (FIRST / f"{moment}.yaml").read_text()
    held = next(each for each in yaml.safe_load_all(text) if each["kind"] == "HpcCluster")
    stage.kube.create({key: held[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": name}})
    stored = stage.kube.cluster(name)
    assert stored is not None
    mine = stem("stage", Ref(stage.namespace, name, stored["metadata"]["uid"]))
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    account = held["status"]["operation"]["account"]["endpoint"]
    swaps = {held["status"]["operation"]["mark"]: mine, held["status"]["operation"]["startedAt"]: now}
    text = json.dumps({"meta": held["metadata"], "status": held["status"]}).replace(account, stage.endpoint)
    for old, new in swaps.items():
        text = text.replace(old, new)
    made = json.loads(text)
    meta = {key: made["meta"][key] for key in ("annotations", "finalizers")}
    stage.kube.merge(name, {"metadata": meta})
    stage.kube.merge(name, {"status": made["status"]}, part="/status")
    return Mark(mine, 1)


def test_an_older_crd_is_told_until_it_is_upgraded_and_open_creates_go_on(place: Stage) -> None:
    """The first CRD there was, with two creates that its operator left open: one was sent, one was not."""
    install(place, yaml.safe_load((FIRST / "crd.yaml").read_text()))
    place.kube.apply(PASSWORD)
    sent = begun_by(place, "create-sent", "sent")
    begun_by(place, "create-intended", "intended")
    bought = place.cloud.ask("POST", "/clusters", {"name": f"sent-{sent}", "nas_id": "nas-1"})
    operator = place.launch()
    until("it is told", lambda: "CrdTooOld" in readyz(operator))
    assert operator.says("CrdTooOld"), "in the log too"
    assert "error: CrdTooOld" in doctor(place)
    assert "kubectl apply --server-side" in doctor(place)
    assert {call["call"] for call in place.cloud.calls()} <= READS, "the doctor's"
    install(place, todays())
    found = place.wait_ready("sent")
    place.wait_ready("intended")
    assert found["hpc_cluster_id"] in json.dumps(bought)
    assert place.cloud.count("createCluster") == (1, 1)
    assert len(place.cloud.clusters()) == 2


def resource_versions(stage: Stage) -> dict[str, str]:
    return {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in stage.kube.clusters()}


def rests(stage: Stage, sweeps: int = 3) -> None:
    """Wait until some more sweeps have changed nothing."""

    def rested() -> bool:
        before, since = resource_versions(stage), stage.cloud.last_call()
        until("further looks", lambda: len(stage.cloud.calls("list", since=since)) >= sweeps)
        return resource_versions(stage) == before

    until("nothing is written any more", rested)


def passes(operator: Operator) -> float:
    """Passes made so far."""
    lines = operator.probe("/metrics")[1].splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("hpc_operator_passes_total{"))


def seed(stage: Stage, model: Model, names: list[str]) -> None:
    """Resources that stand as the model does, each with a cluster under its own mark: settled, as if by an operator."""
    refs = []
    for name in names:
        stage.kube.create(ehpc(name, **GIVEN))
        stored = stage.kube.cluster(name)
        assert stored is not None
        refs.append(Ref(stage.namespace, name, stored["metadata"]["uid"]))
    copies = [{"name": each.name, "description": each.description} for each in (shown("stage", ref) for ref in refs)]
    path = f"/clusters/{model.identity.cluster_id}/copies"
    made = stage.cloud.ask("POST", path, {"copies": copies, "apart": 60.0})
    for ref, each in zip(refs, made, strict=True):
        as_made = model.of(Identity(ref, each["cluster_id"], each["job_id"], each["create_time"]))
        meta = {key: as_made["metadata"][key] for key in ("annotations", "finalizers")}
        stage.kube.merge(ref.name, {"metadata": meta})
        stage.kube.merge(ref.name, {"status": as_made["status"]}, part="/status")


def test_a_restart_and_a_newer_crd_cost_a_hundred_settled_resources_nothing(place: Stage) -> None:
    """Nothing is written and nothing changed; what only the newer CRD knows is left alone, with a reason."""
    install(place, todays())
    place.kube.apply(PASSWORD)
    before_it = place.operator()
    place.kube.create(ehpc("model", **GIVEN))
    place.wait_ready("model")
    rests(place)
    before_it.terminate()
    assert before_it.wait() == 0
    stored = place.kube.cluster("model")
    assert stored is not None
    seed(place, Model("stage", stored), [f"c-{number}" for number in range(1, SETTLED)])
    before = resource_versions(place)
    assert len(before) == SETTLED
    asked, last = len(place.to_kube.log), place.cloud.last_call()

    operator = place.operator(STALENESS="300")
    until("each was passed", lambda: passes(operator) >= SETTLED)
    looks = [call["call"] for call in place.cloud.calls(since=last)]
    assert set(looks) <= {"list", "operation"}
    assert len(looks) <= FEW, looks

    passed = passes(operator)
    install(place, newer())
    until("each was passed again", lambda: passes(operator) >= passed + SETTLED)
    assert {each["status"]["phase"] for each in place.kube.clusters()} == {"Unknown"}, "the new field is there"
    assert resource_versions(place) == before
    assert place.to_kube.writes(asked) == []
    looks = [call["call"] for call in place.cloud.calls(since=last)]
    assert set(looks) <= {"list", "operation"}
    assert len(looks) <= FEW, looks

    place.kube.create(ehpc("modern", gpu_type="a100"))
    place.kube.create(ehpc("wordy", deletionPolicy="Archive"))
    for name, what in (("modern", "gpu_type"), ("wordy", "deletionPolicy")):
        status = place.wait_reason(name, "SpecNewer")
        assert what in condition(status)["message"]
        assert condition(status, "Stalled")["status"] == "True"
    assert place.cloud.count("createCluster")[1] == 1, "the model's"
    place.kube.merge("modern", {"spec": {"gpu_type": None}})
    place.wait_ready("modern")
    place.kube.merge("modern", {"spec": {"gpu_type": "a100"}})
    place.wait_reason("modern", "SpecNewer")
    place.kube.delete("modern")
    until("the deletion is held", lambda: "goes on when" in condition(place.kube.status("modern"))["message"])
    assert place.cloud.count("deleteCluster") == (0, 0)
    assert {name: was for name, was in resource_versions(place).items() if name in before} == before


def test_a_crd_of_another_version_is_served_as_long_as_ours_is(place: Stage) -> None:
    install(place, versions(("v1alpha1", True), ("v1beta1", True)))
    operator = place.operator()
    place.kube.create(ehpc("here"))
    place.wait_ready("here")
    gone = versions(("v1alpha1", False), ("v1beta1", True))
    place.server.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=json.dumps(gone))
    assert operator.wait() == 1, "what it watched is no more; it is started again, and waits"
    waiting = place.launch()
    until("it is told", lambda: "serves v1beta1 and not v1alpha1" in readyz(waiting))
    assert waiting.says("serves v1beta1 and not v1alpha1")
    assert "upgrade the operator, or serve v1alpha1 again" in readyz(waiting)
    assert "error: the HpcCluster CRD serves v1beta1" in doctor(place)
    lines = [line for line in waiting.log() if "v1beta1" in line["message"]]
    assert len(lines) == 1, "it is said once"
    calls = place.cloud.last_call()
    install(place, versions(("v1alpha1", True), ("v1beta1", True)))
    until("it leads", waiting.leads)
    place.kube.create(ehpc("later"))
    place.wait_ready("later")
    assert [call["call"] for call in place.cloud.calls(since=calls)].count("createCluster") == 1
    assert place.kube.ready("here") is not None
