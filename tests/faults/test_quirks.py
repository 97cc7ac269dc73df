"""Whatever an account is like where the contract is silent: one cluster, recorded, nobody asked, deleted, then silence."""

from collections.abc import Callable
from dataclasses import fields

import pytest

from faults.harness import World, oracles, run
from faults.harness.cores import on_all_cores
from faults.harness.injection import Strike
from faults.harness.life import Course, Verdict, live
from faults.quirks import CLOSED, EXCUSED, QUIRKS, TOGETHER, combined, course
from hpc_simulator import Settings
from hpc_simulator import faults as f

COMBINATIONS, SEED = 40, 7
CREATE = "cloud.createCluster"
SINGLE = [course(name) for name in QUIRKS]
SEVERAL = [*(course(*names) for names in TOGETHER), *combined(COMBINATIONS, SEED)]


def _both(each: Course) -> tuple[Verdict, Verdict]:
    """The life without a fault, and the one whose create is not answered."""
    alone = live(each)
    plan = (Strike(alone.points.index(CREATE), f.LostAfter()),) if CREATE in alone.points else ()
    return alone, live(each, plan)


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


@pytest.mark.parametrize("seed", range(12))
def test_a_log_without_order_never_hides_what_an_unanswered_create_made(seed: int) -> None:
    """Nothing is echoed, list and log come in another order at each call: it goes to a person and is not sent again."""
    silent = course("only descriptions are echoed", "any order")

    async def scenario(world: World) -> None:
        for _ in range(12):
            world.people.buy()
        await world.wait(600)
        world.process()
        world.injector.on(CREATE, f.LostAfter())
        world.people.apply()
        assert await world.until(lambda: world.reason() == "UnresolvedCreate" or world.posts() > 1, 1800)
        assert world.posts() == 1
        assert world.made()[0] in world.message()

    run(scenario, seed=str(seed), **silent.cloud, longest_page=9)


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
