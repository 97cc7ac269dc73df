"""What each safeguard of a change is for: the life in which its absence buys nodes, ends jobs, or works twice at once.

`tests/guards.toml` names these tests; `test_guards` switches each safeguard off.
"""

from typing import Any

import pytest

from faults.harness import oracles
from faults.harness.world import World, run
from faults.reckoning import truth
from faults.test_changes import conf
from hpc_simulator import faults as f
from hpc_simulator.outside import Change, MoreNodes, Size

SLOW: dict[str, Any] = {"list_lag": 55.0, "log_lag": 30.0}


async def standing(world: World, **compute: int) -> str:
    """A settled cluster, long after its create can surprise."""
    world.process()
    world.people.apply(spec={"cluster_conf": conf(compute=compute)})
    assert await world.until(world.ready, 2000)
    await world.wait(600)
    await oracles.quiet(world)
    (made,) = world.alive()
    return made


async def at_rest(world: World) -> None:
    assert await world.until(world.ready, 3000), f"{world.reason()}: {world.message()}"
    await world.wait(900)
    assert world.ready(), f"{world.reason()}: {world.message()}"


def ever_added(world: World) -> int:
    """Nodes that addNodes brought, those that went again included."""
    details = [record.detail for record in world.cloud.calls if record.effect == "nodes-added"]
    return sum(int(detail.partition("node_count=")[2].split(",")[0]) for detail in details)


def test_a_look_that_leaves_a_node_out_buys_none() -> None:
    async def scenario(world: World) -> None:
        await standing(world, count=3)
        world.injector.on("cloud.listNodes", f.Skip(4))
        world.people.edit(cluster_conf=conf(compute={"count": 4}))
        await at_rest(world)
        assert truth(world).counts["compute"] == 4
        assert ever_added(world) == 1

    run(scenario)


def test_nodes_that_a_forgotten_call_added_are_not_added_again() -> None:
    """Status is lost when its job is over, before the log and the list of nodes tell of it."""

    async def scenario(world: World) -> None:
        await standing(world, count=1)
        world.people.edit(cluster_conf=conf(compute={"count": 3}))
        assert await world.until(lambda: world.effects("addNodes") == 1, 300)
        await world.wait(6)
        world.people.wipe_status()
        await at_rest(world)
        assert truth(world).counts["compute"] == 3
        assert ever_added(world) == 2

    run(scenario, list_lag=55.0, log_lag=55.0, node_seconds=5.0)


def test_nodes_that_people_added_a_moment_ago_are_not_added_again() -> None:
    """They stand in the log, and not in the list of nodes yet; the manifest then wishes as many."""

    async def scenario(world: World) -> None:
        made = await standing(world, count=1)
        world.cloud.change_cluster(made, Change(add_nodes=MoreNodes(2), by="job"))
        await world.wait(7)
        world.people.edit(cluster_conf=conf(compute={"count": 3}))
        await at_rest(world)
        assert truth(world).counts["compute"] == 3
        assert ever_added(world) == 0

    run(scenario, list_lag=55.0, node_seconds=5.0)


@pytest.mark.parametrize(
    "fault", [f.LostAfter(), f.Http(effect=True), f.Late(50.0), f.Code(5000, effect=True)], ids=f.kind_of
)
def test_a_call_without_an_answer_is_not_repeated(fault: f.Fault) -> None:
    async def scenario(world: World) -> None:
        await standing(world, count=1)
        world.injector.on("cloud.addNodes", fault)
        world.people.edit(cluster_conf=conf(compute={"count": 3}))
        await at_rest(world)
        assert truth(world).counts["compute"] == 3
        assert ever_added(world) == 2
        assert world.posts("addNodes") == 1

    run(scenario, **SLOW, node_seconds=5.0)


def test_nothing_is_asked_of_a_cluster_on_which_an_operation_runs() -> None:
    """Somebody resizes at the console; growth waits until that ended."""

    async def scenario(world: World) -> None:
        made = await standing(world, count=1)
        world.cloud.change_cluster(made, Change(resize=Size("login", 8, 24576), by="job"))
        world.people.edit(cluster_conf=conf(compute={"count": 3}, login={"cpu": 8, "memory": 24576}))
        await at_rest(world)
        assert (world.posts("addNodes"), world.effects("addNodes")) == (1, 1)

    run(scenario)


@pytest.mark.parametrize(
    ("spec", "call"),
    [
        ({"cluster_conf": conf(compute={"count": 1})}, "deleteNodes"),
        ({"cluster_conf": conf(compute={"count": 2, "cpu": 8})}, "resizeCluster"),
        ({"power": "Stopped", "cluster_conf": conf(compute={"count": 2})}, "stopCluster"),
    ],
    ids=["fewer", "resize", "stop"],
)
def test_jobs_are_not_ended(spec: dict[str, Any], call: str) -> None:
    async def scenario(world: World) -> None:
        made = await standing(world, count=2)
        world.cloud.change_cluster(made, Change(job_counts={"pending": 1}))
        world.people.edit(**spec)
        await world.wait(1200)
        assert world.reason() == "WaitingForJobs"
        assert world.posts(call) == 0
        world.cloud.change_cluster(made, Change(job_counts={"pending": 0}))
        await at_rest_again(world, call)

    run(scenario)


async def at_rest_again(world: World, call: str) -> None:
    assert await world.until(world.ready, 3000), f"{world.reason()}: {world.message()}"
    assert (world.posts(call), world.effects(call)) == (1, 1)


def test_one_operation_at_a_time() -> None:
    """Several wishes at once, in an account that tells late what runs: one after another, none is refused as busy."""

    async def scenario(world: World) -> None:
        await standing(world, count=1)
        bigger = {"cpu": 8, "memory": 24576}
        world.people.edit(cluster_conf=conf(compute={"count": 3, **bigger}, login=bigger, controller=bigger))
        await at_rest(world)
        for call, times in (("resizeCluster", 3), ("addNodes", 1)):
            assert (world.posts(call), world.effects(call)) == (times, times)

    run(scenario, **SLOW)


def test_the_count_after_a_change_waits_until_all_shows() -> None:
    """Half of the nodes come although the job failed, and show late: the rest is added, and no more."""

    async def scenario(world: World) -> None:
        await standing(world, count=1)
        world.injector.on("cloud.addNodes", f.JobFails())
        world.people.edit(cluster_conf=conf(compute={"count": 5}))
        await at_rest(world)
        assert truth(world).counts["compute"] == 5
        assert sum(record.effect == "nodes-deleted" for record in world.cloud.calls) == 0

    run(scenario, **SLOW, add_partial=True, node_seconds=20.0)
