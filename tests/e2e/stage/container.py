"""One Pod's container as a process of this machine: its arguments, exactly its environment, its Secrets as folders.

Only `node` makes them. Paths and ports are the only things that differ from what a kubelet would do: this machine has one
file system and one address for all.
"""

import base64
import os
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local_control_plane.processes import Program
from stage.programs import script

ENTRYPOINT = ["hpc-operator"]
"""What the image runs where a container names no command."""
IMAGE_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}


@dataclass(slots=True)
class Container:
    """The one container of a Pod. `ports`: where each of its ports is on this machine; `replaced`: texts of its
    environment that mean another place here (mount paths, addresses of Services)."""

    pod: Mapping[str, Any]
    folder: Path
    ports: Mapping[int, int]
    replaced: Mapping[str, str]
    kubeconfig: Path | None
    restarts: int = -1
    started: bool = False
    ready: bool = False
    told: object = None
    codes: list[int] = field(default_factory=list)
    kill_at: float | None = None
    program: Program | None = None

    @property
    def spec(self) -> Mapping[str, Any]:
        """The container of the Pod's spec."""
        (only,) = self.pod["spec"]["containers"]
        return dict(only)

    @property
    def log(self) -> Path:
        """Where its output is, of all its lives."""
        return self.folder / "output.log"

    def start(self) -> None:
        """Begin a life."""
        command = [*self.spec.get("command", ENTRYPOINT)]
        arguments = [self._here(each) for each in self.spec.get("args", [])]
        grace = float(self.pod["spec"]["terminationGracePeriodSeconds"])
        self.restarts, self.started, self.ready = self.restarts + 1, False, False
        line = [script(command[0]), *command[1:], *arguments]
        self.program = Program(line, self.log, environment=self._environment(), grace=grace)

    def leave(self) -> bool:
        """SIGTERM once, SIGKILL after the Pod's grace period; whether it has ended."""
        assert self.program is not None
        if self.program.poll() is not None:
            return True
        if self.kill_at is None:
            self.kill_at = time.monotonic() + float(self.pod["spec"]["terminationGracePeriodSeconds"])
            os.kill(self.program.pid, signal.SIGTERM)
        elif time.monotonic() > self.kill_at:
            self.program.kill()
        return False

    def ask(self, kind: str) -> bool:
        """Whether the probe of this kind is passed; one that is not there is."""
        probe = self.spec.get(f"{kind}Probe")
        if probe is None:
            return True
        wanted = probe["httpGet"]
        named = {port["name"]: port["containerPort"] for port in self.spec["ports"]}
        url = f"http://127.0.0.1:{self.ports[named.get(wanted['port'], wanted['port'])]}{wanted['path']}"
        try:
            return httpx.get(url, timeout=probe.get("timeoutSeconds", 1)).is_success
        except httpx.TransportError:
            return False

    def mount(self, volume: str, secret: Mapping[str, Any] | None) -> None:
        """Put a Secret's values into the volume's folder, exchanged in one step as a kubelet does; None: it is empty."""
        values = {key: base64.b64decode(value) for key, value in ((secret or {}).get("data") or {}).items()}
        place = self.folder / volume
        place.mkdir(exist_ok=True)
        if {path.name: path.read_bytes() for path in place.iterdir() if not path.name.startswith(".")} == values:
            return
        fresh = place / f"..{len(list(place.iterdir()))}"
        fresh.mkdir()
        for key, value in values.items():
            (fresh / key).write_bytes(value)
            (place / f".{key}.new").symlink_to(fresh / key)
            os.replace(place / f".{key}.new", place / key)
        for path in place.iterdir():
            if not path.name.startswith(".") and path.name not in values:
                path.unlink()

    def _environment(self) -> dict[str, str]:
        given = {each["name"]: self._here(self._value(each)) for each in self.spec.get("env", [])}
        token = {} if self.kubeconfig is None else {"HPC_OPERATOR_KUBECONFIG": str(self.kubeconfig)}
        return {**IMAGE_ENVIRONMENT, "TMPDIR": str(self.folder), **token, **given}

    def _value(self, variable: Mapping[str, Any]) -> str:
        if "valueFrom" not in variable:
            return str(variable.get("value", ""))
        found: Any = self.pod
        for key in variable["valueFrom"]["fieldRef"]["fieldPath"].split("."):
            found = found[key]
        return str(found)

    def _here(self, text: str) -> str:
        for there, here in self.replaced.items():
            text = text.replace(there, here)
        return re.sub(r"(^|=)(\d+)$", lambda m: f"{m[1]}{self.ports.get(int(m[2]), m[2])}", text)
