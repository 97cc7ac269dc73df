"""Why a read brought nothing, in words that do not change by themselves.

Lives here: `Unread`, and the making of its sentence. May be imported by every module of `cloud`. Must never come in:
retries, what follows from it.

What goes wrong without: the sentence reaches conditions, and the service's messages vary from call to call; a resource
whose account cannot be read would be written at every look, and so would each of a thousand others.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from hpc_operator.cloud.envelope import Answered, Read, Spent
from hpc_operator.domain.answers import NoAnswer, NotSent
from hpc_operator.domain.record import Account

_MOST = 256
_UNSUITED = (1100, 1101)
"""The message or a parameter is refused: the service does not know this question."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A page that could not be read, and why, in a sentence for people. `refused`: the question itself was."""

    problem: str
    refused: bool = False


def told(read: Read, kept: Callable[[int, str], str] = lambda _, message: message) -> Answered | Unread:
    """The answer of a read that succeeded, else why there is none. `kept` gives the words for a ret_code's message."""
    match read:
        case Answered(code=0):
            return read
        case Answered(code=code, message=message):
            return Unread(f"ret_code {code}: {kept(code, message)}".rstrip(": "), refused=code in _UNSUITED)
        case Spent():
            return Unread("quota: the budget of calls is used up")
        case NoAnswer(cause=cause) | NotSent(cause=cause):
            return Unread(f"no answer: {cause}")
    assert_never(read)


@dataclass(slots=True)
class Words:
    """For each account, call and ret_code the message that came first, until the call is answered again."""

    first: dict[tuple[Account, str, int], str] = field(default_factory=dict)

    def told(self, account: Account, call: str, read: Read) -> Answered | Unread:
        """`told` in the words of the first time."""
        found = told(read, lambda code, message: self._kept((account, call, code), message))
        if isinstance(found, Answered):
            self.first = {key: text for key, text in self.first.items() if key[:2] != (account, call)}
        return found

    def _kept(self, key: tuple[Account, str, int], message: str) -> str:
        if key not in self.first and len(self.first) >= _MOST:
            del self.first[next(iter(self.first))]
        return self.first.setdefault(key, message)
