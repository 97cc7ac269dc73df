"""Hostile answers for a while, then the cloud is honest again: nothing is bought, lost, deleted, let go, or Ready by them.

Hypothesis draws how each answer is bent; the real chain (transport stub, caller, calls, observer, engine, store) lives
through it in virtual time. What is sent is never a well-made lie: `hostile.understood` sees to it that a page that is
bent cannot be read in full. Every world is searched for secrets at its end, as everywhere in this suite.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults.harness import POLICY, Exchange, World, oracles, run
from hostile import SETS, Recipe, bent, document, recipes, understood
from hpc_simulator import Answer
from hpc_simulator import faults as f

READS = ("list", "operation", "permission", "listNodes")
QUICK: dict[str, Any] = {"create_seconds": 20.0, "delete_seconds": 20.0}
TRIED: Counter[str] = Counter()

some_recipes = st.lists(recipes(2), min_size=1, max_size=5)
some_reads = st.sets(st.sampled_from(READS), min_size=1).map(lambda some: {*some, "list"} if len(some) > 1 else some)
durations = st.sampled_from([30.0, POLICY.window + 20, 700.0])
HALF = settings(max_examples=max(1, settings().max_examples // 2))  # a whole life each
echoes = st.sampled_from(["top", "conf", "none"])


class Bending:
    """Bends the answers of some calls, one recipe after the other. `sent` counts them."""

    def __init__(self, bending: list[Recipe], calls: set[str]) -> None:
        self._recipes, self._calls, self.sent = bending, calls, 0

    def __call__(self, exchange: Exchange) -> Answer:
        """A bent page that could be read in full would be a lie: then it is cut instead."""
        if exchange.call not in self._calls:
            return exchange.answer
        recipe = self._recipes[self.sent % len(self._recipes)]
        self.sent += 1
        TRIED[exchange.call] += 1
        made = bent(exchange.answer.body, recipe)
        lie = exchange.call in SETS and understood(exchange.call, recipe.status, made)
        if lie or (exchange.call == "permission" and document(recipe.status, made)):
            return Answer(200, {}, exchange.answer.body[:-1])
        return Answer(recipe.status, {}, made)


async def ready(world: World) -> str:
    world.process()
    world.people.apply()
    assert await world.until(world.ready, 900), world.message()
    await world.wait(80)
    (cluster,) = world.alive()
    return cluster


def content(world: World, *, expected: int) -> None:
    assert [*oracles.clusters(world, expected=expected), *oracles.foreign(world), *oracles.hot(world)] == []


async def watched(world: World, seconds: float, *claims: Callable[[], bool]) -> None:
    """Let time pass; every claim holds in every second."""
    for _ in range(int(seconds)):
        await world.wait(1.0)
        for claim in claims:
            assert claim(), (claim.__name__, world.reason(), world.message())


def intact(world: World) -> Iterator[Callable[[], bool]]:
    """Claims that hold whatever is answered."""
    deletes, releases = world.effects("deleteCluster"), world.gone()

    def nothing_was_deleted() -> bool:
        return world.effects("deleteCluster") == deletes

    def the_resource_is_held() -> bool:
        found = world.resource()
        return world.gone() is releases and (found is None or found.id is None or found.finalizer)

    def the_memory_is_readable() -> bool:
        found = world.resource()
        return found is None or (found.problem is None and not found.memory.newer)

    def nobody_is_told_that_it_is_gone() -> bool:
        return world.reason() != "ClusterVanished"

    def ready_only_if_active() -> bool:
        active = [cluster.cluster_id for cluster in world.cloud.clusters() if cluster.status == "active"]
        found = world.resource()
        return not world.ready() or (found is not None and found.id in active)

    yield from (nothing_was_deleted, the_resource_is_held, the_memory_is_readable)
    yield from (nobody_is_told_that_it_is_gone, ready_only_if_active)


@HALF
@given(some_recipes, some_reads, durations, st.booleans())
def test_a_settled_resource_stays(bending: list[Recipe], calls: set[str], seconds: float, restarted: bool) -> None:
    async def scenario(world: World) -> None:
        await ready(world)
        world.bend = Bending(bending, calls)
        if restarted:
            world.processes[0].crash()
        await watched(world, seconds, *intact(world), lambda: world.posts() == 1)
        world.bend = None
        assert await world.until(world.ready, 900), world.message()
        content(world, expected=1)

    run(scenario, **QUICK)


@HALF
@given(some_recipes, some_reads, durations)
def test_nothing_is_bought_before_the_account_can_be_read(
    bending: list[Recipe], calls: set[str], seconds: float
) -> None:
    async def scenario(world: World) -> None:
        world.bend = Bending(bending, calls)
        world.process()
        world.people.apply()
        blind = bool({"list", "permission"} & calls)
        await watched(world, seconds, *intact(world), lambda: world.posts() <= (0 if blind else 1))
        world.bend = None
        assert await world.until(world.ready, 1800), world.message()
        assert (world.posts(), world.effects()) == (1, 1)
        content(world, expected=1)

    run(scenario, **QUICK)


@HALF
@given(some_recipes, some_reads, durations, echoes, st.sampled_from(["lost before", "lost after"]))
def test_a_create_in_doubt_is_neither_doubled_nor_lost(
    bending: list[Recipe], calls: set[str], seconds: float, echo: str, how: Literal["lost before", "lost after"]
) -> None:
    made = how == "lost after"

    async def scenario(world: World) -> None:
        world.cloud.add_fault(f.LostAfter() if made else f.LostBefore(), "createCluster")
        bend = Bending(bending, calls | {"list", "operation"})
        world.process()
        world.people.apply()
        assert await world.until(lambda: world.posts() == 1 or world.resource().memory.operation is not None, 60)
        world.bend = bend
        await watched(world, seconds, *intact(world), lambda: world.posts() <= 1)
        world.bend = None
        assert await world.until(lambda: world.ready() or world.reason() == "UnresolvedCreate", 2400), world.message()
        if not world.ready():
            assert echo == "none"
            (cluster,) = world.alive()
            assert cluster in world.message(), "a person is told which one it may be"
            world.people.annotate(adopt=cluster)
            assert await world.until(world.ready, 900), world.message()
        assert world.effects() == 1
        content(world, expected=1)

    run(scenario, name_echo=echo, **QUICK)


@HALF
@given(some_recipes, some_reads, durations, st.sampled_from(["Delete", "Retain"]))
def test_a_deletion_lets_nothing_go_unseen(bending: list[Recipe], calls: set[str], seconds: float, policy: str) -> None:
    async def scenario(world: World) -> None:
        cluster = await ready(world)
        world.people.edit(deletionPolicy=policy)
        await world.wait(60)
        world.bend = Bending(bending, calls | {"list", "operation"})
        world.people.delete()
        if policy == "Delete":
            await watched(world, seconds, lambda: not world.gone(), lambda: world.effects("deleteCluster") <= 1)
        else:
            await watched(world, seconds, lambda: world.alive() == [cluster])
        world.bend = None
        assert await world.until(world.gone, 2400), world.message()
        assert world.alive() == ([] if policy == "Delete" else [cluster])
        assert world.posts() == 1
        assert list(oracles.hot(world)) == []

    run(scenario, **QUICK)


@HALF
@given(recipes(3), st.booleans(), echoes)
def test_a_bent_answer_to_a_create_is_resolved(recipe: Recipe, effect: bool, echo: str) -> None:
    """Whatever came back: taken at its word only when it is said exactly, else found again or proven void."""

    async def scenario(world: World) -> None:
        def once(exchange: Exchange) -> Answer:
            if exchange.call != "createCluster" or world.posts() > 1:
                return exchange.answer
            TRIED["createCluster"] += 1
            return Answer(recipe.status, {}, bent(exchange.answer.body, recipe))

        if not effect:
            world.cloud.add_fault(f.Code(5000), "createCluster")
        world.bend = once
        world.process()
        world.people.apply()
        assert await world.until(lambda: world.ready() or world.reason() == "UnresolvedCreate", 2400), world.message()
        if not world.ready():
            assert echo == "none"
            world.people.annotate(adopt=world.alive()[0])
            assert await world.until(world.ready, 900), world.message()
        assert world.effects() == 1
        content(world, expected=1)

    run(scenario, name_echo=echo, **QUICK)


@HALF
@given(recipes(3), st.integers(1, 3))
def test_a_bent_answer_to_a_delete_is_asked_again(recipe: Recipe, times: int) -> None:
    async def scenario(world: World) -> None:
        await ready(world)

        def some(exchange: Exchange) -> Answer:
            if exchange.call != "deleteCluster" or world.posts("deleteCluster") > times:
                return exchange.answer
            TRIED["deleteCluster"] += 1
            return Answer(recipe.status, {}, bent(exchange.answer.body, recipe))

        world.bend = some
        world.people.delete()
        assert await world.until(world.gone, 3600), world.message()
        assert world.effects("deleteCluster") == 1
        content(world, expected=0)

    run(scenario, **QUICK)


def test_how_much_was_tried(tell: Callable[[str], None]) -> None:
    if not TRIED:
        pytest.skip("the tests above were not run")
    assert TRIED.keys() >= {"createCluster", "deleteCluster", "list", "operation"}, "a call that nothing was bent for"
    tell("hostile answers in whole lives: " + ", ".join(f"{call} {count}" for call, count in sorted(TRIED.items())))
