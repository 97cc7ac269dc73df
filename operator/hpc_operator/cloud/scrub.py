"""The scrubber: no value of a known secret leaves the process, in whatever form.

Lives here: the set of known secrets, and the one function that takes them out of a text. May be imported by the
composition root and by whatever lets text out. Must never come in: where secrets come from.

What goes wrong without: the service may repeat in a message what it was sent, and a message is cut before it is shown,
so that the beginning of a password is left at its end. A form is therefore also hidden where a text breaks off.
"""

import base64
import html
import json
import re
import threading
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_HIDDEN = "***"
_SHORTEST = 4
_MOST = 20_000
_CUT = "…"
_SIGNATURE = re.compile(r"(signature)(?:=|%3D|%253D|\\u003d)[^&\s\"'<>]*", re.IGNORECASE)
_HEX = re.compile(r"%(?:25)*[0-9A-F]{2}")
_BASE64_HEAD = (0, 2, 3)


class Scrubber:
    """Knows secrets and takes them out of texts; may be used from any thread.

    How long a text takes does not depend on how many secrets are known: forms are found by their first characters.
    The `most` newest values are remembered, so that a Secret that changes for ever does not fill the memory.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._known: dict[str, None] = {}
        self._heads: dict[str, tuple[str, ...]] = {}

    def add(self, value: str) -> None:
        """From now on `value` is hidden: plain, URL-encoded, base64, JSON-escaped. Not if shorter than 4 characters."""
        with self._lock:
            known = value in self._known
            if len(value) < _SHORTEST:
                return
            self._known.pop(value, None)
            self._known[value] = None
            if not known:
                self._enter(self._heads, value)
            if len(self._known) > self._most:
                self._forget()

    def scrub(self, text: str) -> str:
        """The text without known secrets and signatures, nor the beginning of one where the text breaks off."""
        return _SIGNATURE.sub(rf"\1 {_HIDDEN}", self._hidden(text))

    def _hidden(self, text: str) -> str:
        heads, parts, begin, at = self._heads, [], 0, 0
        while at <= len(text) - _SHORTEST:
            forms = heads.get(text[at : at + _SHORTEST])
            length = _length(forms, text, at) if forms else 0
            if length:
                parts += [text[begin:at], _HIDDEN]
                begin = at + length
            at += length or 1
        return "".join([*parts, text[begin:]])

    def _forget(self) -> None:
        kept = list(self._known)[-max(1, self._most // 2) :]
        heads: dict[str, tuple[str, ...]] = {}
        for value in kept:
            self._enter(heads, value)
        self._known, self._heads = dict.fromkeys(kept), heads

    @staticmethod
    def _enter(heads: dict[str, tuple[str, ...]], value: str) -> None:
        for form in {*_forms(value)}:
            if len(form) >= _SHORTEST:
                head = form[:_SHORTEST]
                heads[head] = tuple(sorted({*heads.get(head, ()), form}, key=len, reverse=True))


def _length(forms: tuple[str, ...], text: str, at: int) -> int:
    """How many characters from `at` on belong to a form: to the longest whole one, else to one that is cut short."""
    for form in forms:
        if text.startswith(form, at):
            return len(form)
    end = text.find(_CUT, at)
    rest = text[at:] if end < 0 else text[at:end]
    return len(rest) if len(rest) >= _SHORTEST and any(form.startswith(rest) for form in forms) else 0


def _forms(value: str) -> Iterator[str]:
    """How a value may stand in a text: as it is, as one line, and in every encoding that somebody writes."""
    for plain in {value, " ".join(value.split())}:
        escaped = [json.dumps(plain, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
        gone = escaped[1].replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
        yield from (plain, repr(plain)[1:-1], *escaped, gone, html.escape(plain), html.escape(plain, quote=False))
        yield from _percent(plain)
    for shift, head in enumerate(_BASE64_HEAD):
        data = b"\0" * shift + value.encode(errors="replace")
        whole = base64.b64encode(data).decode().rstrip("=")
        core = whole[head : len(whole) - (1 if len(data) % 3 else 0)]
        if len(core) >= 2 * _SHORTEST:
            yield from (core, core.replace("+", "-").replace("/", "_"), quote(core, safe=""))


def _percent(value: str) -> Iterator[str]:
    """Encoders differ in what they leave as it is, and in the case of their digits."""
    data = value.encode(errors="replace")
    for once in {*(quote(data, safe=kept) for kept in ("", "/", "!'()*", "*", ":/?&=@")), quote_plus(data)}:
        for form in (once, quote(once, safe="")):
            yield from (form, _HEX.sub(lambda found: found[0].lower(), form))
