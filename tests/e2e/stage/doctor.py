"""`hpc-operator doctor` as a process: run with settings, read as JSON."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from stage.operators import environment
from stage.programs import script


@dataclass
class Examined:
    """One run: its exit code, all that it wrote, and its findings by check."""

    code: int
    output: str
    findings: dict[str, dict[str, Any]]

    def levels(self, level: str) -> list[str]:
        return [check for check, found in self.findings.items() if found["level"] == level]

    def line(self, check: str) -> str:
        found = self.findings[check]
        return f"{found['level']}: {found['said']}: {found['advice']}"


def doctor(settings: dict[str, str | None], *flags: str, **variables: str) -> Examined:
    """One examination with these settings (names without prefix)."""
    command = [script("hpc-operator"), "doctor", "-o", "json", *flags]
    done = subprocess.run(
        command, env={**environment(settings), **variables}, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    whole = json.loads(done.stdout)
    assert whole["version"] == 1
    assert whole["well"] is (done.returncode == 0)
    return Examined(done.returncode, done.stdout + done.stderr, {each["check"]: each for each in whole["findings"]})
