"""The alerts of the chart as people read them, and the schema of the value `prometheusRule.alerts`.

files/alerts.yaml is a rule file of Prometheus (groups, each with rules); the chart's PrometheusRule is made of it.
"""

import re
from typing import Any

import yaml

from chart_files.places import ALERTS

_THRESHOLD = re.compile(r"[<>] (?!0$)[0-9.]+$")
_DURATION = r"^([0-9]+(ms|s|m|h|d))+$"


def rules() -> list[dict[str, Any]]:
    """Every alerting rule of the file, in its order: alert, expr, for, labels, annotations."""
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def has_threshold(expr: str) -> bool:
    """Whether the expression ends with a number that can sensibly be another one; *more than none* cannot."""
    return _THRESHOLD.search(expr) is not None


def alerts_schema() -> dict[str, Any]:
    """Each alert by its name: so a name that does not exist is refused, and a threshold where there is none."""
    return {"additionalProperties": False, "properties": {rule["alert"]: _schema(rule["expr"]) for rule in rules()}}


def _schema(expr: str) -> dict[str, Any]:
    own: dict[str, Any] = {
        "enabled": {"type": "boolean"},
        "for": {"type": "string", "pattern": _DURATION},
        "severity": {"type": "string", "minLength": 1},
    }
    threshold = {"threshold": {"type": "number", "exclusiveMinimum": 0}} if has_threshold(expr) else {}
    return {"type": "object", "additionalProperties": False, "properties": own | threshold}
