"""Whether to buy: what must be known, and nothing like it exist, before the first byte of a createCluster. Pure.

Imported by `planner` only. The order of the questions is the law's: what the settings allow, what an earlier attempt
was told, what the account shows, whether this may be the account's first create. A ceiling holds back what would be
bought, never what is found: a cluster that is this resource's already is taken first.
"""

from collections.abc import Callable
from dataclasses import replace

from hpc_operator.decide import ceilings, doubt, guards, pace
from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.decide.facts import Earlier, FirstCreate, Scene
from hpc_operator.decide.living import absence
from hpc_operator.decide.quota import exhausted
from hpc_operator.decide.refusals import refusal
from hpc_operator.decide.taking import duplicates, record_for, take, take_ordered
from hpc_operator.domain.actions import Create
from hpc_operator.domain.desired import ManagementPolicy
from hpc_operator.domain.mark import stem
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import OperationAction, Origin, Outcome


def create(scene: Scene) -> Decision:
    """The first question that has an answer decides; none has: create."""
    for question in _QUESTIONS:
        if (answer := question(scene)) is not None:
            return answer
    return _act(scene)


def _act(scene: Scene) -> Act:
    resource = scene.resource
    account = scene.facts.wished or scene.account
    last = resource.memory.last_operation
    mine = last if last and last.action is OperationAction.CREATE else None
    record = record_for(scene, account, Origin.CREATED)
    held = resource.record
    known = resource.finalizer and held is not None and replace(held, nonce="") == record
    failed = mine.failures if mine and mine.outcome in _FAILED else 0
    return Act(Create((mine.attempt if mine else 0) + 1, None if known else record, failed))


def _allowed(scene: Scene) -> Decision | None:
    account, policy = scene.facts.wished, scene.policy
    if account is None or not scene.facts.own_key:
        return None
    if policy.owners and account.owner not in policy.owners:
        return _blocked(
            scene, Reason.OWNER_NOT_ALLOWED, f"owner {account.owner} is not in the operator's list of owners."
        )
    if policy.zones and account.zone not in policy.zones:
        return _blocked(scene, Reason.ZONE_NOT_ALLOWED, f"zone {account.zone} is not in the operator's list of zones.")
    return None


def _observing(scene: Scene) -> Decision | None:
    if scene.resource.desired.management_policy is ManagementPolicy.FULL:
        return None
    policy = scene.resource.desired.management_policy
    if policy is ManagementPolicy.PLAN and _complete(scene) is None:
        return Settled(Reason.DIFFERS, "managementPolicy Plan: there is no cluster yet; Full would create one.")
    text = f"managementPolicy {policy} never creates; name an existing cluster with hpc.qingcloud.com/adopt=<id>."
    return _blocked(scene, Reason.NOTHING_TO_OBSERVE, text)


def _complete(scene: Scene) -> Decision | None:
    desired = scene.resource.desired
    vxnet = ("cluster_conf.cluster.vxnet", desired.conf and desired.conf.vxnet)
    needed = (("version_id", desired.version_id), ("cluster_conf", desired.conf), vxnet if desired.conf else vxnet[:0])
    lacking = [each[0] for each in needed if each and not each[1]]
    if not lacking:
        return None
    return _blocked(scene, Reason.SPEC_INCOMPLETE, f"A create needs spec.{' and spec.'.join(lacking)}.")


def _refused_before(scene: Scene) -> Decision | None:
    """What the last attempt was told decides when (or whether) there is a next one."""
    last = scene.resource.memory.last_operation
    if last is None or last.action is not OperationAction.CREATE or last.outcome not in _FAILED:
        return None
    told = refusal(last)
    if last.code == _QUOTA and scene.facts.quota_until is not None:  # reads are refused too: calls, not resources
        return exhausted(scene.resource, scene.facts.quota_until, scene.now, "the create")
    edited = last.generation != scene.resource.generation
    asked = scene.resource.asks_again
    if told.final and not edited and not asked:
        return _blocked(scene, told.reason, told.message)
    wait = 0.0 if (edited or asked) else pace.until_retry(last, scene.now, scene.policy, slow=told.slow)
    if wait <= 0:
        return None
    if told.person:
        return Blocked(told.reason, told.message, wait)
    return Wait(told.reason, wait, told.message)


def _shown_already(scene: Scene) -> Decision | None:
    """The complete list look before every create, and what it shows."""
    last = scene.resource.memory.last_operation
    found = guards.bearers(scene, last.at if last else 0.0)
    if len(found) > 1:
        return duplicates(scene, found)
    if found:
        return Act(take(scene, found[0], Origin.CREATED))
    if twins := guards.twins(scene):
        return _owned_elsewhere(scene, ",".join(cluster.id for cluster in twins))
    return None


def _turn(scene: Scene) -> Decision | None:
    until = scene.facts.quota_until
    return None if until is None else exhausted(scene.resource, until, scene.now, "the create")


def _looked(scene: Scene) -> Decision | None:
    if guards.looked_first(scene, scene.newest):
        return None
    text = f"Before a create the account is looked at in full ({scene.look_problem})."
    return Wait(Reason.LOOKING_FIRST, scene.policy.poll, text)


def _ordered(scene: Scene) -> Decision | None:
    """An order to take another cluster waits until what an earlier life left is known: it would be forgotten."""
    ordered = take_ordered(scene)
    return (ordered and _left_behind(scene)) or ordered


def _left_behind(scene: Scene) -> Decision | None:
    """What this process knows that an earlier life left, though no look may show it yet. What is ordered is known."""
    orders = scene.resource.orders
    wanted = orders.adopt or orders.take_over
    line = scene.shown(wanted) if wanted else None
    beside = {*orders.create_beside, wanted} - {None}
    for life in scene.facts.earlier:
        elsewhere = life.account is not None and life.account != scene.account
        taken = line is not None and guards.bears(line, _called(scene, life))
        if (
            taken
            or elsewhere
            or beside & {life.id, _called(scene, life)}
            or (life.id is not None and scene.others(life.id))
        ):
            continue
        if (answer := _left(scene, life)) is not None:
            return answer
    return None


def _called(scene: Scene, life: Earlier) -> str:
    return life.mark or stem(scene.facts.fleet, life.ref)


def _left(scene: Scene, life: Earlier) -> Decision | None:
    if life.id is None:
        return _left_open(scene, life)
    answer = absence(scene, life.id, after=life.since + scene.policy.window)
    return answer and (answer if isinstance(answer, Act) else _owned_elsewhere(scene, life.id))


def _left_open(scene: Scene, life: Earlier) -> Decision | None:
    """Its create is searched for like one of our own: a list that shows no mark of it proves nothing."""
    intent = guards.open_create(life, scene.account, scene.facts.fleet)
    limit, log = guards.due(intent, scene.policy), guards.searched(scene, intent)
    if log is None:
        text = (
            "An earlier life of this resource may have had a create open: the account is searched until it would show."
        )
        return Wait(Reason.LOOKING_FIRST, pace.until(limit, scene.now, scene.policy), text)
    if not guards.same_key(scene, intent):
        return _owned_elsewhere(scene, intent.mark, f"a cluster marked {intent.mark}, which this key may not see")
    found = doubt.unexplained(scene, intent, log)
    if isinstance(found, Act | Wait):
        return found
    orders, named = scene.resource.orders, set(doubt.candidates(found))
    open_ids = set() if named & {orders.adopt, orders.take_over} else named - set(orders.create_beside)
    return _owned_elsewhere(scene, intent.mark, f"one of: {', '.join(sorted(open_ids))}") if open_ids else None


def _owned_elsewhere(scene: Scene, left: str, told: str = "") -> Blocked:
    what = f"may have left {told}" if told else f"left {left}"
    text = (
        f"An earlier life of this resource {what}. Annotate hpc.qingcloud.com/take-over=<id> to go on with it, "
        f"or hpc.qingcloud.com/create-beside={left} to create another beside it."
    )
    return _blocked(scene, Reason.OWNED_ELSEWHERE, text)


def _first_of_account(scene: Scene) -> Decision | None:
    if guards.account_shows_marks(scene):
        return None
    match scene.facts.first_create:
        case FirstCreate.FREE:
            return None
        case FirstCreate.HELD:
            text = "Until the account has shown one of our marks, creates go one at a time; another has not shown it."
            return Wait(Reason.FIRST_CREATE_UNDER_WAY, scene.policy.poll, text)
        case FirstCreate.INVISIBLE:
            text = (
                "This account shows our mark neither in a cluster's name nor in its description, so that a cluster "
                "could not be found again after a loss. The operator's setting accept_invisible_marks accepts that."
            )
            return _blocked(scene, Reason.MARK_INVISIBLE, text)


def _blocked(scene: Scene, reason: Reason, message: str) -> Blocked:
    return Blocked(reason, message, scene.policy.staleness)


_QUOTA = 2500
_FAILED = (Outcome.REFUSED, Outcome.NOT_SENT)
_QUESTIONS: tuple[Callable[[Scene], Decision | None], ...] = (
    ceilings.namespace_allowed,
    _allowed,
    _ordered,
    _observing,
    _complete,
    ceilings.size_allowed,
    _refused_before,
    _shown_already,
    ceilings.cluster_room,
    _turn,
    _looked,
    _left_behind,
    _first_of_account,
)
