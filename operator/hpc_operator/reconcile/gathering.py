"""Gathering the scene of a pass: credentials, the shared looks it needs, and what the rest of the fleet records.

Imported by `engine` only. Facts are gathered, never judged: a look that failed stays an incomplete look.
"""

from dataclasses import replace
from typing import Protocol

from hpc_operator.decide import guards
from hpc_operator.decide.decision import Blocked, Decision, Settled, Wait
from hpc_operator.decide.facts import Earlier, Facts, Scene
from hpc_operator.decide.needs import Needs, needs
from hpc_operator.domain.desired import Instant, Ref
from hpc_operator.domain.observed import ListLook, LogLook, NodesLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Record, Resource
from hpc_operator.reconcile.chores import Chores
from hpc_operator.reconcile.countings import Countings
from hpc_operator.reconcile.fleet import Claims, Fleet, OtherJobs
from hpc_operator.reconcile.holding import Holds
from hpc_operator.reconcile.meetings import Meetings
from hpc_operator.reconcile.ports import Budget, Clock, Credentials, Keys, Looks, SecretProblem, Unavailable
from hpc_operator.reconcile.turns import Turns


class _Bulk(Protocol):
    async def weigh(self, scene: Scene) -> Scene: ...

    def went(self) -> None: ...


class _Lives(Protocol):
    def before(self, ref: Ref) -> tuple[Earlier, ...]: ...


class Watch(Protocol):
    """Who is told which resource rests on which account (`reconcile.sweeping`)."""

    def watch(self, ref: Ref, credentials: Credentials) -> None:
        """The resource rests on what this key shows of its account."""

    def leave(self, ref: Ref) -> None:
        """The resource is gone."""

    def recount(self, ref: Ref) -> bool:
        """Whether its nodes may be others than were counted."""

    def shows(self, ref: Ref) -> Instant | None:
        """From when on its nodes show what the operation did that ended last; None: they do."""

    def counted(self, ref: Ref, begun: Instant) -> None:
        """They were counted, by a look that began then."""


_IN_LINE = (Reason.QUOTA_EXHAUSTED, Reason.LOOKING_FIRST, Reason.FIRST_CREATE_UNDER_WAY)


class _Unsent(Protocol):
    def holds(self, record: Record | None) -> bool: ...


def _stale(look: ListLook | LogLook, wanted: Instant) -> bool:
    return look.begun < wanted or not look.complete


class Gatherer:
    """Gathers scenes; remembers which chores were put off."""

    def __init__(
        self,
        *,
        keys: Keys,
        looks: Looks,
        clock: Clock,
        fleet: Fleet,
        name: str,
        policy: Policy,
        unsent: _Unsent,
        lives: _Lives,
        meetings: Meetings,
        watch: Watch,
        budget: Budget,
        bulk: _Bulk,
    ) -> None:
        self._keys, self._looks, self._clock, self._fleet = keys, looks, clock, fleet
        self._name, self._policy, self._unsent, self._lives = name, policy, unsent, lives
        self._meetings, self._watch, self._budget = meetings, watch, budget
        self._bulk = bulk
        self._turns = Turns(budget, clock)
        self._chores = Chores(clock, policy.retry_cap)
        self._countings = Countings()
        self._holds = Holds(fleet)

    async def gather(self, resource: Resource) -> tuple[Scene, Credentials | None]:
        """The scene, and the credentials to act with; None when there are none or they lead to another account."""
        scene, credentials = await self._gathered(resource)
        return await self._bulk.weigh(scene), credentials

    async def _gathered(self, resource: Resource) -> tuple[Scene, Credentials | None]:
        credentials, problem = await self._credentials(resource)
        scene = self._scene(resource, credentials, problem)
        if credentials is None or not guards.same_account(scene):
            return scene, None
        self._watch.watch(resource.ref, credentials)
        return await self._observed(scene, credentials), credentials

    async def _credentials(self, resource: Resource) -> tuple[Credentials | None, tuple[Reason, str] | None]:
        try:
            return await self._keys.credentials(resource), None
        except SecretProblem as problem:
            return None, (problem.reason, str(problem))
        except Unavailable as error:
            if not error.permanent:
                raise
            return None, (Reason.KUBERNETES_REFUSED, str(error))

    def _scene(self, resource: Resource, credentials: Credentials | None, problem: tuple[Reason, str] | None) -> Scene:
        now = self._clock.now()
        uid = resource.ref.uid
        facts = Facts(
            now=now,
            fleet=self._name,
            wished=credentials.account if credentials else None,
            key=credentials.fingerprint if credentials else None,
            own_key=credentials.own if credentials else True,
            key_problem=problem,
            offset=self._clock.offset(),
            seen_at=self._meetings.met(resource.ref),
            unsent=self._unsent.holds(resource.record),
            claims=Claims(self._fleet, self._name),
            jobs=OtherJobs(self._fleet, resource.ref),
            earlier=self._lives.before(resource.ref) if resource.id is None else (),
            recount=self._watch.recount(resource.ref),
            shows_from=self._watch.shows(resource.ref),
            nodes=self._countings.of(resource.ref, now),
            clusters=len(self._fleet.spenders()) - (uid in self._fleet.spenders()),
            postponed=self._chores.postponed(uid),
        )
        return Scene(resource, facts, self._policy)

    async def _observed(self, scene: Scene, credentials: Credentials) -> Scene:
        resource, account = scene.resource, credentials.account
        left = [guards.open_create(life, account, self._name) for life in scene.facts.earlier if life.id is None]
        wanted = needs(resource, scene.now, scene.facts.seen_at, self._policy, left)
        until = self._quota_until(resource, account, wanted.lane)
        if until is not None:  # who waits for a call must not spend others on looks meanwhile
            wanted = replace(wanted, lane="look", must=None)
        lists = await self._listing(wanted, credentials)
        if wanted.must is not None and lists and _stale(lists[0], wanted.must):
            wanted = replace(wanted, must=None)  # one without the other decides nothing, and would eat its calls
        logs = await self._logs(wanted, credentials)
        facts = replace(
            scene.facts,
            now=self._clock.now(),
            offset=self._clock.offset(),
            lists=lists,
            logs=logs,
            ids=self._looks.known(account),
            quota_until=until,
            refused_key=credentials.where if self._looks.refuses(credentials) else None,
        )
        observed = Scene(resource, facts, self._policy)
        state = self._holds.first(observed, account)
        return Scene(resource, replace(facts, first_create=state), self._policy)

    def _quota_until(self, resource: Resource, account: Account, lane: str) -> Instant | None:
        """Until when the account has no calls for this resource; creates take turns."""
        if lane == "create":
            return self._turns.until(account, resource.ref)
        self._turns.leave(resource.ref)
        wait = self._budget.wait(account, "finish" if lane == "finish" else "sweep")
        return None if wait <= 0 else self._clock.now() + wait

    def decided(self, ref: Ref, decision: Decision) -> None:
        """Only who could create is in line for it; only what changes is counted again and again."""
        if isinstance(decision, Settled):
            self._countings.forget(ref)
        if isinstance(decision, Settled | Blocked) or (isinstance(decision, Wait) and decision.reason not in _IN_LINE):
            self._turns.leave(ref)

    async def _listing(self, wanted: Needs, credentials: Credentials) -> tuple[ListLook, ...]:
        if wanted.listing is None:
            return ()
        lane = "look" if wanted.must != wanted.listing else wanted.lane
        looks = await self._looks.listing(credentials, credentials.account, wanted.listing, lane)
        if wanted.must is not None and _stale(looks[0], wanted.must):
            looks = await self._looks.listing(credentials, credentials.account, wanted.must, wanted.lane)
        beside = wanted.beside
        if beside is None or not looks[0].complete or any(look.begun >= beside for look in looks[1:]):
            return looks
        return await self._looks.listing(credentials, credentials.account, self._clock.now(), wanted.lane)

    async def _logs(self, wanted: Needs, credentials: Credentials) -> tuple[LogLook, ...]:
        if wanted.log is None:
            return ()
        since, fresh = wanted.log
        looks = await self._looks.log(credentials, credentials.account, since, fresh)
        if wanted.must is not None and _stale(looks[0], wanted.must):
            looks = await self._looks.log(credentials, credentials.account, since, wanted.must, wanted.lane)
        return looks

    def claim(self, scene: Scene) -> bool:
        """Hold the account's first create for this pass (`Holds.claim`)."""
        return self._holds.claim(scene)

    def room(self, scene: Scene) -> bool:
        """Hold a place below max_clusters for this pass (`Holds.room`)."""
        return self._holds.room(scene)

    def unclaim(self, ref: Ref) -> None:
        """The pass is over: what it created is in the cache now."""
        self._holds.release(ref)

    def counted(self, ref: Ref, look: NodesLook) -> None:
        """Its nodes were looked at."""
        self._countings.keep(ref, look)
        self._chores.done(ref.uid, "CountNodes")
        self._watch.counted(ref, look.begun)

    def postpone(self, resource: Resource, chore: str) -> None:
        """Put a chore off (`Chores.postpone`)."""
        self._chores.postpone(resource.ref.uid, chore)

    def chore(self, ref: Ref) -> float:
        """Seconds until a chore that was put off is due; infinite without one."""
        return self._chores.wait(ref.uid)

    def forget(self, ref: Ref) -> None:
        """The resource is gone."""
        self._countings.forget(ref)
        self._bulk.went()
        self._meetings.forget(ref)
        self._watch.leave(ref)
        self._turns.leave(ref)
        self._chores.forget(ref.uid)
