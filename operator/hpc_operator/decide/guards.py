"""The safeguards of creating once and never losing, each one small named claim. The hardest room: read this first.

What it is: every question whose wrong answer buys a second cluster or loses a paid one is asked here, and nowhere
else. What goes wrong without: tests/guards.toml names, for each, the test that turns red when it is switched off.
After a restart: nothing here has memory; the claims are about the resource, the looks and the clock alone.

Pure. Only `decide` and `reconcile.engine` import it, and call through the module (`guards.name`), so that a test can
switch a single claim off.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from hpc_operator.decide.facts import Earlier, Scene
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.mark import fleet_of, marks_in, object_of, stem
from hpc_operator.domain.observed import Cluster, Entry, IdLook, ListLook, LogLook, NodesLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Intent, OperationAction, Origin, Resource

LOOKS = 2
"""How many looks with different beginnings must agree before something is taken not to exist."""
_AT_ONCE = 2
"""Seconds that a change of a name takes at most; nodes take minutes."""
LATELY = 10
"""Stalenesses for which an earlier list look may stand beside the one before a create."""


def due(intent: Intent, policy: Policy) -> Instant:
    """From this time on, the unanswered request can neither take effect nor still be invisible."""
    return intent.started_at + policy.window


def began_after(look: ListLook | LogLook | IdLook, instant: Instant) -> bool:
    """As-of: a look speaks for the time when it began, not for when it is read."""
    return look.begun > instant


def conclusive(look: ListLook | LogLook | None, instant: Instant) -> bool:
    """Whether what this look does not show did not exist at `instant`."""
    return look is not None and look.complete and began_after(look, instant)


def send_in_time(intent: Intent, reading: Instant, policy: Policy) -> bool:
    """Send deadline: one reading of the clock, 0 to 15 s after startedAt, becomes the request's timestamp."""
    return 0 <= reading - intent.started_at <= policy.send_deadline


def still_so(scene: Scene, reading: Instant) -> bool:
    """What was read directly before a call speaks for it: not when the process was held up between the two."""
    return 0 <= reading - scene.now <= scene.policy.send_deadline


def log_range(intent: Intent, policy: Policy) -> tuple[Instant, Instant]:
    """Where in the log our request's entry can stand, by the cloud's clock: from startedAt - skew on."""
    begin = intent.started_at if intent.log_from is None else intent.log_from
    return begin - policy.clock_skew, intent.started_at + (
        policy.send_deadline + policy.request_lifetime + policy.clock_skew
    )


def nodes_speak(look: NodesLook, since: Instant) -> bool:
    """Whether a look at the nodes may be counted: all of it was read, and it began later than `since`."""
    return look.complete and bool(look.nodes) and look.begun > since


def countable_from(resource: Resource, policy: Policy) -> Instant:
    """Node looks may be counted that began later: the cluster can be seen whole, and the last operation is over."""
    last = resource.memory.last_operation
    return max(absence_threshold(resource, policy), last.at if last else 0.0)


def shown_from(scene: Scene, look: IdLook) -> Instant:
    """Node looks show every operation on the cluster that ended, by our clock and by its log, if they began later.

    Also one that no memory knows of: a person's, or our own whose intent was lost with the status. Not what leaves the
    number of nodes as it is: our own last change of size or power, and a change of a name, which is over at once.
    """
    memory = scene.resource.memory
    last = memory.last_operation
    other = last is not None and last.action in (OperationAction.RESIZE, OperationAction.START, OperationAction.STOP)
    ends = [
        entry.ended_at if entry.ended_at is not None else entry.created_at
        for entry in look.entries
        if not (other and entry.job_id == memory.job_id) and not _named(entry, memory.described_at, scene.policy)
    ]
    newest = max((end for end in ends if end is not None), default=None)
    return -math.inf if newest is None else newest + scene.policy.clock_skew + scene.policy.visibility_lag


def _named(entry: Entry, described_at: Instant | None, policy: Policy) -> bool:
    """Whether the entry can only be our own change of a name."""
    begun, ended = entry.created_at, entry.ended_at
    if described_at is None or begun is None or ended is None:
        return False
    return abs(begun - described_at) <= policy.clock_skew and ended - begun <= _AT_ONCE


def settled_log(log: LogLook | None, intent: Intent, policy: Policy) -> bool:
    """Whether the log shows all that an unanswered request can have begun: begun late enough, reaching back to it."""
    begin, _ = log_range(intent, policy)
    return log is not None and conclusive(log, due(intent, policy)) and log.since <= begin


def started_before(resource: Resource) -> bool:
    """It runs no more, and was started for this very wish: only a changed spec or a new reconcile-at is another.

    An annotation that is taken away (by a replace, by Argo CD) asks for nothing.
    """
    memory, asked = resource.memory, resource.orders.reconcile_at
    if memory.stopped or memory.restarted is None:
        return False
    generation, _, held = memory.restarted.partition("/")
    return generation == str(resource.generation) and asked in (None, held)


def searched(scene: Scene, intent: Intent) -> LogLook | None:
    """Two looks each: what two complete logs show that reach back to the intent, once two complete lists are there too.

    All four began when nothing could still appear; one look may leave an entry out. None: not searched enough yet.
    """
    limit, (begin, _) = due(intent, scene.policy), log_range(intent, scene.policy)
    lists = {look.begun for look in scene.facts.lists if conclusive(look, limit)}
    logs = {look.begun: look for look in scene.facts.logs if conclusive(look, limit) and look.since <= begin}
    if scene.now <= limit or min(len(lists), len(logs)) < LOOKS:
        return None
    return united([logs[begun] for begun in sorted(logs, reverse=True)])


def united(looks: Sequence[LogLook]) -> LogLook:
    """The newest look, and the entries of jobs that only an older one showed."""
    newest, *older = looks
    entries = list(newest.entries)
    for look in older:
        shown = {entry.job_id for entry in entries}
        entries += [entry for entry in look.entries if entry.job_id not in shown]
    return replace(newest, entries=tuple(entries))


def open_create(life: Earlier, account: Account, fleet: str) -> Intent:
    """The create that an earlier life without an id may have had open: judged like one of our own."""
    mark = life.mark or stem(fleet, life.ref)
    return Intent(OperationAction.CREATE, mark, 0, life.since, "", account, life.key, 0, life.log_from)


def same_key(scene: Scene, intent: Intent) -> bool:
    """Key proof: the looks were made with the key that sent, or another recorded cluster of the view answers to it."""
    kept: tuple[ListLook | LogLook, ...] = (*scene.facts.lists, *scene.facts.logs)
    looks = [look for look in kept if look.complete]
    today = all(look.key == scene.facts.key for look in looks)
    return all(look.key == intent.key for look in looks) or (today and other_recorded_answers(scene))


def other_recorded_answers(scene: Scene) -> bool:
    """Whether a complete look under today's key shows a cluster that another resource of this account records."""
    look, account = scene.newest, resource_account(scene)
    if look is None or look.key != scene.facts.key:
        return False
    return any(claim.account == account for cluster in look.clusters for claim in scene.others(cluster.id))


def account_proven(scene: Scene, look: IdLook) -> bool:
    """Account proof: the log still answers for this id, or for its job, under today's key, or another cluster does.

    A failed create's entry may name no cluster: then its job, which is recorded, is all that there is.
    """
    if look.key != scene.facts.key:
        return False
    return bool(look.entries) or _own_job_answers(scene) or other_recorded_answers(scene)


def _own_job_answers(scene: Scene) -> bool:
    job, key = scene.resource.memory.job_id, scene.facts.key
    logs = (log for log in scene.facts.logs if log.key == key)
    return job is not None and any(entry.job_id == job for log in logs for entry in log.entries)


def explains_nothing(resource: Resource, *, unsent: bool) -> bool:
    """A finalizer or record without a memory of what was done under it: a create may be open. Doubt."""
    touched = resource.finalizer or resource.record is not None
    return touched and resource.memory.empty and not unsent


def same_account(scene: Scene) -> bool:
    """Recorded account: all looks and calls go where the create went, or nothing is called."""
    recorded = resource_account(scene)
    return recorded is None or scene.facts.wished is None or recorded == scene.facts.wished


def resource_account(scene: Scene) -> Account | None:
    """The account that binds: recorded, and something may exist there. A closed, void attempt binds none."""
    resource = scene.resource
    nothing_there = resource.id is None and resource.memory.operation is None and not resource.memory.empty
    return None if nothing_there else resource.account


def absence_threshold(resource: Resource, policy: Policy) -> Instant:
    """Absence only after the window: a look begun earlier may miss a cluster that is not visible yet."""
    return (resource.memory.recorded_at or resource.created_at) + policy.window


def looked_first(scene: Scene, look: ListLook | None) -> bool:
    """Object look before every create: begun after the resource was seen to exist and the last attempt was closed.

    A second one of not long ago stands beside it: one look may leave a cluster out.
    """
    last = scene.resource.memory.last_operation
    since = max(scene.facts.seen_at, last.at if last else 0.0)
    lately = {
        each.begun
        for each in scene.facts.lists
        if each.complete and each.begun >= scene.now - LATELY * scene.policy.staleness
    }
    return look is not None and look.complete and look.begun >= since and len(lately) >= LOOKS


def bears(cluster: Cluster, stem: str) -> bool:
    """Whether the cluster carries a mark with this stem, in its name or its description."""
    return any(mark.stem == stem for mark in marks_in(*cluster.texts))


def bears_other(cluster: Cluster, stem: str) -> bool:
    """Whether it carries another's mark, and not this one. A name without a mark says nothing."""
    found = list(marks_in(*cluster.texts))
    return bool(found) and all(mark.stem != stem for mark in found)


def moved(scene: Scene, cluster_id: str) -> bool:
    """Ownership: name or description bears another's mark, by a look that is late enough to show what we wrote.

    A cluster that is being taken over keeps its old mark until it is described, and until that can be seen.
    """
    line, memory, orders = scene.shown(cluster_id), scene.resource.memory, scene.resource.orders
    others = {mark.stem for mark in marks_in(*line.texts)} - {scene.stem} if line is not None else set()
    if not others or take_over_asked(scene.resource, cluster_id):
        return False
    if memory.described is None:
        return memory.origin is not Origin.ADOPTED and cluster_id not in (orders.adopt, memory.taken_over)
    return described_shows(scene)


def take_over_asked(resource: Resource, cluster_id: str) -> bool:
    """An order is carried out once: one that still stands does not silence what moves later."""
    return resource.orders.take_over == cluster_id != resource.memory.taken_over


def described_shows(scene: Scene) -> bool:
    """Whether the newest look is late enough to show the name that was written last."""
    return conclusive(scene.newest, (scene.resource.memory.described_at or 0.0) + scene.policy.visibility_lag)


def bearers(scene: Scene, since: Instant = math.inf) -> tuple[str, ...]:
    """Second bearer: every cluster known to be this resource's, by mark or by a late answer.

    `since`: what any look that began at or after it showed counts, not only the newest.
    """
    found = {cluster.id for cluster in scene.bearing(scene.stem, since)}
    return tuple(sorted(found | set(scene.resource.memory.strays)))


def twins(scene: Scene) -> tuple[Cluster, ...]:
    """Clusters of an earlier life of this namespace/name: our fleet and object under another uid, nobody's record."""
    mine = scene.stem
    beside = set(scene.resource.orders.create_beside)
    found = []
    for cluster in scene.bearing(object_of(mine), 0.0):
        marks = [m for m in marks_in(*cluster.texts) if m.stem != mine and mine.startswith(m.object)]
        named = {cluster.id, *(m.stem for m in marks), *(str(m) for m in marks)}
        if marks and not beside & named and not scene.others(cluster.id):
            found.append(cluster)
    return tuple(found)


def account_shows_marks(scene: Scene) -> bool:
    """Whether some listed cluster of the account has shown a mark of our fleet."""
    fleet = fleet_of(scene.facts.fleet)
    return any(True for _ in scene.bearing(fleet))


def clock_trusted(scene: Scene) -> bool:
    """Clocks: beyond the allowance nothing that cannot be repeated is sent, voided or called absent."""
    return scene.facts.offset is None or abs(scene.facts.offset) <= scene.policy.clock_skew


def failure_told(resource: Resource) -> str | None:
    """What was told of a create that failed: it stands until the cluster is seen active, or somebody asks for more.

    Its entry is as old as the failure: reading the log back to it at every pass would grow without end.
    """
    if resource.deleting or resource.orders.recreate is not None or resource.asks_to_look:
        return None
    ready = next((each for each in resource.conditions if each.type == "Ready"), None)
    return ready.message if ready is not None and ready.reason == Reason.CREATE_FAILED else None


def doubt_first(resource: Resource) -> bool:
    """An open create is resolved before any policy lets go."""
    operation = resource.memory.operation
    return operation is not None and operation.action is OperationAction.CREATE


def delete_answered(intent: Intent | None) -> bool:
    """deleteCluster was answered before release: absence alone is not enough, a failed create hides from every look."""
    return intent is not None and intent.action is OperationAction.DELETE and intent.answered


def held_in_bulk(scene: Scene) -> bool:
    """Deletion in bulk: nothing is deleted while the CRD goes, or too many resources do, before a person approves."""
    return scene.facts.mass_deletion is not None


def own_mark(scene: Scene) -> bool:
    """Memory is never an order: both memories must be of this object and uid, not copied from another life."""
    mine = stem(scene.facts.fleet, scene.resource.ref)
    return all(mark == mine for mark in recorded_marks(scene.resource))


def recorded_marks(resource: Resource) -> tuple[str, ...]:
    """The marks in the memories; what `.status` says comes first, for the id there rules."""
    memory, record = resource.memory, resource.record
    found = (memory.mark, memory.operation and memory.operation.mark, record and record.mark)
    return tuple(mark for mark in found if mark)


def same_intent(fresh: Resource, intent: Intent) -> bool:
    """Close under nonce: only the very intent that was sent or judged is closed, never a successor."""
    operation = fresh.memory.operation
    return operation is not None and operation.nonce == intent.nonce


def lease_suffices(left: float, needed: float) -> bool:
    """Only one process acts: checked before a call that cannot be repeated. It saves calls; safety holds without it."""
    return left >= needed


def may_choose(scene: Scene, intent: Intent) -> bool:
    """An order to take another cluster is heard when the open create can no longer surprise: it would be forgotten."""
    return searched(scene, intent) is not None
