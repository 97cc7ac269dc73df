"""The API server as a test sees it: quick reads with the administrator's token; changes go through kubectl."""

import base64
import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import yaml
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from local_control_plane import ControlPlane

GROUP = "/apis/hpc.qingcloud.com/v1alpha1"


class Busy(Exception):  # noqa: N818 - said by a server that is starting
    """The server cannot answer yet (429 `storage is (re)initializing`, 503)."""


class Kube:
    """One namespace of the server."""

    def __init__(self, server: ControlPlane, namespace: str) -> None:
        self.server, self.namespace = server, namespace
        config = yaml.safe_load(server.kubeconfig.read_text())
        self._config = config
        self.ssl = ssl.create_default_context(cafile=str(server.folder / "pki" / "ca.crt"))
        self.token = str(config["users"][0]["user"]["token"])
        headers = {"Authorization": f"Bearer {self.token}"}
        self._client = httpx.Client(base_url=server.url, headers=headers, verify=self.ssl, timeout=60)

    def close(self) -> None:
        self._client.close()

    def kubectl(self, *arguments: str, input: str = "", check: bool = True) -> str:  # noqa: A002 - as in subprocess
        """kubectl in this namespace."""
        return self.server.kubectl(f"--namespace={self.namespace}", *arguments, input=input, check=check)

    def apply(self, *objects: dict[str, Any]) -> None:
        """kubectl apply."""
        self.kubectl("apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def create(self, made: dict[str, Any]) -> None:
        """One HpcCluster by a single POST: kubectl takes most of a second of CPU time."""
        answer = self._client.post(f"{GROUP}/namespaces/{self.namespace}/hpcclusters", json=made)
        assert answer.is_success, answer.text

    def merge(self, name: str, patch: dict[str, Any], part: str = "") -> None:
        """One merge patch of an HpcCluster (or of its `/status`), without kubectl."""
        path = f"{GROUP}/namespaces/{self.namespace}/hpcclusters/{name}{part}"
        headers = {"Content-Type": "application/merge-patch+json"}
        answer = self._client.patch(path, content=json.dumps(patch), headers=headers)
        assert answer.is_success, answer.text

    def delete(self, name: str) -> None:
        """One DELETE of an HpcCluster, without kubectl and without waiting."""
        answer = self._client.delete(f"{GROUP}/namespaces/{self.namespace}/hpcclusters/{name}")
        assert answer.is_success, answer.text

    @retry(
        retry=retry_if_exception_type((httpx.TransportError, Busy)),
        stop=stop_after_delay(60),
        wait=wait_fixed(0.2),
        reraise=True,
    )
    def get(self, path: str) -> dict[str, Any] | None:
        """An object or a list by its path; None when it is not there. A server that is starting is waited for."""
        answer = self._client.get(path)
        if answer.status_code in (429, 503):
            raise Busy(answer.text)
        if answer.status_code == 404:
            return None
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def request(self, method: str, path: str, body: str, kind: str = "application/json") -> httpx.Response:
        """One request with a body of that content type, answered as it is."""
        return self._client.request(method, path, content=body, headers={"Content-Type": kind})

    def cluster(self, name: str) -> dict[str, Any] | None:
        """One HpcCluster, None when it is gone."""
        return self.get(f"{GROUP}/namespaces/{self.namespace}/hpcclusters/{name}")

    def clusters(self) -> list[dict[str, Any]]:
        """All HpcClusters of the namespace."""
        found = self.get(f"{GROUP}/namespaces/{self.namespace}/hpcclusters")
        assert found is not None
        return list(found["items"])

    def status(self, name: str) -> dict[str, Any]:
        """`.status`, empty when the resource is gone."""
        found: dict[str, Any] = (self.cluster(name) or {}).get("status", {})
        return found

    def ready(self, name: str) -> dict[str, Any] | None:
        """The status once it is Ready, else None."""
        status = self.status(name)
        return status if condition(status).get("status") == "True" else None

    @staticmethod
    def is_ready(resource: dict[str, Any]) -> bool:
        """Whether a resource as read is Ready."""
        return bool(condition(resource.get("status", {})).get("status") == "True")

    def reason(self, name: str) -> str:
        """The reason of the Ready condition, empty without one."""
        return str(condition(self.status(name)).get("reason", ""))

    def secret(self, name: str) -> dict[str, Any] | None:
        return self.get(f"/api/v1/namespaces/{self.namespace}/secrets/{name}")

    def secret_values(self) -> dict[str, str]:
        """Every value of every Secret of the namespace that is meant to be secret; by Secret and key."""
        found = {}
        for secret in self._items(f"/api/v1/namespaces/{self.namespace}/secrets"):
            open_to_all = secret["metadata"]["name"].endswith("-connection")  # no password is in it
            for key, encoded in (secret.get("data") or {}).items():
                if key not in ("owner", "zone", "username") and not open_to_all:
                    found[f"{secret['metadata']['name']}/{key}"] = base64.b64decode(encoded).decode("utf-8", "replace")
        return found

    def shown(self, what: str) -> list[dict[str, Any]]:
        """All `hpcclusters` or `events` of the namespace, whole."""
        group = GROUP if what == "hpcclusters" else "/apis/events.k8s.io/v1"
        return self._items(f"{group}/namespaces/{self.namespace}/{what}")

    def _items(self, path: str) -> list[dict[str, Any]]:
        """The items of a list; none where the server was stopped, or does not know the kind."""
        try:
            found = self.get(path)
        except httpx.TransportError:
            return []
        return list(found["items"]) if found else []

    def events(self, name: str) -> list[str]:
        """The reasons of the events about one HpcCluster, oldest first."""
        found = self.get(f"/apis/events.k8s.io/v1/namespaces/{self.namespace}/events") or {"items": []}
        mine = [each for each in found["items"] if each["regarding"].get("name") == name]
        return [each["reason"] for each in sorted(mine, key=lambda each: each["eventTime"])]

    def drop_lease(self) -> None:
        """What an administrator may do after a crash: the next process need not wait until the Lease has run out."""
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/hpc-operator"
        assert self._client.delete(path).status_code in (200, 404)

    def store(self, collection: str, made: dict[str, Any]) -> None:
        """Make an object of any kind, or replace the one that bears its name."""
        answer = self._client.post(collection, json=made)
        if answer.status_code == 409:
            answer = self._client.put(f"{collection}/{made['metadata']['name']}", json=made)
        assert answer.is_success, answer.text

    def may(self, user: str, attributes: dict[str, str]) -> bool:
        """What the server answers when it is asked whether this user may do it (a SubjectAccessReview)."""
        groups = ["system:authenticated", "system:serviceaccounts"]
        spec = {"user": user, "groups": groups, "resourceAttributes": attributes}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        answer = self._client.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", json=body)
        assert answer.is_success, answer.text
        return bool(answer.json()["status"]["allowed"])

    def token_of(self, namespace: str, service_account: str) -> str:
        """A token with that ServiceAccount's rights, good for an hour, without kubectl."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        answer = self._client.post(path, json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["status"]["token"])

    def kubeconfig_through(self, url: str, path: Path, token: str | None = None) -> Path:
        """A kubeconfig with this token (None: the administrator's) for a proxy at `url`."""
        config = json.loads(json.dumps(self._config))
        config["clusters"][0]["cluster"] = {"server": url}
        config["users"][0]["user"]["token"] = token or self.token
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(config))
        return path


def condition(status: dict[str, Any], kind: str = "Ready") -> dict[str, Any]:
    """The condition of that type, empty without one."""
    return next((each for each in status.get("conditions", []) if each["type"] == kind), {})
