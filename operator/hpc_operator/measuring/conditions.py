"""Resources by condition and reason, with labels from closed sets. Pure.

A condition is written by this program, but `.status` is whatever somebody may have written there, and the reason of
`Available` is the service's own word: what is not known is `Other`.
"""

from collections import Counter
from collections.abc import Iterable

from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Condition, Resource
from hpc_operator.measuring.catalogue import OTHER

CONDITIONS = ("Ready", "Reconciling", "Stalled", "Available")
NEW = "New"
"""The reason of a resource that has no condition yet."""
_STATUSES = ("True", "False", "Unknown")
_STILL = ("Done", "Progressing", NEW)
_SHOWN = (
    "Active", "Stopped", "Suspended", "Pending", "Creating", "Installing", "Initialising", "Initializing", "Abnormal",
    "Deleting", "Starting", "Stopping", "NotShown", "Unknown",
)  # fmt: skip
_REASONS = frozenset({*(reason.value for reason in Reason), *_STILL, *_SHOWN})


def by_condition(resources: Iterable[Resource]) -> Counter[tuple[str, ...]]:
    """How many resources have a condition of this type, status and reason. Each resource counts under `Ready` once."""
    found: Counter[tuple[str, ...]] = Counter()
    for resource in resources:
        kinds = {each.type: each for each in resource.conditions}
        for kind in CONDITIONS:
            if kind in kinds:
                found[_labels(kinds[kind])] += 1
        if "Ready" not in kinds:
            found["Ready", "Unknown", NEW] += 1
    return found


def blocked(resources: Iterable[Resource]) -> Counter[tuple[str, ...]]:
    """How many resources are stalled, by reason: a person must act."""
    stalled = (c for r in resources for c in r.conditions if (c.type, c.status) == ("Stalled", "True"))
    return Counter((_known(condition.reason),) for condition in stalled)


def took_to_be_ready(before: Resource, after: Resource) -> float | None:
    """Seconds from its creation to its first time Ready, if the pass between the two wrote that; else None."""
    first = after.memory.first_active_at
    if first is None or before.memory.first_active_at is not None:
        return None
    return first - after.created_at


def _labels(condition: Condition) -> tuple[str, ...]:
    status = condition.status if condition.status in _STATUSES else "Unknown"
    return condition.type, status, _known(condition.reason)


def _known(reason: str) -> str:
    return reason if reason in _REASONS else OTHER
