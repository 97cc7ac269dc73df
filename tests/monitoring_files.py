"""What the alerts, the dashboard and the unit tests of the alerts say about series: names, matchers, labels.

Read with patterns: the grammar is promtool's affair (tests/monitoring). Braces hold no `}` in a matcher's value.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chart_files import alerts
from chart_files.places import DASHBOARD

RULE_TESTS = sorted((Path(__file__).parent / "monitoring" / "rules").glob("*.yaml"))
TARGET = frozenset({"namespace", "job", "instance"})
"""Labels that the scrape adds, not the operator."""
_SERIES = re.compile(r"\b((?:hpc_operator|process)_[a-z_]+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'([a-z_]+)(=~|!~|!=|=)"([^"]*)"')
_LABELS = re.compile(r"\b(?:by|on|group_left) \(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Series:
    """A metric's name as it is exposed, and what is asked of each label (or given, in an input series)."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]

    @property
    def labels(self) -> frozenset[str]:
        """The labels that are named."""
        return frozenset(label for label, _, _ in self.matchers)


def series(text: str) -> list[Series]:
    """Every series in an expression."""
    return [Series(name, tuple(_MATCHER.findall(braces))) for name, braces in _SERIES.findall(text)]


def aggregated(text: str) -> frozenset[str]:
    """Every label by which an expression groups or joins."""
    return frozenset(label.strip() for labels in _LABELS.findall(text) for label in labels.split(","))


def dashboard() -> dict[str, Any]:
    """The dashboard as JSON."""
    read: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return read


def panels() -> Iterator[dict[str, Any]]:
    """Every panel that shows something; rows are headings."""
    return (panel for panel in dashboard()["panels"] if panel["type"] != "row")


def shown() -> list[tuple[str, str]]:
    """Every expression of the dashboard with its panel's title."""
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


def expressions() -> list[tuple[str, str]]:
    """Every expression of alerts and dashboard, with where it stands."""
    return [*((rule["alert"], rule["expr"]) for rule in alerts.rules()), *shown()]


def given() -> list[tuple[str, Series]]:
    """Every input series of the alerts' unit tests, with the file's name."""
    return [
        (path.stem, each)
        for path in RULE_TESTS
        for test in yaml.safe_load(path.read_text())["tests"]
        for line in test["input_series"]
        for each in series(line["series"])
    ]


def family(name: str, known: Iterable[str]) -> str:
    """The metric that a series belongs to: of a histogram, the name without its suffix."""
    return name if name in known else re.sub(r"_(bucket|sum|count)$", "", name)
