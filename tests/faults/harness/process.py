"""One operator process over the in-memory world: the real engine, cache, queue, client, observer and store.

Every I/O goes through `io`, which is where a process dies, freezes, or gets an error instead of an answer.
"""

import asyncio
import inspect
import random  # noqa: TID251 - seeded: this is where chance comes from
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from faults.harness.injection import Killed, Kind, Strike
from hpc_operator.account import reading
from hpc_operator.cloud.calls import Caller, CallSettings
from hpc_operator.cloud.client import HpcCalls
from hpc_operator.cloud.credentials import AccountKeys, KeyPair, parsed
from hpc_operator.cloud.observer import Observer
from hpc_operator.cloud.pacing import Pace
from hpc_operator.cloud.quota import HourlyBudget
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.cloud.transport import Reply, TransportNoAnswer, TransportNotSent
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Resource
from hpc_operator.kube.codec import parse_resource
from hpc_operator.kube.events import Announcer
from hpc_operator.kube.passwords import Secrets
from hpc_operator.kube.resources import KubeStore, Told
from hpc_operator.reconcile.cache import Cache
from hpc_operator.reconcile.engine import Engine
from hpc_operator.reconcile.lives import Lives
from hpc_operator.reconcile.meetings import Meetings
from hpc_operator.reconcile.noticing import Noticer
from hpc_operator.reconcile.ports import Credentials, SecretProblem, Unavailable
from hpc_operator.reconcile.queue import Lane, WakeQueue, lane_of
from hpc_operator.reconcile.resync import Resync
from hpc_operator.reconcile.rotating import KeyRounds
from hpc_operator.reconcile.sweeping import Sweeper
from hpc_simulator import Account as SimulatedAccount
from hpc_simulator import Answer, Delayed, Held, Lost, Torn, Unreachable

if TYPE_CHECKING:
    from faults.harness.world import World

_ONLY: dict[Kind, tuple[str, ...]] = {
    Kind.EXHAUSTED: ("Budget.permit",),
    Kind.SECRET_PROBLEM: ("Keys.credentials", "Store.password", "Store.admin_password"),
}
"""What can happen at some points only: the ports promise so."""
_ROUNDS = 15.0
"""Seconds between rounds of the keys: each life would make a hundred of the operator's own."""
KUBE_LATENCY, CLOUD_LATENCY = 0.02, 0.2


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange with the cloud as it went: what a world's `bend` may answer otherwise."""

    call: str
    url: str
    body: str
    answer: Answer


class Port:
    """A port whose coroutines are fault points; everything else is handed on."""

    def __init__(self, name: str, target: object, process: "Process") -> None:
        self._name, self._target, self._process = name, target, process

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._target, attribute)
        if not inspect.iscoroutinefunction(found):
            return found
        point = partial(self._process.io, f"{self._name}.{attribute}", found)
        setattr(self, attribute, point)  # from now on it is found without asking
        return point


class Process:
    """`offset`: own clock minus the cloud's, seconds. `watch_lag`: how late watch events are. `lease`: seconds left."""

    def __init__(
        self, world: "World", name: str, *, offset: float = 0.0, watch_lag: float = 0.05, lease: float = 3600.0
    ) -> None:
        self.world, self.name, self.offset, self.watch_lag, self.lease = world, name, offset, watch_lag, lease
        self.dead = True
        self.died: float | None = None
        self.idle_since: float | None = None
        """When its last life ended, as the Lease would tell."""
        self.frozen_until = 0.0
        self.life = 0
        self.passes: list[float] = []
        self.errors: list[str] = []
        self.scrubber = Scrubber()
        """What its present life knows of secrets."""
        self._tasks: list[asyncio.Task[Any]] = []

    # Its life

    def start(self) -> None:
        """Begin with empty memory: list, then watch and make passes."""
        assert self.dead, f"{self.name} runs already"
        self.life += 1
        self.dead, self.idle_since = False, self.died
        _Life(self).begin()

    def crash(self) -> None:
        """SIGKILL: all that it would still do is not done."""
        if self.dead:
            return
        self.dead, self.died = True, self.now()
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self.world.crashed(self)

    def freeze(self, seconds: float) -> None:
        """SIGSTOP for some seconds."""
        self.frozen_until = max(self.frozen_until, self.world.loop.time() + seconds)

    def own(self, task: asyncio.Task[Any]) -> None:
        """A task that dies with the process."""
        self._tasks.append(task)

    def now(self) -> float:
        """Its own wall clock."""
        return self.world.now() + self.offset

    # Its I/O

    async def alive(self, life: int) -> None:
        """Wait while frozen; Killed when dead, or when this belongs to an earlier life."""
        while not self.dead and self.life == life and self.world.loop.time() < self.frozen_until:  # noqa: ASYNC110
            await asyncio.sleep(self.frozen_until - self.world.loop.time())
        if self.dead or self.life != life:
            raise Killed(self.name)

    async def sleep(self, seconds: float) -> None:
        """The injected sleep."""
        life = self.life
        await asyncio.sleep(seconds)
        await self.alive(life)

    async def io(self, point: str, call: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> Any:
        """One I/O: a fault point before and after."""
        life = self.life
        await self.alive(life)
        strike = self.world.injector.reach(point, self.name)
        if strike is not None and not (isinstance(strike.fault, Kind) and point in _ONLY.get(strike.fault, (point,))):
            strike = None
        if strike is not None and isinstance(strike.fault, Kind):
            await self._before(strike, strike.fault, life, args)
            if strike.fault is Kind.EXHAUSTED:
                return 30.0
        result = await call(*args, **named)
        await self.alive(life)
        if strike is not None and isinstance(strike.fault, Kind):
            await self._after(strike, strike.fault, life)
        return result

    async def _before(self, strike: Strike, kind: Kind, life: int, args: tuple[Any, ...]) -> None:
        match kind:
            case Kind.CRASH_BEFORE:
                self.crash()
            case Kind.FREEZE_BEFORE:
                self.freeze(strike.seconds)
            case Kind.UNAVAILABLE:
                raise Unavailable("injected: nothing was done")
            case Kind.SECRET_PROBLEM:
                raise SecretProblem(Reason.CREDENTIALS_MISSING, "injected: the Secret is missing")
            case Kind.CONFLICT:
                self.world.touch()
            case _:
                pass
        await self.alive(life)

    async def _after(self, strike: Strike, kind: Kind, life: int) -> None:
        match kind:
            case Kind.CRASH_AFTER:
                self.crash()
            case Kind.FREEZE_AFTER:
                self.freeze(strike.seconds)
            case Kind.ANSWER_LOST:
                raise Unavailable("injected: the answer was lost")
            case _:
                pass
        await self.alive(life)


class _Life:
    """What a process holds in memory between its start and its death."""

    def __init__(self, process: Process) -> None:
        self.process, self.world, self.number = process, process.world, process.life
        world, loop = process.world, process.world.loop
        self.clock = WatchedClock(process.now)
        self.queue: WakeQueue[Ref] = WakeQueue(loop.time, failed=self._failed)
        lives = Lives(process.now)
        self.meetings = Meetings(process.now)
        self.cache = Cache(parse_resource, self._woke, lives.went)
        chance = random.Random(f"{world.seed}/{process.name}/{process.life}")
        api, scrubber = _Api(process), Scrubber()
        process.scrubber = scrubber
        secrets = Secrets(api, choose=chance.choice, learn=scrubber.add)
        store = KubeStore(
            api,
            told=Told(read=self.cache.read, wrote=self.cache.wrote, missing=self.cache.missing),
            secrets=secrets,
            announcer=Announcer(api, me=process.name, now=process.now, scrub=scrubber.scrub),
            scrub=scrubber.scrub,
        )
        self.resync = Resync(self.cache, store.list_pages, (), period=300.0, now=loop.time)
        budget = self.budget = HourlyBudget(process.now, limit=world.quota)
        settings = CallSettings(quota_pause=120.0)
        caller = Caller(_Transport(process), self.clock, budget, settings, sleep=process.sleep)
        held = _Keys(world, secrets, process.now, scrubber)
        calls, keys = HpcCalls(caller), Port("Keys", held, process)
        noticer = Noticer(self.cache, self._noticed, lag=world.policy.window, idle_since=lambda: process.idle_since)
        pace = Pace(budget, process.now, world.policy.staleness)
        looks = Port("Looks", Observer(calls, self.clock, purse=pace, shown=noticer.shown), process)
        self.sweeper = Sweeper(
            looks=looks,
            keys=keys,
            fleet=self.cache,
            noticer=noticer,
            pace=pace,
            clock=self.clock,
            policy=world.policy,
            wake=self._noticed,
            sleep=process.sleep,
        )
        # No fault points: what the rounds see is judged by the passes that they wake.
        self.rounds = KeyRounds(
            keys=held, fleet=self.cache, watch=self.sweeper, wake=self._noticed, sleep=process.sleep, every=_ROUNDS
        )
        held.shared.when_turned(self.rounds.turned)
        self.engine = Engine(
            store=Port("Store", store, process),
            keys=keys,
            calls=Port("Calls", calls, process),
            looks=looks,
            budget=Port("Budget", budget, process),
            lease=_Lease(process),
            clock=self.clock,
            fleet=self.cache,
            lives=lives,
            meetings=self.meetings,
            watch=self.sweeper,
            fleet_name=world.fleet,
            policy=world.policy,
            nonce=lambda: f"{chance.getrandbits(64):016x}",
            sleep=process.sleep,
        )

    def begin(self) -> None:
        self.world.kube.watchers.append(self._event)
        self.process.own(asyncio.create_task(self._operate(), name=f"{self.process.name} life {self.number}"))

    async def _operate(self) -> None:
        while True:
            try:
                await self.resync.once()
                break
            except Unavailable:
                await self.process.sleep(5.0)
        self.process.own(asyncio.create_task(self.resync.run(), name="resync"))
        self.process.own(asyncio.create_task(self.sweeper.run(), name="sweeps"))
        self.process.own(asyncio.create_task(self.rounds.run(), name="key rounds"))
        await self.queue.run(self._pass, 8)

    async def _pass(self, ref: Ref) -> None:
        await self.process.alive(self.number)
        self.process.passes.append(self.world.loop.time())
        delay = await self.engine.look(ref)
        if delay is not None:
            self.queue.schedule(ref, Lane.LOOK, self.world.loop.time() + delay)

    def _failed(self, ref: Ref, error: Exception) -> None:
        self.process.errors.append(f"{type(error).__name__}: {error}")

    def _noticed(self, ref: Ref) -> None:
        if not self._over() and (resource := self.cache.get(ref)) is not None:
            self.queue.wake(ref, lane_of(resource))

    def _woke(self, ref: Ref, resource: Resource | None) -> None:
        if resource is not None:
            self.meetings.met(ref)
        self.queue.wake(ref, Lane.LOOK if resource is None else lane_of(resource))

    def _event(self, kind: str, raw: dict[str, Any]) -> None:
        if self._over():
            if self._event in self.world.kube.watchers:
                self.world.kube.watchers.remove(self._event)
            return
        loop = self.world.loop
        late = max(self.process.watch_lag, self.process.frozen_until - loop.time())
        loop.call_later(late, self._seen, kind, raw)

    def _seen(self, kind: str, raw: dict[str, Any]) -> None:
        if not self._over():
            self.cache.seen(kind, raw)

    def _over(self) -> bool:
        return self.process.dead or self.process.life != self.number


class _Lease:
    def __init__(self, process: Process) -> None:
        self._process = process

    def left(self) -> float:
        return self._process.lease

    def approved_deletions(self) -> int:
        return self._process.world.approved

    def drop_approval(self) -> None:
        self._process.world.approved = 0


class _Held:
    """credentials.Source: a key of the world, as it is when it is read."""

    def __init__(self, find: Callable[[], SimulatedAccount | None]) -> None:
        self._find = find

    def read(self) -> KeyPair:
        held = self._find()
        if held is None:
            raise SecretProblem(Reason.CREDENTIALS_MISSING, "there is no key")
        values = {"access_key_id": held.key, "secret_access_key": held.secret, "owner": held.owner, "zone": held.zone}
        return parsed(values, "the world")


class _Keys:
    """ports.Keys: `shared` has the Secrets that resources name, and the world's present key for all who name none.

    `keys_of` stands in for Secrets of single resources that nobody reads.
    """

    def __init__(self, world: "World", secrets: Secrets, now: Callable[[], float], scrubber: Scrubber) -> None:
        self._world, self._now, self._scrubber, self._read = world, now, scrubber, reading(secrets)
        self.shared = self._over(_Held(lambda: world.key))

    def _over(self, own: _Held) -> AccountKeys:
        return AccountKeys(own, self._world.endpoint, self._read, self._now, self._scrubber)

    async def credentials(self, resource: Resource) -> Credentials:
        name = resource.ref.name
        if name in self._world.keys_of:
            return await self._over(_Held(lambda: self._world.keys_of[name])).credentials(resource)
        return await self.shared.credentials(resource)


class _Api:
    """kube.api.Api on the memory server: each request is a fault point of its own."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "",
    ) -> dict[str, Any]:
        point = f"kube.{method} {_kind(path)}"
        answer: dict[str, Any] = await self._process.io(point, self._do, method, path, body, query)
        return answer

    async def _do(
        self, method: str, path: str, body: Mapping[str, Any] | None, query: Mapping[str, str] | None
    ) -> dict[str, Any]:
        await asyncio.sleep(KUBE_LATENCY)  # on its way: it arrives even when the sender dies meanwhile
        return self._process.world.kube.request(self._process.name, method, path, body, query)


def _kind(path: str) -> str:
    if "/secrets" in path:
        return "secret"
    if "/events" in path:
        return "event"
    if path.endswith("/status"):
        return "status"
    return "list" if path.endswith("/hpcclusters") else "object"


class _Transport:
    """cloud.transport.Transport on the simulator's core: each exchange is a fault point for the cloud's faults."""

    def __init__(self, process: Process) -> None:
        self._process, self._world = process, process.world

    async def send(self, method: str, url: str, body: str | None, headers: Mapping[str, str], timeout: float) -> Reply:  # noqa: ASYNC109
        parts = urlsplit(url)
        call = _call(parts.path)
        life, began = self._process.life, self._process.now()
        await self._process.alive(life)
        strike = self._world.injector.reach(f"cloud.{call}", self._process.name)
        await asyncio.sleep(CLOUD_LATENCY / 2)
        await self._process.alive(life)
        cloud = self._world.cloud
        if strike is not None and not isinstance(strike.fault, Kind):
            cloud.add_fault(strike.fault)
        reply = cloud.handle(method, parts.path, parts.query, (body or "").encode())
        try:
            answer = await self._answer(reply, timeout)
        finally:
            await self._process.alive(life)
        if self._world.bend is not None:
            answer = self._world.bend(Exchange(call, url, body or "", answer))
        date = answer.headers.get("Date")
        sent = parsedate_to_datetime(date).timestamp() if date else None
        return Reply(answer.status, sent, answer.body, began, self._process.now())

    async def _answer(self, reply: object, timeout: float) -> Answer:  # noqa: ASYNC109
        await asyncio.sleep(CLOUD_LATENCY / 2)
        match reply:
            case Answer():
                return reply
            case Unreachable():
                raise TransportNotSent("ConnectError")
            case Held(ticket) | Delayed(ticket):
                deadline = self._world.loop.time() + timeout
                while self._world.loop.time() < deadline:
                    await asyncio.sleep(0.5)
                    if (found := self._world.cloud.collect(ticket)) is not None:
                        return found
                raise TransportNoAnswer("no answer in time")
            case Lost() | Torn():
                raise TransportNoAnswer("the connection broke")
            case _:
                raise AssertionError(reply)


def _call(path: str) -> str:
    parts = path.strip("/").split("/")
    return "permission" if parts[1] == "permission" else parts[-1]
