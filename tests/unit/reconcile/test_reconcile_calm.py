"""Passes that follow each other without rest: never a hot loop, and never so slow that a look is too old for its step."""

from itertools import accumulate

from hpc_operator.domain.policy import Policy
from hpc_operator.reconcile.performing import calm

POLICY = Policy()


def test_steps_follow_at_once_between_two_rests() -> None:
    """A change needs a look by id and two counts within a poll: with a rest before each it would look for ever."""
    pauses = [calm(POLICY, streak) for streak in range(1, 49)]
    rests = [streak for streak, pause in enumerate(pauses, 1) if pause > 0]
    assert rests == [12, 24, 36, 48]


def test_whatever_goes_on_without_rest_gets_slower() -> None:
    times = list(accumulate(calm(POLICY, streak) for streak in range(1, 1000)))
    assert sum(time < 3600 for time in times) < 160
    assert sum(7200 <= time < 10_800 for time in times) <= 84
