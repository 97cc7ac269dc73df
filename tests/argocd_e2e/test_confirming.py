"""What vanishes from git, and an Application that is deleted: nothing that costs money goes before a person says so."""

import pytest
from gitops import Application, Site
from gitops.site import cluster
from stage import until

pytestmark = pytest.mark.usefixtures("operator")


def stays(site: Site, name: str) -> None:
    """Through some looks of the operator, the resource and its cluster stand as they were."""
    site.looks(5)
    whole = site.kube.cluster(name)
    assert whole is not None
    assert "deletionTimestamp" not in whole["metadata"]
    assert [each["status"] for each in site.bought(name)] == ["active"]


def gone(site: Site, name: str, cluster_id: str) -> None:
    """The resource is gone, and its cluster was deleted in the cloud."""
    until(f"{name} is gone", lambda: site.kube.cluster(name) is None)
    assert cluster_id in site.cloud.gone()


def empty(site: Site, application: Application) -> None:
    """Have no cluster of it in git any more."""
    site.clusters.commit({f"{application.name}/clusters.yaml": None, f"{application.name}/.keep": ""})
    application.refresh()


def test_a_cluster_that_vanishes_from_git_goes_only_when_confirmed(site: Site) -> None:
    application = site.born("vanishing")
    (bought,) = site.bought("vanishing")
    empty(site, application)
    application.until("out of sync", lambda: application.sync == "OutOfSync")
    assert application.resources["HpcCluster/vanishing"]["requiresPruning"] is True
    stays(site, "vanishing")

    site.argocd.cli("app", "sync", "vanishing", "--prune", "--async")
    waiting = "Waiting for pruning confirmation of hpc.qingcloud.com/v1alpha1/HpcCluster/vanishing"
    application.until(waiting, lambda: application.operation.get("message") == waiting)
    assert application.operation["phase"] == "Running"
    stays(site, "vanishing")

    site.argocd.cli("app", "confirm-deletion", "vanishing")
    gone(site, "vanishing", bought["cluster_id"])
    application.until("synced", lambda: application.sync == "Synced")


def test_clusters_of_a_deleted_application_go_only_when_confirmed(site: Site) -> None:
    application = site.born("leaving")
    (bought,) = site.bought("leaving")
    assert application.resources["HpcCluster/leaving"]["requiresDeletionConfirmation"] is True
    site.argocd.cli("app", "delete", "leaving", "--cascade", "--yes", "--wait=false")
    held = "HpcCluster lab leaving} requires manual confirmation to delete"
    until(held, lambda: held in site.argocd.said("argocd-application-controller"))
    assert "deletionTimestamp" in application.whole["metadata"]
    stays(site, "leaving")

    site.argocd.cli("app", "confirm-deletion", "leaving")
    gone(site, "leaving", bought["cluster_id"])
    until("the Application is gone", lambda: application.whole == {})


def test_without_cascade_the_clusters_stay(site: Site) -> None:
    """The example bears no finalizer: `kubectl delete` of the Application leaves them."""
    application = site.born("orphaned")
    (bought,) = site.bought("orphaned")
    site.forget(application)
    assert application.whole == {}
    stays(site, "orphaned")
    again = site.apply("orphaned")
    again.says("Healthy", "orphaned")
    assert [each["cluster_id"] for each in site.bought("orphaned")] == [bought["cluster_id"]], "none is bought again"


def test_the_applications_own_options_hold_nothing_in_this_version(site: Site) -> None:
    """Only the annotation on the resource is heeded; this is what it is there for."""
    bare = cluster("bare")
    del bare["metadata"]["annotations"]
    revision = site.commit("bare", bare)
    application = site.apply("bare")
    application.synced(revision)
    application.says("Healthy", "bare")
    (bought,) = site.bought("bare")
    assert {"Prune=confirm", "Delete=confirm"} <= set(application.whole["spec"]["syncPolicy"]["syncOptions"])
    empty(site, application)
    application.until("out of sync", lambda: application.sync == "OutOfSync")
    stays(site, "bare")
    site.argocd.cli("app", "sync", "bare", "--prune", "--async")
    gone(site, "bare", bought["cluster_id"])
