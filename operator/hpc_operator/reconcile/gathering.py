"""Gathering the scene of a pass: credentials, the shared looks it needs, and what the rest of the fleet records.

Imported by `engine` only. Facts are gathered, never judged: a look that failed stays an incomplete look.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from hpc_operator.decide import guards
from hpc_operator.decide.decision import Blocked, Decision, Settled, Wait
from hpc_operator.decide.facts import Claim, Earlier, Facts, FirstCreate, Scene
from hpc_operator.decide.firsts import first_create
from hpc_operator.decide.needs import Needs, needs
from hpc_operator.domain.desired import Instant, Ref
from hpc_operator.domain.mark import stem
from hpc_operator.domain.observed import ListLook, LogLook, NodesLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Record, Resource
from hpc_operator.reconcile.countings import Countings
from hpc_operator.reconcile.meetings import Meetings
from hpc_operator.reconcile.ports import Budget, Clock, Credentials, Keys, Looks, SecretProblem, Unavailable
from hpc_operator.reconcile.turns import Turns


class Fleet(Protocol):
    """The resources as last seen (`reconcile.cache`)."""

    def get(self, ref: Ref) -> Resource | None:
        """The resource of exactly this uid."""

    def missing(self, ref: Ref) -> None:
        """The server said that it is not there."""

    def holders(self, cluster_id: str) -> Collection[Ref]:
        """Who records this cluster."""

    def job_holders(self, job_id: str) -> Collection[Ref]:
        """Who records this job."""

    def of_account(self, account: Account) -> Collection[Ref]:
        """The resources whose recorded account this is."""

    def spenders(self) -> Collection[str]:
        """The uids of those that have a cluster under the operator's own key, or may be buying one."""


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


_AT_FIRST = 3
"""So often a chore is put off for the shortest time: what is short-lived is over by then."""
_COSTLY = ("Describe", "CountNodes")
_CHORES = (*_COSTLY, "Connect")
_IN_LINE = (Reason.QUOTA_EXHAUSTED, Reason.LOOKING_FIRST, Reason.FIRST_CREATE_UNDER_WAY)


class _Unsent(Protocol):
    def holds(self, record: Record | None) -> bool: ...


class _Claims(Mapping[str, tuple[Claim, ...]]):
    """Who records a cluster, asked for one id at a time. A record copied from another life claims nothing."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self._fleet, self._name = fleet, name

    def _claims(self, resource: Resource, cluster_id: str) -> bool:
        own = resource.record is not None and resource.record.mark == stem(self._name, resource.ref)
        return own or resource.memory.hpc_cluster_id == cluster_id

    def __getitem__(self, cluster_id: str) -> tuple[Claim, ...]:
        known = (self._fleet.get(ref) for ref in self._fleet.holders(cluster_id))
        return tuple(
            sorted(
                Claim(r.created_at, r.ref, r.account) for r in known if r is not None and self._claims(r, cluster_id)
            )
        )

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _OtherJobs:
    """Job ids that other resources record."""

    def __init__(self, fleet: Fleet, ref: Ref) -> None:
        self._fleet, self._ref = fleet, ref

    def __contains__(self, job_id: object) -> bool:
        return isinstance(job_id, str) and any(r.uid != self._ref.uid for r in self._fleet.job_holders(job_id))


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
        self._buying: set[str] = set()
        self._turns = Turns(budget, clock)
        self._later: dict[tuple[str, str], Instant] = {}
        self._failed: dict[tuple[str, str], int] = {}
        self._countings = Countings()
        self._first: dict[Account, Ref] = {}

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
            claims=_Claims(self._fleet, self._name),
            jobs=_OtherJobs(self._fleet, resource.ref),
            earlier=self._lives.before(resource.ref) if resource.id is None else (),
            recount=self._watch.recount(resource.ref),
            shows_from=self._watch.shows(resource.ref),
            nodes=self._countings.of(resource.ref, now),
            clusters=len(self._fleet.spenders()) - (uid in self._fleet.spenders()),
            postponed=frozenset(c for c in _CHORES if self._later.get((uid, c), 0.0) > now),
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
        state = self._first_create(observed, account)
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

    def _first_create(self, scene: Scene, account: Account) -> FirstCreate:
        if scene.resource.id is not None or scene.resource.deleting or guards.account_shows_marks(scene):
            return FirstCreate.FREE
        holder = self._first.get(account)
        if holder is not None and holder != scene.resource.ref:
            return FirstCreate.FREE if self._policy.accept_invisible_marks else FirstCreate.HELD
        return first_create(self._others(scene.resource, account), scene.newest, self._policy)

    def _others(self, resource: Resource, account: Account) -> Iterable[Resource]:
        known = (self._fleet.get(ref) for ref in self._fleet.of_account(account) if ref.uid != resource.ref.uid)
        return (other for other in known if other is not None)

    def claim(self, scene: Scene) -> bool:
        """Hold the account's first create for this pass; False when another pass holds it."""
        account = scene.account
        if guards.account_shows_marks(scene) or self._policy.accept_invisible_marks:
            return True
        return self._first.setdefault(account, scene.resource.ref) == scene.resource.ref

    def room(self, scene: Scene) -> bool:
        """Hold a place below max_clusters for this pass; False when others that buy just now have the last one."""
        most, uid = self._policy.max_clusters, scene.resource.ref.uid
        if most is None or not scene.facts.own_key:
            return True
        if len({*self._fleet.spenders(), *self._buying} - {uid}) >= most:
            return False
        self._buying.add(uid)
        return True

    def unclaim(self, ref: Ref) -> None:
        """The pass is over: what it created is in the cache now."""
        self._buying.discard(ref.uid)
        self._first = {account: holder for account, holder in self._first.items() if holder != ref}

    def counted(self, ref: Ref, look: NodesLook) -> None:
        """Its nodes were looked at."""
        self._countings.keep(ref, look)
        self._failed.pop((ref.uid, "CountNodes"), None)
        self._watch.counted(ref, look.begun)

    def postpone(self, resource: Resource, chore: str) -> None:
        """Put a chore off: it must not hold back Ready, nor be tried in a loop; what costs calls longer and longer."""
        key, now, most = (resource.ref.uid, chore), self._clock.now(), self._policy.retry_cap
        again = chore in _COSTLY and now - self._later.get(key, -math.inf) < most
        failed = self._failed[key] = self._failed.get(key, 0) + 1 if again else 1
        self._later[key] = now + min(most / 10 * 2 ** max(0, failed - _AT_FIRST), most)

    def chore(self, ref: Ref) -> float:
        """Seconds until a chore that was put off is due; infinite without one."""
        now = self._clock.now()
        due = (self._later.get((ref.uid, chore), 0.0) - now for chore in _CHORES)
        return min((wait for wait in due if wait > 0), default=math.inf)

    def forget(self, ref: Ref) -> None:
        """The resource is gone."""
        self._countings.forget(ref)

        self._bulk.went()
        self._meetings.forget(ref)
        self._watch.leave(ref)
        self._turns.leave(ref)
        for chore in _CHORES:
            self._later.pop((ref.uid, chore), None)
            self._failed.pop((ref.uid, chore), None)
