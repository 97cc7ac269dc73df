"""The smallest stand-in for a kubelet: Pods that the genuine controllers made run here as processes.

It binds each Pod to itself, starts its container, asks its probes, tells its status, keeps mounted Secrets up to date, and
on deletion sends SIGTERM, waits for the grace period and removes the Pod. Everything else of Kubernetes is genuine:
ReplicaSets, tokens, admission, garbage collection. It plays nothing of the network but where a Service's address leads,
and it restarts what ended, but nothing for a failed liveness probe.
"""

import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local_control_plane import ControlPlane
from local_control_plane.endpoint import free_ports
from stage.container import Container
from stage.kube import Kube

PERIOD = 0.2
NAME = "this-machine"
COMPONENT = "app.kubernetes.io/component"
SERVICE = re.compile(r"http://(?P<name>[\w-]+)\.(?P<namespace>[\w-]+)\.svc:(?P<port>\d+)")


class Node:
    """All Pods of the server, for as long as the `with` statement lasts; what they say is in `folder`."""

    def __init__(self, server: ControlPlane, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._kube = Kube(server, "default")
        self._containers: dict[str, Container] = {}
        self._services: dict[tuple[str, str, int], int] = {}
        self._over = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="node")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        for each in self._containers.values():
            if each.program is not None:
                each.program.kill()
        self._kube.close()
        if self._failed is not None and error is None:
            raise self._failed

    def said(self, component: str = "operator") -> str:
        """All that the Pods of this component have written, also those that are gone."""
        return "".join(path.read_text() for path in sorted(self._folder.glob(f"{component}-*/output.log")))

    def service(self, namespace: str, name: str, port: int) -> str:
        """Where a Service's port is on this machine."""
        return f"http://127.0.0.1:{self._service_port(namespace, name, port)}"

    def _run(self) -> None:
        try:
            while not self._over.wait(PERIOD):
                for pod in (self._kube.get("/api/v1/pods") or {"items": []})["items"]:
                    self._tend(pod)
        except BaseException as error:  # noqa: BLE001 - told by the main thread, at the end
            self._failed = error

    def _tend(self, pod: Mapping[str, Any]) -> None:
        uid, leaving = pod["metadata"]["uid"], "deletionTimestamp" in pod["metadata"]
        container = self._containers.get(uid)
        if container is None and leaving:
            self._remove(pod)
        elif container is None and COMPONENT in pod["metadata"].get("labels", {}):
            self._containers[uid] = self._take(pod)
        elif container is None:
            return  # not of the chart: it stays Pending
        elif leaving:
            if container.leave():
                self._remove(pod)
        elif pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            self._keep(container)

    def _take(self, pod: Mapping[str, Any]) -> Container:
        """Bind and start a Pod."""
        meta, spec = pod["metadata"], pod["spec"]
        target = {"apiVersion": "v1", "kind": "Node", "name": NAME}
        self._ask("POST", pod, "/binding", {"metadata": {"name": meta["name"]}, "target": target})
        component = meta["labels"][COMPONENT]
        folder = self._folder / f"{component}-{len(self._containers):03}"
        folder.mkdir()
        container = Container(pod, folder, self._ports(pod), self._places(pod, folder), self._token(pod, folder))
        self._mount(container)
        for volume in spec["volumes"]:
            (folder / volume["name"]).mkdir(exist_ok=True)
        container.start()
        return container

    def _keep(self, container: Container) -> None:
        assert container.program is not None
        self._mount(container)
        code = container.program.poll()
        always = container.pod["spec"]["restartPolicy"] == "Always"
        if code is not None and always:
            container.codes.append(code)
            container.start()
        elif code is None:
            container.started = container.started or container.ask("startup")
            container.ready = container.started and container.ask("readiness")
        self._tell(container, "Running" if code is None or always else "Succeeded" if code == 0 else "Failed")

    def _remove(self, pod: Mapping[str, Any]) -> None:
        self._ask("DELETE", pod, "", {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}})

    def _tell(self, container: Container, phase: str) -> None:
        told = (phase, container.ready, container.restarts)
        if container.told == told:
            return
        ready = str(container.ready)
        kinds = {"PodScheduled": "True", "Initialized": "True", "ContainersReady": ready, "Ready": ready}
        state = {"name": container.spec["name"], "image": container.spec["image"], "imageID": ""}
        state |= {"ready": container.ready, "restartCount": container.restarts, "started": container.started}
        state["state"] = {"running": {}} if phase == "Running" else {"terminated": {"exitCode": int(phase == "Failed")}}
        conditions = [{"type": kind, "status": status} for kind, status in kinds.items()]
        status = {"phase": phase, "conditions": conditions, "containerStatuses": [state]}
        self._ask("PATCH", container.pod, "/status", {"status": status})
        container.told = told

    def _ask(self, method: str, pod: Mapping[str, Any], what: str, body: Mapping[str, Any]) -> None:
        """One request about a Pod; that it is gone already is well."""
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}{what}"
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        answer = self._kube.request(method, path, json.dumps(body), kind)
        assert answer.is_success or answer.status_code in (404, 409), f"{method} {path}: {answer.text}"

    def _mount(self, container: Container) -> None:
        namespace = container.pod["metadata"]["namespace"]
        for volume in container.pod["spec"]["volumes"]:
            if "secret" in volume:
                name, optional = volume["secret"]["secretName"], volume["secret"].get("optional", False)
                secret = self._kube.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
                assert secret is not None or optional, f"{name} is missing and not optional"
                container.mount(volume["name"], secret)

    def _token(self, pod: Mapping[str, Any], folder: Path) -> Path | None:
        if pod["spec"].get("automountServiceAccountToken") is False:
            return None
        namespace = pod["metadata"]["namespace"]
        token = self._server.token_for(namespace, pod["spec"]["serviceAccountName"])
        return self._server.kubeconfig_for(folder / "kubeconfig", token, namespace)

    def _ports(self, pod: Mapping[str, Any]) -> dict[int, int]:
        """A free port for each of the Pod's; where a Service leads to it, the Service's."""
        (container,) = pod["spec"]["containers"]
        namespace, labels = pod["metadata"]["namespace"], pod["metadata"]["labels"].items()
        services = (self._kube.get(f"/api/v1/namespaces/{namespace}/services") or {"items": []})["items"]
        found = {}
        for port in container.get("ports", []):
            (found[port["containerPort"]],) = free_ports(1)
            for service in services:
                selects = (
                    service["spec"].get("clusterIP") != "None" and service["spec"].get("selector", {}).items() <= labels
                )
                for each in service["spec"]["ports"] if selects else ():
                    if each["targetPort"] == port["name"]:
                        local = self._service_port(namespace, service["metadata"]["name"], each["port"])
                        found[port["containerPort"]] = local
        return found

    def _places(self, pod: Mapping[str, Any], folder: Path) -> dict[str, str]:
        (container,) = pod["spec"]["containers"]
        found = {each["mountPath"]: str(folder / each["name"]) for each in container.get("volumeMounts", [])}
        found.pop("/tmp", None)
        for variable in container.get("env", []):
            for there in SERVICE.finditer(variable.get("value", "")):
                found[there[0]] = self.service(there["namespace"], there["name"], int(there["port"]))
        return found

    def _service_port(self, namespace: str, name: str, port: int) -> int:
        key = (namespace, name, port)
        if key not in self._services:
            (self._services[key],) = free_ports(1)
        return self._services[key]
