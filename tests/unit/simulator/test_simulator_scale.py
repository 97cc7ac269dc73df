"""What is kept at hand for speed says what is true, whatever happened; and many clusters can be there at once."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulator_caller import PERSON, START, Caller

from hpc_simulator.clusters import LISTED, rendered
from hpc_simulator.copying import Copies, Copy
from hpc_simulator.outside import Change, MoreNodes, NewCluster
from hpc_simulator.world import World

STATUSES = ("active", "stopped", "abnormal", "deleting")


def _anybody(caller, kind, number):
    """One thing that happens without a cluster to which it could."""
    match kind:
        case "create":
            caller.create()
        case "fail":
            caller.cloud.change_settings(
                create_jobs_fail=number % 2 == 0,
                delete_jobs_fail=number % 3 == 0,
                busy_word=("console", "pending")[number % 2],
                change_word=("unchanged", "console")[number % 2],
                change_jobs_fail=number % 3 == 1,
                list_lag=10.0 * (number % 4),
            )
        case "wait":
            caller.wait(20 * number if number else 400)
        case "console":
            caller.cloud.create_outside(NewCluster(status=STATUSES[number % 4] if number > 4 else None))


def _copied(caller, cluster_id):
    with suppress(ValueError):  # what no create has finished
        caller.cloud.copy_cluster(cluster_id, Copies((Copy("x"), Copy("y"))))


TO_ONE = {
    "delete": lambda caller, one, _: caller.delete(one),
    "describe": lambda caller, one, number: caller.modify(one, description=str(number)),
    "rename": lambda caller, one, number: caller.modify(one, cluster_name=f"n-{number}"),
    "add": lambda caller, one, number: caller.add(one, number, "login"),
    "resize": lambda caller, one, _: caller.resize(one, "login"),
    "stop": lambda caller, one, _: caller.power("stopCluster", one),
    "start": lambda caller, one, _: caller.power("startCluster", one),
    "counters": lambda caller, one, number: caller.cloud.change_cluster(one, Change(job_counts={"running": number})),
    "people": lambda caller, one, _: caller.cloud.change_cluster(one, Change(add_nodes=MoreNodes(1, "login"))),
    "copy": lambda caller, one, _: _copied(caller, one),
    "status": lambda caller, one, number: caller.cloud.change_cluster(one, Change(status=STATUSES[number % 4])),
    "name": lambda caller, one, number: caller.cloud.change_cluster(one, Change(name=f"name-{number}")),
    "owner": lambda caller, one, n: caller.cloud.change_cluster(one, Change(owner=(PERSON, "usr-another")[n % 2])),
    "gone": lambda caller, one, _: caller.cloud.change_cluster(one, Change(delete="at-once")),
    "job": lambda caller, one, _: caller.cloud.change_cluster(one, Change(delete="job")),
}
moves = st.tuples(st.sampled_from(["create", "fail", "wait", "console", *TO_ONE]), st.integers(0, 9))


def move(caller, kind, number):
    """One thing that happens; about an existing cluster where there is one."""
    known = list(caller.cloud.world.clusters)
    if kind not in TO_ONE:
        _anybody(caller, kind, number)
    elif known:
        TO_ONE[kind](caller, known[number % len(known)], number)


@given(st.lists(moves, max_size=30))
def test_what_is_kept_at_hand_is_what_a_walk_over_everything_finds(happened):
    caller = Caller()
    for kind, number in happened:
        move(caller, kind, number)
        elements = caller.list(limit=100)["cluster_set"]
        listed, logged = [each["cluster_id"] for each in elements], [entry["job_id"] for entry in caller.log(limit=100)]
        world = caller.cloud.world
        mine = [cluster for cluster in world.clusters.values() if cluster.owner == PERSON]
        then = caller.clock.now - caller.cloud.settings.list_lag
        assert listed == [each.cluster_id for each in mine if each.status in LISTED and each.began <= then]
        assert logged == [job.job_id for job in world.jobs.values() if job.owner == PERSON]
        assert elements == [rendered(world.clusters[each], caller.cloud.settings, then) for each in listed]
        running = [job for job in world.jobs.values() if not job.ended]
        assert sorted(world.running) == sorted(job.job_id for job in running)
        assert world.next_job_end() is min(running, key=lambda job: job.ends, default=None)
        for cluster in mine:
            assert world.busy(cluster.cluster_id) == any(cluster.cluster_id in job.cluster_ids for job in running)
            creating = [job for job in running if "Create" in job.action and cluster.cluster_id in job.cluster_ids]
            assert not creating or cluster.status == creating[-1].step(caller.clock.now)


def looked(caller):
    caller.list()
    caller.log()


def test_a_second_look_walks_over_nothing():
    caller = Caller()
    caller.standing()
    world: World = caller.cloud.world
    looked(caller)
    before = world.listed(PERSON), world.logged(PERSON)
    looked(caller)
    caller.create()
    assert (world.listed(PERSON), world.logged(PERSON)) == before
    assert all(now is then for now, then in zip((world.listed(PERSON), world.logged(PERSON)), before, strict=True))
    assert len(world.listed(PERSON)) == 2, "a new cluster is added to what is at hand"


def test_a_step_of_a_create_is_shown_when_it_is_due_and_not_before():
    caller = Caller()
    caller.create()
    seen = [(caller.cloud.clusters()[0].status, caller.wait(1).clock.now - START - 1) for _ in range(400)]
    first = dict(reversed(seen))
    assert first == {"pending": 0, "creating": 18, "installing": 144, "initialising": 288, "active": 360}


def test_copies_stand_as_their_model_does_and_are_older():
    caller = Caller()
    model = caller.standing("model-m-1")
    caller.modify(model, description="m-1")
    calls = len(caller.cloud.calls)
    wish = Copies((Copy("one-a-1", "a-1"), Copy("two-b-1", "b-1")), apart=30)
    made = [(cluster.cluster_id, job.job_id) for cluster, job in caller.cloud.copy_cluster(model, wish)]
    [(one, job_of_one), (two, job_of_two)] = made
    listed = caller.list()
    assert [each["cluster_id"] for each in listed["cluster_set"]] == [two, one, model]
    told = {
        each["cluster_id"]: (each["cluster_name"], each["description"], each["cluster_status"], each["create_time"])
        for each in listed["cluster_set"]
    }
    assert told == {
        model: ("model-m-1", "m-1", "active", "2023-11-14T22:13:20Z"),
        one: ("one-a-1", "a-1", "active", "2023-11-14T22:12:50Z"),
        two: ("two-b-1", "b-1", "active", "2023-11-14T22:12:20Z"),
    }
    log = caller.log()
    assert [(e["job_id"], e["resource_ids"], e["status"]) for e in log[:2]] == [
        (job_of_two, two, "successful"),
        (job_of_one, one, "successful"),
    ]
    nodes = [caller.get("cluster/listNodes", cluster_id=each)["hpc_app_nodes_set"] for each in (model, one)]
    assert [len(each) for each in nodes] == [4, 4]
    assert {n["node_id"] for n in nodes[0]}.isdisjoint(n["node_id"] for n in nodes[1])
    assert [record.call for record in caller.cloud.calls[calls:]] == ["list", "operation", "listNodes", "listNodes"]


def test_copies_have_no_past_of_their_own():
    caller = Caller(list_lag=50.0)
    model = caller.standing()
    first = caller.nodes(model, "compute")[0]["node_id"]
    caller.add(model)
    caller.wait(100).remove(model, first)
    [(one, _)] = caller.wait(90).cloud.copy_cluster(model, Copies((Copy("x"),)))
    nodes = caller.nodes(one.cluster_id)
    assert len(nodes) == 4, "what its model has now"
    assert {node["create_time"] for node in nodes} == {"2023-11-14T22:12:20Z"}, "they came with their cluster"
    assert len(caller.nodes(model)) == 5, "the news of the one that left has not come"


@pytest.mark.parametrize("prepare", ["running", "failed", "by a person"])
def test_only_what_a_create_has_finished_is_copied(prepare):
    caller = Caller(create_jobs_fail=prepare == "failed")
    if prepare == "by a person":
        model = caller.cloud.create_outside(NewCluster(status="active"))
    else:
        model = caller.create()["hpc_cluster_id"]
        caller.wait(0 if prepare == "running" else 1000)
    with pytest.raises(ValueError, match="not created by a call"):
        caller.cloud.copy_cluster(model, Copies((Copy("x"),)))
    assert list(caller.cloud.world.clusters) == [model]
