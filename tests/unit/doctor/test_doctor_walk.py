"""Walking a table of checks, and telling what was found: who waits for whom, and what is never told."""

import json
from pathlib import Path

import pytest

from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.doctor import telling
from hpc_operator.doctor.checking import check, walk
from hpc_operator.doctor.cloud import CLOUD
from hpc_operator.doctor.finding import Finding, Line, error, not_tried, skipped, warning, well
from hpc_operator.doctor.kubernetes import KUBERNETES


def table(*rows):
    """Checks that find what they are given: (name, finding, needs…)."""

    def row(name, finding, *needs):
        async def read(reads):
            reads.append(name)
            return finding

        return check(name, read, lambda found: found, *needs)

    return [row(*each) for each in rows]


SECRET = "sEcReT/with+signs=AndMore"
OK, BAD = well("fine"), error("bad", "mend it")


async def test_what_depends_on_a_failure_is_not_tried_and_says_on_what() -> None:
    tried: list[str] = []
    rows = table(("a", OK), ("b", BAD, "a"), ("c", OK, "b"), ("d", OK, "c"), ("e", OK, "a"))
    lines = await walk("cloud", rows, tried, lambda line: None)
    assert tried == ["a", "b", "e"]
    levels = {line.check: line.finding.level.value for line in lines}
    assert levels == {"a": "ok", "b": "error", "c": "not tried", "d": "not tried", "e": "ok"}
    assert lines[2].finding.said == "it needs b, see above"


@pytest.mark.parametrize(
    ("found", "goes_on"), [(warning("x", "y"), True), (skipped("x"), False), (not_tried("x"), False)]
)
async def test_a_warning_does_not_stop_what_depends_on_it(found: Finding, goes_on: bool) -> None:
    tried: list[str] = []
    await walk("cloud", table(("a", found), ("b", OK, "a")), tried, lambda line: None)
    assert ("b" in tried) is goes_on


async def test_after_an_error_that_halts_nothing_is_tried() -> None:
    tried: list[str] = []
    rows = table(("a", OK), ("b", BAD), ("c", OK))
    lines = await walk(
        "cloud", rows, tried, lambda line: None, halted=lambda: "the tap is closed" if "b" in tried else None
    )
    assert tried == ["a", "b"]
    assert lines[-1].finding == not_tried("the tap is closed")


async def test_each_line_is_told_as_soon_as_it_is_there() -> None:
    told: list[tuple[str, int]] = []
    tried: list[str] = []
    await walk("cloud", table(("a", OK), ("b", OK)), tried, lambda line: told.append((line.check, len(tried))))
    assert told == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("rows", [CLOUD, KUBERNETES], ids=["cloud", "kubernetes"])
def test_needs_name_checks_above(rows) -> None:
    names = [row.name for row in rows]
    assert len(set(names)) == len(names)
    assert [(row.name, need) for i, row in enumerate(rows) for need in row.needs if need not in names[:i]] == []


LINES = [Line("cloud", "key", OK), Line("cloud", "clock", BAD), Line("kubernetes", "all", skipped("left\n out"))]


def test_the_text_is_one_line_for_each() -> None:
    assert telling.line(LINES[1], str) == "error     cloud       clock      bad: mend it"
    assert "\n" not in telling.line(LINES[2], str)
    assert telling.summary(LINES) == "something must be mended: 1 ok, 1 error, 1 skipped"
    assert telling.summary(LINES[:1]) == "well: 1 ok"
    assert telling.summary(LINES[2:]) == "nothing was looked at: 1 skipped", "nothing is known to be well"


def test_the_json_has_the_documented_shape() -> None:
    whole = json.loads(telling.as_json(LINES, str))
    assert set(whole) == {"version", "well", "counts", "findings"}
    assert (whole["version"], whole["well"]) == (1, False)
    assert whole["counts"] == {"ok": 1, "warning": 0, "error": 1, "not tried": 0, "skipped": 1}
    assert whole["findings"][1] == {
        "part": "cloud", "check": "clock", "level": "error", "said": "bad", "advice": "mend it",
    }  # fmt: skip


def test_both_ways_of_telling_pass_the_scrubber() -> None:
    scrubber = Scrubber()
    scrubber.add(SECRET)
    leaking = [Line("cloud", "x", error(f"a {SECRET}", f"b signature={SECRET}"))]
    for shown in (telling.line(leaking[0], scrubber.scrub), telling.as_json(leaking, scrubber.scrub)):
        assert SECRET not in shown
        assert "signature=" not in shown


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        ((OK,), 0),
        ((OK, warning("x", "y"), skipped("z")), 0),
        ((OK, BAD), 1),
        ((not_tried("x"),), 1),
        ((skipped("z"),), 1),
    ],
)
def test_exit_code(levels: tuple[Finding, ...], code: int) -> None:
    assert telling.exit_code([Line("cloud", "x", finding) for finding in levels]) == code


def test_the_page_explains_every_check() -> None:
    page = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text(encoding="utf-8")
    rows = [("cloud", row.name) for row in CLOUD] + [("kubernetes", row.name) for row in KUBERNETES]
    assert [row for row in rows if f"| {row[0]} | `{row[1]}` |" not in page] == []
