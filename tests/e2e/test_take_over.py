"""`hpc-operator take-over` as a process, against the simulator as a process and the genuine API server.

A fleet is created, its Kubernetes is lost, and its manifests are applied anew: other uids, no status, no records.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, until
from stage.manifests import ehpc
from stage.operators import KEY, environment
from stage.programs import script

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import stem
from outputs import findings

ORDER = "hpc.qingcloud.com/take-over"


@dataclass
class Taken:
    """One run: its exit code, its errors, and the parsed object."""

    code: int
    error: str
    told: dict[str, Any]

    @property
    def rows(self) -> dict[str, tuple[str, str | None, str | None]]:
        return {each["name"]: (each["verdict"], each["cluster_id"], each["why"]) for each in self.told["resources"]}


def command(stage: Stage, *arguments: str, **changed: str | None) -> "subprocess.CompletedProcess[str]":
    whole = [script("hpc-operator"), "take-over", "--namespace", stage.namespace, *arguments]
    return subprocess.run(
        whole, env=environment(stage.settings(**changed)), capture_output=True, text=True, check=False
    )


def take_over(stage: Stage, *arguments: str, **changed: str | None) -> Taken:
    done = command(stage, "-o", "json", *arguments, **changed)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["complete"] is (done.returncode != 2)
    assert findings({name: KEY[name] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")}, {"told": done.stdout}) == []
    return Taken(done.returncode, done.stderr, told)


def by_hand(stage: Stage, name: str, **more: object) -> str:
    made = stage.cloud.ask("POST", "/clusters", {"cluster_type": "ehpc", "name": name, "status": "active", **more})
    return str(made["cluster_id"])


def earlier(stage: Stage, name: str) -> str:
    return f"{name}-{stem('stage', Ref(stage.namespace, name, 'of-an-earlier-life'))}-1"


def block(stage: Stage, *names: str) -> None:
    """What the operator says of them, without an operator."""
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "OwnedElsewhere",
        "message": "x",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    for name in names:
        patch = json.dumps({"status": {"conditions": [condition]}})
        stage.kube.kubectl("patch", "hpccluster", name, "--subresource=status", "--type=merge", "-p", patch)


def annotations(stage: Stage, name: str) -> dict[str, str]:
    found: dict[str, str] = ((stage.kube.cluster(name) or {})["metadata"]).get("annotations", {})
    return {key: value for key, value in found.items() if key.startswith("hpc.qingcloud.com/")}


def test_a_restored_fleet_goes_on_with_its_clusters(stage: Stage) -> None:
    """Created, lost, applied anew, blocked; rehearsed, taken over, ready with the same clusters; none created twice."""
    names = ("alpha", "beta")
    operator = stage.operator()
    stage.kube.apply(*map(ehpc, names))
    ids = {name: stage.wait_ready(name)["hpc_cluster_id"] for name in names}
    assert take_over(stage).rows == {}
    operator.terminate()
    assert operator.wait() == 0
    for name in names:
        stage.kube.kubectl("patch", "hpccluster", name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        stage.kube.kubectl("delete", "hpccluster", name)
    stage.kube.apply(*map(ehpc, names))
    stage.after_kill()
    for name in names:
        stage.wait_reason(name, "OwnedElsewhere")
    rehearsed = take_over(stage, "--dry-run")
    assert (rehearsed.code, rehearsed.rows) == (0, {name: ("take over", ids[name], None) for name in names})
    assert [annotations(stage, name).get(ORDER) for name in names] == [None, None]
    assert (taken := take_over(stage)).code == 0
    assert taken.rows == rehearsed.rows
    assert {name: stage.wait_ready(name)["hpc_cluster_id"] for name in names} == ids
    assert (stage.cloud.count("createCluster"), stage.cloud.count("deleteCluster")) == ((2, 2), (0, 0))
    assert take_over(stage).rows == {}, "nothing is left"


def test_what_is_not_done_says_why_and_the_rest_is(stage: Stage) -> None:
    """Two candidates, one that another records, another type, none: each with its reason; one is done. Exit code 1."""
    names = ("good", "two", "held", "type", "none")
    stage.kube.apply(*map(ehpc, (*names, "holder")))
    good = by_hand(stage, earlier(stage, "good"))
    two = sorted([by_hand(stage, earlier(stage, "two")), by_hand(stage, earlier(stage, "two"))])
    held = by_hand(stage, earlier(stage, "held"))
    other = by_hand(stage, earlier(stage, "type"), cluster_type="hpc")
    block(stage, *names)
    status = json.dumps({"status": {"hpc_cluster_id": held}})
    stage.kube.kubectl("patch", "hpccluster", "holder", "--subresource=status", "--type=merge", "-p", status)
    found = take_over(stage)
    assert found.code == 1
    assert found.rows == {
        "good": ("take over", good, None),
        "two": ("not done", None, f"2 clusters bear its mark: {', '.join(two)}; choose by {ORDER}=<id>"),
        "held": ("not done", held, f"{stage.namespace}/holder records it already"),
        "type": ("not done", other, "it is not of cluster_type ehpc"),
        "none": ("not done", None, "no cluster of the account bears a mark of this namespace and name; see its status"),
    }
    assert {name: annotations(stage, name) for name in names} == {**{name: {} for name in names}, "good": {ORDER: good}}
    managers = (stage.kube.cluster("good") or {})["metadata"]["managedFields"]
    assert [each["operation"] for each in managers if each["manager"] == "hpc-operator-take-over"] == ["Update"]
    again = take_over(stage)
    assert (again.code, again.rows["good"]) == (1, ("ordered already", good, None))
    assert {call["call"] for call in stage.cloud.calls()} == {"list"}, "in the cloud it reads"


def test_the_text_is_a_table(stage: Stage) -> None:
    stage.kube.apply(ehpc("good"))
    good = by_hand(stage, earlier(stage, "good"))
    block(stage, "good")
    done = command(stage, "--dry-run")
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0].split() == ["RESOURCE", "CLUSTER", "STATUS", "NAME", "WHAT", "IS", "DONE"]
    assert lines[1].startswith(f"{stage.namespace}/good  {good}  active")
    assert lines[1].endswith("would be taken over")
    assert lines[-1].endswith("(nothing was changed)")


def test_a_rehearsal_reads_and_nothing_more(stage: Stage) -> None:
    stage.kube.apply(ehpc("good"))
    by_hand(stage, earlier(stage, "good"))
    block(stage, "good")
    assert take_over(stage, "--dry-run").rows["good"][0] == "take over"
    assert {seen.method for seen in stage.to_kube.log} == {"GET"}


def test_a_list_that_ends_half_way_takes_nothing(stage: Stage) -> None:
    """It may hide a second bearer."""
    stage.kube.apply(ehpc("good"))
    by_hand(stage, earlier(stage, "good"))
    block(stage, "good")
    stage.cloud.fault("code", "list", ret_code=5000, count=None)
    found = take_over(stage)
    assert (found.code, found.rows["good"][0]) == (2, "not done")
    assert annotations(stage, "good") == {}


def test_who_may_not_annotate_is_told(stage: Stage, tmp_path: Path) -> None:
    """A ServiceAccount that may list and no more."""
    kubectl, namespace = stage.kube.kubectl, stage.namespace
    stage.kube.apply(ehpc("good"))
    by_hand(stage, earlier(stage, "good"))
    block(stage, "good")
    kubectl("create", "serviceaccount", "reader")
    kubectl("create", "role", "reader", "--verb=list", "--resource=hpcclusters.hpc.qingcloud.com")
    kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader")
    path = stage.server.kubeconfig_for(tmp_path / "reader", stage.server.token_for(namespace, "reader"))
    found = until("it may list", lambda: one if (one := take_over(stage, KUBECONFIG=str(path))).code != 2 else None)
    assert found.code == 1
    assert "a permission is missing" in (found.rows["good"][2] or "")


@pytest.mark.parametrize("given", [(), ("--namespace",)])
def test_wrong_usage_is_2(given: tuple[str, ...]) -> None:
    done = subprocess.run(
        [script("hpc-operator"), "take-over", *given], env=environment({}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--namespace" in done.stderr
