"""The decision: (resource, facts, policy) → one of Settled, Act, Wait, Blocked. Pure, total, one page.

What must never come in: I/O, clocks, chance. The rooms behind it: `creating`, `doubt`, `living`, `leaving`; the
claims they rest on: `guards`.
"""

from dataclasses import replace
from typing import TypeGuard

from hpc_operator.decide import creating, doubt, guards, leaving, recreating
from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.taking import record_for, take, take_ordered
from hpc_operator.domain.actions import (
    Change,
    Close,
    Create,
    Delete,
    Describe,
    Doubt,
    Ended,
    LookById,
    Release,
    Remember,
    Take,
)
from hpc_operator.domain.desired import DeletionPolicy
from hpc_operator.domain.mark import fleet_of, marks_in, stem
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Intent, OperationAction, Origin


def decide(scene: Scene) -> Decision:
    """What this pass should do. Held back where the clock, a pause or Observe forbids it."""
    return _held(scene, _plan(scene))


def _plan(scene: Scene) -> Decision:
    resource = scene.resource
    if resource.deleting and (answer := leaving.nothing_of_ours(scene)):
        return answer
    for question in (_readable, _protected, _fleet, _credentials, _account, _memories):
        if (answer := question(scene)) is not None:
            return answer
    operation = resource.memory.operation
    if operation is not None and guards.doubt_first(resource):
        return doubt.resolve(scene, operation)
    if resource.deleting:
        return leaving.leave(scene)
    if resource.memory.hpc_cluster_id is not None:
        return recreating.follow(scene, resource.memory.hpc_cluster_id)
    return creating.create(scene)


def _readable(scene: Scene) -> Decision | None:
    if scene.resource.memory.newer:
        text = "A newer version of this operator wrote the record; this version leaves the resource alone. Upgrade it."
        return Blocked(Reason.RECORD_NEWER, text, scene.policy.retry_cap)
    if scene.resource.problem is not None:
        reason = Reason.SPEC_NEWER if scene.resource.spec_newer else Reason.INVALID_SPEC
        return Blocked(reason, scene.resource.problem, scene.policy.retry_cap)
    return None


def _fleet(scene: Scene) -> Decision | None:
    """The recorded marks must be ours: of this fleet, and of this object and uid."""
    if any(not mark.startswith(fleet_of(scene.facts.fleet)) for mark in guards.recorded_marks(scene.resource)):
        text = "The record carries the mark of another fleet: the operator's fleet setting was changed. Change it back."
        return Blocked(Reason.FLEET_CHANGED, text, scene.policy.retry_cap)
    if guards.own_mark(scene) or scene.resource.deleting:
        return None
    return _foreign(scene) if scene.resource.orders.take_over is None else take_ordered(scene)


def _foreign(scene: Scene) -> Decision | None:
    """A record copied or restored from another life: memory, never an order."""
    resource = scene.resource
    foreign = [mark for mark in guards.recorded_marks(resource) if mark != stem(scene.facts.fleet, resource.ref)]
    beside = set(resource.orders.create_beside)
    if resource.memory.hpc_cluster_id is None and beside & {resource.id, *foreign}:
        return None
    named = resource.id or f"a cluster marked {foreign[0]}"
    text = (
        f"The record of this resource was copied from another life that owns {named}. Annotate "
        f"hpc.qingcloud.com/take-over=<id> to go on with it, or "
        f"hpc.qingcloud.com/create-beside={resource.id or foreign[0]} to create another."
    )
    return Blocked(Reason.OWNED_ELSEWHERE, text, scene.policy.staleness)


def _protected(scene: Scene) -> Decision | None:
    return leaving.protected(scene) if scene.resource.deleting else None


def _credentials(scene: Scene) -> Decision | None:
    if scene.facts.key_problem is None or _lets_go_unseen(scene):
        return None
    reason, message = scene.facts.key_problem
    return Wait(reason, scene.policy.retry_base, message)


def _account(scene: Scene) -> Decision | None:
    if guards.same_account(scene) or _lets_go_unseen(scene):
        return None
    return Blocked(Reason.ACCOUNT_CHANGED, _moved_to(scene), scene.policy.staleness)


def _moved_to(scene: Scene) -> str:
    recorded, wished = guards.resource_account(scene), scene.facts.wished
    differing = [
        f"{name} is now {getattr(wished, name)} and was {getattr(recorded, name)}"
        for name in ("endpoint", "zone", "owner")
        if getattr(wished, name) != getattr(recorded, name)
    ]
    where = "the operator's settings" if scene.facts.own_key else "the Secret that spec.credentialsSecretRef names"
    return (
        f"The key now leads to another account than the one that the cluster was created in: {'; '.join(differing)}. "
        f"Nothing is called. Put it back in {where}."
    )


def _lets_go_unseen(scene: Scene) -> bool:
    """A deletion that leaves nothing behind, or Retain of a cluster once seen, needs neither key nor account."""
    resource = scene.resource
    if not resource.deleting or guards.doubt_first(resource) or resource.memory.empty:
        return False
    keeps = leaving.policy_of(scene) is DeletionPolicy.RETAIN and resource.memory.first_active_at is not None
    return resource.id is None or keeps


def _memories(scene: Scene) -> Decision | None:
    """Each memory is rebuilt from the other; where both are silent under a finalizer, that is doubt."""
    resource = scene.resource
    record, memory = resource.record, resource.memory
    if memory.empty:
        if record is not None and record.id is not None and record.mark == stem(scene.facts.fleet, resource.ref):
            return Act(take(scene, record.id, record.origin))
        if guards.explains_nothing(resource, unsent=scene.facts.unsent):
            return Act(Doubt(_unexplained(scene)))
        return None
    return None if resource.deleting else _record_current(scene)


def _record_current(scene: Scene) -> Decision | None:
    """The annotation is written anew where `replace` stripped it, and gets the id once there is one."""
    resource, memory = scene.resource, scene.resource.memory
    account = guards.resource_account(scene)
    if account is None:
        return None
    wanted = record_for(scene, account, memory.origin or Origin.CREATED, memory.hpc_cluster_id)
    if resource.record is not None:
        wanted = replace(wanted, nonce=resource.record.nonce, key=resource.record.key)
    elif memory.operation is not None:
        wanted = replace(wanted, key=memory.operation.key)
    return None if resource.finalizer and resource.record == wanted else Act(Remember(wanted))


def _unexplained(scene: Scene) -> Intent:
    """The intent that may have stood there, judged by the key that the record was written under.

    Its attempt is none that a person has answered already: an old `recreate` says nothing about this doubt.
    """
    record = scene.resource.record
    answered = [mark.attempt for mark in marks_in(scene.resource.orders.recreate or "") if mark.stem == scene.stem]
    return Intent(
        OperationAction.CREATE,
        scene.stem,
        1 + max(answered, default=0),
        scene.now + 2 * scene.policy.clock_skew,
        "",
        scene.account,
        (record.key if record is not None else "") or scene.facts.key or "",
        scene.resource.generation,
        log_from=scene.resource.created_at,
    )


def _held(scene: Scene, decision: Decision) -> Decision:
    """Guards over every decision: an untrusted clock, a refused key, and a pause."""
    changing = isinstance(decision, Act) and isinstance(decision.action, Create | Delete | Describe | Change)
    if not guards.clock_trusted(scene) and (_needs_clock(scene, decision) or changing):
        text = "The operator's clock and the service's differ by more than the allowance; set the clock right."
        return Wait(Reason.CLOCK_SKEWED, scene.policy.staleness, text)
    if scene.facts.refused_key is not None and _unread(decision):
        return _refused(scene.facts.refused_key, decision)
    if scene.resource.orders.paused and changing and not scene.resource.deleting:
        return Wait(Reason.PAUSED, scene.policy.retry_cap, "Paused by annotation; nothing is changed.", quiet=True)
    return decision


def _unread(decision: Decision) -> TypeGuard[Wait]:
    """Whether it waits for the account to be read."""
    return isinstance(decision, Wait) and decision.reason in (Reason.LOOKING_FIRST, Reason.CLOUD_UNREACHABLE)


def _refused(where: str, decision: Wait) -> Wait:
    """The same wait: not the service must come back, but a person must mend the key, and is told where."""
    text = (
        f"1200: the key of {where} is refused; put access_key_id and secret_access_key of one enabled key of this "
        "account there (hpc-operator doctor tells a wrong key from a wrong signature encoding). "
    )
    return replace(decision, reason=Reason.CREDENTIALS_REFUSED, message=text + decision.message)


def _needs_clock(scene: Scene, decision: Decision) -> bool:
    match decision:
        case Act(action=Close() | Ended() | Doubt()):
            return True  # they write down our time, and what it says would be waited for
        case Act(action=Take()):
            return not (scene.resource.deleting and leaving.policy_of(scene) is DeletionPolicy.RETAIN)
        case Act(action=Release(left=left)):
            return left is None or leaving.policy_of(scene) is not DeletionPolicy.RETAIN
        case Act(action=LookById()):
            return scene.resource.deleting
        case Blocked(reason=Reason.CLUSTER_VANISHED) | Wait(reason=Reason.LOOKING_FIRST | Reason.CLOUD_UNREACHABLE):
            return True
        case Act() | Wait() | Settled() | Blocked():
            return False
