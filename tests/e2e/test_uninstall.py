"""docs/uninstall.md, word for word: the genuine API server and controllers, helm, and the chart's operator as a process.

pytestmark = pytest.mark.slow

Nobody runs Pods here: where the chart's Deployment is, a process is started with what it sets, under its ServiceAccount;
where it goes, the process is ended. It leaves two things of the Deployment out: its ports, and where its Secret is mounted.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage import Operator, Stage, until, until_served
from stage.kube import condition
from stage.manifests import ehpc
from stage.site import Site

from local_control_plane import ControlPlane

AGAIN, GOOD, CRD_FIRST = "Only the operator, and back", "For good", "The CRD was deleted first"
GONE, NAMESPACE = "The operator is gone, and finalizers are left", "The operator's own namespace was deleted"


@pytest.fixture(scope="module")
def server() -> Iterator[ControlPlane]:
    """A server of this page's own, for it deletes the CRD."""
    controllers = ("garbage-collector-controller", "namespace-controller")
    with ControlPlane(controllers=controllers, tools=("helm",)) as started:
        yield started


@pytest.fixture
def site(server: ControlPlane, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """Namespaces, the key, and the chart installed with the CRD: what the page begins with. No operator runs yet."""
    release, lives, scope, story = request.param
    for namespace in dict.fromkeys((release, lives)):
        server.kubectl("create", "namespace", namespace)
    with Stage(server, lives, tmp_path, crd=False) as stage:
        made = Site(stage, tmp_path, release=release, scope=scope)
        made.open("uninstall.md", story)
        made.key()
        yield made
        (tmp_path / "transcript.txt").write_text(made.page.transcript)


def reasons(site: Site, namespace: str) -> dict[str, str]:
    return {name: condition(each.get("status", {})).get("reason", "") for name, each in site.named(namespace).items()}


def terminating(site: Site, namespace: str) -> set[str]:
    return {name for name, each in site.named(namespace).items() if "deletionTimestamp" in each["metadata"]}


def settled(pod: Operator) -> float:
    """Passes that found nothing to do."""
    named = 'hpc_operator_passes_total{outcome="settled"} '
    return sum(
        float(line.removeprefix(named)) for line in pod.probe("/metrics")[1].splitlines() if line.startswith(named)
    )


@pytest.mark.parametrize("site", [("hpc-operator", "lab", (), "uninstall")], indirect=True)
def test_operator_crd_and_clusters_go_in_every_order_and_nothing_is_lost(site: Site) -> None:
    stage, page = site.stage, site.page
    page.shell(
        "helm install hpc-operator deploy/charts/hpc-operator --namespace hpc-operator --create-namespace "
        "--values values.yaml"
    )
    until_served(stage.server)
    pod = site.pod()
    stage.kube.apply(ehpc("day"), ehpc("night"), ehpc("spare"))
    ids = {name: stage.wait_ready(name)["hpc_cluster_id"] for name in ("day", "night", "spare")}

    # Only the operator: what is there stays, and is gone on with.
    told = page.run(AGAIN, 0)
    assert "kept due to the resource policy" in told
    assert all(cluster in told for cluster in ids.values())
    site.end(pod)
    before = {name: each["metadata"]["resourceVersion"] for name, each in site.named("lab").items()}
    kept = {name: ids[name] for name in ("day", "night")}
    assert set(before) == set(ids)
    calls, since = site.changes(), stage.cloud.last_call()
    page.run(AGAIN, 1)
    pod = site.pod()
    until("the account is looked at", lambda: stage.cloud.calls("list", since=since))
    until("all three were looked at", lambda: settled(pod) >= 3)
    assert {name: each["metadata"]["resourceVersion"] for name, each in site.named("lab").items()} == before
    assert site.changes() == calls == {"createCluster": 3, "modifyCluster": 3}

    # The CRD first: all wait; kept ones are let go, the rest is deleted by an approval; taken over under the next CRD.
    page.shell("helm uninstall hpc-operator --namespace hpc-operator")
    site.end(pod)
    page.run(CRD_FIRST, 0)
    until("all are Terminating", lambda: len(terminating(site, "lab")) == 3)
    page.run(CRD_FIRST, 1)
    pod = site.pod()
    until("all are held", lambda: set(reasons(site, "lab").values()) == {"MassDeletion"})
    assert page.shell("hpc-operator status -A").count("MassDeletion") == 3
    page.run(CRD_FIRST, 2)
    assert set(site.named("lab")) == {"spare"}
    assert site.changes() == calls, "nothing was deleted"
    page.run(CRD_FIRST, 3)
    assert stage.cloud.gone() == [ids["spare"]]
    pod.wait()
    page.run(CRD_FIRST, 4)
    pod = site.pod()
    told = page.run(CRD_FIRST, 5)
    assert {name: each["status"]["hpc_cluster_id"] for name, each in site.named("lab").items()} == kept
    assert "2 taken over" in told

    # Without an operator: the finalizer by hand, found again, taken over again.
    page.shell("helm uninstall hpc-operator --namespace hpc-operator")
    site.end(pod)
    assert ids["night"] in page.run(GONE, 0)
    assert set(site.named("lab")) == {"day"}
    assert ids["night"] in page.run(GONE, 1)
    page.shell(page.commands(GONE, 2)[0])
    pod = site.pod()
    for command in page.commands(GONE, 2)[1:]:
        page.shell(command)
    assert {name: each["status"]["hpc_cluster_id"] for name, each in site.named("lab").items()} == kept
    assert (stage.cloud.gone(), stage.cloud.count("createCluster")) == ([ids["spare"]], (3, 3))

    # For good: one is kept, one goes, and nothing but the kept one and its Secrets is left.
    assert "No resources found" in page.run(GOOD, 0)
    site.end(pod)
    assert f"hpc.qingcloud.com/retained={ids['day']}" in page.run(GOOD, 1)
    assert (
        stage.kube.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/hpcclusters.hpc.qingcloud.com") is None
    )
    assert [each["cluster_id"] for each in stage.cloud.clusters()] == [ids["day"]]
    assert stage.cloud.count("createCluster") == (3, 3)
    assert page.left() == []


def exists(site: Site, path: str) -> bool:
    return site.stage.kube.get(path) is not None


@pytest.mark.parametrize("site", [("team", "team", ("team",), "namespace-gone")], indirect=True)
def test_a_namespace_goes_with_its_operator_and_its_clusters_wait_for_another(site: Site) -> None:
    stage, page = site.stage, site.page
    page.shell("helm install hpc-operator deploy/charts/hpc-operator --namespace team --values values.yaml")
    until_served(stage.server)
    pod = site.pod()
    stage.kube.apply(ehpc("day"), ehpc("night"))
    ids = {name: stage.wait_ready(name)["hpc_cluster_id"] for name in ("day", "night")}
    changes = site.changes()
    roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/team/roles/hpc-operator"
    assert exists(site, roles)

    page.shell(page.commands(NAMESPACE, 0)[0])
    pod.terminate()  # the kubelet does that; it may hold a right no more, and end as it likes
    pod.wait()
    until("its role is gone", lambda: not exists(site, roles))
    until("its key is gone", lambda: not exists(site, "/api/v1/namespaces/team/secrets/api-key"))
    told = "".join(page.shell(command) for command in page.commands(NAMESPACE, 0)[1:])
    assert "hpc.qingcloud.com/cluster in 2 resource instances" in told
    assert terminating(site, "team") == {"day", "night"}
    assert site.changes() == changes, "nothing is deleted in the cloud"
    page.run(NAMESPACE, 1)
    assert exists(site, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/hpcclusters.hpc.qingcloud.com")

    keep, run = page.commands(NAMESPACE, 2)
    page.shell(keep)
    laptop = stage.launch(*shlex.split(run)[2:], **site.laptop)
    page.did(run)
    assert ids["day"] in page.run(NAMESPACE, 3)
    laptop.terminate()
    assert laptop.wait() == 0
    assert [each["cluster_id"] for each in stage.cloud.clusters()] == [ids["day"]]
    assert stage.cloud.gone() == [ids["night"]]

    make, again = page.commands(NAMESPACE, 4)
    page.shell(make)
    with pytest.raises(AssertionError, match="invalid ownership metadata"):
        page.shell(again.removesuffix(" --take-ownership"))
    page.shell(again)
    assert page.left() == []
