"""The request signature: pure functions from a call to the final URL and the exact body text.

Lives here: canonical query, string to sign, signature. May be imported by `cloud.client` and by the doctor command.
Must never come in: I/O, a clock, settings. Source: API reference, signature and request pages (API contract,
"Transport and signing"). The URL is final: no HTTP library may encode it again.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from hpc_operator.domain.desired import Instant

Param: TypeAlias = str | int


class Encoding(IntEnum):
    """How often the base64 signature is percent-encoded: documented is twice; the sister service's SDK does it once."""

    ONCE = 1
    TWICE = 2


@dataclass(frozen=True, slots=True)
class Signed:
    """A request ready to be sent. `body` is None for GET; the repr hides both, for they carry secrets."""

    method: str
    url: str = field(repr=False)
    body: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one key. `encoding`: see Encoding."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    encoding: Encoding = Encoding.TWICE

    def get(self, endpoint: str, path: str, params: Mapping[str, Param], timestamp: Instant) -> Signed:
        """A GET whose parameters stand in the query beside the common ones."""
        return self._signed("GET", endpoint, path, self._query(params, timestamp), None)

    def post(self, endpoint: str, path: str, params: Mapping[str, Param], timestamp: Instant, body: str) -> Signed:
        """A POST of exactly this body text; `params` are those of the query, usually only `zone`."""
        return self._signed("POST", endpoint, path, self._query(params, timestamp), body)

    def _signed(self, method: str, endpoint: str, path: str, query: str, body: str | None) -> Signed:
        base = endpoint.rstrip("/")
        text = string_to_sign(method, urlsplit(base).path + path, query, body or "")
        signature = encoded(signature_of(text, self.secret_access_key), self.encoding)
        return Signed(method, f"{base}{path}?{query}&signature={signature}", body)

    def _query(self, params: Mapping[str, Param], timestamp: Instant) -> str:
        common: dict[str, Param] = {
            "access_key_id": self.access_key_id,
            "signature_method": "HmacSHA256",
            "signature_version": 1,
            "version": 1,
            "timestamp": utc(timestamp),
        }
        return canonical_query({**params, **common})


def utc(instant: Instant) -> str:
    """`YYYY-MM-DDThh:mm:ssZ`, cut to the second: never later than the instant, so a request's life is never longer."""
    return datetime.fromtimestamp(int(instant), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def percent(text: Param) -> str:
    """Everything but RFC 3986's unreserved characters as upper-case %XX of UTF-8; a space is %20."""
    plain = str(text)
    if plain.isascii() and plain.isalnum():  # most of what is sent
        return plain
    return quote(plain, safe="", errors="replace")


def canonical_query(params: Mapping[str, Param]) -> str:
    """Sorted by name, names and values percent-encoded: the same text is signed and sent."""
    return "&".join(f"{percent(name)}={percent(params[name])}" for name in sorted(params))


def string_to_sign(method: str, path: str, query: str, body: str) -> str:
    """Method, path with a trailing slash, query, and MD5 of the exact body text, by lines."""
    slashed = path if path.endswith("/") else f"{path}/"
    digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    return f"{method}\n{slashed}\n{query}\n{digest}"


def signature_of(text: str, secret: str) -> str:
    """base64(HMAC-SHA256(secret, text)), not yet percent-encoded."""
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def encoded(signature: str, encoding: Encoding) -> str:
    """The signature as it stands in the URL."""
    once = percent(signature)
    return once if encoding is Encoding.ONCE else percent(once)
