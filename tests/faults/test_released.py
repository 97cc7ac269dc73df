"""What each released version left open is resumed by today's code: to the right end, with the right count of effects.

The fixtures (tests/fixtures/released) stand as the code of their version wrote them; docs/releasing.md says how.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from faults.harness import World, run
from faults.harness.oracles import hot, quiet, restless
from faults.released import resumed
from hpc_operator.domain.record import OperationAction
from hpc_operator.kube.codec import parse_resource

RELEASED = Path(__file__).parents[1] / "fixtures" / "released"
CHANGING = ("createCluster", "deleteCluster", "addNodes", "deleteNodes", "resizeCluster", "startCluster", "stopCluster")

# moment: (what takes effect from there on, reason at the end, compute nodes with their cores; None: all is gone)
EXPECTED: dict[str, tuple[dict[str, int], str | None, list[int] | None]] = {
    "create-recorded": ({"createCluster": 1}, "Ready", [2]),
    "create-intended": ({"createCluster": 1}, "Ready", [2]),
    "create-sent": ({}, "Ready", [2]),
    "create-answered": ({}, "Ready", [2]),
    "create-described": ({}, "Ready", [2]),
    "settled-created": ({}, "Ready", [2]),
    "settled-adopted": ({}, "Ready", [2]),
    "settled-taken-over": ({}, "Ready", [2]),
    "delete-intended": ({"deleteCluster": 1}, None, None),
    "delete-sent": ({}, None, None),
    "delete-answered": ({}, None, None),
    "add-nodes-intended": ({"addNodes": 1}, "Ready", [2, 2, 2]),
    "add-nodes-sent": ({}, "Ready", [2, 2, 2]),
    "add-nodes-answered": ({}, "Ready", [2, 2, 2]),
    "delete-nodes-intended": ({"deleteNodes": 1}, "Ready", [2]),
    "delete-nodes-sent": ({}, "Ready", [2]),
    "delete-nodes-answered": ({}, "Ready", [2]),
    "resize-intended": ({"resizeCluster": 1}, "Ready", [4]),
    "resize-sent": ({}, "Ready", [4]),
    "resize-answered": ({}, "Ready", [4]),
    "stop-intended": ({"stopCluster": 1}, "Stopped", [2]),
    "stop-sent": ({}, "Stopped", [2]),
    "stop-answered": ({}, "Stopped", [2]),
    "start-intended": ({"startCluster": 1}, "Ready", [2]),
    "start-sent": ({}, "Ready", [2]),
    "start-answered": ({}, "Ready", [2]),
}
OPEN = {
    "create": OperationAction.CREATE,
    "delete": OperationAction.DELETE,
    "add-nodes": OperationAction.ADD_NODES,
    "delete-nodes": OperationAction.DELETE_NODES,
    "resize": OperationAction.RESIZE,
    "stop": OperationAction.STOP,
    "start": OperationAction.START,
}
FIXTURES = [
    (folder.name, path.name.removesuffix(".cloud.json"))
    for folder in sorted(RELEASED.iterdir())
    for path in sorted(folder.glob("*.cloud.json"))
]
every_fixture = pytest.mark.parametrize(("version", "moment"), FIXTURES, ids=["-".join(each) for each in FIXTURES])


def resource_of(version: str, moment: str) -> dict[str, Any]:
    """The HpcCluster of a fixture."""
    documents = yaml.safe_load_all((RELEASED / version / f"{moment}.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = next(each for each in documents if each["kind"] == "HpcCluster")
    return found


def test_there_are_fixtures_of_every_moment() -> None:
    assert {moment for _, moment in FIXTURES} == set(EXPECTED)
    assert len({version for version, _ in FIXTURES}) == len(list(RELEASED.iterdir()))


@every_fixture
def test_it_is_read_whole(version: str, moment: str) -> None:
    resource = parse_resource(resource_of(version, moment))
    assert (resource.problem, resource.newer) == (None, False)
    what, _, how = moment.rpartition("-")
    operation = resource.memory.operation
    if how in ("intended", "sent") or (how == "answered" and what != "create"):
        assert operation is not None
        assert operation.action is OPEN[what]
        assert (operation.job_id is not None) == (how == "answered")
    else:
        assert operation is None
    assert resource.record is not None
    assert resource.record.mark == resource.memory.mark or moment in ("create-recorded", *_UNANSWERED)


_UNANSWERED = ("create-intended", "create-sent")


@every_fixture
def test_it_is_resumed(version: str, moment: str) -> None:
    effects, reason, compute = EXPECTED[moment]

    async def scenario(world: World) -> None:
        resumed(world, RELEASED / version, moment)
        there = [cluster.cluster_id for cluster in world.cloud.clusters()]
        world.process()
        await _rests(world, reason)
        assert await quiet(world) == []
        assert {call: n for call in CHANGING if (n := world.effects(call))} == effects
        left = [cluster.cluster_id for cluster in world.cloud.clusters()]
        if reason is None:
            assert (world.gone(), left) == (True, [])
            return
        assert world.reason() == reason
        found = world.resource()
        assert found is not None
        assert [found.id] == left == (there or left), "the very cluster that was there, and no other"
        nodes = world.cloud.clusters()[0].nodes
        assert [node.cpu for node in nodes if node.role == "compute"] in (compute, [])
        assert [*hot(world), *await restless(world)] == []

    run(scenario)


async def _rests(world: World, reason: str | None) -> None:
    def over() -> bool:
        if reason is None:
            return world.gone()
        return bool(world.processes[0].passes) and world.ready() and world.reason() == reason

    assert await world.until(over, 1500), world.message()


@pytest.mark.parametrize("moment", ["settled-created", "settled-adopted", "settled-taken-over"])
def test_the_newest_version_writes_nothing_to_what_it_settled(moment: str) -> None:
    """A restart into the same version: no write, and no call that changes anything."""

    async def scenario(world: World) -> None:
        resumed(world, RELEASED / "0.1.0", moment)
        world.process()
        await world.wait(600)
        assert world.processes[0].passes
        assert (world.kube.writes, world.kube.events) == ([], [])
        assert set(world.cloud.counts()) <= {"list", "operation", "listNodes"}

    run(scenario)
