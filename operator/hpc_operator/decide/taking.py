"""Taking a cluster that already exists: found by mark, or ordered by a person (`adopt`, `take-over`). Pure."""

import re

from hpc_operator.decide import guards
from hpc_operator.decide.decision import Act, Blocked, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.domain.actions import LookById, Take
from hpc_operator.domain.observed import Cluster, IdLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Origin, Record

_SELDOM = 10


def record_for(scene: Scene, account: Account, origin: Origin, cluster_id: str | None = None) -> Record:
    """The annotation as it should stand."""
    return Record(scene.stem, account, origin, cluster_id, key=scene.facts.key or "")


def take(scene: Scene, cluster_id: str, origin: Origin, *, recorded_at: float | None = None) -> Take:
    """Record this cluster. Absence can be concluded only a window after `recorded_at`: now, if not our create."""
    account = guards.resource_account(scene) or scene.facts.wished or scene.account
    record = record_for(scene, account, origin, cluster_id)
    return Take(cluster_id, record, scene.now if recorded_at is None else recorded_at)


def take_ordered(scene: Scene) -> Decision | None:
    """Carry out `adopt` or `take-over`; None when neither is ordered or it is done already."""
    orders = scene.resource.orders
    wanted = orders.adopt or orders.take_over
    if wanted is None or wanted == scene.resource.memory.hpc_cluster_id:
        return None
    order = "adopt" if orders.adopt else "take-over"
    if (problem := _unclear(scene, wanted, order)) is not None:
        return _refused(scene, Reason.ADOPTION_REFUSED, problem)
    if others := scene.others(wanted):
        return _refused(scene, Reason.ALREADY_CLAIMED, f"{order}: {wanted} is recorded by {others[0].ref} already.")
    line = scene.shown(wanted)
    if line is None:
        return _ask(scene, wanted, order)
    return _check(scene, line, order)


def _unclear(scene: Scene, wanted: str, order: str) -> str | None:
    """What is wrong with the order itself, before anybody is asked."""
    orders, wished = scene.resource.orders, scene.resource.desired.cluster_type
    if orders.adopt and orders.take_over and orders.adopt != orders.take_over:
        return f"adopt names {orders.adopt} and take-over names {orders.take_over}: remove the one that is not meant."
    if _ID.fullmatch(wanted) is None:
        return f"{order}: {wanted[:80]} is no cluster's id (hpc-… or ehpc-…); mend the annotation."
    if not wanted.startswith(f"{wished}-"):
        return f"{order}: {wanted} is not of cluster_type {wished}; mend the annotation, or spec.cluster_type."
    return None


def _ask(scene: Scene, wanted: str, order: str) -> Decision:
    look = scene.facts.ids.get(wanted)
    if look is None or look.last_asked < scene.now - _speaks(scene, look):
        return Act(LookById((wanted,)))
    if not look.complete:
        return Wait(
            Reason.CLOUD_UNREACHABLE, scene.policy.poll, f"{order}: {wanted} cannot be looked up ({look.problem})."
        )
    return _refused(
        scene, Reason.ADOPTION_REFUSED, f"{order}: no cluster {wanted} is shown to this account; mend the id."
    )


def _speaks(scene: Scene, look: IdLook) -> float:
    """Seconds for which a look by id speaks that did not show it: a wrong id may stand for days, two calls each time.

    What the shared list shows meanwhile is seen at once, another id is asked for at once, and so is a reconcile-at.
    """
    stands = look.complete and look.cluster is None and not scene.resource.asks_to_look
    return _SELDOM * scene.policy.staleness if stands else scene.policy.poll


def _check(scene: Scene, line: Cluster, order: str) -> Decision:
    mine = guards.bears(line, scene.stem)
    if order == "adopt" and guards.bears_other(line, scene.stem):
        text = f"adopt: {line.id} bears the mark of another resource; if that one is gone, use take-over."
        return _refused(scene, Reason.ADOPTION_REFUSED, text)
    created = order == "take-over" or mine
    return Act(take(scene, line.id, Origin.CREATED if created else Origin.ADOPTED))


def _refused(scene: Scene, reason: Reason, message: str) -> Blocked:
    return Blocked(reason, message, scene.policy.staleness)


def duplicates(scene: Scene, found: tuple[str, ...]) -> Blocked:
    """More than one cluster is this resource's: only a person may choose which one stays."""
    return Blocked(
        Reason.DUPLICATE_CLUSTERS,
        f"More than one cluster belongs to this resource: {', '.join(found)}. Delete all but one in the console, "
        "or annotate hpc.qingcloud.com/adopt=<id> with the one to keep.",
        scene.policy.staleness,
    )


_ID = re.compile(r"e?hpc-[A-Za-z0-9_-]{1,59}")
