"""The scrubber: no value of a known secret leaves the process, in whatever form.

Lives here: the set of known secrets and the filter for log handlers. May be imported by the composition root and by
whatever lets text out. Must never come in: where secrets come from.
"""

import base64
import json
import logging
import re
import threading
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_HIDDEN = "***"
_SHORTEST = 4
_SIGNATURE = re.compile(r"(signature)(?:=|%3D|%253D)[^&\s\"'<>]*", re.IGNORECASE)
_STANDARD = frozenset(vars(logging.makeLogRecord({})))
_BASE64_HEAD = (0, 2, 3)


class Scrubber:
    """Knows secrets and takes them out of texts; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()
        self._known: set[str] = set()

    def add(self, value: str) -> None:
        """From now on `value` is hidden: plain, URL-encoded, base64, JSON-escaped. Not if shorter than 4 characters."""
        with self._lock:
            if len(value) < _SHORTEST or value in self._known:
                return
            self._known.add(value)
            self._forms = tuple(sorted({*self._forms, *_forms(value)}, key=len, reverse=True))

    def scrub(self, text: str) -> str:
        """The text without known secrets and signatures."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, _HIDDEN)
        return _SIGNATURE.sub(rf"\1 {_HIDDEN}", text)

    def scrub_value(self, value: object) -> object:
        """The same for what a log record may carry: texts in containers too; other things by their text if it tells."""
        match value:
            case str():
                return self.scrub(value)
            case dict():
                return {self.scrub_value(key): self.scrub_value(inner) for key, inner in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.scrub_value(inner) for inner in value]
            case None | bool() | int() | float():
                return value
            case _:
                shown = str(value)
                return value if self.scrub(shown) == shown else self.scrub(shown)


def _forms(value: str) -> Iterator[str]:
    once = quote(value, safe="")
    escaped = (json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    yield from (value, once, quote(once, safe=""), quote(value), quote_plus(value), repr(value)[1:-1], *escaped)
    for shift, head in enumerate(_BASE64_HEAD):
        data = b"\0" * shift + value.encode(errors="replace")
        whole = base64.b64encode(data).decode().rstrip("=")
        core = whole[head : len(whole) - (1 if len(data) % 3 else 0)]
        if len(core) >= 2 * _SHORTEST:
            yield from (core, core.replace("+", "-").replace("/", "_"), quote(core, safe=""))


class ScrubFilter(logging.Filter):
    """For log *handlers* (a logger's filter does not see its children's records): scrubs message, extras, exception."""

    def __init__(self, scrubber: Scrubber) -> None:
        super().__init__()
        self._scrubber = scrubber

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True; the record is scrubbed in place."""
        record.msg, record.args = self._scrubber.scrub(_message(record)), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        if record.exc_text:
            record.exc_text = self._scrubber.scrub(record.exc_text)
        if record.stack_info:
            record.stack_info = self._scrubber.scrub(record.stack_info)
        for name in vars(record).keys() - _STANDARD:
            setattr(record, name, self._scrubber.scrub_value(getattr(record, name)))
        return True


def _message(record: logging.LogRecord) -> str:
    """The message; its bare text where the arguments do not fit: a bad log line must not break who logs."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError, AttributeError):
        return str(record.msg)
