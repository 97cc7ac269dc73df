"""`hpc-operator orphans` as a process, against the simulator as a process and the genuine API server.

Whatever it meets, it reads and nothing more: the cloud's log of calls, what came by at the proxy, and a ServiceAccount
that may do no more than that are the witnesses.
"""

import json
import re
import subprocess
from collections.abc import Iterator
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

OLD = dict.fromkeys(("SEND_DEADLINE", "REQUEST_LIFETIME", "CLOCK_SKEW", "VISIBILITY_LAG"), "0.1")
"""A window of doubt so short that nothing is young."""


@dataclass
class Searched:
    """One run: its exit code, all that it wrote, and the parsed object."""

    code: int
    output: str
    told: dict[str, Any]

    def ids(self, place: str) -> list[str]:
        return sorted(each["cluster_id"] for each in self.told[place])

    def one(self, place: str, cluster_id: str) -> dict[str, Any]:
        return next(each for each in self.told[place] if each["cluster_id"] == cluster_id)


def orphans(stage: Stage, **changed: str | None) -> Searched:
    command = [script("hpc-operator"), "orphans", "-o", "json"]
    settings = stage.settings(**{**OLD, **changed})
    done = subprocess.run(command, env=environment(settings), capture_output=True, text=True, check=False)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["version"] == 1
    assert told["complete"] is (done.returncode != 2)
    assert findings({name: KEY[name] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")}, {"told": done.stdout}) == []
    return Searched(done.returncode, done.stdout + done.stderr, told)


def mark(stage: Stage, name: str, uid: str = "of-an-earlier-life", fleet: str = "stage") -> str:
    return f"{stem(fleet, Ref(stage.namespace, name, uid))}-1"


def by_hand(stage: Stage, name: str, **more: object) -> str:
    made = stage.cloud.ask("POST", "/clusters", {"cluster_type": "ehpc", "name": name, "status": "active", **more})
    return str(made["cluster_id"])


@pytest.fixture
def searched(stage: Stage) -> Iterator[Stage]:
    """The stage, without an operator; afterwards nothing has been changed anywhere."""
    yield stage
    calls = stage.cloud.calls()
    assert {call["call"] for call in calls} <= {"list"}, "one read is all that it calls"
    assert {seen.method for seen in stage.to_kube.log} <= {"GET"}
    assert not [seen for seen in stage.to_kube.log if "watch" in seen.query]


def test_nothing_there_is_0(searched: Stage) -> None:
    found = orphans(searched)
    assert (found.code, found.told["orphans"], found.told["problems"]) == (0, [], [])
    assert found.told["accounts"] == [{"owner": "usr-simulator", "zone": "jn1a", "of_resources": 0, "unmarked": 0}]
    assert len(searched.cloud.calls()) == 1, "one call for each hundred clusters"


def test_each_cluster_stands_in_its_place(searched: Stage) -> None:
    searched.kube.apply(ehpc("demo"))
    uid = str((searched.kube.cluster("demo") or {})["metadata"]["uid"])
    own = by_hand(searched, f"demo-{mark(searched, 'demo', uid)}")
    earlier = by_hand(searched, f"demo-{mark(searched, 'demo')}")
    unknown = by_hand(searched, "renamed", description=mark(searched, "never-heard-of"))
    foreign = by_hand(searched, f"demo-{mark(searched, 'demo', uid, 'other')}")
    by_hand(searched, "by-hand")
    found = orphans(searched)
    assert found.code == 1
    assert found.ids("orphans") == sorted([earlier, unknown])
    assert found.ids("other_fleets") == [foreign]
    assert (found.told["accounts"][0]["of_resources"], found.told["accounts"][0]["unmarked"]) == (1, 1)
    assert own not in found.output
    assert "by-hand" not in found.output, "what bears no mark is counted only"
    gone, nobody = found.one("orphans", earlier), found.one("orphans", unknown)
    assert (gone["what"], gone["namesake"]) == ("resource gone", f"{searched.namespace}/demo")
    assert f"hpc.qingcloud.com/take-over={earlier}" in gone["advice"]
    assert (nobody["what"], nobody["namesake"]) == ("unknown object", None)
    assert f"hpc.qingcloud.com/take-over={unknown}" in nobody["advice"]
    assert (nobody["name"], nobody["status"], nobody["type"]) == ("renamed", "active", "ehpc")
    assert nobody["create_time"].endswith("Z")


def test_a_new_one_stands_apart_until_the_window_has_passed(searched: Stage) -> None:
    young = by_hand(searched, f"x-{mark(searched, 'x')}")
    found = orphans(searched, VISIBILITY_LAG="600")
    assert (found.code, found.ids("too_young"), found.told["orphans"]) == (0, [young], [])
    until("it is old enough", lambda: orphans(searched).ids("orphans") == [young] or None)


def test_the_text_is_a_table_with_what_to_do(searched: Stage) -> None:
    lost = by_hand(searched, f"x-{mark(searched, 'x')}")
    by_hand(searched, f"x-{mark(searched, 'x', fleet='other')}")
    until("it is old enough", lambda: orphans(searched).code == 1 or None)
    command = [script("hpc-operator"), "orphans"]
    settings = searched.settings(**OLD)
    done = subprocess.run(command, env=environment(settings), capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (1, "")
    assert lines[0].split() == ["CLUSTER", "NAME", "TYPE", "STATUS", "CREATED", "WHAT", "IT", "IS"]
    assert lines[1].startswith(lost)
    assert any(line.startswith(f"  {lost}: apply an HpcCluster with the annotation") for line in lines)
    assert "Other fleets', not ours to judge:" in lines
    assert lines[-1] == (
        "owner usr-simulator in zone jn1a: 0 of resources, 1 orphan(s), 0 too young to tell, 0 duplicate(s), "
        "1 of other fleets, 0 unmarked"
    )


def test_a_list_that_ends_half_way_is_2_and_shows_what_was_seen(searched: Stage) -> None:
    for number in range(3):
        by_hand(searched, f"x-{mark(searched, f'x{number}')}")
    searched.cloud.fault("code", "list", ret_code=5000, count=None)
    found = orphans(searched)
    assert (found.code, found.told["orphans"]) == (2, [])
    assert "cannot be read to its end" in found.told["problems"][0]


def test_without_the_resources_nobody_is_called_an_orphan(searched: Stage, tmp_path: Path) -> None:
    """Each cluster would look like one."""
    by_hand(searched, f"x-{mark(searched, 'x')}")
    path = searched.kube.kubeconfig_through("http://127.0.0.1:9", tmp_path / "closed")
    found = orphans(searched, KUBECONFIG=str(path))
    assert (found.code, found.told["orphans"], found.told["accounts"]) == (2, [], [])
    assert "the HpcClusters cannot be listed" in found.told["problems"][0]
    assert searched.cloud.calls() == [], "and no call is spent"


def test_a_missing_key_is_2(searched: Stage) -> None:
    found = orphans(searched, ACCESS_KEY_ID=None, SECRET_ACCESS_KEY=None)
    assert (found.code, found.told["accounts"]) == (2, [])
    assert "no API key is set" in found.told["problems"][0]


def test_an_account_of_which_only_a_resource_has_the_key(searched: Stage) -> None:
    """Its Secret is read; what else there is in that account is looked at too."""
    account = {"key": "THEIRS", "secret": "their-secret-for-tests", "owner": "usr-theirs", "zone": "jn1a"}
    searched.cloud.ask("POST", "/accounts", account)
    lost = by_hand(searched, f"x-{mark(searched, 'x')}", key="THEIRS")
    values = {"access_key_id": "THEIRS", "secret_access_key": "their-secret-for-tests"}
    made = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "theirs"},
        "stringData": {**values, "owner": "usr-theirs", "zone": "jn1a"},
    }
    searched.kube.apply(made, ehpc("demo", owner=None, zone=None, credentialsSecretRef={"name": "theirs"}))
    found = until("it is old enough", lambda: one if (one := orphans(searched)).told["orphans"] else None)
    assert (found.code, found.ids("orphans")) == (1, [lost])
    assert [each["owner"] for each in found.told["accounts"]] == ["usr-simulator", "usr-theirs"]
    assert "their-secret-for-tests" not in found.output
    searched.kube.kubectl("delete", "secret", "theirs")
    blind = orphans(searched)
    assert blind.code == 2
    assert f"the key of {searched.namespace}/demo: the Secret {searched.namespace}/theirs" in blind.told["problems"][0]


def test_the_right_to_list_is_enough(searched: Stage, tmp_path: Path) -> None:
    """A ServiceAccount that may list HpcClusters in this namespace, and nothing else at all."""
    kubectl, namespace = searched.kube.kubectl, searched.namespace
    kubectl("create", "serviceaccount", "reader")
    kubectl("create", "role", "reader", "--verb=list", "--resource=hpcclusters.hpc.qingcloud.com")
    kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader")
    path = searched.server.kubeconfig_for(tmp_path / "reader", searched.server.token_for(namespace, "reader"))
    searched.kube.apply(ehpc("demo"))
    found = until("it may list", lambda: one if (one := orphans(searched, KUBECONFIG=str(path))).code == 0 else None)
    assert found.told["problems"] == []


def test_wrong_settings_are_2(searched: Stage) -> None:
    command = [script("hpc-operator"), "orphans"]
    done = subprocess.run(command, env=environment({}), capture_output=True, text=True, check=False)
    assert (done.returncode, "HPC_OPERATOR_FLEET" in done.stderr) == (2, True)


def force_away(stage: Stage, name: str) -> None:
    patch = json.dumps({"metadata": {"finalizers": None}})
    stage.kube.kubectl("patch", "hpccluster", name, "--type=merge", "-p", patch)
    stage.kube.kubectl("delete", "hpccluster", name)


def order(told: str) -> dict[str, str]:
    """The annotation that an advice names."""
    found = re.search(r"(hpc\.qingcloud\.com/\S+?)=(\S+?)[, ]", told)
    assert found is not None, told
    return {found[1]: found[2]}


def test_lost_clusters_are_found_and_the_advice_takes_them_back(stage: Stage) -> None:
    """The whole way: created by the operator, resources forced away, found, told what they are, taken, not deleted."""
    operator = stage.operator()
    stage.kube.apply(ehpc("demo"), ehpc("moved"), ehpc("kept"))
    ids = {name: stage.wait_ready(name)["hpc_cluster_id"] for name in ("demo", "moved", "kept")}
    assert orphans(stage).code == 0
    operator.terminate()
    assert operator.wait() == 0
    force_away(stage, "demo")
    force_away(stage, "moved")
    found = orphans(stage)
    assert (found.code, found.ids("orphans")) == (1, sorted([ids["demo"], ids["moved"]]))
    stage.kube.apply(ehpc("demo"))
    found = orphans(stage)
    demo, moved = (found.one("orphans", ids[name]) for name in ("demo", "moved"))
    assert (demo["what"], moved["what"]) == ("resource gone", "unknown object")
    stage.after_kill()
    stage.wait_reason("demo", "OwnedElsewhere")
    taking = ehpc("another-name")
    taking["metadata"]["annotations"] = order(moved["advice"])
    stage.kube.apply(taking)
    stage.kube.kubectl("annotate", "hpccluster", "demo", *(f"{k}={v}" for k, v in order(demo["advice"]).items()))
    assert stage.wait_ready("demo")["hpc_cluster_id"] == ids["demo"]
    assert stage.wait_ready("another-name")["hpc_cluster_id"] == ids["moved"]
    assert (orphans(stage).code, orphans(stage).told["accounts"][0]["of_resources"]) == (0, 3)
    assert (stage.cloud.count("createCluster"), stage.cloud.count("deleteCluster")) == ((3, 3), (0, 0))
