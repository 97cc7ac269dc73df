"""What a person's orders make of a cluster that is recorded: `recreate`, and `take-over` of what is ours already. Pure.

Imported by `planner` only. Between the order and `Forget` lies the same way as between a deletion and its release:
a cluster is given up only when it is absent by the law's definition. A failed create is deleted first, and only while
a read directly before the call still shows the failure.

What could go wrong without care: an order that still stands long after it was carried out. It names an id, and an id
is never used twice; a cluster that was ever seen ready is never deleted by it; and where the memory was rebuilt after
a loss, so that nobody knows whether it ever was ready, nothing is deleted either.
"""

from dataclasses import replace

from hpc_operator.decide import deleting, guards, pace
from hpc_operator.decide.connecting import connect
from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.living import live
from hpc_operator.decide.taking import take
from hpc_operator.domain.actions import Close, Delete, Forget, Release
from hpc_operator.domain.desired import Instant, ManagementPolicy
from hpc_operator.domain.observed import Entry, JobStatus
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Closed, Intent, OperationAction, Origin, Outcome


def follow(scene: Scene, cluster_id: str) -> Decision:
    """What to do about a recorded cluster whose resource is not being deleted, orders heard."""
    intent = scene.resource.memory.operation
    if intent is not None and intent.action is OperationAction.DELETE:
        return _deleting(scene, cluster_id, intent)
    verdict = live(scene, cluster_id)
    if _taken_over_anew(scene, cluster_id, verdict):
        return Act(take(scene, cluster_id, Origin.CREATED, recorded_at=scene.resource.memory.recorded_at))
    return _heard(scene, cluster_id, verdict)


def _heard(scene: Scene, cluster_id: str, verdict: Decision) -> Decision:
    match verdict:
        case Settled():
            secret = connect(scene)
            return Act(secret) if secret is not None else _unheard(scene, cluster_id, verdict)
        case _ if not _recreate(scene, cluster_id):
            return verdict
        case Blocked(reason=Reason.CLUSTER_VANISHED) if guards.clock_trusted(scene):
            return Act(Forget(cluster_id))
        case Blocked(reason=Reason.CREATE_FAILED):
            return _delete_failed(scene, cluster_id, None)
        case _:
            return verdict


def _recreate(scene: Scene, cluster_id: str) -> bool:
    """Whether a person gives up just this cluster, and the operator may act on it."""
    resource = scene.resource
    full = resource.desired.management_policy is ManagementPolicy.FULL
    return resource.orders.recreate == cluster_id and full and not resource.orders.paused


def _taken_over_anew(scene: Scene, cluster_id: str, verdict: Decision) -> bool:
    """`take-over` of the recorded cluster: it is marked as ours anew, once for each order, whatever it bears now."""
    claimed = isinstance(verdict, Blocked) and verdict.reason in (Reason.ALREADY_CLAIMED, Reason.DUPLICATE_CLUSTERS)
    idle = scene.resource.memory.operation is None and scene.shown(cluster_id) is not None
    return idle and not claimed and guards.take_over_asked(scene.resource, cluster_id)


def _unheard(scene: Scene, cluster_id: str, verdict: Settled) -> Settled:
    """An order that names another cluster is not carried out while this one is recorded: that is told, no more."""
    orders = scene.resource.orders
    given = {"adopt": orders.adopt, "take-over": orders.take_over, "recreate": orders.recreate}
    unheard = [f"{order}={named}" for order, named in given.items() if _names_a_cluster(named) and named != cluster_id]
    if not unheard:
        return verdict
    text = f" Not followed, for this resource has {cluster_id}: {', '.join(unheard)}."
    return replace(verdict, message=verdict.message + text)


def _names_a_cluster(text: str | None) -> bool:
    return text is not None and text.startswith(("hpc-", "ehpc-"))


def _delete_failed(scene: Scene, cluster_id: str, intent: Intent | None) -> Decision:
    """The failed create is deleted: asked for by id directly before, and only if its beginning is known."""
    step = deleting.before_answer(scene, cluster_id, intent)
    if not isinstance(step, Act) or not isinstance(step.action, Delete) or _whole_life_known(scene, cluster_id):
        return step
    text = (
        f"recreate: whether {cluster_id} was ever ready is not known any more, so it is not deleted by this order. "
        "Delete it in the console, then it counts as vanished and is created anew; or delete the resource."
    )
    return Blocked(Reason.CREATE_FAILED, text, scene.policy.staleness)


def _whole_life_known(scene: Scene, cluster_id: str) -> bool:
    """Whether this memory reaches back to the cluster's create, so that it would know if it had ever been ready.

    A memory that was lost and rebuilt from the record begins later than the cluster.
    """
    memory, look = scene.resource.memory, scene.facts.ids.get(cluster_id)
    if memory.recorded_at is None or memory.origin is not Origin.CREATED or memory.first_active_at is not None:
        return False
    line = scene.shown(cluster_id)
    entries = (*(scene.log.by_cluster.get(cluster_id, ()) if scene.log else ()), *(look.entries if look else ()))
    begins = [line.created_at if line else None, *(entry.created_at for entry in entries)]
    known = [begin for begin in begins if begin is not None]
    if known:
        return min(known) >= memory.recorded_at - scene.policy.clock_skew
    return any(entry.status is JobStatus.FAILED for entry in _own_job(scene))  # only the answer told of this job


def _own_job(scene: Scene) -> list[Entry]:
    return [entry for log in scene.facts.logs for entry in log.entries if entry.job_id == scene.resource.memory.job_id]


def _deleting(scene: Scene, cluster_id: str, intent: Intent) -> Decision:
    """Its deleteCluster is open. Answered, it is followed to the end, whatever became of the order."""
    if guards.delete_answered(intent):
        step = deleting.delete(scene, cluster_id)
        return _given_up(scene, cluster_id) if isinstance(step, Act) and isinstance(step.action, Release) else step
    if _recreate(scene, cluster_id) and _still_failed(scene, cluster_id):
        return _delete_failed(scene, cluster_id, intent)
    return _withdrawn(scene, cluster_id, intent)


def _given_up(scene: Scene, cluster_id: str) -> Decision:
    if guards.clock_trusted(scene):
        return Act(Forget(cluster_id))
    text = "The operator's clock and the service's differ by more than the allowance; set the clock right."
    return Wait(Reason.CLOCK_SKEWED, scene.policy.staleness, text)


def _still_failed(scene: Scene, cluster_id: str) -> bool:
    """Whether nothing speaks against the failure: a cluster that is not shown may be deleted already, or hide."""
    if scene.shown(cluster_id) is None:
        return True
    memory = replace(scene.resource.memory, operation=None)
    verdict = live(replace(scene, resource=replace(scene.resource, memory=memory)), cluster_id)
    return isinstance(verdict, Blocked) and verdict.reason is Reason.CREATE_FAILED


def _withdrawn(scene: Scene, cluster_id: str, intent: Intent) -> Decision:
    """It healed, or the order is gone, and a deleteCluster may be on its way: looks tell when it cannot be any more."""
    due: Instant = guards.due(intent, scene.policy)
    if guards.conclusive(scene.newest, due):
        closed = Closed(
            intent.action,
            intent.attempt,
            Outcome.VOID,
            scene.now,
            intent.generation,
            message="Not sent again, for the cluster is no longer failed, or recreate no longer names it.",
        )
        return Act(Close(intent, closed))
    text = (
        f"A deleteCluster for {cluster_id} was sent and not answered. It is not sent again, for the cluster is no "
        "longer failed, or recreate no longer names it; whether it took effect shows when nothing can still appear."
    )
    return Wait(Reason.DELETE_UNANSWERED, pace.until(due, scene.now, scene.policy), text)
