"""SIGKILL on the way to a cluster: at each named point of the create path, and at random moments over 100 creations.

Nothing in the operator knows of these tests: the moment is caught at the proxies before the API server and before the
HPC API, where one request (or its answer) is stopped while the process is killed.
"""

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from stage import Operator, Seen, Stage, until
from stage.kube import condition
from stage.manifests import ehpc

from local_control_plane import ControlPlane

Point = Callable[[Seen], bool]


def _status(seen: Seen) -> dict[str, Any]:
    patch = seen.method == "PATCH" and seen.path.endswith("/status") and isinstance(seen.body, dict)
    return (seen.body.get("status") or {}) if patch else {}


def _record(seen: Seen) -> dict[str, Any]:
    """The record annotation in a patch of metadata, empty without one."""
    if seen.method != "PATCH" or seen.path.endswith("/status") or not isinstance(seen.body, dict):
        return {}
    text = (seen.body.get("metadata") or {}).get("annotations", {}).get("hpc.qingcloud.com/record")
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def first_report(seen: Seen) -> bool:
    return bool(_status(seen).get("conditions"))


def secret_made(seen: Seen) -> bool:
    return seen.method == "POST" and seen.path.endswith("/secrets")


def record_and_finalizer(seen: Seen) -> bool:
    return bool(_record(seen)) and "finalizers" in seen.body["metadata"]


def intent(seen: Seen) -> bool:
    return bool((_status(seen).get("operation") or {}).get("nonce"))


def create_call(seen: Seen) -> bool:
    return seen.method == "POST" and seen.path.endswith("/createCluster")


def answer_written(seen: Seen) -> bool:
    return bool(_status(seen).get("hpc_cluster_id"))


def id_into_record(seen: Seen) -> bool:
    return bool(_record(seen).get("id"))


@pytest.fixture(scope="module")
def killing(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One stage for all named points, so that the operator that recovered from one kill is the next one's victim."""
    control_plane.kubectl("create", "namespace", "kills")
    with Stage(control_plane, "kills", tmp_path_factory.mktemp("kills")) as stage:
        yield stage


@pytest.fixture
def victim(killing: Stage) -> Operator:
    """The operator that leads."""
    return killing.leading() or killing.after_kill()


KUBERNETES: list[tuple[Point, str]] = [
    (secret_made, "nothing is remembered yet, only a password may be stored"),
    (record_and_finalizer, "the first memory: afterwards a finalizer without any operation is doubt"),
    (intent, "the second memory: afterwards nobody knows whether the request was sent"),
    (answer_written, "the cluster exists, and only the dead process knew its id"),
    (id_into_record, "status knows the id, the annotation does not"),
    (first_report, "the report of a pass, which no decision rests on"),
]
CASES = [
    pytest.param(point, when, why, id=f"{when}-{point.__name__}")
    for point, why in KUBERNETES
    for when in ("before", "after")
]


@pytest.mark.parametrize(("point", "when", "why"), CASES)
def test_killed_at_a_write_to_kubernetes(
    killing: Stage, victim: Operator, point: Point, when: Literal["before", "after"], why: str
) -> None:
    name = f"{when[0]}-{point.__name__}".replace("_", "-")[:18]  # short enough to stand in the cloud's name whole
    hold = killing.to_kube.hold(lambda seen: mine(seen, name) and point(seen), when)
    killing.kube.apply(ehpc(name))
    hold.wait()
    victim.kill()
    hold.drop()
    assert (hold.seen is not None and hold.seen.status is not None) == (when == "after")
    recovered(killing, name, why)


def test_killed_before_the_create_took_effect(killing: Stage, victim: Operator) -> None:
    """The request never arrives: after the window the attempt is void, and the next one creates."""
    calls, effects = killing.cloud.count("createCluster")
    hold = killing.to_cloud.hold(create_call, "before")
    killing.kube.apply(ehpc("before-create"))
    hold.wait()
    victim.kill()
    assert killing.kube.status("before-create")["operation"]["attempt"] == 1
    hold.drop()
    recovered(killing, "before-create", "nothing was made")
    assert killing.cloud.count("createCluster") == (calls + 1, effects + 1)
    assert attempts(killing, "before-create") == [1, 2]


def test_killed_while_the_create_is_on_its_way(stage: Stage) -> None:
    """The request arrives when the next process leads and has looked: its cluster is found by mark, none is added."""
    long = {"REQUEST_LIFETIME": "20"}
    stage.cloud.set(request_lifetime=20)
    first = stage.operator(**long)
    hold = stage.to_cloud.hold(create_call, "before")
    stage.kube.apply(ehpc("late-create"))
    hold.wait()
    standby = stage.launch(**long)
    until("the next process stands by", lambda: "standby" in standby.probe("/readyz")[1])
    first.kill()
    stage.kube.drop_lease()
    until("it leads", standby.leads)
    last = stage.cloud.last_call()
    until("it has looked", lambda: stage.cloud.calls("list", since=last))
    assert stage.cloud.clusters() == []
    hold.release()
    recovered(stage, "late-create", "the request took effect after the kill")
    assert attempts(stage, "late-create") == [1]


def test_killed_after_the_create_took_effect(killing: Stage, victim: Operator) -> None:
    """The simulator holds the answer while the process is killed."""
    killing.cloud.fault("hold", "createCluster")
    killing.kube.apply(ehpc("after-create"))
    until("the create is held", lambda: killing.cloud.ask("GET", "/held"))
    assert len(killing.cloud.clusters("after-create-")) == 1
    victim.kill()
    killing.cloud.ask("POST", "/release", {"answer": False})
    assert killing.kube.status("after-create")["operation"]["attempt"] == 1
    recovered(killing, "after-create", "the cluster is found by mark")
    assert attempts(killing, "after-create") == [1]


def test_killed_again_during_the_recovery(killing: Stage, victim: Operator) -> None:
    """A second kill, at the write that would have taken the cluster found by mark."""
    killing.cloud.fault("lost-after", "createCluster")
    hold = killing.to_kube.hold(lambda seen: mine(seen, "twice-killed") and answer_written(seen), "before")
    killing.kube.apply(ehpc("twice-killed"))
    hold.wait()
    victim.kill()
    hold.drop()
    again = killing.to_kube.hold(lambda seen: mine(seen, "twice-killed") and answer_written(seen), "after")
    second = killing.after_kill()
    again.wait()
    second.kill()
    again.drop()
    recovered(killing, "twice-killed", "the cluster is found by mark")
    assert attempts(killing, "twice-killed") == [1]


def mine(seen: Seen, name: str) -> bool:
    """Whether a request concerns this HpcCluster or its Secret."""
    secret = isinstance(seen.body, dict) and (seen.body.get("metadata") or {}).get("name") == f"{name}-admin"
    return seen.path.endswith((f"/hpcclusters/{name}", f"/hpcclusters/{name}/status")) or secret


def attempts(stage: Stage, name: str) -> list[int]:
    """The attempts that createCluster requests for this resource carried, in order of sending."""
    sent = [s.body["cluster_name"] for s in stage.to_cloud.log if create_call(s)]
    return [int(each.rsplit("-", 1)[1]) for each in sent if each.rsplit("-", 2)[0] == name]


def recovered(stage: Stage, name: str, why: str) -> None:
    """The next process ends with exactly one cluster, Ready, its id in both memories."""
    if stage.leading() is None:
        stage.after_kill()
    status = stage.wait_ready(name)
    clusters = stage.cloud.clusters(f"{name}-")
    assert [cluster["cluster_id"] for cluster in clusters] == [status["hpc_cluster_id"]], why
    assert "operation" not in status
    assert status["job_id"]
    resource = stage.kube.cluster(name)
    assert resource is not None
    assert json.loads(resource["metadata"]["annotations"]["hpc.qingcloud.com/record"])["id"] == status["hpc_cluster_id"]
    assert stage.kube.secret(f"{name}-admin") is not None


# --- random moments

CREATIONS = int(os.environ.get("CREATIONS", "40"))
"""`make chaos` takes 100."""
SEED = 20261
LEAST_HITS = CREATIONS * 15 // 100
LEAST_KILLS = CREATIONS * 20 // 100


@dataclass
class Tally:
    """What the run came to. `hits`: kills at which at least one resource had an open create in its status."""

    kills: int = 0
    hits: int = 0
    opened: list[int] = field(default_factory=list)


def open_creates(stage: Stage) -> int:
    operations = [resource["status"].get("operation") or {} for resource in stage.kube.clusters()]
    return sum(operation.get("action") == "Create" for operation in operations)


def lose_answers(stage: Stage, chance: random.Random) -> None:
    """About one create in seven is lost, before its effect or after it; every other answer takes its time."""
    for nth in range(1, 2 * CREATIONS):
        drawn = chance.random()
        if drawn < 0.10:
            stage.cloud.fault("lost-after", "createCluster", nth=nth)
        elif drawn < 0.15:
            stage.cloud.fault("lost-before", "createCluster", nth=nth)
    stage.cloud.fault("delay", "createCluster", count=None, seconds=0.4)


def progress(stage: Stage, kind: str) -> int:
    """How many events of a kind have happened: what the random moments are chosen by."""
    match kind:
        case "creates":
            return sum(create_call(seen) for seen in list(stage.to_cloud.log))
        case "intents":
            return sum(intent(seen) for seen in list(stage.to_kube.log))
        case "answers":
            return sum(answer_written(seen) for seen in list(stage.to_kube.log))
        case _:
            return len(stage.to_cloud.log)


MOMENTS = ("creates", "creates", "creates", "intents", "answers", "any call")


def not_ready(stage: Stage) -> list[str]:
    """What each resource that is not Ready says."""
    late = [each for each in stage.kube.clusters() if not stage.kube.is_ready(each)]
    return [f"{each['metadata']['name']}: {condition(each['status']).get('message')}" for each in late]


def kill_at_random(stage: Stage, operator: Operator, chance: random.Random, wave: list[str], tally: Tally) -> Operator:
    """Apply a wave and kill after a random number of events of a random kind since then; the next process, leading."""
    kind = chance.choice(MOMENTS)
    target = progress(stage, kind) + chance.randint(1, len(wave))  # before the apply: it may be done when that returns
    stage.kube.apply(*map(ehpc, wave))
    try:
        until(f"{target} {kind}", lambda: progress(stage, kind) >= target, pause=0.01)
    except AssertionError as error:
        raise AssertionError(f"{error}; not Ready: {not_ready(stage)}") from None
    operator.kill()
    opened = open_creates(stage)
    tally.kills += 1
    tally.hits += opened > 0
    tally.opened.append(opened)
    return stage.after_kill()


@pytest.mark.slow
def test_random_kills_over_many_creations(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    tally = Tally()
    with Stage(control_plane, namespace, tmp_path, list_lag=1.0, log_lag=1.5) as stage:
        operator = stage.operator()
        names = [f"many-{number:03}" for number in range(CREATIONS)]
        stage.kube.apply(ehpc(names[0]))
        stage.wait_ready(names[0])
        lose_answers(stage, chance)
        left = names[1:]
        while left:
            size = min(len(left), chance.randint(3, 5))
            wave, left = left[:size], left[size:]
            operator = kill_at_random(stage, operator, chance, wave, tally)

        def all_ready() -> bool:
            return all(stage.kube.is_ready(resource) for resource in stage.kube.clusters())

        try:
            until("all are Ready", all_ready, deadline=240, pause=0.5)
        finally:
            calls, effects = stage.cloud.count("createCluster")
            tell(
                f"{tally.kills} kills, {tally.hits} of them at an open intent "
                f"({sum(tally.opened)} open intents in all); {len(names)} creations, {calls} creates, {effects} effects"
            )
            if late := not_ready(stage):
                tell(f"not Ready: {late}")
        resources = stage.kube.clusters()
        assert sorted(resource["metadata"]["name"] for resource in resources) == names
        ids = sorted(resource["status"]["hpc_cluster_id"] for resource in resources)
        assert len(set(ids)) == CREATIONS
        assert sorted(cluster["cluster_id"] for cluster in stage.cloud.clusters()) == ids
        assert stage.cloud.gone() == []
        assert effects == CREATIONS
        assert open_creates(stage) == 0
        assert tally.kills >= LEAST_KILLS
        assert tally.hits >= LEAST_HITS
