"""Pages that are byte for byte what was answered to the same question before are not read again; items are shared.

Lives here: the newest page for each question, by a digest of its body. May be imported by `cloud.client` only. Must
never come in: a look's beginning, whether to ask (each call still goes out, and is counted and measured as ever).

What goes wrong without: at rest the same few thousand lines are parsed anew twice a minute, and held once for each of
the looks that are kept. Why it is right: a page
follows from the status and the bytes of its answer alone, and nothing that was read is ever changed.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar

from hpc_operator.cloud.envelope import Answered, envelope
from hpc_operator.cloud.signing import Param
from hpc_operator.cloud.transport import Reply
from hpc_operator.cloud.wire import Page
from hpc_operator.domain.answers import NoAnswer
from hpc_operator.domain.record import Account

T = TypeVar("T")
Question: TypeAlias = tuple[Account, str, str, tuple[tuple[str, Param], ...]]
"""Account, fingerprint of the key, call, and the query's own parameters."""

_MOST = 256


@dataclass(frozen=True, slots=True)
class AnsweredPage(Answered, Generic[T]):
    """An answer that succeeded, with the page that it is; `fields` are empty, for nothing reads them any more."""

    page: Page[T]


class Unchanged:
    """Remembers the newest page for each of the last `most` questions: a digest and the page, never the body."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Question, tuple[bytes, AnsweredPage[Any]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def reading(
        self, question: Question, parse: Callable[[Answered], Page[T]]
    ) -> Callable[[Reply], Answered | NoAnswer]:
        """How the answer to this question is read: an AnsweredPage when it succeeded, else as ever."""

        def read(reply: Reply) -> Answered | NoAnswer:
            digest = hashlib.sha256(b"%d\n%b" % (reply.status, reply.body)).digest()
            held = self._kept.get(question)
            if held is not None and held[0] == digest:
                self._kept.move_to_end(question)
                return held[1]
            answer = envelope(reply.status, reply.body)
            if not isinstance(answer, Answered) or answer.code != 0:
                return answer
            page = parse(answer)
            if held is not None:
                page = replace(page, items=_shared(page.items, held[1].page.items))
            made = AnsweredPage(answer.code, answer.message, {}, page)
            self._keep(question, digest, made)
            return made

        return read

    def _keep(self, question: Question, digest: bytes, made: AnsweredPage[Any]) -> None:
        self._kept[question] = digest, made
        self._kept.move_to_end(question)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _shared(items: tuple[T, ...], before: tuple[T, ...]) -> tuple[T, ...]:
    """The items, those that are equal to one of before as that very one."""
    known = {item: item for item in before}
    return tuple(known.get(item, item) for item in items)
