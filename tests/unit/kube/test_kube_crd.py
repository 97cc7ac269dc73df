"""The CRD is what the models say, and a served schema that is too old is noticed."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hpc_operator.domain.record import (
    Account,
    Closed,
    Condition,
    Intent,
    Memory,
    NodeCount,
    OperationAction,
    Origin,
    Outcome,
    Plan,
    PlannedChange,
    RefusedWish,
    Report,
)
from hpc_operator.kube import crd, names
from hpc_operator.kube.codec import encode_status, parse_resource
from hpc_operator.kube.fields import leaves, present, select
from hpc_operator.kube.transitions import CHANGEABLE, FIXED, FROZEN, REFUSED, ROOT_RULES

ROOT = Path(__file__).parents[3]
SCHEMA = crd.object_schema()
EXAMPLES = [p for p in sorted((ROOT / "examples").glob("*.yaml")) if p.name.startswith(("hpc", "ehpc"))]


def nodes(schema, path=""):
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes(inner, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")


def test_the_file_is_what_the_models_say():
    assert (ROOT / "crds" / "hpcclusters.yaml").read_text(encoding="utf-8") == crd.text(), "run `make crds`"


@pytest.mark.parametrize("word", ["$ref", "$defs", "anyOf", "title", "additionalProperties", "const"])
def test_a_structural_schema_has_none_of(word):
    assert not [path for path, schema in nodes(SCHEMA) if word in schema]


def test_every_string_and_list_of_a_wish_is_bounded():
    """Else the server cannot bound the cost of a rule, nor we the size of a request."""
    wish = list(nodes(SCHEMA["properties"]["spec"]))
    free = [p for p, s in wish if s["type"] == "string" and not {"maxLength", "enum", "pattern"} & set(s)]
    assert not free
    assert not [p for p, s in wish if s["type"] == "integer" and "maximum" not in s and "enum" not in s]
    assert not [p for p, s in nodes(SCHEMA) if s["type"] == "array" and "maxItems" not in s]


def test_count_has_no_default():
    """A default would scale a cluster whenever somebody leaves count out of a manifest."""
    assert not [path for path, schema in nodes(SCHEMA["properties"]["spec"]) if "default" in schema]


def test_every_leaf_is_either_changeable_or_kept_by_the_one_rule():
    kept = {".".join(path) for path in FROZEN}
    roles = {"cluster_conf.cluster.controller", "cluster_conf.cluster.compute"}
    assert kept | CHANGEABLE | REFUSED | FIXED == {".".join(path) for path in leaves()} | roles
    assert len(kept) + len(CHANGEABLE) + len(REFUSED) + len(FIXED) == len(set(leaves())) + len(roles), "once each"
    rule = next(rule for rule in ROOT_RULES if "oldSelf.?status" in rule.cel)
    for path in FROZEN:
        there = f"== ({present('oldSelf.spec', path)})" if ".".join(path) in roles else ""
        assert (there or f"== {select('oldSelf.spec', path)}") in rule.cel, path
        assert f"' {'.'.join(path)}" in rule.names, "the refusal names it"


def test_a_write_of_the_status_is_judged_by_few_rules():
    """A rule for each field was three quarters of what such a write cost the API server."""
    assert len(ROOT_RULES) == 7
    begun, unchanged = next(rule.cel for rule in ROOT_RULES if "oldSelf.?status" in rule.cel).split(" || ")[1:3]
    assert begun == "oldSelf.?status.?hpc_cluster_id.hasValue())"
    assert unchanged == "self.spec == oldSelf.spec", "asked before any field is"


def test_columns():
    columns = crd.definition()["spec"]["versions"][0]["additionalPrinterColumns"]
    shown = [c["name"] for c in columns if not c.get("priority")]
    assert shown == ["READY", "REASON", "TYPE", "NODES", "CLUSTER-ID", "AGE"]


def test_a_schema_that_is_new_enough_misses_nothing():
    assert crd.missing_fields(crd.definition()) == []


def openapi(schema):
    kind = {"group": names.GROUP, "version": names.VERSION, "kind": names.KIND}
    other = {"x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Secret"}]}
    return {"components": {"schemas": {"a": other, "b": {**schema, "x-kubernetes-group-version-kind": [kind]}}}}


def test_an_old_schema_misses_what_it_would_drop():
    old = crd.definition()
    status = old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    del status["properties"]["operation"]["properties"]["nonce"]
    del status["properties"]["conditions"]["items"]["properties"]["reason"]
    assert crd.missing_fields(old) == ["conditions[].reason", "operation.nonce"]
    schema = old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert crd.missing_fields(openapi(schema)) == ["conditions[].reason", "operation.nonce"]


@pytest.mark.parametrize("served", [{}, {"spec": {}}, {"components": {}}, openapi({})])
def test_a_schema_without_the_kind_misses_everything(served):
    assert crd.missing_fields(served) == sorted(crd.status_paths())


def test_whatever_the_codec_writes_stands_in_the_schema():
    account = Account("https://a/api", "z", "usr-1")
    intent = Intent(OperationAction.CREATE, "a", 1, 0.0, "n", account, "k", 1, 1.0, "j-1", True, "now")
    intent = replace(intent, role="login", count=1, nodes=("cln-1",), cpu=2, memory=4096, ended_at=0.0)
    closed = Closed(OperationAction.CREATE, 1, Outcome.REFUSED, 0.0, 1, 1400, "no", 2, "now")
    roles = tuple(NodeCount(role, 1, 1, 1, 2, 4096) for role in ("login", "controller", "compute"))
    memory = Memory(
        mark="a",
        account=account,
        origin=Origin.CREATED,
        hpc_cluster_id="ehpc-1",
        job_id="j-1",
        strays=("ehpc-2",),
        recorded_at=0.0,
        first_active_at=0.0,
        described="d",
        described_at=0.0,
        nodes=roles,
        endpoints=("10.0.0.1",),
        operation=intent,
        last_operation=closed,
        refused=(RefusedWish("power", "Stopped", 0.0, 1, 1400, "no", 2, "now"),),
        waiting_since=0.0,
        stopped=True,
        restarted="1",
        connection="d",
        taken_over="ehpc-1",
    )
    plan = Plan((PlannedChange("power", "Running", "Stopped", "stopCluster", True),), ("cluster_conf.cluster.vxnet",))
    condition = Condition("Ready", "True", "AsWished", "fine", 1, 0.0)
    written = encode_status(memory, Report(1, (condition,), "a=b", "active", "one", "then", "now", plan))

    def paths(value, here=""):
        for key, inner in value.items():
            yield f"{here}.{key}".lstrip(".")
            for deeper in (inner,) if isinstance(inner, dict) else ():
                yield from paths(deeper, f"{here}.{key}")
            for item in inner if isinstance(inner, list) and inner and isinstance(inner[0], dict) else ():
                yield from paths(item, f"{here}.{key}[]")

    assert set(paths(written)) == crd.status_paths(), "each field is written by somebody, and each one written exists"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_examples_are_read_without_a_problem(path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    stored = {"creationTimestamp": "2026-01-31T09:05:00Z", "namespace": "default"}
    assert parse_resource({**document, "metadata": {**document["metadata"], **stored}}).problem is None


def test_the_full_example_names_every_field():
    document = yaml.safe_load((ROOT / "examples" / "ehpc-every-field.yaml").read_text(encoding="utf-8"))

    def given(value, path=()):
        for key, inner in value.items():
            yield from given(inner, (*path, key)) if isinstance(inner, dict) else [".".join((*path, key))]

    assert set(given(document["spec"])) == {".".join(path) for path in leaves()} - REFUSED


def test_no_example_holds_a_secret():
    secrets = list(yaml.safe_load_all((ROOT / "examples" / "secrets.yaml").read_text(encoding="utf-8")))
    assert {value for secret in secrets for value in secret["stringData"].values()} == {"REPLACE-ME"}
