"""A Containerfile, read: the stages and their instructions, as tests look at them."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTAINERFILE = ROOT / "deploy" / "image" / "Containerfile"


@dataclass
class Stage:
    """One FROM and what follows it: (instruction, the rest of its line)."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.instructions if name == instruction]

    def last(self, instruction: str) -> str:
        """The one that counts."""
        return self.all(instruction)[-1]

    def environment(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for line in self.all("ENV") for pair in shlex.split(line))

    def command(self, instruction: str) -> list[str]:
        """An instruction in exec form; ValueError for the shell form."""
        found: list[str] = json.loads(self.last(instruction))
        return found


def stages(text: str) -> tuple[dict[str, str], list[Stage]]:
    """The global arguments with their defaults, and the stages in order."""
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for line in filter(str.strip, lines):
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            found.append(Stage(rest.strip()))
        elif found:
            found[-1].instructions.append((name, rest.strip()))
        else:
            arguments.update([rest.split("=", 1)])
    return arguments, found
