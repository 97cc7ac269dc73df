"""Whatever an account is like where the contract is silent: one cluster, recorded, nobody asked, deleted, then silence."""

from collections.abc import Callable
from dataclasses import fields

import pytest

from faults.harness import World, oracles, run
from faults.harness.cores import on_all_cores
from faults.harness.injection import Strike
from faults.harness.life import Course, Verdict, live
from faults.quirks import CLOSED, EXCUSED, QUIRKS, combined, course
from hpc_simulator import Settings
from hpc_simulator import faults as f

COMBINATIONS, SEED = 40, 7
CREATE = "cloud.createCluster"
SINGLE = [course(name) for name in QUIRKS]
SEVERAL = combined(COMBINATIONS, SEED)


def _both(each: Course) -> tuple[Verdict, Verdict]:
    """The life without a fault, and the one whose create is not answered."""
    alone = live(each)
    return alone, live(each, (Strike(alone.points.index(CREATE), f.LostAfter()),) if CREATE in alone.points else ())


def _lived(tell: Callable[[str], None], what: str, courses: list[Course]) -> None:
    """Play both lives of each, say how many there were, and hold them to the oracles."""
    failed = []
    for each, verdicts in zip(courses, on_all_cores(_both, courses), strict=True):
        for fate, verdict in zip(("", ", answer lost"), verdicts, strict=True):
            failed += [f"{each.name}{fate}: {finding}" for finding in verdict.findings]
            allowed = fate and not each.echoes  # an unanswered create of which no name is ever shown
            failed += [f"{each.name}{fate}: a person had to say {said}" for said in verdict.answers if not allowed]
    quirks = {name for each in courses for name in each.name.split(" + ")}
    tell(f"{what}: {len(quirks)} quirks, {2 * len(courses)} lives, {len(failed)} findings")
    assert failed == []


def test_every_setting_of_the_simulator_is_lived_with_or_has_its_reason() -> None:
    lived = {name for cloud in (*QUIRKS.values(), *(cloud for cloud, _ in CLOSED.values())) for name in cloud}
    assert lived | EXCUSED.keys() == {field.name for field in fields(Settings)}
    assert not lived & EXCUSED.keys()


@pytest.mark.parametrize("name", sorted(QUIRKS))
def test_a_quirk_differs_from_the_default(name: str) -> None:
    """But for names of what is the default already, a life in the default account would prove nothing."""
    assert any(getattr(Settings(), setting) != value for setting, value in QUIRKS[name].items())


def test_a_life_with_each_quirk(tell: Callable[[str], None]) -> None:
    _lived(tell, "each alone", SINGLE)


def test_a_life_with_several_quirks(tell: Callable[[str], None]) -> None:
    _lived(tell, "several at once", SEVERAL)


@pytest.mark.parametrize("name", sorted(CLOSED))
def test_where_nothing_can_be_done_nothing_is_and_it_is_said_once(name: str) -> None:
    """Nobody is stalled, nothing is bought, nothing is written while it lasts; it can be deleted."""
    cloud, spec = CLOSED[name]

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply(spec=spec)
        await world.wait(600)
        assert world.reason() not in (None, "Ready")
        assert world.message()
        assert not world.stalled(), "it can heal by itself"
        written, told = len(world.kube.writes), len(world.kube.events)
        await world.wait(1200)
        attempts = world.posts()
        assert len(world.kube.writes) - written <= 3 * attempts, "messages that vary are no reason to write"
        assert len(world.kube.events) == told
        assert world.effects() == 0
        assert list(oracles.hot(world)) == []
        world.people.delete()
        assert await world.until(world.gone, 1200), world.message()

    run(scenario, **cloud)
