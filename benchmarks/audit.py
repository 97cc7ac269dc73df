"""The API server's own record of what it was asked: exact counts and times, at no cost to who is measured.

The stage hands its flags to kube-apiserver; rows read it. Source: Kubernetes, "Auditing". One line is written for each
request when it was answered, before the answer leaves.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

_GROUPS = ("hpc.qingcloud.com", "events.k8s.io", "coordination.k8s.io")
_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [
        {
            "level": "Metadata",
            "verbs": ["create", "update", "patch", "delete", "get", "list"],
            "resources": [*({"group": group} for group in _GROUPS), {"group": "", "resources": ["secrets", "events"]}],
        },
        {"level": "None"},
    ],
}
_WRITES = ("create", "update", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Request:
    """One answered request. Times in epoch seconds by the server's clock; `agent` is who asked, by its own word."""

    agent: str
    verb: str
    kind: str
    """The resource's plural, with the subresource: `hpcclusters/status`."""
    namespace: str
    name: str
    code: int
    received: float
    answered: float

    @property
    def writes(self) -> bool:
        """Whether it asked for a change; the Lease's renewals go by themselves and are not meant."""
        return self.verb in _WRITES and self.kind != "leases"

    @property
    def what(self) -> str:
        """`patch hpcclusters/status`, and the code where it was refused."""
        return f"{self.verb} {self.kind}{'' if self.code < 400 else f' ({self.code})'}"


class Audit:
    """The log in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._policy, self._log = folder / "audit-policy.yaml", folder / "audit.log"
        self._policy.write_text(yaml.safe_dump(_POLICY))

    @property
    def flags(self) -> tuple[str, ...]:
        """For kube-apiserver. `blocking` is the default mode: what was answered is in the file."""
        return (f"--audit-policy-file={self._policy}", f"--audit-log-path={self._log}", "--audit-log-maxsize=10000")

    def end(self) -> int:
        """Where the log ends now; hand it to `since`."""
        return self._log.stat().st_size if self._log.exists() else 0

    def since(self, offset: int, namespace: str, agent: str | None = None) -> list[Request]:
        """What was asked about a namespace after `offset`, by `agent` (None: by anybody), in the order of answers."""
        found = (request for request in self._read(offset) if request.namespace == namespace)
        return [request for request in found if agent in (None, request.agent)]

    def _read(self, offset: int) -> Iterator[Request]:
        with self._log.open("rb") as log:
            log.seek(offset)
            for line in log:
                if line.endswith(b"\n"):
                    yield parse(json.loads(line))


def parse(line: dict[str, object]) -> Request:
    """A line of the log."""
    about, status = line.get("objectRef"), line.get("responseStatus")
    ref = about if isinstance(about, dict) else {}
    code = status.get("code", 0) if isinstance(status, dict) else 0
    kind = "/".join(part for part in (ref.get("resource", ""), ref.get("subresource", "")) if part)
    return Request(
        agent=str(line.get("userAgent", "")),
        verb=str(line["verb"]),
        kind=kind,
        namespace=ref.get("namespace", ""),
        name=ref.get("name", ""),
        code=int(code),
        received=_epoch(line["requestReceivedTimestamp"]),
        answered=_epoch(line["stageTimestamp"]),
    )


def counted(requests: Iterable[Request]) -> dict[str, int]:
    """How often what was asked, by `Request.what`."""
    return dict(sorted(Counter(request.what for request in requests).items()))


def _epoch(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()
