"""What the process says: one JSON object a line, without any secret value in it.

`main` calls `configure` once and gives the `Scrubber` to whoever writes texts elsewhere. No other module configures
logging. The HTTP libraries log whole signed URLs at INFO: their loggers are kept to warnings.
"""

import io
import json
import logging
import re
from typing import TextIO
from urllib.parse import quote

from pythonjsonlogger.json import JsonFormatter

_QUIET = ("httpx", "httpcore", "aiohttp", "aiohttp.access", "asyncio", "kubernetes", "kopf", "uvloop")
_SIGNATURE = re.compile(r"(signature=)[^&\s\"']+", re.IGNORECASE)
_SHORTEST = 6
_HIDDEN = "***"


class Scrubber:
    """Takes known secret values, and signatures, out of texts. Values shorter than 6 characters are not learned."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def learn(self, value: str) -> None:
        """From now on this value is hidden, also URL-encoded once or twice, and as JSON writes it."""
        if len(value) >= _SHORTEST:
            quoted = quote(value, safe="")
            self._values |= {value, quoted, quote(quoted, safe=""), json.dumps(value, ensure_ascii=False)[1:-1]}

    def __call__(self, text: str) -> str:
        """The text without what must not be told."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, _HIDDEN)
        return _SIGNATURE.sub(rf"\1{_HIDDEN}", text)


class _ScrubbedJson(JsonFormatter):
    """The whole line is scrubbed after it was formatted, so tracebacks and extra fields are covered too."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            json_ensure_ascii=False,
        )
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        return self._scrub(super().format(record))


def configure(level: str, scrub: Scrubber, stream: TextIO | io.TextIOBase) -> None:
    """Send every record of `level` and above to `stream` as JSON. Replaces what was configured before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_ScrubbedJson(scrub))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
