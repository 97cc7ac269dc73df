"""What one changing call to the cloud came to: a closed union, so that nobody can forget *no answer*."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Accepted:
    """ret_code 0. The ids are None where the call does not answer them, or the answer left them out."""

    job_id: str | None = None
    cluster_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A ret_code that says for certain that nothing happened. `message` is cleaned and cut, for people only."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """It failed before a byte left (name, connect, TLS): nothing happened."""

    cause: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Whether it took effect is unknown: timeout, reset, 5xx, not JSON, or a ret_code that leaves it open."""

    cause: str
    code: int | None = None


Answer: TypeAlias = Accepted | Refused | NotSent | NoAnswer
