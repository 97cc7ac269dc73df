"""The composition root of `run`: settings, then clients, then the engine, then Kopf.

Everything is made here and handed on by constructor; one exit stack owns what must be closed. Clock and chance are
given out here and in `cli`, nowhere else. Only `cli` imports this module.
"""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from hpc_operator import account
from hpc_operator.cloud.calls import Caller
from hpc_operator.cloud.client import HpcCalls
from hpc_operator.cloud.observer import Observer
from hpc_operator.cloud.pacing import Pace
from hpc_operator.cloud.quota import HourlyBudget
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.domain.desired import Ref
from hpc_operator.handlers import KopfThread, Login
from hpc_operator.kube.codec import parse_resource
from hpc_operator.kube.connection import Connection
from hpc_operator.kube.counted import Counted
from hpc_operator.kube.events import Announcer
from hpc_operator.kube.lease import LeaseLoop
from hpc_operator.kube.passwords import Secrets
from hpc_operator.kube.resources import KubeStore, Told
from hpc_operator.kube.startup import Startup
from hpc_operator.kube.store import Server, read_connection
from hpc_operator.measuring.counting import Metrics
from hpc_operator.measuring.exposing import expose
from hpc_operator.measuring.released import released
from hpc_operator.measuring.sweeps import CountedLooks
from hpc_operator.process import Parts, Process, waking
from hpc_operator.reconcile.cache import Cache
from hpc_operator.reconcile.ended import Ended
from hpc_operator.reconcile.engine import Engine
from hpc_operator.reconcile.lives import Lives
from hpc_operator.reconcile.meetings import Meetings
from hpc_operator.reconcile.noticing import Noticer
from hpc_operator.reconcile.queue import WakeQueue, lane_of
from hpc_operator.reconcile.resync import Resync
from hpc_operator.reconcile.rotating import KeyRounds
from hpc_operator.reconcile.sweeping import Sweeper
from hpc_operator.serving import application, serving
from hpc_operator.settings import Settings

_log = logging.getLogger(__name__)
_LOST_LEASE = 3


def _lost(why: str) -> None:
    """Another process may act from now on: end at once, nothing graceful."""
    _log.critical("%s", why)
    logging.shutdown()
    os._exit(_LOST_LEASE)


class Root:
    """Makes the parts from the settings; `stack` owns what must be closed."""

    def __init__(
        self, settings: Settings, scrubber: Scrubber, ticks: Callable[[], float], stack: AsyncExitStack
    ) -> None:
        self._settings, self._scrubber, self._ticks, self._stack = settings, scrubber, ticks, stack
        self._me = f"{socket.gethostname()}_{os.getpid()}_{secrets.token_hex(4)}"
        self._clock = WatchedClock(time.time)
        self.metrics = Metrics()
        self._budget = HourlyBudget(
            self._clock.now,
            limit=settings.quota,
            share=settings.quota_share,
            span=settings.quota_window,
            on_wait=self.metrics.waited,
            on_spend=self.metrics.spent,
        )

    async def parts(self) -> Parts:
        """Everything a process is made of, nothing started yet."""
        settings = self._settings
        server = await Server.connect(
            settings.kubeconfig,
            settings.context,
            ticks=self._ticks,
            timeout=settings.kube_timeout,
            learn=self._scrubber.add,
        )
        self._stack.push_async_callback(server.close)
        loop = asyncio.get_running_loop()
        api = Counted(server, self.metrics.wrote)
        queue: WakeQueue[Ref] = WakeQueue(
            loop.time,
            failed=lambda _key, _error: self.metrics.ended(Ended.FAILED),
            party=lambda ref: ref.namespace,
        )
        lives, meetings = Lives(self._clock.now), Meetings(self._clock.now)
        cache = Cache(parse_resource, waking(queue, meetings), lives.went)
        secret_values = Secrets(api, choose=secrets.choice, learn=self._scrubber.add)
        store = KubeStore(
            api,
            told=Told(cache.read, cache.wrote, cache.missing),
            secrets=secret_values,
            announcer=Announcer(api, me=self._me, now=self._clock.now, scrub=self._scrubber.scrub),
            scrub=self._scrubber.scrub,
        )
        lease = LeaseLoop(
            api,
            settings.lease_namespace,
            settings.lease_name,
            self._me,
            duration=settings.lease_duration,
            ticks=self._ticks,
            now=time.time,
            on_lost=_lost,
            kept=self._budget,
        )
        self._budget.unkept = lease.renew_soon
        calls = await self._calls()
        keys = account.keys(settings, account.reading(secret_values), self._clock.now, self._scrubber)
        noticer = Noticer(
            cache,
            _noticed(queue, cache),
            lag=settings.policy().window,
            skew=settings.clock_skew,
            idle_since=lambda: lease.idle_since,
        )
        pace = Pace(self._budget, self._clock.now, settings.staleness)
        counted = CountedLooks(self.metrics, noticer)
        looks = Observer(calls, self._clock, purse=pace, shown=counted.shown)
        sweeper = Sweeper(
            looks=looks,
            keys=keys,
            fleet=cache,
            noticer=noticer,
            pace=pace,
            clock=self._clock,
            policy=settings.policy(),
            wake=_noticed(queue, cache),
            sleep=asyncio.sleep,
        )
        rounds = KeyRounds(
            keys=keys,
            fleet=cache,
            watch=sweeper,
            wake=_noticed(queue, cache),
            sleep=asyncio.sleep,
            every=settings.credentials_max_age / 10,
        )
        keys.when_turned(rounds.turned)
        engine = Engine(
            store=store,
            keys=keys,
            calls=calls,
            looks=looks,
            budget=self._budget,
            lease=lease,
            clock=self._clock,
            fleet=cache,
            lives=lives,
            meetings=meetings,
            watch=sweeper,
            fleet_name=settings.fleet,
            policy=settings.policy(),
            nonce=lambda: secrets.token_hex(8),
            sleep=asyncio.sleep,
            tell=self.metrics.ended,
        )
        counted.watched = sweeper.states
        expose(
            self.metrics,
            queue=queue,
            cache=cache,
            budget=self._budget,
            noticer=noticer,
            sweeper=sweeper,
            lease=lease,
            clock=self._clock,
            fleet=settings.fleet,
            policy=settings.policy(),
        )
        return Parts(
            startup=Startup(store, settings.namespaces),
            lease=lease,
            cache=cache,
            queue=queue,
            resync=Resync(cache, store.list_pages, settings.namespaces, period=settings.resync_period, now=loop.time),
            sweeper=sweeper,
            key_rounds=rounds,
            engine=engine,
            metrics=self.metrics,
            watch=lambda seen: KopfThread(loop, Login(self._connection), seen, settings.namespaces),
        )

    async def _connection(self) -> Connection:
        found = await read_connection(self._settings.kubeconfig, self._settings.context)
        self._scrubber.add(found.token or "")
        return found

    async def _calls(self) -> HpcCalls:
        transport = await self._stack.enter_async_context(account.transport(self._settings, self._clock.now))
        caller = Caller(
            transport,
            self._clock,
            self._budget,
            account.call_settings(self._settings),
            sleep=asyncio.sleep,
            on_call=self.metrics.called,
            calling=self.metrics.calling,
        )
        return HpcCalls(caller)


def _noticed(queue: WakeQueue[Ref], cache: Cache) -> Callable[[Ref], None]:
    def wake(ref: Ref) -> None:
        if (resource := cache.get(ref)) is not None:
            queue.wake(ref, lane_of(resource))

    return wake


async def operate(settings: Settings, scrubber: Scrubber, ticks: Callable[[], float]) -> int:
    """Run one operator process; its exit code. `ticks`: monotonic seconds that also count a suspended machine."""
    async with AsyncExitStack() as stack:
        root = Root(settings, scrubber, ticks, stack)
        process = Process(await root.parts(), concurrency=settings.concurrency, patience=settings.shutdown_timeout)
        app = application(
            healthy=process.healthy, ready=process.ready, metrics=root.metrics.registry, scrub=scrubber.scrub
        )
        port = await stack.enter_async_context(serving(app, settings.listen_address, settings.listen_port))
        _log.info("started", extra={"version": released(), "fleet": settings.fleet, "port": port})
        return await process.run()
