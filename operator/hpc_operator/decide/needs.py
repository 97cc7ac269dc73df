"""Which shared looks a pass needs, and how fresh. Pure: the engine fetches exactly this before it decides."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from hpc_operator.decide import guards
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.record import LIFE, Intent, OperationAction, Resource


@dataclass(frozen=True, slots=True)
class Needs:
    """`listing`: a list look begun at or after this. `log`: (reaching back to, begun at or after). None: not needed.

    `beside`: a second complete list look, begun at or after this, stands beside the first. Looks as fresh as that are
    had if the watch over the account leaves calls for them; those begun at or after `must` have `lane` of the budget.
    """

    listing: Instant | None = None
    log: tuple[Instant, Instant] | None = None
    beside: Instant | None = None
    lane: str = "look"
    must: Instant | None = None


def needs(resource: Resource, now: Instant, seen_at: Instant, policy: Policy, left: Collection[Intent] = ()) -> Needs:
    """The looks that the next decision may rest on. `left`: creates that earlier lives of this name had open."""
    if resource.deleting and not resource.finalizer:
        return Needs()
    operation = resource.memory.operation
    if operation is not None and operation.action is OperationAction.CREATE:
        return _in_doubt(operation, now, policy)
    if resource.id is None:
        return _with_left(_before_create(resource, now, seen_at, policy), left, now, policy)
    return _of_cluster(resource, now, policy)


def _of_cluster(resource: Resource, now: Instant, policy: Policy) -> Needs:
    """Its id is known."""
    operation, recent, must = resource.memory.operation, now - policy.poll, now - policy.staleness
    recorded = resource.memory.recorded_at or resource.created_at
    if resource.memory.first_active_at is None:  # its create's entry may be the only proof of it that there is
        if guards.failure_told(resource) is not None:
            return Needs(must)
        found = Needs(recent, (recorded - policy.clock_skew, recent))
        return replace(found, lane="finish", must=must) if resource.deleting else found
    if operation is not None and operation.action not in LIFE and not resource.deleting:
        return _of_change(operation, now, policy)
    if operation is not None:
        return Needs(recent, (operation.started_at - policy.clock_skew, recent), lane="finish", must=must)
    return Needs(recent, lane="finish", must=must) if resource.deleting else _at_rest(resource, now, must)


def _at_rest(resource: Resource, now: Instant, must: Instant) -> Needs:
    """What the shared watch shows will do, unless a person asks for a look."""
    return Needs(now, lane="ask", must=must) if resource.asks_to_look else Needs(must)


def _of_change(operation: Intent, now: Instant, policy: Policy) -> Needs:
    """Its end stands in the log; while it cannot show there, or its effect not yet, what the watch shows will do."""
    must = now - policy.staleness
    begin, _ = guards.log_range(operation, policy)
    if operation.ended_at is not None:
        shows = operation.ended_at + policy.visibility_lag
        if now <= shows:
            return Needs(must)
        return Needs(max(must, shows + _JUST), (begin, must), lane="finish", must=max(must, shows + _JUST))
    due = guards.due(operation, policy)
    if operation.job_id is None:
        after = max(must, due + _JUST)
        return Needs(must) if now <= due else Needs(must, (begin, after), lane="finish", must=after)
    return Needs(must, (begin, now - policy.poll), lane="finish", must=must)


def _before_create(resource: Resource, now: Instant, seen_at: Instant, policy: Policy) -> Needs:
    if resource.deleting:
        return Needs()
    last = resource.memory.last_operation
    begun = max(seen_at, last.at if last else 0.0, now - policy.staleness)
    return Needs(begun, beside=now - guards.LATELY * policy.staleness, lane="create", must=begun)


def _with_left(found: Needs, left: Collection[Intent], now: Instant, policy: Policy) -> Needs:
    """What earlier lives left open is looked up like a doubt of our own, besides."""
    for intent in left:
        doubt = _in_doubt(intent, now, policy)
        if found.listing is not None and doubt.listing is not None and doubt.log is not None:
            since, after = found.log or doubt.log
            log = min(since, doubt.log[0]), max(after, doubt.log[1])
            found = replace(found, listing=max(found.listing, doubt.listing), log=log)
    return found


def _in_doubt(intent: Intent, now: Instant, policy: Policy) -> Needs:
    """The list is searched all the time; the log decides only when nothing can still appear in it."""
    due, recent = guards.due(intent, policy), now - policy.poll
    if now <= due:
        return Needs(recent)
    after = max(recent, due + _JUST)
    begin, _ = guards.log_range(intent, policy)
    return Needs(after, (begin, after), lane="finish", must=max(now - policy.staleness, due + _JUST))


_JUST = 0.001  # looks must have begun later than the due time, not at it
