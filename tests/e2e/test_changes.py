"""The whole life of a cluster on a genuine API server: each change once from end to end, by what people type.

All lives are lived at the same time, under one operator; each test waits for its own. Every life counts what was sent
for its cluster and what took effect, and the last test sees that nothing is written once all have settled.
"""

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from stage import Stage, until
from stage.kube import condition
from stage.life import BIG, ONE, SMALL, Life, Lives, role
from stage.manifests import ehpc

from local_control_plane import ControlPlane

BORN = {"modifyCluster": (1, 1)}
"""What every cluster of ours was sent after its create: the mark goes into its description."""


# --- counts, sizes, power, names


def scale_out_and_in(life: Life) -> None:
    """One more, one more; then the unhealthy one goes, and then the newest."""
    life.born()
    for count in (2, 3):
        life.apply(**_counted(count))
        life.settled({**ONE, "compute": [SMALL] * count})
    first, second, third = life.nodes()
    life.outside(unhealthy=[second])
    life.apply(**_counted(2))
    life.settled({**ONE, "compute": [SMALL] * 2})
    assert life.nodes() == [first, third], "the unhealthy one goes, not the newest"
    life.apply(**_counted(1))
    life.settled(ONE)
    assert life.nodes() == [first], "of healthy ones the newest goes"
    assert life.counts() == {**BORN, "addNodes": (2, 2), "deleteNodes": (2, 2)}
    sent = [(call, body.get("node_count"), body.get("node_ids")) for call, body in life.sent()[1:]]
    assert sent == [
        ("addNodes", "1", None),
        ("addNodes", "1", None),
        ("deleteNodes", None, [second]),
        ("deleteNodes", None, [third]),
    ]


def _counted(count: int, **sizes: int) -> dict[str, Any]:
    """`cluster_conf` of the example with so many compute nodes."""
    conf = ehpc("any")["spec"]["cluster_conf"]
    conf["cluster"]["compute"] |= {"count": count, **sizes}
    return {"cluster_conf": conf}


def kubectl_scale(life: Life) -> None:
    """/scale is read and written; login nodes have no scale and are changed in spec."""
    life.born()
    life.kubectl("scale", "--replicas=3")
    life.settled({**ONE, "compute": [SMALL] * 3})
    path = f"/apis/hpc.qingcloud.com/v1alpha1/namespaces/{life.stage.namespace}/hpcclusters/{life.name}/scale"
    scale = life.stage.kube.get(path)
    assert scale is not None
    assert (scale["spec"]["replicas"], scale["status"]["replicas"]) == (3, 3)
    assert scale["status"]["selector"] == life.status["selector"]
    life.kubectl("scale", "--replicas=1")
    life.settled(ONE)
    life.patch(role("login", count=2))
    status = life.settled({**ONE, "login": [SMALL] * 2})
    assert len(status["endpoints"]) == 2
    assert life.counts() == {**BORN, "addNodes": (2, 2), "deleteNodes": (1, 1)}


def a_count_left_out(life: Life) -> None:
    """An autoscaler's: what the manifest does not say is not reset by applying it again."""
    life.born(**_counted(1))
    life.patch(role("compute", count=None))
    life.kubectl("scale", "--replicas=2")
    life.settled({**ONE, "compute": [SMALL] * 2})
    conf = _counted(1)
    del conf["cluster_conf"]["cluster"]["compute"]["count"]
    life.apply(description="applied again", **conf)
    life.settled({**ONE, "compute": [SMALL] * 2})
    assert life.counts() == {"modifyCluster": (2, 2), "addNodes": (1, 1)}


def resize(life: Life) -> None:
    """Two roles, one after the other; and back in one."""
    life.born()
    life.patch({"cluster_conf": {"cluster": {of: {"cpu": 8, "memory": 24576} for of in ("login", "compute")}}})
    life.settled({"login": [BIG], "controller": [SMALL], "compute": [BIG]})
    life.patch(role("compute", cpu=2, memory=4096))
    life.settled({**ONE, "login": [BIG]})
    assert life.counts() == {**BORN, "resizeCluster": (3, 3)}
    roles = [body["node_role"] for call, body in life.sent() if call == "resizeCluster"]
    assert roles == ["login", "compute", "compute"]


def stop_and_start(life: Life) -> None:
    """Stopped as wished is Ready; what else is wished waits for the start."""
    life.born()
    life.patch({"power": "Stopped"})
    status = life.settled(ONE, "stopped", "Stopped")
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "Ready": "True", "Reconciling": "False", "Stalled": "False", "Available": "False",
    }  # fmt: skip
    assert "condition met" in life.kubectl("wait", "--for=condition=Ready", "--timeout=10s")
    life.patch(role("compute", count=2))
    life.settled(ONE, "stopped", "Stopped")
    life.waits()
    life.patch({"power": "Running"})
    life.settled({**ONE, "compute": [SMALL] * 2})
    assert [call for call, _ in life.sent()] == ["modifyCluster", "stopCluster", "startCluster", "addNodes"]
    assert life.counts() == {**BORN, "stopCluster": (1, 1), "startCluster": (1, 1), "addNodes": (1, 1)}


def rename(life: Life) -> None:
    """The free part of the name, and the description, by one call; the mark stays."""
    life.born()
    mark = life.cluster()["top_name"].removeprefix(f"{life.name}-")
    life.patch({"cluster_name": "fluids", "description": "for the fluid dynamics group"})
    life.settled(ONE)
    life.until("its name", lambda: life.status["cluster_name"] == f"fluids-{mark}")
    cluster = life.cluster()
    assert cluster["person_name"] in ("", None) or cluster["person_name"] == f"fluids-{mark}"
    assert "for the fluid dynamics group" in json.dumps(cluster)
    assert life.counts() == {"modifyCluster": (2, 2)}


def several_in_one_apply(life: Life) -> None:
    """Name, size and count: each once, names first, growth last."""
    life.born()
    life.apply(cluster_name="several", **_counted(3, cpu=8, memory=24576))
    life.settled({**ONE, "compute": [BIG] * 3})
    assert [call for call, _ in life.sent()] == ["modifyCluster", "modifyCluster", "resizeCluster", "addNodes"]
    assert life.counts() == {"modifyCluster": (2, 2), "resizeCluster": (1, 1), "addNodes": (1, 1)}


def a_newer_wish_while_one_is_open(life: Life) -> None:
    """It waits for the close of the one that was sent, and then counts anew."""
    life.born()
    held = life.holds("addNodes", life.id)
    life.patch(role("compute", count=4))
    held.wait()
    assert life.status["operation"]["action"] == "AddNodes"
    life.patch(role("compute", count=2))
    life.waits()
    held.release()
    life.settled({**ONE, "compute": [SMALL] * 2})
    assert life.counts() == {**BORN, "addNodes": (1, 1), "deleteNodes": (1, 1)}


def a_refused_wish(life: Life) -> None:
    """Shown, and not sent again; the next correct wish applies at once."""
    life.born()
    life.patch(role("compute", cpu=5, memory=5000))
    status = life.says("ChangeRefused", "SpecRefused")
    assert condition(status, "Stalled")["status"] == "True"
    assert "5 cores, 5000 MiB" in condition(status)["message"]
    life.waits()
    assert life.counts()["resizeCluster"] == (1, 0)
    life.patch(role("compute", cpu=5, memory=5000, count=2))
    life.until("the count goes on", lambda: len(life.nodes()) == 2)
    life.patch(role("compute", cpu=8, memory=24576))
    life.settled({**ONE, "compute": [BIG] * 2})
    assert life.counts() == {**BORN, "resizeCluster": (2, 1), "addNodes": (1, 1)}


# --- jobs, and what others do


def jobs_hold_back_a_scale_in(life: Life) -> None:
    """It waits; taken back it was never sent; Immediate does not wait."""
    life.born()
    life.patch(role("compute", count=2))
    life.settled({**ONE, "compute": [SMALL] * 2})
    life.outside(job_counts={"running": 2})
    life.waits(2)
    life.patch(role("compute", count=1))
    status = life.says("WaitingForJobs")
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "Ready": "False", "Reconciling": "True", "Stalled": "False", "Available": "True",
    }  # fmt: skip
    assert "disruptionPolicy" in condition(status)["message"]
    life.waits()
    life.patch(role("compute", count=2))
    life.settled({**ONE, "compute": [SMALL] * 2})
    assert life.counts() == {**BORN, "addNodes": (1, 1)}
    life.patch({"disruptionPolicy": "Immediate", **role("compute", count=1)})
    life.settled(ONE)
    assert life.cluster()["job_counts"]["running"] == 2
    assert life.counts() == {**BORN, "addNodes": (1, 1), "deleteNodes": (1, 1)}


def jobs_hold_back_a_stop(life: Life) -> None:
    """Running ones and pending ones, until there is none."""
    life.born()
    life.outside(job_counts={"running": 1})
    life.waits(2)
    life.patch({"power": "Stopped"})
    life.says("WaitingForJobs")
    life.outside(job_counts={"running": 0, "pending": 1})
    life.waits()
    assert life.reason == "WaitingForJobs"
    assert life.counts() == BORN
    life.outside(job_counts={"running": 0, "pending": 0})
    life.settled(ONE, "stopped", "Stopped")
    assert life.counts() == {**BORN, "stopCluster": (1, 1)}


def a_deadline_ends_the_wait_for_jobs(life: Life) -> None:
    """A resize, so many seconds after it began to wait and not before."""
    life.born()
    life.outside(job_counts={"running": 7})
    life.waits(2)
    life.patch({"disruptionDeadline": "6s", **role("compute", cpu=8, memory=24576)})
    status = life.says("WaitingForJobs")
    since = instant(status["waitingSince"])
    life.settled({**ONE, "compute": [BIG]})
    [sent] = [each for each in life.stage.cloud.calls("resizeCluster") if life.id in each["ids"]]
    assert sent["time"] >= since + 6
    assert life.cluster()["job_counts"]["running"] == 7
    assert life.counts() == {**BORN, "resizeCluster": (1, 1)}


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def changed_outside_is_put_right(life: Life) -> None:
    """Nodes added, a role resized, renamed, stopped at the console."""
    life.born()
    name = life.cluster()["top_name"]
    life.until("the name that was written must show", lambda: life.status.get("cluster_name") == name)
    life.outside(add_nodes={"count": 2, "role": "compute"}, by="job")
    life.until("they are seen", lambda: "deleteNodes" in life.counts())
    life.settled(ONE)
    life.outside(resize={"role": "compute", "cpu": 8, "memory": 24576}, by="job")
    life.until("it is seen", lambda: "resizeCluster" in life.counts())
    life.settled(ONE)
    life.outside(name="theirs")
    life.until("it is seen", lambda: life.counts()["modifyCluster"] == (2, 2))
    life.until("it has its name again", lambda: life.status["cluster_name"] == name)
    life.settled(ONE)
    life.outside(power="stop", by="job")
    life.until("it is seen", lambda: "startCluster" in life.counts())
    life.settled(ONE)
    put_right = {"deleteNodes": (1, 1), "resizeCluster": (1, 1), "startCluster": (1, 1)}
    assert life.counts() == {"modifyCluster": (2, 2), **put_right}


def _changed_outside(life: Life, policy: str) -> None:
    """With `policy`; nothing is called."""
    life.born()
    life.waits()
    life.patch({"managementPolicy": policy})
    life.settled(ONE)
    life.outside(add_nodes={"count": 1, "role": "compute"}, by="job")
    life.says("Differs")
    life.until("the job ended", lambda: life.cluster()["doing"] in ("", None))
    life.outside(resize={"role": "controller", "cpu": 8, "memory": 24576}, by="job")
    life.until("the job ended", lambda: life.truth()[1]["controller"] == [BIG])
    life.outside(name="theirs")
    life.outside(power="stop", by="job")
    life.until("it is seen", lambda: life.status["cluster_status"] == "stopped" and life.status)


def changed_outside_is_shown_by_observe(life: Life) -> None:
    """Reason Differs, Ready True, no plan."""
    _changed_outside(life, "Observe")
    status = life.says("Differs")
    assert condition(status)["status"] == "True"
    assert "plan" not in status
    life.waits()
    assert life.counts() == BORN


def changed_outside_is_shown_by_plan(life: Life) -> None:
    """Every difference with its call; nothing is called before Full."""
    _changed_outside(life, "Plan")
    wanted = [
        ("cluster_name", "modifyCluster", False),
        ("power", "startCluster", False),
        ("cluster_conf.cluster.compute.count", "deleteNodes", True),
        ("cluster_conf.cluster.controller", "resizeCluster", True),
    ]
    life.until("the plan is whole", lambda: _planned(life) == wanted)
    changes = {each["field"]: (each["from"], each["to"]) for each in life.status["plan"]["changes"]}
    assert changes["cluster_conf.cluster.compute.count"] == ("2", "1")
    assert changes["cluster_conf.cluster.controller"] == ("8 cores, 24576 MiB", "2 cores, 4096 MiB")
    assert changes["power"] == ("Stopped", "Running")
    assert "cluster_conf.cluster.vxnet" in life.status["plan"]["unknown"]
    life.waits()
    assert life.counts() == BORN
    life.patch({"managementPolicy": "Full"})
    status = life.settled(ONE)
    assert "plan" not in status
    put_right = {"deleteNodes": (1, 1), "resizeCluster": (1, 1), "startCluster": (1, 1)}
    assert life.counts() == {"modifyCluster": (2, 2), **put_right}


def _planned(life: Life) -> list[tuple[str, str, bool]]:
    changes = life.status.get("plan", {}).get("changes", [])
    return [(each["field"], each["call"], each["interrupts"]) for each in changes]


def stopped_outside_twice(life: Life) -> None:
    """Started once; then it is told, until somebody asks again."""
    life.born()
    life.waits()
    life.outside(power="stop", by="job")
    life.until("it is started", lambda: life.counts().get("startCluster") == (1, 1))
    life.settled(ONE)
    life.outside(power="stop", by="job")
    life.says("StoppedOutside")
    assert life.conditions["Stalled"] == "True"
    life.waits()
    assert life.counts()["startCluster"] == (1, 1)
    life.annotate(reconcile_at="now")
    life.settled(ONE)
    assert life.status["lastHandledReconcileAt"] == "now"
    assert life.counts() == {**BORN, "startCluster": (2, 2)}


def arrears_are_not_fought(life: Life) -> None:
    """Suspended by the platform: nothing is called, whatever is wished; the wish is done when the account is settled."""
    life.born()
    life.outside(power="suspend")
    status = life.says("AccountInArrears")
    assert (condition(status, "Stalled")["status"], condition(status, "Available")["status"]) == ("True", "False")
    life.patch(role("compute", count=2))
    life.says("AccountInArrears")
    life.waits()
    assert life.counts() == BORN
    life.outside(power="start")
    life.settled({**ONE, "compute": [SMALL] * 2})
    assert life.counts() == {**BORN, "addNodes": (1, 1)}


# --- modes and orders


def paused(life: Life) -> None:
    """Nothing is changed; Ready stays as it was, and the reason says why."""
    life.born()
    life.annotate(paused="true")
    life.patch(role("compute", count=2))
    status = life.says("Paused")
    assert condition(status)["status"] == "True"
    assert status["observedGeneration"] == (life.stage.kube.cluster(life.name) or {})["metadata"]["generation"]
    life.waits()
    assert life.counts() == BORN
    life.annotate(paused=None)
    life.settled({**ONE, "compute": [SMALL] * 2})
    assert life.counts() == {**BORN, "addNodes": (1, 1)}


def reconcile_at(life: Life) -> None:
    """Acknowledged, each value anew; what was changed without a trace in the log is seen by it."""
    life.born()
    life.waits()
    life.outside(add_nodes={"count": 1, "role": "compute"}, by="at-once")
    life.annotate(reconcile_at="1")
    life.until("it is acknowledged", lambda: life.status.get("lastHandledReconcileAt") == "1")
    life.settled(ONE)
    life.annotate(reconcile_at="2")
    life.until("it is acknowledged", lambda: life.status.get("lastHandledReconcileAt") == "2")
    life.settled(ONE)
    assert life.counts() == {**BORN, "deleteNodes": (1, 1)}


def modes_in_any_order(life: Life) -> None:
    """With a wish open all the while: what Full does is done once, what is not Full does nothing."""
    chance = random.Random(20266)
    life.born()
    want = 1
    for calls, mode in enumerate(
        ["Plan", "Observe", "Full", *chance.sample(["Plan", "Full", "Observe", "Plan", "Observe", "Full"], 6)]
    ):
        want = 3 - want if calls % 2 == 0 or want == 1 else want
        life.patch({"managementPolicy": mode, **role("compute", count=want)})
        there = len(life.nodes())
        if mode == "Full":
            life.settled({**ONE, "compute": [SMALL] * want})
        else:
            life.settled({**ONE, "compute": [SMALL] * there}, reason="Ready" if there == want else "Differs")
            assert ("plan" in life.status) is (mode == "Plan")
    requests = [number for call, number in life.counts().items() if call != "modifyCluster"]
    assert all(sent == done for sent, done in requests)
    life.patch({"managementPolicy": "Full"})
    life.settled({**ONE, "compute": [SMALL] * want})


# --- ownership


def adopt_with_plan_first(life: Life) -> None:
    """What differs is shown before anything is done; an adopted cluster stays when the resource goes."""
    made = {"cluster_type": "ehpc", "name": "made-by-hand", "status": "active", "compute": 2}
    theirs = life.stage.cloud.ask("POST", "/clusters", made)["cluster_id"]
    life.apply({"adopt": theirs}, managementPolicy="Plan")
    wanted = [
        ("cluster_name", "modifyCluster", False),
        ("cluster_conf.cluster.compute.count", "deleteNodes", True),
    ]
    life.until("the plan", lambda: _planned(life) == wanted)
    life.waits()
    assert life.id == theirs
    assert life.counts() == {}
    life.patch({"managementPolicy": "Full"})
    life.settled(ONE)
    assert life.counts() == {"modifyCluster": (1, 1), "deleteNodes": (1, 1)}
    life.kubectl("delete", "--timeout=300s")
    assert life.cluster(theirs)["status"] == "active"
    assert life.counts(theirs) == {"modifyCluster": (1, 1), "deleteNodes": (1, 1)}


def take_over(life: Life) -> None:
    """Kubernetes was rebuilt: the same manifest has another uid; the cluster goes on with the new one."""
    ours = life.born()
    life.patch({"deletionProtection": True})
    life.kubectl("delete", "--wait=false")
    life.says("DeletionProtected")
    life.kubectl("patch", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    life.apply()
    assert ours in condition(life.says("OwnedElsewhere"))["message"]
    life.annotate(take_over=ours)
    life.settled(ONE)
    assert life.id == ours
    assert life.counts() == {"modifyCluster": (2, 2)}
    life.patch(role("compute", count=2))
    life.settled({**ONE, "compute": [SMALL] * 2})
    life.kubectl("delete", "--timeout=300s")
    assert ours in life.stage.cloud.gone(), "taken over, it goes as one that was created"


def retained_and_taken_again(life: Life) -> None:
    """Left with its name, which says whose it was: `adopt` refuses it and names the way, `take-over` takes it."""
    ours = life.born(deletionPolicy="Retain")
    life.kubectl("delete", "--timeout=300s")
    assert life.cluster(ours)["status"] == "active"
    life.apply({"adopt": ours}, deletionPolicy="Retain")
    assert "take-over" in condition(life.says("AdoptionRefused"))["message"]
    life.annotate(adopt=None, take_over=ours)
    life.settled(ONE)
    assert life.id == ours
    assert life.counts() == {"modifyCluster": (2, 2)}


def status_deleted_by_hand(life: Life) -> None:
    """It comes back, but for history."""
    life.born()
    life.patch(role("compute", count=2))
    before = life.settled({**ONE, "compute": [SMALL] * 2})
    life.waits()
    before = life.status
    life.kubectl("patch", "--subresource=status", "--type=json", "-p", '[{"op":"remove","path":"/status"}]')
    life.until("the id is back", lambda: life.status.get("hpc_cluster_id"))
    life.settled({**ONE, "compute": [SMALL] * 2})
    life.waits()
    assert _kept(life.status) == _kept(before)
    assert life.counts() == {"modifyCluster": (2, 2), "addNodes": (1, 1)}, "its name is written again, no node is added"


def _kept(status: dict[str, Any]) -> dict[str, Any]:
    """Without history: when things were, and what was done last."""
    kept = json.loads(json.dumps(status))
    for name in ("lastOperation", "job_id", "firstActiveAt", "describedAt", "recordedAt"):
        kept.pop(name, None)
    for each in kept["conditions"]:
        del each["lastTransitionTime"]
    return {str(key): value for key, value in kept.items()}


LIVES: list[Callable[[Life], None]] = [
    jobs_hold_back_a_scale_in,
    jobs_hold_back_a_stop,
    a_deadline_ends_the_wait_for_jobs,
    modes_in_any_order,
    changed_outside_is_put_right,
    changed_outside_is_shown_by_plan,
    changed_outside_is_shown_by_observe,
    scale_out_and_in,
    kubectl_scale,
    a_count_left_out,
    resize,
    stop_and_start,
    rename,
    several_in_one_apply,
    a_newer_wish_while_one_is_open,
    a_refused_wish,
    stopped_outside_twice,
    arrears_are_not_fought,
    paused,
    reconcile_at,
    adopt_with_plan_first,
    take_over,
    retained_and_taken_again,
    status_deleted_by_hand,
]


@pytest.fixture(scope="module")
def lives(
    control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Lives]:
    """Those lives that the run asks for, under way."""
    control_plane.kubectl("create", "namespace", "changes")
    with Stage(control_plane, "changes", tmp_path_factory.mktemp("changes"), strict_sizes=True, keep=False) as stage:
        stage.operator(SEND_DEADLINE="4")
        with Lives.asked_for(stage, request) as made:
            yield made


@pytest.mark.parametrize("live", LIVES, ids=lambda live: live.__name__)
def test_life(lives: Lives, live: Callable[[Life], None]) -> None:
    lives.end(live)


def test_nothing_is_written_once_all_have_settled(lives: Lives, tell: Callable[[str], None]) -> None:
    lives.all_ended()
    tell(f"{len(lives.took)} lives at once, the longest: {lives.longest()}")
    stage = lives.stage

    def looks(since: int) -> list[dict[str, Any]]:
        return stage.cloud.calls("list", since=since)

    last = stage.cloud.last_call()
    until("twelve more sweeps: what ended last must show by now", lambda: len(looks(last)) >= 12)
    settle, last = len(stage.to_kube.log), stage.cloud.last_call()
    versions = {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in stage.kube.clusters()}
    until("eight more sweeps", lambda: len(looks(last)) >= 8)
    assert stage.to_kube.writes(since=settle) == []
    assert {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in stage.kube.clusters()} == versions
    others = [call for call in stage.cloud.calls(since=last) if call["call"] not in ("list", "operation")]
    assert [(call["call"], call["detail"]) for call in others] == []
