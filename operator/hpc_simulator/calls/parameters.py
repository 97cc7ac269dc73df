"""Checks of parameters: required ones and their types.

Lives here: small readers that raise Refused(1101) naming the parameter. The calls import it.
Never comes in: what a parameter means.
"""

from collections.abc import Iterable, Mapping

from hpc_simulator.envelope import Refused
from hpc_simulator.times import read


def text(fields: Mapping[str, object], name: str) -> str:
    """A required, non-empty string."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(1101, f"{name} is required, a string")
    return value


def text_or(fields: Mapping[str, object], name: str, default: str = "") -> str:
    """An optional string."""
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise Refused(1101, f"{name} must be a string")
    return value


def whole(fields: Mapping[str, object], name: str) -> int:
    """A required JSON integer (true and false are none)."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(1101, f"{name} is required, an integer")
    return value


def number(fields: Mapping[str, object], name: str) -> int:
    """A required whole number, as a JSON integer or as a string of digits; the pages send both."""
    value = fields.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        return int(value)
    return whole(fields, name)


def whole_or(fields: Mapping[str, object], name: str, default: int) -> int:
    """An optional JSON integer."""
    return whole(fields, name) if name in fields else default


def one_of(fields: Mapping[str, object], name: str, allowed: Iterable[object]) -> str:
    """A required string out of a closed set."""
    value = text(fields, name)
    if value not in allowed:
        raise Refused(1101, f"{name} is not an allowed value")
    return value


def texts(fields: Mapping[str, object], plural: str, singular: str) -> list[str]:
    """A list of strings under the one name, or a single string under the other; the pages disagree."""
    value = fields.get(plural, fields.get(singular))
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not items or not all(isinstance(item, str) and item for item in items):
        raise Refused(1101, f"{plural} is required, a list of strings")
    return list(dict.fromkeys(items))


def count(query: Mapping[str, str], name: str, default: int) -> int:
    """A non-negative number in a query."""
    value = query.get(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise Refused(1101, f"{name} must be a number")
    return int(value)


def moment(query: Mapping[str, str], name: str) -> int | None:
    """An optional time in a query, epoch seconds."""
    if name not in query:
        return None
    stamp = read(query[name])
    if stamp is None:
        raise Refused(1101, f"{name} must look like 2021-08-17T09:11:16Z")
    return stamp


def reversed_order(query: Mapping[str, str], default: int) -> bool:
    """The parameter `reverse`: 0 ascending, 1 descending."""
    value = query.get("reverse", str(default))
    if value not in ("0", "1"):
        raise Refused(1101, "reverse is 0 or 1")
    return value == "1"
