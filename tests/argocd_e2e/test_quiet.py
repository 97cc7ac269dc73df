"""What is settled costs Argo CD nothing: an operator that looks at it all the time causes no reconciliation."""

import pytest
from gitops import Following, Site
from gitops.applications import PATH

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
        told = [each.object.get("status", {}).get("sync", {}).get("status") for each in applications.of("clean")]
    first = told.index("Synced")
    assert set(told[first:]) == {"Synced"}, told
