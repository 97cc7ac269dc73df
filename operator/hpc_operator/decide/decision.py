"""What a pass may conclude: exactly one of four. Data only; `reconcile` carries it out, `report` puts it into words."""

from dataclasses import dataclass
from typing import TypeAlias

from hpc_operator.domain.actions import Action
from hpc_operator.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything is as wished, as far as it may be brought there. `reason` is Ready's."""

    reason: Reason = Reason.READY
    message: str = "The cluster is as the manifest says."


@dataclass(frozen=True, slots=True)
class Act:
    """Do this one thing, then look again."""

    action: Action


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `after` seconds; it can heal by itself. `quiet`: too slight to change a condition for."""

    reason: Reason
    after: float
    message: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Blocked:
    """A person must act; `message` says how. It is looked at again after `after` seconds all the same."""

    reason: Reason
    message: str
    after: float


Decision: TypeAlias = Settled | Act | Wait | Blocked
