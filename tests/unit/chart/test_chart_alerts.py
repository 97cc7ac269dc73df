"""Each alert says what, how bad, since when and where to read on; its page says what to do, and docs/alerts.md lists it."""

import re
from pathlib import Path
from typing import Any

import pytest

from chart_files import alerts
from chart_files.alerts import alerts_schema, has_threshold
from chart_files.places import ROOT
from monitoring_files import RULE_TESTS, aggregated

RULES = alerts.rules()
NAMES = [rule["alert"] for rule in RULES]
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGE = ROOT / "docs" / "alerts.md"
SECTIONS = ["Meaning", "Impact", "Diagnosis", "What to do"]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_is_whole(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"HpcOperator[A-Z][A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert re.fullmatch(r"[1-9][0-9]*m", rule["for"]), "at once is at a hand-over"
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"
    assert rule["annotations"]["summary"].endswith(".")
    assert "\n" not in rule["expr"] + rule["annotations"]["description"], "folded: one line"


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_its_text_names_the_namespace_and_no_label_that_the_expression_drops(rule: dict[str, Any]) -> None:
    texts = " ".join(rule["annotations"].values())
    assert "$labels.namespace" in texts
    absent = {"namespace"} if rule["expr"].startswith("absent(") else set()  # of the selector, where there is one
    assert set(re.findall(r"\$labels\.(\w+)", texts)) <= aggregated(rule["expr"]) | absent
    assert absent or {"namespace", "job"} <= aggregated(rule["expr"]), "operators beside each other are told apart"


def test_every_alert_has_its_runbook_its_test_and_no_other_has() -> None:
    assert sorted(path.stem for path in RUNBOOKS.glob("*.md")) == sorted(NAMES)
    assert sorted(path.stem for path in RULE_TESTS) == sorted([*NAMES, "nothing"])


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_says_what_it_means_what_it_does_how_to_look_and_what_to_do(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    diagnosis = text.split("## Diagnosis")[1].split("## What to do")[0]
    assert re.search(r"^(hpc-operator|kubectl) ", diagnosis, re.MULTILINE), "a command to begin with"


def table() -> list[list[str]]:
    rows = [
        line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| [`HpcOperator")
    ]
    assert all(len(row) == 4 for row in rows)
    return rows


def test_the_page_lists_each_alert_with_its_severity_and_time() -> None:
    told = [
        (f"[`{rule['alert']}`](runbooks/{rule['alert']}.md)", rule["labels"]["severity"], rule["for"]) for rule in RULES
    ]
    assert [(row[0], row[1], row[2]) for row in table()] == told


def test_a_threshold_can_be_set_where_the_number_says_something() -> None:
    settable = [name for name, own in alerts_schema()["properties"].items() if "threshold" in own["properties"]]
    assert settable == [
        "HpcOperatorActsLate",
        "HpcOperatorLooksLate",
        "HpcOperatorCloudUnreachable",
        "HpcOperatorOutOfCalls",
        "HpcOperatorOperationOpenTooLong",
    ]
    assert [name for name in NAMES if f"`{name}`" in settable_in_docs()] == settable
    assert not has_threshold("a > 0")
    assert not has_threshold("absent(a)")
    assert not has_threshold("sum(a) != 1")
    assert has_threshold("a / b > 0.5")


def settable_in_docs() -> str:
    (line,) = re.findall(r"^A threshold of their own have (.+?)\.$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return line


def test_no_page_is_a_stub() -> None:
    assert [path.name for path in RUNBOOKS.glob("*.md") if len(path.read_text()) < 900] == []


@pytest.mark.parametrize("page", [*sorted(RUNBOOKS.glob("*.md"))], ids=lambda path: path.stem)
def test_every_link_of_a_runbook_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", page.read_text()):
        assert (page.parent / target).exists(), target
