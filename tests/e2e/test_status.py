"""`hpc-operator status` and `kubectl hpc` as processes, against the genuine API server; the operator beside them.

What it needs of the cloud is nothing at all: it is started without any setting of the operator but where Kubernetes is.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, until
from stage.manifests import ehpc
from stage.operators import environment
from stage.programs import script

from local_control_plane import ControlPlane


@dataclass
class Asked:
    """One run."""

    code: int
    text: str
    error: str

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def only(self) -> dict[str, Any]:
        [one] = self.told["resources"]
        found: dict[str, Any] = one
        return found


def run(stage: Stage, *arguments: str, program: str = "hpc-operator", kubeconfig: Path | None = None) -> Asked:
    settings = {"KUBECONFIG": str(kubeconfig or stage.kubeconfig)}
    done = subprocess.run(
        [script(program), *arguments], env=environment(settings), capture_output=True, text=True, check=False
    )
    return Asked(done.returncode, done.stdout, done.stderr)


def status(stage: Stage, *arguments: str, **more: Any) -> Asked:
    return run(stage, "status", *arguments, "-n", stage.namespace, **more)


def kubectl_hpc(stage: Stage, *arguments: str) -> Asked:
    """As a kubectl plugin: kubectl finds the executable on PATH."""
    folder = str(Path(script("kubectl-hpc")).parent)
    env = {**environment({}), "KUBECONFIG": str(stage.server.kubeconfig), "PATH": f"{folder}:{os.environ['PATH']}"}
    command = [str(stage.server.binary("kubectl")), "hpc", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return Asked(done.returncode, done.stdout, done.stderr)


def test_from_applied_to_ready_to_gone(stage: Stage) -> None:
    """Nobody looks at it; it is created; it is there; its deletion is held, and why: each on one screen."""
    assert status(stage).text == f"No HpcClusters in namespace {stage.namespace}.\n"
    stage.kube.apply(ehpc("demo", deletionProtection=True))
    fresh = status(stage, "demo")
    assert fresh.text.splitlines()[0] == f"{stage.namespace}/demo  ehpc  not seen yet"
    stage.operator()
    waits = until(
        "it is being created",
        lambda: one if (one := status(stage, "demo", "-o", "json").only)["hpc_cluster_id"] else None,
    )
    assert waits["stage"] in ("working", "well")
    ready = stage.wait_ready("demo")
    found = until(
        "nodes are counted", lambda: one if (one := status(stage, "demo", "-o", "json").only)["endpoints"] else None
    )
    assert (found["stage"], found["needs_person"], found["advice"]) == ("well", False, "Nothing.")
    assert (found["hpc_cluster_id"], found["job_id"], found["operation"]) == (
        ready["hpc_cluster_id"],
        ready["job_id"],
        None,
    )
    assert {role: nodes["active"] for role, nodes in found["nodes"].items()} == {
        "login": 1,
        "controller": 1,
        "compute": 1,
    }
    assert found["conditions"]["Available"]["status"] == "True"
    assert found["events"], "the operator has said something"
    screen = status(stage, "demo")
    assert (screen.code, screen.error) == (0, "")
    assert f"Cluster:    {ready['hpc_cluster_id']}, active, named demo-" in screen.text
    assert "\x1b" not in screen.text, "no colour where it is no terminal"
    stage.kube.kubectl("delete", "hpccluster", "demo", "--wait=false")
    stage.wait_reason("demo", "DeletionProtected")
    held = status(stage, "demo")
    assert held.code == 1
    assert "held back by DeletionProtected" in held.text
    advised = next(line for line in held.text.splitlines() if line.startswith("You:"))
    assert "kubectl patch" in advised
    stage.kube.kubectl("patch", "hpccluster", "demo", "--type=merge", "-p", '{"spec":{"deletionProtection":false}}')
    stage.wait_gone("demo")
    gone = status(stage, "demo")
    assert (gone.code, gone.text) == (2, "")
    assert f"there is no HpcCluster demo in namespace {stage.namespace}" in gone.error


def test_an_open_operation_is_shown_with_its_age(stage: Stage) -> None:
    """The answer of the create is held back: its intent is open, and nobody has to do anything."""
    stage.cloud.fault("hold", "createCluster")
    stage.operator()
    stage.kube.apply(ehpc("demo"))
    found = until("it is open", lambda: one if (one := status(stage, "demo", "-o", "json").only)["operation"] else None)
    operation = found["operation"]
    assert (operation["action"], operation["attempt"], operation["job_id"]) == ("Create", 1, None)
    assert operation["open_seconds"] >= 0
    assert (found["needs_person"], found["stage"]) == (False, "working")


def test_the_table_and_the_plugin(stage: Stage) -> None:
    """Three stand differently; the one that needs a person comes first, in the plugin as in the program."""
    stage.operator(OWNERS="usr-simulator")
    stage.kube.apply(ehpc("alpha"), ehpc("beta", owner="usr-somebody"))
    stage.wait_ready("alpha")
    stage.wait_reason("beta", "OwnerNotAllowed")
    found = status(stage)
    rows = found.text.splitlines()
    assert (found.code, [row.split()[1] for row in rows[1:]]) == (1, ["beta", "alpha"])
    assert "needs you" in rows[1]
    plugin = kubectl_hpc(stage, "-n", stage.namespace)
    assert (plugin.code, plugin.text.splitlines()[0]) == (1, rows[0])
    assert kubectl_hpc(stage, "alpha", "-n", stage.namespace).text.startswith(f"{stage.namespace}/alpha  ehpc  well")
    assert kubectl_hpc(stage, "status", "alpha", "-n", stage.namespace).code == 0
    everywhere = kubectl_hpc(stage, "-A", "-o", "json").told["resources"]
    assert {"alpha", "beta"} <= {each["name"] for each in everywhere if each["namespace"] == stage.namespace}
    assert "Usage: kubectl hpc" in kubectl_hpc(stage, "--help").text


def test_the_namespace_is_the_contexts(stage: Stage, tmp_path: Path) -> None:
    """As for kubectl."""
    path = stage.server.kubeconfig_for(tmp_path / "config", stage.kube.token, stage.namespace)
    stage.kube.apply(ehpc("demo"))
    assert run(stage, "status", "demo", kubeconfig=path).text.startswith(f"{stage.namespace}/demo")


def reader(stage: Stage, tmp_path: Path, verb: str) -> Path:
    kubectl, namespace = stage.kube.kubectl, stage.namespace
    kubectl("create", "serviceaccount", "reader")
    kubectl("create", "role", "reader", f"--verb={verb}", "--resource=hpcclusters.hpc.qingcloud.com")
    kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader")
    return stage.server.kubeconfig_for(tmp_path / "reader", stage.server.token_for(namespace, "reader"))


def test_the_right_to_get_is_enough_for_one(stage: Stage, tmp_path: Path) -> None:
    """Without the right to list events the rest is told, and that they cannot be read; without that to list, no table."""
    stage.kube.apply(ehpc("demo"))
    path = reader(stage, tmp_path, "get")
    found = until("it may get", lambda: one if (one := status(stage, "demo", kubeconfig=path)).code != 2 else None)
    assert "Events:     cannot be read: a permission is missing" in found.text
    refused = status(stage, kubeconfig=path)
    assert (refused.code, refused.text) == (2, "")
    assert "a permission is missing" in refused.error
    assert "cannot list resource" in refused.error


@pytest.mark.parametrize("output", ["text", "json"])
def test_no_way_to_kubernetes_is_2(stage: Stage, tmp_path: Path, output: str) -> None:
    closed = stage.kube.kubeconfig_through("http://127.0.0.1:9", tmp_path / "closed")
    missing = tmp_path / "not-there"
    for path, said in ((closed, "no answer from the API server"), (missing, "no way to the API server can be read")):
        found = status(stage, "-o", output, kubeconfig=path)
        assert found.code == 2
        assert said in (found.told["problems"][0] if output == "json" else found.error)
        assert "Traceback" not in found.error


def test_wrong_usage_is_2(stage: Stage) -> None:
    assert run(stage, "status", "demo", "-A").code == 2
    assert "leave NAME and -n out" in run(stage, "status", "demo", "-A").error


def test_it_only_reads(stage: Stage) -> None:
    stage.kube.apply(ehpc("demo"))
    status(stage, "demo")
    status(stage)
    assert {seen.method for seen in stage.to_kube.log} == {"GET"}
    assert stage.cloud.calls() == []


def test_a_server_without_the_crd_is_told(tmp_path: Path) -> None:
    """A server of its own: the shared one has it."""
    with ControlPlane() as server, Stage(server, "default", tmp_path, crd=False) as bare:
        for arguments in ((), ("demo",)):
            found = status(bare, *arguments)
            assert found.code == 2
            assert "this Kubernetes does not know HpcClusters: apply crds/hpcclusters.yaml" in found.error
