"""The watch over settled resources: each account is swept as often as was promised, whoever rests in it.

`main` runs it beside the passes; the gatherer says which resource rests on which account. Looks go through ports.Looks,
so what a pass asked for a moment ago is not asked for again. Nothing is decided: what a look shows is `noticing`'s.

What goes wrong without: settled resources poll, each for itself. What is left after a restart: nothing, the first
passes tell anew who rests where.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from hpc_operator.domain.desired import Instant, Ref
from hpc_operator.domain.observed import ListLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.record import Account, Resource
from hpc_operator.reconcile.noticing import FOLLOWED, Noticer, Seen
from hpc_operator.reconcile.ports import Clock, Credentials, Keys, Looks, SecretProblem, Unavailable

_log = logging.getLogger(__name__)
_GRACE = 10
"""Stalenesses without a complete look after which each resource is woken, to say so (decide.living)."""


class Pace(Protocol):
    """How often an account may be swept (cloud.pacing)."""

    def period(self, account: Account, listed: int, read: int, logged: int) -> float:
        """Seconds between two sweeps of so many clusters; `read`, `logged`: calls that list and log cost last."""


class Fleet(Protocol):
    """The resources as last seen."""

    def get(self, ref: Ref) -> Resource | None:
        """The resource of exactly this uid."""


@dataclass(slots=True)
class _Turned:
    """Who has this new key, and is woken when the account was looked at with it; how often that failed."""

    refs: dict[Ref, None] = field(default_factory=dict)
    failures: int = 0


@dataclass(slots=True)
class _Watch:
    """Who rests on an account, by the key that each uses; which keys failed last; what everybody was told.

    `broken`: keys that cannot be had or lead elsewhere, and whose users were told so. `turned`: by new key.
    """

    since: Instant
    refs: dict[Ref, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    told: bool = False
    tried: Instant = 0.0
    turned: dict[str, _Turned] = field(default_factory=dict)
    running: asyncio.Task[None] | None = None

    def chosen(self) -> Ref | None:
        """One with a new key; else one whose key is not known to fail; when all do, they are tried again."""
        for turn in self.turned.values():
            return next(iter(turn.refs))
        for _ in range(2):
            for ref, key in self.refs.items():
                if key not in self.failed:
                    return ref
            self.failed.clear()
        return None


class Sweeper:
    """`wake(ref)`: look at the resource again. `sleep` is awaited between the sweeps."""

    def __init__(
        self,
        *,
        looks: Looks,
        keys: Keys,
        fleet: Fleet,
        noticer: Noticer,
        pace: Pace,
        clock: Clock,
        policy: Policy,
        wake: Callable[[Ref], None],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._looks, self._keys, self._fleet, self._noticer = looks, keys, fleet, noticer
        self._pace, self._clock, self._policy, self._wake, self._sleep = pace, clock, policy, wake, sleep
        self._watches: dict[Account, _Watch] = {}
        self._where: dict[str, Account] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._moment = min(policy.poll, policy.staleness)

    def watch(self, ref: Ref, credentials: Credentials) -> None:
        """The resource rests on what this key shows of its account."""
        account = credentials.account
        if self._where.get(ref.uid, account) != account:
            self.leave(ref)
        self._where[ref.uid] = account
        watch = self._watches.setdefault(account, _Watch(self._clock.now()))
        watch.refs[ref] = credentials.fingerprint

    def turned(self, ref: Ref, credentials: Credentials) -> bool:
        """Its key is another one now: it is woken when its account was looked at with it. False: it rests elsewhere."""
        account, key = credentials.account, credentials.fingerprint
        if self._where.get(ref.uid) != account:
            return False
        watch, look = self._watches[account], self._noticer.seen(account).look
        if watch.refs.get(ref) == key or (look is not None and look.key == key and self._young(look.begun)):
            return False
        self._unturn(watch, ref)
        watch.turned.setdefault(key, _Turned()).refs[ref] = None
        return True

    @staticmethod
    def _unturn(watch: _Watch, ref: Ref) -> None:
        """It waits for no look with a new key any more: it is gone, or its key turned once more."""
        for key, turn in tuple(watch.turned.items()):
            turn.refs.pop(ref, None)
            if not turn.refs:
                del watch.turned[key]

    def _young(self, begun: Instant) -> bool:
        return 0 <= self._clock.now() - begun <= self._policy.staleness

    def leave(self, ref: Ref) -> None:
        """The resource is gone, or rests on another account."""
        self._noticer.forget(ref)
        account = self._where.pop(ref.uid, None)
        if account is None:
            return
        watch = self._watches[account]
        watch.refs.pop(ref, None)
        self._unturn(watch, ref)
        if not watch.refs:
            del self._watches[account]

    def recount(self, ref: Ref) -> bool:
        """Whether its nodes may be others than were counted."""
        return self._noticer.recount(ref)

    def shows(self, ref: Ref) -> Instant | None:
        """From when on its nodes show what the operation did that ended last; None: they do."""
        return self._noticer.shows(ref)

    def counted(self, ref: Ref, begun: Instant) -> None:
        """They were counted, by a look that began then."""
        self._noticer.counted(ref, begun)

    def states(self) -> dict[Account, tuple[Seen, float]]:
        """What was seen of each watched account, and its period in seconds: for metrics."""
        found = {account: self._noticer.seen(account) for account in self._watches}
        return {account: (seen, self._period(account, seen)) for account, seen in found.items()}

    def _period(self, account: Account, seen: Seen) -> float:
        return self._pace.period(account, seen.listed, seen.pages if not seen.failed else 0, seen.log_pages)

    async def run(self) -> None:
        """For ever: sweep what is due."""
        try:
            while True:
                now, soonest = self._clock.now(), self._moment / 2
                for account, watch in list(self._watches.items()):
                    due = self._due(account, watch, now)
                    if due > now:
                        soonest = min(soonest, due - now)
                    elif watch.running is None or watch.running.done():
                        watch.tried = now
                        watch.running = asyncio.create_task(self._one(account, watch), name=f"sweep {account.owner}")
                        self._running.add(watch.running)
                        watch.running.add_done_callback(self._running.discard)
                await self._sleep(max(soonest, 0.01))
        finally:
            for task in self._running:  # also of an account that nobody watches any more
                task.cancel()

    def _due(self, account: Account, watch: _Watch, now: Instant) -> Instant:
        """When list or log will be as old as may be; a look that failed is tried again sooner, and a new key at once.

        `now` is the caller's: by a later reading of the clock, what is due now would always be due a moment later.
        """
        seen = self._noticer.seen(account)
        period = self._period(account, seen)
        begun = watch.since if seen.begun is None else seen.begun
        logged = watch.since if seen.logged is None else seen.logged
        if max(begun, logged, watch.tried) > now:  # the clock went back: what it said counts no more
            return now
        due = now if watch.turned else min(begun, logged) + period
        return max(now if seen.failed else due, watch.tried + min(period, self._moment))

    async def _one(self, account: Account, watch: _Watch) -> None:
        ref = watch.chosen()
        resource = self._fleet.get(ref) if ref is not None else None
        if ref is None or resource is None:
            return
        try:
            credentials = await self._keys.credentials(resource)
            if credentials.account != account:
                self._problem(watch, ref)
                return
            watch.broken.discard(watch.refs.get(ref, ""))
            await self._sweep(account, watch, ref, credentials)
        except SecretProblem:
            self._problem(watch, ref)
        except Unavailable as error:
            _log.warning("an account could not be swept: %s", error, extra={"owner": account.owner})
        except Exception as error:  # noqa: BLE001 - the rim of a sweep: logged, and swept again
            _log.error("a sweep failed: %s", type(error).__name__, exc_info=error, extra={"owner": account.owner})

    async def _sweep(self, account: Account, watch: _Watch, ref: Ref, credentials: Credentials) -> None:
        now, seen = self._clock.now(), self._noticer.seen(account)
        self._noticer.watch_by(account, credentials.fingerprint)
        period = self._period(account, seen)
        overdue = seen.begun is None or now - seen.begun >= 0.95 * period or bool(watch.turned)
        fresh = now if seen.failed or watch.turned else now - period / 2
        lists = await self._looks.listing(credentials, account, fresh, "sweep" if overdue else "look")
        since = seen.log_since(self._policy.window)
        begin = (now if since is None else min(max(since, now - FOLLOWED), now)) - self._policy.clock_skew
        await self._looks.log(credentials, account, begin, now - period / 2, "sweep")
        if lists and lists[0].complete and self._sees(watch, lists[0]):
            watch.failed.discard(credentials.fingerprint)
        else:
            watch.failed.add(watch.refs.get(ref, ""))
        if lists and lists[0].begun == seen.begun:  # it was asked, and not put off for want of calls
            self._looked(watch, credentials.fingerprint, complete=lists[0].complete)
        self._say(seen, watch)

    def _looked(self, watch: _Watch, key: str, *, complete: bool) -> None:
        """Who has this new key looks again; one failed look says nothing yet."""
        turn = watch.turned.get(key)
        if turn is None:
            return
        turn.failures += not complete
        if complete or turn.failures > 1:
            del watch.turned[key]
            for ref in turn.refs:
                self._wake(ref)

    def _sees(self, watch: _Watch, look: ListLook) -> bool:
        """Of several keys, one under which nothing is listed that is recorded may belong to another account."""
        if len({*watch.refs.values()}) < 2:
            return True
        found = (self._fleet.get(ref) for ref in watch.refs)
        recorded = {resource.id for resource in found if resource is not None and resource.id is not None}
        return not recorded or not recorded.isdisjoint(look.by_id)

    def _say(self, seen: Seen, watch: _Watch) -> None:
        """When nothing complete was seen for a while, each resource says so, once; seen again, it says that."""
        last = watch.since if seen.complete_begun is None else max(seen.complete_begun, watch.since)
        dark = self._clock.now() - last > _GRACE * self._policy.staleness
        if dark and not watch.told:
            for ref in tuple(watch.refs):
                self._wake(ref)
        watch.told = dark

    def _problem(self, watch: _Watch, ref: Ref) -> None:
        """The key cannot be had any more, or leads elsewhere: whoever uses it says so itself, once."""
        self._unturn(watch, ref)
        key = watch.refs.get(ref, "")
        watch.failed.add(key)
        if key in watch.broken:
            return
        watch.broken.add(key)
        for each, used in tuple(watch.refs.items()):
            if used == key:
                self._wake(each)
