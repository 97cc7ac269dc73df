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
_SLASHES = {"slash": ("/",), "bare": ("",), "either": ("/", "")}


def strings_to_sign(request: Request, settings: Settings) -> list[str]:
    """METHOD, path, sorted query without the signature, md5 of the body, joined by newlines: for each path's end."""
    pairs = sorted((unquote(name), unquote(value)) for name, value in request.pairs if name != "signature")
    query = "&".join(f"{_written(name, settings)}={_written(value, settings)}" for name, value in pairs)
    digest = hashlib.md5(request.body, usedforsecurity=False).hexdigest()
    bare = request.path.rstrip("/")
    return ["\n".join((request.method, bare + slash, query, digest)) for slash in _SLASHES[settings.signed_path]]


def accepted(request: Request, secret: str, settings: Settings) -> bool:
    """Whether the request's last parameter is the signature that this secret gives it, encoded as the settings say."""
    given = dict(request.pairs[-1:]).get("signature", "").encode()
    texts = strings_to_sign(request, settings)
    return any(hmac.compare_digest(given, form) for text in texts for form in _forms(text, secret, settings))


def _forms(text: str, secret: str, settings: Settings) -> tuple[bytes, ...]:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    once = quote(b64encode(digest).decode(), safe=_UNRESERVED)
    twice = quote(once, safe=_UNRESERVED)
    forms = {"once": (once,), "twice": (twice,), "either": (once, twice)}
    return tuple(form.encode() for form in forms[settings.signature_encoding])


def _written(text: str, settings: Settings) -> str:
    if settings.signed_values == "raw" or (text.isascii() and text.isalnum()):
        return text
    encoded = quote(text, safe=settings.raw_characters).replace("%20", settings.signed_spaces)
    for mark in _UNRESERVED:  # which `quote` leaves raw in any case
        if mark not in settings.raw_characters:
            encoded = encoded.replace(mark, f"%{ord(mark):02X}")
    return encoded
