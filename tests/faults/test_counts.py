"""What things cost: exact numbers of calls and of writes, of a create, of rest, of a deletion, and of a fleet."""

from collections import Counter

import pytest

from faults.harness import World, run
from faults.harness.kube import Write

CREATE_CALLS = {
    "createCluster": 1,  # the one that costs money
    "permission": 1,  # uid and gid of the owner
    "modifyCluster": 1,  # mark and texts into the description
    "listNodes": 1,  # counts and addresses
}
"""The calls of its own that one create makes; list and log are shared."""

CREATE_WRITES = [
    ("secret", ()),  # the generated password, before anything can need it
    (
        "metadata",
        ("metadata.annotations", "metadata.finalizers"),
    ),  # the first memory: finalizer and record in one patch
    ("status", ("status.operation",)),  # the second memory: the intent
    ("status", ("hpc_cluster_id",)),  # the answer
    ("metadata", ("metadata.annotations",)),  # the id into the first memory
]
"""What is written, in this order, until the id stands in both memories; then come reports."""


def _essence(write: Write) -> tuple[str, tuple[str, ...]]:
    if "status.hpc_cluster_id" in write.keys:
        return write.what, ("hpc_cluster_id",)
    return write.what, write.keys


async def _settled(world: World, names: list[str]) -> None:
    world.process()
    for name in names:
        world.people.apply(name)
    assert await world.until(lambda: all(world.ready(name) for name in names), 900), world.message(names[0])
    await world.wait(70)


def _calls(world: World, since: int = 0) -> Counter[str]:
    return Counter(record.call for record in world.cloud.calls[since:])


def _hourly(calls: Counter[str], world: World) -> bool:
    """Nothing but the shared looks, each as often as the promised staleness asks for."""
    most = 3600 / (0.945 * world.policy.staleness) + 1
    return set(calls) == {"list", "operation"} and most - 4 <= calls["list"] <= most and calls["operation"] <= most


def test_a_create_is_one_post_and_a_bounded_number_of_writes() -> None:
    async def scenario(world: World) -> None:
        await _settled(world, ["demo"])
        calls = _calls(world)
        assert {call: calls[call] for call in calls if call not in ("list", "operation")} == CREATE_CALLS
        assert calls["list"] <= 8, "a look every 10 s while something moves, every 30 s at rest"
        assert calls["operation"] <= 6
        writes = [_essence(write) for write in world.kube.writes]
        assert writes[: len(CREATE_WRITES)] == CREATE_WRITES
        assert len(writes) == len(CREATE_WRITES) + 8, (
            "Creating, two statuses on the way, described, nodes, the connection Secret and its digest, Ready"
        )
        assert [event["reason"] for event in world.kube.events] == ["Creating", "Ready"], "events tell changes only"

    run(scenario, create_seconds=30.0)


def test_a_settled_resource_costs_nothing_of_its_own() -> None:
    """An hour of rest: no write, no event, no read of the object, and only the shared list."""

    async def scenario(world: World) -> None:
        await _settled(world, ["demo"])
        calls, writes, events = len(world.cloud.calls), len(world.kube.writes), len(world.kube.events)
        requests = len(world.kube.requests)
        await world.wait(3600)
        assert world.kube.writes[writes:] == []
        assert world.kube.events[events:] == []
        assert _hourly(_calls(world, calls), world)
        asked = {what for _, _, what in world.kube.requests[requests:]}
        assert asked == {"GET /apis/hpc.qingcloud.com/v1alpha1/hpcclusters"}, "the own list every few minutes"

    run(scenario)


@pytest.mark.parametrize("size", [5, 20])
def test_a_settled_fleet_shares_its_looks(size: int) -> None:
    """Watching costs calls per account, not per resource."""

    async def scenario(world: World) -> None:
        await _settled(world, [f"demo-{number}" for number in range(size)])
        assert world.posts("createCluster") == size == len(world.alive())
        calls, writes = len(world.cloud.calls), len(world.kube.writes)
        await world.wait(3600)
        assert _hourly(_calls(world, calls), world)
        assert world.kube.writes[writes:] == []

    run(scenario, create_seconds=30.0)


def test_a_deletion_is_one_call() -> None:
    async def scenario(world: World) -> None:
        await _settled(world, ["demo"])
        await world.wait(200)
        calls, writes = len(world.cloud.calls), len(world.kube.writes)
        world.people.delete()
        assert await world.until(world.gone, 600)
        await world.wait(100)
        asked = _calls(world, calls)
        assert {call: asked[call] for call in asked if call not in ("list", "operation")} == {"deleteCluster": 1}
        assert world.effects("deleteCluster") == 1
        changed = [write.keys for write in world.kube.writes[writes:]]
        assert changed[0] == ("status.operation",), "the intent"
        assert changed[1] == ("status.job_id", "status.operation"), "the answer"
        assert changed[-1] == ("metadata.finalizers",), "the release"
        assert len(changed) <= 6, "and what it is waiting for, as it changes"
        assert world.alive() == []

    run(scenario, create_seconds=30.0, delete_seconds=20.0)
