"""For how long operations stand open, by what they do. Pure.

An operation is open from its intent, written before the call, until nothing of it can still appear (domain.record).
"""

from collections.abc import Iterable

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.record import OperationAction, Resource


def open_for(resources: Iterable[Resource], now: Instant) -> dict[tuple[str, ...], float]:
    """Seconds since the oldest open operation of each action began; 0 where none is open."""
    longest = dict.fromkeys(OperationAction, 0.0)
    for resource in resources:
        operation = resource.memory.operation
        if operation is not None:
            longest[operation.action] = max(longest[operation.action], now - operation.started_at)
    return {(action.value,): age for action, age in longest.items()}
