"""What is met again and again is held once: the parts of stored objects as canonical text, and equal values.

`kube.codec`, `kube.remembered` and `kube.wish` import it. Pure, but for what is remembered: never more than a fixed
number, and only what follows from the text or the value alone.

What goes wrong without: each write of the operator's own comes back twice (as its answer and through the watch) and was
parsed three times; and each of thousands of resources held its own copy of the same words.
"""

import json
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")

RECENT = 512
"""How many different texts of one kind are remembered with what was read from them."""

_ALIKE = 4096
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def text_of(value: object) -> str:
    """JSON as text: the same for what differs in the order of fields only. ValueError for what is none."""
    try:
        return _encoder.encode(value)
    except (TypeError, RecursionError) as error:
        raise ValueError("not JSON") from error


def one(value: T) -> T:
    """The equal value of the same type that was met first."""
    found: T = _one(value)
    return found


@lru_cache(maxsize=_ALIKE, typed=True)
def _one(value: T) -> T:
    return value
