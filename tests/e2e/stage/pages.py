"""The commands of a page of docs/, run as a reader would run them."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from documented import Block, Command, blocks
from prose import slug
from stage.manifests import ROOT
from stage.waiting import DEADLINE, until

_MAY_BE_1 = ("hpc-operator status", "hpc-operator orphans", "hpc-operator doctor")
"""Their 1 says that a person has something to do."""
_REFUSED = "denied request"
LOOKS = re.compile(r"kubectl( -n \S+)? (get|describe|events)\b|hpc-operator (status|doctor|orphans|validate)\b")
"""Commands that change nothing, and may be asked again until they say what the page says."""
_VARIES = (
    (r"\b(ehpc|hpc|j)-[a-z0-9]{10}\b", "<id>"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z| UTC)?", "<time>"),
    (r"\b\d+[smhd](\d+[smhd])?\b", "<age>"),
    (r"-[a-z0-9]{15}-\d+\b", "-<mark>"),
    (r"_\d+_[0-9a-f]{8}\b", "_<process>"),
    (r"127\.0\.0\.1:\d+", "<address>"),
    (r"[ \t]+", " "),
)


class Page:
    """`docs/<name>`: the blocks of one story; commands run in `folder` with `variables` set.

    `transcript` is what a terminal would show. `meant`: words of the page's commands, and what stands for them here.
    """

    def __init__(self, name: str, story: str, folder: Path, variables: Mapping[str, str]) -> None:
        self._all = blocks(ROOT / "docs" / name)
        self._story = [block for block in self._all if block.story == story]
        self._next = 0
        self._folder, self._variables = folder, variables
        self._done: list[str] = []
        self.meant: dict[str, str] = {}
        self.transcript = ""
        for tree in ("deploy", "examples", "crds"):
            if not (folder / tree).exists():
                (folder / tree).symlink_to(ROOT / tree)

    def block(self, section: str, number: int) -> Block:
        """A section's block, counted from 0; it is this story's."""
        found = [each for each in self._all if each.section == slug(section)][number]
        assert found in self._story, f"{section} {number} is another story's"
        return found

    def commands(self, section: str, block: int) -> list[str]:
        """The commands of a section's block, counted from 0."""
        return [command.text for command in self.block(section, block).commands]

    def run(self, section: str, block: int) -> str:
        """Run a block; what its commands wrote. AssertionError as soon as one fails."""
        return "".join(self.shell(command) for command in self.commands(section, block))

    def follow(self, number: int = 1) -> None:
        """Run the story's next blocks. AssertionError where one writes something else than the page says."""
        for block in self._story[self._next : self._next + number]:
            for command in block.commands:
                self._as_told(command)
        self._next += number

    def attempt(self, command: str) -> str:
        """What a command writes, however it ends; none of the story's."""
        return self._run(command).stdout

    def left(self) -> list[str]:
        """The story's commands that were not run."""
        return [command.text for block in self._story for command in block.commands if command.text not in self._done]

    def did(self, command: str) -> None:
        """The test has run this one by itself."""
        self._done.append(command)

    def shell(self, command: str) -> str:
        """One command; what it wrote. As the page says, again while a policy that is gone refuses it."""
        self.did(command)
        done = until("no policy refuses any more", lambda: self._unless_refused(command))
        self.transcript += f"$ {command}\n{done.stdout}"
        allowed = (0, 1) if command.startswith(_MAY_BE_1) else (0,)
        assert done.returncode in allowed, f"{command}: exit {done.returncode}\n{done.stdout}"
        return done.stdout

    def _as_told(self, command: Command) -> None:
        """One command, its output compared with the page's; what only reads is asked until it says so."""
        self.did(command.text)
        wanted = _pattern(self._here(command.output))
        said = []

        def told() -> bool:
            said.append(self._run(command.text))
            return (said[-1].returncode == 0 and not command.output) or bool(wanted.fullmatch(_plain(said[-1].stdout)))

        try:
            until("as the page says", told, deadline=DEADLINE if LOOKS.match(command.text) else 0.0)
        except AssertionError:
            text = f"{command.text}\n--- the page\n{command.output}\n--- here (exit {said[-1].returncode})\n"
            raise AssertionError(text + said[-1].stdout) from None
        self.transcript += f"$ {command.text}\n{said[-1].stdout}"

    def _unless_refused(self, command: str) -> "subprocess.CompletedProcess[str] | None":
        done = self._run(command)
        return None if done.returncode and _REFUSED in done.stdout else done

    def _here(self, text: str) -> str:
        for word, meant in self.meant.items():
            text = text.replace(word, meant)
        return text

    def _run(self, command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", self._here(command)], cwd=self._folder, env={**os.environ, **self._variables},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
        )  # fmt: skip


def _plain(text: str) -> str:
    """Without what differs from run to run."""
    for varies, instead in _VARIES:
        text = re.sub(varies, instead, text)
    return "".join(f"{line.strip()}\n" for line in text.strip().splitlines())


def _pattern(output: str) -> re.Pattern[str]:
    """What the page says as a pattern: `…` stands for anything, alone on a line for any lines or none."""
    lines = (r"(?:.*\n)*" if line == "…" else _line(line) for line in _plain(output).splitlines())
    return re.compile("".join(lines))


def _line(line: str) -> str:
    return ".*".join(map(re.escape, line.split("…"))) + r"\n"
