"""The operator's Application goes, in both ways: the CRD stays, and with it every cluster. The last file of this folder."""

from gitops import Application, Site
from stage import until

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/hpcclusters.hpc.qingcloud.com"
DEPLOYMENT = "/apis/apps/v1/namespaces/hpc-operator/deployments/hpc-operator"


def uid(site: Site, path: str) -> str:
    """Of the object at that path, empty when it is gone or going."""
    metadata = (site.kube.get(path) or {"metadata": {}})["metadata"]
    return "" if "deletionTimestamp" in metadata else str(metadata.get("uid", ""))


def test_the_crd_and_the_clusters_outlive_the_operators_application(site: Site, operator: Application) -> None:
    site.born("outlives")
    before, running = uid(site, CRD), uid(site, DEPLOYMENT)
    deletes = site.cloud.count("deleteCluster")

    site.forget(operator)
    assert operator.whole == {}
    assert (uid(site, CRD), uid(site, DEPLOYMENT)) == (before, running), "without a cascade all of it stays"

    again = site.install_operator()
    again.until("settled", lambda: (again.sync, again.health) == ("Synced", "Healthy"))
    site.argocd.cli("app", "delete", again.name, "--cascade", "--yes", "--wait=false")
    until("the operator is gone", lambda: site.kube.get(DEPLOYMENT) is None)
    until("the Application is gone", lambda: again.whole == {})
    assert uid(site, CRD) == before
    assert site.kube.is_ready(site.kube.cluster("outlives") or {})
    assert site.cloud.count("deleteCluster") == deletes
