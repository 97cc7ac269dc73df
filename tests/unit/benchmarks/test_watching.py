"""A watch that ends is begun anew from a list, so that nothing is missed."""

import json

import aiohttp
import pytest
from aiohttp import web

from benchmarks.watching import follow


def event(kind: str, name: str) -> bytes:
    return json.dumps({"type": kind, "object": {"name": name}}).encode() + b"\n"


@pytest.mark.parametrize("end", [b"", event("ERROR", "gone")], ids=["ends", "fails"])
async def test_each_end_is_followed_by_a_list_and_a_watch_from_there(end: bytes) -> None:
    lists, watches = [["a"], ["a", "b", "c"]], [event("ADDED", "b") + end, event("MODIFIED", "c")]
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        if "watch" in request.query:
            return web.Response(body=watches.pop(0))
        names, version = lists.pop(0), str(len(asked))
        return web.json_response(
            {"items": [{"name": each} for each in names], "metadata": {"resourceVersion": version}}
        )

    app = web.Application()
    app.router.add_get("/things", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    seen = []
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
        following = follow(session, "/things")
        async for each in following:
            seen.append(each.get("name"))
            if len(seen) == 8:
                break
        await following.aclose()
    await runner.cleanup()
    assert seen == ["a", None, "b", "a", "b", "c", None, "c"]
    assert asked == [{}, {"watch": "1", "resourceVersion": "1"}, {}, {"watch": "1", "resourceVersion": "3"}]
