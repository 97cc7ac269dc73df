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


def _encoded(text: str) -> str:
    return quote(text, safe=_UNRESERVED)


def string_to_sign(request: Request, signed_values: str) -> str:
    """METHOD, path with a trailing slash, sorted query without the signature, md5 of the body; joined by newlines."""
    pairs = sorted((unquote(name), unquote(value)) for name, value in request.pairs if name != "signature")
    if signed_values == "raw":
        query = "&".join(f"{name}={value}" for name, value in pairs)
    else:
        query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)
    digest = hashlib.md5(request.body, usedforsecurity=False).hexdigest()
    return "\n".join((request.method, request.path.rstrip("/") + "/", query, digest))


def accepted(request: Request, secret: str, settings: Settings) -> bool:
    """Whether the request's last parameter is the signature that this secret gives it, encoded as the settings say."""
    text = string_to_sign(request, settings.signed_values)
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    once = _encoded(b64encode(digest).decode())
    forms = {"once": (once,), "twice": (_encoded(once),), "either": (once, _encoded(once))}
    given = dict(request.pairs[-1:]).get("signature", "").encode()
    return any(hmac.compare_digest(given, form.encode()) for form in forms[settings.signature_encoding])
