"""Sending one HTTP request and reading its answer: the only module that imports httpx.

Lives here: the `Transport` protocol, its two errors, and `HttpTransport`. May be imported by `cloud.client` and the
composition root. Must never come in: what the bytes mean, retries, redirects, a URL in any text (it is signed).
httpx's types stay out of every signature.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Protocol, Self
from urllib.parse import urlsplit

import httpx

from hpc_operator.cloud.text import clean
from hpc_operator.domain.desired import Instant

MAX_BODY = 8 * 1024 * 1024


class Stage(StrEnum):
    """How far a request came that was not sent."""

    NAME = "name"
    CONNECT = "connect"
    CERTIFICATE = "certificate"
    TLS = "tls"
    OTHER = "other"


class TransportNotSent(Exception):  # noqa: N818 - an outcome, not a defect
    """It failed before a byte of the request was sent: name, connect, TLS, or no free connection."""

    def __init__(self, cause: str, stage: Stage = Stage.OTHER) -> None:
        super().__init__(cause)
        self.cause = cause
        self.stage = stage


class TransportNoAnswer(Exception):  # noqa: N818
    """The request may have arrived, but there is no whole answer to it."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer. `date`: the `Date` header, seconds since the epoch, None where absent or unreadable.

    `began`, `ended`: the own clock before sending and after the last byte. `location`: where a redirect leads, without
    its query, which may repeat our signature; nobody follows it.
    """

    status: int
    date: Instant | None
    body: bytes = field(repr=False)
    began: Instant
    ended: Instant
    location: str | None = None


class Transport(Protocol):
    """Sends one request, once."""

    async def send(self, method: str, url: str, body: str | None, headers: Mapping[str, str], timeout: float) -> Reply:  # noqa: ASYNC109 - the deadline is part of the contract, measured from before the connect
        """The answer, whatever its status; TransportNotSent or TransportNoAnswer, and no other error."""


class CertificatesUnread(OSError):  # noqa: N818 - told to a person, then the process ends
    """The certificates by which the service is known cannot be read; says which, and what to do."""


class HttpTransport:
    """Transport over httpx with a connection pool; an async context manager.

    `clock` reads the own clock. `connect_timeout` bounds name, connect and TLS (seconds each); the deadline of a
    whole request comes with each call. `verify` False, or a CA file, is for tests and private gateways only.
    The constructor raises CertificatesUnread: httpx believes the environment's SSL_CERT_FILE.
    """

    def __init__(
        self,
        clock: Callable[[], Instant],
        *,
        connect_timeout: float = 5.0,
        verify: bool = True,
        ca_file: str | None = None,
        max_connections: int = 20,
    ) -> None:
        silence_httpx()
        context = _context(verify, ca_file)
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._client = httpx.AsyncClient(
            verify=context,
            follow_redirects=False,
            # Idle connections are left long before a gateway would close them: a request written into a closing
            # one is lost without an answer, and an unanswered create costs minutes of looking.
            limits=httpx.Limits(max_connections=max_connections, keepalive_expiry=15.0),
            headers={"accept-encoding": "identity", "user-agent": "hpc-operator"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, method: str, url: str, body: str | None, headers: Mapping[str, str], timeout: float) -> Reply:  # noqa: ASYNC109
        """See Transport. `timeout` bounds everything, from before the connect to the last byte, in seconds."""
        sending, began = _Sending(), self._clock()
        try:
            request = self._request(method, url, body, headers, timeout)
            request.extensions["trace"] = sending.trace
            async with asyncio.timeout(timeout):
                return await self._exchange(request, began)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TransportNotSent(_cause(error), _stage(error)) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:  # ours, or a redirect's that httpx cannot read
            raise sending.failed(type(error).__name__) from None
        except TimeoutError:
            raise sending.failed(f"no answer within {timeout:g} s") from None
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as error:
            raise TransportNoAnswer(_cause(error)) from None

    def _request(
        self,
        method: str,
        url: str,
        body: str | None,
        headers: Mapping[str, str],
        timeout: float,
    ) -> httpx.Request:
        return self._client.build_request(
            method,
            url,
            content=None if body is None else body.encode(),
            headers=dict(headers),
            timeout=httpx.Timeout(timeout, connect=min(self._connect_timeout, timeout)),
        )

    async def _exchange(self, request: httpx.Request, began: Instant) -> Reply:
        response = await self._client.send(request, stream=True)
        try:
            content = await _whole(response.aiter_raw())
        finally:
            await response.aclose()
        date, location = _date(response.headers.get("date")), _location(response.headers.get("location"))
        return Reply(response.status_code, date, content, began, self._clock(), location)


@dataclass(slots=True)
class _Sending:
    """Whether writing to a connection has begun: what tells a failure before the send from a lost answer."""

    begun: bool = False

    async def trace(self, event: str, _info: dict[str, object]) -> None:
        self.begun = self.begun or "send_request" in event

    def failed(self, cause: str) -> TransportNotSent | TransportNoAnswer:
        """The outcome of an error that can come before the request left, or after."""
        return TransportNoAnswer(cause) if self.begun else TransportNotSent(cause)


async def _whole(chunks: AsyncIterator[bytes]) -> bytes:
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > MAX_BODY:
            raise TransportNoAnswer(f"the answer is larger than {MAX_BODY} bytes")
    return bytes(content)


def _date(text: str | None) -> Instant | None:
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return moment.timestamp() if moment.tzinfo is not None else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _location(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    return clean(f"{parts.scheme}://{host}{parts.path}" if host else parts.path, 200)


def _stage(error: BaseException | None) -> Stage:
    """By the kinds of the errors underneath, never by their texts. The certificate's error is a TLS error too."""
    while error is not None:
        match error:
            case ssl.SSLCertVerificationError():
                return Stage.CERTIFICATE
            case ssl.SSLError():
                return Stage.TLS
            case socket.gaierror():
                return Stage.NAME
            case httpx.ConnectTimeout() | ConnectionError():
                return Stage.CONNECT
            case _:
                pass
        below = error.__cause__ or error.__context__
        if below is None:
            return Stage.CONNECT if isinstance(error, OSError) else Stage.OTHER
        error = below
    return Stage.OTHER


def _context(verify: bool, ca_file: str | None) -> ssl.SSLContext:
    try:
        if ca_file and verify:
            return ssl.create_default_context(cafile=ca_file)
        return httpx.create_ssl_context(verify=verify)
    except OSError as problem:  # a file that is not there, or holds no certificate
        raise CertificatesUnread(
            f"the certificates that the HPC API is checked against cannot be read: {problem.strerror or problem}. "
            "Mend the file that SSL_CERT_FILE names, or do not set it"
        ) from None


def _cause(error: Exception) -> str:
    return clean(f"{type(error).__name__}: {error}".rstrip(": "), 200)


def silence_httpx() -> None:
    """Keep httpx and httpcore from logging: at INFO they print whole signed URLs."""
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
