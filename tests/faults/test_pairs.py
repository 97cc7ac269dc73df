"""Pairs of faults in create and in delete: the oracles of the singles, and the same verdict."""

from collections.abc import Callable

import pytest

from faults.courses import COURSES
from faults.harness import pairs
from faults.harness.life import Course

SAMPLE, SEED = 5000, "pairs"
"""How many of all pairs `make test` plays; `make faults` plays them all."""
PAIRED = COURSES[1:3]
"""The lives with lags: names echoed, and nothing echoed."""


@pytest.mark.parametrize("course", PAIRED, ids=lambda course: course.name)
def test_a_sample_of_all_pairs(course: Course, tell: Callable[[str], None]) -> None:
    firsts = pairs.jobs(course)
    each = -(-SAMPLE // len(PAIRED) // len(firsts))
    sums = pairs.play_all(pairs.jobs(course, each, SEED))
    for phase, done in sums.items():
        tell(
            f"{course.name}, {phase}: {done.runs} of {done.of} pairs, {len(done.findings)} findings; "
            f"a person resolved {done.asked} creates"
        )
    assert [finding for done in sums.values() for finding in done.findings] == []
    assert sum(done.runs for done in sums.values()) >= SAMPLE // len(PAIRED)
    assert min(done.runs for done in sums.values()) > 300, "a phase that is hardly reached proves nothing"
    assert course.echoes is False or sum(done.asked for done in sums.values()) == 0
