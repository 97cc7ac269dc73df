"""Clusters from git: what Argo CD says of them, from the commit to the moment at which they can be used."""

from collections.abc import Iterator

import pytest
from gitops import Application, Following, Site
from gitops.applications import PATH
from gitops.following import Version
from gitops.site import cluster
from stage import until
from stage.kube import GROUP, condition

READY, PROGRESSING = "Healthy", "Progressing"
pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture
def applications(site: Site) -> Iterator[Following]:
    with Following(site.kube, PATH) as made:
        yield made


@pytest.fixture
def clusters(site: Site) -> Iterator[Following]:
    with Following(site.kube, f"{GROUP}/namespaces/lab/hpcclusters") as made:
        yield made


def of_cluster(version: Version, name: str) -> str:
    """What this version of an Application says of a cluster's health."""
    resources = version.object.get("status", {}).get("resources", [])
    return next((each.get("health", {}).get("status", "") for each in resources if each["name"] == name), "")


def is_ready(version: Version, generation: int) -> bool:
    """Whether this version of an HpcCluster is Ready for that generation of its spec."""
    ready = condition(version.object.get("status", {}))
    return ready.get("status") == "True" and ready["observedGeneration"] == generation


def not_before(applications: Following, clusters: Following, name: str, since: int = 0) -> None:
    """Argo CD said Progressing first, and Healthy only after the resource was Ready; the store's order tells."""
    told = [(each.number, of_cluster(each, name)) for each in applications.of(name, since)]
    healthy = [number for number, status in told if status == READY]
    progressing = [number for number, status in told if status == PROGRESSING]
    generation = clusters.of(name)[-1].object["metadata"]["generation"]
    ready = [each.number for each in clusters.of(name, since) if is_ready(each, generation)]
    assert progressing, told
    assert healthy, told
    assert progressing[0] < ready[0] < healthy[-1], (told, ready)
    assert not [number for number in healthy if progressing[0] < number < ready[0]], (told, ready)


def test_a_cluster_is_healthy_when_it_is_ready_and_not_before(
    site: Site, applications: Following, clusters: Following
) -> None:
    with site.held("createCluster"):
        revision = site.commit("first", cluster("first"))
        application = site.apply("first")
        application.synced(revision)
        application.says(PROGRESSING, "first")
    assert "Ready" in application.says(READY, "first")
    not_before(applications, clusters, "first")
    assert len(site.bought("first")) == 1


def test_the_count_follows_git_out_and_back(site: Site, applications: Following, clusters: Following) -> None:
    application = site.born("count")
    for count, call in ((3, "addNodes"), (1, "deleteNodes")):
        since = int(application.whole["metadata"]["resourceVersion"])
        with site.held(call):
            revision = site.change(application, cluster("count", {"count": count}))
            application.synced(revision)
            application.says(PROGRESSING, "count")
        application.says(READY, "count")
        not_before(applications, clusters, "count", since)
        assert site.compute_nodes("count") == count


def test_a_refused_spec_is_degraded_with_the_reason_and_a_good_commit_heals_it(site: Site) -> None:
    revision = site.commit("doomed", cluster("doomed", {"cpu": 3, "memory": 5000}))
    application = site.apply("doomed")
    application.synced(revision)
    message = application.says("Degraded", "doomed")
    ready = site.ready("doomed")
    assert message.startswith(f"{site.ready('doomed')['reason']}: "), (message, ready)
    assert "8000" in message, message
    calls = site.cloud.count("createCluster")
    site.looks(5)
    assert site.cloud.count("createCluster") == calls, "it is not asked again"
    site.change(application, cluster("doomed"))
    application.says(READY, "doomed")
    assert len(site.bought("doomed")) == 1


def test_a_stopped_cluster_is_suspended(site: Site) -> None:
    application = site.born("stopped")
    revision = site.change(application, cluster("stopped", power="Stopped"))
    application.synced(revision)
    assert "Stopped" in application.says("Suspended", "stopped")
    assert [each["status"] for each in site.bought("stopped")] == ["stopped"]
    site.change(application, cluster("stopped"))
    application.says(READY, "stopped")


def test_clusters_that_came_before_the_crd_are_made_once_it_is_there(site: Site, early: Application) -> None:
    early.says(READY, "early")
    assert len(site.bought("early")) == 1


def test_the_project_lets_nothing_else_through(site: Site) -> None:
    stray = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stray"}}
    site.commit("stray", stray)
    application = site.apply("stray")
    told = until("Argo CD refuses it", lambda: application.operation.get("syncResult", {}).get("resources"))
    assert [(each["kind"], each["status"]) for each in told] == [("ConfigMap", "SyncFailed")]
    assert "is not permitted in project hpc-clusters" in told[0]["message"]
    assert site.kube.get("/api/v1/namespaces/lab/configmaps/stray") is None
    site.forget(application)  # it would try again for ever
