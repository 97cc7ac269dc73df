"""`hpc-operator import` as a process, against the simulator as a process and the genuine API server.

What it prints must apply as it is, be adopted, and plan no more than the rename.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import Stage, until
from stage.manifests import ehpc
from stage.operators import KEY, environment
from stage.programs import script

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import stem
from outputs import findings


@dataclass
class Printed:
    """One run: its exit code, what it printed, its errors."""

    code: int
    text: str
    error: str

    @property
    def object(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(self.text)
        return found


def import_(stage: Stage, *arguments: str, **changed: str | None) -> Printed:
    command = [script("hpc-operator"), "import", *arguments]
    done = subprocess.run(
        command, env=environment(stage.settings(**changed)), capture_output=True, text=True, check=False
    )
    keys = {name: KEY[name] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")}
    assert findings(keys, {"out": done.stdout, "err": done.stderr}) == []
    assert "Traceback" not in done.stderr
    return Printed(done.returncode, done.stdout, done.stderr)


def by_hand(stage: Stage, name: str, **more: object) -> str:
    made = stage.cloud.ask("POST", "/clusters", {"cluster_type": "ehpc", "name": name, "status": "active", **more})
    return str(made["cluster_id"])


@pytest.fixture
def read_only(stage: Stage) -> Iterator[Stage]:
    """The stage, without an operator; afterwards nothing has been changed anywhere."""
    yield stage
    assert {call["call"] for call in stage.cloud.calls()} <= {"list", "listNodes"}
    assert {seen.method for seen in stage.to_kube.log} <= {"GET"}


@pytest.mark.parametrize("kind", ["ehpc", "hpc"])
def test_what_it_prints_applies_is_adopted_and_plans_the_rename_alone(stage: Stage, kind: str) -> None:
    """The whole way: printed, applied as it is, adopted by Observe, planned; then Full renames it and changes no more."""
    cluster_id = by_hand(stage, "Fluid Lab", cluster_type=kind, description="for the lab")
    printed = import_(stage, cluster_id, "--namespace", stage.namespace)
    assert (printed.code, printed.error) == (0, "")
    assert printed.object["metadata"]["name"] == "fluid-lab"
    stage.kube.kubectl("apply", "-f", "-", input=printed.text)
    stage.operator()
    observed = stage.wait_ready("fluid-lab")
    assert observed["hpc_cluster_id"] == cluster_id
    stage.kube.kubectl("patch", "hpccluster", "fluid-lab", "--type=merge", "-p", '{"spec":{"managementPolicy":"Plan"}}')
    plan = until("it is planned", lambda: stage.kube.status("fluid-lab").get("plan"))
    assert [change["field"] for change in plan["changes"]] == ["cluster_name"]
    calls = {"list", "listNodes", "operation", "permission"}
    assert {call["call"] for call in stage.cloud.calls()} <= calls, "nothing is changed so far"
    stage.kube.kubectl("patch", "hpccluster", "fluid-lab", "--type=merge", "-p", '{"spec":{"managementPolicy":"Full"}}')
    until("it bears the mark", lambda: stage.cloud.count("modifyCluster")[1] == 1 or None)
    stage.wait_reason("fluid-lab", "Ready")
    assert {call["call"] for call in stage.cloud.calls()} <= calls | {"modifyCluster"}


def test_every_field_that_the_list_shows_is_printed(read_only: Stage) -> None:
    cluster_id = by_hand(read_only, "demo")
    for shape in ({"list_shape": "wrapped"}, {"list_shape": "flat", "misspelled_fields": True}):
        read_only.cloud.set(**shape)
        spec = import_(read_only, cluster_id, "--name", "x").object["spec"]
        assert (spec["cluster_name"], spec["managementPolicy"], spec["deletionPolicy"]) == ("demo", "Observe", "Retain")
        assert spec["cluster_conf"]["cluster"].keys() == {"login", "controller", "compute"}
    assert len([call for call in read_only.cloud.calls() if call["call"] == "list"]) == 2, "one list call each"


def test_whose_it_is_already(read_only: Stage) -> None:
    """Each refused with its reason, and nothing printed."""

    def mark(name: str, uid: str, fleet: str = "stage") -> str:
        return f"{name}-{stem(fleet, Ref(read_only.namespace, name, uid))}-1"

    read_only.kube.apply(ehpc("demo"))
    uid = str((read_only.kube.cluster("demo") or {})["metadata"]["uid"])
    held = f"HpcCluster {read_only.namespace}/demo"
    for cluster_id, why in (
        (by_hand(read_only, mark("demo", uid)), f"bears the mark of the {held}"),
        (by_hand(read_only, mark("demo", "earlier")), f"made for an earlier life of the {held}: annotate that one"),
        (by_hand(read_only, "x", description=mark("lost", "x")), "bears a mark of this fleet"),
        (by_hand(read_only, mark("demo", uid, "other")), "bears the mark of another fleet"),
    ):
        found = import_(read_only, cluster_id)
        assert (found.code, found.text) == (1, "")
        assert f"{cluster_id} " in found.error
        assert why in found.error


def test_one_that_another_resource_observes_is_refused(stage: Stage) -> None:
    """It bears no mark: only the record tells."""
    cluster_id = by_hand(stage, "plain")
    stage.kube.apply(ehpc("demo"))
    patch = f'{{"status":{{"hpc_cluster_id":"{cluster_id}"}}}}'
    stage.kube.kubectl("patch", "hpccluster", "demo", "--subresource=status", "--type=merge", "-p", patch)
    found = import_(stage, cluster_id)
    assert (found.code, found.text) == (1, "")
    assert f"is recorded by the HpcCluster {stage.namespace}/demo already" in found.error


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ehpc-nowhere",), 1, "no cluster ehpc-nowhere is shown to owner usr-simulator in zone jn1a"),
        (("cl-123",), 2, "ID must be the id of one cluster"),
        (("ehpc-1&x=y",), 2, "ID must be the id of one cluster"),
        (("ehpc-1", "--name", "Of Two"), 2, "--name: 'Of Two' is no name for Kubernetes"),
        ((), 2, "Missing argument 'ID'"),
    ],
)
def test_what_is_not_there_or_of_the_wrong_shape(
    read_only: Stage, arguments: tuple[str, ...], code: int, said: str
) -> None:
    found = import_(read_only, *arguments)
    assert (found.code, found.text) == (code, "")
    assert said in found.error


def test_without_kubernetes_it_is_printed_with_a_warning(read_only: Stage, tmp_path: Path) -> None:
    """The account is what counts; the operator asks again whose it is before it takes it."""
    cluster_id = by_hand(read_only, "demo")
    closed = read_only.kube.kubeconfig_through("http://127.0.0.1:9", tmp_path / "closed")
    found = import_(read_only, cluster_id, KUBECONFIG=str(closed))
    assert (found.code, found.object["metadata"]["annotations"]) == (0, {"hpc.qingcloud.com/adopt": cluster_id})
    assert f"whether an HpcCluster stands for {cluster_id} already is not known" in found.error


def test_an_account_that_does_not_answer_is_2(read_only: Stage) -> None:
    read_only.cloud.fault("code", "list", ret_code=5000, count=None)
    found = import_(read_only, "ehpc-1")
    assert (found.code, found.text) == (2, "")
    assert "the list of owner usr-simulator in zone jn1a cannot be read" in found.error
    assert import_(read_only, "ehpc-1", ACCESS_KEY_ID=None, SECRET_ACCESS_KEY=None).code == 2


def test_nodes_that_cannot_be_read_are_no_wish(read_only: Stage) -> None:
    cluster_id = by_hand(read_only, "demo")
    read_only.cloud.fault("code", "listNodes", ret_code=5000, count=None)
    found = import_(read_only, cluster_id)
    assert (found.code, "cluster_conf" in found.object["spec"]) == (0, False)
    assert "# Left out: cluster_conf: the nodes cannot be read" in found.text


def test_another_zone_of_the_settings_is_asked_too(read_only: Stage) -> None:
    """And the manifest then says which."""
    cluster_id = by_hand(read_only, "demo")
    found = import_(read_only, cluster_id, ZONE="nowhere1", ZONES="jn1a")
    assert (found.code, found.object["spec"]["zone"], found.object["spec"]["owner"]) == (0, "jn1a", "usr-simulator")
    assert "in zone jn1a" in found.text.splitlines()[0]
