"""Pairs of faults in the create of whole lives: the oracles of the singles, and the same verdict.

Pairs in the delete are those of the scenario `delete` (test_scenarios): it does not live through a create first.
`make faults` plays whole lives with both.
"""

from collections.abc import Callable

import pytest

from faults.courses import COURSES
from faults.harness import pairs
from faults.harness.life import Course

SAMPLE, SEED = 800, "pairs"
"""How thinly all pairs of whole lives are sampled: about half of so many lie in the create, and are played."""
PAIRED = COURSES[1:3]
"""The lives with lags: names echoed, and nothing echoed."""


@pytest.mark.parametrize("course", PAIRED, ids=lambda course: course.name)
def test_a_sample_of_all_pairs(course: Course, tell: Callable[[str], None]) -> None:
    firsts = pairs.jobs(course)
    each = -(-SAMPLE // len(PAIRED) // len(firsts))
    done = pairs.play_all(pairs.jobs(course, each, SEED, phase="create"))["create"]
    tell(
        f"{course.name}, create: {done.runs} of {done.of} pairs, {len(done.findings)} findings; "
        f"a person resolved {done.asked} creates"
    )
    assert list(done.findings) == []
    assert done.runs > SAMPLE // len(PAIRED) // 3, "a phase that is hardly reached proves nothing"
    assert course.echoes is False or done.asked == 0
