"""promtool, as `python -m local_control_plane build promtool` leaves it; built first where that has not been done."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_rules import Verdicts

from local_control_plane import binaries

Promtool = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Run it with these arguments; its answer, whatever it is, with both streams as one."""
    program = binaries.ensure(["promtool"])["promtool"]

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [program, *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    return run


@pytest.fixture
def tested(promtool: Promtool, tmp_path: Path) -> Callable[..., Verdicts]:
    """`promtool test rules` on these files."""

    def test(*paths: Path) -> Verdicts:
        report = tmp_path / "report.xml"
        promtool("test", "rules", f"--junit={report}", *paths)
        return Verdicts(report)

    return test


@pytest.fixture(scope="session")
def helm() -> Path:
    """helm 4."""
    return binaries.ensure(["helm"])["helm"]
