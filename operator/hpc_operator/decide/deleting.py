"""deleteCluster, from the look before it to the proof that nothing is left. Pure.

Imported by `leaving` (a resource that goes) and `recreating` (a failed create that a person gave up); both call
through the module. The one release rule: deleteCluster was answered, its job ended, nothing about the id is pending,
and the cluster is absent.
"""

from hpc_operator.decide import guards, pace
from hpc_operator.decide.decision import Act, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.living import absence, unreachable
from hpc_operator.domain.actions import Close, Delete, LookById, Release
from hpc_operator.domain.observed import Entry, IdLook, JobStatus
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Closed, Intent, OperationAction, Outcome

_SELDOM = 5  # stalenesses between two questions by id while it waits: an operation's end and another key wake it


def delete(scene: Scene, cluster_id: str) -> Decision:
    """The next step of deleting this cluster; Act(Release()) when nothing of it is left."""
    intent = scene.resource.memory.operation
    if intent is not None and intent.action is not OperationAction.DELETE:
        return change_first(scene, cluster_id, intent)
    if intent is None or not guards.delete_answered(intent):
        return before_answer(scene, cluster_id, intent)
    answer = after_answer(scene, cluster_id, intent)
    waits = isinstance(answer, Wait) and answer.reason in (Reason.DELETING, Reason.OPERATION_RUNNING)
    return (waits and unreachable(scene)) or answer


def change_first(scene: Scene, cluster_id: str, intent: Intent) -> Decision:
    """A change is open: what runs must end; then its intent is closed, before deleteCluster has one of its own.

    The window of an unanswered one is not waited for. The rule against a second node too many counts again when nothing
    can still take effect, and nobody counts a cluster that goes: a late effect is refused, or goes with the cluster.
    An answered one is waited for until the log shows its job, or must show it: else its end would be a guess.
    """
    look = _fresh(scene, cluster_id)
    if look is None:
        return Act(LookById((cluster_id,)))
    if (held := _held_back(scene, look)) is not None:
        return held
    shown = {entry.job_id: entry for entry in (*(scene.log.entries if scene.log else ()), *look.entries)}
    job = shown.get(intent.job_id or "")
    unseen = intent.job_id is not None and job is None
    if (job is not None and job.pending) or (
        unseen and not guards.conclusive(scene.log, guards.due(intent, scene.policy))
    ):
        text = f"An operation on {cluster_id} ({intent.action}) must end before the deletion."
        return Wait(Reason.OPERATION_RUNNING, scene.policy.poll, text)
    closed = Closed(
        intent.action,
        intent.attempt,
        Outcome.VOID,
        scene.now,
        intent.generation,
        message="Given up, for the resource is being deleted.",
    )
    return Act(Close(intent, closed))


def before_answer(scene: Scene, cluster_id: str, intent: Intent | None) -> Decision:
    """No deleteCluster was answered yet: a look by id directly before, and the call when nothing speaks against it."""
    if (paced := _paced(scene, cluster_id, intent)) is not None:
        return paced
    look = _fresh(scene, cluster_id)
    if look is None:
        return Act(LookById((cluster_id,)))
    return _held_back(scene, look) or Act(Delete(cluster_id, intent, intent.attempt + 1 if intent else 1))


def _fresh(scene: Scene, cluster_id: str) -> IdLook | None:
    """The read made directly before a call."""
    look = scene.facts.ids.get(cluster_id)
    return look if look is not None and look.last_asked >= scene.now - scene.policy.poll else None


def _paced(scene: Scene, cluster_id: str, intent: Intent | None) -> Wait | None:
    """Not at once again: after one that did not succeed, or one without an answer."""
    last = scene.resource.memory.last_operation
    if intent is None and last is not None and last.action is OperationAction.DELETE:
        wait = pace.until_retry(last, scene.now, scene.policy)
        said = f" ret_code {last.code}: {last.message}" if last.code else f" {last.message}"
        text = f"deleteCluster for {cluster_id} did not succeed and is tried again.{said}"
        return Wait(Reason.DELETE_FAILED, wait, text) if wait > 0 else None
    if intent is not None and (wait := intent.started_at + pace.backoff(intent.attempt, scene.policy) - scene.now) > 0:
        text = f"deleteCluster for {cluster_id} has no answer yet; it is sent again."
        return Wait(Reason.DELETE_UNANSWERED, wait, text)
    return None


def _held_back(scene: Scene, look: IdLook) -> Wait | None:
    """What the look made just before says against the call."""
    if not look.complete:
        text = f"{look.id} cannot be looked up ({look.problem})."
        return Wait(Reason.CLOUD_UNREACHABLE, scene.policy.poll, text)
    if look.cluster is None and not guards.account_proven(scene, look):
        text = f"{look.id} is not shown, and nothing proves that this key sees its account: nothing is called."
        return Wait(Reason.ACCOUNT_UNPROVEN, _SELDOM * scene.policy.staleness, text)
    if any(entry.pending for entry in look.entries):
        text = f"An operation on {look.id} must end before the deletion."
        return Wait(Reason.OPERATION_RUNNING, _SELDOM * scene.policy.staleness, text)
    return None


def after_answer(scene: Scene, cluster_id: str, intent: Intent) -> Decision:
    """deleteCluster was answered: its job is followed to its end, and nothing is let go before nothing is left."""
    if intent.gone:
        if scene.shown(cluster_id) is not None and _listed_since(scene, cluster_id, intent.started_at):
            return _again(scene, intent, Outcome.VOID, "The service said not found, yet the cluster is shown.")
        return _released(scene, cluster_id, intent)
    job = _job(scene, intent)
    if job is not None and job.status is JobStatus.FAILED:
        return _again(scene, intent, Outcome.FAILED, f"The delete job failed ({job.error_codes or 'no error code'}).")
    if job is not None and job.pending:
        return Wait(Reason.DELETING, scene.policy.poll, f"The platform is deleting {cluster_id}.")
    if job is None:
        return _job_unseen(scene, cluster_id, intent)
    return _released(scene, cluster_id, intent)


def _job_unseen(scene: Scene, cluster_id: str, intent: Intent) -> Decision:
    """The log does not show the job yet, or no longer: asking to delete again is harmless and gives proof."""
    if guards.conclusive(scene.log, guards.due(intent, scene.policy)):
        return _again(scene, intent, Outcome.VOID, "The operation log does not show the delete job.")
    return Wait(Reason.DELETING, scene.policy.poll, f"The platform was asked to delete {cluster_id}.")


def _job(scene: Scene, intent: Intent) -> Entry | None:
    entries = scene.log.entries if scene.log else ()
    return next((entry for entry in entries if entry.job_id == intent.job_id), None)


def _listed_since(scene: Scene, cluster_id: str, instant: float) -> bool:
    looks = [look for look in scene.facts.lists if look.begun > instant]
    asked = scene.facts.ids.get(cluster_id)
    by_id = asked is not None and asked.begun > instant and asked.cluster is not None
    return by_id or any(cluster.id == cluster_id for look in looks for cluster in look.clusters)


def _again(scene: Scene, intent: Intent, outcome: Outcome, why: str) -> Act:
    last = scene.resource.memory.last_operation
    before = last.failures if last is not None and last.action is OperationAction.DELETE else 0
    closed = Closed(
        intent.action, intent.attempt, outcome, scene.now, intent.generation, message=why, failures=before + 1
    )
    return Act(Close(intent, closed))


def _released(scene: Scene, cluster_id: str, intent: Intent) -> Decision:
    """deleteCluster was answered and its job is over: release once the cluster is absent and nothing is pending."""
    if (answer := absence(scene, cluster_id, after=intent.started_at)) is not None:
        return _still_there(scene, cluster_id, intent, answer)
    look: IdLook | None = scene.facts.ids.get(cluster_id)
    if look is None or any(entry.pending for entry in look.entries):
        return Wait(
            Reason.OPERATION_RUNNING, scene.policy.poll, f"The operation log shows something pending on {cluster_id}."
        )
    return Act(Release())


def _still_there(scene: Scene, cluster_id: str, intent: Intent, answer: Decision) -> Decision:
    late = scene.now > guards.due(intent, scene.policy)
    if isinstance(answer, Wait) and answer.reason == Reason.STILL_LISTED and late:
        return _again(scene, intent, Outcome.FAILED, "The delete job ended, yet the cluster is still shown.")
    if isinstance(answer, Wait) and answer.reason == Reason.NOT_LISTED:
        text = f"{cluster_id} is deleted; the resource stays until nothing of it can reappear."
        return Wait(Reason.DELETING, answer.after, text)
    return answer
