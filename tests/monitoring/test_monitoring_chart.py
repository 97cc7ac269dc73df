"""The chart's PrometheusRule is the file that a plain Prometheus loads, for the series of its release alone."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_rules import QUIET, over

from chart_files import alerts
from chart_files.places import CHART, DASHBOARD

FILE = {rule["alert"]: rule for rule in alerts.rules()}


def rendered(helm: Path, kind: str, **values: Any) -> dict[str, Any]:
    """The one object of this kind, in the namespace that the tests of the alerts know."""
    given = json.dumps({"fleet": "lab", "prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}} | values)
    command = [helm, "template", "hpc-operator", CHART, "--namespace=hpc", "-f", "-"]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    (found,) = [each for each in yaml.safe_load_all(done.stdout) if each and each["kind"] == kind]
    return dict(found)


def spec(helm: Path, **values: Any) -> dict[str, Any]:
    return dict(rendered(helm, "PrometheusRule", prometheusRule={"enabled": True, **values})["spec"])


def by_name(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for group in made["groups"] for rule in group["rules"]}


def named(text: str) -> str:
    """A test of alerts with the namespace that absent() takes out of the selector."""
    text = text.replace("exp_labels: {severity", "exp_labels: {namespace: hpc, severity")
    text = text.replace("No hpc-operator is scraped.", "No hpc-operator is scraped in namespace hpc.")
    return text.replace("no answer of any hpc-operator:", "no answer of any hpc-operator in namespace hpc:")


def test_nothing_but_the_selector_is_added(helm: Path) -> None:
    made = by_name(spec(helm))
    assert list(made) == list(FILE)
    for name, rule in made.items():
        selected = re.sub(r'\{namespace="hpc"\}|(?<=\{)namespace="hpc",', "", rule["expr"])
        assert {**rule, "expr": selected} == FILE[name]
        series = re.findall(r"hpc_operator_[a-z_]+", rule["expr"])
        assert len(re.findall(r'hpc_operator_[a-z_]+\{namespace="hpc"[,}]', rule["expr"])) == len(series) > 0


def test_what_is_rendered_passes_every_test_of_the_file(promtool, tested, helm: Path, tmp_path: Path) -> None:
    said = tested(*over(tmp_path, by_name(spec(helm)), named))
    assert said.complaints == {name: [] for name in [*FILE, QUIET]}
    linted = promtool("check", "rules", "--lint=all", "--lint-fatal", tmp_path / f"{QUIET}-rules.yaml")
    assert linted.returncode == 0, linted.stdout


def test_another_operator_in_the_same_prometheus_is_another_s_affair(tested, helm: Path, tmp_path: Path) -> None:
    """For a release of another namespace all these series say one thing: nobody of its own is scraped."""
    said = tested(*over(tmp_path, by_name(spec(helm, selector='namespace="elsewhere"')), named))
    assert said.red == {*FILE, QUIET}
    assert said.fired == {"HpcOperatorAbsent"}


@pytest.mark.parametrize("selector", ['job="hpc"', 'job=~"hpc-.+$",cluster="a"'])
def test_a_selector_of_ones_own_is_valid_with_every_expression(
    promtool, helm: Path, tmp_path: Path, selector: str
) -> None:
    made = spec(helm, selector=selector)
    (tmp_path / "rules.yaml").write_text(json.dumps(made))
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", tmp_path / "rules.yaml")
    assert done.returncode == 0, done.stdout
    assert all(f"{{{selector}" in rule["expr"] for rule in by_name(made).values())


def test_single_alerts_are_as_the_values_say_and_all_others_as_in_the_file(helm: Path) -> None:
    own = {
        "HpcOperatorLooksLate": {"threshold": 7.5, "for": "1h30m", "severity": "page"},
        "HpcOperatorOperationOpenTooLong": {"threshold": 12345678},
        "HpcOperatorOutOfCalls": {"threshold": 20},
        "HpcOperatorAbsent": {"enabled": False},
        "HpcOperatorActsLate": {"enabled": True},
    }
    plain, made = by_name(spec(helm)), by_name(spec(helm, alerts=own))
    assert set(plain) - set(made) == {"HpcOperatorAbsent"}
    late = plain["HpcOperatorLooksLate"]
    assert made["HpcOperatorLooksLate"] == {
        **late, "expr": late["expr"].replace("> 3", "> 7.5"), "for": "1h30m", "labels": {"severity": "page"},
    }  # fmt: skip
    assert float(made["HpcOperatorOperationOpenTooLong"]["expr"].rpartition("> ")[2]) == 12345678
    assert made["HpcOperatorOutOfCalls"]["expr"] == plain["HpcOperatorOutOfCalls"]["expr"].replace("< 1", "< 20")
    same = set(made) - {"HpcOperatorLooksLate", "HpcOperatorOperationOpenTooLong", "HpcOperatorOutOfCalls"}
    assert all(made[name] == plain[name] for name in same)
    assert len(same) == 10


def test_labels_annotations_and_where_the_pages_are(helm: Path) -> None:
    values = {
        "labels": {"release": "prometheus"},
        "alertLabels": {"team": "hpc"},
        "alertAnnotations": {"dashboard": "https://grafana.test/d/hpc-operator"},
        "runbookBase": "https://docs.test/",
    }
    whole = rendered(helm, "PrometheusRule", prometheusRule={"enabled": True, **values})
    assert whole["metadata"]["labels"]["release"] == "prometheus"
    for name, rule in by_name(whole["spec"]).items():
        assert rule["labels"] == {**FILE[name]["labels"], "team": "hpc"}
        said = FILE[name]["annotations"]
        page = f"https://docs.test/docs/runbooks/{name}.md"
        assert rule["annotations"] == {**said, **values["alertAnnotations"], "runbook_url": page}


def test_the_dashboard_comes_to_grafana_s_sidecar_as_it_stands_in_the_file(helm: Path) -> None:
    made = rendered(helm, "ConfigMap")
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(made["data"]["hpc-operator.json"]) == json.loads(DASHBOARD.read_text())
    own = {
        "enabled": True,
        "label": "grafana.test/board",
        "labelValue": "yes",
        "annotations": {"grafana_folder": "HPC"},
    }
    other = rendered(helm, "ConfigMap", dashboard=own)["metadata"]
    assert (other["labels"]["grafana.test/board"], other["annotations"]) == ("yes", {"grafana_folder": "HPC"})
    assert "grafana_dashboard" not in other["labels"]


def test_the_scrape_keeps_our_label_endpoint(helm: Path) -> None:
    """Else the Prometheus operator's own `endpoint`, a port's name, takes its place, and the alerts name that."""
    monitor = rendered(helm, "ServiceMonitor", metrics={"serviceMonitor": {"enabled": True}})
    assert [each["honorLabels"] for each in monitor["spec"]["endpoints"]] == [True]
