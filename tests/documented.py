"""The commands of the documentation: which there are, which a test runs, and why the others are not run.

A block after the comment `<!-- run: NAME -->` is run by the test that STORIES names, its output compared. Every other
command is counted in tests/not_run.toml, by page and section, with the reason. Nothing of the operator is imported here.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prose import DOCS, ROOT, anchors, tokens

PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
"""README.zh-CN.md has the commands of README.md (tests/unit/site)."""
STORIES: Mapping[str, str] = {
    "uninstall": "tests/e2e/test_uninstall.py",
    "namespace-gone": "tests/e2e/test_uninstall.py",
    **dict.fromkeys(
        ("gitops", "looking", "policies", "changing", "keeping", "versions"), "tests/e2e/test_documented.py"
    ),
}
"""By the name in the comment: which test runs the blocks."""

_PROGRAMS = "kubectl|helm3?|hpc-operator|hpc-simulator|make|git|curl|pip|podman|docker|skopeo|cosign|sha256sum|export"
_MARK = re.compile(r" *<!-- run: (?P<name>[\w-]+) -->$", re.MULTILINE)
_COMMAND = re.compile(rf"^(?:{_PROGRAMS}) +[\w./$\"-]")


@dataclass(frozen=True, slots=True)
class Command:
    """One command as the page has it, on one line, and the output that stands below it ("" for none)."""

    text: str
    output: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block with its commands; `section` is the anchor of the heading above it, `story` of the mark or None."""

    page: str
    section: str
    story: str | None
    commands: tuple[Command, ...]


def blocks(page: Path) -> list[Block]:
    """Every block with a command, in order, and every marked one."""
    name = page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name
    sections, section, story, found = iter(anchors(page)), "", None, []
    for token in tokens(page):
        if token.type == "heading_open":
            section = next(sections)
        elif token.type == "html_block" and (mark := _MARK.match(token.content)):
            story = mark["name"]
        elif token.type == "fence":
            found.append(Block(name, section, story, tuple(_commands(token.info, token.content.splitlines()))))
            story = None
    return [block for block in found if block.commands or block.story]


def _commands(language: str, lines: list[str]) -> Iterator[Command]:
    if language not in ("", "console", "sh"):
        return
    prompt = language == "console" or any(line.startswith("$ ") for line in lines)
    text, output = "", [""]
    for line in lines:
        if text.endswith("\\"):
            text = f"{text[:-1].rstrip()} {line.strip()}"
        elif begins := _begins(line, prompt=prompt):
            yield from _whole(text, output)
            text, output = begins, []
        else:
            output.append(line)
    yield from _whole(text, output)


def _begins(line: str, *, prompt: bool) -> str:
    """The command that begins with this line; empty: none does. A comment behind a command is no part of it."""
    if prompt:
        return line.removeprefix("$ ") if line.startswith("$ ") else ""
    return re.sub(r" +# .*$", "", line) if _COMMAND.match(line) else ""


def _whole(text: str, output: list[str]) -> Iterator[Command]:
    if text:
        yield Command(text, "\n".join(output).strip())


def every_block() -> list[Block]:
    """Of all pages."""
    return [block for page in PAGES for block in blocks(page)]


def unmarked(found: list[Block]) -> Counter[str]:
    """How many commands no story runs, by `page#section`."""
    counted: Counter[str] = Counter()
    for block in found:
        if block.story is None:
            counted[f"{block.page}#{block.section}"] += len(block.commands)
    return +counted


def not_run() -> Mapping[str, tuple[int, str]]:
    """`page#section` → how many of its commands are not run, and why."""
    listed = tomllib.loads((ROOT / "tests" / "not_run.toml").read_text())
    return {where: (count, reason["why"]) for reason in listed["reason"] for where, count in reason["where"].items()}
