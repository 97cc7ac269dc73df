"""Put back to an older operator: what a newer one wrote, and what only a newer CRD knows, is left alone, deleting too."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from faults.harness import World, run
from hpc_operator.domain import mark
from hpc_operator.kube import names
from hpc_operator.kube.codec import parse_resource

Raw = dict[str, Any]
LETTER = chr(ord(mark.VERSION) + 1)
INTENT = {
    "version": 1,
    "action": "Create",
    "mark": "ayxtulefbyrxlgj",
    "attempt": 1,
    "startedAt": "2027-01-15T08:00:00.000Z",
    "nonce": "0f",
    "account": {"endpoint": "http://cloud.test/api", "zone": "jn1a", "owner": "usr-simulator"},
    "key": "60b00a212e6e8432",
    "generation": 1,
}


def in_status(**fields: Any) -> Callable[[Raw], None]:
    """Fields of status, written by somebody newer."""
    return lambda raw: raw["status"].update(fields)


def in_operation(**fields: Any) -> Callable[[Raw], None]:
    """An open intent, written by somebody newer."""
    return in_status(operation={**INTENT, **fields})


def in_record(**fields: Any) -> Callable[[Raw], None]:
    """Fields of the record, written by somebody newer."""

    def change(raw: Raw) -> None:
        held = raw["metadata"]["annotations"]
        held[names.ANNOTATION_RECORD] = json.dumps({**json.loads(held[names.ANNOTATION_RECORD]), **fields})

    return change


def in_spec(**fields: Any) -> Callable[[Raw], None]:
    """Fields of the spec that only a newer CRD lets through."""
    return lambda raw: raw["spec"].update(fields)


def compute(**fields: Any) -> Callable[[Raw], None]:
    """The same, three levels down."""
    return lambda raw: raw["spec"]["cluster_conf"]["cluster"]["compute"].update(fields)


class Row(NamedTuple):
    """What was written, and why nothing is done."""

    says: str
    change: Callable[[Raw], None]
    reason: str = "RecordNewer"


ROWS = [
    Row("an operation of the next version", in_operation(version=names.OPERATION_VERSION + 1)),
    Row("an operation of an old version with a new field", in_operation(budget=3)),
    Row("an open call that is not known", in_operation(action="Snapshot")),
    Row("a role that is not known", in_operation(action="AddNodes", version=2, role="gpu", count=1)),
    Row("a closed call that is not known", in_status(lastOperation={"action": "Snapshot", "at": "x"})),
    Row("an outcome that is not known", in_status(lastOperation={
        "action": "Create", "attempt": 1, "outcome": "Postponed", "at": "2027-01-15T08:00:00.000Z", "generation": 1
    })),
    Row("an origin that is not known", in_status(origin="Inherited")),
    Row("an account that is told by more", in_status(account={**INTENT["account"], "project": "p-1"})),  # type: ignore[dict-item]
    Row("a mark of a later letter in status", in_status(mark=f"{LETTER}yxtulefbyrxlgj")),
    Row("a mark of a later letter in an operation", in_operation(mark=f"{LETTER}yxtulefbyrxlgj")),
    Row("a record of the next version", in_record(version=names.RECORD_VERSION + 1)),
    Row("a record with a new field", in_record(project="p-1")),
    Row("a record with a mark of a later letter", in_record(mark=f"{LETTER}yxtulefbyrxlgj")),
    Row("a record with an origin that is not known", in_record(origin="Inherited")),
    Row("a field of the spec that is not known", in_spec(gpu_type="a100"), "SpecNewer"),
    Row("a field of a role that is not known", compute(gpu=8), "SpecNewer"),
    Row("a word of the spec that is not known", in_spec(deletionPolicy="Archive"), "SpecNewer"),
    Row("a power that is not known", in_spec(power="Hibernated"), "SpecNewer"),
]  # fmt: skip
every_row = pytest.mark.parametrize("row", ROWS, ids=[row.says for row in ROWS])
LOOKS = {"list", "operation", "listNodes"}


async def _ready(world: World) -> list[str]:
    world.process("before")
    world.people.apply()
    assert await world.until(world.ready, 900), world.message()
    await world.wait(300)
    world.restart_after = None
    world.processes[0].crash()
    return world.made()


@every_row
def test_it_is_left_alone_also_when_it_is_deleted(row: Row) -> None:
    async def scenario(world: World) -> None:
        made = await _ready(world)
        world.kube.change("demo", row.change)
        world.people.annotate(reconcile_at="asked")
        calls, writes, before = len(world.cloud.calls), len(world.kube.writes), world.kube.get("demo")
        world.process("older")
        assert await world.until(lambda: world.reason() == row.reason, 300), world.message()
        await world.wait(900)
        world.people.delete()
        assert await world.until(lambda: "goes on when" in world.message(), 300), world.message()
        await world.wait(900)
        assert world.reason() == row.reason
        assert not world.gone()
        assert {record.call for record in world.cloud.calls[calls:]} <= LOOKS
        written = {key for write in world.kube.writes[writes:] for key in write.keys}
        assert written - {"status.observedGeneration"} == {"status.conditions"}
        assert _without_what_is_said(world.kube.get("demo")) == _without_what_is_said(before)
        assert world.alive() == made

    run(scenario)


def _without_what_is_said(raw: Raw | None) -> Raw:
    assert raw is not None
    status = {k: v for k, v in raw["status"].items() if k not in ("conditions", "observedGeneration")}
    return {"annotations": raw["metadata"]["annotations"], "finalizers": raw["metadata"]["finalizers"],
            "spec": raw["spec"], "status": status}  # fmt: skip


@pytest.mark.parametrize("change", [in_spec(gpu_type="a100"), in_spec(power="Hibernated")])
def test_what_is_new_is_taken_out_and_it_goes_on(change: Callable[[Raw], None]) -> None:
    """Another way out than the upgrade; a deletion that waited goes on too."""

    async def scenario(world: World) -> None:
        await _ready(world)
        world.kube.change("demo", change)
        world.process("older")
        assert await world.until(lambda: world.reason() == "SpecNewer", 300), world.message()
        world.people.delete()
        assert await world.until(lambda: "goes on when" in world.message(), 300), world.message()
        world.people.edit(gpu_type=None, power=None)
        assert await world.until(world.gone, 900), world.message()
        assert world.alive() == []

    run(scenario)


def test_nobody_else_takes_the_cluster_of_a_newer_record() -> None:
    """Its id is read even so: an `adopt` of it by another resource is refused as ever. No mark says whose it is."""

    async def scenario(world: World) -> None:
        bought = world.people.buy(status="active")
        world.process()
        world.people.apply(spec={"managementPolicy": "Observe"}, adopt=bought)
        assert await world.until(lambda: world.is_true("Ready"), 300), world.message()
        world.kube.change("demo", in_operation(version=names.OPERATION_VERSION + 1))
        world.kube.change("demo", lambda raw: raw["metadata"]["annotations"].pop(names.ANNOTATION_RECORD))
        assert await world.until(lambda: world.reason() == "RecordNewer", 300), world.message()
        world.people.apply("second", spec={"deletionPolicy": "Delete"}, adopt=bought)
        assert await world.until(lambda: world.stalled("second"), 300), world.message("second")
        assert world.reason("second") == "AlreadyClaimed", world.message("second")
        world.people.delete("second")
        assert await world.until(lambda: world.gone("second"), 900), world.message("second")
        assert [cluster.cluster_id for cluster in world.cloud.clusters()] == [bought]

    run(scenario)


def test_what_is_damaged_is_not_called_newer() -> None:
    """A wrong type or a cut text is somebody's mistake: upgrading would not mend it."""
    status = {"operation": {**INTENT, "version": "3"}}
    raw = {"metadata": {"name": "x", "namespace": "y", "uid": "z"}, "spec": {"cluster_type": 7}, "status": status}
    resource = parse_resource(raw)
    assert not resource.newer
    assert resource.problem is not None
