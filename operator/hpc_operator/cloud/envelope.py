"""What every answer has in common: the envelope, and the one table of ret_codes. Pure and total.

May be imported by `cloud` only. Must never come in: fields of a particular call. Source: API reference, response and
error code pages (API contract, "Response envelope"). No message text is ever parsed.
"""

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NoReturn, TypeAlias

from hpc_operator.cloud.text import MESSAGE, code, words
from hpc_operator.domain.answers import NoAnswer, NotSent, Refused
from hpc_operator.domain.record import OperationAction

CALLS_EXHAUSTED = 2500

# Codes that say for certain that nothing was made or changed. 2110, 5000, 5100, 5300, 5400 and unknown ones leave it
# open.
_DEFINITE = frozenset(
    {1100, 1101, 1200, 1300, 1400, 2100, 2400, 2500, 5200, *range(4000, 4006), *range(8000, 8005)},
)
# Where a call is relative, a refusal may be the echo of the same call's first effect: a gateway sent it twice, and the
# cluster is busy with it already (1400), or the nodes that were to go are gone (2100). Then what happened is counted.
ECHOES: Mapping[OperationAction, frozenset[int]] = MappingProxyType(
    {OperationAction.ADD_NODES: frozenset({1400}), OperationAction.DELETE_NODES: frozenset({1400, 2100})}
)
# Every code that the error page names, and success: what may become a metric's label.
DOCUMENTED = _DEFINITE | {0, 2110, 5000, 5100, 5300, 5400}
# Reads that are worth asking again at once: too old on arrival (signed anew), server busy, being updated.
_PASSING = frozenset({1300, 5100, 5300})


@dataclass(frozen=True, slots=True)
class Answered:
    """A JSON object with a ret_code. `fields` is the raw object: only `cloud.wire` reads it."""

    code: int
    message: str
    fields: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Spent:
    """Not asked: the own budget has no permit for `wait` seconds."""

    wait: float


Read: TypeAlias = Answered | NoAnswer | NotSent | Spent


def envelope(status: int, body: bytes) -> Answered | NoAnswer:
    """The answer's envelope; NoAnswer for 5xx, redirects, anything but a JSON object, and one without ret_code.

    Success under a status that says failure is none either: one of the two was not written by the service.
    An object that names a field twice says two things at once, and Python would take the last: it says nothing.
    """
    if status >= 500 or 300 <= status < 400:
        return NoAnswer(f"HTTP {status}")
    try:
        fields = json.loads(body, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return NoAnswer(f"HTTP {status}, not JSON")
    if not isinstance(fields, dict):
        return NoAnswer(f"HTTP {status}, not a JSON object")
    found = code(fields.get("ret_code"))
    if found is None:
        return NoAnswer(f"HTTP {status}, no ret_code")
    if found == 0 and not 200 <= status < 300:
        return NoAnswer(f"HTTP {status} with ret_code 0")
    return Answered(found, words(fields.get("message"), MESSAGE) or "", fields)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands twice")
    return fields


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


def unsuccessful(answered: Answered, echoes: Container[int] = ()) -> Refused | NoAnswer | None:
    """What a ret_code of a changing call means: None for 0, Refused where nothing happened, else NoAnswer.

    `echoes`: codes that say nothing of this call, since its own first effect brings them about.
    """
    if answered.code == 0:
        return None
    if answered.code in _DEFINITE and answered.code not in echoes:
        return Refused(answered.code, answered.message)
    return NoAnswer(f"ret_code {answered.code}: {answered.message}".rstrip(": "), answered.code)


def worth_repeating(read: Read) -> bool:
    """Whether a *read* is asked again at once; changing calls never are."""
    match read:
        case Answered(code=code):
            return code in _PASSING
        case NoAnswer() | NotSent():
            return True
        case Spent():
            return False
