"""The chart on genuine tools: helm 4, helm 3 and kubectl install it on a server with the genuine controllers of Deployments.

Pods are made by them and admitted by PodSecurity `restricted`; `stage.node` only runs them. One server is shared, and each
test leaves it without CRD, releases and policies.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from stage import Kube, Simulator, until
from stage.manifests import ehpc, example
from stage.node import Node
from stage.operators import KEY, SHORT

from chart_files.places import CHART, INSTALL
from local_control_plane import ControlPlane, KubectlError, binaries
from local_control_plane.wheels import available

CONTROLLERS = [
    f"{name}-controller" for name in ("deployment", "replicaset", "serviceaccount", "namespace", "garbage-collector")
]
SECRET = {name.lower(): value for name, value in KEY.items()}
CHANGING = ("createCluster", "deleteCluster", "modifyCluster", "addNodes", "deleteNodes")
CRD = "hpcclusters.hpc.qingcloud.com"


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane(controllers=CONTROLLERS, tools=["helm"]) as server:
        yield server


@pytest.fixture(scope="module")
def node(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with Node(plane, tmp_path_factory.mktemp("pods")) as made:
        yield made


class Site:
    """A namespace that admits only `restricted` Pods, a simulator, and helm."""

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path, cloud: Simulator) -> None:
        self.plane, self.namespace, self.folder, self.cloud = plane, namespace, folder, cloud
        self.kube = Kube(plane, namespace)
        self.program = plane.binary("helm")
        homes = {f"HELM_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "CONFIG", "DATA")}
        self.environment = {**plane.environment(), **homes}

    def helm(self, *arguments: str | Path) -> str:
        """helm in this namespace; its output. AssertionError with what it said."""
        waiting = ["--timeout=300s"] if "--wait" in arguments else []
        command = [self.program, f"--namespace={self.namespace}", *arguments, *waiting]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def values(self, **values: Any) -> Path:
        """A file with values for the simulator of this test, and others."""
        settings = {name.lower(): yaml.safe_load(value) for name, value in SHORT.items()}
        mine = {"endpoint": self.cloud.endpoint, **settings, **values.pop("settings", {})}
        path = self.folder / "values.yaml"
        path.write_text(
            json.dumps({"fleet": "site", "credentials": {"existingSecret": "key"}, "settings": mine, **values})
        )
        return path

    def give_key(self, name: str = "key") -> None:
        literals = [f"--from-literal={key}={value}" for key, value in SECRET.items()]
        self.kube.kubectl("create", "secret", "generic", name, *literals)

    def pods(self) -> list[dict[str, Any]]:
        found = self.kube.get(f"/api/v1/namespaces/{self.namespace}/pods")
        assert found is not None
        return list(found["items"])

    def changing_calls(self) -> dict[str, tuple[int, int]]:
        return {call: self.cloud.count(call) for call in CHANGING}

    def sweeps(self, number: int) -> None:
        """Return when so many looks more have begun: what had to be seen was seen."""
        last = self.cloud.last_call()
        until(f"{number} looks", lambda: len(self.cloud.calls("list", since=last)) >= number)


@pytest.fixture
def site(plane: ControlPlane, node: Node, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """A site in a namespace of its own, or the one that is the fixture's parameter."""
    name = getattr(request, "param", None) or re.sub(r"\W|_", "-", request.node.originalname.removeprefix("test_"))[:40]
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    plane.kubectl("apply", "-f", "-", input=json.dumps(manifest("Namespace", name, labels=level)))
    cloud = Simulator(tmp_path, request_lifetime=SHORT["REQUEST_LIFETIME"])
    made = Site(plane, name, tmp_path, cloud)
    try:
        yield made
    finally:
        clear(made)
        made.kube.close()
        cloud.stop()


def manifest(kind: str, name: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}}


def clear(site: Site) -> None:
    """Leave the server as it was: no operator, no resource, no CRD, no namespace."""
    for release in json.loads(site.helm("list", "--output=json")):
        site.helm("uninstall", release["name"], "--wait")
    # The chart's admission policies are forgotten by the server a moment after they are gone.
    until("the CRD is gone", lambda: without_crd(site.plane))
    site.plane.kubectl("delete", "namespace", site.namespace, "--wait=false")


def without_crd(plane: ControlPlane) -> bool:
    """Whether the CRD is gone; else its resources are let go of by force, and it is deleted."""
    if not plane.kubectl("get", "crd", CRD, "--ignore-not-found"):
        return True
    nothing = json.dumps({"metadata": {"finalizers": None}})
    for each in json.loads(plane.kubectl("get", "hpc", "-A", "-o", "json", check=False) or '{"items": []}')["items"]:
        where = f"--namespace={each['metadata']['namespace']}"
        plane.kubectl(
            "patch", "hpc", each["metadata"]["name"], where, "--type=merge", f"--patch={nothing}", check=False
        )
    plane.kubectl("delete", "crd", CRD, "--timeout=10s", check=False)
    return False


def pasted(notes: str) -> dict[str, Any]:
    """The manifest between the lines that a shell reads as one command."""
    found = re.search(r"^cat <<'EOF' \| kubectl apply -f -\n(.*?)^EOF$", notes, re.MULTILINE | re.DOTALL)
    assert found is not None, notes
    made: dict[str, Any] = yaml.safe_load(found[1])
    return made


def ready(kube: Kube, name: str) -> dict[str, Any]:
    return until(f"{name} is Ready", lambda: kube.ready(name))


def chart_with_an_older_crd(folder: Path) -> Path:
    """This chart as an earlier release would have been: its CRD has one field less."""
    older = folder / "older"
    shutil.copytree(CHART, older)
    path = older / "files" / "hpcclusters.yaml"
    crd = yaml.safe_load(path.read_text())
    root = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec = root["properties"]["spec"]
    del spec["properties"]["disruptionDeadline"]
    del spec["x-kubernetes-validations"], root["x-kubernetes-validations"]  # they name the field
    path.write_text(yaml.safe_dump(crd))
    return older


def knows_the_new_field(site: Site) -> bool:
    path = "{.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.disruptionDeadline.type}"
    return site.kube.kubectl("get", "crd", CRD, "-o", f"jsonpath={path}") == "string"


def test_a_release_lives_and_goes_and_comes_back(site: Site, node: Node, tell: Callable[[str], None]) -> None:
    site.give_key()
    notes = site.helm("install", "hpc-operator", chart_with_an_older_crd(site.folder), "-f", site.values(), "--wait")
    assert len(site.pods()) == 2
    assert not knows_the_new_field(site)

    # What NOTES.txt says is pasted.
    first = pasted(notes)
    site.plane.kubectl("apply", "-f", "-", input=json.dumps(first))
    with_default = Kube(site.plane, first["metadata"]["namespace"])
    status = ready(with_default, "first")
    (cluster,) = site.cloud.clusters()
    assert (status["hpc_cluster_id"], bool(status["job_id"])) == (cluster["cluster_id"], True)
    assert "Succeeded" in site.helm("test", "hpc-operator")

    # A new value rolls the Pods while a create is under way; the CRD is upgraded with them.
    before = {pod["metadata"]["name"] for pod in site.pods()}
    site.cloud.set(time_factor=0.03)
    with_default.apply(ehpc("during"))
    until("the create was answered", lambda: with_default.status("during").get("hpc_cluster_id"))
    values = site.values(settings={"concurrency": 17})
    site.helm("upgrade", "hpc-operator", CHART, "-f", values, "--wait")
    assert knows_the_new_field(site)
    until("the old Pods are gone", lambda: not before & {pod["metadata"]["name"] for pod in site.pods()})
    ready(with_default, "during")
    assert site.cloud.count("createCluster") == (2, 2)

    site.helm("rollback", "hpc-operator", "1", "--wait")
    assert not knows_the_new_field(site), "a rollback takes the CRD back too"
    site.sweeps(3)
    calls = site.changing_calls()

    # Gone and back: nothing is touched, and the next installation goes on.
    site.helm("uninstall", "hpc-operator", "--wait")
    until("no Pod is left", lambda: not site.pods())
    assert {each["metadata"]["name"] for each in with_default.clusters()} == {"first", "during"}
    assert len(site.cloud.clusters()) == 2
    led = node.said().count("holds the Lease")
    site.helm("install", "hpc-operator", CHART, "-f", site.values(), "--wait")
    until("a new Pod leads", lambda: node.said().count("holds the Lease") > led)
    site.sweeps(3)
    assert site.changing_calls() == calls
    assert with_default.ready("first")
    tell(f"helm 4: installed, upgraded, rolled back, uninstalled, installed; createCluster {calls['createCluster']}")
    with_default.close()


@pytest.mark.slow
def test_the_trial_runs_by_itself(site: Site, node: Node) -> None:
    notes = site.helm("install", "trial", CHART, "-f", CHART / "values-trial.yaml", "--wait")
    assert "nothing real is created" in notes
    first = pasted(notes)
    assert first["spec"] == example("ehpc-minimal.yaml")["spec"], (
        "NOTES.txt and examples/ehpc-minimal.yaml are the same"
    )
    site.plane.kubectl("apply", "-f", "-", input=json.dumps(first))
    with_default = Kube(site.plane, first["metadata"]["namespace"])
    status = ready(with_default, "first")
    control = node.service(site.namespace, "trial-hpc-operator-simulator", 8081)
    found = httpx.get(f"{control}/clusters", timeout=30).json()["clusters"]
    assert [each["cluster_id"] for each in found] == [status["hpc_cluster_id"]]
    assert site.cloud.calls() == [], "no other account is called"
    with_default.close()


@pytest.mark.slow
@pytest.mark.skipif(not available(), reason="no helm 3 for this machine")
def test_helm_3_does_the_same(site: Site, node: Node) -> None:
    site.program = binaries.ensure(["helm3"])["helm3"]
    site.give_key()
    values = site.values(scope={"namespaces": [site.namespace]}, replicas=1)
    notes = site.helm("install", "hpc-operator", CHART, "-f", values)
    first = pasted(notes)
    assert first["metadata"]["namespace"] == site.namespace
    site.kube.apply(first)
    ready(site.kube, "first")
    site.helm("upgrade", "hpc-operator", CHART, "-f", values, "--set=podLabels.team=hpc", "--wait")
    assert [
        pod["metadata"]["labels"].get("team") for pod in site.pods() if "deletionTimestamp" not in pod["metadata"]
    ] == ["hpc"]
    site.helm("uninstall", "hpc-operator")
    until("no Pod is left", lambda: not site.pods())
    assert site.kube.cluster("first") is not None
    assert (len(site.cloud.clusters()), site.cloud.count("deleteCluster")) == (1, (0, 0))


@pytest.mark.slow
@pytest.mark.parametrize("site", ["hpc-operator"], indirect=True)
def test_install_yaml_runs_once_a_fleet_is_named(site: Site, node: Node) -> None:
    site.kube.kubectl("delete", "namespace", site.namespace, "--timeout=300s")
    site.plane.kubectl("apply", "--server-side", "-f", str(INSTALL))
    until("the Pods say what is missing", lambda: "fleet: is not set" in node.said())
    site.give_key("hpc-operator-key")
    settings = {"FLEET": "site", "ENDPOINT": site.cloud.endpoint, **SHORT}
    site.kube.kubectl("set", "env", "deployment/hpc-operator", *(f"HPC_OPERATOR_{k}={v}" for k, v in settings.items()))
    site.kube.kubectl("rollout", "status", "deployment/hpc-operator", "--timeout=300s")
    site.kube.apply(ehpc("plain"))
    ready(site.kube, "plain")
    site.plane.kubectl("apply", "--server-side", "-f", str(INSTALL))
    assert "HPC_OPERATOR_FLEET=site" in site.kube.kubectl("set", "env", "deployment/hpc-operator", "--list")
    objects = [
        each
        for each in yaml.safe_load_all(INSTALL.read_text())
        if each["kind"] not in ("CustomResourceDefinition", "Namespace")
    ]
    site.plane.kubectl("delete", "-f", "-", input=yaml.safe_dump_all(objects))


PEER = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
EVERYTHING: dict[str, Any] = {
    "fleet": "lab",
    "credentials": {"existingSecret": "key"},
    "scope": {"secretNamespaces": ["default"]},
    "settings": {"zone": "jn1a", "zones": ["pek3"], "quota": 100000000, "verify_tls": True},
    "serviceAccount": {"annotations": {"example.com/role": "hpc"}},
    "image": {"digest": "sha256:" + "0" * 64, "pullPolicy": "Always"},
    "imagePullSecrets": [{"name": "registry"}],
    "replicas": 3,
    "fullnameOverride": "operator",
    "commonLabels": {"team": "hpc"},
    "podAnnotations": {"example.com/a": "b"},
    "podLabels": {"tier": "control"},
    "priorityClassName": "system-cluster-critical",
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "control", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ssl/extra", "readOnly": True}],
    "networkPolicy": {
        "enabled": True,
        "metricsFrom": [PEER],
        "apiServerTo": [{"ipBlock": {"cidr": "10.0.0.1/32"}}],
        "cloudTo": [{"ipBlock": {"cidr": "0.0.0.0/0"}}],
        "cloudPorts": [443, 8443],
    },
}


def test_everything_switched_on_is_accepted_by_the_server(site: Site) -> None:
    """The CRD of ServiceMonitor is not there, so that one is only rendered."""
    values = site.folder / "everything.yaml"
    monitor = {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}}
    values.write_text(json.dumps({**EVERYTHING, "metrics": monitor}))
    objects = [each for each in yaml.safe_load_all(site.helm("template", "all", CHART, "-f", values)) if each]
    kinds = {each["kind"] for each in objects}
    assert {"NetworkPolicy", "PodDisruptionBudget", "ServiceMonitor", "Deployment", "Pod"} <= kinds
    assert all(each["metadata"]["labels"]["team"] == "hpc" for each in objects)
    known = [each for each in objects if each["kind"] != "ServiceMonitor"]
    site.kube.kubectl("create", "serviceaccount", "operator")  # without one no Pod is admitted, nor its dry run
    told = site.plane.kubectl("apply", "--dry-run=server", "-f", "-", input=yaml.safe_dump_all(known))
    assert len(told.splitlines()) == len(known)
    assert "warning" not in told.lower()


def test_the_namespace_refuses_what_is_not_restricted(site: Site) -> None:
    """Else the tests above prove nothing about PodSecurity."""
    with pytest.raises(KubectlError, match="restricted"):
        site.kube.kubectl("run", "plain", "--image=busybox", "--dry-run=server")
