"""The client of the API server over a socket: what a request costs besides itself, and the way that it takes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from hpc_operator.kube.store import Server

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"kind": "Ok"}'
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@asynccontextmanager
async def listening(heard: list[str]) -> AsyncIterator[str]:
    """An HTTP server that answers everything alike and keeps connections; `heard` takes the request lines."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            heard.append(head.decode().split("\r\n")[0])
            writer.write(ANSWER)
            await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def connected(folder: Path, host: str) -> Server:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "clusters": [{"name": "one", "cluster": {"server": f"http://{host}"}}],
        "users": [{"name": "one", "user": {"token": "a-token"}}],
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(config))
    return await Server.connect(path, None, ticks=time.monotonic)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, *map(str.upper, PROXIES)):
        monkeypatch.delenv(name, raising=False)


async def test_a_request_needs_no_thread_and_no_new_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    threads: list[Any] = []
    connections: list[Any] = []
    loop = asyncio.get_running_loop()
    open_one = loop.create_connection

    async def counted(*given: Any, **named: Any) -> Any:
        connections.append(given)
        return await open_one(*given, **named)

    async with listening(heard) as host:
        server = await connected(tmp_path, host)
        monkeypatch.setattr(loop, "create_connection", counted)
        monkeypatch.setattr(loop, "run_in_executor", lambda *given: threads.append(given))
        try:
            assert [(await server.request("GET", "/version"))["kind"] for _ in range(3)] == ["Ok"] * 3
        finally:
            await server.close()
    assert heard == ["GET /version HTTP/1.1"] * 3
    assert threads == []
    assert len(connections) == 1


async def test_a_proxy_of_the_environment_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    async with listening(heard) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy}")
        server = await connected(tmp_path, "api.example.test")
        try:
            assert (await server.request("GET", "/version"))["kind"] == "Ok"
        finally:
            await server.close()
    assert heard == ["GET http://api.example.test/version HTTP/1.1"]
