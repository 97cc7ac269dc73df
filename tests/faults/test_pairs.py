"""Pairs of faults in the create of whole lives: the oracles of the singles, and the same verdict.

Pairs in the delete are those of the scenario `delete` (test_scenarios): it does not live through a create first.
`make faults` plays whole lives with both.
"""

import os
from collections.abc import Callable

import pytest

from faults.courses import COURSES
from faults.harness import pairs
from faults.harness.life import Course
from faults.harness.seeds import SEED

SAMPLE = int(os.environ.get("PAIRS", "100"))  # noqa: TID251 - how much is played, not what the program does
"""Pairs of each life, others each day; `make faults` plays all."""
PAIRED = COURSES[1:3]
"""The lives with lags: names echoed, and nothing echoed."""


@pytest.mark.parametrize("course", PAIRED, ids=lambda course: course.name)
def test_a_sample_of_all_pairs(course: Course, tell: Callable[[str], None]) -> None:
    drawn = [job for job in pairs.spread(course, SAMPLE, SEED, phase="create") if job.sample]
    done = pairs.play_all(drawn)["create"]
    tell(
        f"{course.name}, create: {done.runs} pairs (SEED={SEED}), {len(done.findings)} findings; "
        f"a person resolved {done.asked} creates"
    )
    assert list(done.findings) == []
    assert done.runs > SAMPLE // 2, "a phase that is hardly reached proves nothing"
    assert course.echoes is False or done.asked == 0
