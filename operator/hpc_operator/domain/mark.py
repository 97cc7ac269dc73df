"""The mark: how a cluster is recognised as a resource's own, whatever was lost.

`<version><fleet><object><uid>-<attempt>`, lower-case base32 of SHA-256 (1 + 4 + 5 + 5 characters). The derivation of
a released version is frozen: clusters that carry it live for years. Pure; everybody may import it.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from hpc_operator.domain.desired import Ref

VERSION = "a"
_FLEET, _OBJECT, _UID = 4, 5, 5
_NAME_LIMIT = 39
_MARK = re.compile(rf"(?<![A-Za-z0-9])({VERSION}[a-z2-7]{{{_FLEET + _OBJECT + _UID}}})-([0-9]{{1,6}})(?![0-9A-Za-z])")

_WITH_HYPHEN = re.compile(rf"-?{_MARK.pattern}")


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark as read somewhere: its stem and the attempt."""

    stem: str
    attempt: int

    @property
    def fleet(self) -> str:
        """Version and fleet: equal for all resources of one operator fleet."""
        return self.stem[: 1 + _FLEET]

    @property
    def object(self) -> str:
        """Version, fleet and object: equal for all lives of one namespace/name."""
        return object_of(self.stem)

    def __str__(self) -> str:
        """`<stem>-<attempt>`."""
        return f"{self.stem}-{self.attempt}"


def _hash(text: str, length: int) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:length]


def is_newer(mark: str) -> bool:
    """Whether a later version than this one derived the mark: its letter comes later. Nothing can be read from it."""
    return mark[:1] > VERSION


@lru_cache(maxsize=64)
def fleet_of(fleet: str) -> str:
    """The version and fleet part of every mark that `fleet` writes."""
    return VERSION + _hash(f"fleet:{fleet}", _FLEET)


def object_of(stem: str) -> str:
    """The version, fleet and object part of a stem."""
    return stem[: 1 + _FLEET + _OBJECT]


@lru_cache(maxsize=16_384)
def stem(fleet: str, ref: Ref) -> str:
    """The mark of a resource without its attempt: 15 characters."""
    thing = _hash(f"object:{fleet}/{ref.namespace}/{ref.name}", _OBJECT)
    return fleet_of(fleet) + thing + _hash(f"uid:{ref.uid}", _UID)


def marks_in(*texts: str) -> Iterator[Mark]:
    """Every mark that stands in the texts, in order."""
    for text in texts:
        yield from _marks(text)


@lru_cache(maxsize=16_384)
def _marks(text: str) -> tuple[Mark, ...]:
    """Each pass reads the names of a whole account anew, and they seldom change."""
    return tuple(Mark(found[1], int(found[2])) for found in _MARK.finditer(text))


def marked(free: str, mark: Mark, limit: int = _NAME_LIMIT) -> str:
    """A name that carries the mark: `<free part, cut>-<mark>`, below 40 characters as the API contract asks."""
    tail = f"-{mark}"
    return free[: limit - len(tail)].rstrip("-") + tail


def unmarked(text: str) -> str:
    """The text without marks, and without the hyphen that joins one to the free part: `marked` undone."""
    return _WITH_HYPHEN.sub("", text).strip()
