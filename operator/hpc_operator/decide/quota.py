"""Waiting for the account's calls: one condition, and it says until when. Pure."""

import math
import re
from datetime import UTC, datetime

from hpc_operator.decide.decision import Wait
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Resource

_BRIEF = 5.0
_FORMAT = "%Y-%m-%d %H:%M"
_TOLD = re.compile(r" waits until about (\d{4}-\d{2}-\d{2} \d{2}:\d{2}) UTC\.$")


def exhausted(resource: Resource, until: Instant, now: Instant, what: str) -> Wait:
    """`what` waits until then. A time that was told stands until it has passed: a queue moves, a condition does not."""
    minute = datetime.fromtimestamp(math.ceil(until / 60) * 60, UTC).strftime(_FORMAT)
    text = f"The account's calls of this hour are used up; {what} waits until about {minute} UTC."
    told = _told(resource)
    kept = told is not None and what in told and _time(told) > now
    return Wait(
        Reason.QUOTA_EXHAUSTED,
        max(until - now, 0.05),
        told if kept and told is not None else text,
        quiet=until - now < _BRIEF,
    )


def _told(resource: Resource) -> str | None:
    conditions = resource.conditions
    return next((c.message for c in conditions if c.type == "Ready" and c.reason == Reason.QUOTA_EXHAUSTED), None)


def _time(text: str) -> Instant:
    found = _TOLD.search(text)
    return datetime.strptime(found.group(1), _FORMAT).replace(tzinfo=UTC).timestamp() if found else -math.inf
