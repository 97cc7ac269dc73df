"""What a check found: a level, what was seen, and what to do about it. Plain values for the whole room.

Everybody in `doctor` imports it. Never comes in: how it is shown, how it was read.
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How well it is. Only `ERROR` must be mended before the operator can work."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    NOT_TRIED = "not tried"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome. `advice` names the setting or the command; empty where nothing is to be done."""

    level: Level
    said: str
    advice: str = ""

    @property
    def holds(self) -> bool:
        """Whether what depends on it can be tried."""
        return self.level in (Level.OK, Level.WARNING)


@dataclass(frozen=True, slots=True)
class Line:
    """A finding with its place: `part` is `cloud` or `kubernetes`."""

    part: str
    check: str
    finding: Finding


def well(said: str) -> Finding:
    """As it should be."""
    return Finding(Level.OK, said)


def warning(said: str, advice: str) -> Finding:
    """The operator works, but a person should know."""
    return Finding(Level.WARNING, said, advice)


def error(said: str, advice: str) -> Finding:
    """The operator will not work like this."""
    return Finding(Level.ERROR, said, advice)


def not_tried(said: str) -> Finding:
    """Nothing can be said before something else is mended."""
    return Finding(Level.NOT_TRIED, said)


def skipped(said: str) -> Finding:
    """Left out on purpose."""
    return Finding(Level.SKIPPED, said)
