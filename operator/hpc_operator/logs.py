"""What the process says: one JSON object a line, without any secret value in it.

`main` calls `configure` once, with the scrubber that knows the secrets. No other module configures
logging. The HTTP libraries log whole signed URLs at INFO: their loggers are kept to warnings.
"""

import io
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

_log = logging.getLogger(__name__)
_QUIET = ("httpx", "httpcore", "aiohttp", "aiohttp.access", "asyncio", "kubernetes", "kopf", "uvloop")


class _ScrubbedJson(JsonFormatter):
    """Each value is scrubbed before it is escaped, and the whole line after: in messages, tracebacks, extra fields."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        super().__init__(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            json_ensure_ascii=False,
        )
        self._scrub = scrub

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: self._told(value) for name, value in super().process_log_record(log_data).items()}

    def format(self, record: logging.LogRecord) -> str:
        try:
            return self._scrub(super().format(record))
        except (TypeError, ValueError, KeyError, AttributeError):  # logging itself would print the arguments raw
            record.msg, record.args = f"{record.msg} (its arguments do not fit)", None
            return self._scrub(super().format(record))

    def _told(self, value: object) -> object:
        match value:
            case None | bool() | int() | float():
                return value
            case dict():
                return {self._scrub(str(name)): self._told(inner) for name, inner in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._told(inner) for inner in value]
            case _:
                return self._scrub(str(value))


def configure(level: str, scrub: Callable[[str], str], stream: TextIO | io.TextIOBase) -> None:
    """Send every record of `level` and above to `stream` as JSON, each through `scrub`. Replaces what was there."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_ScrubbedJson(scrub))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def catch_crashes() -> None:
    """Tell what would end a thread or the process, and what Python warns of, as log lines: else it would go out raw."""
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda kind, error, trace: _log.critical("crashed", exc_info=(kind, error, trace))
    threading.excepthook = lambda told: _log.critical("a thread crashed", exc_info=told.exc_value)
