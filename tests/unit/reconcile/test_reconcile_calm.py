"""How fast passes may follow each other: never a hot loop, and never so slow that a read before a call grows old."""

from dataclasses import replace

import pytest

from hpc_operator.domain.policy import Policy
from hpc_operator.reconcile.performing import calm


def test_a_few_passes_in_a_row_do_not_pause() -> None:
    assert [calm(Policy(), streak) for streak in range(1, 12)] == [0.0] * 11


@pytest.mark.parametrize("policy", [Policy(), replace(Policy(), poll=0.3, retry_base=0.5)])
def test_a_pause_does_not_outlast_the_read_before_a_call(policy: Policy) -> None:
    """Else the read is made anew in each pass and the call never: a cluster that cannot be changed, nor deleted."""
    for streak in (12, 13, 1000):
        assert 0 < calm(policy, streak) <= policy.poll / 2
