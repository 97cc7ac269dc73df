"""A reverse proxy between the operator and a server, at which a test can stop one request on its way.

It runs in a thread of its own. Requests pass byte for byte (signatures stay valid), watches are streamed. A held
request is either not forwarded yet (`before`) or forwarded and answered, with the answer kept back (`after`).
As a black hole it takes connections and bytes and gives nothing back: neither request, nor answer, nor reset.
With a name (`via`) it enters itself into the header `Via`, so that a server can tell who sends through which proxy.
It may also be given to a client as its HTTP proxy (`HTTP_PROXY`): whatever URL is asked for, `upstream` is asked.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import aiohttp
from aiohttp import web
from yarl import URL

_DROPPED = {"host", "connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te"}
_PATIENCE = 120.0


@dataclass(slots=True)
class Seen:
    """One request that came by, at `at` (monotonic). `status` is the server's answer, None while there is none.

    `refusal`: what a server that forbids it (403) says.
    """

    number: int
    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int | None = field(default=None, compare=False)
    refusal: str = field(default="", compare=False)
    at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def writes(self) -> bool:
        """Whether it asks for a change."""
        return self.method not in ("GET", "HEAD", "OPTIONS")


Match = Callable[[Seen], bool]


class Hold:
    """Stops the first request that matches, until `release` (it goes on its way) or `drop` (the connection is cut)."""

    def __init__(self, match: Match, when: Literal["before", "after"]) -> None:
        self.match, self.when = match, when
        self.seen: Seen | None = None
        self._reached = threading.Event()
        self._fate: Future[bool] = Future()

    def wait(self, patience: float = _PATIENCE) -> Seen:
        """Return once a request is held."""
        assert self._reached.wait(patience), f"no request to hold came within {patience:.0f} s"
        assert self.seen is not None
        return self.seen

    def release(self) -> None:
        """Let it go on: forward the request, or hand its answer over."""
        self._decide(True)

    def drop(self) -> None:
        """Cut the connection: a request held before is never forwarded."""
        self._decide(False)

    def _decide(self, fate: bool) -> None:
        if not self._fate.done():
            self._fate.set_result(fate)

    async def stop(self, seen: Seen) -> bool:
        """The proxy's side: whether to go on."""
        self.seen = seen
        self._reached.set()
        return await asyncio.wrap_future(self._fate)


class Proxy:
    """Listens on a free port of this machine and passes everything on to `upstream`. Use it in a `with` statement."""

    def __init__(self, upstream: str, ssl_context: Any = True) -> None:
        self._upstream, self._ssl = upstream.rstrip("/"), ssl_context
        self._holds: list[Hold] = []
        self._guard = threading.Lock()
        self._hole: Future[None] | None = None
        self._port: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="proxy", daemon=True)
        self.log: list[Seen] = []
        self.via = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._port.result(30)}"
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()
        for hold in self._holds:
            hold.drop()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    def hold(self, match: Match, when: Literal["before", "after"]) -> Hold:
        """Stop the next request that matches."""
        made = Hold(match, when)
        with self._guard:
            self._holds.append(made)
        return made

    def swallow(self) -> None:
        """Become a black hole: what arrives from now on, from either side, goes nowhere."""
        self._hole = self._hole or Future()

    def heal(self) -> None:
        """Pass things on again. What was swallowed is lost; its connections are cut."""
        hole, self._hole = self._hole, None
        if hole is not None:
            hole.set_result(None)

    def writes(self, since: int = 0, but: tuple[str, ...] = ("/leases",)) -> list[Seen]:
        """Requests from number `since` on that ask for a change, but for those on a path that contains one of `but`."""
        return [seen for seen in list(self.log)[since:] if seen.writes and not any(part in seen.path for part in but)]

    def not_allowed(self) -> list[Seen]:
        """Requests that somebody sent who has no right to them; a 403 for want of quota, say, is none of these."""
        return [seen for seen in list(self.log) if " cannot " in seen.refusal]

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{rest:.*}", self._pass)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        connector = aiohttp.TCPConnector(limit=0, ssl=self._ssl)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as self._client:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self._port.set_result(runner.addresses[0][1])
            await self._stop.wait()
            await runner.cleanup()

    def _taken(self, seen: Seen) -> Hold | None:
        with self._guard:
            found = next((hold for hold in self._holds if hold.seen is None and hold.match(seen)), None)
            if found is not None:
                found.seen = seen
            return found

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        seen = Seen(len(self.log), request.method, request.path, dict(request.query), _json(body))
        self.log.append(seen)
        hold = self._taken(seen)
        if await self._swallowed() or (hold is not None and hold.when == "before" and not await hold.stop(seen)):
            return _cut(request)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        headers |= {"Via": f"1.1 {self.via}"} if self.via else {}
        url = URL(self._upstream + _path(request.raw_path), encoded=True)
        try:
            async with self._client.request(
                request.method, url, data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                seen.status = answer.status
                if "watch" in request.query and answer.status != 403:
                    return await self._stream(request, answer)
                content = await answer.read()
                seen.refusal = content.decode(errors="replace") if answer.status == 403 else ""
        except aiohttp.ClientError:
            return _cut(request)
        if (hold is not None and hold.when == "after" and not await hold.stop(seen)) or await self._swallowed():
            return _cut(request)
        return web.Response(status=answer.status, body=content, headers=_passed(answer))

    async def _stream(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        streamed = web.StreamResponse(status=answer.status, headers=_passed(answer))
        await streamed.prepare(request)
        try:
            async for chunk in answer.content.iter_any():
                if await self._swallowed():
                    return _cut(request)
                await streamed.write(chunk)
        except ConnectionError:
            pass  # the client is gone: killed, most likely
        return streamed

    async def _swallowed(self) -> bool:
        """Whether this fell into the black hole; tells only when that is over."""
        hole = self._hole
        if hole is not None:
            await asyncio.wrap_future(hole)
        return hole is not None


def _path(raw: str) -> str:
    """Path and query byte for byte, also of the whole URL that an HTTP proxy is asked for."""
    return raw if raw.startswith("/") else f"/{raw.split('/', 3)[3]}"


def _passed(answer: aiohttp.ClientResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.lower() not in _DROPPED}


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
