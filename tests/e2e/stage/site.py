"""A Kubernetes with the chart, as a page of docs/ meets it: helm and kubectl are genuine, the Pod is a process."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import yaml

from stage.manifests import ehpc
from stage.mounts import Mount
from stage.operators import KEY, PREFIX, SHORT, Operator
from stage.pages import Page
from stage.programs import script
from stage.setting import Stage
from stage.waiting import until

CLUSTERS = "/apis/hpc.qingcloud.com/v1alpha1/namespaces/{}/hpcclusters"
CHANGING = ("createCluster", "deleteCluster", "modifyCluster", "addNodes", "deleteNodes", "resizeCluster")


class Site:
    """Told from outside: the page's shell, and the Pod that is a process.

    Where the chart's Deployment is, a process is started with what it sets, under its ServiceAccount, but for its ports
    and the place where its Secret is mounted.
    """

    def __init__(self, stage: Stage, folder: Path, *, release: str, scope: tuple[str, ...] = ()) -> None:
        self.stage, self.release = stage, release
        self._mount = Mount(folder / "mounted")
        names = [name for name in SHORT if name != "LEASE_DURATION"]
        settings = {name.lower(): yaml.safe_load(SHORT[name]) for name in names}
        settings |= {"endpoint": stage.endpoint, "lease_duration": 5, "zone": KEY["ZONE"], "owner": KEY["OWNER"]}
        values = {"fleet": "production-eu", "credentials": {"existingSecret": "api-key"}, "settings": settings}
        (folder / "values.yaml").write_text(yaml.safe_dump({**values, "scope": {"namespaces": list(scope)}}))
        manifests = [ehpc("day"), ehpc("night")]
        (folder / "clusters.yaml").write_text(yaml.safe_dump_all(manifests))
        laptop = {**stage.settings(**dict.fromkeys(SHORT)), "FLEET": "production-eu", "NAMESPACES": None}
        laptop |= {"KUBECONFIG": str(stage.server.kubeconfig), **{name: SHORT[name] for name in names}}
        self.laptop, self._folder = laptop, folder
        bins = os.pathsep.join([str(Path(script("hpc-operator")).parent), stage.server.environment()["PATH"]])
        homes = {f"HELM_{kind}_HOME": str(folder) for kind in ("CONFIG", "CACHE")}
        told = {f"{PREFIX}{name}": value for name, value in laptop.items() if value is not None}
        self._shell = {**stage.server.environment(), "PATH": bins, **homes, **told}

    def open(self, page: str, story: str, **variables: str) -> Page:
        """A page of docs/ beside this Kubernetes, for one of its stories; it is `page` from now on."""
        self.page = Page(page, story, self._folder, {**self._shell, **variables})
        return self.page

    def key(self) -> None:
        """The Secret that credentials.existingSecret names."""
        data = {"access_key_id": KEY["ACCESS_KEY_ID"], "secret_access_key": KEY["SECRET_ACCESS_KEY"]}
        made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "api-key"}, "stringData": data}
        self.stage.server.kubectl("-n", self.release, "apply", "-f", "-", input=json.dumps(made))

    def rendered(self) -> dict[str, str | None]:
        """What the Deployment sets, as it stands on the server."""
        path = f"/apis/apps/v1/namespaces/{self.release}/deployments/hpc-operator"
        pod = (self.stage.kube.get(path) or {})["spec"]["template"]["spec"]
        env = {each["name"].removeprefix(PREFIX): each.get("value") for each in pod["containers"][0]["env"]}
        mounted = pod["volumes"][0]["secret"]["secretName"]
        held = self.stage.kube.get(f"/api/v1/namespaces/{self.release}/secrets/{mounted}") or {"data": {}}
        self._mount.put({name: base64.b64decode(value).decode() for name, value in held["data"].items()})
        token = self.stage.server.token_for(self.release, pod["serviceAccountName"])
        config = self.stage.server.kubeconfig_for(self.stage.folder / "pod-kubeconfig", token)
        here = {"LISTEN_ADDRESS": "127.0.0.1", "LISTEN_PORT": "0", "KUBECONFIG": str(config)}
        keyless = dict.fromkeys(("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "NAMESPACES"))
        return {**keyless, **env, "CREDENTIALS_DIR": str(self._mount.folder), **here}

    def pod(self) -> Operator:
        """The Pod that the Deployment would have."""
        made = self.stage.launch(**self.rendered())
        until("the operator holds the Lease", made.leads)
        return made

    def end(self, pod: Operator) -> None:
        """The kubelet ends it."""
        pod.terminate()
        assert pod.wait() == 0

    def named(self, namespace: str) -> dict[str, dict[str, Any]]:
        """The HpcClusters of a namespace by name; none without the CRD."""
        found = self.stage.kube.get(CLUSTERS.format(namespace)) or {"items": []}
        return {each["metadata"]["name"]: each for each in found["items"]}

    def changes(self) -> dict[str, int]:
        """How often each changing call was made."""
        return {call: calls for call in CHANGING if (calls := self.stage.cloud.count(call)[0])}
