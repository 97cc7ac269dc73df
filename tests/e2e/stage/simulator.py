"""The simulator as a process, and its control endpoint as methods."""

import json
from pathlib import Path
from typing import Any

import httpx

from local_control_plane.processes import Program
from stage.programs import script
from stage.waiting import until


class Simulator:
    """`hpc-simulator` on free ports; `endpoint` is the HPC API, `control` steers it. A create of 360 s takes `create` seconds.

    Its state is in a file: after `kill` and `restart` it is the same cloud, at the same addresses, without its faults.
    `keep` False: no file, which costs time that grows with the number of clusters.
    `flags`: further flags of the program.
    """

    def __init__(
        self, folder: Path, *, create: float = 1.0, keep: bool = True, flags: tuple[str, ...] = (), **settings: object
    ) -> None:
        wanted = {"call_quota": 10**6, **settings}
        arguments = [word for name, value in wanted.items() for word in ("--set", f"{name}={_text(value)}")]
        state = ("--state", str(folder / "cloud.json")) if keep else ()
        self._command = [script("hpc-simulator"), *state, "--time-factor", str(create / 360), *arguments, *flags]
        self._log = folder / "simulator.log"
        self._program = Program(self._command, self._log)
        line = until("the simulator listens", self._first_line)
        self.endpoint, self.control = line["listening"], line["control"]
        self._control = httpx.Client(base_url=self.control, timeout=30)

    def kill(self) -> None:
        """SIGKILL, at once: held answers and requests in hand are lost."""
        self._program.kill()

    def restart(self) -> None:
        """Start again after `kill`, on what the state file says."""
        ports = [str(httpx.URL(url).port) for url in (self.endpoint, str(self._control.base_url))]
        self._program = Program([*self._command, "--port", ports[0], "--control-port", ports[1]], self._log)
        until("the simulator listens", self._first_line)

    def stop(self) -> None:
        self._control.close()
        self._program.stop()

    def ask(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """One request to the control endpoint."""
        answer = self._control.request(method, path, json=body, params={n: str(v) for n, v in query.items()})
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def calls(self, call: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """The log of calls after number `since`, oldest first."""
        found = self.ask("GET", "/calls", since=since, **({"call": call} if call else {}))
        return list(found["calls"] if isinstance(found, dict) else found)

    def last_call(self) -> int:
        """The number of the newest call."""
        return max((call["seq"] for call in self.ask("GET", "/calls", last=1)), default=0)

    def count(self, call: str) -> tuple[int, int]:
        """(calls, effects) since the simulator began."""
        found = self.ask("GET", "/counts").get(call, {"calls": 0, "effects": 0})
        return found["calls"], found["effects"]

    def clusters(self, name: str = "") -> list[dict[str, Any]]:
        """Every cluster there is, hidden ones too, whose name begins so."""
        return [each for each in self.ask("GET", "/clusters")["clusters"] if each["top_name"].startswith(name)]

    def gone(self) -> list[str]:
        """Ids of clusters that were deleted."""
        return list(self.ask("GET", "/clusters")["gone"])

    def fault(
        self, kind: str, call: str, *, nth: int = 1, count: int | None = 1, contains: str = "", **fields: object
    ) -> str:
        """Strike matching calls number nth to nth + count - 1 from now on; only those that contain the text."""
        body: dict[str, object] = {"fault": {"kind": kind, **fields}, "call": call, "nth": nth, "count": count}
        body |= {"contains": contains} if contains else {}
        return str(self.ask("POST", "/faults", body)["rule_id"])

    def set(self, **settings: object) -> None:
        self.ask("PATCH", "/settings", settings)

    def _first_line(self) -> dict[str, str] | None:
        assert self._program.poll() is None, f"the simulator ended:\n{self._program.tail()}"
        for line in self._program.output().splitlines():
            if line.startswith("{") and "listening" in line:
                answer: dict[str, str] = json.loads(line)
                return answer
        return None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
