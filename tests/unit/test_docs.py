"""Pages say all that they must: every way out, every right."""

import re
from pathlib import Path

import pytest
import yaml

from hpc_operator.domain.reasons import Reason
from hpc_operator.kube.rights import RIGHTS
from hpc_operator.status.advice import ADVICE

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")
DECIDE = ROOT / "operator" / "hpc_operator" / "decide"
INSTALL = ROOT / "deploy" / "install.yaml"
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


def rows(header: str) -> list[list[str]]:
    """The cells of a table of docs/security.md that begins so."""
    page = (ROOT / "docs" / "security.md").read_text()
    table = page.split(header)[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def granted(role: str) -> set[str]:
    """`<verb> <kind>` of everything that a role of the rendered chart grants."""
    objects = [made for made in yaml.safe_load_all(INSTALL.read_text()) if made]
    [found] = [made for made in objects if made["kind"] in ("Role", "ClusterRole") and made["metadata"]["name"] == role]
    return {
        f"{verb} {resource.replace('/', f'.{group}/', 1) if '/' in resource else f'{resource}.{group}'}".rstrip(".")
        for rule in found["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_every_right_has_its_row_and_no_other_is_told() -> None:
    told = [row[0] for row in rows("| permission | where |")]
    assert told == [f"{right.verb} {right.kind}" for right in RIGHTS]
    assert set(told) == granted("hpc-operator") | granted("hpc-operator-lease"), "what the rendered chart grants"


@pytest.mark.parametrize(("column", "role"), [(1, "view"), (2, "edit"), (3, "admin")])
def test_the_table_of_who_may_write_what_is_what_the_chart_adds_to_the_roles(column: int, role: str) -> None:
    told: set[str] = set()
    for what, *cells in rows("| on | `view` |"):
        named, _, listed = what.partition(": ")
        kinds = ["hpcclusters" + each for each in ("", "/status", "/scale") if f"`{each or 'hpcclusters'}" in named]
        kinds = re.findall(r"`(hpcclusters/\w+)`", named) or kinds
        verbs = re.findall(r"[a-z]+", listed.split("`, a verb")[0].split(" (")[0])
        if cells[column - 1] == "yes":
            told |= {
                f"{verb} {kind.replace('hpcclusters', 'hpcclusters.hpc.qingcloud.com')}"
                for verb in verbs
                for kind in kinds
            }
    assert told == granted(f"hpc-operator-{role}")


def test_every_reason_is_reached_from_a_symptom() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    assert [reason for reason in Reason if f"[{reason}](reasons.md#{reason.lower()})" not in page] == []


@pytest.mark.parametrize("room", sorted(path for path in DECIDE.parent.iterdir() if (path / "__init__.py").exists()))
def test_the_table_of_rooms_names_every_module_and_nothing_else(room: Path) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    (row,) = re.findall(rf"^\| `{room.name}/` \|(.*)\|.*\|$", page, re.MULTILINE)
    modules = {path.stem for path in room.glob("*.py")} - {"__init__"}
    assert set(re.findall(r"`([a-z_]+)`", row)) == modules
