"""A lock with hashes, read: one requirement a line, its hashes on continuation lines.

`bill` and `auditing` import it. Never comes in: what an index or a service says.
"""

from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def requirements(lock: Path) -> list[Requirement]:
    """Every requirement of a lock that applies to this interpreter; ValueError where one is not pinned."""
    lines = lock.read_text().replace("\\\n", " ").splitlines()
    found = [Requirement(line.split(" --hash=")[0].strip()) for line in lines if line and not line.startswith("#")]
    loose = [str(each) for each in found if not str(each.specifier).startswith("==")]
    if loose:
        raise ValueError(f"not pinned in {lock}: {', '.join(loose)}")
    return [each for each in found if each.marker is None or each.marker.evaluate()]


def pinned(lock: Path) -> dict[str, str]:
    """The version by canonical name, of what applies to this interpreter."""
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in requirements(lock)}
