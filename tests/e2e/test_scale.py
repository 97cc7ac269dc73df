"""`/scale` and a manifest without compute.count, applied again in each way there is: whose is the count then?

On the genuine API server; no operator runs. What the operator does with a count is in test_autoscaling.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import until_served
from stage.manifests import CRD, example

from local_control_plane import ControlPlane, KubectlError
from local_control_plane.binaries import ensure

SCALE = "/apis/hpc.qingcloud.com/v1alpha1/namespaces/{}/hpcclusters/one/scale"


@pytest.fixture(scope="module", autouse=True)
def installed(control_plane: ControlPlane) -> None:
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRD))
    until_served(control_plane)


def manifest(count: int | None = None, **changed: object) -> dict[str, Any]:
    """examples/ehpc-autoscaled.yaml as `one`: without compute.count, or with one."""
    made = example("ehpc-autoscaled.yaml", "one", **changed)
    if count is not None:
        made["spec"]["cluster_conf"]["cluster"]["compute"]["count"] = count
    return made


class Namespace:
    """One namespace and the ways to bring a manifest there."""

    def __init__(self, server: ControlPlane, name: str, folder: Path) -> None:
        self.server, self.name, self.folder = server, name, folder

    def kubectl(self, *arguments: str, made: dict[str, Any] | None = None) -> str:
        return self.server.kubectl("-n", self.name, *arguments, input=json.dumps(made) if made else "")

    def client_side(self, made: dict[str, Any]) -> None:
        self.kubectl("apply", "-f", "-", made=made)

    def server_side(self, made: dict[str, Any]) -> None:
        self.kubectl("apply", "--server-side", "-f", "-", made=made)

    def replace(self, made: dict[str, Any]) -> None:
        there = self.count() is not None or self.exists()
        self.kubectl("replace" if there else "create", "-f", "-", made=made)

    def helm(self, made: dict[str, Any], *flags: str) -> None:
        """Install or upgrade a chart that holds the manifest."""
        chart = self.folder / "chart"
        (chart / "templates").mkdir(parents=True, exist_ok=True)
        (chart / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": "one", "version": "0.1.0"}))
        (chart / "templates" / "cluster.yaml").write_text(yaml.safe_dump(made))
        command = [ensure(["helm"])["helm"], "upgrade", "--install", "one", chart, "--namespace", self.name, *flags]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.server.environment())
        assert done.returncode == 0, done.stderr

    def helm_client_side(self, made: dict[str, Any]) -> None:
        self.helm(made, "--server-side=false")

    def scale(self, replicas: int) -> None:
        self.kubectl("scale", "hpc/one", f"--replicas={replicas}")

    def exists(self) -> bool:
        return bool(self.kubectl("get", "hpc", "one", "--ignore-not-found", "-o", "name"))

    def count(self) -> int | None:
        """compute.count as it stands."""
        if not self.exists():
            return None
        found = json.loads(self.kubectl("get", "hpc", "one", "-o", "json"))
        assert isinstance(found["spec"]["cluster_conf"]["cluster"]["compute"]["cpu"], int)
        count: int | None = found["spec"]["cluster_conf"]["cluster"]["compute"].get("count")
        return count


@pytest.fixture
def here(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Namespace:
    return Namespace(control_plane, namespace, tmp_path)


Apply = Callable[[Namespace, dict[str, Any]], None]
WAYS: dict[str, Apply] = {
    "client-side": Namespace.client_side,
    "server-side": Namespace.server_side,
    "helm": Namespace.helm,
    "helm client-side": Namespace.helm_client_side,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_manifest_that_never_names_the_count_never_resets_it(here: Namespace, way: str) -> None:
    apply = WAYS[way]
    apply(here, manifest())
    assert here.count() is None, "the schema has no default, which would be somebody's wish"
    here.scale(5)
    apply(here, manifest(description="applied again"))
    assert here.count() == 5
    apply(here, manifest(description="and again"))
    assert here.count() == 5


def test_replace_takes_the_count_away_and_that_is_no_wish(here: Namespace) -> None:
    """It puts the whole object in place. No count is no wish: no node goes; but nobody can read /scale until the next."""
    here.replace(manifest())
    here.scale(5)
    here.replace(manifest(description="replaced"))
    assert here.count() is None
    here.scale(5)
    assert here.count() == 5, "scaling needs no count there"


NAMED = [
    ("client-side", 2, "its owner says it at each apply"),
    ("helm client-side", 5, "it sends what changed in the chart"),
]


@pytest.mark.parametrize(("way", "left", "reason"), NAMED, ids=[row[0] for row in NAMED])
def test_a_manifest_that_names_the_count_may_win_over_the_autoscaler(
    here: Namespace, way: str, left: int, reason: str
) -> None:
    WAYS[way](here, manifest(2))
    here.scale(5)
    WAYS[way](here, manifest(2, description="applied again"))
    assert here.count() == left, reason


@pytest.mark.parametrize("way", ["server-side", "helm"])
def test_a_manifest_that_names_the_count_is_refused_once_somebody_else_set_it(here: Namespace, way: str) -> None:
    WAYS[way](here, manifest(2))
    here.scale(5)
    with pytest.raises((KubectlError, AssertionError)) as refused:
        WAYS[way](here, manifest(2, description="applied again"))
    assert "conflict" in str(refused.value)
    assert here.count() == 5


HANDED_OVER = [
    ("client-side", None, "it takes away what the last manifest named; the autoscaler begins after one kubectl scale"),
    ("server-side", 5, "the scaler owns it by then"),
    ("helm", 5, "the same"),
    ("helm client-side", None, "as kubectl does it"),
]


@pytest.mark.parametrize(("way", "left", "reason"), HANDED_OVER, ids=[row[0] for row in HANDED_OVER])
def test_leaving_the_count_out_hands_it_over(here: Namespace, way: str, left: int | None, reason: str) -> None:
    WAYS[way](here, manifest(2))
    here.scale(5)
    WAYS[way](here, manifest())
    assert here.count() == left, reason
    here.scale(4)
    WAYS[way](here, manifest(description="applied again"))
    assert here.count() == 4, "from then on it is nobody's but the scaler's"


def test_reading_scale_needs_a_count(here: Namespace) -> None:
    here.client_side(manifest())
    with pytest.raises(KubectlError, match=r"cluster_conf\.cluster\.compute\.count"):
        here.kubectl("get", "--raw", SCALE.format(here.name))
    here.scale(3)
    status = {"selector": "hpc.qingcloud.com/uid=u", "nodes": {"compute": {"desired": 3, "active": 2}}}
    patch = json.dumps({"status": status})
    here.kubectl("patch", "hpc", "one", "--subresource=status", "--type=merge", "-p", patch)
    found = json.loads(here.kubectl("get", "--raw", SCALE.format(here.name)))
    assert found["spec"] == {"replicas": 3}
    assert found["status"] == {"replicas": 2, "selector": "hpc.qingcloud.com/uid=u"}


@pytest.mark.parametrize("replicas", [0, 100])
def test_scale_is_bounded_as_the_count_is(here: Namespace, replicas: int) -> None:
    """A HorizontalPodAutoscaler with minReplicas 0 would take every node, which the API refuses."""
    here.client_side(manifest(2))
    with pytest.raises(KubectlError, match=r"compute\.count"):
        here.scale(replicas)
    assert here.count() == 2


def test_who_may_scale_needs_two_verbs_and_may_edit_nothing_else(here: Namespace, tmp_path: Path) -> None:
    """As docs/autoscaling.md says; the autoscaler's own role covers every kind that has /scale."""
    here.client_side(manifest(2))
    here.kubectl("create", "serviceaccount", "scaler")
    rules = ("--verb=get,patch", "--resource=hpcclusters.hpc.qingcloud.com/scale")
    here.kubectl("create", "role", "scaler", *rules)
    here.kubectl("create", "rolebinding", "scaler", "--role=scaler", f"--serviceaccount={here.name}:scaler")
    here.kubectl("create", "role", "reader", "--verb=get", "--resource=hpcclusters.hpc.qingcloud.com")
    here.kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={here.name}:scaler")
    token = here.server.token_for(here.name, "scaler")
    theirs = here.server.kubeconfig_for(tmp_path / "theirs", token, here.name)
    here.server.kubectl("--kubeconfig", str(theirs), "scale", "hpc/one", "--replicas=3")
    assert here.count() == 3
    with pytest.raises(KubectlError, match="forbidden"):
        here.server.kubectl("--kubeconfig", str(theirs), "patch", "hpc/one", "--type=merge", "-p", '{"spec":{}}')
    own = json.loads(here.kubectl("get", "clusterrole", "system:controller:horizontal-pod-autoscaler", "-o", "json"))
    granted = [rule for rule in own["rules"] if "*/scale" in rule.get("resources", [])]
    assert {verb for rule in granted for verb in rule["verbs"]} == {"get", "update"}
