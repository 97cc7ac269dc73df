"""How a pass ended, in one word: what is counted of it. Data and one function; `engine` tells it, once a pass."""

from enum import StrEnum
from typing import assert_never

from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait


class Ended(StrEnum):
    """A closed set: it is a label. `FAILED` is a defect here, or something nobody thought of."""

    SETTLED = "settled"
    ACTED = "acted"
    WAITING = "waiting"
    BLOCKED = "blocked"
    GONE = "gone"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


def ended(decision: Decision) -> Ended:
    """How a pass with this decision ended, once it was carried out."""
    match decision:
        case Settled():
            return Ended.SETTLED
        case Act():
            return Ended.ACTED
        case Wait():
            return Ended.WAITING
        case Blocked():
            return Ended.BLOCKED
        case _:
            assert_never(decision)
