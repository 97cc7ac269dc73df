"""The commands of a page of docs/, run as a reader would run them."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stage.manifests import ROOT
from stage.waiting import until

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MAY_BE_1 = ("hpc-operator status", "hpc-operator orphans", "hpc-operator doctor")
"""Their 1 says that a person has something to do."""
_REFUSED = "denied request"


class Page:
    """`docs/<name>`; commands run in `folder` with `variables` set. `transcript` is what a terminal would show."""

    def __init__(self, name: str, folder: Path, variables: Mapping[str, str]) -> None:
        self._text = (ROOT / "docs" / name).read_text()
        self._folder, self._variables = folder, variables
        self.transcript = ""
        (folder / "deploy").symlink_to(ROOT / "deploy")

    def commands(self, section: str, block: int) -> list[str]:
        """The commands of a section's console block, counted from 0."""
        whole = re.split(rf"^## {re.escape(section)}$", self._text, maxsplit=1, flags=re.MULTILINE)
        found = _BLOCK.findall(re.split(r"^## ", whole[1], maxsplit=1, flags=re.MULTILINE)[0])
        return [line.removeprefix("$ ") for line in found[block].splitlines() if line.startswith("$ ")]

    def run(self, section: str, block: int) -> str:
        """Run a block; what its commands wrote. AssertionError as soon as one fails."""
        return "".join(self.shell(command) for command in self.commands(section, block))

    def shell(self, command: str) -> str:
        """One command; what it wrote. As the page says, again while a policy that is gone refuses it."""
        done = until("no policy refuses any more", lambda: self._unless_refused(command))
        self.transcript += f"$ {command}\n{done.stdout}"
        allowed = (0, 1) if command.startswith(_MAY_BE_1) else (0,)
        assert done.returncode in allowed, f"{command}: exit {done.returncode}\n{done.stdout}"
        return done.stdout

    def _unless_refused(self, command: str) -> "subprocess.CompletedProcess[str] | None":
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command], cwd=self._folder, env={**os.environ, **self._variables},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
        )  # fmt: skip
        return None if done.returncode and _REFUSED in done.stdout else done
