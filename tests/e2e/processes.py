"""Looking at real processes from outside: which run, and waiting until they do not. For the tests of this folder."""

import os
import subprocess
import sys
from pathlib import Path

from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from local_control_plane.places import MODULE


def start_python(*arguments: str | Path, environment: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    """Another Python process that can import the local control plane; `environment` replaces the default one."""
    environment = environment or {**os.environ, "PYTHONPATH": str(MODULE)}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, *arguments], stdout=pipe, stderr=pipe, text=True, env=environment)


def processes_naming(text: str) -> list[str]:
    """The running processes with `text` in their command line, but for `ps` itself."""
    listed = subprocess.run(["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if text in line]


@retry(retry=retry_if_result(bool), wait=wait_fixed(0.1), stop=stop_after_delay(60))
def wait_until_none_names(text: str) -> list[str]:
    return processes_naming(text)


def is_running(pid: int) -> bool:
    """Whether the process is there and alive; one that has ended and waits for its parent to notice is not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip() != "" and not state.startswith("Z")


@retry(retry=retry_if_result(bool), wait=wait_fixed(0.1), stop=stop_after_delay(60))
def wait_until_ended(pid: int) -> bool:
    return is_running(pid)


@retry(retry=retry_if_result(lambda there: there is False), wait=wait_fixed(0.02), stop=stop_after_delay(60))
def wait_until_there(path: Path) -> bool:
    return path.exists()
