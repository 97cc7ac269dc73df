"""One Argo CD for the whole session, with the operator that it has installed from the chart in git.

Pods are run by `stage.node`; nothing else of Kubernetes and nothing of Argo CD is played.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gitops import ArgoCD, Site
from gitops.applications import EXAMPLES, Application
from gitops.site import cluster
from stage import Simulator
from stage.node import Node
from stage.operators import SHORT

from local_control_plane import ControlPlane
from local_control_plane.wheels import available

HERE = Path(__file__).parent
HELM = "helm3" if available() else "helm"
"""Argo CD carries a helm 3."""
CONTROLLERS = [
    f"{name}-controller"
    for name in ("deployment", "replicaset", "serviceaccount", "disruption", "namespace", "garbage-collector")
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane(controllers=CONTROLLERS, tools=[HELM, "argocd", "redis-server"]) as server:
        yield server


@pytest.fixture(scope="session")
def argocd(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgoCD]:
    """With deploy/argocd/argocd-cm.yaml as it is."""
    made = ArgoCD(plane, plane.binary(HELM), tmp_path_factory.mktemp("argocd"))
    made.install(EXAMPLES / "argocd-cm.yaml")
    with made:
        yield made


@pytest.fixture(scope="session")
def site(plane: ControlPlane, argocd: ArgoCD, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Without an operator yet."""
    folder = tmp_path_factory.mktemp("site")
    cloud = Simulator(folder, create=3.0, request_lifetime=SHORT["REQUEST_LIFETIME"], strict_sizes=True)
    made = Site(plane, argocd, cloud, folder)
    with Node(plane, tmp_path_factory.mktemp("pods")):
        yield made
    made.close()
    cloud.stop()


@pytest.fixture(scope="session")
def early(site: Site) -> Application:
    """An Application of clusters that came before the CRD."""
    site.commit("early", cluster("early"))
    made = site.apply("early")
    made.until("it has failed for want of the CRD", lambda: "no matches for kind" in made.operation.get("message", ""))
    return made


@pytest.fixture(scope="session")
def operator(site: Site, early: Application) -> Application:
    """The operator's Application; its Pods act."""
    made = site.install_operator()
    made.synced(site.operator_commit)
    made.until("the operator acts", lambda: site.kube.ready("early"))
    return made
