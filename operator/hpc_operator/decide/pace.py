"""How long to wait before looking or trying again, seconds. One table; pure."""

from hpc_operator.domain.policy import Policy
from hpc_operator.domain.record import Closed, Resource

_RESTS = 10


def backoff(failures: int, policy: Policy) -> float:
    """Doubling from retry_base to retry_cap."""
    doubled: float = policy.retry_base * 2 ** min(max(failures - 1, 0), 20)
    return min(doubled, policy.retry_cap)


def until_retry(closed: Closed, now: float, policy: Policy, *, slow: bool = False) -> float:
    """Seconds until the operation that was closed may be tried again; 0 when it may now."""
    pause = policy.retry_cap if slow else backoff(closed.failures, policy)
    return max(0.0, closed.at + pause - now)


def rest(resource: Resource, now: float, policy: Policy) -> float:
    """Seconds until a resource that is as wished is looked at again although nothing was seen to change.

    What was written last may not show for a lag: whether the cluster bears another's mark is known after that.
    """
    shows = (resource.memory.described_at or 0.0) + policy.visibility_lag + policy.staleness
    often = _RESTS * policy.staleness
    return min(often, shows - now) if shows > now else often


def until(instant: float, now: float, policy: Policy) -> float:
    """Seconds to wait for `instant`, looking at least once a poll meanwhile; once it is past, a poll."""
    return min(policy.poll, max(instant - now, 0.05)) if instant >= now else policy.poll
