"""Every command of the documentation is run by a test or counted with a reason; and whether run or not, it exists."""

import re
import shlex
from pathlib import Path

import click
import pytest

from documented import PAGES, STORIES, Command, blocks, every_block, not_run, unmarked
from hpc_operator.cli import main
from hpc_operator.kube import names
from hpc_operator.settings import PREFIX, Settings
from prose import ROOT

BLOCKS = every_block()
COMMANDS = [(block, command) for block in BLOCKS for command in block.commands]
OURS = re.compile(rf"{re.escape(names.GROUP)}/[a-z-]*[a-z]")
KNOWN = {f"{names.GROUP}/v"} | {
    word
    for folder in ("operator", "deploy/charts")
    for path in sorted((ROOT / folder).rglob("*.*"))
    if path.suffix in (".py", ".yaml", ".tpl")
    for word in OURS.findall(path.read_text().replace("{GROUP}", names.GROUP).replace("{names.GROUP}", names.GROUP))
}
"""Every annotation and label that the operator or the chart writes or reads; and `v` of the version."""
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
TESTS = re.compile(r"[\w/]*test_\w+\.py")
STORED = re.compile(r"(?<!logs )(?<!exec )(?<![\w./-])(?:deploy|examples|crds|tests|docs)/[\w./-]+")


def test_every_command_is_run_or_counted_with_its_reason() -> None:
    """On a failure: mark the block `<!-- run: NAME -->` and run it, or count it in tests/not_run.toml."""
    found, listed = unmarked(BLOCKS), {where: count for where, (count, _) in not_run().items()}
    counted_otherwise = {where: number for where, number in found.items() if listed.get(where) != number}
    assert (counted_otherwise, sorted(listed.keys() - found.keys())) == ({}, [])


def test_every_reason_says_something_and_names_tests_that_are_there() -> None:
    reasons = {why for _, why in not_run().values()}
    assert all(len(why.split()) >= 4 for why in reasons)
    named = {Path(name).name for why in reasons for name in TESTS.findall(why)}
    assert named
    assert [name for name in sorted(named) if not list((ROOT / "tests").rglob(name))] == []


def test_every_mark_names_a_story_and_every_story_its_test() -> None:
    assert {block.story for block in BLOCKS if block.story} == set(STORIES)
    for story, test in STORIES.items():
        assert f'"{story}"' in (ROOT / test).read_text(), f"{test} runs no {story}"


def test_a_mark_stands_before_a_block_with_commands() -> None:
    for page in PAGES:
        marks = re.findall(r"^ *<!-- run: .*$", page.read_text(), re.MULTILINE)
        assert len(marks) == sum(block.story is not None for block in blocks(page)), page.name
        assert all(block.commands for block in blocks(page)), page.name


@pytest.mark.parametrize("program", ["hpc-operator", "kubectl hpc"])
def test_every_command_of_the_operator_exists_with_its_flags(program: str) -> None:
    used = [text for _, text in words(program) if text]
    assert used if program == "hpc-operator" else True
    assert [problem for text in used if (problem := wrong(text, program))] == []


def words(program: str) -> list[tuple[str, str]]:
    """(page, what follows the program) wherever it is called, also behind a pipe or in an assignment."""
    return [
        (block.page, part.strip().removeprefix(program).strip())
        for block, command in COMMANDS
        for part in re.split(r"\||&&|;|\$\(", command.text)
        if part.strip().startswith(f"{program} ")
    ]


def wrong(text: str, program: str = "hpc-operator") -> str | None:
    """What click would refuse about it."""
    if program == "kubectl hpc" and text.split(maxsplit=1)[0] not in main.commands:
        text = f"status {text}"  # a name alone: its screen
    given = [word for word in shlex.split(re.sub(r"[<>] ?\S+", "", text)) if word not in ("2>&1", "…")]
    if given[0].startswith("-"):
        return None
    command = main.commands.get(given[0])
    if command is None:
        return f"{text}: no such command"
    known = {
        name for each in command.params if isinstance(each, click.Option) for name in (*each.opts, *each.secondary_opts)
    }
    flags = {word.split("=")[0] for word in given[1:] if word.startswith("-") and word != "-"}
    return f"{text}: {sorted(unknown)}" if (unknown := flags - known - {"--help", "-h"}) else None


def test_every_make_target_exists() -> None:
    called = {
        word for block, command in COMMANDS for word in re.findall(r"(?:^|&& |=\d+ )make ([a-z-]+)", command.text)
    }
    assert called
    assert called - TARGETS == set()


def test_every_annotation_and_label_is_known() -> None:
    used = {word for _, command in COMMANDS for word in OURS.findall(command.text)}
    assert {"hpc.qingcloud.com/abandon", "hpc.qingcloud.com/take-over"} <= used
    assert used - KNOWN == set()


def test_every_variable_is_a_setting() -> None:
    used = {word for _, command in COMMANDS for word in re.findall(rf"{PREFIX}([A-Z_]+)", command.text)}
    assert used
    assert {name.lower() for name in used} - set(Settings.model_fields) == set()


def test_every_file_of_the_repository_is_there() -> None:
    used = {path for _, command in COMMANDS for path in STORED.findall(command.text)}
    assert used
    assert [path for path in sorted(used) if not (ROOT / path).exists()] == []


PAGE = """# One page
```console
$ kubectl get hpc
NAME
one
$ kubectl apply \\
    -f x.yaml
```
## Two
<!-- run: uninstall -->
```
make check   # under two minutes
no command
```
```yaml
kubectl: this is none
```
1. in a list
   ```console
   $ helm list
   ```
"""


def test_what_a_page_has(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    first, second, third = blocks(page)
    assert (first.section, first.story) == ("one-page", None)
    assert first.commands == (Command("kubectl get hpc", "NAME\none"), Command("kubectl apply -f x.yaml"))
    assert (second.section, second.story, second.commands) == (
        "two",
        "uninstall",
        (Command("make check", "no command"),),
    )
    assert third.commands[0].text == "helm list"
    assert dict(unmarked([first, second, third])) == {"page.md#one-page": 2, "page.md#two": 1}


@pytest.mark.parametrize(
    "text", ["status --no-such-flag", "stats", "take-over --namespace x --dryrun", "run --fleet a --leas-namespace b"]
)
def test_a_command_that_does_not_exist_is_seen(text: str) -> None:
    assert wrong(text) is not None
