"""An open change: has it ended, what came of it, and when may the next one begin? Pure.

Imported by `living`. The wish is a target, so doubt needs no identity: wait until nothing can still take effect, then
count again. A change of nodes is never closed early because new nodes appeared (they may be another's).
"""

from hpc_operator.decide import counting, guards
from hpc_operator.decide.decision import Act, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.wishes import TRIES
from hpc_operator.domain.actions import Close, CountNodes, Ended
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import Cluster, Entry, JobStatus, LogLook, NodesLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Closed, Intent, OperationAction, Outcome

_NODES = (OperationAction.ADD_NODES, OperationAction.DELETE_NODES)
_DEAR = (OperationAction.ADD_NODES, OperationAction.RESIZE)
"""Not repeated by itself when it succeeds without an effect: what was added may be hidden, a resize interrupts."""
_PARTS = 8
"""Of the time that an operation runs already: after one of them its nodes are counted again."""
_VERB = {
    OperationAction.ADD_NODES: "Nodes are being added",
    OperationAction.DELETE_NODES: "Nodes are being deleted",
    OperationAction.RESIZE: "Nodes are being resized",
    OperationAction.START: "The cluster is being started",
    OperationAction.STOP: "The cluster is being stopped",
}


def follow(scene: Scene, intent: Intent, line: Cluster) -> Decision:
    """What to do about the open change."""
    if intent.ended_at is not None:
        return _over(scene, intent, line, intent.ended_at)
    job = _job(scene, intent)
    if intent.job_id is None or (job is None and guards.conclusive(scene.log, guards.due(intent, scene.policy))):
        return _unanswered(scene, intent, line)
    if job is None or job.pending:
        return _progress(scene, intent, line) or Wait(Reason.CHANGING, scene.policy.poll, _under_way(intent))
    return _job_ended(scene, intent, line, job)


def _under_way(intent: Intent) -> str:
    return f"{_VERB[intent.action]} ({intent.field}: {intent.wish}; job {intent.job_id})."


def _progress(scene: Scene, intent: Intent, line: Cluster) -> Decision | None:
    """What is up already is counted now and then: an autoscaler goes by it. The longer it takes, the less often."""
    seen = scene.facts.nodes[0].begun if scene.facts.nodes else 0.0
    pause = max(scene.policy.staleness, (scene.now - intent.started_at) / _PARTS)
    due = seen < scene.now - pause and "CountNodes" not in scene.facts.postponed
    return Act(CountNodes(line.id)) if due else None


def _job(scene: Scene, intent: Intent) -> Entry | None:
    entries = scene.log.entries if scene.log else ()
    return next((entry for entry in entries if intent.job_id is not None and entry.job_id == intent.job_id), None)


def _unanswered(scene: Scene, intent: Intent, line: Cluster) -> Decision:
    """Nobody knows whether it took effect: wait until it no longer can, and until nothing runs on the cluster."""
    limit, log = guards.due(intent, scene.policy), scene.log
    if log is None or not guards.settled_log(log, intent, scene.policy):
        text = f"{intent.field}: {intent.wish}: the call had no answer; what came of it shows by itself."
        return Wait(Reason.CHANGE_UNANSWERED, _until(scene, limit), text)
    if any(_may_be_ours(scene, entry, line.id) for entry in log.entries if entry.pending):
        text = f"{intent.field}: {intent.wish}: the call had no answer, and an operation on {line.id} still runs."
        return Wait(Reason.CHANGE_UNANSWERED, scene.policy.poll, text)
    return Act(Ended(intent, log.begun))


def _may_be_ours(scene: Scene, entry: Entry, cluster_id: str) -> bool:
    """A pending entry that names the cluster, or none at all and is nobody else's."""
    return cluster_id in entry.cluster_ids or (not entry.cluster_ids and entry.job_id not in scene.facts.jobs)


def _job_ended(scene: Scene, intent: Intent, line: Cluster, job: Entry) -> Decision:
    log = scene.log
    if intent.action in _NODES or log is None:
        return Act(Ended(intent, log.begun if log else scene.now))
    if job.status is JobStatus.FAILED:
        return _close(scene, intent, Outcome.FAILED, _failed(job))
    if _counted_early(scene, intent, log):  # what was up while it ran would stay in status
        return Act(Ended(intent, log.begun))
    return _shown(scene, intent, line, log) or Act(Ended(intent, log.begun))


def _counted_early(scene: Scene, intent: Intent, log: LogLook) -> bool:
    """Its nodes were counted since it began, but not since its end is known."""
    looks = [look for look in scene.facts.nodes if guards.nodes_speak(look, intent.started_at)]
    return bool(looks) and not any(guards.nodes_speak(look, log.begun) for look in looks)


def _failed(job: Entry) -> str:
    return f"The job {job.job_id} failed ({job.error_codes or 'no error code'})."


def _shown(scene: Scene, intent: Intent, line: Cluster, log: LogLook) -> Decision | None:
    """An end state that is shown needs no lag: nothing is counted from it."""
    nodes = next((look for look in scene.facts.nodes if guards.nodes_speak(look, intent.started_at)), None)
    old = nodes is None or (intent.ended_at is not None and nodes.begun <= intent.ended_at)
    if old and "CountNodes" not in scene.facts.postponed:
        return Act(CountNodes(line.id))
    return _close(scene, intent, Outcome.ACCEPTED, "") if _as_wished(intent, line, nodes) else None


def _as_wished(intent: Intent, line: Cluster, nodes: NodesLook | None) -> bool:
    match intent.action:
        case OperationAction.START:
            return line.status == "active"
        case OperationAction.STOP:
            return line.status == "stopped"
        case _:
            mine = nodes.of(intent.role or "") if nodes is not None else ()
            return bool(mine) and all((node.cpu, node.memory) == (intent.cpu, intent.memory) for node in mine)


def _over(scene: Scene, intent: Intent, line: Cluster, ended: float) -> Decision:
    """Its job is over, or it never had one: once that can be seen, it is closed with what came of it."""
    shows = ended + scene.policy.visibility_lag
    job = _job(scene, intent)
    if intent.action in _NODES:
        return _recount(scene, intent, line, shows, job)
    log = scene.log
    if log is not None and (shown := _shown(scene, intent, line, log)) is not None:
        return shown
    if not guards.conclusive(scene.newest, shows):
        return _wait_until(scene, intent, shows)
    return _without_effect(scene, intent, job)


def _wait_until(scene: Scene, intent: Intent, shows: Instant) -> Wait:
    text = f"{intent.field}: {intent.wish}: the operation ended; it is looked at again when that shows for certain."
    return Wait(Reason.CHANGING, _until(scene, shows), text)


def _until(scene: Scene, instant: Instant) -> float:
    """Seconds until then; before it nothing is looked at that would change the decision."""
    left = instant - scene.now
    return min(scene.policy.staleness, left + 0.1) if left > 0 else scene.policy.poll


def _recount(scene: Scene, intent: Intent, line: Cluster, shows: float, job: Entry | None) -> Decision:
    if scene.now <= shows:
        return _progress(scene, intent, line) or _wait_until(scene, intent, shows)
    look = counting.certain(scene, line.id, shows)
    if not isinstance(look, NodesLook):
        return look
    failed = job is not None and job.status is JobStatus.FAILED
    if counting.took_effect(intent, look) and not failed:
        return _close(scene, intent, Outcome.ACCEPTED, "")
    return _without_effect(scene, intent, job)


def _without_effect(scene: Scene, intent: Intent, job: Entry | None) -> Act:
    """Not as it asked for, although that would show. Started, and stopped by somebody since: the start was done."""
    if job is not None and job.status is JobStatus.FAILED:
        return _close(scene, intent, Outcome.FAILED, _failed(job))
    if intent.job_id is None:
        return _close(scene, intent, Outcome.VOID, "It had no answer and took no effect.")
    if intent.action is OperationAction.START:
        return _close(scene, intent, Outcome.ACCEPTED, "")
    text = f"The job {intent.job_id} ended, and nothing is as it asked for."
    return _close(scene, intent, Outcome.FAILED, text, TRIES if intent.action in _DEAR else 0)


def _close(scene: Scene, intent: Intent, outcome: Outcome, message: str, failures: int = 0) -> Act:
    closed = Closed(
        intent.action,
        intent.attempt,
        outcome,
        scene.now,
        intent.generation,
        message=message,
        failures=failures,
        reconcile_at=intent.reconcile_at,
    )
    return Act(Close(intent, closed))
