"""Waiting for the account's calls: one condition, and it says until when. Pure."""

import math
from datetime import UTC, datetime

from hpc_operator.decide.decision import Wait
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.reasons import Reason

_BRIEF = 5.0


def exhausted(until: Instant, now: Instant, what: str) -> Wait:
    """`what` waits until then. The time is told in whole minutes, so that a condition does not change all the time."""
    minute = datetime.fromtimestamp(math.ceil(until / 60) * 60, UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = f"The account's calls of this hour are used up; {what} waits until about {minute}."
    return Wait(Reason.QUOTA_EXHAUSTED, max(until - now, 0.05), text, quiet=until - now < _BRIEF)
