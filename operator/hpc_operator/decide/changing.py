"""Beginning a change: which difference is put right now, and what must be known directly before the call. Pure.

Imported by `living`; what is open already is followed in `following`. What goes wrong without: a count taken from an
old look buys nodes, a stop kills jobs, two operations run on one cluster.
"""

from collections.abc import Iterable
from dataclasses import replace

from hpc_operator.decide import ceilings, counting, guards, wishes
from hpc_operator.decide.decision import Act, Blocked, Decision, Wait
from hpc_operator.decide.differences import Difference
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.idling import jobs_run
from hpc_operator.domain.actions import Change, LookById
from hpc_operator.domain.observed import Cluster, IdLook, NodesLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import OperationAction

_SELDOM = 5  # stalenesses between looks at a cluster on which somebody else's operation runs: its end wakes us


def change(scene: Scene, line: Cluster, found: Iterable[Difference]) -> Decision | None:
    """The first difference that may be put right now; else why none is. None: there is none.

    What waits by itself is told before what waits for a person: the one goes on, the other stays.
    """
    waits: list[Wait | Blocked] = []
    for difference in found:
        if line.status != "active" and difference.describe is None and difference.field != "power":
            continue  # a stopped cluster gets its nodes and sizes when it runs
        answer = _one(scene, line, difference)
        if isinstance(answer, Act):
            return answer
        if isinstance(answer, Wait | Blocked):
            waits.append(answer)
        if difference.action is OperationAction.STOP and isinstance(answer, Wait):
            break  # what would be changed is about to stop
    return _first(waits)


def _first(waits: list[Wait | Blocked]) -> Wait | Blocked | None:
    """What is told, and when to look again: no later than any of them asks, or one wish would hold up the others."""
    told = next((each for each in waits if isinstance(each, Wait)), next(iter(waits), None))
    return replace(told, after=min(each.after for each in waits)) if told is not None else None


def _one(scene: Scene, line: Cluster, difference: Difference) -> Decision | None:
    if (said := wishes.standing(scene, difference)) is not None:
        return said
    match difference.action:
        case None:
            chore = "Describe" in scene.facts.postponed
            return None if chore or difference.describe is None else Act(difference.describe)
        case OperationAction.START if guards.started_before(scene.resource):
            text = (
                "The cluster was started once and is stopped again. It is left so until the spec changes or "
                "hpc.qingcloud.com/reconcile-at asks again; power: Stopped agrees with it."
            )
            return Blocked(Reason.STOPPED_OUTSIDE, text, scene.policy.staleness)
        case OperationAction.START | OperationAction.STOP:
            return _gate(scene, line, difference) or Act(Change(difference.action, line.id))
        case OperationAction.RESIZE:
            return _resize(scene, line, difference)
        case _:
            return _count(scene, line, difference)


def _resize(scene: Scene, line: Cluster, difference: Difference) -> Decision | None:
    conf, role = scene.resource.desired.conf, difference.role
    wish = conf.roles.get(role) if conf is not None and role is not None else None
    if wish is None:
        return None
    since = guards.countable_from(scene.resource, scene.policy)
    if (held := _before_counting(scene, line, difference, since)) is not None:
        return held
    newest = next((look for look in scene.facts.nodes if guards.nodes_speak(look, since)), None)
    if newest is None or newest.begun < scene.now - scene.policy.staleness:
        return counting.count(scene, line.id)
    return Act(Change(OperationAction.RESIZE, line.id, role, cpu=wish.cpu, memory=wish.memory))


def _before_counting(scene: Scene, line: Cluster, difference: Difference, since: float) -> Decision | None:
    """What holds the change whatever the nodes are: they are not read again and again for hours meanwhile."""
    if (early := _not_yet(scene, since)) is not None:
        return early
    if (unread := counting.unread(scene, line.id)) is not None:
        return unread
    return _gate(scene, line, difference)


def _count(scene: Scene, line: Cluster, difference: Difference) -> Decision | None:
    since, wished = guards.countable_from(scene.resource, scene.policy), int(difference.wish)
    if difference.action is OperationAction.ADD_NODES and (problem := _over(scene, difference, wished)):
        return Blocked(Reason.CEILING_REACHED, problem, scene.policy.staleness)
    if (held := _before_counting(scene, line, difference, since)) is not None:
        return held
    since = max(since, guards.shown_from(scene, scene.facts.ids[line.id]), scene.facts.shows_from or 0.0)
    if (early := _not_yet(scene, since)) is not None:
        return early
    look = counting.certain(scene, line.id, since)
    if not isinstance(look, NodesLook):
        return look
    made = _counted(line.id, difference.role or "", wished, look)
    return None if made is None else Act(made)


def _over(scene: Scene, difference: Difference, wished: int) -> str | None:
    others = sum(
        count.present if count.present is not None else count.active
        for count in scene.resource.memory.nodes
        if count.role != difference.role
    )
    return ceilings.nodes_problem(scene, others + wished)


def _counted(cluster_id: str, role: str, wished: int, look: NodesLook) -> Change | None:
    """From what two looks agree upon; None where that is as wished already."""
    nodes = look.of(role)
    if len(nodes) < wished:
        before = tuple(node.id for node in nodes)
        return Change(OperationAction.ADD_NODES, cluster_id, role, wished - len(nodes), before)
    chosen = counting.victims(nodes, len(nodes) - wished)
    if not chosen:
        return None
    return Change(OperationAction.DELETE_NODES, cluster_id, role, len(nodes) - len(chosen), chosen)


def _not_yet(scene: Scene, since: float) -> Wait | None:
    """Before that the cluster may not be seen whole: counting would cost calls for nothing."""
    if scene.now > since:
        return None
    text = "Its nodes are changed when what happened to the cluster before can be seen in full."
    return Wait(Reason.CHANGING, min(since - scene.now + 0.1, scene.policy.staleness), text)


def _gate(scene: Scene, line: Cluster, difference: Difference) -> Decision | None:
    """Directly before the call: what the cluster is, whether an operation runs on it, whether jobs do."""
    if difference.interrupts and (busy := jobs_run(scene, line, difference.field)) is not None:
        return busy
    look = scene.facts.ids.get(line.id)
    if look is None or look.last_asked < scene.now - scene.policy.poll:
        return Act(LookById((line.id,), "change"))
    return _held_back(scene, line, look)


def _held_back(scene: Scene, line: Cluster, look: IdLook) -> Wait | None:
    if not look.complete or look.cluster is None:
        text = f"{line.id} cannot be looked up ({look.problem or 'it is not shown'}); nothing is changed."
        return Wait(Reason.CLOUD_UNREACHABLE, scene.policy.poll, text, quiet=True)
    if any(entry.pending for entry in look.entries) or look.cluster.status != line.status:
        text = f"An operation on {line.id} must end before it is changed."
        return Wait(Reason.OPERATION_RUNNING, _SELDOM * scene.policy.staleness, text)
    return None
