"""What every test of this folder works on: Argo CD, two repositories, the simulator, and clusters that come from git."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from stage import Kube, Simulator, until
from stage.kube import condition
from stage.operators import KEY, SHORT

from chart_files.places import CHART
from gitops.applications import EXAMPLES, Application, example, folder_of, projects, written
from gitops.argocd import ArgoCD
from gitops.repository import Repository
from local_control_plane import ControlPlane

LAB, HOME = "lab", "hpc-operator"
GIT = "https://git.example.com/{}.git"


class Site:
    """`lab` is where clusters live, `home` is the operator's namespace; both are those of the examples."""

    def __init__(self, plane: ControlPlane, argocd: ArgoCD, cloud: Simulator, folder: Path) -> None:
        self.plane, self.argocd, self.cloud = plane, argocd, cloud
        self.kube, self.home = Kube(plane, LAB), Kube(plane, HOME)
        self.clusters, self.operator = (Repository(folder / name) for name in ("hpc-clusters.git", "hpc-operator.git"))
        self.operator_commit = self.operator.commit(dict(folder_of(CHART)))
        places = {GIT.format("hpc-clusters"): self.clusters.url, GIT.format("hpc-operator"): self.operator.url}
        plane.kubectl("create", "namespace", LAB)
        self._apply(*projects(places))

    def close(self) -> None:
        self.kube.close()
        self.home.close()

    def install_operator(self, name: str = "hpc-operator") -> Application:
        """Apply the example of the operator, with the settings that lead to the simulator; give it its key."""
        made = example("application-operator.yaml", name, repoURL=self.operator.url)
        settings = {key.lower(): yaml.safe_load(value) for key, value in SHORT.items()}
        made["spec"]["source"]["helm"]["valuesObject"]["settings"] = {"endpoint": self.cloud.endpoint, **settings}
        self._apply(made)
        key = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hpc-operator-credentials"}}
        until("Argo CD has made the namespace", lambda: self.home.get(f"/api/v1/namespaces/{HOME}"))
        self.home.apply({**key, "stringData": {key.lower(): value for key, value in KEY.items()}})
        return Application(self.home, name)

    def commit(self, name: str, *clusters: dict[str, Any]) -> str:
        """Have exactly these HpcClusters in the folder of that name in git; the commit."""
        return self.clusters.commit({f"{name}/clusters.yaml": written(*clusters)})

    def apply(self, name: str) -> Application:
        """Apply the example of the clusters for the folder of that name in git."""
        self._apply(example("application-clusters.yaml", name, repoURL=self.clusters.url, path=name))
        return Application(self.kube, name)

    def born(self, name: str, **spec: object) -> Application:
        """An Application with one cluster of the same name, both settled."""
        revision = self.commit(name, cluster(name, **spec))
        application = self.apply(name)
        application.synced(revision)
        application.says("Healthy", name)
        return application

    def change(self, application: Application, *clusters: dict[str, Any]) -> str:
        """Commit and have Argo CD look at git."""
        revision = self.commit(application.name, *clusters)
        application.refresh()
        return revision

    def ready(self, name: str) -> dict[str, Any]:
        """The condition Ready."""
        return condition(self.kube.status(name))

    def bought(self, name: str) -> list[dict[str, Any]]:
        """The clusters that the cloud truly has for this resource."""
        wanted = self.kube.status(name).get("hpc_cluster_id")
        return [each for each in self.cloud.clusters() if each["cluster_id"] == wanted]

    def compute_nodes(self, name: str) -> int:
        (cluster,) = self.bought(name)
        return sum(node["role"] == "compute" for node in cluster["nodes"])

    def looks(self, number: int) -> None:
        """Return when the operator has looked so many times more at the account: what was to be seen was seen."""
        last = self.cloud.last_call()
        until(f"{number} looks", lambda: len(self.cloud.calls("list", since=last)) >= number, pause=0.3)

    def forget(self, application: Application) -> None:
        """kubectl delete of the Application, which bears no finalizer."""
        self.plane.kubectl("--namespace=argocd", "delete", "application", application.name)

    def _apply(self, *objects: dict[str, Any]) -> None:
        self.plane.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(objects))

    @contextmanager
    def held(self, call: str) -> Iterator[None]:
        """The answer of the next such call is held back until the end of the `with` statement."""
        self.cloud.fault("hold", call)
        try:
            yield
        finally:
            self.cloud.ask("POST", "/release", {})


def cluster(name: str, compute: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """The example of a cluster in git under another name, with other fields of its compute nodes and of spec."""
    made: dict[str, Any] = yaml.safe_load((EXAMPLES / "lab" / "ehpc-minimal.yaml").read_text())
    made["metadata"]["name"] = name
    made["spec"]["cluster_conf"]["cluster"]["compute"] |= compute or {}
    return {**made, "spec": {**made["spec"], **spec}}
