"""A resource that is being deleted: what holds it, what is deleted with it, and when it may go. Pure.

Imported by `planner` and `exits`. The order of the questions is the design's precedence: deletion in bulk, protection,
open create, managementPolicy, ownership, deletionPolicy. How a cluster is deleted is `deleting`'s.
"""

from hpc_operator.decide import deleting, guards
from hpc_operator.decide.decision import Act, Decision, Settled, Wait
from hpc_operator.decide.facts import Claim, Scene
from hpc_operator.decide.living import rivals
from hpc_operator.decide.taking import take
from hpc_operator.domain.actions import LookById, Release
from hpc_operator.domain.desired import DeletionPolicy, ManagementPolicy
from hpc_operator.domain.mark import stem
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Origin


def protected(scene: Scene) -> Decision | None:
    """What holds before anything else is asked: a deletion in bulk, then deletionProtection."""
    if guards.held_in_bulk(scene) and _would_delete(scene):
        return Wait(Reason.MASS_DELETION, scene.policy.staleness, scene.facts.mass_deletion or "")
    if not scene.resource.desired.deletion_protection:
        return None
    text = "deletionProtection is true: set it to false to let the deletion go on."
    return Wait(Reason.DELETION_PROTECTED, scene.policy.retry_cap, text)


def _would_delete(scene: Scene) -> bool:
    """Whether deleteCluster may still be sent: not for what is kept, nor without a cluster, nor twice for an answer."""
    resource = scene.resource
    keeps = resource.desired.management_policy is not ManagementPolicy.FULL
    keeps = keeps or policy_of(scene) is DeletionPolicy.RETAIN
    nothing_there = resource.id is None and resource.memory.operation is None and not resource.memory.empty
    return not keeps and not nothing_there and not guards.delete_answered(resource.memory.operation)


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
    return _kept(scene, cluster_id) or _surplus(scene, cluster_id) or deleting.delete(scene, cluster_id)


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
    retains = policy_of(scene) is DeletionPolicy.RETAIN
    if (why := _left_why(scene, cluster_id)) is not None:
        return (None if retains else _unproven(scene, cluster_id)) or Act(Release(cluster_id, why))
    return _retain(scene, cluster_id) if retains else None


def _left_why(scene: Scene, cluster_id: str) -> str | None:
    """Why the cluster stays whatever the deletionPolicy says."""
    resource = scene.resource
    if resource.desired.management_policy is not ManagementPolicy.FULL:
        return f"managementPolicy is {resource.desired.management_policy}"
    me = Claim(resource.created_at, resource.ref)
    if any(claim < me for claim in scene.others(cluster_id)):
        return "another resource records it"
    return "it bears another resource's mark" if guards.moved(scene, cluster_id) else None


def _unproven(scene: Scene, cluster_id: str) -> Decision | None:
    """A key that does not show the cluster may be of another account: it lets go of nothing before that is known."""
    if scene.newest is None or scene.shown(cluster_id) is not None:
        return None
    look = scene.facts.ids.get(cluster_id)
    if look is None or look.last_asked < scene.now - scene.policy.staleness:
        return Act(LookById((cluster_id,)))
    if not look.complete or guards.account_proven(scene, look):
        return None
    text = f"{cluster_id} is not shown, and nothing proves that this key sees its account."
    return Wait(Reason.ACCOUNT_UNPROVEN, scene.policy.staleness, text)


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


def nothing_of_ours(scene: Scene) -> Decision | None:
    """Without our finalizer the server does not wait for us."""
    return None if scene.resource.finalizer else Settled(Reason.DELETED, "Nothing is held.")
