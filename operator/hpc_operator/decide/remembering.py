"""How the memory changes when something was done: pure functions from a memory and an outcome to the next memory.

`reconcile` writes what these return; nothing else ever changes a memory.
"""

from collections.abc import Iterable
from dataclasses import replace

from hpc_operator.domain.actions import Take
from hpc_operator.domain.answers import Accepted, NotSent, Refused
from hpc_operator.domain.desired import Instant, Role, stored
from hpc_operator.domain.mark import marks_in
from hpc_operator.domain.observed import NodesLook
from hpc_operator.domain.record import (
    LIFE,
    Closed,
    Intent,
    Memory,
    NodeCount,
    OperationAction,
    Origin,
    Outcome,
    RefusedWish,
    Resource,
)

NAME = "cluster_name"
"""The field under which a refused modifyCluster is noted."""


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


def answered(memory: Memory, intent: Intent, answer: Accepted | Refused) -> Memory | None:
    """A delete or a change was answered: its job, or a delete's 2100, goes into the same intent."""
    if memory.operation is None or memory.operation.nonce != intent.nonce:
        return None
    if isinstance(answer, Refused):
        return replace(memory, operation=replace(memory.operation, gone=True))
    return replace(memory, job_id=answer.job_id, operation=replace(memory.operation, job_id=answer.job_id))


def ended(memory: Memory, intent: Intent, at: Instant) -> Memory | None:
    """The job of an open change is over since then at the latest."""
    operation = memory.operation
    if operation is None or operation.nonce != intent.nonce or operation.ended_at is not None:
        return None
    return replace(memory, operation=replace(operation, ended_at=at))


def closed(memory: Memory, intent: Intent, closing: Closed) -> Memory:
    """The operation is over; of a change, its wish is noted where it was refused or failed."""
    if intent.action in LIFE:
        return replace(memory, operation=None, last_operation=closing)
    same = next((r for r in memory.refused if (r.field, r.wish) == (intent.field, intent.wish)), None)
    failures = max(closing.failures, (same.failures if same is not None else 0) + 1)
    kept = tuple(r for r in memory.refused if r.field != intent.field)
    if closing.outcome in (Outcome.REFUSED, Outcome.NOT_SENT, Outcome.FAILED):
        kept = (*kept, _refused(intent, closing, failures))
    done = replace(
        memory,
        operation=None,
        last_operation=replace(closing, failures=failures if closing.outcome is not Outcome.ACCEPTED else 0),
        refused=kept,
        waiting_since=None,
    )
    return _started(done, intent) if intent.action is OperationAction.START else done


def _refused(intent: Intent, closing: Closed, failures: int) -> RefusedWish:
    return RefusedWish(
        intent.field,
        intent.wish,
        closing.at,
        intent.generation,
        0 if closing.outcome is Outcome.NOT_SENT else closing.code,
        closing.message,
        failures,
        intent.reconcile_at,
    )


def _started(memory: Memory, intent: Intent) -> Memory:
    """A start that was done after a stop from outside is done once for its wish."""
    last = memory.last_operation
    if last is None or last.outcome is not Outcome.ACCEPTED:
        return memory
    restarted = memory.restarted if memory.stopped else f"{intent.generation}/{intent.reconcile_at or ''}"
    return replace(memory, restarted=restarted, stopped=False)


def undescribed(resource: Resource, digest: str, answer: Refused, now: Instant) -> Memory:
    """ModifyCluster was refused: like any change, its wish is noted."""
    memory = resource.memory
    same = next((r for r in memory.refused if (r.field, r.wish) == (NAME, digest)), None)
    kept = tuple(r for r in memory.refused if r.field != NAME)
    refused = RefusedWish(
        NAME,
        digest,
        now,
        resource.generation,
        answer.code,
        answer.message,
        (same.failures if same is not None else 0) + 1,
        resource.orders.reconcile_at,
    )
    return replace(memory, refused=(*kept, refused))


def described(resource: Resource, digest: str, now: Instant) -> Memory:
    """Name and description were written."""
    kept = tuple(r for r in resource.memory.refused if r.field != NAME)
    return replace(resource.memory, described=digest, described_at=stored(now), refused=kept)


def closing(memory: Memory, intent: Intent, answer: Refused | NotSent, now: Instant) -> Closed:
    """How a definite *no* closes an operation; repeated failures of the same wish are counted for the pace."""
    last = memory.last_operation
    again = last is not None and last.action is intent.action and last.generation == intent.generation
    failures = (last.failures if last is not None and again else 0) + 1
    failures = failures if intent.action in LIFE else 0  # a change's are counted by its wish
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
        taken_over=take.id if resource.orders.take_over == take.id else memory.taken_over,
        operation=None,
        last_operation=Closed(OperationAction.CREATE, attempt, Outcome.ACCEPTED, now, resource.generation),
    )


def forgotten(resource: Resource, cluster_id: str, now: Instant) -> Memory:
    """A cluster that is no more is given up: nothing of it is left but the number that the next attempt goes on from.

    The annotation still names it. Until that is written anew the memory here rules, for it says how the last one ended.
    """
    memory, last = resource.memory, resource.memory.last_operation
    texts = (str(resource.status.get("cluster_name") or ""), resource.orders.recreate or "")
    own = [mark.attempt for mark in marks_in(*texts) if mark.stem == memory.mark]
    attempt = max(own, default=1)
    if last is not None and last.action is not OperationAction.DELETE:
        attempt = max(attempt, last.attempt)
    gone = f"{cluster_id} is no more, and recreate gave it up."
    return Memory(
        mark=memory.mark,
        account=memory.account,
        strays=tuple(stray for stray in memory.strays if stray != cluster_id),
        last_operation=Closed(
            OperationAction.CREATE, attempt, Outcome.VOID, stored(now), resource.generation, message=gone
        ),
    )


def connected(resource: Resource, digest: str) -> Memory:
    """The connection Secret says what this digest is of."""
    return replace(resource.memory, connection=digest)


def counted(resource: Resource, look: NodesLook) -> Memory:
    """The node list was read: desired and active by role."""
    roles = resource.desired.conf.roles if resource.desired.conf else {}
    names = dict.fromkeys([*roles, *(node.role for node in look.nodes)])
    return replace(
        resource.memory, nodes=tuple(_counted(name, roles.get(name), look) for name in names), endpoints=look.endpoints
    )


def _counted(name: str, wish: Role | None, look: NodesLook) -> NodeCount:
    """A count that is not wished is an autoscaler's, or as the platform made it."""
    nodes = look.of(name)
    wished = wish.count if wish is not None and wish.count is not None else len(nodes)
    return NodeCount(
        name, wished, look.active(name), len(nodes), _alike(n.cpu for n in nodes), _alike(n.memory for n in nodes)
    )


def _alike(values: Iterable[int | None]) -> int | None:
    """The one value; 0 where they differ, None where one was not answered or there is none."""
    found = set(values)
    return None if None in found or not found else found.pop() if len(found) == 1 else 0
