"""The machine and its processes, as /proc tells: what every number must be read beside. Linux only.

`__main__` prints the facts, the rows read memory and CPU time of the operator. Nothing is started here.
"""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Machine:
    """Facts for the header. `load` is the average of one minute, `memory` in MiB."""

    cores: int
    load: float
    memory: int
    kernel: str
    python: str

    def described(self) -> str:
        """One line for people."""
        return f"{self.cores} cores, load {self.load:.1f}, {self.memory} MiB, Linux {self.kernel}, Python {self.python}"


def look() -> Machine:
    """The facts now."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MIB
    return Machine(os.cpu_count() or 1, os.getloadavg()[0], memory, platform.release(), platform.python_version())


def resident(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes)."""
    return int(fields(_PROC / str(pid) / "status")["VmRSS"].split()[0]) * 1024 / 1e6


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used since it began, user and system, in seconds; ticks are 10 ms."""
    after_name = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def fields(path: Path) -> Mapping[str, str]:
    """A file of lines `name: value`."""
    pairs = (line.partition(":") for line in path.read_text().splitlines())
    return {name: value.strip() for name, _, value in pairs}
