"""What is settled costs Argo CD nothing: an operator that looks at it all the time causes no reconciliation."""

import pytest
from gitops import Following, Site
from gitops.applications import PATH
from gitops.site import cluster

pytestmark = pytest.mark.usefixtures("operator")
LOOKS = 60


def rests(site: Site) -> bool:
    """Whether a few looks caused nothing; what came before may still have been on its way."""
    before = site.argocd.reconciliations()
    site.looks(5)
    return site.argocd.reconciliations() == before


def test_a_settled_cluster_causes_no_reconciliation(site: Site) -> None:
    application = site.born("quiet")
    application.until("all Applications rest", lambda: rests(site))
    before = site.argocd.reconciliations()
    with Following(site.kube, PATH) as applications:
        site.looks(LOOKS)
        assert site.argocd.reconciliations() == before, "something moved it, or another one"
        assert applications.of("quiet") == []
    assert (application.sync, application.health) == ("Synced", "Healthy")

    site.kube.merge("quiet", {"metadata": {"annotations": {"example.com/touched": "once"}}})
    application.until("the count moves", lambda: site.argocd.reconciliations() > before)


def test_it_was_never_out_of_sync_after_its_sync(site: Site) -> None:
    """Through a creation and a change: what the operator writes is no difference."""
    with Following(site.kube, PATH) as applications:
        application = site.born("clean")
        application.looked("hard")
        made = synced(applications, "clean")
        since = int(application.whole["metadata"]["resourceVersion"])
        application.synced(site.change(application, cluster("clean", {"count": 2})))
        application.until("two compute nodes", lambda: site.compute_nodes("clean") == 2)
        application.says("Healthy", "clean")
        application.looked("hard")
        changed = synced(applications, "clean", since)
    for told in (made, changed[changed.index("OutOfSync") if "OutOfSync" in changed else 0 :]):
        assert set(told[told.index("Synced") :]) == {"Synced"}, told


def synced(applications: Following, name: str, since: int = 0) -> list[str | None]:
    """What Argo CD said of the difference from git, version by version."""
    return [each.object.get("status", {}).get("sync", {}).get("status") for each in applications.of(name, since)]
