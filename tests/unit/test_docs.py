"""Pages say all that they must: every way out, every right."""

import re
from pathlib import Path

import pytest

from hpc_operator.domain.reasons import Reason
from hpc_operator.kube.rights import RIGHTS
from hpc_operator.status.advice import ADVICE

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")
DECIDE = ROOT / "operator" / "hpc_operator" / "decide"
RECOVERING = (ROOT / "docs" / "recovering.md").read_text()
BLOCKED = {
    Reason[name]
    for path in DECIDE.glob("*.py")
    for name in re.findall(r"\b_?[Bb]locked\(\s*(?:scene,\s*)?Reason\.(\w+)", path.read_text())
}
"""What the decisions block with by name."""


def told(reason: Reason, page: str) -> bool:
    """A heading of its own, or a row that links to where its way out stands."""
    heading = re.search(rf"^#+ {reason}$", page, re.MULTILINE)
    row = re.search(rf"^\|[^|]*`{reason}`[^|]*\|.*$", page, re.MULTILINE)
    return bool(heading) or (row is not None and LINK.search(row[0]) is not None)


def test_the_reasons_that_block_are_found() -> None:
    """The pattern reads what is there: these are in modules of their own."""
    assert {Reason.CLUSTER_VANISHED, Reason.MARK_INVISIBLE, Reason.STOPPED_OUTSIDE, Reason.CEILING_REACHED} < BLOCKED


@pytest.mark.parametrize("reason", sorted(BLOCKED | {each for each, said in ADVICE.items() if said.person}))
def test_every_reason_that_waits_for_a_person_has_a_way_out(reason: Reason) -> None:
    assert told(reason, RECOVERING)


def test_a_reason_that_is_only_mentioned_is_not_told() -> None:
    assert told(Reason.READY, "## Ready\n")
    assert told(Reason.READY, "| `Paused`, `Ready` | [see](reasons.md#ready) |\n")
    assert not told(Reason.READY, "| `Ready` | nothing |\n## ReadyNow\nReady\n")


def test_every_right_has_its_row_and_no_other_is_told() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    table = page.split("| permission | where |")[1].split("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert rows == [f"{right.verb} {right.kind}" for right in RIGHTS]


@pytest.mark.parametrize("room", sorted(path for path in DECIDE.parent.iterdir() if (path / "__init__.py").exists()))
def test_the_table_of_rooms_names_every_module_and_nothing_else(room: Path) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    (row,) = re.findall(rf"^\| `{room.name}/` \|(.*)\|.*\|$", page, re.MULTILINE)
    modules = {path.stem for path in room.glob("*.py")} - {"__init__"}
    assert set(re.findall(r"`([a-z_]+)`", row)) == modules
