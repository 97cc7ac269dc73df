"""Both memories as they are read: `.status` and the annotation `hpc.qingcloud.com/record`, into the domain.

`kube.codec` and `kube.resources` import it. What is read may have been edited or written by another version, so it is
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
    Record,
    RefusedWish,
)
from hpc_operator.kube import memory_schema as shape
from hpc_operator.kube import names
from hpc_operator.kube.alike import one
from hpc_operator.kube.instants import read_time
from hpc_operator.kube.wish import says_more


class Newer(Exception):  # noqa: N818 - an outcome, not a defect
    """This memory was written by a newer version of the operator: it is left alone."""


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


def _nodes(fields: shape.NodesFields | None) -> tuple[NodeCount, ...]:
    by_role = [(role, getattr(fields, role, None)) for role in shape.ROLES]
    return one(
        tuple(NodeCount(role, n.desired, n.active, n.present, n.cpu, n.memory) for role, n in by_role if n is not None)
    )


def _read(text: str | None) -> Instant | None:
    return None if text is None else read_time(text)
