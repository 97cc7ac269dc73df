"""What the process answers about itself over HTTP: `/healthz`, `/readyz`, `/metrics`.

`main` runs it on the main loop, so that an answer also proves that the loop turns. Only callables and a metrics
registry come in; nothing of the operator's state is known here.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

Probe = Callable[[], tuple[bool, str]]


def application(
    *, healthy: Probe, ready: Probe, metrics: CollectorRegistry, scrub: Callable[[str], str] = str
) -> web.Application:
    """The app. A probe answers whether it is well and one line that says why (not), which goes through `scrub`."""

    def probing(probe: Probe) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(_: web.Request) -> web.StreamResponse:
            well, told = probe()
            return web.Response(status=200 if well else 503, text=scrub(told) + "\n")

        return answer

    async def expose(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", probing(healthy))
    app.router.add_get("/readyz", probing(ready))
    app.router.add_get("/metrics", expose)
    return app


@asynccontextmanager
async def serving(app: web.Application, address: str, port: int) -> AsyncIterator[int]:
    """Serve while the context is open; yields the port (useful when 0 was asked for). OSError if it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
