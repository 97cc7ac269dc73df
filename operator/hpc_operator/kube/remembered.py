"""Both memories between their stored text and the domain: `.status` and the annotation `hpc.qingcloud.com/record`.

`kube.codec` and `kube.store` import it. What is read may have been edited or written by another version, so it is
parsed strictly: an unreadable memory is a problem, never an empty memory. Pure; nothing is decided here.
"""

import json
import re
from collections.abc import Mapping

from pydantic import ValidationError

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.mark import is_newer
from hpc_operator.domain.record import (
    Account,
    Closed,
    Intent,
    Memory,
    NodeCount,
    OperationAction,
    Origin,
    Outcome,
    Plan,
    Record,
    RefusedWish,
)
from hpc_operator.kube import memory_schema as shape
from hpc_operator.kube import names
from hpc_operator.kube.alike import one
from hpc_operator.kube.instants import clean, read_time, write_time
from hpc_operator.kube.wish import says_more

ROLES = shape.ROLES
_FIRST_ACTIONS = frozenset({OperationAction.CREATE, OperationAction.DELETE})
"""What version 1 of an operation knew."""


class Newer(Exception):  # noqa: N818 - an outcome, not a defect
    """This memory was written by a newer version of the operator: it is left alone."""


def without_none(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that say something: a status carries no nulls and no empty lists."""
    return {name: value for name, value in fields.items() if value is not None and value != []}


def encode_account(account: Account) -> dict[str, object]:
    """`{endpoint, zone, owner}`."""
    return {"endpoint": account.endpoint, "zone": account.zone, "owner": account.owner}


def encode_record(record: Record) -> str:
    """The annotation's text: JSON, version 1, fields in a fixed order."""
    fields = {
        "version": names.RECORD_VERSION,
        "mark": record.mark,
        "account": encode_account(record.account),
        "origin": record.origin.value,
        "id": record.id,
        "nonce": record.nonce or None,
        "key": record.key or None,
    }
    return json.dumps(without_none(fields), separators=(",", ":"))


def parse_record(text: str) -> Record:
    """The record in an annotation's text; Newer if a newer version wrote it, ValueError if it cannot be read."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error
    try:
        fields = shape.RecordFields.model_validate(raw)
    except ValidationError as error:
        _refuse_newer(raw, names.RECORD_VERSION)
        if says_more(error):
            raise Newer from error
        raise
    _refuse_mark(fields.mark)
    return Record(fields.mark, _account(fields.account), Origin(fields.origin), fields.id, fields.nonce, fields.key)


def encode_intent(intent: Intent) -> dict[str, object]:
    """`status.operation`: what is None or False is left out."""
    return without_none(
        {
            "version": 1 if intent.action in _FIRST_ACTIONS else names.OPERATION_VERSION,
            "action": intent.action.value,
            "mark": intent.mark,
            "attempt": intent.attempt,
            "startedAt": write_time(intent.started_at),
            "nonce": intent.nonce,
            "account": encode_account(intent.account),
            "key": intent.key,
            "generation": intent.generation,
            "logFrom": _write(intent.log_from),
            "jobId": intent.job_id,
            "gone": intent.gone or None,
            "reconcileAt": intent.reconcile_at,
            "role": intent.role,
            "count": intent.count,
            "nodes": list(intent.nodes),
            "cpu": intent.cpu,
            "memory": intent.memory,
            "endedAt": _write(intent.ended_at),
        }
    )


def encode_memory(memory: Memory) -> dict[str, object]:
    """The memory's fields of `.status`; what it does not know is left out."""
    return without_none(
        {
            "hpc_cluster_id": memory.hpc_cluster_id,
            "job_id": memory.job_id,
            "account": encode_account(memory.account) if memory.account else None,
            "mark": memory.mark,
            "origin": memory.origin.value if memory.origin else None,
            "strays": list(memory.strays[: names.LIST_LIMIT]),
            "recordedAt": _write(memory.recorded_at),
            "firstActiveAt": _write(memory.first_active_at),
            "described": memory.described,
            "describedAt": _write(memory.described_at),
            "nodes": {n.role: _encode_nodes(n) for n in _known(memory.nodes)} or None,
            "nodesActive": _summary(memory.nodes),
            "endpoints": [clean(e, names.TEXT_LIMIT) for e in memory.endpoints[: names.LIST_LIMIT]],
            "operation": encode_intent(memory.operation) if memory.operation else None,
            "lastOperation": _encode_closed(memory.last_operation) if memory.last_operation else None,
            "refused": [_encode_refused(each) for each in memory.refused[-names.LIST_LIMIT :]],
            "waitingSince": _write(memory.waiting_since),
            "stopped": memory.stopped or None,
            "restarted": _verbatim(memory.restarted) if memory.restarted else None,
            "connection": memory.connection,
            "takenOver": memory.taken_over,
        }
    )


MEMORY_KEYS = frozenset({"nodesActive", *(f.alias or name for name, f in shape.RememberedFields.model_fields.items())})
"""The top-level status fields that `encode_memory` answers for."""


def parse_memory(status: Mapping[str, object]) -> Memory:
    """The memory in a status; Newer if a newer version wrote its operation, ValueError if it cannot be read."""
    _refuse_newer(status.get("operation"), names.OPERATION_VERSION)
    try:
        fields = shape.RememberedFields.model_validate(status)
    except ValidationError as error:
        if says_more(error):
            raise Newer from error
        raise
    _refuse_mark(fields.mark, fields.operation.mark if fields.operation else None)
    return Memory(
        mark=fields.mark,
        account=_account(fields.account) if fields.account else None,
        origin=Origin(fields.origin) if fields.origin else None,
        hpc_cluster_id=fields.hpc_cluster_id,
        job_id=fields.job_id,
        strays=tuple(fields.strays),
        recorded_at=_read(fields.recorded_at),
        first_active_at=_read(fields.first_active_at),
        described=fields.described,
        described_at=_read(fields.described_at),
        nodes=_nodes(fields.nodes),
        endpoints=tuple(fields.endpoints),
        operation=_intent(fields.operation) if fields.operation else None,
        last_operation=_closed(fields.last_operation) if fields.last_operation else None,
        refused=tuple(map(_refused, fields.refused)),
        waiting_since=_read(fields.waiting_since),
        stopped=fields.stopped,
        restarted=fields.restarted,
        connection=fields.connection,
        taken_over=fields.taken_over,
    )


def loose_memory(status: Mapping[str, object]) -> Memory:
    """Of a status that a newer version wrote: the cluster and the job, which are nobody else's."""
    cluster, job = (_id(status.get(name)) for name in ("hpc_cluster_id", "job_id"))
    return Memory(hpc_cluster_id=cluster, job_id=job, newer=True)


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(names.ID_PATTERN, value) else None


def _refuse_newer(raw: object, known: int) -> None:
    version = raw.get("version") if isinstance(raw, Mapping) else None
    if isinstance(version, int) and version > known:
        raise Newer


def _refuse_mark(*marks: str | None) -> None:
    """A mark that this version could not have derived tells it nothing, not even whose it is."""
    if any(mark is not None and is_newer(mark) for mark in marks):
        raise Newer


def _account(fields: shape.AccountFields) -> Account:
    return one(Account(fields.endpoint, fields.zone, fields.owner))


def _intent(fields: shape.OperationFields) -> Intent:
    return Intent(
        action=OperationAction(fields.action),
        mark=fields.mark,
        attempt=fields.attempt,
        started_at=read_time(fields.started_at),
        nonce=fields.nonce,
        account=_account(fields.account),
        key=fields.key,
        generation=fields.generation,
        log_from=_read(fields.log_from),
        job_id=fields.job_id,
        gone=fields.gone,
        reconcile_at=fields.reconcile_at,
        role=fields.role,
        count=fields.count,
        nodes=tuple(fields.nodes),
        cpu=fields.cpu,
        memory=fields.memory,
        ended_at=_read(fields.ended_at),
    )


def _encode_closed(closed: Closed) -> dict[str, object]:
    return without_none(
        {
            "action": closed.action.value,
            "attempt": closed.attempt,
            "outcome": closed.outcome.value,
            "at": write_time(closed.at),
            "generation": closed.generation,
            "code": closed.code,
            "message": clean(closed.message, names.MESSAGE_LIMIT) or None,
            "failures": closed.failures or None,
            "reconcileAt": closed.reconcile_at,
        }
    )


def _closed(fields: shape.ClosedFields) -> Closed:
    return Closed(
        action=OperationAction(fields.action),
        attempt=fields.attempt,
        outcome=Outcome(fields.outcome),
        at=read_time(fields.at),
        generation=fields.generation,
        code=fields.code,
        message=fields.message,
        failures=fields.failures,
        reconcile_at=fields.reconcile_at,
    )


def _encode_refused(refused: RefusedWish) -> dict[str, object]:
    return without_none(
        {
            "field": clean(refused.field, names.TEXT_LIMIT),
            "wish": _verbatim(refused.wish),
            "at": write_time(refused.at),
            "generation": refused.generation,
            "code": refused.code,
            "message": clean(refused.message, names.MESSAGE_LIMIT) or None,
            "failures": refused.failures if refused.failures > 1 else None,
            "reconcileAt": refused.reconcile_at,
        }
    )


def _refused(fields: shape.RefusedFields) -> RefusedWish:
    return RefusedWish(
        field=fields.field,
        wish=fields.wish,
        at=read_time(fields.at),
        generation=fields.generation,
        code=fields.code,
        message=fields.message,
        failures=fields.failures,
        reconcile_at=fields.reconcile_at,
    )


def encode_plan(plan: Plan) -> dict[str, object]:
    """`status.plan`. It says so when nothing would be done."""
    changes = [
        {
            "field": clean(each.field, names.TEXT_LIMIT),
            "from": clean(each.was, names.WISH_LIMIT),
            "to": clean(each.wish, names.WISH_LIMIT),
            "call": clean(each.call, names.TEXT_LIMIT),
            "interrupts": each.interrupts,
        }
        for each in plan.changes[: names.LIST_LIMIT]
    ]
    unknown = [clean(each, names.TEXT_LIMIT) for each in plan.unknown[: names.LIST_LIMIT]]
    return {"changes": changes, **({"unknown": unknown} if unknown else {})}


def _verbatim(text: str) -> str:
    """A wish as it will be compared with: nothing but what cannot be encoded is replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")[: names.WISH_LIMIT]


def _encode_nodes(n: NodeCount) -> dict[str, object]:
    return without_none(
        {"desired": n.desired, "active": n.active, "present": n.present, "cpu": n.cpu, "memory": n.memory}
    )


def _known(nodes: tuple[NodeCount, ...]) -> list[NodeCount]:
    return [n for role in ROLES for n in nodes if n.role == role]


def _summary(nodes: tuple[NodeCount, ...]) -> str | None:
    known = _known(nodes)
    return f"{sum(n.active for n in known)}/{sum(n.desired for n in known)}" if known else None


def _nodes(fields: shape.NodesFields | None) -> tuple[NodeCount, ...]:
    by_role = [(role, getattr(fields, role, None)) for role in ROLES]
    return one(
        tuple(NodeCount(role, n.desired, n.active, n.present, n.cpu, n.memory) for role, n in by_role if n is not None)
    )


def _write(instant: Instant | None) -> str | None:
    return None if instant is None else write_time(instant)


def _read(text: str | None) -> Instant | None:
    return None if text is None else read_time(text)
