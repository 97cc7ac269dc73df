"""What resources say alike is held once and read once; what a parsed resource takes of memory."""

import gc
import json
import tracemalloc
from typing import Any

import pytest

from hpc_operator.domain.record import (
    Account,
    Closed,
    Condition,
    Memory,
    NodeCount,
    OperationAction,
    Origin,
    Outcome,
    Record,
    Report,
    Resource,
)
from hpc_operator.kube import codec, names
from hpc_operator.kube.alike import RECENT, SHORT, Once, one, text_of
from hpc_operator.kube.codec import encode_status, parse_resource, status_patch
from hpc_operator.kube.memory_written import encode_record

ACCOUNT = Account("https://api.example/api", "jn1a", "usr-1")
_ROLE = {"count": 1, "cpu": 2, "memory": 4096}
SPEC = {
    "cluster_type": "ehpc",
    "version_id": "appv-1",
    "cluster_conf": {
        "cluster": {"vxnet": "vxnet-1", "login": _ROLE, "controller": _ROLE, "compute": _ROLE},
        "env": {"admin.user": "admin", "nas_path": "/nas"},
    },
}
_CLOSED = Closed(OperationAction.CREATE, 1, Outcome.ACCEPTED, 1.0, 1)
_KINDS = (("Ready", "True"), ("Reconciling", "False"), ("Stalled", "False"), ("Available", "True"))


def memory(number: int) -> Memory:
    """The memory of a settled resource."""
    return Memory(
        mark="aabcdefghijklmn",
        account=ACCOUNT,
        origin=Origin.CREATED,
        hpc_cluster_id=f"ehpc-{number}",
        job_id=f"j-{number}",
        recorded_at=float(number),
        first_active_at=number + 300.0,
        described="0123456789abcdef",
        described_at=number + 310.0,
        nodes=tuple(NodeCount(role, 1, 1) for role in ("login", "controller", "compute")),
        endpoints=(f"10.0.0.{number}",),
        last_operation=_CLOSED,
    )


def said(number: int) -> Report:
    """The report of a settled resource."""
    text = "The cluster is as wished."
    conditions = tuple(Condition(kind, status, "AsWished", text, 1, 400.0 + number) for kind, status in _KINDS)
    return Report(1, conditions, f"hpc.qingcloud.com/cluster=uid-{number}", "active", f"c{number}", "2026-01-01")


def stored(number: int, **meta: Any) -> dict[str, Any]:
    """A settled resource as a server's bytes say it, parsed anew: no two share a text."""
    record = Record("aabcdefghijklmn", ACCOUNT, Origin.CREATED, f"ehpc-{number}", "nonce", "key")
    raw = {
        "kind": "HpcCluster",
        "metadata": {
            "namespace": "team-a",
            "name": f"cluster-{number}",
            "uid": f"uid-{number}",
            "resourceVersion": str(1000 + number),
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "finalizers": [names.FINALIZER],
            "annotations": {names.ANNOTATION_RECORD: encode_record(record)},
            **meta,
        },
        "spec": SPEC,
        "status": encode_status(memory(number), said(number)),
    }
    return json.loads(json.dumps(raw))  # type: ignore[no-any-return]


def test_a_text_does_not_depend_on_the_order_of_fields() -> None:
    assert text_of({"b": [1, True, None], "a": "é"}) == text_of({"a": "é", "b": [1, True, None]})
    assert text_of({"a": 1}) != text_of({"a": True}), "equal in Python, two things in JSON"


@pytest.mark.parametrize("value", [object(), {"a": {1}}], ids=["an object", "a set inside"])
def test_what_is_no_json_has_no_text(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        text_of(value)


def test_one_keeps_types_apart() -> None:
    first = one(("a", 1))
    assert one(("a", 1)) is first
    assert type(one(True)) is bool, "1 was not met before"
    assert type(one(1)) is int, "True was"
    assert one(Origin.CREATED) is Origin.CREATED
    assert type(one("Created")) is str, "an equal word of an enum was"


def test_resources_that_wish_alike_hold_one_wish() -> None:
    first, second = parse_resource(stored(1)), parse_resource(stored(2))
    assert first.desired is second.desired
    assert first.account is second.account
    assert first.memory.nodes is second.memory.nodes
    assert [a.message is b.message for a, b in zip(first.conditions, second.conditions, strict=True)] == [True] * 4
    assert first != second
    assert (first.id, second.id) == ("ehpc-1", "ehpc-2")


def test_what_comes_again_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = parse_resource(stored(3))
    asked: list[object] = []
    for name in ("parse_memory", "parse_spec", "parse_record", "parse_conditions"):
        monkeypatch.setattr(codec, name, asked.append)
    again = parse_resource(stored(3, resourceVersion="2000"))
    assert asked == []
    assert (again.memory, again.desired, again.record) == (first.memory, first.desired, first.record)
    assert again.resource_version == "2000", "only what follows from the very text is remembered"


def test_only_a_bounded_number_is_remembered() -> None:
    for number in range(RECENT + 50):
        parse_resource(stored(number))
    assert codec._status.kept.cache_info().currsize == RECENT


def test_long_texts_are_read_and_not_remembered() -> None:
    asked: list[str] = []

    @Once
    def size(text: str) -> int:
        asked.append(text)
        return len(text)

    for text in ("x" * SHORT, "x" * (SHORT + 1)):
        assert [size(text), size(text)] == [len(text)] * 2
    assert [len(text) for text in asked] == [SHORT, SHORT + 1, SHORT + 1]


def test_a_status_that_differs_is_another_resource() -> None:
    raw = stored(4)
    before = parse_resource(raw)
    raw["status"]["cluster_status"] = "stopped"
    after = parse_resource(raw)
    assert before != after, "the cache tells by equality whether anything changed"
    assert before.status != after.status
    assert status_patch(before, memory(4), said(4)) is None
    assert status_patch(after, memory(4), said(4)) == {"status": {"cluster_status": "active"}}


def test_a_status_that_is_no_json_is_a_problem_and_never_an_empty_memory() -> None:
    resource = parse_resource({**stored(5), "status": {"hpc_cluster_id": object()}})
    assert resource.problem is not None
    assert "status" in resource.problem


def test_a_settled_resource_takes_little_memory() -> None:
    parse_resource(stored(0))
    made = [json.dumps(stored(number)) for number in range(RECENT)]
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        held: list[Resource] = [parse_resource(json.loads(text)) for text in made]
        gc.collect()
        each = (tracemalloc.get_traced_memory()[0] - before) / len(held)
    finally:
        tracemalloc.stop()
    assert all(resource.problem is None for resource in held)
    assert each < 5000, "11 KB with the status as a dictionary and a wish of its own for each"
