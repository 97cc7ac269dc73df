"""Both memories as they are stored: `.status` and the annotation `hpc.qingcloud.com/record`, written from the domain.

`kube.codec` and `kube.resources` import it. What is None, False or empty is left out. Pure; nothing is decided here.
"""

import json
from collections.abc import Mapping

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.record import (
    Account,
    Closed,
    Intent,
    Memory,
    NodeCount,
    OperationAction,
    Plan,
    Record,
    RefusedWish,
)
from hpc_operator.kube import memory_schema as shape
from hpc_operator.kube import names
from hpc_operator.kube.instants import clean, write_time

_FIRST_ACTIONS = frozenset({OperationAction.CREATE, OperationAction.DELETE})
"""What version 1 of an operation knew."""


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
    return [n for role in shape.ROLES for n in nodes if n.role == role]


def _summary(nodes: tuple[NodeCount, ...]) -> str | None:
    known = _known(nodes)
    return f"{sum(n.active for n in known)}/{sum(n.desired for n in known)}" if known else None


def _write(instant: Instant | None) -> str | None:
    return None if instant is None else write_time(instant)
