"""The way in: Kopf watches HpcClusters and hands each raw object to the main loop. The only module that knows Kopf.

`main` starts and stops it. No pass, no write and no decision ever runs here. Kopf runs in a thread with a loop of its
own, since on shutdown or a crash (the CRD was deleted) it cancels every task born after its start; a call in hand
must outlive that. Kopf needs `list` and `watch` on hpcclusters and nothing else.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from typing import Any

import aiohttp
import kopf
import uvloop

from hpc_operator.kube import names
from hpc_operator.kube.answers import whole
from hpc_operator.kube.connection import Connection
from hpc_operator.reconcile.ports import Unavailable

_CONNECTIONS = 50
_LOGIN_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)
_log = logging.getLogger(__name__)


class _Endless:
    """Delays between attempts that never end: Kopf's own list ends the process after 54 s of errors."""

    def __iter__(self) -> Iterator[float]:
        yield from (0.1, 0.5, 1.0, 2.0)
        while True:
            yield 5.0


def kopf_settings() -> kopf.OperatorSettings:
    """Settings for a watch that survives outages and writes nothing."""
    settings = kopf.OperatorSettings()
    settings.scanning.disabled = True
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 310
    settings.watching.chunk_size = 500
    settings.networking.error_backoffs = _Endless()
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.queueing.worker_limit = None
    settings.queueing.exit_timeout = 40
    settings.posting.enabled = False
    settings.peering.standalone = True
    settings.persistence.finalizer = f"{names.GROUP}/kopf-unused"
    settings.process.ultimate_exiting_timeout = None
    return settings


class Login:
    """Credentials for Kopf. When it asks again with nothing new to give (401), it waits longer each time.

    Without the wait Kopf logs in in a hot loop: 515 logins in 23 s were seen with an invalid token.
    """

    def __init__(
        self,
        read_connection: Callable[[], Awaitable[Connection]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._read, self._sleep = read_connection, sleep
        self._given: Connection | None = None
        self._repeats = 0

    async def connection(self) -> Connection:
        """The connection as its files say now, after the wait that is due."""
        while True:
            try:
                found = await self._read()
            except Unavailable as error:
                _log.error("Kopf cannot log in: %s", error)
                await self._wait()
                continue
            if found != self._given:
                self._given, self._repeats = found, 0
                return found
            _log.warning("the API server refused the token or certificate that is still in use; waiting for a new one")
            await self._wait()
            return await self._newest(found)

    async def _newest(self, fallback: Connection) -> Connection:
        try:
            found = await self._read()
        except Unavailable:
            return fallback
        if found != self._given:
            self._given, self._repeats = found, 0
        return found

    async def _wait(self) -> None:
        await self._sleep(_LOGIN_WAITS[min(self._repeats, len(_LOGIN_WAITS) - 1)])
        self._repeats += 1

    async def session(self) -> kopf.AiohttpSession:
        """What a Kopf login handler returns: a session with a bounded number of connections."""
        found = await self.connection()
        connector = aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=found.ssl_context())
        session = aiohttp.ClientSession(connector=connector, headers=found.headers(), proxy=found.proxy)
        return kopf.AiohttpSession(server=found.server, aiohttp_session=session)


class KopfThread:
    """Kopf in its thread. `seen(type, raw)` runs in the main loop; `done` is resolved there with None or the crash."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        login: Login,
        seen: Callable[[str | None, Mapping[str, Any]], None],
        namespaces: Collection[str],
    ) -> None:
        self._main, self._login, self._seen, self._namespaces = loop, login, seen, tuple(namespaces)
        self.done: asyncio.Future[BaseException | None] = loop.create_future()
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)

    def start(self) -> None:
        """Begin to watch. Call it once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask Kopf to end; `done` tells when it has."""
        with self._guard:
            self._stopping = True
            if self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)

    def _run(self) -> None:
        crash: BaseException | None = None
        try:
            uvloop.run(self._operate())
        except BaseException as error:  # noqa: BLE001 - the thread's rim: the main loop decides what a crash means
            crash = error
        try:
            self._main.call_soon_threadsafe(self._finish, crash)
        except RuntimeError:
            pass  # the main loop is closed: nobody waits any more

    def _finish(self, crash: BaseException | None) -> None:
        if not self.done.done():
            self.done.set_result(crash)

    async def _operate(self) -> None:
        with self._guard:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            if self._stopping:
                return
        try:
            await kopf.operator(
                registry=self._registry(),
                settings=kopf_settings(),
                clusterwide=not self._namespaces,
                namespaces=self._namespaces,
                standalone=True,
                stop_flag=self._stop,
            )
        finally:
            with self._guard:
                self._loop = None

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        async def login(**_: object) -> kopf.AiohttpSession:
            return await self._login.session()

        async def event(event: kopf.RawEvent, **_: object) -> None:
            if whole(event["object"], names.KIND):
                self._main.call_soon_threadsafe(self._seen, event["type"], event["object"])
            else:  # a proxy's doing: the next list tells what it was
                _log.error("a watch event is no HpcCluster as a server stores it; it is passed over")

        kopf.on.login(registry=registry)(login)
        kopf.on.event(names.GROUP, names.VERSION, names.PLURAL, registry=registry)(event)
        return registry
