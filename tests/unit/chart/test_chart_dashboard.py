"""The dashboard is what Grafana takes: the classic model, unique ids, panels beside each other, one data source variable.

Source of the fields: Grafana's page *Dashboard JSON model*. What it looks like is not seen here.
"""

import itertools
import re
from typing import Any

import pytest

from chart_files.places import DASHBOARD
from monitoring_files import dashboard, panels, series

BOARD = dashboard()
PANELS = [*panels()]
TITLES = [panel["title"] for panel in PANELS]
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
ROWS = [
    "Is it acting?",
    "How stale is what it knows?",
    "What is spent of the quota?",
    "Which clusters wait, and why?",
    "What becomes of creations, changes and deletions?",
    "What does it need?",
]
BUILT_IN = {"__rate_interval"}


def test_the_frame_is_whole() -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", BOARD["uid"])
    assert BOARD["id"] is None, "a number would be another instance's"
    assert BOARD["title"] == "hpc-operator"
    assert {type(BOARD[key]) for key in ("schemaVersion", "version")} == {int}
    assert BOARD["time"].keys() == {"from", "to"}
    assert "gnetId" not in BOARD


def test_rows_are_questions_in_their_order() -> None:
    assert [panel["title"] for panel in BOARD["panels"] if panel["type"] == "row"] == ROWS
    assert all(panel["panels"] == [] for panel in BOARD["panels"] if panel["type"] == "row"), "open rows hold nothing"


def test_ids_are_unique() -> None:
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    assert all(type(each) is int and each > 0 for each in ids)


def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
    at = panel["gridPos"]
    return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}


def test_panels_lie_in_24_columns_and_on_none_other() -> None:
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0 <= at["y"], panel["title"]
        assert at["w"] > 0 < at["h"], panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
    for one, other in itertools.combinations(BOARD["panels"], 2):
        assert not cells(one) & cells(other), (one["title"], other["title"])


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_a_panel_is_whole(panel: dict[str, Any]) -> None:
    assert panel["type"] in ("timeseries", "stat", "bargauge")
    assert panel["description"].endswith(".")
    assert panel["datasource"] == DATASOURCE
    assert panel["fieldConfig"]["defaults"]["unit"] in ("short", "s", "ops", "bytes", "percentunit")
    targets = panel["targets"]
    assert [target["refId"] for target in targets] == [chr(65 + i) for i in range(len(targets))] != []
    for target in targets:
        assert target["datasource"] == DATASOURCE
        assert target["legendFormat"]
        assert target["instant"] != target["range"] == (panel["type"] == "timeseries")


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_a_legend_names_labels_that_the_expression_keeps(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        kept = {
            label.strip() for labels in re.findall(r"\bby \(([^)]*)\)", target["expr"]) for label in labels.split(",")
        }
        joined = {"instance"} if " group_left " in target["expr"] else set()
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= kept | joined


def test_every_series_is_of_the_chosen_operator() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            for each in series(target["expr"]):
                assert ("namespace", "=~", "$namespace") in each.matchers, (panel["title"], each)


def test_titles_are_unique_within_the_board() -> None:
    assert len(TITLES) == len(set(TITLES))


def test_every_variable_that_is_used_is_declared_and_the_other_way_round() -> None:
    declared = [variable["name"] for variable in BOARD["templating"]["list"]]
    used = set(re.findall(r"\$\{?(\w+)", DASHBOARD.read_text())) - BUILT_IN
    assert {name for name in used if not name.startswith("__")} == set(declared)
    source, namespace = BOARD["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    assert (namespace["type"], namespace["datasource"]) == ("query", DATASOURCE)
    assert namespace["allValue"] == ".*", "also where a scrape adds no label namespace"
