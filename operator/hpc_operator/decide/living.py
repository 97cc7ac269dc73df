"""A cluster that is known by id and not being deleted: is it still there, still ours, and as wished? Pure.

Imported by `planner` only.
"""

from collections.abc import Iterable

from hpc_operator.decide import guards
from hpc_operator.decide.changing import change
from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.decide.differences import Difference, differences
from hpc_operator.decide.facts import Claim, Scene
from hpc_operator.decide.following import follow
from hpc_operator.decide.quota import exhausted
from hpc_operator.decide.taking import duplicates, take_ordered
from hpc_operator.domain.actions import CountNodes, LookById
from hpc_operator.domain.desired import ManagementPolicy
from hpc_operator.domain.observed import Cluster, Entry, JobStatus
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import LIFE

_GRACE = 10  # stalenesses without a complete look before a settled resource says so
_REFUSED_GRACE = 2  # the same while the service answers that the key is refused: that does not pass by itself


def live(scene: Scene, cluster_id: str) -> Decision:
    """What to do about a recorded cluster."""
    for question in (_claimed, _second_bearer, _moved):
        if (answer := question(scene, cluster_id)) is not None:
            return answer
    if (unseen := unreachable(scene)) is not None:
        return unseen
    line = scene.shown(cluster_id) or _asked_lately(scene, cluster_id)
    if line is None:
        return absent(scene, cluster_id)
    operation = scene.resource.memory.operation
    if operation is not None and operation.action not in LIFE and line.status != "suspended":
        return follow(scene, operation, line)
    return _by_status(scene, line)


def unreachable(scene: Scene) -> Decision | None:
    """One failed look changes nothing; failing for a while is told. An old look that succeeded is no failure.

    A process that was frozen wakes up with old looks: the service was not asked, so nothing is said about it.
    """
    last = scene.newest.begun if scene.newest else scene.facts.seen_at
    patience = _GRACE if scene.facts.refused_key is None else _REFUSED_GRACE
    if scene.now - last <= patience * scene.policy.staleness:
        return None
    if scene.facts.quota_until is not None:
        return exhausted(scene.resource, scene.facts.quota_until, scene.now, "looking at the account")
    if scene.facts.lists and scene.facts.lists[0].complete:
        return None
    text = f"The account could not be read in full for a while ({scene.look_problem}); what is shown here may be old."
    return Wait(Reason.CLOUD_UNREACHABLE, scene.policy.staleness, text)


def _asked_lately(scene: Scene, cluster_id: str) -> Cluster | None:
    """A hidden cluster (abnormal, deleting) is in no list, but shown when asked for by id."""
    look = scene.facts.ids.get(cluster_id)
    return look.cluster if look is not None and look.begun > scene.now - _speaks(scene) else None


def _claimed(scene: Scene, cluster_id: str) -> Decision | None:
    me = Claim(scene.resource.created_at, scene.resource.ref)
    older = [claim for claim in scene.others(cluster_id) if claim < me]
    if not older:
        return None
    text = f"{cluster_id} is recorded by {older[0].ref} already; one cluster has one resource. Delete one of the two."
    return Blocked(Reason.ALREADY_CLAIMED, text, scene.policy.staleness)


def _second_bearer(scene: Scene, cluster_id: str) -> Decision | None:
    chosen = scene.resource.orders.adopt
    found = rivals(scene, cluster_id)
    if chosen == cluster_id or len(found) == 1:
        return None
    if chosen in found:
        return take_ordered(scene)
    asks = (absence(scene, stray) for stray in scene.resource.memory.strays)
    return next((ask for ask in asks if isinstance(ask, Act)), None) or duplicates(scene, found)


def rivals(scene: Scene, cluster_id: str) -> tuple[str, ...]:
    """This cluster and every other of this resource; one known only by a late answer counts until it is absent."""
    strays = scene.resource.memory.strays if guards.clock_trusted(scene) else ()
    gone = {stray for stray in strays if absence(scene, stray) is None}
    return tuple(sorted({*guards.bearers(scene), cluster_id} - gone | {cluster_id}))


def _moved(scene: Scene, cluster_id: str) -> Decision | None:
    """A recorded cluster that bears another's mark is not touched; being taken over itself, it is not marked yet."""
    if not guards.moved(scene, cluster_id):
        return None
    text = f"{cluster_id} now bears another's mark. Annotate hpc.qingcloud.com/take-over={cluster_id} to claim it."
    return Blocked(Reason.OWNERSHIP_MOVED, text, scene.policy.staleness)


def _by_status(scene: Scene, line: Cluster) -> Decision:
    match line.status:
        case "active":
            return _active(scene, line)
        case "suspended":
            return Blocked(
                Reason.ACCOUNT_IN_ARREARS, "The platform suspended the cluster: settle the account.", _slow(scene)
            )
        case "stopped":
            return _wished(scene, line)
        case "abnormal":
            return _failed(scene, f"The platform calls {line.id} abnormal.")
        case "deleting":
            return Wait(Reason.DELETED_OUTSIDE, scene.policy.poll, f"{line.id} is being deleted outside.")
        case _:
            return _busy(scene)


def _slow(scene: Scene) -> float:
    return scene.policy.staleness


def _failed(scene: Scene, what: str) -> Decision:
    if scene.resource.memory.first_active_at is not None:
        return Blocked(
            Reason.CLUSTER_ABNORMAL, f"{what} Repair it in the console, or delete the resource.", _slow(scene)
        )
    text = (
        f"{what} It is not created again by itself: annotate hpc.qingcloud.com/recreate={scene.resource.id} to have it "
        "deleted and created anew, delete the resource to remove it, or repair it in the console."
    )
    return Blocked(Reason.CREATE_FAILED, text, _slow(scene))


def _busy(scene: Scene) -> Decision:
    """Not active: still coming up, until the job failed or the time is over."""
    memory = scene.resource.memory
    if memory.first_active_at is not None:
        return Wait(Reason.OPERATION_RUNNING, scene.policy.poll, "An operation is running on the cluster.")
    job = _job(scene)
    if job is not None and job.status is JobStatus.FAILED:
        return _failed(scene, f"The create job {job.job_id} failed ({job.error_codes or 'no error code'}).")
    if scene.log is None and (told := guards.failure_told(scene.resource)) is not None:
        return Blocked(Reason.CREATE_FAILED, told, _slow(scene))
    started = memory.recorded_at if memory.recorded_at is not None else scene.now
    if guards.conclusive(scene.newest, started + scene.resource.desired.create_timeout):
        return _failed(scene, "The cluster did not become active within createTimeout.")
    return Wait(Reason.CREATING, scene.policy.poll, "The platform is creating the cluster.")


def _job(scene: Scene) -> Entry | None:
    entries = scene.log.entries if scene.log else ()
    return next((entry for entry in entries if entry.job_id == scene.resource.memory.job_id), None)


def _active(scene: Scene, line: Cluster) -> Decision:
    if scene.resource.memory.first_active_at is None and (wait := _job_runs(scene, line)):
        return wait
    return _wished(scene, line)


def _wished(scene: Scene, line: Cluster) -> Decision:
    """It stands: is it as the manifest says, and if not, what is done about it?"""
    resource, found = scene.resource, differences(scene, line)
    obeys = resource.desired.management_policy is ManagementPolicy.FULL and not resource.orders.paused
    names = [each for each in found if each.describe is not None]
    if obeys and isinstance(answer := change(scene, line, names), Act):
        return answer
    if _uncounted(scene) and "CountNodes" not in scene.facts.postponed:
        return Act(CountNodes(line.id))
    if obeys and (answer := change(scene, line, found)) is not None:
        return answer
    return _as_it_stands(scene, line, found)


def _as_it_stands(scene: Scene, line: Cluster, found: tuple[Difference, ...]) -> Decision:
    """Nothing is to be done, or nothing may be."""
    policy = scene.resource.desired.management_policy
    if found and policy is not ManagementPolicy.FULL:
        return Settled(Reason.DIFFERS, f"managementPolicy {policy}: {_told(found)}.")
    if found and scene.resource.orders.paused:
        return Wait(Reason.PAUSED, scene.policy.retry_cap, f"Paused by annotation; {_told(found)}.", quiet=True)
    if line.status == "stopped":
        return Settled(Reason.STOPPED, "The cluster is stopped, as the manifest says.")
    return Settled()


def _uncounted(scene: Scene) -> bool:
    """Never counted, other since, or a person asks for a look."""
    resource, seen = scene.resource, scene.facts.nodes
    if scene.facts.recount or not resource.memory.nodes:
        return True
    return resource.asks_to_look and not (seen and seen[0].begun > scene.now - scene.policy.poll)


def _told(found: Iterable[Difference]) -> str:
    """What differs, for people; not as what, where that moves by itself."""
    return "what differs: " + ", ".join(each.field for each in found)


def _job_runs(scene: Scene, line: Cluster) -> Decision | None:
    """`active` may be said while the create job still runs: the log decides, if it can be read."""
    log = scene.log
    if log is None or not log.complete:
        return Wait(Reason.CREATING, scene.policy.poll, f"The operation log cannot be read ({scene.look_problem}).")
    mine = [e for e in log.entries if e.job_id == scene.resource.memory.job_id or line.id in e.cluster_ids]
    if any(entry.pending for entry in mine):
        return Wait(Reason.CREATING, scene.policy.poll, "The platform is creating the cluster.")
    recorded = scene.resource.memory.recorded_at or 0.0
    unseen = scene.resource.memory.job_id is not None and _job(scene) is None
    if unseen and not guards.conclusive(log, recorded + scene.policy.window):
        return Wait(Reason.CREATING, scene.policy.poll, "The platform is creating the cluster.")
    return None


def absent(scene: Scene, cluster_id: str) -> Decision:
    """Not shown: unknown until two complete list looks and one by id, all late enough, under a proven key, agree."""
    if scene.resource.memory.first_active_at is None:
        busy = _busy(scene)
        if isinstance(busy, Blocked) or scene.now <= guards.absence_threshold(scene.resource, scene.policy):
            return busy
    answer = absence(scene, cluster_id)
    if answer is not None:
        return answer
    text = (
        f"{cluster_id} is gone, and this resource did not delete it. Nothing is created in its place by itself: "
        f"annotate hpc.qingcloud.com/recreate={cluster_id} to have one created, delete the resource, or restore the "
        "cluster."
    )
    return Blocked(Reason.CLUSTER_VANISHED, text, scene.policy.staleness)


def absence(scene: Scene, cluster_id: str, after: float = 0.0) -> Decision | None:
    """None when the cluster is absent by the law's definition; otherwise what is to be waited for or asked."""
    threshold = max(guards.absence_threshold(scene.resource, scene.policy), after)
    looks = [look for look in scene.facts.lists if guards.conclusive(look, threshold)]
    late = (look for look in scene.facts.lists if guards.began_after(look, threshold))  # a partial one can show it too
    if any(cluster.id == cluster_id for look in late for cluster in look.clusters):
        return Wait(Reason.STILL_LISTED, scene.policy.poll, f"{cluster_id} is still listed.", quiet=True)
    if len({look.begun for look in looks}) < 2:
        return Wait(
            Reason.NOT_LISTED, scene.policy.poll, f"{cluster_id} is not listed ({scene.look_problem}).", quiet=True
        )
    return _absent_by_id(scene, cluster_id, threshold)


def _absent_by_id(scene: Scene, cluster_id: str, threshold: float) -> Decision | None:
    look = scene.facts.ids.get(cluster_id)
    if look is None or look.begun <= max(threshold, scene.now - _speaks(scene)):
        return Act(LookById((cluster_id,)))
    if not look.complete:
        return Wait(
            Reason.CLOUD_UNREACHABLE,
            scene.policy.poll,
            f"{cluster_id} cannot be looked up ({look.problem}).",
            quiet=True,
        )
    if look.cluster is not None:
        return Wait(Reason.STILL_LISTED, scene.policy.poll, f"{cluster_id} is still shown when asked for by id.")
    if not guards.account_proven(scene, look):
        text = f"{cluster_id} is not shown, but nothing proves that this key sees its account."
        return Wait(Reason.ACCOUNT_UNPROVEN, scene.policy.staleness, text)
    return None


def _speaks(scene: Scene) -> float:
    """Seconds for which an answer by id speaks. Once a person was told, it is asked seldom: two calls each time.

    What a list shows meanwhile wakes the resource; an order, or its deletion, is decided by what is fresh.
    """
    resource = scene.resource
    waits = not resource.deleting and resource.orders.recreate is None and not resource.asks_again
    told = any(c.type == "Ready" and c.reason in _TOLD for c in resource.conditions)
    return (_SELDOM if waits and told else 2) * scene.policy.staleness


_TOLD = frozenset({Reason.CLUSTER_VANISHED, Reason.CLUSTER_ABNORMAL, Reason.CREATE_FAILED})
_SELDOM = 120
