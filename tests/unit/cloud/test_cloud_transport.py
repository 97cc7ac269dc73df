"""The transport against raw sockets: what was certainly not sent, what has no answer, and what is one."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cloud_scripts import UNHURRIED, HandClock
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud import transport as module
from hpc_operator.cloud.transport import (
    CertificatesUnread,
    HttpTransport,
    Reply,
    Stage,
    TransportNoAnswer,
    TransportNotSent,
)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SIGNED = "/api/cluster/list?a=b%20c%2Fd%3A&signature=W68n%252BXs%252FM%253D"


class Wire:
    """A server that does with each connection what it is told, and keeps what it read."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.released = asyncio.Event()

    async def request(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        length = next(
            (int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0
        )
        self.bodies.append(await reader.readexactly(length))

    @asynccontextmanager
    async def serving(self, serve: Serve) -> AsyncIterator[str]:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await serve(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # the client may leave first
            finally:
                writer.close()

        server = await asyncio.start_server(one, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            self.released.set()
            server.close()
            await server.wait_closed()

    def answering(self, raw: bytes) -> Serve:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self.request(reader)
            writer.write(raw)
            await writer.drain()

        return serve


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def send(
    base: str,
    *,
    method: str = "GET",
    path: str = SIGNED,
    body: str | None = None,
    timeout: float = 20,  # noqa: ASYNC109
) -> Reply:
    async with HttpTransport(HandClock(), connect_timeout=10) as transport:
        return await transport.send(method, base + path, body, {"x-test": "1"}, timeout)


async def test_an_answer_comes_back_whole_with_its_date_and_our_clock() -> None:
    wire = Wire()
    raw = http("200 OK", b'{"ret_code": 0}', "Date: Sun, 06 Nov 1994 08:49:37 GMT")
    async with wire.serving(wire.answering(raw)) as base:
        got = await send(base)
    assert got == Reply(200, 784111777.0, b'{"ret_code": 0}', HandClock().at, HandClock().at)


async def test_the_url_and_the_body_go_out_to_the_byte() -> None:
    wire = Wire()
    async with wire.serving(wire.answering(http("200 OK", b"{}"))) as base:
        await send(base, method="POST", body='{"a": "\\u4e2d"}')
    assert wire.heads[0].startswith(b"POST " + SIGNED.encode() + b" HTTP/1.1\r\n")
    assert wire.bodies == [b'{"a": "\\u4e2d"}']


@pytest.mark.parametrize(
    ("raw", "status", "reason"),
    [
        (http("302 Found", b"", "Location: http://127.0.0.1:1/elsewhere"), 302, "a redirect is never followed"),
        (http("307 Temporary Redirect", b"", "Location: /again"), 307, "a POST is never sent a second time"),
        (http("502 Bad Gateway", b"<html>"), 502, "what a status means is the wire's business"),
        (http("200 OK", b"{}", "Date: yesterday"), 200, "an unreadable Date is no Date"),
    ],
)
async def test_any_status_is_an_answer_and_one_request_was_made(raw: bytes, status: int, reason: str) -> None:
    wire = Wire()
    async with wire.serving(wire.answering(raw)) as base:
        got = await send(base, method="POST", body="{}")
    assert (got.status, got.date, len(wire.heads)) == (status, None, 1), reason


@pytest.mark.parametrize("target", ["mailto:x", "/" + "x" * 65_530, "http://[::1", "\x01", "//", "http://:0", "?" * 9])
async def test_a_redirect_that_cannot_be_read_is_never_not_sent(target: str) -> None:
    """The request was sent, whatever the library makes of the answer: closed as not sent, it would be bought again."""
    wire = Wire()
    async with wire.serving(wire.answering(http("307 Temporary Redirect", b"", f"Location: {target}"))) as base:
        try:
            outcome: object = (await send(base, method="POST", body="{}")).status
        except TransportNoAnswer:
            outcome = 307
    assert (outcome, len(wire.heads)) == (307, 1)


@UNHURRIED
@given(
    st.text(alphabet=st.characters(max_codepoint=255))
    | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]+ [0-9:.]+ [-+A-Z0-9]+")
)
def test_any_date_is_a_time_or_none(text: str) -> None:
    found = module._date(text)
    assert found is None or found == found  # noqa: PLR0124 - a number, and not NaN


def test_a_date_without_a_zone_is_none() -> None:
    """`-0000` says that the zone is not known: read by this machine's zone it would be hours of skew."""
    assert module._date("Thu, 01 Jan 2026 00:00:00 -0000") is None
    assert module._date("Thu, 01 Jan 2026 00:00:00 GMT") == 1767225600.0


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("https://other.test/api/x?signature=abc#y", "https://other.test/api/x"),
        ("https://me:word@other.test:8443/", "https://other.test:8443/"),
        ("/again?signature=abc", "/again"),
        ("https://[broken", None),
    ],
)
async def test_where_a_redirect_leads_is_told_without_what_it_repeats_of_the_request(
    header: str, told: str | None
) -> None:
    wire = Wire()
    async with wire.serving(wire.answering(http("302 Found", b"", f"Location: {header}"))) as base:
        assert (await send(base)).location == told


async def test_nobody_listens_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TransportNotSent) as raised:
        await send(f"http://127.0.0.1:{port}")
    assert raised.value.stage is Stage.CONNECT


async def test_an_unknown_name_is_not_sent() -> None:
    with pytest.raises(TransportNotSent) as raised:
        await send("http://no-such-host.invalid")
    assert raised.value.stage is Stage.NAME


async def test_tls_with_a_server_that_speaks_none_is_not_sent() -> None:
    wire = Wire()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with wire.serving(serve) as base:
        with pytest.raises(TransportNotSent) as raised:
            await send(base.replace("http:", "https:"), method="POST", body="{}")
    assert raised.value.stage is Stage.TLS
    assert wire.heads == []


async def test_an_unusable_url_is_not_sent() -> None:
    for url in ("ftp://host/x", "http://[bad", "http://host:99999999/"):
        with pytest.raises(TransportNotSent):
            await send(url, path="")


async def test_a_reset_after_the_request_is_no_answer() -> None:
    wire = Wire()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.request(reader)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    async with wire.serving(serve) as base:
        with pytest.raises(TransportNoAnswer):
            await send(base, method="POST", body="{}")
    assert len(wire.heads) == 1


async def test_a_close_before_the_request_was_read_is_no_answer() -> None:
    wire = Wire()

    async def serve(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        return

    async with wire.serving(serve) as base:
        with pytest.raises(TransportNoAnswer):
            await send(base, method="POST", body="{}")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (http("200 OK", b'{"ret_code": 0, "hpc')[:-3], "half of the body came"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "half of the head came"),
        (b"220 smtp.example.test ESMTP\r\n", "it is not HTTP"),
        (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"re', "a chunk is cut"),
    ],
)
async def test_a_broken_answer_is_no_answer(raw: bytes, reason: str) -> None:
    wire = Wire()
    async with wire.serving(wire.answering(raw)) as base:
        with pytest.raises(TransportNoAnswer):
            await send(base)
    assert len(wire.heads) == 1, reason


async def test_a_silent_server_is_no_answer_when_the_deadline_is_over() -> None:
    wire = Wire()

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await wire.request(reader)
        await wire.released.wait()

    async with wire.serving(serve) as base:
        with pytest.raises(TransportNoAnswer):
            await send(base, method="POST", body="{}", timeout=0.3)


async def test_a_server_that_drips_bytes_for_ever_meets_the_overall_deadline() -> None:
    wire = Wire()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not wire.released.is_set():
            writer.write(b".")
            await writer.drain()
            await asyncio.wait([asyncio.ensure_future(wire.released.wait())], timeout=0.02)

    async with wire.serving(serve) as base:
        with pytest.raises(TransportNoAnswer, match="no answer within"):
            await send(base, timeout=0.5)


async def test_a_tls_handshake_that_never_ends_is_not_sent() -> None:
    wire = Wire()

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        await wire.released.wait()

    async with wire.serving(serve) as base:
        with pytest.raises(TransportNotSent):
            await send(base.replace("http:", "https:"), timeout=0.3)


async def test_a_body_beyond_the_cap_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BODY", 1000)
    wire = Wire()
    async with wire.serving(wire.answering(http("200 OK", b"x" * 1001))) as base:
        with pytest.raises(TransportNoAnswer, match="larger than"):
            await send(base)


async def test_a_compressed_body_is_not_unpacked() -> None:
    wire = Wire()
    raw = http("200 OK", b"\x1f\x8b\x08 not unpacked", "Content-Encoding: gzip")
    async with wire.serving(wire.answering(raw)) as base:
        assert (await send(base)).body == b"\x1f\x8b\x08 not unpacked"
    assert b"accept-encoding: identity" in wire.heads[0].lower()


async def test_a_proxy_that_refuses_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire()
    async with wire.serving(wire.answering(http("403 Forbidden", b""))) as base:
        monkeypatch.setenv("HTTPS_PROXY", base)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(TransportNoAnswer):
            await send("https://hpc.example.test")


async def test_nothing_of_the_url_is_logged_or_told(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("httpx", "httpcore"):  # as they are before anybody has made a transport
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    wire = Wire()
    async with wire.serving(wire.answering(http("200 OK", b"{}"))) as base:
        await send(base)
    async with wire.serving(wire.answering(b"nonsense")) as base:
        with pytest.raises(TransportNoAnswer) as raised:
            await send(base)
    assert [record for record in caplog.records if record.name.startswith("http")] == []
    assert "signature" not in caplog.text + str(raised.value) + repr(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_certificates_are_verified_unless_told_otherwise() -> None:
    def context(transport: HttpTransport) -> ssl.SSLContext:
        found = transport._client._transport._pool._ssl_context  # type: ignore[attr-defined]
        assert isinstance(found, ssl.SSLContext)
        return found

    assert context(HttpTransport(HandClock())).verify_mode is ssl.CERT_REQUIRED
    assert context(HttpTransport(HandClock(), verify=False)).verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_told_with_the_variable_that_names_them(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(CertificatesUnread, match="SSL_CERT_FILE"):
        HttpTransport(HandClock())
