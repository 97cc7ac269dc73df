"""The examples of deploy/argocd with their repository replaced, and an Application as Argo CD tells it."""

import json
from pathlib import Path
from typing import Any

import yaml
from stage import Kube, until
from stage.manifests import ROOT

EXAMPLES = ROOT / "deploy" / "argocd"
PATH = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
MERGE = "application/merge-patch+json"
Fields = dict[str, Any]


def example(file: str, name: str, **source: object) -> Fields:
    """An example under another name and with other fields of its source; nothing else is changed."""
    made: Fields = yaml.safe_load((EXAMPLES / file).read_text())
    made["metadata"]["name"] = name
    made["spec"]["source"] |= source
    return made


def projects(repositories: dict[str, str]) -> list[Fields]:
    """The example projects with the repositories at their places."""
    text = (EXAMPLES / "appproject.yaml").read_text()
    for named, here in repositories.items():
        assert named in text
        text = text.replace(named, here)
    return list(yaml.safe_load_all(text))


class Application:
    """One Application that was applied."""

    def __init__(self, kube: Kube, name: str) -> None:
        self._kube, self.name = kube, name

    @property
    def whole(self) -> Fields:
        """As it stands; empty once it is gone."""
        return self._kube.get(f"{PATH}/{self.name}") or {}

    @property
    def status(self) -> Fields:
        return dict(self.whole.get("status", {}))

    @property
    def sync(self) -> str:
        return str(self.status.get("sync", {}).get("status", ""))

    @property
    def health(self) -> str:
        return str(self.status.get("health", {}).get("status", ""))

    @property
    def resources(self) -> dict[str, Fields]:
        """What is told of each resource, by kind and name."""
        return {f"{each['kind']}/{each['name']}": each for each in self.status.get("resources", [])}

    def health_of(self, cluster: str) -> Fields:
        """Status and message of an HpcCluster's health."""
        return dict(self.resources.get(f"HpcCluster/{cluster}", {}).get("health", {}))

    @property
    def operation(self) -> Fields:
        """How its newest sync goes: `phase`, `message`."""
        return dict(self.status.get("operationState", {}))

    def refresh(self, how: str = "normal") -> None:
        """Have it look at git now, as a webhook or the Refresh button does."""
        self.annotate("argocd.argoproj.io/refresh", how)

    def looked(self, how: str = "normal") -> None:
        """Return once it has looked at git."""
        self.refresh(how)
        self.until(
            "looked at", lambda: "argocd.argoproj.io/refresh" not in self.whole["metadata"].get("annotations", {})
        )

    def annotate(self, key: str, value: str) -> None:
        patch = json.dumps({"metadata": {"annotations": {key: value}}})
        answer = self._kube.request("PATCH", f"{PATH}/{self.name}", patch, MERGE)
        assert answer.is_success, answer.text

    def until(self, what: str, probe: Any) -> Any:
        """Wait; on a timeout, what Argo CD says instead."""
        try:
            return until(f"{self.name}: {what}", probe, deadline=120, pause=0.2)
        except AssertionError as error:
            told = {
                key: self.status.get(key) for key in ("sync", "health", "operationState", "resources", "conditions")
            }
            raise AssertionError(f"{error}; Argo CD says {json.dumps(told)}") from None

    def synced(self, revision: str) -> None:
        """Return once this very commit was applied."""

        def done() -> bool:
            state = self.status.get("sync", {})
            applied = self.operation.get("syncResult", {}).get("revision")
            told = (state.get("status"), state.get("revision"), applied, self.operation.get("phase"))
            return told == ("Synced", revision, revision, "Succeeded")

        self.until(f"synced at {revision}", done)

    def says(self, health: str, cluster: str) -> str:
        """Wait until the HpcCluster and the Application as a whole have this health; the message."""
        self.until(f"{health}", lambda: (self.health_of(cluster).get("status"), self.health) == (health, health))
        return str(self.health_of(cluster)["message"])


def written(*manifests: Fields) -> str:
    """Manifests as a file in git has them."""
    return yaml.safe_dump_all(manifests)


def folder_of(chart: Path) -> dict[str, Path]:
    """A folder of this repository at the same place in another one."""
    return {str(chart.relative_to(ROOT)): chart}
