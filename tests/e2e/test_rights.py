"""The rights that the chart gives, on a genuine API server: what is used and no more, whose Secrets, and who may order.

That each of them is needed is shown by tests/rbac (`make test-rbac`).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from stage import Stage, chart, rights, until, until_served
from stage.chart import Scope
from stage.doctor import doctor
from stage.kube import Kube, condition
from stage.manifests import CRD, ehpc
from stage.rights import Granted

from hpc_operator.kube.rights import RIGHTS, Where
from local_control_plane import ControlPlane

GUARD = "OwnerReferencesPermissionEnforcement"
CONTROLLERS = ("clusterrole-aggregation-controller", "namespace-controller")
LISTED = ["get", "list", "watch"]
WRITTEN = ["create", "update", "patch", "delete"]

SCOPES = {
    "two-namespaces": Scope("home", namespaces=("home", "lab")),
    "all": Scope("home"),
    "all-but-few-secrets": Scope("home", secret_namespaces=("lab", "shop")),
}


# --- what the chart renders


def used(scope: Scope) -> set[Granted]:
    """What kube/rights.py says that an operator of this scope uses."""
    served: tuple[str | None, ...] = scope.namespaces or (None,)
    places = {Where.SERVED: served, Where.SECRETS: scope.secret_namespaces or served, Where.LEASE: (scope.home,)}
    return {
        Granted(
            right.verb,
            right.group,
            f"{right.resource}/{right.subresource}" if right.subresource else right.resource,
            namespace,
            scope.name if right.by_name else None,
        )
        for right in RIGHTS
        for namespace in places[right.where]
    }


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_the_chart_grants_exactly_what_is_used(scope: Scope) -> None:
    found = rights.of(scope)
    assert set(found) == used(scope)
    assert len(found) == len(set(found)), "nothing is granted twice"


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_every_role_is_bound_to_the_operators_service_account_and_to_nobody_else(scope: Scope) -> None:
    made = chart.objects(scope)
    [account] = [each["metadata"] for each in made if each["kind"] == "ServiceAccount"]
    subject = {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
    assert (account["name"], account["namespace"]) == (scope.name, scope.home)
    bindings = [each for each in made if each["kind"].endswith("Binding")]
    roles = {(each["kind"], each["metadata"]["name"], each["metadata"].get("namespace")) for each in made} - {
        (each["kind"], each["metadata"]["name"], each["metadata"].get("namespace")) for each in [*bindings]
    }
    assert [each["subjects"] for each in bindings] == [[subject]] * len(bindings)
    bound = {(each["roleRef"]["kind"], each["roleRef"]["name"], each["metadata"].get("namespace")) for each in bindings}
    assert bound == {role for role in roles if role[0] != "ServiceAccount"}


def test_without_rbac_no_role_is_made() -> None:
    made = [each for each in yaml.safe_load_all(chart.template("--set", "rbac.create=false")) if each]
    kinds = {each["kind"] for each in made}
    assert "Deployment" in kinds
    assert kinds & {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"} == set()


# --- on a server where nobody may change the owners of what he may not delete


@pytest.fixture(scope="module")
def guarded() -> Iterator[ControlPlane]:
    """Such a server, with the controllers that put aggregated roles together and that empty namespaces."""
    flags = (f"--enable-admission-plugins={GUARD}",)
    with ControlPlane(controllers=CONTROLLERS, apiserver_flags=flags) as server:
        server.kubectl("apply", "--server-side", "-f", str(CRD))
        until_served(server)
        yield server


def staged(server: ControlPlane, name: str, folder: Path, **given: Any) -> Stage:
    server.kubectl("create", "namespace", name)
    return Stage(server, name, folder, crd=False, **given)


def told(stage: Stage, name: str) -> str:
    return str(condition(stage.kube.status(name)).get("message", ""))


def test_secrets_are_left_to_the_collector_where_that_takes_the_right_to_delete(
    guarded: ControlPlane, tmp_path: Path
) -> None:
    with staged(guarded, "owners", tmp_path) as stage:
        stage.refusals_meant = True
        stage.operator()
        stage.kube.create(ehpc("one"))
        stage.wait_ready("one")
        until("it is told how the cluster is reached", lambda: stage.kube.secret("one-connection"))
        taken = Granted("delete", "", "secrets", stage.namespace)
        rights.give(stage.kube, stage.scope(), but=[taken])
        stage.kube.delete("one")
        until("what is missing is told", lambda: "cannot set an ownerRef" in told(stage, "one"))
        assert stage.kube.reason("one") == "KubernetesRefused"
        assert stage.cloud.clusters() == []
        rights.give(stage.kube, stage.scope())
        stage.wait_gone("one")
        for name in ("one-admin", "one-connection"):
            kept = stage.kube.secret(name)
            assert kept is not None, "this server has no garbage collector"
            [owner] = kept["metadata"]["ownerReferences"]
            assert (owner["name"], owner.get("blockOwnerDeletion")) == ("one", None)


def test_a_namespace_whose_secrets_are_not_its_own_says_so_and_all_others_are_served(
    guarded: ControlPlane, tmp_path: Path
) -> None:
    """scope.secretNamespaces: it serves every namespace, and reads and writes the Secrets of one."""
    guarded.kubectl("create", "namespace", "closed")
    with staged(guarded, "open", tmp_path) as stage:
        stage.refusals_meant = True
        scope = Scope(stage.namespace, secret_namespaces=(stage.namespace,))
        way = {"NAMESPACES": None, "SECRET_NAMESPACES": stage.namespace}
        way["KUBECONFIG"] = str(stage.kubeconfig_of(scope))
        closed = Kube(guarded, "closed")
        stage.operator(**way)
        closed.create(ehpc("shut"))
        stage.kube.create(ehpc("one"))
        stage.wait_ready("one")
        until("it says what is missing", lambda: closed.reason("shut") == "KubernetesRefused")
        said = condition(closed.status("shut"))
        assert said["message"].startswith("a permission is missing: secrets")
        assert 'resource "secrets" in API group "" in the namespace "closed"' in said["message"]
        assert scope.user in said["message"]
        assert stage.cloud.count("createCluster") == (1, 1)
        found = doctor(stage.settings(**way), "--no-cloud")
        assert (found.code, found.levels("error"), found.levels("warning")) == (0, [], [])
        rights.give(stage.kube, Scope(stage.namespace))
        until("it is served", lambda: closed.ready("shut"))
        for kube, name in ((closed, "shut"), (stage.kube, "one")):
            kube.delete(name)
            until(f"{name} is gone", lambda kube=kube, name=name: kube.cluster(name) is None)
        closed.close()


def test_a_role_in_a_namespace_that_ends_goes_first_and_a_wider_one_lets_it_end(
    guarded: ControlPlane, tmp_path: Path
) -> None:
    """scope.namespaces: the namespace controller takes the Role before the operator is done. Nothing is lost, and a
    ClusterRole, which it cannot take, ends it.
    """
    with staged(guarded, "ending", tmp_path) as stage:
        stage.refusals_meant = True
        operator = stage.operator(LEASE_NAMESPACE="default")
        stage.kube.create(ehpc("one"))
        stage.wait_ready("one")
        guarded.kubectl("delete", "namespace", stage.namespace, "--wait=false")
        until("what is missing is told", lambda: operator.says(f'in the namespace \\"{stage.namespace}\\"'))
        assert stage.kube.cluster("one") is not None
        rights.give(stage.kube, Scope("default"))
        until("the namespace is gone", lambda: stage.kube.get(f"/api/v1/namespaces/{stage.namespace}") is None)
        assert stage.cloud.clusters() == []


# --- whose Secrets


REACH = [
    (SCOPES["two-namespaces"], {"home", "lab"}),
    (SCOPES["all"], {"home", "lab", "shop"}),
    (SCOPES["all-but-few-secrets"], {"lab", "shop"}),
]


@pytest.mark.parametrize(("scope", "reached"), REACH, ids=SCOPES)
def test_secrets_of_other_namespaces_are_out_of_reach(
    guarded: ControlPlane, tmp_path: Path, scope: Scope, reached: set[str]
) -> None:
    kube = Kube(guarded, "default")
    for namespace in ("home", "lab", "shop"):
        kube.store("/api/v1/namespaces", {"metadata": {"name": namespace}})
        secret = {"metadata": {"name": "theirs"}, "stringData": {"password": "for-nobody-else"}}
        kube.store(f"/api/v1/namespaces/{namespace}/secrets", secret)
    for collection in ("clusterrolebindings", "roles", "rolebindings"):  # of the scope before
        guarded.kubectl("delete", collection, "--all-namespaces", "--selector=app.kubernetes.io/name=hpc-operator")
    token = rights.install(kube, scope)
    with httpx.Client(base_url=guarded.url, verify=kube.ssl, headers={"Authorization": f"Bearer {token}"}) as theirs:
        for namespace in ("home", "lab", "shop"):
            path = f"/api/v1/namespaces/{namespace}/secrets"
            wanted = 200 if namespace in reached else 403
            until("it counts", lambda path=path, wanted=wanted: theirs.get(f"{path}/theirs").status_code == wanted)
            assert theirs.get(path).status_code == 403, "no Secret is ever listed"
            assert theirs.put(f"{path}/theirs", json=secret).status_code == 403, "nor replaced"
    kube.close()


# --- who may order what: the aggregated roles

ROWS = [
    ("view", "get", "hpcclusters", True),
    ("view", "list", "hpcclusters", True),
    ("view", "watch", "hpcclusters", True),
    ("view", "get", "hpcclusters/status", True),
    ("view", "get", "hpcclusters/scale", True),
    *[("view", verb, "hpcclusters", False) for verb in (*WRITTEN, "deletecollection", "adopt")],
    ("view", "patch", "hpcclusters/scale", False),
    ("view", "update", "hpcclusters/status", False),
    *[("edit", verb, "hpcclusters", True) for verb in (*LISTED, *WRITTEN, "deletecollection")],
    ("edit", "update", "hpcclusters/scale", True),
    ("edit", "patch", "hpcclusters/scale", True),
    ("edit", "adopt", "hpcclusters", False),
    ("edit", "update", "hpcclusters/status", False),
    ("edit", "patch", "hpcclusters/status", False),
    *[("admin", verb, "hpcclusters", True) for verb in (*LISTED, *WRITTEN, "adopt")],
    ("admin", "patch", "hpcclusters/scale", True),
    ("admin", "update", "hpcclusters/status", False),
    ("admin", "patch", "hpcclusters/status", False),
]


class People:
    """One user for each of the built-in roles, in one namespace of a server that has the chart's roles."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube

    def may(self, role: str, verb: str, resource: str) -> bool:
        return self.kube.may(f"{role}or", Granted(verb, "hpc.qingcloud.com", resource, "people").attributes())

    def install(self, *flags: str) -> None:
        text = chart.template("--show-only=templates/roles.yaml", *flags, name="hpc-operator")
        rights.store(self.kube, [each for each in yaml.safe_load_all(text) if each])


@pytest.fixture(scope="module")
def people(guarded: ControlPlane) -> Iterator[People]:
    kube = Kube(guarded, "people")
    kube.store("/api/v1/namespaces", {"metadata": {"name": "people"}})
    group = "rbac.authorization.k8s.io"
    for role in ("view", "edit", "admin"):
        bound = {"roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role}}
        subject = {"subjects": [{"apiGroup": group, "kind": "User", "name": f"{role}or"}]}
        meta = {"metadata": {"name": role, "namespace": "people"}}
        rights.store(kube, [{"apiVersion": f"{group}/v1", "kind": "RoleBinding", **meta, **bound, **subject}])
    made = People(kube)
    made.install()
    until("the roles are put together", lambda: made.may("admin", "adopt", "hpcclusters"))
    until("the roles are put together", lambda: made.may("edit", "create", "hpcclusters"))
    until("the roles are put together", lambda: made.may("view", "get", "hpcclusters"))
    yield made
    kube.close()


@pytest.mark.parametrize(("role", "verb", "resource", "allowed"), ROWS, ids=["-".join(row[:3]) for row in ROWS])
def test_who_may_what(people: People, role: str, verb: str, resource: str, allowed: bool) -> None:
    assert people.may(role, verb, resource) is allowed


def test_none_of_them_reaches_into_another_namespace(people: People) -> None:
    for role in ("view", "edit", "admin"):
        assert not people.kube.may(f"{role}or", Granted("get", "hpc.qingcloud.com", "hpcclusters", "home").attributes())


def test_kubectl_says_the_same(guarded: ControlPlane, people: People) -> None:
    def can_i(role: str, verb: str) -> str:
        asked = ("auth", "can-i", verb, "hpcclusters.hpc.qingcloud.com", "-n", "people", f"--as={role}or")
        return guarded.kubectl(*asked, check=False).strip()

    assert [can_i(role, "adopt") for role in ("view", "edit", "admin")] == ["no", "no", "yes"]
    assert [can_i(role, "create") for role in ("view", "edit", "admin")] == ["no", "yes", "yes"]


def test_the_switch_keeps_writing_out_of_edit(people: People) -> None:
    people.install("--set", "rbac.aggregate.edit=false")
    until("edit writes no more", lambda: not people.may("edit", "create", "hpcclusters"))
    assert people.may("edit", "get", "hpcclusters"), "view is in it"
    assert people.may("admin", "create", "hpcclusters")
    assert people.may("admin", "adopt", "hpcclusters")
    people.install()
    until("edit writes again", lambda: people.may("edit", "create", "hpcclusters"))
