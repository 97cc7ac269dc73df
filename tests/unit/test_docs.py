"""Pages hold together: every link leads somewhere, every page is named in both READMEs, every way out is told."""

import re
from pathlib import Path

import pytest

from hpc_operator.domain.reasons import Reason
from hpc_operator.kube.rights import RIGHTS
from hpc_operator.status.advice import ADVICE

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PAGES = [*READMES, ROOT / "CHANGELOG.md", *DOCS]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
DECIDE = ROOT / "operator" / "hpc_operator" / "decide"
RECOVERING = (ROOT / "docs" / "recovering.md").read_text()
BLOCKED = {
    Reason[name]
    for path in DECIDE.glob("*.py")
    for name in re.findall(r"\b_?[Bb]locked\(\s*(?:scene,\s*)?Reason\.(\w+)", path.read_text())
}
"""What the decisions block with by name."""


def anchors(page: Path) -> set[str]:
    """As the forges make them: lower case, spaces to hyphens, anything else but words and hyphens dropped."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead(page: Path, target: str) -> bool:
    """Whether a relative link leads nowhere."""
    path, _, anchor = target.partition("#")
    where = (page.parent / path).resolve() if path else page
    return not where.exists() or bool(anchor and anchor not in anchors(where))


def told(reason: Reason, page: str) -> bool:
    """A heading of its own, or a row that links to where its way out stands."""
    heading = re.search(rf"^#+ {reason}$", page, re.MULTILINE)
    row = re.search(rf"^\|[^|]*`{reason}`[^|]*\|.*$", page, re.MULTILINE)
    return bool(heading) or (row is not None and LINK.search(row[0]) is not None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_resolves(page: Path) -> None:
    links = LINK.findall(FENCE.sub("", page.read_text()))
    assert [link for link in links if "://" not in link and dead(page, link)] == []


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here it is\n```\n# not this\n```\n")
    assert not dead(page, "#here-it-is")
    assert dead(page, "#not-this")
    assert dead(page, "gone.md")
    assert dead(page, "page.md#gone")


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_both_readmes_name_every_page(readme: Path) -> None:
    named = set(re.findall(r"\(docs/([\w-]+\.md)", readme.read_text()))
    assert named == {page.name for page in DOCS}


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
