"""One operator process from its start to its end: wait for what is needed, lead, watch, pass, drain, give back.

`main` builds the parts and runs this. No part is made here, and nothing is decided about a cluster.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.record import Resource
from hpc_operator.handlers import KopfThread
from hpc_operator.kube.lease import LeaseLoop
from hpc_operator.kube.startup import Startup
from hpc_operator.measuring.conditions import took_to_be_ready
from hpc_operator.measuring.counting import Metrics
from hpc_operator.reconcile.cache import Cache, WentBack
from hpc_operator.reconcile.engine import Engine
from hpc_operator.reconcile.meetings import Meetings
from hpc_operator.reconcile.ports import Unavailable
from hpc_operator.reconcile.queue import Lane, WakeQueue, lane_of
from hpc_operator.reconcile.resync import Resync
from hpc_operator.reconcile.rotating import KeyRounds
from hpc_operator.reconcile.sweeping import Sweeper

_log = logging.getLogger(__name__)
_RESTORED = 4
_STOPPING = "stopping"
_LAST_WORDS = 0.5
"""Seconds for passes to write what they were about to say. They send nothing more; the next process says it anew."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process is made of. `watch(seen)` makes the Kopf thread."""

    startup: Startup
    lease: LeaseLoop
    cache: Cache
    queue: WakeQueue[Ref]
    resync: Resync
    sweeper: Sweeper
    key_rounds: KeyRounds
    engine: Engine
    metrics: Metrics
    watch: Callable[[Callable[[str | None, Mapping[str, Any]], None]], KopfThread]


class Process:
    """Runs the parts. `patience`: seconds for calls in flight after a stop was asked for."""

    def __init__(self, parts: Parts, *, concurrency: int, patience: float) -> None:
        self._parts, self._concurrency, self._patience = parts, concurrency, patience
        self._stop = asyncio.Event()
        self._stage = "waiting for the API server, the CRD and the permission to list"

    def healthy(self) -> tuple[bool, str]:
        """For `/healthz`: that it is answered proves that the loop turns."""
        return True, self._stage

    def ready(self) -> tuple[bool, str]:
        """For `/readyz`: the CRD is there; this process leads, or stands by for the one that does."""
        if self._stage == _STOPPING:
            return False, self._stage
        if self._parts.startup.problem is not None:
            return False, self._parts.startup.problem
        if self._parts.lease.left() <= 0 and self._parts.lease.problem is not None:
            return False, f"the Lease cannot be taken: {self._parts.lease.problem}"
        if self._parts.lease.left() <= 0:
            return True, f"standby: the Lease is held by {self._parts.lease.holder or 'nobody'}"
        return self._parts.queue.alive, self._stage

    async def run(self) -> int:
        """The exit code. Ends on SIGTERM or SIGINT, a crash of the watch, or a storage that went back."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        stopped = asyncio.create_task(self._stop.wait(), name="stop")
        leading = asyncio.create_task(self._lead(), name="lead")
        await asyncio.wait({stopped, leading}, return_when=asyncio.FIRST_COMPLETED)
        if not leading.done():
            leading.cancel()
            await asyncio.wait({leading})
            code = 0
            if not leading.cancelled() and leading.exception() is None:
                code = leading.result()
        else:
            code = leading.result()
        stopped.cancel()
        await self._parts.lease.release()
        _log.info("ended", extra={"exit_code": code})
        return code

    async def _lead(self) -> int:
        parts = self._parts
        await parts.startup.wait()
        self._stage = "waiting for the Lease"
        await self._stand_by()
        _log.info("this process holds the Lease", extra={"lease": parts.lease.how})
        await self._first_list()
        self._stage = "leading"
        watch = parts.watch(parts.cache.seen)
        watch.start()
        passing = asyncio.create_task(parts.queue.run(self._pass, self._concurrency), name="passes")
        resyncing = asyncio.create_task(parts.resync.run(), name="resync")
        sweeping = asyncio.create_task(parts.sweeper.run(), name="sweeps")
        rounds = asyncio.create_task(parts.key_rounds.run(), name="key rounds")
        restored = asyncio.create_task(parts.lease.went_back.wait(), name="restored")
        try:
            ends: list[asyncio.Future[Any]] = [watch.done, passing, resyncing, sweeping, rounds, restored]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return self._why(watch, resyncing)
        finally:
            self._stage = _STOPPING
            resyncing.cancel()
            sweeping.cancel()
            rounds.cancel()
            restored.cancel()
            await asyncio.shield(self._drain(watch, passing))

    async def _stand_by(self) -> None:
        """Whoever takes over must be able to: what may go missing meanwhile is looked at, and told by `ready`."""
        looking = asyncio.create_task(self._parts.startup.keep_looking(), name="standing by")
        try:
            await self._parts.lease.acquire()
        finally:
            looking.cancel()
        if self._parts.startup.problem is not None:
            await self._parts.startup.wait()

    async def _first_list(self) -> None:
        while True:
            try:
                await self._parts.resync.once()
            except Unavailable as error:
                _log.warning("the resources cannot be listed yet: %s", error)
                await asyncio.sleep(1.0)
            else:
                return

    def _why(self, watch: KopfThread, resyncing: "asyncio.Task[None]") -> int:
        if self._parts.lease.went_back.is_set():
            _log.error("the Lease is older than it was: the API server's storage was restored to an earlier state")
            return _RESTORED
        if resyncing.done() and isinstance(resyncing.exception(), WentBack):
            _log.error("%s", resyncing.exception())
            return _RESTORED
        crash = watch.done.result() if watch.done.done() else None
        _log.error("the watch ended: %s", crash or "no reason given")
        return 1

    async def _drain(self, watch: KopfThread, passing: "asyncio.Task[None]") -> None:
        """No new pass; calls in flight are written to the end, for as long as there is patience.

        Then nothing is sent any more, so the Lease goes back before the watch has ended.
        """
        watch.stop()
        self._parts.queue.stop()
        self._parts.engine.keeper.close()
        left = await self._parts.engine.keeper.drain(self._patience)
        await asyncio.wait({passing}, timeout=_LAST_WORDS)
        if left:
            _log.error(
                "calls are still in flight; their intents stay open and are resolved later", extra={"calls": left}
            )
        passing.cancel()
        await asyncio.wait({passing})
        await self._parts.lease.release()
        await asyncio.wait([watch.done], timeout=1.0)

    async def _pass(self, ref: Ref) -> None:
        loop = asyncio.get_running_loop()
        began, before = loop.time(), self._parts.cache.get(ref)
        delay = await self._parts.engine.look(ref)
        self._parts.metrics.passed(loop.time() - began)
        resource = self._parts.cache.get(ref)
        if before is not None and resource is not None and (took := took_to_be_ready(before, resource)) is not None:
            self._parts.metrics.became_ready(took)
        if delay is not None and resource is not None:
            self._parts.queue.schedule(ref, lane_of(resource), loop.time() + delay)


def waking(queue: WakeQueue[Ref], meetings: Meetings) -> Callable[[Ref, Resource | None], None]:
    """What the cache calls when a resource changed: it is looked at; gone, it is forgotten by a last pass."""

    def woke(ref: Ref, resource: Resource | None) -> None:
        if resource is not None:
            meetings.met(ref)
        queue.wake(ref, Lane.LOOK if resource is None else lane_of(resource))

    return woke
