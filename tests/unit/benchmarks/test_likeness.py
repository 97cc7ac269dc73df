"""A copy of a settled resource is settled: an operator that meets it decides nothing, and has nothing to write."""

import json
from dataclasses import replace

import pytest

from benchmarks.likeness import Identity, Model, ref_of, shown
from hpc_operator.decide.connecting import wished
from hpc_operator.decide.decision import Act, Settled
from hpc_operator.decide.facts import Facts, Scene
from hpc_operator.decide.planner import decide
from hpc_operator.decide.report import remembered, report
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.observed import Cluster, ListLook
from hpc_operator.domain.policy import Policy
from hpc_operator.kube.codec import parse_resource, status_patch
from hpc_operator.kube.instants import read_time
from hpc_operator.kube.names import ANNOTATION_RECORD, FINALIZER

FLEET = "bench"
REF = Ref("here", "model", "0b6d1f1e-0000-4000-8000-000000000001")
OWN = shown(FLEET, REF)
ACCOUNT = {"endpoint": "http://127.0.0.1:1/api", "zone": "jn1a", "owner": "usr-simulator"}
AT = "2026-01-01T00:00:00.000Z"
ROLE = {"count": 1, "cpu": 2, "memory": 4096, "nas_mount_point": "/mnt/nas"}


def condition(kind: str, status: str, reason: str, message: str = "") -> dict[str, object]:
    told = {"type": kind, "status": status, "reason": reason, "message": message}
    return {**told, "observedGeneration": 1, "lastTransitionTime": AT}


def stored(**status: object) -> dict[str, object]:
    """A settled resource as a server stores it."""
    record = {"version": 1, "mark": OWN.stem, "account": ACCOUNT, "origin": "Created", "id": "ehpc-model", "nonce": "n"}
    meta = {
        "namespace": REF.namespace,
        "name": REF.name,
        "uid": REF.uid,
        "resourceVersion": "77",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "finalizers": [FINALIZER],
        "annotations": {ANNOTATION_RECORD: json.dumps(record)},
    }
    roles = {"login": ROLE, "controller": ROLE, "compute": ROLE}
    conf = {"cluster": {"vxnet": "vxnet-1", "nas_id": "nas-1", **roles}, "env": {"admin.user": "admin"}}
    told = {
        "hpc_cluster_id": "ehpc-model",
        "job_id": "j-model",
        "account": ACCOUNT,
        "mark": OWN.stem,
        "origin": "Created",
        "recordedAt": AT,
        "firstActiveAt": AT,
        "described": OWN.digest,
        "describedAt": AT,
        "nodes": {role: {"desired": 1, "active": 1} for role in roles},
        "nodesActive": "3/3",
        "lastOperation": {"action": "Create", "attempt": 1, "outcome": "Accepted", "at": AT, "generation": 1},
        "observedGeneration": 1,
        "conditions": [
            condition("Ready", "True", Settled().reason, Settled().message),
            condition("Reconciling", "False", "Done"),
            condition("Stalled", "False", "Progressing"),
            condition("Available", "True", "Active"),
        ],
        "selector": f"hpc.qingcloud.com/cluster={REF.uid}",
        "cluster_status": "active",
        "cluster_name": OWN.name,
        "create_time": "2026-01-01T00:00:00Z",
    }
    spec = {"cluster_type": "ehpc", "version_id": "appv-1", "paid_type": "PayForUsed", "cluster_conf": conf}
    made = {"apiVersion": "hpc.qingcloud.com/v1alpha1", "kind": "HpcCluster", "metadata": meta, "spec": spec}
    connection = wished(parse_resource(made | {"status": told}))
    assert connection is not None
    return made | {"status": told | {"connection": connection.digest} | status}


def other(name: str = "settled-0001") -> Identity:
    return Identity(ref_of("here", name), "ehpc-other", "j-other", "2025-12-31T23:59:00Z")


def met(raw: dict[str, object], who: Identity) -> Scene:
    """An operator meets the resource, and has just looked."""
    resource, cloud = parse_resource(raw), shown(FLEET, who.ref)
    now = read_time(AT) + 100_000
    line = Cluster(
        who.cluster_id,
        name=cloud.name,
        description=cloud.description,
        status="active",
        type="ehpc",
        created_at=read_time(who.create_time),
    )
    looks = tuple(ListLook(now - age, True, "key", (line,), "") for age in (1, 31))
    account = resource.memory.account
    return Scene(
        resource,
        Facts(now, FLEET, account, "key", seen_at=now - 2, lists=looks),
        Policy(zones=("jn1a",), owners=("usr-simulator",)),
    )


@pytest.mark.parametrize("name", ["settled-0001", "a", "a-very-long-name-of-a-resource-that-is-cut"])
def test_an_operator_has_nothing_to_do_about_a_copy(name: str) -> None:
    who = other(name)
    raw = Model(FLEET, stored()).of(who)
    scene = met(raw, who)
    assert scene.resource.problem is None
    decision = decide(scene)
    assert decision == Settled()
    assert status_patch(scene.resource, remembered(scene, decision), report(scene, decision)) is None


def test_a_copy_with_a_connection_of_somebody_else_would_be_written_anew() -> None:
    who = other()
    raw = Model(FLEET, stored()).of(who)
    raw["status"]["connection"] = stored()["status"]["connection"]  # type: ignore[index]
    assert isinstance(decide(met(raw, who)), Act)


def test_nothing_of_the_model_is_left_in_a_copy_and_all_else_is() -> None:
    raw = Model(FLEET, stored()).of(other())
    text = json.dumps(raw)
    for mine in (REF.uid, OWN.stem, OWN.digest, "ehpc-model", "j-model", '"model"'):
        assert mine not in text
    assert raw["metadata"] | {"name": "settled-0001", "namespace": "here"} == raw["metadata"]
    assert "resourceVersion" not in raw["metadata"]
    assert raw["spec"] == stored()["spec"]
    assert raw["status"].keys() == stored()["status"].keys()


def test_a_copy_of_itself_is_the_model() -> None:
    model = Model(FLEET, stored())
    made = model.of(model.identity)
    made["metadata"]["resourceVersion"] = "77"
    assert made == stored()


@pytest.mark.parametrize("wrong", [{"described": "0" * 16}, {"cluster_name": "x"}, {"mark": f"a{'b' * 14}"}])
def test_a_model_that_the_operator_derives_otherwise_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="model is not as copies of it would be made"):
        Model(FLEET, stored(**wrong))


def test_uids_are_told_apart_by_namespace_and_name() -> None:
    found = {ref_of(namespace, name).uid for namespace in ("a", "b") for name in ("x", "y")}
    assert len(found) == 4
    assert replace(ref_of("a", "x")) == ref_of("a", "x")
