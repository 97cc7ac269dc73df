"""The first creates of an account go one at a time until a cluster has shown one of our marks. Pure.

Why: in an account that echoes neither names nor descriptions, a fleet rebuilt from git would find none of its
clusters again; one is the most that may be bought before that is known.
"""

from collections.abc import Iterable

from hpc_operator.decide import guards
from hpc_operator.decide.facts import FirstCreate
from hpc_operator.domain.observed import ListLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.record import Origin, Resource


def first_create(others: Iterable[Resource], look: ListLook | None, policy: Policy) -> FirstCreate:
    """Whether one more create may begin, by what the account's other resources have open or unshown."""
    if policy.accept_invisible_marks:
        return FirstCreate.FREE
    states = {_state(other, look, policy) for other in others}
    if FirstCreate.INVISIBLE in states:
        return FirstCreate.INVISIBLE
    return FirstCreate.HELD if FirstCreate.HELD in states else FirstCreate.FREE


def _state(other: Resource, look: ListLook | None, policy: Policy) -> FirstCreate:
    memory = other.memory
    if guards.doubt_first(other) or (memory.empty and other.record is not None):
        return FirstCreate.HELD
    if memory.hpc_cluster_id is None or memory.origin is Origin.ADOPTED:
        return FirstCreate.FREE  # an adopted cluster was not created under a mark: it tells nothing about creates
    listed = look is not None and any(cluster.id == memory.hpc_cluster_id for cluster in look.clusters)
    if not listed:
        late = guards.conclusive(look, guards.absence_threshold(other, policy))  # not `now`: the look may be an old one
        return FirstCreate.FREE if late else FirstCreate.HELD
    told = memory.described_at is not None and guards.conclusive(look, memory.described_at + policy.visibility_lag)
    return FirstCreate.INVISIBLE if told else FirstCreate.HELD
