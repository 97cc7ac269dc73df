"""Every single fault at every I/O point of create and of delete: 0 DUP, 0 LOST, 0 STUCK, same effects, then silence."""

from collections.abc import Callable

import pytest

from faults.courses import COURSES
from faults.harness import port_methods
from faults.harness.life import Course, alone, live
from faults.harness.scene import named
from faults.harness.singles import PORTS, play_all, singles
from faults.scenarios import SCENARIOS

SOME = [pytest.param(course, marks=pytest.mark.slow if course is not COURSES[1] else ()) for course in COURSES]
"""One of them in every run: the one in which everything lags."""


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.name)
def test_a_life_without_faults_is_content(course: Course) -> None:
    verdict = live(course)
    assert verdict.findings == []
    assert verdict.answers == [], "nobody has to be asked"


@pytest.mark.parametrize("course", SOME, ids=lambda course: course.name)
def test_every_single_fault(course: Course, tell: Callable[[str], None]) -> None:
    plans = list(singles(course, live(course)))
    failed, asked = [], 0
    for single, verdict in play_all(plans):
        failed += [f"{single}: {finding}" for finding in verdict.findings]
        asked += any(answer.startswith(("adopt", "recreate")) for answer in verdict.answers)
    points = len({single.strike.index for single in plans})
    tell(
        f"{course.name}: {points} points, {len(plans)} runs, {len(failed)} findings; a person resolved {asked} creates"
    )
    assert failed == []
    assert len(plans) > 300, "a course that hardly reaches a point proves nothing"
    assert asked == 0 or not course.echoes, "where a name is echoed, nobody is ever asked"


def test_the_points_are_the_ports() -> None:
    """A port method without faults, or one that no life reaches, is red."""
    reached = {single.point for course in COURSES for single in singles(course, live(course))}
    scenes = (named(each, COURSES[1]) for each in SCENARIOS)
    reached |= {single.point for course in scenes for single in singles(course, alone(course))}
    assert port_methods() == set(PORTS), "give the new port method its row in PORTS"
    assert port_methods() <= reached, "no life reaches these: write a course that does"


def test_lives_are_repeatable() -> None:
    """The numbers of the points mean the same in every run."""
    assert live(COURSES[0]).points == live(COURSES[0]).points
