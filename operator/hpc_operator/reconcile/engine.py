"""One pass on one screen: read, observe, decide, act, report. Level-triggered: every wake means only "look again".

Imported by `main` (and the fault suite). I/O only through `ports`; what to do is `decide`'s, how it is done
`performing`'s and `buying`'s. Errors of the store end here, each in one delay.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from hpc_operator.decide import pace
from hpc_operator.decide.ceilings import no_room
from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.planner import decide
from hpc_operator.decide.report import remembered, report
from hpc_operator.domain.actions import Create
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import MENDED_BY_A_PERSON, Reason
from hpc_operator.domain.record import Condition, Resource
from hpc_operator.reconcile.buying import Buyer
from hpc_operator.reconcile.ended import Ended, ended
from hpc_operator.reconcile.fleet import Fleet
from hpc_operator.reconcile.gathering import Gatherer, Watch
from hpc_operator.reconcile.keeper import Keeper
from hpc_operator.reconcile.lives import Lives
from hpc_operator.reconcile.mass import Bulk, Going
from hpc_operator.reconcile.meetings import Meetings
from hpc_operator.reconcile.performing import Performer, calm
from hpc_operator.reconcile.permitting import Permits
from hpc_operator.reconcile.ports import (
    Budget,
    Calls,
    Clock,
    Conflict,
    CrdTooOld,
    Credentials,
    Gone,
    Keys,
    Lease,
    Looks,
    SecretProblem,
    Store,
    Unavailable,
)
from hpc_operator.reconcile.saying import Said
from hpc_operator.reconcile.sending import Sender
from hpc_operator.reconcile.writing import Writer

_log = logging.getLogger(__name__)


class Held(Fleet, Going, Protocol):
    """All that is asked of the cache."""


class Engine:
    """Makes passes. `fleet` is the cache of resources, `lives` what forced-away ones left, `fleet_name` the setting.

    `nonce` gives fresh random texts; `tell` takes how each pass ended, unless it raised.
    """

    def __init__(
        self,
        *,
        store: Store,
        keys: Keys,
        calls: Calls,
        looks: Looks,
        budget: Budget,
        lease: Lease,
        clock: Clock,
        fleet: Held,
        lives: Lives,
        meetings: Meetings,
        watch: Watch,
        fleet_name: str,
        policy: Policy,
        nonce: Callable[[], str],
        sleep: Callable[[float], Awaitable[None]],
        tell: Callable[[Ended], None] = lambda _: None,
    ) -> None:
        self._store, self._fleet, self._lives, self._policy, self._tell = store, fleet, lives, policy, tell
        self.keeper = Keeper()
        writer = Writer(store, clock, sleep)
        permits = Permits(budget=budget, lease=lease, clock=clock, keeper=self.keeper, policy=policy)
        buyer = Buyer(
            store=store,
            calls=calls,
            permits=permits,
            clock=clock,
            writer=writer,
            keeper=self.keeper,
            policy=policy,
            nonce=nonce,
        )
        self._gatherer = Gatherer(
            keys=keys,
            looks=looks,
            clock=clock,
            fleet=fleet,
            name=fleet_name,
            policy=policy,
            unsent=buyer.unsent,
            lives=lives,
            meetings=meetings,
            watch=watch,
            budget=budget,
            bulk=Bulk(store, lease, fleet, policy),
        )
        self._performer = Performer(
            store=store,
            calls=calls,
            looks=looks,
            permits=permits,
            clock=clock,
            writer=writer,
            keeper=self.keeper,
            buyer=buyer,
            sender=Sender(
                store=store,
                calls=calls,
                permits=permits,
                clock=clock,
                writer=writer,
                keeper=self.keeper,
                policy=policy,
                nonce=nonce,
            ),
            policy=policy,
            nonce=nonce,
            postpone=self._gatherer.postpone,
            counted=self._gatherer.counted,
            released=lives.released,
        )
        self._streaks: dict[str, int] = {}
        self._said = Said()

    async def look(self, ref: Ref) -> float | None:
        """Make one pass. Answers the seconds until the next one is due; None: only when something changes."""
        resource = self._fleet.get(ref)
        if resource is None:
            self._gatherer.forget(ref)
            self._streaks.pop(ref.uid, None)
            self._said.forget(ref)
            self._tell(Ended.GONE)
            return None
        try:
            return await self._pass(resource)
        except Conflict:
            self._tell(Ended.CONFLICT)
            return await self._read_again(resource)
        except Gone:
            self._tell(Ended.GONE)
            self._fleet.missing(ref)
            return None
        except Unavailable as error:
            self._tell(Ended.UNAVAILABLE)
            _log.warning("Kubernetes gave no usable answer: %s", error, extra={"resource": str(ref)})
            return self._policy.retry_base
        finally:
            self._gatherer.unclaim(ref)

    async def _pass(self, resource: Resource) -> float | None:
        scene, credentials = await self._gatherer.gather(resource)
        decision = decide(scene)
        if isinstance(decision, Act):
            outcome = await self._act(scene, decision, credentials)
            if outcome is None:
                self._tell(ended(decision))
                return self._soon(resource)
            decision = outcome
        self._gatherer.decided(resource.ref, decision)
        self._streaks.pop(resource.ref.uid, None)
        await self._report(scene, decision)
        self._tell(ended(decision))
        return self._pause(scene, decision)

    async def _act(self, scene: Scene, decision: Act, credentials: Credentials | None) -> Decision | None:
        _log.debug("acting", extra={"resource": str(scene.resource.ref), "action": type(decision.action).__name__})
        if isinstance(decision.action, Create) and not self._gatherer.room(scene):
            return Wait(Reason.CEILING_REACHED, self._policy.poll, no_room(self._policy.max_clusters or 0))
        if isinstance(decision.action, Create) and not self._gatherer.claim(scene):
            return Wait(Reason.FIRST_CREATE_UNDER_WAY, self._policy.poll, "The account's first create is under way.")
        try:
            return await self._performer.perform(scene, decision.action, credentials)
        except SecretProblem as problem:
            return Wait(problem.reason, self._policy.retry_base, str(problem))
        except CrdTooOld as error:
            return Blocked(Reason.CRD_TOO_OLD, f"The CRD is older than this operator: {error}", self._policy.retry_base)
        except Unavailable as error:
            if not error.permanent:
                raise
            return Wait(Reason.KUBERNETES_REFUSED, self._policy.retry_base, str(error))

    async def _report(self, scene: Scene, decision: Decision) -> None:
        """Make the status say it, if it does not yet; an event tells a change of reason."""
        before = _ready(scene.resource.conditions)
        made = report(scene, decision)
        said = None if self._said.already(scene, made) else made
        try:
            written = await self._store.write_status(scene.resource, remembered(scene, decision), said)
        except CrdTooOld as error:
            _log.error("the CRD is older than this operator: %s", error, extra={"resource": str(scene.resource.ref)})
            return
        self._said.wrote(scene, made)
        after = _ready(made.conditions)
        if said is not None and after is not None and (before is None or before.reason != after.reason):
            warning = isinstance(decision, Blocked) or after.reason in MENDED_BY_A_PERSON
            _log.info("%s: %s", after.reason, after.message, extra={"resource": str(scene.resource.ref)})
            await self._store.announce(written, Reason(after.reason), after.message, warning=warning)

    async def _read_again(self, resource: Resource) -> float | None:
        """Somebody wrote: take the newest, look at once."""
        try:
            await self._store.read(resource.ref)
        except Gone:
            self._fleet.missing(resource.ref)
            return None
        except (Unavailable, Conflict):
            return self._policy.retry_base
        return self._soon(resource)

    def _soon(self, resource: Resource) -> float:
        streak = self._streaks[resource.ref.uid] = self._streaks.get(resource.ref.uid, 0) + 1
        return calm(self._policy, streak)

    def _pause(self, scene: Scene, decision: Decision) -> float | None:
        match decision:
            case Settled():  # what a look shows wakes it; what time alone changes is found now and then
                rest = pace.rest(scene.resource, scene.now, self._policy)
                return min(rest, self._gatherer.chore(scene.resource.ref))
            case Wait(after=after) | Blocked(after=after):
                return after
            case Act():
                return 0.0


def _ready(conditions: tuple[Condition, ...]) -> Condition | None:
    return next((each for each in conditions if each.type == "Ready"), None)
