"""Doubt: an open create whose answer nobody has. One path for a crash, a lost answer and a lost memory.

First the cluster is looked for by mark. Only when nothing of the request can still take effect or be invisible, and
every entry of the operation log in its range is explained by something else, is the attempt void. What cannot be
explained goes to a person: never a second create on a guess. Pure; imported by `planner` only.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hpc_operator.decide import guards, pace
from hpc_operator.decide.decision import Act, Blocked, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.taking import duplicates, take, take_ordered
from hpc_operator.domain.actions import Close, LookById
from hpc_operator.domain.observed import Entry, IdLook, JobStatus, LogLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Closed, Intent, Origin, Outcome

_ASK_AGAIN = 20  # stalenesses between two looks at the same unexplained id


def resolve(scene: Scene, intent: Intent) -> Decision:
    """What to do about an open create."""
    found = guards.bearers(scene, intent.started_at)
    if (guards.may_choose(scene, intent) or scene.resource.orders.adopt in found) and (ordered := take_ordered(scene)):
        return ordered
    if len(found) > 1:
        return duplicates(scene, found)
    if found:
        return Act(take(scene, found[0], Origin.CREATED, recorded_at=intent.started_at))
    due = guards.due(intent, scene.policy)
    log = guards.searched(scene, intent)
    if log is None:
        return _wait(scene, due)
    if not guards.same_key(scene, intent):
        return Wait(
            Reason.ACCOUNT_UNPROVEN,
            scene.policy.staleness,
            "An unanswered create cannot be resolved with this key: it is not the key that sent it, and no other "
            "recorded cluster answers to it. Put the earlier key back, or wait until another cluster is recorded.",
        )
    return _by_log(scene, intent, log)


def _wait(scene: Scene, due: float) -> Wait:
    late = scene.now > due
    message = (
        f"A create was sent, its answer is unknown; waiting for a complete look at the account ({scene.look_problem})."
        if late
        else "A create was sent and its answer is unknown; the account is searched until nothing can still appear."
    )
    return Wait(Reason.CREATE_UNANSWERED, pace.until(due, scene.now, scene.policy), message)


def _by_log(scene: Scene, intent: Intent, log: LogLook) -> Decision:
    found = unexplained(scene, intent, log)
    if isinstance(found, Act | Wait):
        return found
    if not found or scene.resource.orders.recreate == intent.full_mark:
        return void(scene, intent)
    return _unresolved(scene, intent, found)


def unexplained(scene: Scene, intent: Intent, log: LogLook) -> list[Entry] | Act | Wait:
    """The entries that may be this create's; or what is to be asked or waited for before that is known."""
    due = guards.due(intent, scene.policy)
    search = _Search(scene, intent, log, due)
    open_entries = [entry for entry in _in_range(scene, intent, log) if not _explained(search, entry)]
    missing = _ids_to_ask(scene, open_entries, due)
    if missing:
        return Act(LookById(missing))
    if any(_asked_in_vain(scene, i) for entry in open_entries for i in entry.cluster_ids):
        return _wait(scene, due)
    if any(entry.pending and not entry.cluster_ids for entry in open_entries):
        return Wait(
            Reason.CREATE_UNANSWERED, scene.policy.poll, "An operation that names no cluster yet may be this create."
        )
    return open_entries


def void(scene: Scene, intent: Intent) -> Act:
    """Close the attempt: it certainly made nothing."""
    closed = Closed(
        intent.action,
        intent.attempt,
        Outcome.VOID,
        scene.now,
        intent.generation,
        message="The unanswered create made nothing.",
    )
    return Act(Close(intent, closed))


def candidates(entries: list[Entry]) -> list[str]:
    """What entries name, for people: clusters, or jobs where they name none."""
    return sorted({i for entry in entries for i in entry.cluster_ids} or {entry.job_id for entry in entries})


def _unresolved(scene: Scene, intent: Intent, entries: list[Entry]) -> Blocked:
    return Blocked(
        Reason.UNRESOLVED_CREATE,
        f"A create was sent and its answer was lost; it may have made one of: {', '.join(candidates(entries))}. "
        f"If one is this resource's, annotate hpc.qingcloud.com/adopt=<id>; if none is, annotate "
        f"hpc.qingcloud.com/recreate={intent.full_mark}.",
        scene.policy.staleness,
    )


def _in_range(scene: Scene, intent: Intent, log: LogLook) -> Iterator[Entry]:
    begin, end = guards.log_range(intent, scene.policy)
    for entry in log.entries:
        timely = entry.created_at is None or begin <= entry.created_at <= end
        names_nothing = entry.status is JobStatus.SUCCESSFUL and not entry.cluster_ids
        if timely and not names_nothing:
            yield entry


@dataclass(frozen=True, slots=True)
class _Search:
    """The scene of a doubt with its log, and the entries that name an id."""

    scene: Scene
    intent: Intent
    log: LogLook
    due: float

    def naming(self, cluster_id: str) -> list[Entry]:
        """Every entry that names it, also those that only a look by id showed."""
        look = self.scene.facts.ids.get(cluster_id)
        asked = [entry for entry in (look.entries if look else ()) if cluster_id in entry.cluster_ids]
        return [*self.log.by_cluster.get(cluster_id, ()), *asked]


def _explained(search: _Search, entry: Entry) -> bool:
    if entry.job_id in search.scene.facts.jobs:
        return True
    ids = entry.cluster_ids
    return bool(ids) and all(_id_explained(search, i) for i in ids)


def _id_explained(search: _Search, cluster_id: str) -> bool:
    """Why this id cannot be our create's. A name without a mark explains nothing."""
    scene = search.scene
    if scene.others(cluster_id) or not cluster_id.startswith(f"{scene.resource.desired.cluster_type}-"):
        return True
    begin, _ = guards.log_range(search.intent, scene.policy)
    if any(e.created_at is not None and e.created_at < begin for e in search.naming(cluster_id)):
        return True
    line = scene.shown(cluster_id)
    if line is not None:
        older = line.created_at is not None and line.created_at < begin
        return guards.bears_other(line, search.intent.mark) or older
    return _ended_and_gone(search, cluster_id)


def _ended_and_gone(search: _Search, cluster_id: str) -> bool:
    """Found nowhere, not even by id; none of its entries is pending and its newest is one that ended."""
    look = search.scene.facts.ids.get(cluster_id)
    if look is None or not look.complete or look.key != search.log.key or not guards.began_after(look, search.due):
        return False
    pending = any(entry.pending for entry in search.naming(cluster_id))
    return look.cluster is None and search.scene.shown(cluster_id) is None and not pending


def _ids_to_ask(scene: Scene, entries: list[Entry], due: float) -> tuple[str, ...]:
    """Ids of unexplained entries that no usable look by id since `due` has answered for; asked anew now and then."""
    fresh = max(due, scene.now - _ASK_AGAIN * scene.policy.staleness)
    ids = {i for entry in entries for i in entry.cluster_ids}
    return tuple(sorted(i for i in ids if _worth_asking(scene, scene.facts.ids.get(i), fresh)))


def _worth_asking(scene: Scene, look: IdLook | None, fresh: float) -> bool:
    if look is None or not guards.began_after(look, fresh):
        return True
    return not look.complete and look.last_asked < scene.now - scene.policy.poll


def _asked_in_vain(scene: Scene, cluster_id: str) -> bool:
    look = scene.facts.ids.get(cluster_id)
    return look is None or not look.complete
