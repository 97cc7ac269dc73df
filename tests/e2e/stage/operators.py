"""The operator as a process: started by settings, met through its log, its HTTP answers and signals."""

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from local_control_plane.processes import Program
from stage.programs import script
from stage.waiting import until

SHORT: Mapping[str, str] = {  # a window of doubt of 8 s; the simulator's request_lifetime must be the same
    "SEND_DEADLINE": "2",
    "REQUEST_LIFETIME": "3",
    "CLOCK_SKEW": "1",
    "VISIBILITY_LAG": "2",
    "POLL": "0.3",
    "STALENESS": "1",
    "RETRY_BASE": "0.5",
    "RETRY_CAP": "5",
    "QUOTA": "1000000",
    "LEASE_DURATION": "15",
}
KEY = {
    "ACCESS_KEY_ID": "SIMULATOR-ACCESS-KEY",
    "SECRET_ACCESS_KEY": "simulator-secret-for-tests-only",
    "OWNER": "usr-simulator",
    "ZONE": "jn1a",
}
PREFIX = "HPC_OPERATOR_"


def environment(settings: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment with exactly these settings of the operator; None: not set."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**own, **{f"{PREFIX}{name}": value for name, value in settings.items() if value is not None}}


SHIFTED = "import time; now = time.time; time.time = lambda: now() + {}; from hpc_operator.cli import main; main()"


class Operator:
    """`hpc-operator run` with these settings (names without prefix); its clock is wrong by `clock` seconds.

    `proxy`: the HTTP proxy through which it reaches everything that is not at 127.0.0.1.
    """

    def __init__(
        self, log: Path, settings: Mapping[str, str | None], *flags: str, clock: float = 0, proxy: str | None = None
    ) -> None:
        program = [script("hpc-operator")] if not clock else [sys.executable, "-c", SHIFTED.format(clock)]
        through = {"http_proxy": proxy, "no_proxy": "127.0.0.1"} if proxy else {}
        self.program = Program([*program, "run", *flags], log, environment=environment(settings) | through)
        self.end_expected = False

    @property
    def pid(self) -> int:
        return self.program.pid

    def kill(self) -> None:
        """SIGKILL, at once."""
        self.end_expected = True
        os.kill(self.pid, signal.SIGKILL)
        self.program.kill()

    def terminate(self) -> None:
        """SIGTERM; `wait` tells the exit code."""
        self.end_expected = True
        os.kill(self.pid, signal.SIGTERM)

    def freeze(self) -> None:
        """SIGSTOP: it stands still and does not know it."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, patience: float = 60) -> int | None:
        """Its exit code once it has ended; None when it has not within `patience` seconds."""
        self.end_expected = True
        return self.program.wait(patience)

    def stop(self) -> None:
        self.program.stop()

    def log(self) -> list[dict[str, Any]]:
        """Its log lines; each must be a JSON object."""
        lines: list[dict[str, Any]] = [json.loads(line) for line in self.program.output().splitlines() if line.strip()]
        return lines

    def says(self, text: str) -> bool:
        """Whether its output contains the text so far."""
        return text in self.program.output()

    def leads(self) -> bool | None:
        """Whether it holds the Lease. AssertionError once it has ended."""
        assert self.program.poll() is None, f"the operator ended:\n{self.program.tail()}"
        return self.says("holds the Lease") or None

    def probe(self, path: str) -> tuple[int, str]:
        """GET /healthz, /readyz or /metrics."""
        url = f"http://127.0.0.1:{self.port()}{path}"
        answer = httpx.get(url, timeout=30)
        return answer.status_code, answer.text

    def port(self) -> int:
        """Where it answers, as its log says."""

        def told() -> int | None:
            assert self.program.poll() is None, f"the operator ended:\n{self.program.tail()}"
            lines = [line for line in self.program.output().splitlines() if '"port"' in line]
            return int(json.loads(lines[0])["port"]) if lines else None

        return until("the operator tells its port", told)
