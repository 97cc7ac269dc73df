"""What is met again and again is held once: the parts of stored objects as canonical text, and equal values.

`kube.codec`, `kube.memory_read` and `kube.wish` import it. Pure, but for what is remembered: never more than a fixed
number, and only what follows from the text or the value alone.

What goes wrong without: each write of the operator's own comes back twice (as its answer and through the watch) and was
parsed three times; and each of thousands of resources held its own copy of the same words.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")

RECENT = 256
"""How many different texts of one kind are remembered with what was read from them."""

SHORT = 4096
"""Characters of a text that is remembered: nobody fills the memory with long ones."""

_ALIKE = 4096
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def text_of(value: object) -> str:
    """JSON as text: the same for what differs in the order of fields only. ValueError for what is none."""
    try:
        return _encoder.encode(value)
    except (TypeError, RecursionError) as error:
        raise ValueError("not JSON") from error


class Once(Generic[T]):
    """A function of a text that is not asked again about the short ones that it was asked about lately."""

    def __init__(self, read: Callable[[str], T]) -> None:
        self._read = read
        self.kept = lru_cache(maxsize=RECENT)(read)

    def __call__(self, text: str) -> T:
        """What the text says; raises what reading it raises."""
        return self.kept(text) if len(text) <= SHORT else self._read(text)


def one(value: T) -> T:
    """The equal value of the same type that was met first."""
    found: T = _one(value)
    return found


@lru_cache(maxsize=_ALIKE, typed=True)
def _one(value: T) -> T:
    return value
