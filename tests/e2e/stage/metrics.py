"""A metrics server for a HorizontalPodAutoscaler: the external metric `queued_jobs`, whatever a test says it is."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from local_control_plane import ControlPlane

_GROUP = "external.metrics.k8s.io"
_BASE = f"/apis/{_GROUP}/v1beta1"
_TIME = "2026-01-01T00:00:00Z"


class QueuedJobs:
    """Serves `queued_jobs` through the API server's aggregation; use it in a `with` statement. `value` may be set."""

    def __init__(self, server: ControlPlane, value: int) -> None:
        self.server, self.value, self.asked = server, value, 0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pki = server.folder / "pki"
        context.load_cert_chain(pki / "server.crt", pki / "server.key")
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.server.kubectl("apply", "-f", "-", input=json.dumps(self._registration()))
        self.server.kubectl("wait", "--for=condition=Available", f"apiservice/v1beta1.{_GROUP}", "--timeout=300s")
        return self

    def __exit__(self, *_: object) -> None:
        self.server.kubectl("delete", f"apiservice/v1beta1.{_GROUP}", "--ignore-not-found")
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _registration(self) -> dict[str, Any]:
        port = self._http.server_address[1]
        where = {"name": "queued-jobs", "namespace": "kube-system"}
        service = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]}
        registered = {
            "group": _GROUP, "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
            "insecureSkipTLSVerify": True, "service": {**where, "port": port},
        }  # fmt: skip
        kind, name = "apiregistration.k8s.io/v1", f"v1beta1.{_GROUP}"
        items = [
            {"apiVersion": "v1", "kind": "Service", "metadata": where, "spec": service},
            {"apiVersion": kind, "kind": "APIService", "metadata": {"name": name}, "spec": registered},
        ]
        return {"apiVersion": "v1", "kind": "List", "items": items}

    def _answer(self, path: str) -> dict[str, Any]:
        if path == _BASE:
            resource = {"name": "queued_jobs", "namespaced": True, "kind": "ExternalMetricValueList", "verbs": ["get"]}
            listed = {"groupVersion": f"{_GROUP}/v1beta1", "resources": [resource]}
            return {"kind": "APIResourceList", "apiVersion": "v1", **listed}
        self.asked += 1
        item = {"metricName": "queued_jobs", "metricLabels": {}, "timestamp": _TIME, "value": str(self.value)}
        return {"kind": "ExternalMetricValueList", "apiVersion": f"{_GROUP}/v1beta1", "metadata": {}, "items": [item]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                text = json.dumps(answer(self.path.partition("?")[0])).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                """Nothing: a test's output is not its log."""

        return Handler
