"""What a vulnerability service knows against the locked requirements, judged so that silence is no all-clear.

pip-audit ends with 0 and "No known vulnerabilities found" also where the service knew none of the requirements. So its
report is read here, and what was not answered is told and fails. Which service is asked: docs/image.md.

Exit codes: 0 every requirement was looked up and nothing is known against it, 1 something is, 2 not all could be
looked up.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from packaging.utils import canonicalize_name

from supply.lock import pinned

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Audit:
    """What came out: `known` are lines about vulnerabilities, `unasked` the requirements nothing was said about."""

    asked: int
    known: tuple[str, ...]
    unasked: tuple[str, ...]
    trouble: str = ""

    @property
    def code(self) -> int:
        """The exit code."""
        if self.known:
            return 1
        return 2 if self.unasked else 0

    def __str__(self) -> str:
        lines = list(self.known)
        if self.unasked:
            more = ", …" if len(self.unasked) > _SHOWN else ""
            lines.append(
                f"NOT AUDITED: {len(self.unasked)} of {self.asked} requirements could not be looked up "
                f"({', '.join(self.unasked[:_SHOWN])}{more}): {self.trouble or 'the service does not know them'}"
            )
        else:
            lines.append(f"{self.asked} requirements looked up, {len(self.known)} known vulnerabilities")
        return "\n".join(lines)


def judged(wanted: Mapping[str, str], report: str, trouble: str) -> Audit:
    """Judge pip-audit's report (JSON) on the wanted versions; `trouble` is the last line it wrote about errors."""
    try:
        entries = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        entries = []
    answered: dict[str, Any] = {canonicalize_name(each["name"]): each for each in entries if "vulns" in each}
    unasked = tuple(name for name, version in wanted.items() if answered.get(name, {}).get("version") != version)
    known = tuple(_line(each, found) for each in answered.values() for found in each["vulns"])
    skipped = next((each["skip_reason"] for each in entries if "skip_reason" in each), "")
    return Audit(len(wanted), known, unasked, trouble if not entries else skipped)


def _line(entry: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    fixed = ", ".join(found.get("fix_versions") or ()) or "no version yet"
    return f"{entry['name']} {entry['version']}: {found['id']}, fixed in {fixed}"


def audit(lock: Path, *flags: str) -> Audit:
    """Run pip-audit on the lock; `flags` are its own, such as `-s osv`."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"]
    done = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off", *flags],
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stderr.strip().splitlines()
    return judged(pinned(lock), done.stdout, said[-1] if said else f"pip-audit ended with {done.returncode}")


def main(lock: str, *flags: str) -> int:
    """`make audit`."""
    found = audit(Path(lock), *flags)
    click.echo(str(found))
    return found.code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
