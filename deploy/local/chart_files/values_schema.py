"""values.schema.json: types from the defaults of values.yaml, bounds and contradictions from here.

Helm 3 and 4 check it at install, upgrade, template and lint. What compares two numbers or names is not expressible, and
stands in templates/_checks.tpl.
"""

import json
from typing import Any

from chart_files.alerts import alerts_schema
from chart_files.documented import Value
from chart_files.settings_schema import refused, settings_schema
from hpc_operator.settings import PREFIX, Settings

Schema = dict[str, Any]

_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
_OPERATORS = "^" + "".join(f"[{letter}{letter.lower()}]" if letter.isalpha() else letter for letter in PREFIX)
"""The operator reads its variables in either case."""
_KEYS = ("accessKeyId", "secretAccessKey", "access_key_id", "secret_access_key")
_NAMESPACES = {"uniqueItems": True, "items": {"type": "string", "pattern": _LABEL}}
_PORTS = {"minItems": 1, "items": {"type": "integer", "minimum": 1, "maximum": 65535}}
_OBJECTS = {"items": {"type": "object"}}
_TEXTS = {"additionalProperties": {"type": "string"}}
_OURS = r"^(app\.kubernetes\.io/(name|instance|component|version|part-of|managed-by)|helm\.sh/chart)$"
_LABELS = {**_TEXTS, "patternProperties": {_OURS: refused("leave it out: the chart sets this label")}}
_LABEL_NAME = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
_OPTIONAL_NAME = {"pattern": f"^$|{_SUBDOMAIN}"}

BOUNDS: dict[str, Schema] = {
    "fleet": {"pattern": Settings.model_json_schema()["properties"]["fleet"]["pattern"]},
    "credentials.existingSecret": _OPTIONAL_NAME,
    "scope.namespaces": _NAMESPACES,
    "scope.secretNamespaces": _NAMESPACES,
    "trial.timeFactor": {"exclusiveMinimum": 0, "maximum": 1},
    "admissionPolicies.operatorUsers": {"items": {"type": "string", "minLength": 1}},
    "serviceAccount.name": _OPTIONAL_NAME,
    "serviceAccount.annotations": _TEXTS,
    "image.repository": {"minLength": 1},
    "image.digest": {"pattern": "^(sha256:[0-9a-f]{64})?$"},
    "image.pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "imagePullSecrets": {"items": {"type": "object", "required": ["name"], "additionalProperties": False}},
    "replicas": {"minimum": 1},
    "terminationGracePeriodSeconds": {"minimum": 1},
    "fullnameOverride": {"pattern": f"^$|{_LABEL}"},
    "commonLabels": _LABELS,
    "podAnnotations": _TEXTS,
    "podLabels": _LABELS,
    "priorityClassName": _OPTIONAL_NAME,
    "nodeSelector": _TEXTS,
    "tolerations": _OBJECTS,
    "topologySpreadConstraints": _OBJECTS,
    "extraEnv": {
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string", "not": {"pattern": _OPERATORS}}},
        }
    },
    "extraVolumes": _OBJECTS,
    "extraVolumeMounts": _OBJECTS,
    "metrics.serviceMonitor.labels": _LABELS,
    "metrics.serviceMonitor.interval": {"pattern": "^[0-9]+(ms|s|m|h)$"},
    "prometheusRule.labels": _LABELS,
    "prometheusRule.alertLabels": _TEXTS,
    "prometheusRule.alertAnnotations": _TEXTS,
    "prometheusRule.alerts": alerts_schema(),
    "dashboard.label": {"pattern": _LABEL_NAME},
    "dashboard.annotations": _TEXTS,
    "networkPolicy.metricsFrom": _OBJECTS,
    "networkPolicy.apiServerTo": _OBJECTS,
    "networkPolicy.apiServerPorts": _PORTS,
    "networkPolicy.cloudTo": _OBJECTS,
    "networkPolicy.cloudPorts": _PORTS,
}
"""What a value must be beyond the type of its default."""

BOUNDS["imagePullSecrets"]["items"]["properties"] = {"name": {"type": "string", "minLength": 1}}
OPEN = {"resources"}
"""Objects of Kubernetes with a default of ours: the API server says what may stand in them."""

CONTRADICTIONS: list[Schema] = [
    {
        "$comment": "the Secrets are those of the namespaces that are served",
        "if": {"properties": {"scope": {"properties": {"namespaces": {"minItems": 1}}}}},
        "then": {"properties": {"scope": {"properties": {"secretNamespaces": {"maxItems": 0}}}}},
    },
    {
        "$comment": "a trial never meets a real account",
        "if": {"properties": {"trial": {"properties": {"enabled": {"const": True}}}}},
        "then": {
            "properties": {
                "credentials": {"properties": {"existingSecret": {"const": ""}}},
                "settings": {
                    "properties": {"endpoint": refused("leave it out: trial.enabled is the simulator, nothing real")}
                },
            }
        },
    },
]


def schema(values: list[Value]) -> Schema:
    """The whole schema for these documented values. ValueError: a bound belongs to no value."""
    root: Schema = {"type": "object", "additionalProperties": False, "properties": {}}
    for value in values:
        _put(root, value)
    if lost := BOUNDS.keys() - {value.name for value in values}:
        raise ValueError(f"bounds of values that are not in values.yaml: {', '.join(sorted(lost))}")
    told = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values of the chart hpc-operator"}
    properties = root["properties"]
    properties["settings"] |= settings_schema()
    credentials = refused("a key never stands in values: put it into a Secret and name that in existingSecret")
    properties["credentials"]["properties"] |= dict.fromkeys(_KEYS, credentials)
    properties["global"] = {"type": "object", "description": "Helm's, for charts that include this one."}
    return {**told, **root, "required": ["fleet"], "allOf": CONTRADICTIONS}


def text(values: list[Value]) -> str:
    """The file."""
    return json.dumps(schema(values), indent=2, ensure_ascii=False) + "\n"


def _put(root: Schema, value: Value) -> None:
    group = root
    for key in value.path[:-1]:
        closed: Schema = {"type": "object", "additionalProperties": False, "properties": {}}
        group = group["properties"].setdefault(key, closed)
    leaf: Schema = {"description": value.text, "type": _TYPES[type(value.default)], **BOUNDS.get(value.name, {})}
    if isinstance(value.default, dict) and value.default and value.name not in OPEN:
        raise ValueError(f"{value.name} has keys of its own: document each of them")
    group["properties"][value.path[-1]] = leaf
