"""Generates `crds/hpcclusters.yaml` from the models, and tells whether a served schema knows what this version writes.

`python -m hpc_operator.kube.crd` prints the file (`make crds`); `main` asks `missing_fields` at start. A structural
schema has no `$ref`, no `title` and no `anyOf null`, so pydantic's JSON Schema is rewritten here. Pure; the schema
itself is in `schema`, `memory_schema` and `rules`.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from hpc_operator.kube import names
from hpc_operator.kube.memory_schema import StatusFields
from hpc_operator.kube.rules import SPEC_RULES
from hpc_operator.kube.schema import Spec
from hpc_operator.kube.transitions import ROOT_RULES

_DROPPED = ("title", "default", "additionalProperties")
_COLUMNS = (
    ("READY", 'status.conditions[?(@.type=="Ready")].status', "whether the cluster is as wished", 0),
    ("REASON", 'status.conditions[?(@.type=="Ready")].reason', "why, in one word; docs/reasons.md explains it", 0),
    ("TYPE", "spec.cluster_type", "cluster_type", 0),
    ("NODES", "status.nodesActive", "active and wished nodes of all roles", 0),
    ("CLUSTER-ID", "status.hpc_cluster_id", "the cluster's id at the HPC API", 0),
    ("STATUS", "status.cluster_status", "the cluster's status as last read", 1),
    ("NAME-IN-CLOUD", "status.cluster_name", "the cluster's name as last read", 1),
    ("JOB-ID", "status.job_id", "the newest operation's job", 1),
    ("ZONE", "status.account.zone", "zone that the create was sent to", 1),
    ("OWNER", "status.account.owner", "owner that the create named", 1),
    ("POWER", "spec.power", "whether it is to run; empty: Running", 1),
    ("POLICY", "spec.managementPolicy", "how far the operator may go; empty: Full", 1),
    ("MESSAGE", 'status.conditions[?(@.type=="Ready")].message', "the Ready condition's sentence", 1),
)
_FIRST = ("description", "type", "format", "required")
_HEADER = "# Generated from the models by `make crds`; edit operator/hpc_operator/kube/*.py instead.\n"


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """The model as a structural schema: references put in place, optional fields plain, titles gone."""
    raw = model.model_json_schema(by_alias=True)
    definitions = raw.pop("$defs", {})
    return _rewrite(raw, definitions)


def _rewrite(node: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    node = _plain({k: v for k, v in node.items() if k not in _DROPPED}, definitions)
    if "properties" in node:
        node["properties"] = {name: _rewrite(inner, definitions) for name, inner in node["properties"].items()}
    if "items" in node:
        node["items"] = _rewrite(node["items"], definitions)
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if node.get("type") == "integer":
        node["format"] = "int64"
    first = [key for key in _FIRST if key in node]
    return {key: node[key] for key in (*first, *(key for key in node if key not in _FIRST))}


def _plain(node: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Without `$ref` and `anyOf null`: what stands beside them (the description) wins over what they lead to."""
    options = [option for option in node.pop("anyOf", []) if option.get("type") != "null"]
    for option in options:
        node = option | node
    reference = node.pop("$ref", None)
    if reference is None:
        return {k: v for k, v in node.items() if k not in _DROPPED}
    target = definitions[reference.rpartition("/")[2]] | node
    return _plain({k: v for k, v in target.items() if k not in _DROPPED}, definitions)


def object_schema() -> dict[str, Any]:
    """The openAPIV3Schema of the resource."""
    spec, status = structural(Spec), structural(StatusFields)
    spec["description"] = "Operator: what a person wishes."
    spec["x-kubernetes-validations"] = [rule.schema() for rule in SPEC_RULES]
    status["description"] = "Operator: what the operator remembers and last saw."
    status["default"] = {"observedGeneration": -1}
    conditions = status["properties"]["conditions"]
    conditions |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    name = {"type": "string", "maxLength": 63}
    return {
        "type": "object",
        "description": "An HPC cluster at QingCloud: snake_case fields are the HPC API's, camelCase the operator's.",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object", "properties": {"name": name}},
            "spec": spec,
            "status": status,
        },
        "x-kubernetes-validations": [rule.schema() for rule in ROOT_RULES],
    }


def definition() -> dict[str, Any]:
    """The CustomResourceDefinition."""
    version = {
        "name": names.VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": [*map(_column, _COLUMNS), _AGE],
        "selectableFields": [
            {"jsonPath": path} for path in (".spec.cluster_type", ".spec.managementPolicy", ".status.hpc_cluster_id")
        ],
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.cluster_conf.cluster.compute.count",
                "statusReplicasPath": ".status.nodes.compute.active",
                "labelSelectorPath": ".status.selector",
            },
        },
        "schema": {"openAPIV3Schema": object_schema()},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names.PLURAL}.{names.GROUP}"},
        "spec": {
            "group": names.GROUP,
            "names": {
                "kind": names.KIND,
                "listKind": f"{names.KIND}List",
                "plural": names.PLURAL,
                "singular": names.SINGULAR,
                "shortNames": ["hpc"],
                "categories": ["qingcloud"],
            },
            "scope": "Namespaced",
            "versions": [version],
        },
    }


_AGE = {"name": "AGE", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def _column(column: tuple[str, str, str, int]) -> dict[str, Any]:
    name, path, description, priority = column
    made: dict[str, Any] = {"name": name, "type": "string", "jsonPath": f".{path}", "description": description}
    # The server does not keep a 0, and whoever compares a file with what it keeps (Argo CD) sees a difference for ever.
    return made | ({"priority": priority} if priority else {})


def text() -> str:
    """The file `crds/hpcclusters.yaml`."""
    return _HEADER + yaml.safe_dump(definition(), sort_keys=False, width=110, allow_unicode=True)


def paths(schema: Mapping[str, Any], here: str = "") -> Iterator[str]:
    """The path of every property of a schema, `conditions[].type` for those of a list's items."""
    for name, inner in schema.get("properties", {}).items():
        path = f"{here}.{name}".lstrip(".")
        yield path
        yield from paths(inner, path)
        yield from paths(inner.get("items", {}), f"{path}[]")


def status_paths() -> frozenset[str]:
    """Every status property that this version writes."""
    return frozenset(paths(structural(StatusFields)))


def missing_fields(served: Mapping[str, Any]) -> list[str]:
    """The status fields that this version writes and the served schema drops; sorted, empty when it is new enough.

    `served` is the CustomResourceDefinition, or the group's OpenAPI v3 document (`/openapi/v3/apis/<group>/<version>`,
    which every authenticated user may read). A document that does not hold the kind misses everything.
    """
    try:
        schema = _from_definition(served) if "spec" in served else _from_openapi(served)
        known = frozenset(paths(schema.get("properties", {}).get("status", {})))
    except (AttributeError, TypeError, RecursionError):  # of another shape than every server's
        known = frozenset()
    return sorted(status_paths() - known)


def _from_definition(served: Mapping[str, Any]) -> Mapping[str, Any]:
    versions = served["spec"].get("versions", [])
    found = [v for v in versions if v.get("name") == names.VERSION and v.get("served")]
    return found[0].get("schema", {}).get("openAPIV3Schema", {}) if found else {}


def _from_openapi(served: Mapping[str, Any]) -> Mapping[str, Any]:
    ours = {"group": names.GROUP, "version": names.VERSION, "kind": names.KIND}
    schemas = served.get("components", {}).get("schemas", {}).values()
    return next((s for s in schemas if ours in s.get("x-kubernetes-group-version-kind", [])), {})


if __name__ == "__main__":
    sys.stdout.write(text())
