"""A resource that is being deleted: what holds it, what is deleted with it, and when it may go. Pure.

Imported by `planner` only. The order of the questions is the design's precedence: protection, open create,
managementPolicy, ownership, deletionPolicy. The one release rule for a deleted cluster: deleteCluster was answered,
its job ended, nothing about the id is pending, and the cluster is absent.
"""

from hpc_operator.decide import guards, pace
from hpc_operator.decide.decision import Act, Decision, Settled, Wait
from hpc_operator.decide.facts import Claim, Scene
from hpc_operator.decide.living import absence, rivals, unreachable
from hpc_operator.decide.taking import take
from hpc_operator.domain.actions import Close, Delete, LookById, Release
from hpc_operator.domain.desired import DeletionPolicy, ManagementPolicy
from hpc_operator.domain.mark import stem
from hpc_operator.domain.observed import Entry, IdLook, JobStatus
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Closed, Intent, OperationAction, Origin, Outcome


def protected(scene: Scene) -> Decision | None:
    """deletionProtection holds everything."""
    if not scene.resource.desired.deletion_protection:
        return None
    text = "deletionProtection is true: set it to false to let the deletion go on."
    return Wait(Reason.DELETION_PROTECTED, scene.policy.retry_cap, text)


def leave(scene: Scene) -> Decision:
    """No create is open and both memories agree: keep, let go, or delete."""
    cluster_id = scene.resource.id
    recorded = guards.recorded_marks(scene.resource)
    if recorded and recorded[0] != stem(scene.facts.fleet, scene.resource.ref):
        return Act(Release(cluster_id, "its record was copied from another life"))
    if cluster_id is None:
        strays = guards.bearers(scene)
        return Act(take(scene, strays[0], Origin.CREATED)) if strays else Act(Release())
    if guards.doubt_first(scene.resource):
        return Wait(
            Reason.CREATE_UNANSWERED, scene.policy.poll, "An open create is resolved before anything is let go."
        )
    return _kept(scene, cluster_id) or _surplus(scene, cluster_id) or _delete(scene, cluster_id)


def _surplus(scene: Scene, cluster_id: str) -> Decision | None:
    """A second cluster of this resource would be left behind unseen: a person chooses first."""
    found = rivals(scene, cluster_id)
    if len(found) == 1 or scene.resource.orders.adopt == cluster_id:
        return None
    text = (
        f"More than one cluster belongs to this resource: {', '.join(found)}. Delete all but {cluster_id} in the "
        f"console, or annotate hpc.qingcloud.com/adopt={cluster_id} to delete that one and leave the others."
    )
    return Wait(Reason.DUPLICATE_CLUSTERS, scene.policy.staleness, text)


def _kept(scene: Scene, cluster_id: str) -> Decision | None:
    resource = scene.resource
    if resource.desired.management_policy is ManagementPolicy.OBSERVE:
        return Act(Release(cluster_id, "managementPolicy is Observe"))
    me = Claim(resource.created_at, resource.ref)
    if any(claim < me for claim in scene.others(cluster_id)):
        return Act(Release(cluster_id, "another resource records it"))
    if guards.moved(scene, cluster_id):
        return Act(Release(cluster_id, "it bears another resource's mark"))
    if policy_of(scene) is DeletionPolicy.RETAIN:
        return _retain(scene, cluster_id)
    return None


def policy_of(scene: Scene) -> DeletionPolicy:
    """An absent deletionPolicy deletes what this resource created or took over, and nothing else."""
    resource = scene.resource
    origin = resource.memory.origin or (resource.record.origin if resource.record else None)
    default = DeletionPolicy.DELETE if origin is Origin.CREATED else DeletionPolicy.RETAIN
    return resource.desired.deletion_policy or default


def _retain(scene: Scene, cluster_id: str) -> Decision:
    """Only when the cluster can be found again: it was shown, or the window is over."""
    late = guards.conclusive(scene.newest, guards.absence_threshold(scene.resource, scene.policy))
    seen = scene.resource.memory.first_active_at is not None or scene.shown(cluster_id) is not None
    if late or seen:
        created = scene.resource.memory.origin is Origin.CREATED
        return Act(Release(cluster_id, "deletionPolicy is Retain", retained=created))
    text = f"Retain waits until {cluster_id} is listed, so that applying the manifest again finds it."
    return Wait(Reason.RETAIN_WAITS, scene.policy.poll, text)


def _delete(scene: Scene, cluster_id: str) -> Decision:
    intent = scene.resource.memory.operation
    if intent is None or not guards.delete_answered(intent):
        return _before_answer(scene, cluster_id, intent)
    answer = _after_answer(scene, cluster_id, intent)
    waits = isinstance(answer, Wait) and answer.reason in (Reason.DELETING, Reason.OPERATION_RUNNING)
    return (waits and unreachable(scene)) or answer


def _before_answer(scene: Scene, cluster_id: str, intent: Intent | None) -> Decision:
    if (paced := _paced(scene, cluster_id, intent)) is not None:
        return paced
    look = scene.facts.ids.get(cluster_id)
    if look is None or look.last_asked < scene.now - scene.policy.poll:
        return Act(LookById((cluster_id,)))
    return _held_back(scene, look) or Act(Delete(cluster_id, intent, intent.attempt + 1 if intent else 1))


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
        return Wait(Reason.ACCOUNT_UNPROVEN, scene.policy.staleness, text)
    if any(entry.pending for entry in look.entries):
        text = f"An operation on {look.id} must end before the deletion."
        return Wait(Reason.OPERATION_RUNNING, scene.policy.poll, text)
    return None


def _after_answer(scene: Scene, cluster_id: str, intent: Intent) -> Decision:
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


def nothing_of_ours(scene: Scene) -> Decision | None:
    """Without our finalizer the server does not wait for us."""
    return None if scene.resource.finalizer else Settled(Reason.DELETED, "Nothing is held.")
