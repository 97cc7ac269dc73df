"""Fields of an object of unknown shape, one at a time: what is not as expected is not there. Pure; never raises.

Imported by this room only. Every text comes out as one line that cannot move a terminal's cursor.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from hpc_operator.domain.desired import Instant
from hpc_operator.kube.instants import clean, read_time

Raw: TypeAlias = Mapping[str, Any]
_LONGEST = 4096
_MOST = 100


def said(value: object) -> str:
    """A scalar of any kind in words, `-` for what is not there."""
    return "-" if value is None or isinstance(value, dict | list) else line(str(value)) or "-"


def line(text: str) -> str:
    """One line that cannot move a terminal's cursor."""
    return " ".join(clean(text, _LONGEST).split())


def object_(found: Raw, name: str) -> Raw:
    """The object of that name, an empty one where there is none."""
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def objects(found: Raw, name: str, most: int = _MOST) -> list[Raw]:
    """The objects of the list of that name, so many at most."""
    value = found.get(name)
    listed: list[Raw] = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    return listed[:most]


def text(found: Raw, name: str) -> str | None:
    """The text of that name, on one line; None where there is none."""
    value = found.get(name)
    return line(value) or None if isinstance(value, str) else None


def texts(found: Raw, name: str) -> tuple[str, ...]:
    """The texts of the list of that name."""
    value = found.get(name)
    return tuple(line(each) for each in value if isinstance(each, str))[:_MOST] if isinstance(value, list) else ()


def number(found: Raw, name: str) -> int | None:
    """The whole number of that name."""
    value = found.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def time(found: Raw, name: str) -> Instant | None:
    """The time of that name."""
    value = found.get(name)
    try:
        return read_time(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
