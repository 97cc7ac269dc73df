"""How the memory changes when something was done: pure functions from a memory and an outcome to the next memory.

`reconcile` writes what these return; nothing else ever changes a memory.
"""

from dataclasses import replace

from hpc_operator.domain.actions import Take
from hpc_operator.domain.answers import Accepted, NotSent, Refused
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import NodesLook
from hpc_operator.domain.record import (
    Closed,
    Intent,
    Memory,
    NodeCount,
    OperationAction,
    Origin,
    Outcome,
    Resource,
)


def created(memory: Memory, intent: Intent, answer: Accepted, now: Instant) -> Memory | None:
    """A createCluster was accepted. None: it is written already. Over another id, or after a close, it is a stray."""
    new = answer.cluster_id
    if new is None or new == memory.hpc_cluster_id or new in memory.strays:
        return None
    operation = memory.operation
    same = operation is not None and (operation.mark, operation.attempt) == (intent.mark, intent.attempt)
    if memory.hpc_cluster_id is not None or not same:
        return replace(memory, strays=(*memory.strays, new), recorded_at=now)
    return replace(
        memory,
        mark=intent.mark,
        account=intent.account,
        origin=Origin.CREATED,
        hpc_cluster_id=new,
        job_id=answer.job_id,
        recorded_at=intent.started_at,
        operation=None,
        last_operation=Closed(intent.action, intent.attempt, Outcome.ACCEPTED, now, intent.generation),
    )


def deleted(memory: Memory, intent: Intent, answer: Accepted | Refused) -> Memory | None:
    """A deleteCluster was answered: its job, or 2100, goes into the same intent."""
    if memory.operation is None or memory.operation.nonce != intent.nonce:
        return None
    if isinstance(answer, Refused):
        return replace(memory, operation=replace(memory.operation, gone=True))
    return replace(memory, job_id=answer.job_id, operation=replace(memory.operation, job_id=answer.job_id))


def closed(memory: Memory, closing: Closed) -> Memory:
    """The operation ended without an effect that lasts."""
    return replace(memory, operation=None, last_operation=closing)


def closing(memory: Memory, intent: Intent, answer: Refused | NotSent, now: Instant) -> Closed:
    """How a definite *no* closes an operation; repeated failures of the same wish are counted for the pace."""
    last = memory.last_operation
    again = last is not None and last.action is intent.action and last.generation == intent.generation
    failures = (last.failures if last is not None and again else 0) + 1
    if isinstance(answer, NotSent):
        return Closed(
            intent.action,
            intent.attempt,
            Outcome.NOT_SENT,
            now,
            intent.generation,
            message=answer.cause,
            failures=failures,
            reconcile_at=intent.reconcile_at,
        )
    return Closed(
        intent.action,
        intent.attempt,
        Outcome.REFUSED,
        now,
        intent.generation,
        code=answer.code,
        message=answer.message,
        failures=failures,
        reconcile_at=intent.reconcile_at,
    )


def taken(resource: Resource, take: Take, now: Instant) -> Memory:
    """A cluster was found by mark, ordered by a person, or read from the annotation."""
    memory, operation = resource.memory, resource.memory.operation
    attempt = operation.attempt if operation else (memory.last_operation.attempt if memory.last_operation else 1)
    chosen = resource.orders.adopt == take.id
    known = memory.hpc_cluster_id == take.id
    return replace(
        memory if known else replace(memory, job_id=None, first_active_at=None, nodes=(), endpoints=()),
        mark=take.record.mark,
        account=take.record.account,
        origin=take.record.origin,
        hpc_cluster_id=take.id,
        strays=() if chosen else tuple(s for s in memory.strays if s != take.id),
        recorded_at=take.recorded_at,
        described=None,
        operation=None,
        last_operation=Closed(OperationAction.CREATE, attempt, Outcome.ACCEPTED, now, resource.generation),
    )


def counted(resource: Resource, look: NodesLook) -> Memory:
    """The node list was read: desired and active by role."""
    roles = resource.desired.conf.roles if resource.desired.conf else {}
    active = {node.role: look.active(node.role) for node in look.nodes}
    names = [*roles, *(name for name in active if name not in roles)]
    counts = tuple(
        NodeCount(name, (roles[name].count or 1) if name in roles else active.get(name, 0), active.get(name, 0))
        for name in names
    )
    return replace(resource.memory, nodes=counts, endpoints=look.endpoints)
