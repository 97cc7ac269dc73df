"""Names by Prometheus's rules, and one row in docs/metrics.md for each metric, with just its labels."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hpc_operator.measuring.catalogue import METRICS, PREFIX, Kind, Metric
from measuring_docs import Row, rows

NAMES = [metric.name for metric in METRICS]
# What promtool's linter refuses (prometheus/util/promlint): units that are not base units, abbreviations, types.
NOT_BASE = re.compile(
    r"_(milliseconds|microseconds|nanoseconds|millis|ms|us|ns|sec|s|minutes|m|hours|h|days|d|weeks|"
    r"kilobytes|megabytes|gigabytes|bits|b|kb|mb|gb|percent)(_|$)"
)
TYPE = re.compile(r"_(gauge|counter|histogram|summary)(_|$)")
OURS = re.compile(rf"{PREFIX}[a-z0-9]+(_[a-z0-9]+)*")
TAKEN = ("le", "quantile", "job", "instance")

RULES: list[tuple[str, Callable[[Metric], bool]]] = [
    ("snake_case under our prefix", lambda m: OURS.fullmatch(m.name) is not None),
    ("counters, and only counters, end in _total", lambda m: (m.kind is Kind.COUNTER) == m.name.endswith("_total")),
    ("units are base units", lambda m: not NOT_BASE.search(m.name)),
    ("no type stands in the name", lambda m: not TYPE.search(m.name)),
    ("no suffix that a histogram uses", lambda m: not m.name.endswith(("_count", "_sum", "_bucket"))),
    ("only build_info ends in _info", lambda m: m.name.endswith("_info") == (m.name == f"{PREFIX}build_info")),
    ("histograms are of seconds", lambda m: m.kind is not Kind.HISTOGRAM or m.name.endswith("_seconds")),
    ("histograms, and only they, have buckets", lambda m: (m.kind is Kind.HISTOGRAM) == bool(m.buckets)),
    ("buckets grow", lambda m: list(m.buckets) == sorted(set(m.buckets))),
    ("a help text is a phrase", lambda m: len(m.help) >= 10 and not m.help.endswith(".")),
    ("labels are words of our own", lambda m: all(re.fullmatch("[a-z]+", x) and x not in TAKEN for x in m.labels)),
]


def problems(metric: Metric) -> list[str]:
    """The rules that it breaks."""
    return [rule for rule, holds in RULES if not holds(metric)]


@pytest.mark.parametrize("metric", METRICS, ids=NAMES)
def test_names_units_and_help_follow_the_rules(metric: Metric) -> None:
    assert problems(metric) == []


WRONG: list[tuple[Metric, str]] = [
    (Metric("hpc_operator_wait_ms", Kind.GAUGE, "Time that was waited"), "units are base units"),
    (Metric("hpc_operator_wait_minutes", Kind.GAUGE, "Time that was waited"), "units are base units"),
    (
        Metric("hpc_operator_calls", Kind.COUNTER, "Calls that were made"),
        "counters, and only counters, end in _total",
    ),
    (
        Metric("hpc_operator_depth_total", Kind.GAUGE, "Depth of the queue"),
        "counters, and only counters, end in _total",
    ),
    (Metric("hpc_operator_depth_gauge", Kind.GAUGE, "Depth of the queue"), "no type stands in the name"),
    (Metric("hpc_operator_depthOfQueue", Kind.GAUGE, "Depth of the queue"), "snake_case under our prefix"),
    (Metric("operator_depth", Kind.GAUGE, "Depth of the queue"), "snake_case under our prefix"),
    (Metric("hpc_operator_depth", Kind.GAUGE, ""), "a help text is a phrase"),
    (
        Metric("hpc_operator_wait_seconds", Kind.HISTOGRAM, "Time that was waited"),
        "histograms, and only they, have buckets",
    ),
    (Metric("hpc_operator_wait_seconds", Kind.HISTOGRAM, "Time that was waited", (), (2, 1)), "buckets grow"),
    (Metric("hpc_operator_waits", Kind.HISTOGRAM, "Time that was waited", (), (1, 2)), "histograms are of seconds"),
    (Metric("hpc_operator_depth", Kind.GAUGE, "Depth of the queue", ("le",)), "labels are words of our own"),
    (Metric("hpc_operator_depth_count", Kind.GAUGE, "Depth of the queue"), "no suffix that a histogram uses"),
    (Metric("hpc_operator_depth_info", Kind.GAUGE, "Depth of the queue"), "only build_info ends in _info"),
]


@pytest.mark.parametrize(("metric", "rule"), WRONG, ids=[f"{each.name} {rule}" for each, rule in WRONG])
def test_each_rule_finds_what_breaks_it(metric: Metric, rule: str) -> None:
    assert problems(metric) == [rule]


def test_each_rule_was_broken_above() -> None:
    assert {rule for _, rule in WRONG} == {rule for rule, _ in RULES}


def test_no_name_stands_twice() -> None:
    assert len(NAMES) == len(set(NAMES))


def test_every_metric_has_its_row_in_the_docs_and_no_other_has() -> None:
    told = {metric.name: Row(metric.name, metric.kind, metric.labels) for metric in METRICS}
    assert {row.name: row for row in rows()} == told


def test_the_unit_in_the_docs_is_the_one_in_the_name() -> None:
    units = {row.name: row.unit for row in rows()}
    for name in NAMES:
        if name.endswith("_timestamp_seconds"):
            assert units[name] == "seconds since 1970", name
        elif "_seconds" in name:
            assert units[name] == "seconds", name
        else:
            assert "seconds" not in units[name], name


def test_every_row_says_what_to_do() -> None:
    assert [row.name for row in rows() if not row.advice] == []


def test_the_alerts_in_the_docs_name_metrics_that_exist() -> None:
    page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()
    named = set(re.findall(rf"\b{PREFIX}[a-z_]+", page))
    assert named <= set(NAMES), named - set(NAMES)
