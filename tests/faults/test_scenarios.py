"""Every scenario of the table under every single fault: same end, same effects, then silence."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from faults.courses import COURSES
from faults.harness import pairs
from faults.harness.life import Course, alone, live
from faults.harness.scene import compared, named
from faults.harness.seeds import SEED
from faults.harness.singles import play_all, singles
from faults.scenarios import SCENARIOS

SAMPLE = int(os.environ.get("PAIRS", "150"))  # noqa: TID251 - how much is played, not what the program does
"""Pairs of each scenario that asks for some, others each day: the whole 5000 of each take many minutes more."""
LIVED = [named(each, replace(COURSES[1], staleness=60.0)) for each in SCENARIOS]
"""Each where the conf name is echoed and everything lags."""
PAIRED = [course for course in LIVED if course.scenario is not None and course.scenario.pairs]
SINGLE = [course for course in LIVED if course not in PAIRED]


@pytest.mark.parametrize("course", SINGLE, ids=lambda course: course.name)
def test_every_single_fault(course: Course, tell: Callable[[str], None]) -> None:
    assert (alone(course).findings, alone(course).answers) == ([], [])
    plans = list(singles(course, alone(course)))
    failed = [f"{single}: {each}" for single, verdict in play_all(plans) for each in verdict.findings]
    tell(f"{course.name}: {len(plans)} runs, {len(failed)} findings")
    assert failed == []
    assert len(plans) > 40, "a scenario that hardly reaches a point proves nothing"


@pytest.mark.parametrize("course", PAIRED, ids=lambda course: course.name)
def test_every_single_fault_and_a_sample_of_pairs(course: Course, tell: Callable[[str], None]) -> None:
    """Each single fault may be the first of pairs: SAMPLE of them, or as many as the table asks for with PAIRS=5000."""
    assert course.scenario is not None
    assert (alone(course).findings, alone(course).answers) == ([], [])
    wanted = min(course.scenario.pairs, SAMPLE)
    plans = list(singles(course, alone(course)))
    done = pairs.play_all(pairs.spread(course, wanted, SEED))["create"]
    tell(f"{course.name}: {done.firsts} runs, {len(done.alone)} findings")
    tell(f"{course.name}: {done.runs} of {done.of} pairs (SEED={SEED}), {len(done.findings)} findings")
    assert [*done.alone, *done.findings] == []
    assert done.firsts == len(plans) > 40, "every single fault is played"
    assert done.runs >= 0.8 * wanted, "there are not so many: the table asks for too many"


def test_what_differs_from_the_run_without_faults_is_found() -> None:
    """The comparison bites: another end, one effect too many."""
    course = LIVED[0]
    scenario, like = SCENARIOS[0], alone(course)
    more = {**like.effects, "createCluster": 2}
    found = compared(scenario, ((), ()), more, (like.end, like.effects))
    assert [each.oracle for each in found] == ["END", "EFFECTS"]
    assert compared(scenario, like.end, like.effects, (like.end, like.effects)) == []


def test_a_world_from_the_past_is_the_same_each_time() -> None:
    deleted = next(course for course in LIVED if course.name.startswith("delete"))
    assert live(deleted).points == live(deleted).points
