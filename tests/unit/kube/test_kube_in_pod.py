"""In a Pod: the way to the API server from what the kubelet mounts, and a token that it replaces while the process runs."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from hpc_operator.handlers import Login
from hpc_operator.kube.store import Server, read_connection
from hpc_operator.reconcile.ports import Unavailable
from local_control_plane.identity import Identity, load_or_make

LIBRARY = "kubernetes.aio.config.incluster_config"
TAKEN = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"kind": "Ok"}'
REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
A_MINUTE = timedelta(minutes=1, seconds=1)


@dataclass
class Pod:
    """What the kubelet mounts, an API server that takes one token, and both clocks."""

    folder: Path
    identity: Identity
    taken: str = "old"
    heard: list[str] = field(default_factory=list)
    now: datetime = datetime(2026, 1, 1)  # noqa: DTZ001 - as the client library keeps it
    ticks: float = 0.0

    @property
    def token(self) -> Path:
        return self.folder / "token"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            [line] = [line for line in head.decode().split("\r\n") if line.lower().startswith("authorization:")]
            self.heard.append(line.split()[-1])
            writer.write(TAKEN if self.heard[-1] == self.taken else REFUSED)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def served(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pod.identity.certificate, pod.identity.key)
    server = await asyncio.start_server(pod.serve, "127.0.0.1", 0, ssl=context)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.sockets[0].getsockname()[1]))
    async with server:
        yield


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return load_or_make(tmp_path_factory.mktemp("pod") / "pki")


@pytest.fixture
def pod(tmp_path: Path, identity: Identity, monkeypatch: pytest.MonkeyPatch) -> Pod:
    made = Pod(tmp_path, identity)
    made.token.write_text("old")
    monkeypatch.setattr(f"{LIBRARY}.SERVICE_TOKEN_FILENAME", str(made.token))
    monkeypatch.setattr(f"{LIBRARY}.SERVICE_CERT_FILENAME", str(made.identity.authority))
    clock = SimpleNamespace(datetime=SimpleNamespace(now=lambda: made.now), timedelta=timedelta)
    monkeypatch.setattr(f"{LIBRARY}.datetime", clock)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return made


async def connect(pod: Pod, learn: Callable[[str], None] = lambda _: None) -> Server:
    return await Server.connect(None, None, ticks=lambda: pod.ticks, learn=learn)


async def test_the_way_is_read_from_what_the_kubelet_mounts(pod: Pod) -> None:
    found = await read_connection()
    assert (found.server, found.token, found.verify) == ("https://127.0.0.1:443", "old", True)
    assert found.ca_file == str(pod.identity.authority)
    assert found.headers() == {"Authorization": "Bearer old"}
    assert found.ssl_context().verify_mode is ssl.CERT_REQUIRED


async def test_kopf_is_given_the_newest_token(pod: Pod) -> None:
    login = Login(read_connection)
    assert (await login.connection()).token == "old"
    pod.token.write_text("new")
    assert (await login.connection()).token == "new"


async def test_a_replaced_token_is_used_before_the_old_one_is_refused(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[str] = []

    def learn(token: str) -> None:
        learned.append(token)
        assert token not in pod.heard, "a token is learned before it leaves the process"

    async with served(pod, monkeypatch):
        server = await connect(pod, learn)
        try:
            await server.request("GET", "/version")
            for token in ("new", "newer"):
                pod.token.write_text(token)
                pod.taken = token
                pod.now += A_MINUTE
                assert (await server.request("GET", "/version"))["kind"] == "Ok"
        finally:
            await server.close()
    assert pod.heard == ["old", "new", "newer"]
    assert learned == ["old", "new", "newer"]


async def test_a_refused_token_is_read_anew_within_seconds(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(pod, monkeypatch):
        server = await connect(pod)
        try:
            pod.token.write_text("new")
            pod.taken = "new"
            with pytest.raises(Unavailable, match="does not accept the token"):
                await server.request("GET", "/version")
            pod.ticks += 6.0
            assert (await server.request("GET", "/version"))["kind"] == "Ok"
        finally:
            await server.close()
    assert pod.heard == ["old", "new"]


async def test_a_token_file_that_is_gone_for_a_moment_fails_one_request(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(pod, monkeypatch):
        server = await connect(pod)
        try:
            pod.token.unlink()
            pod.now += A_MINUTE
            with pytest.raises(Unavailable, match="no answer from the API server"):
                await server.request("GET", "/version")
            pod.token.write_text("old")
            assert (await server.request("GET", "/version"))["kind"] == "Ok"
        finally:
            await server.close()
