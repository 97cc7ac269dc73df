"""What the process says: one JSON object a line, without any secret value in it.

`main` calls `configure` once, with the scrubber that knows the secrets. No other module configures
logging. The HTTP libraries log whole signed URLs at INFO: their loggers are kept to warnings.
"""

import io
import logging
from collections.abc import Callable
from typing import TextIO

from pythonjsonlogger.json import JsonFormatter

_QUIET = ("httpx", "httpcore", "aiohttp", "aiohttp.access", "asyncio", "kubernetes", "kopf", "uvloop")


class _ScrubbedJson(JsonFormatter):
    """The whole line is scrubbed after it was formatted, so tracebacks and extra fields are covered too."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
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


def configure(level: str, scrub: Callable[[str], str], stream: TextIO | io.TextIOBase) -> None:
    """Send every record of `level` and above to `stream` as JSON, each through `scrub`. Replaces what was there."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_ScrubbedJson(scrub))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
