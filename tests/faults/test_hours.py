"""What odd states cost that last for hours: calls of one resource's own, besides the shared looks, in an hour.

A thousand of them share an account's 2000: who waits for a person, for jobs or for an operation asks seldom.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from faults.harness import World, run
from faults.harness.process import Exchange
from faults.test_changes import BIG, conf, made
from hpc_simulator import Answer
from hpc_simulator.jobs import RESTART_NODES, Job
from hpc_simulator.outside import Change, MoreNodes

HOUR = 3600.0
SWEEPS = HOUR / (0.945 * 30) + 3
MOST = 80
"""Calls in the hour for one resource, whatever it waits for."""
State = Callable[[World], Awaitable[str]]


async def _a_wrong_id(world: World) -> str:
    world.process()
    world.people.apply(adopt="ehpc-nothere1")
    return "AdoptionRefused"


async def _jobs(world: World) -> str:
    await made(world)
    world.cloud.change_cluster(world.alive()[0], Change(job_counts={"running": 5}))
    await world.wait(60)
    world.people.edit(cluster_conf=conf(compute={"cpu": BIG[0], "memory": BIG[1]}))
    return "WaitingForJobs"


async def _the_own_operation(world: World) -> str:
    await made(world)
    world.people.edit(cluster_conf=conf(compute={"count": 3}))
    return "Changing"


async def _anothers_operation(world: World) -> str:
    await made(world)
    world.cloud.change_cluster(world.alive()[0], Change(add_nodes=MoreNodes(2), by="job"))
    await world.wait(60)
    world.people.edit(cluster_conf=conf(compute={"count": 2}))
    return "OperationRunning"


async def _an_operation_before_the_deletion(world: World) -> str:
    await made(world)
    world.cloud.change_cluster(world.alive()[0], Change(add_nodes=MoreNodes(2), by="job"))
    await world.wait(60)
    world.people.delete()
    return "OperationRunning"


async def _nodes_that_never_agree(world: World) -> str:
    await made(world)
    looks = iter(range(10_000))

    def bend(exchange: Exchange) -> Answer:
        if exchange.call != "listNodes":
            return exchange.answer
        said, number = json.loads(exchange.answer.body), next(looks)
        for node in said["hpc_app_nodes_set"]:
            node["node_id"] = f"{node['node_id']}{number}"
        return Answer(200, {}, json.dumps(said).encode())

    world.bend = bend
    world.people.edit(cluster_conf=conf(compute={"count": 3}))
    return "Changing"


async def _nodes_that_cannot_be_read(world: World) -> str:
    await made(world)
    world.bend = lambda e: Answer(200, {}, e.answer.body[:-1]) if e.call == "listNodes" else e.answer
    world.people.edit(cluster_conf=conf(compute={"count": 3}))
    return "CloudUnreachable"


STATES: dict[str, State] = {
    "a wrong id to adopt": _a_wrong_id,
    "jobs that run for hours": _jobs,
    "an own operation that does not end": _the_own_operation,
    "another's operation that does not end": _anothers_operation,
    "an operation that does not end before a deletion": _an_operation_before_the_deletion,
    "nodes that never agree": _nodes_that_never_agree,
    "nodes that cannot be read": _nodes_that_cannot_be_read,
}


@pytest.mark.parametrize("name", sorted(STATES))
def test_what_lasts_for_hours_is_told_and_asks_seldom(name: str) -> None:
    async def scenario(world: World) -> None:
        reason = await STATES[name](world)
        await world.wait(900)
        assert (world.reason(), world.kube.condition("Ready", "demo")["status"]) == (reason, "False")
        writes, calls = len(world.kube.writes), len(world.cloud.calls)
        await world.wait(HOUR)
        made = Counter(record.call for record in world.cloud.calls[calls:])
        shared: dict[str, Any] = {"list": SWEEPS, "operation": SWEEPS if reason != "Changing" else HOUR / 10}
        own = sum(max(0, number - shared.get(call, 0)) for call, number in made.items())
        assert own <= MOST, f"{made}"
        assert len(world.kube.writes) == writes

    run(scenario, node_seconds=50_000.0)


def test_a_create_that_failed_does_not_read_the_log_back_to_it() -> None:
    """3000 operations of others came since: each pass would read thirty pages."""

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply()
        assert await world.until(lambda: world.reason() == "CreateFailed", 900)
        assert world.key is not None
        for number in range(3000):
            at = world.now() - (3000 - number) / 10
            truth, owner = world.cloud.world, world.key.owner
            truth.start(Job(truth.new_id("j"), RESTART_NODES, ["ehpc-theirs"], owner, at, at + 5, at))
        await world.wait(900)
        calls = len(world.cloud.calls)
        await world.wait(HOUR)
        made = Counter(record.call for record in world.cloud.calls[calls:])
        assert world.reason() == "CreateFailed"
        assert made["operation"] <= SWEEPS + MOST, f"{made}"
        world.people.annotate(reconcile_at="now")
        assert await world.until(
            lambda: world.kube.objects["default", "demo"]["status"].get("lastHandledReconcileAt") == "now", 120
        )
        assert world.reason() == "CreateFailed"

    run(scenario, create_jobs_fail=True)
