"""promtool on the alerts: they are well formed, fire when they shall and not before, and each test of them can fail."""

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from prometheus_rules import QUIET, Rule, over

from chart_files import alerts
from chart_files.places import ALERTS
from monitoring_files import RULE_TESTS, shown

FILE = {rule["alert"]: rule for rule in alerts.rules()}


def test_the_file_is_well_formed_and_linted(promtool) -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", ALERTS)
    assert done.returncode == 0, done.stdout
    assert f"{len(FILE)} rules found" in done.stdout


def test_each_alert_fires_and_does_not_fire_as_its_test_says(tested) -> None:
    assert tested(*RULE_TESTS).complaints == {name: [] for name in [*FILE, QUIET]}


def at_once(rule: Rule) -> Rule:
    """Without waiting."""
    return {**rule, "for": "0s"}


def later(rule: Rule) -> Rule:
    """A minute later."""
    return {**rule, "for": f"{int(rule['for'].removesuffix('m')) + 1}m"}


def looser(rule: Rule) -> Rule:
    """A good deal more is let pass before it fires; nobody is missed, three leaders are not yet too many."""
    expr = re.sub(r"> ([0-9.]+)", lambda found: f"> {1.1 * float(found[1]) + 10}", rule["expr"])
    expr = re.sub(r"< 1$", "< 0", expr).replace("!= 1", "> 2")
    return {**rule, "expr": re.sub(r"^absent\((.*)\)$", r"absent(\1) > 1", expr)}


def stricter(rule: Rule) -> Rule:
    """What the edge lets pass fires: at the threshold, and whatever the reason, outcome or code."""
    expr = rule["expr"].replace("> ", ">= ").replace("< 1", "< 2").replace("!= 1", ">= 1").replace("absent(", "count(")
    return {**rule, "expr": re.sub(r'(reason|outcome|code)=~?"[^"]*"', r'\1!=""', expr)}


CHANGES = [at_once, later, looser, stricter]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_each_test_of_an_alert_sees_that_the_alert_was_changed(
    tested, tmp_path: Path, change: Callable[[Rule], Rule]
) -> None:
    red = tested(*over(tmp_path, {name: change(rule) for name, rule in FILE.items()})).red
    assert red - {QUIET} == set(FILE)
    assert (QUIET in red) == (change in (at_once, stricter)), "what makes false alarms is seen on quiet days too"


GRAFANA = {"$__rate_interval": "5m", "$namespace": "hpc"}


def test_prometheus_reads_every_expression_of_the_dashboard(promtool, tmp_path: Path) -> None:
    """As recording rules: promtool reads no expression by itself without a server."""
    rules = []
    for number, (_, expr) in enumerate(shown()):
        filled = functools.reduce(lambda text, variable: text.replace(*variable), GRAFANA.items(), expr)
        assert "$" not in filled
        rules.append({"record": f"shown:{number}", "expr": filled})
    path = tmp_path / "shown.yaml"
    path.write_text(json.dumps({"groups": [{"name": "shown", "rules": rules}]}))
    done = promtool("check", "rules", "--lint=none", path)
    assert done.returncode == 0, done.stdout
    path.write_text(path.read_text().replace("sum(", "summ(", 1))
    assert promtool("check", "rules", "--lint=none", path).returncode != 0


def test_the_tests_name_the_file_that_is_shipped() -> None:
    for path in RULE_TESTS:
        (rules,) = yaml.safe_load(path.read_text())["rule_files"]
        assert (path.parent / rules).resolve() == ALERTS
