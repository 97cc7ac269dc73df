"""The lock of the image is a part of the lock of everything: what is tested is what runs."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from supply.lock import pinned, requirements

ROOT = Path(__file__).parents[3]
RUN, EVERYTHING = ROOT / "requirements.run.lock", ROOT / "requirements.lock"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def entries(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """By name: version with marker, and hashes."""
    lines = lock.read_text().replace("\\\n", " ").splitlines()
    return {line.split("==")[0]: (line.split(" --hash")[0], frozenset(line.split(" --hash=")[1:])) for line in lines}


def test_every_requirement_of_the_image_is_in_the_whole_lock_with_the_same_version() -> None:
    run, everything = entries(RUN), entries(EVERYTHING)
    assert len(run) > 30
    assert [
        name for name in run if pinned_only(run[name]) != pinned_only(everything.get(name, ("", frozenset())))
    ] == []


def pinned_only(entry: tuple[str, frozenset[str]]) -> tuple[str, frozenset[str]]:
    """Without the marker: a tool of development may need on every system what the image needs on one."""
    return entry[0].split(" ;")[0].strip(), frozenset(each.strip() for each in entry[1])


def test_every_entry_has_hashes() -> None:
    assert [name for name, (_, hashes) in entries(RUN).items() if not hashes] == []
    assert all(re.fullmatch("sha256:[0-9a-f]{64} *", each) for _, hashes in entries(RUN).values() for each in hashes)


def test_the_image_has_what_the_wheel_asks_for() -> None:
    locked = pinned(RUN)
    asked = [Requirement(each) for each in PROJECT["project"]["dependencies"]]
    assert [str(each) for each in asked if not each.specifier.contains(locked[canonicalize_name(each.name)])] == []


def test_no_tool_of_development_is_in_the_image() -> None:
    tools = {canonicalize_name(Requirement(each).name) for each in PROJECT["dependency-groups"]["dev"]}
    named = {canonicalize_name(Requirement(each).name) for each in PROJECT["project"]["dependencies"]}
    reached = {"rich", "markdown-it-py"}  # typer needs the one, and that the other
    assert set(pinned(RUN)) & (tools - named) == reached
    assert set(pinned(RUN)) & {"pip", "setuptools", "wheel"} == set()


def test_what_is_for_another_system_and_what_is_not_pinned_is_seen(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("A.b==1 \\\n    --hash=sha256:00\nc==2 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n")
    assert pinned(lock) == {"a-b": "1"}
    lock.write_text("a>=1\n")
    with pytest.raises(ValueError, match="a>=1"):
        requirements(lock)
