"""The chart's admission policies on a genuine API server: what each refuses, with its words, and what it lets through.

Each row is tried with every policy on, and again with its policy alone switched off: then what was refused passes, and
what other policies refuse stays refused. All are tried under `dryRun`, so that no row changes what another one meets.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import Stage, until, until_served
from stage.kube import Kube
from stage.laboratory import (
    CRD,
    CRD_NAME,
    FILE,
    FINALIZER,
    ID,
    LAB,
    MERGE,
    PEOPLE,
    PREFIX,
    RECORD,
    STRIPPED,
    SURROUNDINGS,
    WRITTEN,
    annotate,
    delete,
    merge,
    path,
    record,
    secret,
    secret_path,
)
from stage.manifests import ehpc
from stage.operators import KEY
from stage.policies import ADMISSION, Answer, Release, Somebody
from stage.refusals import QUICK, REFUSED, TABLE, Row

from local_control_plane import ControlPlane

CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "validatingadmissionpolicy-status-controller",
)
SWITCHES = {
    "protectClusters": ("protect-clusters",),
    "protectCrd": ("protect-crd",),
    "orders": ("orders",),
    "protectSecrets": ("protect-secrets", "protect-key"),
    "keepRecord": ("keep-record",),
}
ALL_ON: dict[str, Any] = {"credentials": {"existingSecret": "operator-key"}}


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A server with the controllers that check policies, fill the built-in roles and empty namespaces."""
    with ControlPlane(controllers=CONTROLLERS, tools=("helm",)) as server:
        yield server


@pytest.fixture(scope="module")
def release(plane: ControlPlane) -> Release:
    """The chart with every policy, for the whole of this Kubernetes."""
    made = Release(plane, "hpc-system")
    made.install(**ALL_ON)
    until_served(plane)
    return made


@pytest.fixture(scope="module")
def lab(plane: ControlPlane, release: Release) -> Iterator[Kube]:
    """The namespace that the table speaks of, with what its rows find there."""
    plane.kubectl("apply", "-f", "-", input=yaml.safe_dump_all([*SURROUNDINGS, *PEOPLE]))
    kube = Kube(plane, "lab")
    kube.apply(*LAB)
    kube.merge("ordered", {"metadata": {"annotations": {f"{PREFIX}/adopt": ID}}})
    for name, annotations in WRITTEN.items():
        kube.merge(name, {"metadata": {"finalizers": [FINALIZER], "annotations": annotations}})
    told = json.dumps({"status": {"hpc_cluster_id": ID}})
    for name in ("known", "given-up"):
        kube.kubectl("patch", "hpc", name, "--subresource=status", "--type=merge", "-p", told)
    yield kube
    kube.close()


@pytest.fixture(scope="module")
def people(lab: Kube, release: Release) -> Iterator[dict[str, Somebody]]:
    """Everybody of the table, once the built-in roles have got what the chart adds to them."""
    users = {name: f"system:serviceaccount:lab:{name}" for name in ("editor", "admin", "narrow")}
    made = {name: Somebody(lab, user) for name, user in (users | {"operator": release.user}).items()}
    made["root"] = Somebody(lab)
    for name, request in (("editor", "paused"), ("admin", "adopt"), ("narrow", "paused")):
        until(f"{name} has its rights", lambda who=made[name], key=request: annotate("plain", ID, key)(who).allowed)
    _enforced(made, release)
    yield made
    for each in made.values():
        each.close()


def _enforced(people: dict[str, Somebody], release: Release, *but: str) -> None:
    """Policies begin to act a moment after they are stored: until the first row of each says so."""
    for row in {row.policy: row for row in reversed(REFUSED)}.values():
        if row.policy not in but:
            until(f"{row.policy} refuses", lambda row=row: _is_refused(row.request(people[row.who]), row, release))


def _is_refused(answer: Answer, row: Row, release: Release) -> bool:
    return not answer.allowed and f"'{release.policy(row.policy)}'" in answer.text and row.words in answer.text


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.policy or 'passes'}: {row.why} ({row.who})")
def test_each_row(row: Row, people: dict[str, Somebody], release: Release) -> None:
    answer = row.request(people[row.who])
    if row.policy:
        assert _is_refused(answer, row, release), answer
    else:
        assert answer.allowed, answer


@pytest.mark.parametrize(("subresource", "body"), [("status", {"status": {}}), ("scale", {"spec": {"replicas": 1}})])
def test_no_annotation_comes_in_through_a_subresource(
    subresource: str, body: dict[str, Any], people: dict[str, Somebody]
) -> None:
    """The policies need not look there."""
    order = {"metadata": {"annotations": {f"{PREFIX}/adopt": ID}, "finalizers": []}}
    really = Somebody(people["root"].kube, really=True)
    assert merge("known", order | body, subresource)(really).allowed
    really.close()
    now = (people["root"].kube.cluster("known") or {})["metadata"]
    assert (f"{PREFIX}/adopt" in now["annotations"], now["finalizers"]) == (False, [FINALIZER])


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_policy_that_is_off_refuses_nothing_and_the_others_still_do(
    switch: str, people: dict[str, Somebody], release: Release
) -> None:
    """What this shows as well: each refusal above is that policy's work and nothing else's."""
    off = SWITCHES[switch]
    release.install(**ALL_ON, admissionPolicies={switch: False})
    _enforced(people, release, *off)
    for row in REFUSED:
        if row.policy in off:
            until(f"nothing refuses any more: {row.why}", lambda row=row: row.request(people[row.who]).allowed)
        elif row in QUICK:
            assert _is_refused(row.request(people[row.who]), row, release), row.why


@pytest.fixture
def all_on(people: dict[str, Somebody], release: Release) -> dict[str, Somebody]:
    """Everybody, under every policy, whatever was switched off before."""
    release.install(**ALL_ON)
    _enforced(people, release)
    return people


@pytest.mark.usefixtures("all_on")
def test_every_expression_compiles_against_the_types(plane: ControlPlane, lab: Kube, release: Release) -> None:
    """The API server's controller compiles each against the schemas; one that is wrong shows that it does."""
    name = release.policy("protect-clusters")
    found = lab.get(f"{ADMISSION}/{name}")
    assert found is not None
    spoiled = {
        "apiVersion": found["apiVersion"],
        "kind": found["kind"],
        "metadata": {"name": "spoiled"},
        "spec": copy.deepcopy(found["spec"]),
    }
    spoiled["spec"]["validations"] = [{"expression": "object.spec.noSuchField == 1"}]
    plane.kubectl("apply", "-f", "-", input=json.dumps(spoiled))
    assert "noSuchField" in json.dumps(_checked(lab, "spoiled"))
    plane.kubectl("delete", "validatingadmissionpolicy", "spoiled")
    for policy in sum(SWITCHES.values(), ()):
        assert _checked(lab, release.policy(policy)) == [], policy


def _checked(kube: Kube, name: str) -> list[Any]:
    """The warnings about a policy, once its newest version was looked at."""

    def look() -> dict[str, Any] | None:
        now = kube.get(f"{ADMISSION}/{name}")
        assert now is not None, name
        status: dict[str, Any] = now.get("status", {})
        return status if status.get("observedGeneration") == now["metadata"]["generation"] else None

    return list(until(f"{name} is type-checked", look).get("typeChecking", {}).get("expressionWarnings", []))


# --- whole courses, with effects


@pytest.mark.usefixtures("all_on")
def test_the_operator_lives_under_all_policies(plane: ControlPlane, release: Release, tmp_path: Path) -> None:
    """Four at once: changed and deleted; kept and taken over; vanished and made anew; adopted by an administrator."""
    plane.kubectl("create", "namespace", "life")
    with Stage(plane, "life", tmp_path, crd=False) as stage:
        lease = {"LEASE_NAMESPACE": release.namespace, "LEASE_NAME": release.name}
        running = stage.operator(KUBECONFIG=str(_own_kubeconfig(stage, release)), **lease)
        _born(stage)
        _kept_against_a_person(stage)
        _changed(stage)
        _answered(stage)
        for name in NAMES:
            stage.kube.merge(name, {"spec": {"deletionPolicy": "Delete"}})
            stage.kube.delete(name)
        for name in NAMES:
            stage.wait_gone(name)
        assert stage.cloud.clusters() == []
        assert stage.cloud.count("createCluster") == (4, 4)
        assert not running.says("ValidatingAdmissionPolicy"), "a policy refused the operator"


NAMES = ("changed", "kept", "vanished", "adopted")


def _own_kubeconfig(stage: Stage, release: Release) -> Path:
    """What the operator's Pod has: its ServiceAccount's token, here through the stage's proxy."""
    config = yaml.safe_load(stage.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": stage.server.token_for(release.namespace, release.name)}
    made = stage.folder / "own-kubeconfig"
    made.touch(mode=0o600)
    made.write_text(yaml.safe_dump(config))
    return made


def _born(stage: Stage) -> None:
    key = secret("key") | {"stringData": {name.lower(): value for name, value in KEY.items()}}
    by_hand = {"cluster_type": "ehpc", "name": "by-hand", "status": "active"}
    adopted = ehpc("adopted")
    adopted["metadata"]["annotations"] = {
        f"{PREFIX}/adopt": stage.cloud.ask("POST", "/clusters", by_hand)["cluster_id"]
    }
    kept = ehpc("kept", deletionPolicy="Retain")
    stage.kube.apply(key, ehpc("changed", credentialsSecretRef={"name": "key"}), kept, ehpc("vanished"), adopted)
    for name in NAMES:
        stage.wait_ready(name)


def _kept_against_a_person(stage: Stage) -> None:
    really, cluster = Somebody(stage.kube, really=True), stage.kube.status("changed")["hpc_cluster_id"]
    made = ehpc("changed", credentialsSecretRef={"name": "key"})
    assert f"abandon={cluster} first" in really.kubectl("replace", *FILE, given=made).text
    assert "is needed by HpcCluster changed" in really.kubectl("delete", "secret", "key").text
    really.close()


def _changed(stage: Stage) -> None:
    """Node added and stopped, while one is let go and another is lost."""
    stage.kube.merge("changed", {"spec": {"cluster_conf": {"cluster": {"compute": {"count": 2}}}}})
    stage.kube.delete("kept")
    stage.cloud.ask("POST", f"/clusters/{stage.kube.status('vanished')['hpc_cluster_id']}", {"delete": "at-once"})
    until("a node was added", lambda: stage.kube.status("changed")["nodesActive"] == "4/4")
    stage.kube.merge("changed", {"spec": {"power": "Stopped"}})
    stage.wait_reason("changed", "Stopped")


def _answered(stage: Stage) -> None:
    """What only a person can say: take the one that was kept, give up the one that vanished."""
    stage.wait_gone("kept")
    stage.kube.apply(ehpc("kept"))
    kept = next(each["cluster_id"] for each in stage.cloud.clusters("kept-"))
    stage.wait_reason("kept", "OwnedElsewhere")
    stage.kube.merge("kept", {"metadata": {"annotations": {f"{PREFIX}/take-over": kept}}})
    lost = stage.wait_reason("vanished", "ClusterVanished")["hpc_cluster_id"]
    stage.kube.merge("vanished", {"metadata": {"annotations": {f"{PREFIX}/recreate": lost}}})
    until("another is recorded", lambda: stage.kube.status("vanished").get("hpc_cluster_id") not in (None, lost))
    assert stage.wait_ready("kept")["hpc_cluster_id"] == kept
    stage.wait_ready("vanished")


@pytest.mark.usefixtures("all_on")
def test_a_namespace_that_is_deleted_waits(plane: ControlPlane) -> None:
    """For what is protected, and with the key that the rest of a deletion needs."""
    plane.kubectl("create", "namespace", "doomed")
    kube = Kube(plane, "doomed")
    kube.apply(
        ehpc("guarded", deletionProtection=True), ehpc("held", credentialsSecretRef={"name": "key"}), secret("key")
    )
    kube.merge("held", {"metadata": {"finalizers": ["test.example/held"]}})
    plane.kubectl("delete", "namespace", "doomed", "--wait=false")
    for words in ("deletionProtection true", "needed by HpcCluster held"):
        until(f"told: {words}", lambda words=words: words in _why_not_gone(kube))
    assert kube.secret("key") is not None
    assert (kube.cluster("guarded") or {})["metadata"].get("deletionTimestamp") is None
    kube.merge("guarded", {"spec": {"deletionProtection": False}})
    until("the protected one is gone", lambda: kube.cluster("guarded") is None)
    assert kube.secret("key") is not None
    kube.merge("held", {"metadata": {"finalizers": []}})
    until("the namespace is gone", lambda: kube.get("/api/v1/namespaces/doomed") is None)
    kube.close()


def _why_not_gone(kube: Kube) -> str:
    return json.dumps((kube.get(f"/api/v1/namespaces/{kube.namespace}") or {}).get("status", {}).get("conditions", []))


@pytest.mark.usefixtures("all_on")
def test_two_releases_bind_only_in_the_namespaces_that_they_serve(
    plane: ControlPlane, lab: Kube, release: Release
) -> None:
    """Neither refuses what the other's operator does. The CRD is shared; the first owns it."""
    second = Release(plane, "hpc-second", "hpc-operator-2", scope={"namespaces": ["theirs"]}, crd={"install": False})
    plane.kubectl("create", "namespace", "theirs")
    theirs = Kube(plane, "theirs")
    theirs.apply(ehpc("known"))
    theirs.merge("known", {"metadata": {"finalizers": [FINALIZER], "annotations": {RECORD: record()}}})
    release.install(**ALL_ON, scope={"namespaces": ["lab"]})
    second.install()
    for kube, whose in ((lab, release), (theirs, second)):
        _kept_for(kube, whose)
    second.uninstall()
    free = Somebody(theirs, really=True)
    until("it is free", lambda: free.ask("PATCH", path("known").replace("/lab/", "/theirs/"), STRIPPED, MERGE).allowed)
    free.close()
    theirs.close()


def _kept_for(kube: Kube, release: Release) -> None:
    """The finalizer of `known` there is that release's operator's, and nobody else's, an administrator's neither."""
    at = path("known").replace("/lab/", f"/{kube.namespace}/")
    operator, root = Somebody(kube, release.user), Somebody(kube)
    until("its operator may", lambda: operator.ask("PATCH", at, STRIPPED, MERGE).allowed)
    until("root may not", lambda: release.policy("keep-record") in root.ask("PATCH", at, STRIPPED, MERGE).text)
    answer = operator.ask("PATCH", at, STRIPPED, MERGE)
    assert answer.allowed, answer
    operator.close()
    root.close()


def test_nobody_is_locked_out_by_what_is_left(plane: ControlPlane, lab: Kube, release: Release) -> None:
    """The policies go with the chart: then all is as RBAC says. And without the CRD they hold nobody's Secret."""
    release.uninstall()
    root = Somebody(lab)
    for row in REFUSED:
        if row.who == "root" and row in QUICK:
            until(f"nothing refuses any more: {row.why}", lambda row=row: row.request(root).allowed)
    for name in WRITTEN:
        lab.merge(name, {"metadata": {"finalizers": []}})
    plane.kubectl("delete", "crd", CRD_NAME, "--wait=false")
    until("the CRD is gone", lambda: lab.get(f"{CRD}/{CRD_NAME}") is None)
    release.install(**ALL_ON, crd={"install": False})
    key = delete(secret_path("operator-key", "hpc-system"))
    until("the policies act", lambda: release.policy("protect-key") in key(root).text)
    answer = delete(secret_path("key-used"))(root)
    assert answer.allowed, answer
    _gone_with_its_namespace(plane, lab, release)
    root.close()


def _gone_with_its_namespace(plane: ControlPlane, kube: Kube, release: Release) -> None:
    """The operator's key does not hold its namespace, in which nothing runs any more. What is left goes by its label."""
    plane.kubectl("delete", "namespace", release.namespace, "--wait=false")
    until("the namespace is gone", lambda: kube.get(f"/api/v1/namespaces/{release.namespace}") is None)
    assert kube.get(f"{ADMISSION}/{release.policy('protect-key')}") is not None
    kinds = "validatingadmissionpolicy,validatingadmissionpolicybinding"
    plane.kubectl("delete", kinds, "-l", "app.kubernetes.io/part-of=hpc-operator")
    assert (kube.get(ADMISSION) or {})["items"] == []
