"""What a caller gets from the core: an answer, or what became of it on the way.

Lives here: the closed union `Reply`. Everyone may import it; a transport turns each member into bytes or an exception.
Never comes in: sockets, codes of the API.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection broke without an answer; `effect` tells whether the call was accepted (the caller cannot know).

    False also for a request that is still on its way and may take effect later.
    """

    effect: bool


@dataclass(frozen=True, slots=True)
class Torn:
    """The connection broke after the first `sent` bytes of the answer's body."""

    answer: Answer
    sent: int


@dataclass(frozen=True, slots=True)
class Held:
    """The answer waits until somebody releases it: `Cloud.collect(ticket)` yields it."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Delayed:
    """The answer comes after `seconds`: then `Cloud.collect(ticket)` yields it."""

    ticket: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No connection: not one byte of the request was sent."""


Reply = Answer | Lost | Torn | Held | Delayed | Unreachable
