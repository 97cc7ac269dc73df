"""Verification of signatures, after the API reference's signature page.

Lives here: the string to sign and the comparison. The cloud imports it.
Never comes in: the operator's signer; this is the second, independent reading of the page.
"""

import hashlib
import hmac
from base64 import b64encode
from urllib.parse import quote, unquote

from hpc_simulator.request import Request
from hpc_simulator.settings import Settings

_UNRESERVED = "-_.~"


def string_to_sign(request: Request, settings: Settings, slash: str) -> str:
    """METHOD, path ending in `slash`, sorted query without the signature, md5 of the body; joined by newlines."""
    pairs = sorted((unquote(name), unquote(value)) for name, value in request.pairs if name != "signature")
    query = "&".join(f"{_written(name, settings)}={_written(value, settings)}" for name, value in pairs)
    digest = hashlib.md5(request.body, usedforsecurity=False).hexdigest()
    return "\n".join((request.method, request.path.rstrip("/") + slash, query, digest))


def accepted(request: Request, secret: str, settings: Settings) -> bool:
    """Whether the request's last parameter is the signature that this secret gives it, encoded as the settings say."""
    given = dict(request.pairs[-1:]).get("signature", "").encode()
    slashes = {"slash": ("/",), "bare": ("",), "either": ("/", "")}[settings.signed_path]
    return any(
        hmac.compare_digest(given, form) for slash in slashes for form in _forms(request, secret, settings, slash)
    )


def _forms(request: Request, secret: str, settings: Settings, slash: str) -> tuple[bytes, ...]:
    text = string_to_sign(request, settings, slash)
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    once = quote(b64encode(digest).decode(), safe=_UNRESERVED)
    twice = quote(once, safe=_UNRESERVED)
    forms = {"once": (once,), "twice": (twice,), "either": (once, twice)}
    return tuple(form.encode() for form in forms[settings.signature_encoding])


def _written(text: str, settings: Settings) -> str:
    if settings.signed_values == "raw":
        return text
    encoded = quote(text, safe=settings.raw_characters).replace("%20", settings.signed_spaces)
    for mark in _UNRESERVED:  # which `quote` leaves raw in any case
        if mark not in settings.raw_characters:
            encoded = encoded.replace(mark, f"%{ord(mark):02X}")
    return encoded
