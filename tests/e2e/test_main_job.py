"""The main job on a genuine API server: a manifest is applied, its cluster exists once, id and job stand in status."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from stage import Stage, until
from stage.kube import condition
from stage.manifests import EXAMPLES, ehpc, example, secrets
from stage.operators import KEY, SHORT

EVERY_FIELD_KEY = {"access_key_id": "EVERY-FIELD-ACCESS-KEY", "secret_access_key": "every-field-secret-for-tests-only"}
PASSWORDS = {"admin": "Adm1nByReference!", "cluster": "Cl0sterByReference!"}


def created(stage: Stage) -> list[dict[str, Any]]:
    """The bodies of the createCluster requests that were sent, in order."""
    return [seen.body for seen in stage.to_cloud.log if seen.path.endswith("/createCluster")]


def password_of(stage: Stage, secret: str) -> str:
    found = stage.kube.secret(secret)
    assert found is not None
    return base64.b64decode(found["data"]["password"]).decode()


def conf_of(body: dict[str, Any]) -> dict[str, Any]:
    conf: dict[str, Any] = body["cluster_conf"]
    return conf


@pytest.mark.parametrize("file", ["ehpc-minimal.yaml", "hpc-minimal.yaml"])
def test_a_minimal_example_becomes_ready_and_goes_again(stage: Stage, file: str) -> None:
    stage.operator()
    name = file.removesuffix(".yaml")
    stage.kube.kubectl("apply", "-f", str(EXAMPLES / file))
    status = stage.wait_ready(name)
    (cluster,) = stage.cloud.clusters()
    assert status["hpc_cluster_id"] == cluster["cluster_id"]
    assert status["job_id"] in [job["job_id"] for job in stage.cloud.ask("GET", "/jobs")]
    assert status["cluster_status"] == "active"
    assert stage.cloud.count("createCluster") == (1, 1)
    assert "condition met" in stage.kube.kubectl("wait", "--for=condition=Ready", f"hpc/{name}", "--timeout=300s")
    stage.kube.kubectl("delete", "hpc", name, "--timeout=300s")
    assert stage.kube.cluster(name) is None
    assert stage.cloud.clusters() == []
    assert stage.cloud.gone() == [cluster["cluster_id"]]
    assert stage.cloud.count("deleteCluster") == (1, 1)
    assert stage.cloud.count("createCluster") == (1, 1)


def test_status_tells_each_stage(stage: Stage) -> None:
    stage.kube.apply(ehpc("told"))
    fresh = stage.kube.cluster("told")
    assert fresh is not None
    assert fresh["status"] == {"observedGeneration": -1}, "a fresh resource never reads as current"
    hold = stage.to_cloud.hold(lambda seen: seen.path.endswith("/createCluster"), "after")
    stage.operator()
    hold.wait()
    open_operation = stage.kube.status("told")["operation"]
    assert (open_operation["action"], open_operation["attempt"]) == ("Create", 1)
    held = stage.kube.cluster("told")
    assert held is not None
    assert "hpc.qingcloud.com/cluster" in held["metadata"]["finalizers"]
    record = json.loads(held["metadata"]["annotations"]["hpc.qingcloud.com/record"])
    assert record["mark"] == open_operation["mark"]
    hold.release()
    status = stage.wait_ready("told")
    assert "operation" not in status
    generation = held["metadata"]["generation"]
    assert status["observedGeneration"] == generation
    assert {c["type"]: c["status"] for c in status["conditions"]} == {
        "Ready": "True",
        "Reconciling": "False",
        "Stalled": "False",
        "Available": "True",
    }
    assert all(c["observedGeneration"] == generation and c["reason"] for c in status["conditions"])
    assert status["account"] == {"endpoint": stage.endpoint, "zone": "jn1a", "owner": "usr-simulator"}
    events = until("the events are told", lambda: "Ready" in (e := stage.kube.events("told")) and e)
    assert events[-1] == "Ready"
    assert len(events) == len(set(events)), "an event tells a change of state, once"
    shown = stage.kube.kubectl("get", "events", "--field-selector=involvedObject.name=told")
    assert "Ready" in shown
    columns, row = (line.split() for line in stage.kube.kubectl("get", "hpc", "told").splitlines())
    assert columns == ["NAME", "READY", "REASON", "TYPE", "NODES", "CLUSTER-ID", "AGE"]
    assert row[:6] == ["told", "True", "Ready", "ehpc", "3/3", status["hpc_cluster_id"]]


def test_a_settled_fleet_writes_nothing_and_asks_nothing_of_its_own(stage: Stage) -> None:
    stage.operator()
    names = ["one", "two", "three"]
    stage.kube.apply(*map(ehpc, names))
    for name in names:
        stage.wait_ready(name)
    assert stage.cloud.count("createCluster") == (3, 3)
    settle = len(stage.to_kube.log)
    last = stage.cloud.last_call()

    def looks(*calls: str) -> list[dict[str, Any]]:
        return [call for call in stage.cloud.calls(since=last) if not calls or call["call"] in calls]

    # What was under way when the last one turned Ready may still look: the count begins at a quiet moment.
    until("two more sweeps", lambda: len(looks("list")) >= 2)
    versions = {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in stage.kube.clusters()}
    settle, last, began = len(stage.to_kube.log), stage.cloud.last_call(), time.monotonic()
    until("eight more sweeps", lambda: len(looks("list")) >= 8)
    elapsed = time.monotonic() - began
    assert stage.to_kube.writes(since=settle) == []
    assert {e["metadata"]["name"]: e["metadata"]["resourceVersion"] for e in stage.kube.clusters()} == versions
    assert {call["call"] for call in looks()} == {"list", "operation"}
    period = 0.945 * float(SHORT["STALENESS"])
    assert len(looks("list")) <= elapsed / period + 2, "one look serves all three"
    assert len(looks("operation")) <= elapsed / period + 2


def test_passwords_are_generated_apart_or_taken_by_reference(stage: Stage) -> None:
    stage.operator()
    (_, by_reference) = secrets({"qingcloud-api-key": {"unused": "unused"}, "ehpc-every-field-passwords": PASSWORDS})
    reference = {"name": "ehpc-every-field-passwords", "key": "admin"}
    stage.kube.apply(by_reference, ehpc("first"), ehpc("second"), ehpc("third", adminPasswordSecretRef=reference))
    for name in ("first", "second", "third"):
        stage.wait_ready(name)
    passwords = {name: password_of(stage, f"{name}-admin") for name in ("first", "second")}
    assert passwords["first"] != passwords["second"]
    assert stage.kube.secret("third-admin") is None
    sent = {body["cluster_name"].rsplit("-", 2)[0]: conf_of(body)["env"]["admin.password"] for body in created(stage)}
    assert sent == {**passwords, "third": PASSWORDS["admin"]}
    for name in ("first", "second"):
        secret = stage.kube.secret(f"{name}-admin")
        resource = stage.kube.cluster(name)
        assert secret is not None
        assert resource is not None
        assert secret["metadata"]["labels"]["hpc.qingcloud.com/of"] == resource["metadata"]["uid"]
    everything = [*passwords.values(), PASSWORDS["admin"], KEY["SECRET_ACCESS_KEY"], "signature="]
    told = stage.outputs() + json.dumps(stage.kube.clusters()) + stage.kube.kubectl("get", "events", "-o", "json")
    for value in everything:
        assert value not in told


def test_the_example_with_every_field(stage: Stage) -> None:
    wish = example("ehpc-every-field.yaml")
    spec = wish["spec"]
    ids = {"owner": spec["owner"], "zone": spec["zone"], "uid_number": 11017754, "gid_number": 11017754}
    key = {"key": EVERY_FIELD_KEY["access_key_id"], "secret": EVERY_FIELD_KEY["secret_access_key"]}
    stage.cloud.ask("POST", "/accounts", {**key, **ids})
    own = {**EVERY_FIELD_KEY, "owner": spec["owner"], "zone": spec["zone"]}
    stage.kube.apply(*secrets({"qingcloud-api-key": own, "ehpc-every-field-passwords": PASSWORDS}))
    operator = stage.operator()
    stage.kube.kubectl("apply", "-f", str(EXAMPLES / "ehpc-every-field.yaml"))
    status = stage.wait_ready("ehpc-every-field")
    assert status["account"] == {"endpoint": stage.endpoint, "zone": spec["zone"], "owner": spec["owner"]}
    (body,) = created(stage)
    assert body["cluster_name"].startswith("fluid-dynamics-")
    assert body["password"] == PASSWORDS["cluster"]
    assert conf_of(body)["env"]["admin.password"] == PASSWORDS["admin"]
    assert body["tasks_total"] == 0
    assert (body["paid_type"], body["duration"]) == ("Reserved", 1)

    # deletionProtection holds the deletion and says so; Retain leaves the cluster when it is lifted.
    stage.kube.kubectl("delete", "hpc", "ehpc-every-field", "--wait=false")
    stage.wait_reason("ehpc-every-field", "DeletionProtected")
    protected = stage.kube.status("ehpc-every-field")
    assert "deletionProtection" in condition(protected)["message"]
    assert condition(protected, "Reconciling")["status"] == "True"
    lift = json.dumps({"spec": {"deletionProtection": False}})
    stage.kube.kubectl("patch", "hpc", "ehpc-every-field", "--type=merge", f"--patch={lift}")
    stage.wait_gone("ehpc-every-field")
    assert [cluster["cluster_id"] for cluster in stage.cloud.clusters()] == [status["hpc_cluster_id"]]
    assert stage.cloud.count("deleteCluster") == (0, 0)
    assert "Left" in stage.kube.events("ehpc-every-field")
    for value in (*PASSWORDS.values(), *EVERY_FIELD_KEY.values(), "signature="):
        assert not operator.says(value)


def test_the_defaults_of_every_duration_suffice_to_create(stage: Stage) -> None:
    stage.operator(**dict.fromkeys(SHORT))
    stage.kube.apply(ehpc("plain"))
    found = until("the id is in status", lambda: stage.kube.status("plain").get("hpc_cluster_id"))
    assert [cluster["cluster_id"] for cluster in stage.cloud.clusters()] == [found]


def test_retain_leaves_cluster_and_generated_secret(stage: Stage) -> None:
    stage.operator()
    stage.kube.apply(ehpc("kept", deletionPolicy="Retain"))
    cluster_id = stage.wait_ready("kept")["hpc_cluster_id"]
    before = password_of(stage, "kept-admin")
    stage.kube.kubectl("delete", "hpc", "kept", "--timeout=300s")
    assert [cluster["cluster_id"] for cluster in stage.cloud.clusters()] == [cluster_id]
    secret = stage.kube.secret("kept-admin")
    assert secret is not None
    assert not secret["metadata"].get("ownerReferences"), "the garbage collector would take the only password"
    assert secret["metadata"]["labels"]["hpc.qingcloud.com/retained"] == cluster_id
    assert password_of(stage, "kept-admin") == before
    assert stage.cloud.count("deleteCluster") == (0, 0)


def test_sigterm_when_idle_ends_at_once_and_gives_the_lease_back(stage: Stage, tell: Callable[[str], None]) -> None:
    operator = stage.operator()
    stage.kube.apply(ehpc("idle"))
    stage.wait_ready("idle")
    began = time.monotonic()
    operator.terminate()
    assert operator.wait() == 0
    elapsed = time.monotonic() - began
    tell(f"SIGTERM when idle: ended after {elapsed:.2f} s")  # how long a hand-over takes: `make chaos`
    lease = stage.kube.get(f"/apis/coordination.k8s.io/v1/namespaces/{stage.namespace}/leases/hpc-operator")
    assert lease is not None
    assert not lease["spec"].get("holderIdentity")
    assert operator.log()[-1]["message"] == "ended"


def test_sigterm_while_a_create_is_unanswered_ends_when_the_answer_is_written(stage: Stage) -> None:
    operator = stage.operator()
    stage.cloud.fault("hold", "createCluster")
    stage.kube.apply(ehpc("busy"))
    until("the create is held", lambda: stage.cloud.ask("GET", "/held"))
    operator.terminate()
    until("the operator stops", lambda: operator.probe("/readyz")[1].strip() == "stopping")
    assert operator.program.poll() is None
    assert "hpc_cluster_id" not in stage.kube.status("busy")
    stage.cloud.ask("POST", "/release", {})
    assert operator.wait() == 0
    (cluster,) = stage.cloud.clusters()
    status = stage.kube.status("busy")
    assert status["hpc_cluster_id"] == cluster["cluster_id"]
    assert status["job_id"]
    stage.operator()
    stage.wait_ready("busy")
    assert stage.cloud.count("createCluster") == (1, 1)


def test_every_log_line_is_json_with_level_and_time(stage: Stage) -> None:
    operator = stage.operator()
    stage.kube.apply(ehpc("logged"))
    stage.wait_ready("logged")
    until("Ready is logged", lambda: any(line["message"].startswith("Ready") for line in operator.log()))
    lines = operator.log()
    assert all({"level", "message", "time"} <= line.keys() for line in lines), lines[0]
