"""The chart as a release on a genuine server, and requests of other people: what admission answers, without any effect."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from local_control_plane import ControlPlane
from stage.kube import Kube
from stage.manifests import ROOT

CHART = ROOT / "deploy" / "charts" / "hpc-operator"
ADMISSION = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"


class Release:
    """The chart under a name in a namespace, as helm installs it. No Pod runs: there is no kubelet."""

    def __init__(self, server: ControlPlane, namespace: str, name: str = "hpc-operator", **always: Any) -> None:
        self.server, self.namespace, self.name = server, namespace, name
        self._always = {"fleet": "stage", **always}
        self._now: dict[str, Any] | None = None

    @property
    def user(self) -> str:
        """Its operator."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    def policy(self, what: str) -> str:
        """The name of one of its policies."""
        return f"{what}.{self.name}.{self.namespace}"

    def install(self, **values: Any) -> None:
        """`helm upgrade --install` with exactly these values beside those given for always, if they differ from now."""
        if values == self._now:
            return
        given = json.dumps({**self._always, **values})
        self.helm("upgrade", "--install", self.name, str(CHART), "--create-namespace", "--values", "-", input=given)
        self._now = values

    def uninstall(self) -> None:
        """`helm uninstall`."""
        self.helm("uninstall", self.name)
        self._now = None

    def helm(self, *arguments: str, input: str = "") -> str:  # noqa: A002 - as in subprocess
        """Run helm in the release's namespace."""
        command = [str(self.server.binary("helm")), f"--namespace={self.namespace}", *arguments]
        environment = self.server.environment()
        done = subprocess.run(command, input=input, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, f"helm {' '.join(arguments)}: {done.stderr}"
        return done.stdout


@dataclass(frozen=True)
class Answer:
    """What came back: the status code, and the server's words on a refusal."""

    code: int
    text: str

    @property
    def allowed(self) -> bool:
        return self.code < 300


class Somebody:
    """Requests of one user. Only tried (`dryRun=All`, which goes through all of admission) unless `really`."""

    def __init__(self, kube: Kube, user: str | None = None, *, really: bool = False) -> None:
        config = {"Authorization": f"Bearer {kube.token}"}
        groups = ["system:authenticated", "system:serviceaccounts"]
        headers = [*config.items(), *([("Impersonate-User", user)] if user else [])]
        headers += [("Impersonate-Group", group) for group in groups] if user else []
        self.kube, self.user, self._query = kube, user, {} if really else {"dryRun": "All"}
        self._client = httpx.Client(base_url=kube.server.url, headers=headers, verify=kube.ssl, timeout=60)

    def close(self) -> None:
        self._client.close()

    def ask(self, method: str, path: str, body: object = None, kind: str = "application/json", **query: str) -> Answer:
        """One request; the body as JSON under the content type `kind`."""
        content = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": kind}
        asked = {**self._query, **query}
        answer = self._client.request(method, path, content=content, headers=headers, params=asked)
        return Answer(answer.status_code, "" if answer.is_success else str(answer.json().get("message")))

    def kubectl(self, *arguments: str, given: Mapping[str, Any] | None = None) -> Answer:
        """kubectl as this user, in the namespace of `kube`."""
        who = [f"--as={self.user}", "--as-group=system:authenticated"] if self.user else []
        tried = ["--dry-run=server"] if self._query else []
        command = [
            str(self.kube.server.binary("kubectl")),
            f"--namespace={self.kube.namespace}",
            *who,
            *arguments,
            *tried,
        ]
        done = subprocess.run(
            command,
            input=json.dumps(given) if given is not None else "",
            capture_output=True,
            text=True,
            check=False,
            env=self.kube.server.environment(),
        )
        return Answer(200 if done.returncode == 0 else 403, done.stderr)


Request = Callable[[Somebody], Answer]
