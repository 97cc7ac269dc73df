"""A count that git names and somebody else sets: left alone for the cluster that the example names, put back for others."""

import pytest
from gitops import Site
from gitops.site import cluster
from stage import until

pytestmark = pytest.mark.usefixtures("operator")
NAMED, OTHER = "ehpc-autoscaled", "counted-by-git"


def count(site: Site, name: str) -> int:
    whole = site.kube.cluster(name) or {}
    return int(whole["spec"]["cluster_conf"]["cluster"]["compute"]["count"])


def test_the_named_clusters_count_is_the_autoscalers(site: Site) -> None:
    application = site.born(NAMED)
    site.kube.kubectl("scale", "hpccluster", NAMED, "--replicas=2")
    until("two compute nodes", lambda: site.compute_nodes(NAMED) == 2)
    application.looked("hard")
    application.says("Healthy", NAMED)
    assert application.sync == "Synced"

    revision = site.change(application, cluster(NAMED, deletionProtection=True))
    application.synced(revision)
    assert (site.kube.cluster(NAMED) or {})["spec"]["deletionProtection"] is True
    assert (count(site, NAMED), site.compute_nodes(NAMED)) == (2, 2), "a sync for another reason leaves it"


def test_any_other_count_is_put_back(site: Site) -> None:
    application = site.born(OTHER)
    site.kube.kubectl("scale", "hpccluster", OTHER, "--replicas=2")
    application.until("git's count is back", lambda: count(site, OTHER) == 1)
    application.says("Healthy", OTHER)
    until("one compute node", lambda: site.compute_nodes(OTHER) == 1)
