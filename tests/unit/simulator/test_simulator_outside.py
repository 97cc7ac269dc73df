"""What people and the platform do to nodes, sizes and power without a call: at once, or by a job."""

import pytest
from simulator_caller import PERSON, Caller, stamp

from hpc_simulator.outside import Change, MoreNodes, NewCluster, Size


@pytest.fixture
def caller():
    made = Caller()
    made.one = made.standing()
    return made


def change(caller, **wish):
    caller.cloud.change_cluster(caller.one, Change(**wish))


def computes(caller):
    return [node["node_id"] for node in caller.nodes(caller.one, "compute")]


def status(caller):
    return caller.list()["cluster_set"][0]["cluster_status"]


WISHES = {
    "more nodes": lambda caller: {"add_nodes": MoreNodes(2)},
    "fewer nodes": lambda caller: {"remove_nodes": (computes(caller)[0],)},
    "another size": lambda caller: {"resize": Size("compute", 8, 24576)},
    "a stop": lambda _: {"power": "stop"},
    "a suspension": lambda _: {"power": "suspend"},
}
SHOWN = {
    "more nodes": ("active", 4, 2, "active"),
    "fewer nodes": ("active", 1, 2, "active"),
    "another size": ("active", 2, 8, "active"),
    "a stop": ("stopped", 2, 2, "stopped"),
    "a suspension": ("suspended", 2, 2, "stopped"),
}


def shown(caller):
    nodes = caller.nodes(caller.one, "compute")
    [cpu], [node_status] = {node["cpu"] for node in nodes}, {node["status"] for node in nodes}
    assert {node["transition_status"] for node in nodes} == {""}
    return status(caller), len(nodes), cpu, node_status


@pytest.mark.parametrize("wish", WISHES)
def test_at_once_without_a_trace(caller, wish):
    change(caller, **WISHES[wish](caller))
    assert shown(caller) == SHOWN[wish]
    assert len(caller.log()) == 1
    assert caller.power("startCluster", caller.one)["ret_code"] == (0 if wish.startswith("a s") else 1400)


@pytest.mark.parametrize("wish", WISHES)
def test_by_a_job_like_one_at_the_console(caller, wish):
    before = shown(caller)
    change(caller, by="job", **WISHES[wish](caller))
    [_, entry] = caller.log(resource_ids=caller.one)
    assert (entry["status"], entry["owner"]) == ("pending", PERSON)
    assert caller.add(caller.one)["ret_code"] == 1400, "an operation runs"
    assert shown_size_and_power(caller) == (before[0], before[2])
    assert shown(caller.wait(200)) == SHOWN[wish]
    assert caller.log()[-1]["status"] == "successful"
    assert {call for call, count in caller.cloud.counts().items() if count.effects} == {"createCluster"}


def shown_size_and_power(caller):
    return status(caller), caller.nodes(caller.one, "compute")[0]["cpu"]


def test_a_start(caller):
    change(caller, power="suspend")
    change(caller, power="start", by="job")
    assert shown(caller.wait(60)) == ("active", 2, 2, "active")
    change(caller, status="stopped")
    assert shown(caller) == ("stopped", 2, 2, "stopped"), "nodes follow a status that a person sets"
    change(caller, power="start")
    assert shown(caller) == ("active", 2, 2, "active")


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        pytest.param({"remove_nodes": ("cln-none",)}, "2100", id="no such node"),
        pytest.param({"unhealthy": ("cln-none",)}, "2100", id="nor one that could be unhealthy"),
        pytest.param({"add_nodes": MoreNodes(98)}, "99", id="too many"),
        pytest.param({"resize": Size("compute", 1, 4096)}, "8000", id="an impossible size"),
        pytest.param({"job_counts": {"running": -1}}, "job_counts", id="an impossible count"),
        pytest.param({"by": "job", "power": "stop", "add_nodes": MoreNodes()}, "one operation", id="two jobs"),
        pytest.param({"by": "job", "power": "stop", "delete": "job"}, "one operation", id="two jobs, one a delete"),
    ],
)
def test_what_the_console_refuses_changes_nothing(caller, wish, word):
    before = caller.list(), caller.nodes(caller.one), caller.log()
    with pytest.raises(ValueError, match=word):
        change(caller, name="new", **wish)
    assert (caller.list(), caller.nodes(caller.one), caller.log()) == before


def test_a_job_is_refused_while_another_runs_at_once_is_not(caller):
    caller.add(caller.one)
    with pytest.raises(ValueError, match="an operation is running"):
        change(caller, by="job", power="stop")
    change(caller, resize=Size("compute", 8, 24576))
    assert [(n["cpu"], n["status"]) for n in caller.nodes(caller.one, "compute")] == [
        *[(8, "active")] * 2,
        (8, "pending"),
    ]
    change(caller, status="stopped")
    assert status(caller) == "stopped"
    assert caller.power("startCluster", caller.one)["ret_code"] == 1400, "the operation still runs"


def test_no_role_loses_its_last_node_to_a_person_either(caller):
    first, second = computes(caller)
    with pytest.raises(ValueError, match="the last compute node"):
        change(caller, remove_nodes=(first, second))
    caller.remove(caller.one, first)
    change(caller, resize=Size("compute", 8, 24576))
    with pytest.raises(ValueError, match="the last compute node"):
        change(caller, remove_nodes=(second,))
    assert caller.nodes(caller.one, "compute")[0]["transition_status"] == "deleting"
    assert computes(caller.wait(90)) == [second]


def test_a_status_set_during_the_create_does_not_outlast_it():
    caller = Caller()
    caller.one = caller.create()["hpc_cluster_id"]
    change(caller, status="stopped")
    assert shown(caller.wait(400)) == ("active", 2, 2, "active")


def test_a_node_removed_under_a_running_job(caller):
    caller.add(caller.one, 2)
    change(caller, remove_nodes=(computes(caller)[-1],))
    assert len(computes(caller)) == 3
    assert [node["status"] for node in caller.wait(90).nodes(caller.one, "compute")] == ["active"] * 3


def test_health():
    caller = Caller(list_lag=10.0)
    caller.one = caller.standing()
    node = computes(caller)[0]
    change(caller, unhealthy=(node,))
    seen = [caller.wait(seconds).nodes(caller.one, "compute") for seconds in (9, 1)]
    assert [[each["health_status"] for each in nodes] for nodes in seen] == [
        ["healthy", "healthy"],
        ["unhealthy", "healthy"],
    ]
    assert seen[1][0]["status_time"] == stamp(caller.clock.now - 10)
    change(caller, healthy=(node,))
    assert {each["health_status"] for each in caller.wait(10).nodes(caller.one)} == {"healthy"}


def test_counters_of_jobs(caller):
    names = ("running_job_count", "pending_job_count", "finished_job_count")

    def counters():
        return tuple(caller.list()["cluster_set"][0][name] for name in names)

    assert counters() == (0, 0, 0)
    change(caller, job_counts={"running": 2, "pending": 1})
    assert counters() == (2, 1, 0)
    change(caller, job_counts={"running": 0})
    assert counters() == (0, 1, 0)


def test_a_cluster_of_theirs_has_the_nodes_of_its_type():
    caller = Caller()
    wish = NewCluster(status="stopped", login=2, compute=3, cpu=4, memory=8192)
    one, two = caller.cloud.create_outside(wish), caller.cloud.create_outside(NewCluster("hpc", status="active"))
    assert [(n["role"], n["cpu"], n["memory"], n["status"]) for n in caller.nodes(one)] == [
        *[("login", 4, 8192, "stopped")] * 2,
        ("controller", 4, 8192, "stopped"),
        *[("compute", 4, 8192, "stopped")] * 3,
    ]
    assert [(n["role"], n["cpu"], n["status"]) for n in caller.nodes(two)] == [("login", 2, "active")]
    with pytest.raises(ValueError, match="from 1 to 99"):
        caller.cloud.create_outside(NewCluster(compute=0))
