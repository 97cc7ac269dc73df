"""What was read speaks for its moment: a clock that was wrong, a process that was held up, a wish that was taken back."""

from typing import Any

import pytest

from faults.harness import World, run
from faults.harness.injection import Kind
from faults.test_changes import BIG, ONE, SMALL, conf, made, truth
from hpc_simulator import faults as f
from hpc_simulator.outside import Change, MoreNodes, Size

JOBS = Change(job_counts={"running": 5})


async def three(world: World, **spec: Any) -> str:
    """A settled cluster with three compute nodes; its id."""
    world.process()
    world.people.apply(spec={"cluster_conf": conf(compute={"count": 3}), **spec})
    assert await world.until(world.ready, 2000)
    await world.wait(600)
    (cluster,) = world.alive()
    return cluster


async def held_up(world: World, act: Any) -> None:
    """The process sleeps for minutes between its looks and the intent, from the moment that `act` makes it look."""
    world.injector.on("Budget.permit", Kind.FREEZE_BEFORE)
    before = len(world.injector.points)
    act()
    assert await world.until(lambda: "Budget.permit" in world.injector.points[before:], 100, 0.05)


def test_nodes_that_were_counted_while_the_clock_was_ahead_are_not_bought_again() -> None:
    """Set right again, such looks would be the freshest for an hour, whatever was added since."""

    async def scenario(world: World) -> None:
        process = world.process()
        world.people.apply()
        assert await world.until(world.ready, 2000)
        await world.wait(600)
        process.offset = 3000.0
        await world.wait(40)
        world.people.edit(cluster_conf=conf(compute={"count": 4}))
        assert await world.until(lambda: world.reason() == "ClockSkewed", 120)
        process.offset = 0.0
        world.injector.on("cloud.addNodes", f.LostAfter())
        assert await world.until(world.ready, 1500), world.message()
        await world.wait(1500)
        assert truth(world) == ("active", {**ONE, "compute": [SMALL] * 4})
        assert world.posts("addNodes") == 1

    run(scenario)


INTERRUPTING: dict[str, tuple[str, dict[str, Any]]] = {
    "scale in": ("deleteNodes", {"cluster_conf": conf(compute={"count": 1})}),
    "resize": ("resizeCluster", {"cluster_conf": conf(compute={"count": 3, "cpu": 8, "memory": 24576})}),
    "stop": ("stopCluster", {"power": "Stopped"}),
}


@pytest.mark.parametrize("name", sorted(INTERRUPTING))
def test_jobs_that_begin_while_the_process_is_held_up_are_not_ended(name: str) -> None:
    call, spec = INTERRUPTING[name]

    async def scenario(world: World) -> None:
        cluster = await three(world)
        await held_up(world, lambda: world.people.edit(**spec))
        world.cloud.change_cluster(cluster, JOBS)
        assert await world.until(lambda: world.reason() == "WaitingForJobs", 600)
        await world.wait(600)
        assert world.posts(call) == 0

    run(scenario)


def test_a_cluster_that_heals_while_the_process_is_held_up_is_not_deleted_by_recreate() -> None:
    async def scenario(world: World) -> None:
        world.process()
        world.injector.on("cloud.createCluster", f.JobFails(5000))
        world.people.apply()
        assert await world.until(lambda: world.reason() == "CreateFailed", 2000)
        await world.wait(600)
        (cluster,) = world.alive()
        await held_up(world, lambda: world.people.annotate(recreate=cluster))
        world.people.status(cluster, "active")
        assert await world.until(world.ready, 1500), world.message()
        assert (world.posts("deleteCluster"), world.alive()) == (0, [cluster])

    run(scenario)


def test_the_deadline_of_a_wish_that_was_taken_back_does_not_end_the_jobs_that_the_next_one_finds() -> None:
    """Although the resource never came to rest between the two: another wish is refused all the while."""

    async def scenario(world: World) -> None:
        def wish(compute: int) -> None:
            world.people.edit(cluster_conf=conf(compute={"count": compute}, login={"count": 99}))

        cluster = await three(world, disruptionDeadline="1h")
        world.cloud.change_cluster(cluster, JOBS)
        await world.wait(60)
        world.injector.on("cloud.addNodes", f.Code(8000))
        wish(2)
        assert await world.until(lambda: world.reason() == "WaitingForJobs", 600)
        wish(3)
        assert await world.until(lambda: world.reason() == "ChangeRefused", 600)
        await world.wait(7200)
        wish(2)
        await world.wait(600)
        assert (world.reason(), world.posts("deleteNodes")) == ("WaitingForJobs", 0)
        await world.wait(3600)
        assert world.posts("deleteNodes") == 1, "its own deadline is over"

    run(scenario)


def test_a_reconcile_at_that_is_taken_away_does_not_start_what_a_person_stopped() -> None:
    async def scenario(world: World) -> None:
        await made(world)
        (cluster,) = world.alive()
        world.people.annotate(reconcile_at="1")
        await world.wait(100)
        for _ in range(2):
            world.cloud.change_cluster(cluster, Change(power="stop", by="job"))
            assert await world.until(lambda: world.reason() in ("Changing", "StoppedOutside"), 900)
            await world.until(world.ready, 900)
        assert world.reason() == "StoppedOutside"
        world.people.annotate(reconcile_at=None)
        await world.wait(400)
        assert (world.reason(), world.effects("startCluster")) == ("StoppedOutside", 1)
        world.people.annotate(reconcile_at="2")
        assert await world.until(world.ready, 900)

    run(scenario)


@pytest.mark.parametrize(
    "change", [Change(resize=Size("compute", *BIG), by="job"), Change(add_nodes=MoreNodes(2), by="job")]
)
def test_what_was_changed_outside_is_put_right_although_the_nodes_show_it_late(change: Change) -> None:
    """The log shows its end before the node list shows its effect."""

    async def scenario(world: World) -> None:
        await made(world)
        await world.wait(400)
        world.cloud.change_cluster(world.alive()[0], change)
        assert await world.until(lambda: truth(world) != ("active", ONE), 300)
        await world.wait(600)
        assert await world.until(lambda: world.ready() and truth(world) == ("active", ONE), 600), truth(world)

    run(scenario, list_lag=55.0, new_nodes_show="end")


def test_a_cluster_taken_while_the_clock_was_ahead_can_be_deleted_when_it_is_right_again() -> None:
    """Our time is written down with it: a day ahead, nothing would be proven absent before that day is over."""

    async def scenario(world: World) -> None:
        process = world.process()
        world.people.apply()
        assert await world.until(world.ready, 2000)
        process.offset = 86_400.0
        await world.wait(60)
        world.people.wipe_status()
        assert await world.until(lambda: world.reason() == "ClockSkewed", 300)
        process.offset = 0.0
        assert await world.until(world.ready, 1500), world.message()
        world.people.delete()
        assert await world.until(world.gone, 1500), world.message()
        assert world.alive() == []

    run(scenario)


def test_a_lost_status_does_not_add_nodes_again_where_the_log_does_not_tell_when_a_job_ended() -> None:
    """Its job runs longer than the window; that it is over is all that the log says of its end."""

    async def scenario(world: World) -> None:
        await made(world)
        await world.wait(200)
        world.people.edit(cluster_conf=conf(compute={"count": 4}))
        assert await world.until(lambda: world.effects("addNodes") == 1, 900)
        await world.wait(60)
        world.people.wipe_status()
        assert await world.until(lambda: len(truth(world)[1]["compute"]) == 4, 1500)
        await world.wait(1500)
        assert (world.ready(), world.posts("addNodes"), world.posts("deleteNodes")) == (True, 1, 0)

    run(scenario, node_seconds=800.0, list_lag=55.0, new_nodes_show="end", optional_fields="missing")
