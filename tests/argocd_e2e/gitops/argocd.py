"""Argo CD as processes: redis, repo server, application controller, API server; and its own command line.

One program plays every part, by the name it is called by. It is installed as its manifests install it, but for Pods: the
CRDs are those of its Go module, and its ConfigMaps begin empty.
"""

import json
import re
import secrets
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import httpx
import yaml
from stage import until

from local_control_plane import ControlPlane, toolchain
from local_control_plane.endpoint import HOST, free_ports
from local_control_plane.places import user_places
from local_control_plane.processes import Program

NAMESPACE = "argocd"
MODULE = "github.com/argoproj/argo-cd/v3"
PARTS = ("argocd-repo-server", "argocd-application-controller", "argocd-server")
PORTS = ("redis", "repo", "repo-metrics", "controller-metrics", "server", "server-metrics")
LABELS = {"app.kubernetes.io/part-of": "argocd"}
EMPTY = (
    "argocd-cmd-params-cm",
    "argocd-rbac-cm",
    "argocd-gpg-keys-cm",
    "argocd-tls-certs-cm",
    "argocd-ssh-known-hosts-cm",
)
NO_RESYNC = "86400"
"""Seconds between two looks that nothing asked for: whatever moves an Application in a test has a cause in it."""


class Refused(Exception):  # noqa: N818 - what the command line said
    """argocd ended with an error; its output is the text."""


class ArgoCD:
    """Use it in a `with` statement; at its start `argocd-cm` must be there. `tokens` come from `login` and from roles."""

    def __init__(self, plane: ControlPlane, helm: Path, folder: Path) -> None:
        self._plane, self._folder = plane, folder
        self._ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self._stack = ExitStack()
        self._programs: dict[str, Program] = {}
        self._bin = folder / "bin"
        self._bin.mkdir()
        for name in (*PARTS, "argocd"):
            (self._bin / name).symlink_to(plane.binary("argocd"))
        (self._bin / "helm").symlink_to(helm)
        self._environment = self._its_environment()
        self.token = ""

    def install(self, snippet: Path) -> None:
        """What its manifests install, with our part of `argocd-cm` applied as docs/argocd.md has it."""
        kubectl = self._plane.kubectl
        kubectl("create", "namespace", NAMESPACE)
        crds = toolchain.module_folder(user_places().within("argocd"), MODULE) / "manifests" / "crds"
        files = [word for path in sorted(crds.glob("*-crd.yaml")) for word in ("-f", str(path))]
        kubectl("apply", "--server-side", *files)
        hashed = self._run("account", "bcrypt", "--password", self._password)
        secret = {"server.secretkey": secrets.token_urlsafe(32), "admin.password": hashed.strip()}
        secret["admin.passwordMtime"] = "2026-01-01T00:00:00Z"
        made = [_object("ConfigMap", name) for name in ("argocd-cm", *EMPTY)]
        made.append(_object("Secret", "argocd-secret", stringData=secret))
        kubectl("apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
        kubectl("apply", "--server-side", "--field-manager=hpc-operator", "-f", str(snippet))

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._stack = stack
            redis = f"{HOST}:{self._ports['redis']}"
            self._start(
                "redis-server",
                self._plane.binary("redis-server"),
                "--bind",
                HOST,
                "--save",
                "",
                "--port",
                self._ports["redis"],
            )
            both = ("--redis", redis, "--logformat", "text")
            repo = ("--address", HOST, "--port", self._ports["repo"], "--metrics-address", HOST)
            self._start(
                PARTS[0],
                self._bin / PARTS[0],
                *both,
                *repo,
                "--metrics-port",
                self._ports["repo-metrics"],
                "--disable-tls",
            )
            asks = (*both, "--repo-server", f"{HOST}:{self._ports['repo']}", "--repo-server-plaintext")
            resync = ("--app-resync", NO_RESYNC, "--app-resync-jitter", "0", "--persist-resource-health")
            self._start(
                PARTS[1],
                self._bin / PARTS[1],
                *asks,
                *resync,
                "--metrics-port",
                self._ports["controller-metrics"],
                "--namespace",
                NAMESPACE,
            )
            serves = ("--insecure", "--address", HOST, "--port", self._ports["server"])
            self._start(PARTS[2], self._bin / PARTS[2], *asks, *serves, "--metrics-port", self._ports["server-metrics"])
            for name, port in ((PARTS[0], "repo-metrics"), (PARTS[1], "controller-metrics"), (PARTS[2], "server")):
                until(f"{name} is healthy", lambda name=name, port=port: self._healthy(name, port))
            self.token = until("the administrator has a token", self._session)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def cli(self, *arguments: str, token: str | None = None) -> str:
        """The argocd command line, as the administrator or by another token; what it says. Refused."""
        server = ("--server", f"{HOST}:{self._ports['server']}", "--plaintext", "--auth-token", token or self.token)
        return self._run(*arguments, *server)

    def offline(self, *arguments: str) -> str:
        """A command of `argocd admin`, which asks no server. Refused."""
        return self._run("admin", *arguments)

    def reconciliations(self) -> int:
        """How often the controller has reconciled Applications, by its own count; it does not tell which."""
        told = self._ask("controller-metrics", "/metrics").text
        counted = re.findall(r"^argocd_app_reconcile_count{[^}]*} (\S+)$", told, re.MULTILINE)
        assert counted, "no argocd_app_reconcile_count"
        return int(sum(map(float, counted)))

    def said(self, part: str) -> str:
        """What a part has written so far."""
        return self._programs[part].output()

    def version(self) -> str:
        return self._run("version", "--client", "--short").strip()

    @property
    def _password(self) -> str:
        path = self._folder / "password"
        if not path.exists():
            path.write_text(secrets.token_urlsafe(16))
        return path.read_text()

    def _start(self, name: str, *command: object) -> None:
        log = self._folder / f"{name}.log"
        words = [word if isinstance(word, Path) else str(word) for word in command]
        self._programs[name] = Program(words, log, environment=self._environment, folder=self._folder)
        self._stack.callback(self._programs[name].stop)

    def _healthy(self, name: str, port: str) -> bool:
        ended = self._programs[name].poll()
        assert ended is None, f"{name} ended with {ended}:\n{self._programs[name].tail()}"
        try:
            return self._ask(port, "/healthz").is_success
        except httpx.TransportError:
            return False

    def _session(self) -> str:
        login = {"username": "admin", "password": self._password}
        answer = httpx.post(f"http://{HOST}:{self._ports['server']}/api/v1/session", json=login, timeout=30)
        return str(answer.json().get("token", ""))

    def _ask(self, port: str, path: str) -> httpx.Response:
        return httpx.get(f"http://{HOST}:{self._ports[port]}{path}", timeout=30)

    def _run(self, *arguments: str) -> str:
        command = [str(self._bin / "argocd"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self._environment)
        if done.returncode != 0:
            raise Refused(done.stdout + done.stderr)
        return done.stdout

    def _its_environment(self) -> Mapping[str, str]:
        inherited = self._plane.environment()
        token = yaml.safe_load(self._plane.kubeconfig.read_text())["users"][0]["user"]["token"]
        config = self._plane.kubeconfig_for(self._folder / "kubeconfig", token, NAMESPACE)
        places = {
            name: str(self._folder) for name in ("ARGOCD_TLS_DATA_PATH", "ARGOCD_SSH_DATA_PATH", "HOME", "TMPDIR")
        }
        flags = {"ARGOCD_GPG_ENABLED": "false", "ARGOCD_FAKE_IN_CLUSTER": "true", "KUBECONFIG": str(config)}
        return {**inherited, **places, **flags, "PATH": f"{self._bin}:{inherited['PATH']}"}


def _object(kind: str, name: str, **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": LABELS}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **rest}
