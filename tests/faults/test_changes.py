"""Changes without any fault: each call exactly once, what the cloud truly has at the end, no write after settling."""

import copy
from typing import Any

import pytest

from faults.harness import oracles
from faults.harness.people import EHPC
from faults.harness.world import World, run
from hpc_simulator.outside import Change, MoreNodes, Size

CALLS = ("addNodes", "deleteNodes", "resizeCluster", "startCluster", "stopCluster", "modifyCluster")


def conf(**roles: dict[str, Any]) -> dict[str, Any]:
    """`cluster_conf` in which these roles say something else; None takes a field out."""
    made: dict[str, Any] = copy.deepcopy(EHPC["cluster_conf"])
    for role, fields in roles.items():
        held = made["cluster"][role]
        held.update(fields)
        made["cluster"][role] = {name: value for name, value in held.items() if value is not None}
    return made


def truth(world: World) -> tuple[str, dict[str, list[tuple[int, int]]]]:
    """Status and the sizes of each role's nodes, as the cloud has them."""
    (cluster,) = world.cloud.clusters()
    roles: dict[str, list[tuple[int, int]]] = {}
    for node in cluster.nodes:
        roles.setdefault(node.role, []).append((node.cpu, node.memory))
    return cluster.status, roles


SMALL, BIG = (2, 4096), (8, 24576)
ONE = {"login": [SMALL], "controller": [SMALL], "compute": [SMALL]}
EDITS: list[tuple[str, dict[str, Any], tuple[str, dict[str, Any]], dict[str, int]]] = [
    ("out", {"cluster_conf": conf(compute={"count": 4})}, ("active", {**ONE, "compute": [SMALL] * 4}), {"addNodes": 1}),
    ("login out", {"cluster_conf": conf(login={"count": 2})}, ("active", {**ONE, "login": [SMALL] * 2}), {"addNodes": 1}),
    ("bigger", {"cluster_conf": conf(compute={"cpu": 8, "memory": 24576})}, ("active", {**ONE, "compute": [BIG]}), {"resizeCluster": 1}),
    ("bigger and more", {"cluster_conf": conf(compute={"count": 2, "cpu": 8, "memory": 24576})}, ("active", {**ONE, "compute": [BIG] * 2}), {"resizeCluster": 1, "addNodes": 1}),
    ("two roles", {"cluster_conf": conf(compute={"cpu": 8, "memory": 24576}, controller={"cpu": 8, "memory": 24576})}, ("active", {**ONE, "compute": [BIG], "controller": [BIG]}), {"resizeCluster": 2}),
    ("stop", {"power": "Stopped"}, ("stopped", ONE), {"stopCluster": 1}),
    ("a stop puts growth off", {"power": "Stopped", "cluster_conf": conf(compute={"count": 4})}, ("stopped", ONE), {"stopCluster": 1}),
    ("another name", {"cluster_name": "other"}, ("active", ONE), {"modifyCluster": 1}),
    ("no wish for a count", {"cluster_conf": conf(compute={"count": None})}, ("active", ONE), {}),
    ("protected", {"deletionProtection": True}, ("active", ONE), {}),
]  # fmt: skip


async def settled(world: World, expected: tuple[str, dict[str, Any]]) -> None:
    done = await world.until(lambda: world.ready() and truth(world) == expected, 3000)
    assert done, f"{world.reason()}: {world.message()}: {truth(world)}"
    await oracles.quiet(world)
    assert await oracles.restless(world) == []


async def made(world: World) -> None:
    world.process()
    world.people.apply()
    assert await world.until(world.ready, 2000)
    await oracles.quiet(world)


def counted(world: World, before: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Requests and effects of each change since then; those that there were none of are left out."""
    now = {call: (world.posts(call), world.effects(call)) for call in CALLS}
    since = {call: (now[call][0] - before[call][0], now[call][1] - before[call][1]) for call in CALLS}
    return {call: number for call, number in since.items() if number != (0, 0)}


NOTHING = dict.fromkeys(CALLS, (0, 0))


@pytest.mark.parametrize(("because", "spec", "expected", "calls"), EDITS, ids=[edit[0] for edit in EDITS])
def test_an_edit_and_back(because: str, spec: dict[str, Any], expected: Any, calls: dict[str, int]) -> None:
    async def scenario(world: World) -> None:
        await made(world)
        before = {call: (world.posts(call), world.effects(call)) for call in CALLS}
        world.people.edit(**spec)
        await settled(world, expected)
        assert counted(world, before) == {call: (number, number) for call, number in calls.items()}, because
        world.people.edit(**{key: EHPC.get(key) for key in spec})
        await settled(world, ("active", ONE))
        assert world.reason() == "Ready"

    run(scenario)


OUTSIDE: list[tuple[str, Change, dict[str, int]]] = [
    ("stopped", Change(power="stop", by="job"), {"startCluster": 1}),
    ("nodes added", Change(add_nodes=MoreNodes(2), by="job"), {"deleteNodes": 1}),
    ("resized", Change(resize=Size("compute", *BIG), by="job"), {"resizeCluster": 1}),
    ("renamed", Change(name="theirs"), {"modifyCluster": 1}),
]


@pytest.mark.parametrize("policy", ["Full", "Observe", "Plan"])
@pytest.mark.parametrize(("because", "change", "calls"), OUTSIDE, ids=[each[0] for each in OUTSIDE])
def test_what_is_changed_outside(because: str, change: Change, calls: dict[str, int], policy: str) -> None:
    async def scenario(world: World) -> None:
        await made(world)
        await world.wait(400)  # until what was written must show
        world.people.edit(managementPolicy=policy)
        await world.until(world.ready)
        before = {call: (world.posts(call), world.effects(call)) for call in CALLS}
        (cluster,) = world.cloud.clusters()
        world.cloud.change_cluster(cluster.cluster_id, change)
        if policy == "Full":
            assert await world.until(lambda: bool(counted(world, before)), 300), f"{because}: {world.reason()}"
            await settled(world, ("active", ONE))
            assert counted(world, before) == {call: (number, number) for call, number in calls.items()}
        else:
            assert await world.until(lambda: world.reason() == "Differs", 300), because
            await world.wait(600)
            assert world.reason() == "Differs"
            assert counted(world, before) == {}
            plan = world.kube.objects["default", "demo"]["status"].get("plan", {}).get("changes", [])
            assert [each["call"] for each in plan] == (list(calls) if policy == "Plan" else [])

    run(scenario)


@pytest.mark.parametrize("log_lag", [0.0, 55.0])
@pytest.mark.parametrize("at", [3.0, 620.0, 780.0])
def test_a_lost_status_does_not_add_nodes_again(at: float, log_lag: float) -> None:
    """The open intent is lost with it, and its job runs for longer than the window: only the log knows of it."""

    async def scenario(world: World) -> None:
        await made(world)
        world.people.edit(cluster_conf=conf(compute={"count": 4}))
        assert await world.until(lambda: world.effects("addNodes") == 1, 900)
        await world.wait(at)
        world.people.wipe_status()
        await settled(world, ("active", {**ONE, "compute": [SMALL] * 4}))
        assert (world.posts("addNodes"), world.effects("addNodes")) == (1, 1)
        assert world.posts("deleteNodes") == 0

    run(scenario, node_seconds=800.0, list_lag=55.0, log_lag=log_lag, new_nodes_show="end")


@pytest.mark.parametrize("seconds", [80.0, 83.0, 100.0])
def test_what_was_counted_while_it_started_does_not_stay(seconds: float) -> None:
    """While it starts no node is up yet; status must not go on saying so, whichever look shows the end first."""

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply()
        assert await world.until(world.ready, 3000)
        for power, reason in (("Stopped", "Stopped"), ("Running", "Ready")):
            world.people.edit(power=power)
            assert await world.until(lambda reason=reason: world.reason() == reason, 3000), world.message()
        found = world.resource()
        assert found is not None
        assert {count.active for count in found.memory.nodes} == {1}

    run(scenario, power_seconds=seconds)
