"""The HTTP server around the core.

Lives here: turning `Reply` values into bytes on a connection, or into the lack of them. The command line imports it.
Never comes in: rules of the API; the core has them all.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable

from aiohttp import web

from hpc_simulator.cloud import Cloud
from hpc_simulator.replies import Answer, Delayed, Held, Lost, Reply, Torn, Unreachable

_UNDATED = {"Date": ""}
"""Keeps aiohttp from adding a `Date` of its own; taken out again before the headers are written."""


class ApiServer:
    """Serves one cloud. `keep` is called after every change and before its answer leaves."""

    def __init__(self, cloud: Cloud, keep: Callable[[], None]) -> None:
        self.cloud = cloud
        self.keep = keep
        self._waiting: dict[str, asyncio.Future[bool]] = {}
        self._app = web.Application(client_max_size=4 * 2**20)
        self._app.router.add_route("*", "/{rest:.*}", self._answer)
        self._app.on_response_prepare.append(_own_headers_only)
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=0.2)
        self._site: web.SockSite | None = None
        self._address: tuple[str, int] = ("", 0)
        self._tls: ssl.SSLContext | None = None
        self._closed_tap: socket.socket | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen; the port chosen. Raises OSError."""
        await self._runner.setup()
        self._address, self._tls = (host, port), tls
        await self._listen(_bound(host, port))
        return self._address[1]

    async def stop(self) -> None:
        """End at once; answers that are held or delayed are never given."""
        await self._runner.cleanup()
        if self._closed_tap is not None:
            self._closed_tap.close()

    async def mind_the_tap(self) -> None:
        """Refuse connections while the setting `tap_closed` says so, listen again afterwards; the port stays ours."""
        if self.cloud.settings.tap_closed and self._site is not None:
            site, self._site = self._site, None
            await site.stop()
            self._closed_tap = _bound(*self._address)  # bound, not listening: connections are refused
        elif not self.cloud.settings.tap_closed and self._closed_tap is not None:
            sock, self._closed_tap = self._closed_tap, None
            await self._listen(sock)

    def release(self, ticket: str, *, answer: bool) -> bool:
        """Let a held answer go, or cut its connection; whether anybody was waiting for it."""
        waiting = self._waiting.get(ticket)
        if waiting is None or waiting.done():
            self.cloud.collect(ticket)
            return False
        waiting.set_result(answer)
        return True

    def waits(self, ticket: str) -> bool:
        """Whether a connection still waits for this answer."""
        return ticket in self._waiting

    async def _listen(self, sock: socket.socket) -> None:
        self._site = web.SockSite(self._runner, sock, ssl_context=self._tls)
        await self._site.start()
        self._address = (self._address[0], int(sock.getsockname()[1]))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        body = await request.read()
        reply = self.cloud.handle(request.method, path, query, body, request.headers.get("Via", ""))
        self.keep()
        return await self._give(request, reply)

    async def _give(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        match reply:
            case Answer():
                return web.Response(status=reply.status, headers=_UNDATED | reply.headers, body=reply.body)
            case Lost() | Unreachable():
                return _cut(request)
            case Torn():
                return await _tear(request, reply)
            case Held():
                return await self._hold(request, reply.ticket)
            case Delayed():
                return await self._delay(request, reply)

    async def _hold(self, request: web.Request, ticket: str) -> web.StreamResponse:
        waiting = self._waiting[ticket] = asyncio.get_running_loop().create_future()
        try:
            wanted = await waiting
        finally:
            del self._waiting[ticket]
        answer = self.cloud.collect(ticket)
        return await self._give(request, answer) if answer and wanted else _cut(request)

    async def _delay(self, request: web.Request, reply: Delayed) -> web.StreamResponse:
        await asyncio.sleep(reply.seconds + 0.01)
        answer = self.cloud.collect(reply.ticket)
        self.keep()
        return await self._give(request, answer) if answer else _cut(request)


def _bound(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    return sock


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _tear(request: web.Request, torn: Torn) -> web.StreamResponse:
    response = web.StreamResponse(status=torn.answer.status, headers=_UNDATED | torn.answer.headers)
    response.content_length = len(torn.answer.body)
    await response.prepare(request)
    await response.write(torn.answer.body[: torn.sent])
    if request.transport is not None:
        request.transport.close()
    return response


async def _own_headers_only(request: web.Request, response: web.StreamResponse) -> None:
    """Take out what aiohttp adds: whether there is a `Date` is the cloud's business."""
    del request
    response.headers.pop("Server", None)
    if not response.headers.get("Date"):
        response.headers.pop("Date", None)
