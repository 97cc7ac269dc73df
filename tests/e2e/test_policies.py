"""The chart's admission policies on a genuine API server: what each refuses, with its words, and what it lets through.

Each row is tried with every policy on, and again with its policy alone switched off: then what was refused passes, and
what other policies refuse stays refused. All are tried under `dryRun`, so that no row changes what another one meets.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import Stage, until, until_served
from stage.kube import GROUP, Kube
from stage.manifests import ehpc
from stage.operators import KEY
from stage.policies import ADMISSION, Answer, Release, Request, Somebody

from local_control_plane import ControlPlane

PREFIX = "hpc.qingcloud.com"
FINALIZER, RECORD = f"{PREFIX}/cluster", f"{PREFIX}/record"
ID = "ehpc-known00001"
OTHER_ID = "ehpc-other00001"
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CRD_NAME = "hpcclusters.hpc.qingcloud.com"
CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "validatingadmissionpolicy-status-controller",
)
MERGE, APPLY, JSON_PATCH = (
    f"application/{each}" for each in ("merge-patch+json", "apply-patch+yaml", "json-patch+json")
)
SWITCHES = {
    "protectClusters": ("protect-clusters",),
    "protectCrd": ("protect-crd",),
    "orders": ("orders",),
    "protectSecrets": ("protect-secrets", "protect-key"),
    "keepRecord": ("keep-record",),
}
ALL_ON: dict[str, Any] = {"credentials": {"existingSecret": "operator-key"}}


def record(cluster: str | None = ID) -> str:
    account = {"endpoint": "https://api.example.com", "zone": "jn1a", "owner": "usr-simulator"}
    whole = {"version": 1, "mark": "a6yvs2rdrgsjgj6", "account": account, "origin": "Created", "id": cluster}
    return json.dumps({key: value for key, value in whole.items() if value}, separators=(",", ":"))


def secret(name: str, **annotations: str) -> dict[str, Any]:
    marked = {f"{PREFIX}/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "annotations": marked}}


LAB = (
    ehpc("plain", credentialsSecretRef={"name": "key-used"}),
    ehpc("guarded", deletionProtection=True),
    ehpc("known", adminPasswordSecretRef={"name": "password-given", "key": "p"}),
    ehpc("young", adminPasswordSecretRef={"name": "password-needed", "key": "p"}),
    *map(ehpc, ("restored", "ordered", "given-up")),
    ehpc("frees", credentialsSecretRef={"name": "key-freed"}),
    *map(secret, ("key-used", "password-given", "password-needed", "unused")),
    secret("key-freed", allow_deletion="true"),
)
WRITTEN: dict[str, dict[str, str]] = {
    "known": {RECORD: record()},
    "young": {RECORD: record(None)},
    "restored": {RECORD: record(OTHER_ID)},
    "given-up": {RECORD: record(), f"{PREFIX}/abandon": ID},
}
"""What stands under the finalizer, by resource."""


def _other_crd() -> dict[str, Any]:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    names = {"plural": "others", "kind": "Other", "singular": "other"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return _object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "others.example.com", spec=spec)


def _object(version: str, kind: str, name: str, namespace: str | None = None, **rest: Any) -> dict[str, Any]:
    where = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **where}, **rest}


def _bound(user: str, kind: str, role: str) -> dict[str, Any]:
    return _object(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        f"{user}-{role}",
        "lab",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        subjects=[{"kind": "ServiceAccount", "name": user, "namespace": "lab"}],
    )


SURROUNDINGS = (
    *(_object("v1", "Namespace", name) for name in ("lab", "elsewhere")),
    _object("v1", "Secret", "key-used", "elsewhere"),
    *(_object("v1", "Secret", "operator-key", namespace) for namespace in ("elsewhere", "hpc-system")),
    _object("v1", "Secret", "other", "hpc-system"),
    _other_crd(),
)
PEOPLE = (
    *(_bound(user, "ClusterRole", role) for user, role in (("editor", "edit"), ("admin", "admin"), ("narrow", "edit"))),
    _bound("narrow", "Role", "adopts-plain"),
    _object(
        "rbac.authorization.k8s.io/v1",
        "Role",
        "adopts-plain",
        "lab",
        rules=[{"apiGroups": [PREFIX], "resources": ["hpcclusters"], "resourceNames": ["plain"], "verbs": ["adopt"]}],
    ),
)


# --- requests


def path(name: str = "", subresource: str = "") -> str:
    return (
        f"{GROUP}/namespaces/lab/hpcclusters"
        + (f"/{name}" if name else "")
        + (f"/{subresource}" if subresource else "")
    )


def secret_path(name: str, namespace: str = "lab") -> str:
    return f"/api/v1/namespaces/{namespace}/secrets/{name}"


def delete(at: str, **query: str) -> Request:
    return lambda who: who.ask("DELETE", at, **query)


def merge(name: str, patch: dict[str, Any], subresource: str = "") -> Request:
    return lambda who: who.ask("PATCH", path(name, subresource), patch, MERGE)


def annotate(name: str, value: str | None, *keys: str) -> Request:
    return merge(name, {"metadata": {"annotations": {f"{PREFIX}/{key}": value for key in keys}}})


def finalizers(name: str, *left: str, **annotations: str) -> Request:
    marked = {f"{PREFIX}/{key}": value for key, value in annotations.items()}
    return merge(name, {"metadata": {"finalizers": list(left), "annotations": marked}})


def create(name: str, *, generated: bool = False, **annotations: str) -> Request:
    made = ehpc(name)
    marked = {f"{PREFIX}/{key.replace('_', '-')}": value for key, value in annotations.items()}
    made["metadata"] = {"generateName" if generated else "name": name, "annotations": marked}
    return lambda who: who.ask("POST", path(), made)


def server_side(made: dict[str, Any]) -> Request:
    at = path(made["metadata"]["name"])
    return lambda who: who.ask("PATCH", at, made, APPLY, fieldManager="somebody", force="true")


def put(name: str, *, strip: tuple[str, ...] = (), **annotations: str) -> Request:
    """What `kubectl replace` sends: the whole object, without what the file lacks."""

    def ask(who: Somebody) -> Answer:
        now = copy.deepcopy(who.kube.cluster(name))
        assert now is not None
        for field in strip:
            now["metadata"].pop(field, None)
        marks = now["metadata"].setdefault("annotations", {})
        marks.update({f"{PREFIX}/{key}": value for key, value in annotations.items()})
        return who.ask("PUT", path(name), now)

    return ask


def uid(name: str) -> Request:
    """Given up by its uid, where no cluster is known."""

    def ask(who: Somebody) -> Answer:
        now = who.kube.cluster(name)
        assert now is not None
        return finalizers(name, abandon=now["metadata"]["uid"])(who)

    return ask


def kubectl(*arguments: str, given: dict[str, Any] | None = None) -> Request:
    return lambda who: who.kubectl(*arguments, given=given)


ORDERED = ehpc("plain", credentialsSecretRef={"name": "key-used"})
ORDERED["metadata"]["annotations"] = {f"{PREFIX}/adopt": ID}
NAKED = ehpc("known", adminPasswordSecretRef={"name": "password-given", "key": "p"})
FILE = ("-f", "-")
STRIPPED: dict[str, Any] = {"metadata": {"finalizers": []}}


@dataclass(frozen=True)
class Row:
    """Who asks for what, and the policy that refuses it with these words; without one it passes."""

    why: str
    who: str
    request: Request
    policy: str = ""
    words: str = ""


NEEDS_ADOPT = "that needs the verb adopt on hpcclusters.hpc.qingcloud.com in namespace lab"
KEEPS_FINALIZER = "only the operator takes the finalizer hpc.qingcloud.com/cluster off"
KEEPS_RECORD = "only the operator changes the annotation hpc.qingcloud.com/record"
CLAIMS = "the annotation hpc.qingcloud.com/record claims a cluster"
NAMES_IT = f"annotate hpc.qingcloud.com/abandon={ID} first"

QUICK = (
    # protectClusters
    Row("a protected one", "root", delete(path("guarded")), "protect-clusters", "patch hpc guarded --type=merge -p"),
    Row(
        "protected among a collection",
        "root",
        delete(path()),
        "protect-clusters",
        "lab/guarded has spec.deletionProtection true",
    ),
    Row("an unprotected one", "editor", delete(path("plain"))),
    Row("the protection is taken off", "editor", merge("guarded", {"spec": {"deletionProtection": False}})),
    # protectCrd
    Row(
        "the CRD",
        "root",
        delete(f"{CRD}/{CRD_NAME}"),
        "protect-crd",
        f"kubectl annotate crd {CRD_NAME} hpc.qingcloud.com/allow-deletion=true",
    ),
    Row("the CRD in a collection", "root", delete(CRD), "protect-crd", "deletes every HpcCluster"),
    Row("another CRD", "root", delete(f"{CRD}/others.example.com")),
    Row(
        "a change of the CRD",
        "root",
        lambda who: who.ask("PATCH", f"{CRD}/{CRD_NAME}", {"metadata": {"labels": {"a": "b"}}}, MERGE),
    ),
    # orders
    *(
        Row(
            f"{order} by who may only edit",
            "editor",
            annotate("plain", ID, order),
            "orders",
            f"hpc.qingcloud.com/{order}: {NEEDS_ADOPT}",
        )
        for order in ("adopt", "take-over", "create-beside", "recreate")
    ),
    *(
        Row(f"{order} by an administrator", "admin", annotate("plain", ID, order))
        for order in ("adopt", "take-over", "create-beside", "recreate")
    ),
    Row("an order is changed", "editor", annotate("ordered", OTHER_ID, "adopt"), "orders", NEEDS_ADOPT),
    Row("an order is taken back", "editor", annotate("ordered", None, "adopt")),
    Row("another change beside an order", "editor", merge("ordered", {"spec": {"description": "x"}})),
    Row(
        "several orders at once",
        "editor",
        annotate("plain", ID, "adopt", "recreate"),
        "orders",
        "hpc.qingcloud.com/adopt, hpc.qingcloud.com/recreate",
    ),
    Row("an empty order", "editor", annotate("plain", "", "adopt"), "orders", NEEDS_ADOPT),
    Row("created with an order", "editor", create("new", adopt=ID), "orders", NEEDS_ADOPT),
    Row(
        "created with an order under a generated name",
        "editor",
        create("new-", generated=True, adopt=ID),
        "orders",
        NEEDS_ADOPT,
    ),
    Row("the same by an administrator", "admin", create("new-", generated=True, adopt=ID)),
    Row("created without an order", "editor", create("new", paused="true")),
    Row("created by an administrator", "admin", create("new", take_over=ID)),
    Row("paused and reconcile-at", "editor", annotate("plain", "true", "paused", "reconcile-at")),
    Row("server-side apply", "editor", server_side(ORDERED), "orders", NEEDS_ADOPT),
    Row("server-side apply by an administrator", "admin", server_side(ORDERED)),
    Row(
        "JSON patch",
        "editor",
        lambda who: who.ask(
            "PATCH",
            path("plain"),
            [{"op": "add", "path": "/metadata/annotations", "value": {f"{PREFIX}/recreate": ID}}],
            JSON_PATCH,
        ),
        "orders",
        NEEDS_ADOPT,
    ),
    Row("the right for one name", "narrow", annotate("plain", ID, "adopt")),
    Row("the right for another name", "narrow", annotate("guarded", ID, "adopt"), "orders", NEEDS_ADOPT),
    Row("the operator gives no orders", "operator", annotate("plain", ID, "adopt"), "orders", NEEDS_ADOPT),
    Row(
        "the operator writes beside an order",
        "operator",
        merge("ordered", {"metadata": {"finalizers": [FINALIZER], "annotations": {RECORD: record()}}}),
    ),
    Row("the operator writes status", "operator", merge("ordered", {"status": {"job_id": "j-1"}}, "status")),
    Row("scale", "editor", merge("plain", {"spec": {"replicas": 2}}, "scale")),
    # protectSecrets
    Row(
        "a key in use",
        "editor",
        delete(secret_path("key-used")),
        "protect-secrets",
        "Secret key-used is needed by HpcCluster plain",
    ),
    Row(
        "a key in use, in a collection",
        "editor",
        delete(secret_path("").rstrip("/")),
        "protect-secrets",
        "is needed by HpcCluster",
    ),
    Row(
        "a password before the create was answered",
        "editor",
        delete(secret_path("password-needed")),
        "protect-secrets",
        "is needed by HpcCluster young",
    ),
    Row("a password that has been used", "editor", delete(secret_path("password-given"))),
    Row("a Secret that nobody names", "editor", delete(secret_path("unused"))),
    Row("a key in use, freed by its annotation", "editor", delete(secret_path("key-freed"))),
    Row("a Secret of that name elsewhere", "root", delete(secret_path("key-used", "elsewhere"))),
    Row(
        "the operator's own key",
        "root",
        delete(secret_path("operator-key", "hpc-system")),
        "protect-key",
        "is the key of the operator",
    ),
    Row("another Secret beside it", "root", delete(secret_path("other", "hpc-system"))),
    Row("a Secret named like the operator's key elsewhere", "root", delete(secret_path("operator-key", "elsewhere"))),
    # keepRecord
    Row("the finalizer is stripped", "root", finalizers("known"), "keep-record", KEEPS_FINALIZER),
    Row("it is stripped by who may adopt", "admin", finalizers("known"), "keep-record", NAMES_IT),
    Row("the record is taken off", "root", annotate("known", None, "record"), "keep-record", KEEPS_RECORD),
    Row("the record is changed", "root", annotate("known", record(OTHER_ID), "record"), "keep-record", KEEPS_RECORD),
    Row("PUT without annotations", "root", put("known", strip=("annotations",)), "keep-record", KEEPS_RECORD),
    Row(
        "PUT without finalizers",
        "root",
        put("known", strip=("finalizers",)),
        "keep-record",
        "kubectl replace strips it",
    ),
    Row("PUT of the whole", "editor", put("known", paused="true")),
    Row("server-side apply of the same file", "editor", server_side(NAKED)),
    Row("another's finalizer", "editor", finalizers("known", FINALIZER, "example.com/other")),
    Row("ours beside another's", "root", finalizers("known", "example.com/other"), "keep-record", KEEPS_FINALIZER),
    Row("the cluster is given up", "admin", finalizers("known", abandon=ID)),
    Row("given up in one PUT", "admin", put("known", strip=("annotations", "finalizers"), abandon=ID)),
    Row("given up by who may only edit", "editor", finalizers("known", abandon=ID), "keep-record", KEEPS_FINALIZER),
    Row("another cluster is named", "admin", finalizers("known", abandon=OTHER_ID), "keep-record", NAMES_IT),
    Row(
        "given up earlier, stripped by who may only edit",
        "editor",
        finalizers("given-up"),
        "keep-record",
        KEEPS_FINALIZER,
    ),
    Row("given up earlier, stripped now", "admin", finalizers("given-up")),
    Row(
        "the word alone frees nothing for a later replace",
        "root",
        put("given-up", strip=("annotations",)),
        "keep-record",
        KEEPS_RECORD,
    ),
    Row(
        "without a status the record names the cluster",
        "root",
        finalizers("restored"),
        "keep-record",
        f"abandon={OTHER_ID} first",
    ),
    Row("and is given up by that", "admin", finalizers("restored", abandon=OTHER_ID)),
    Row("a uid is no answer where a cluster is known", "admin", uid("restored"), "keep-record", KEEPS_FINALIZER),
    Row("without any id it is the uid", "admin", uid("young")),
    Row("a record is forged", "editor", annotate("plain", record(), "record"), "keep-record", CLAIMS),
    Row("a manifest with a record is copied", "editor", create("copy", record=record()), "keep-record", CLAIMS),
    Row("a backup is restored", "admin", create("copy", record=record())),
    Row("the operator takes its finalizer off", "operator", finalizers("known")),
    Row("the operator changes its record", "operator", annotate("known", record(OTHER_ID), "record")),
    Row("the operator writes its first record", "operator", annotate("plain", record(), "record")),
    Row("status, by whom RBAC lets", "root", merge("known", {"status": {"hpc_cluster_id": None}}, "status")),
)
BY_KUBECTL = (
    Row(
        "a protected one, by kubectl",
        "editor",
        kubectl("delete", "hpc", "guarded"),
        "protect-clusters",
        "set that to false first",
    ),
    Row(
        "protected among all",
        "root",
        kubectl("delete", "hpc", "--all"),
        "protect-clusters",
        "lab/guarded has spec.deletionProtection true",
    ),
    Row(
        "kubectl annotate", "editor", kubectl("annotate", "hpc", "plain", f"{PREFIX}/adopt={ID}"), "orders", NEEDS_ADOPT
    ),
    Row("kubectl apply", "editor", kubectl("apply", *FILE, given=ORDERED), "orders", NEEDS_ADOPT),
    Row("kubectl apply by an administrator", "admin", kubectl("apply", *FILE, given=ORDERED)),
    Row("kubectl replace", "editor", kubectl("replace", *FILE, given=ORDERED), "orders", NEEDS_ADOPT),
    Row(
        "a key in use, by kubectl",
        "root",
        kubectl("delete", "secret", "key-used"),
        "protect-secrets",
        "hpc.qingcloud.com/allow-deletion=true",
    ),
    Row("kubectl replace", "root", kubectl("replace", *FILE, given=NAKED), "keep-record", "use kubectl apply"),
    Row("kubectl apply of the same file", "editor", kubectl("apply", *FILE, given=NAKED)),
)
TABLE = (*QUICK, *BY_KUBECTL)
REFUSED = tuple(row for row in TABLE if row.policy)


# --- the stage


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
