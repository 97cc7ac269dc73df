"""Leaving on a genuine API server with its garbage collector and its namespace controller: what is kept, what is held."""

import base64
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage import Stage, until
from stage.manifests import ehpc

from local_control_plane import ControlPlane

_NUMBERS = itertools.count(1)
CONTROLLERS = ("garbage-collector-controller", "namespace-controller")


@pytest.fixture(scope="module")
def tended() -> Iterator[ControlPlane]:
    """A server with the controllers that remove what has no owner, and namespaces."""
    with ControlPlane(controllers=CONTROLLERS) as server:
        yield server


@pytest.fixture
def own(tended: ControlPlane, tmp_path: Path) -> Iterator[Stage]:
    name = f"leaving-{next(_NUMBERS)}"
    tended.kubectl("create", "namespace", name)
    with Stage(tended, name, tmp_path, wide=True) as made:
        yield made


def _ready(stage: Stage, name: str, **spec: object) -> str:
    stage.kube.apply(ehpc(name, **spec))
    return str(stage.wait_ready(name)["hpc_cluster_id"])


def _password(stage: Stage, name: str) -> str | None:
    found = stage.kube.secret(f"{name}-admin")
    return base64.b64decode(found["data"]["password"]).decode() if found is not None else None


@pytest.mark.slow
@pytest.mark.parametrize("cascade", ["foreground", "background"])
@pytest.mark.parametrize("operator", ["up", "down"])
def test_the_password_of_a_retained_cluster_survives(own: Stage, cascade: str, operator: str) -> None:
    """Whoever deletes, and how: the only password is kept for as long as the cluster is."""
    running = own.operator()
    cluster = _ready(own, "kept", deletionPolicy="Retain")
    password = _password(own, "kept")
    assert password
    _tended(own)
    if operator == "down":
        running.program.kill()
    own.kube.kubectl("delete", "hpc", "kept", f"--cascade={cascade}", "--wait=false")
    _tended(own)
    if operator == "down":
        own.after_kill()
    own.wait_gone("kept")
    _tended(own)
    for name in ("kept-admin", "kept-connection"):
        found = own.kube.secret(name)
        assert found is not None, name
        assert found["metadata"]["labels"]["hpc.qingcloud.com/retained"] == cluster
    assert _password(own, "kept") == password
    assert own.cloud.count("deleteCluster") == (0, 0)


def _tended(stage: Stage) -> None:
    """The garbage collector knows this kind, and has had its turn: what an HpcCluster owned is gone with it."""
    made = f"owner-{next(_NUMBERS)}"
    stage.kube.apply(
        ehpc(made, managementPolicy="Observe")
        | {"metadata": {"name": made, "annotations": {"hpc.qingcloud.com/paused": "true"}}}
    )
    uid = stage.kube.kubectl("get", "hpc", made, "-o", "jsonpath={.metadata.uid}")
    reference = {"apiVersion": "hpc.qingcloud.com/v1alpha1", "kind": "HpcCluster", "name": made, "uid": uid}
    owned = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": made, "ownerReferences": [reference]}}
    stage.kube.kubectl("apply", "-f", "-", input=json.dumps(owned))
    stage.kube.kubectl("patch", "hpc", made, "--type=merge", "-p", '{"metadata":{"finalizers":["test.example/held"]}}')
    stage.kube.kubectl("delete", "hpc", made, "--cascade=foreground", "--wait=false")
    until("the garbage collector had its turn", lambda: not _configmap(stage, made))
    stage.kube.kubectl("patch", "hpc", made, "--type=json", "-p", '[{"op":"remove","path":"/metadata/finalizers"}]')


def _configmap(stage: Stage, name: str) -> str:
    return stage.kube.kubectl("get", "configmap", name, "--ignore-not-found", "-o", "name").strip()


def test_a_namespace_that_is_deleted_ends(own: Stage) -> None:
    """Its clusters are deleted, its Secrets go, and it is gone: nothing of ours holds it."""
    own.operator(LEASE_NAMESPACE="default")
    for name in ("one", "two"):
        own.kube.apply(ehpc(name))
    for name in ("one", "two"):
        own.wait_ready(name)
    own.kube.kubectl("delete", "namespace", own.namespace, "--wait=false")
    until("the clusters are deleted", lambda: own.cloud.clusters() == [], 120)
    until("the namespace is gone", lambda: not _namespace(own), 60)
    assert own.cloud.count("deleteCluster")[1] == 2


def _namespace(stage: Stage) -> str:
    return stage.server.kubectl("get", "namespace", stage.namespace, "--ignore-not-found", "-o", "name").strip()


def test_the_crd_is_deleted_while_the_operator_is_down(own: Stage) -> None:
    """Nothing is deleted after its start; the number is told; approved on the Lease, all go, and the approval with them."""
    running = own.operator()
    for name in ("one", "two"):
        own.kube.apply(ehpc(name))
    for name in ("one", "two"):
        own.wait_ready(name)
    running.program.kill()
    own.server.kubectl("delete", "crd", "hpcclusters.hpc.qingcloud.com", "--wait=false")
    own.after_kill()
    for name in ("one", "two"):
        own.wait_reason(name, "MassDeletion")
    assert own.cloud.count("deleteCluster") == (0, 0)
    told = next(each for each in own.kube.status("one")["conditions"] if each["type"] == "Ready")["message"]
    assert "approve-deletions=2" in told
    own.kube.kubectl("annotate", "lease", "hpc-operator", "hpc.qingcloud.com/approve-deletions=2")
    until("the clusters are deleted", lambda: own.cloud.clusters() == [], 120)
    until("the CRD is gone", lambda: not _crd(own), 60)
    until("the approval is used up", lambda: "approve-deletions" not in _lease(own), 60)
    assert own.cloud.count("deleteCluster")[1] == 2


def _crd(stage: Stage) -> str:
    return stage.server.kubectl(
        "get", "crd", "hpcclusters.hpc.qingcloud.com", "--ignore-not-found", "-o", "name"
    ).strip()


def _lease(stage: Stage) -> str:
    return stage.kube.kubectl("get", "lease", "hpc-operator", "-o", "jsonpath={.metadata.annotations}")
