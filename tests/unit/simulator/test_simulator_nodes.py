"""Nodes that come, go and restart: which calls are accepted, what they do, what a look sees of it and when."""

import pytest
from simulator_caller import PERSON, START, Caller, create_fields, role, stamp

from hpc_simulator import Account
from hpc_simulator import faults as f
from hpc_simulator.outside import Change


def ids(nodes):
    return [node["node_id"] for node in nodes]


def computes(caller, cluster_id):
    return ids(caller.nodes(cluster_id, "compute"))


def states(caller, cluster_id, role="compute"):
    return [(node["status"], node["transition_status"]) for node in caller.nodes(cluster_id, role)]


def standing_hpc(caller):
    conf = create_fields(cluster_type="hpc")["cluster_conf"]
    return caller.standing(cluster_type="hpc", cluster_conf=conf)


UP = ("active", "")
COMING = ("pending", "creating")


class TestCreated:
    def test_counts_and_sizes_are_those_of_the_configuration(self):
        caller = Caller()
        conf = create_fields()["cluster_conf"]
        conf["cluster"] |= {"login": role(2, 1, 2048), "controller": role(1, 8, 24576), "compute": role(3, 4, 12288)}
        cluster_id = caller.create(cluster_conf=conf)["hpc_cluster_id"]
        sizes = [(node["role"], node["cpu"], node["memory"]) for node in caller.nodes(cluster_id)]
        assert sizes == [("login", 1, 2048)] * 2 + [("controller", 8, 24576)] + [("compute", 4, 12288)] * 3
        assert states(caller, cluster_id) == [COMING] * 3
        assert {node["health_status"] for node in caller.nodes(cluster_id)} == {"unknown"}
        caller.wait(360)
        assert states(caller, cluster_id) == [UP] * 3
        assert {node["health_status"] for node in caller.nodes(cluster_id)} == {"healthy"}
        assert caller.list()["cluster_set"][0]["total_node_count"] == 6

    def test_an_hpc_cluster_has_login_nodes_only(self):
        caller = Caller()
        assert {node["role"] for node in caller.nodes(standing_hpc(caller))} == {"login"}


class TestAdding:
    @pytest.mark.parametrize(("shown", "while_it_runs"), [("begin", 2), ("end", 1)])
    def test_nodes_that_come_may_show_at_the_end_only(self, shown, while_it_runs):
        caller = Caller(new_nodes_show=shown)
        cluster_id = caller.standing()
        before = len(computes(caller, cluster_id))
        caller.add(cluster_id)
        assert len(computes(caller.wait(89), cluster_id)) == before + while_it_runs - 1
        assert len(computes(caller.wait(1), cluster_id)) == before + 1

    @pytest.mark.parametrize("count", [2, "2"], ids=["a number", "a string, as in the example"])
    def test_nodes_appear_and_turn_active(self, count):
        caller = Caller(node_seconds=90.0)
        cluster_id = caller.standing()
        before = computes(caller, cluster_id)
        answer = caller.add(cluster_id, count)
        assert (answer["ret_code"], answer["action"], answer["job_id"][:2]) == (0, "HpcClusterAddNodesResponse", "j-")
        assert states(caller, cluster_id) == [UP] * 2 + [COMING] * 2
        assert states(caller.wait(89), cluster_id) == [UP] * 2 + [COMING] * 2
        assert states(caller.wait(1), cluster_id) == [UP] * 4
        assert computes(caller, cluster_id)[:2] == before
        assert len(set(ids(caller.nodes(cluster_id)))) == 6
        assert caller.list()["cluster_set"][0]["total_node_count"] == 6

    def test_each_has_its_own_times_name_and_address(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.add(cluster_id, 2)
        caller.wait(100)
        old, _, *new = caller.nodes(cluster_id, "compute")
        assert old["create_time"] == stamp(START)
        assert [node["create_time"] for node in new] == [stamp(START + 1000)] * 2
        assert [node["status_time"] for node in new] == [stamp(START + 1090)] * 2
        assert [node["name"] for node in new] == ["compute3", "compute4"]
        assert len({node["private_ip"] for node in caller.nodes(cluster_id)}) == 6

    def test_names_and_addresses_may_be_wished(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.add(cluster_id, 2, node_name="mine", private_ips=["172.16.9.9"], resource_conf={"cpu": 1})
        new = caller.nodes(cluster_id, "compute")[2:]
        assert [node["name"] for node in new] == ["mine1", "mine2"]
        assert new[0]["private_ip"] == "172.16.9.9"
        caller.wait(100).add(cluster_id, 1, node_name="lone", private_ips="172.16.9.10", resource_conf="{}")
        node = caller.nodes(cluster_id, "compute")[-1]
        assert (node["name"], node["private_ip"]) == ("lone", "172.16.9.10")

    def test_they_have_the_size_that_the_role_has_now(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.resize(cluster_id, cpu=8, memory=24576)
        caller.wait(200).add(cluster_id)
        assert [(n["cpu"], n["memory"]) for n in caller.nodes(cluster_id, "compute")] == [(8, 24576)] * 3

    def test_login_nodes_too_also_of_an_hpc_cluster(self):
        caller = Caller()
        for cluster_id in (caller.standing(), standing_hpc(caller)):
            assert caller.add(cluster_id, 1, "login")["ret_code"] == 0
            assert states(caller, cluster_id, "login") == [UP, COMING]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            pytest.param({"cluster_id": None}, 1101, id="the cluster is required"),
            pytest.param({"cluster_id": "ehpc-none"}, 2100, id="no such cluster"),
            pytest.param({"zone": None}, 1101, id="the zone is required"),
            pytest.param({"zone": "pek3"}, 1101, id="another zone"),
            pytest.param({"node_role": None}, 1101, id="the role is required"),
            pytest.param({"node_role": "controller"}, 1101, id="login or compute"),
            pytest.param({"node_count": None}, 1101, id="the count is required"),
            pytest.param({"node_count": 0}, 1101, id="at least one"),
            pytest.param({"node_count": "100"}, 1101, id="at most 99"),
            pytest.param({"node_count": "-1"}, 1101, id="no sign"),
            pytest.param({"node_count": "two"}, 1101, id="no word"),
            pytest.param({"node_count": True}, 1101, id="true is no number"),
            pytest.param({"node_count": 1.0}, 1101, id="nor is a fraction"),
            pytest.param({"node_name": 5}, 1101, id="optional, but a string"),
            pytest.param({"private_ips": [5]}, 1101, id="optional, but strings"),
            pytest.param({"resource_conf": 5}, 1101, id="optional, but a configuration"),
            pytest.param({"node_count": 98}, 2500, id="a role has at most 99"),
        ],
    )
    def test_refused(self, changes, code):
        caller = Caller()
        cluster_id = caller.standing()
        fields = {"cluster_id": cluster_id, "zone": "jn1a", "node_role": "compute", "node_count": "1"} | changes
        fields = {name: value for name, value in fields.items() if value is not None}
        assert caller.post("addNodes", fields)["ret_code"] == code
        assert len(caller.nodes(cluster_id)) == 4
        assert len(caller.log()) == 1

    def test_up_to_99(self):
        caller = Caller(too_many_nodes_code=1400)
        cluster_id = caller.standing()
        assert caller.add(cluster_id, 98)["ret_code"] == 1400
        assert caller.add(cluster_id, 97)["ret_code"] == 0
        caller.wait(100)
        assert caller.add(cluster_id)["ret_code"] == 1400

    def test_an_account_may_have_less_room(self):
        caller = Caller(most_nodes=3)
        cluster_id = caller.standing()
        assert caller.add(cluster_id, 2)["ret_code"] == 2500
        assert caller.add(cluster_id, 1)["ret_code"] == 0

    @pytest.mark.parametrize("code", [1101, 1400])
    def test_an_hpc_cluster_has_no_compute_nodes(self, code):
        caller = Caller(wrong_role_code=code)
        assert caller.add(standing_hpc(caller))["ret_code"] == code

    def test_arrears(self):
        caller = Caller(account=Account(arrears=False))
        cluster_id = caller.standing()
        caller.account.arrears = True
        assert caller.add(cluster_id)["ret_code"] == 2400
        assert caller.resize(cluster_id)["ret_code"] == 2400
        assert caller.remove(cluster_id, computes(caller, cluster_id)[0])["ret_code"] == 0, "it costs less"

    def test_two_identical_calls_add_twice(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.add(cluster_id)
        caller.wait(100).add(cluster_id)
        assert len(caller.nodes(cluster_id, "compute")) == 4
        count = caller.cloud.counts()["addNodes"]
        assert (count.calls, count.effects) == (2, 2)
        assert [record.effect for record in caller.cloud.calls if record.call == "addNodes"] == ["nodes-added"] * 2

    @pytest.mark.parametrize(
        ("settings", "count", "left"),
        [
            pytest.param({}, 3, 0, id="nothing is left of a failed one"),
            pytest.param({"add_partial": True}, 3, 2, id="or some nodes are"),
            pytest.param({"add_partial": True}, 1, 1, id="even the only one"),
        ],
    )
    def test_failed(self, settings, count, left):
        caller = Caller(change_jobs_fail=True, **settings)
        cluster_id = caller.standing()
        job_id = caller.add(cluster_id, count)["job_id"]
        assert states(caller, cluster_id) == [UP] * 2 + [COMING] * count
        assert states(caller.wait(90), cluster_id) == [UP] * (2 + left)
        [entry] = caller.log(job_ids=job_id)
        assert (entry["status"], entry["error_codes"], entry["resource_ids"]) == ("failed", "5000", cluster_id)

    def test_the_fault_says_with_which_code(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.add_fault(f.JobFails(5200), "addNodes")
        caller.add(cluster_id)
        assert [entry["error_codes"] for entry in caller.wait(100).log()] == ["", "5200"]
        assert caller.add(cluster_id)["ret_code"] == 0


class TestDeleting:
    @pytest.mark.parametrize(
        ("shown", "state"),
        [
            ("status", ("deleting", "deleting")),
            ("transition", ("active", "deleting")),
            ("nothing", ("active", "")),
        ],
    )
    def test_nodes_leave(self, shown, state):
        caller = Caller(deleting_node_shows=shown)
        cluster_id = caller.standing()
        gone, stays = computes(caller, cluster_id)
        answer = caller.remove(cluster_id, gone)
        assert (answer["ret_code"], answer["action"]) == (0, "HpcClusterDeleteNodesResponse")
        assert states(caller.wait(89), cluster_id) == [state, UP]
        assert computes(caller.wait(1), cluster_id) == [stays]
        assert caller.list()["cluster_set"][0]["total_node_count"] == 3
        assert caller.remove(cluster_id, gone)["ret_code"] == 2100
        caller.add(cluster_id)
        assert gone not in ids(caller.nodes(cluster_id))

    @pytest.mark.parametrize(
        "form",
        [
            pytest.param(lambda node: {"node_ids": [node]}, id="the example's array"),
            pytest.param(lambda node: {"node_list": [node]}, id="the table's name"),
            pytest.param(lambda node: {"node_list": node}, id="the table's name, one id"),
            pytest.param(lambda node: {"node_ids": [node, node]}, id="named twice, it is one"),
        ],
    )
    def test_forms(self, form):
        caller = Caller()
        cluster_id = caller.standing()
        node = computes(caller, cluster_id)[0]
        assert caller.change("deleteNodes", cluster_id, **form(node))["ret_code"] == 0
        assert len(computes(caller.wait(90), cluster_id)) == 1

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            pytest.param({}, 1101, id="nodes are required"),
            pytest.param({"node_ids": []}, 1101, id="an empty list names nothing"),
            pytest.param({"node_ids": [5]}, 1101, id="ids are strings"),
            pytest.param({"node_ids": ["cln-none"]}, 2100, id="no such node"),
            pytest.param({"node_ids": ["cln-none"], "zone": "pek3"}, 1101, id="another zone"),
            pytest.param({"node_ids": ["cln-none"], "cluster_id": "ehpc-none"}, 2100, id="no such cluster"),
        ],
    )
    def test_refused(self, fields, code):
        caller = Caller()
        cluster_id = caller.standing()
        assert caller.post("deleteNodes", {"cluster_id": cluster_id, "zone": "jn1a", **fields})["ret_code"] == code
        assert caller.cloud.counts()["deleteNodes"].effects == 0

    @pytest.mark.parametrize("code", [1400, 5400])
    def test_each_role_keeps_a_node(self, code):
        caller = Caller(last_node_code=code)
        cluster_id = caller.standing()
        for nodes in (
            computes(caller, cluster_id),
            ids(caller.nodes(cluster_id, "login")),
            ids(caller.nodes(cluster_id, "controller")),
            ids(caller.nodes(cluster_id)),
        ):
            assert caller.remove(cluster_id, *nodes)["ret_code"] == code
        assert len(caller.nodes(cluster_id)) == 4

    def test_a_node_of_another_cluster_is_not_there(self):
        caller = Caller()
        one, two = caller.standing(), caller.standing()
        assert caller.remove(one, computes(caller, two)[0])["ret_code"] == 2100

    def test_failed(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.add_fault(f.JobFails(5000), "deleteNodes")
        caller.remove(cluster_id, computes(caller, cluster_id)[0])
        assert states(caller.wait(90), cluster_id) == [UP, UP]


class TestRestarting:
    def test_nodes_restart(self):
        caller = Caller()
        cluster_id = caller.standing()
        node = computes(caller, cluster_id)[0]
        assert caller.change("restartNodes", cluster_id, node_ids=[node])["ret_code"] == 0
        assert states(caller, cluster_id) == [("active", "restarting"), UP]
        assert states(caller.wait(90), cluster_id) == [UP, UP]
        assert caller.log()[-1]["job_action"] == "HpcClusterRestartNodes"
        assert caller.cloud.counts()["restartNodes"].effects == 1

    @pytest.mark.parametrize(
        ("fields", "code"), [({}, 1101), ({"node_ids": ["cln-none"]}, 2100), ({"node_ids": ["x"], "zone": "b"}, 1101)]
    )
    def test_refused(self, fields, code):
        caller = Caller()
        assert caller.change("restartNodes", caller.standing(), **fields)["ret_code"] == code

    def test_nodes_of_a_stopped_cluster_do_not(self):
        caller = Caller(nodes_change_when="stopped-too")
        cluster_id = caller.standing()
        caller.power("stopCluster", cluster_id)
        node = computes(caller.wait(60), cluster_id)[0]
        assert caller.change("restartNodes", cluster_id, node_ids=[node])["ret_code"] == 1400


class TestWhen:
    def changes(self, caller, cluster_id):
        """The codes of each change of nodes and sizes; the first that is accepted is the last to be."""
        node = computes(caller, cluster_id)[0]
        return [
            caller.remove(cluster_id, node)["ret_code"],
            caller.change("restartNodes", cluster_id, node_ids=[node])["ret_code"],
            caller.add(cluster_id)["ret_code"],
            caller.resize(cluster_id)["ret_code"],
        ]

    @pytest.mark.parametrize("code", [1400, 5400])
    @pytest.mark.parametrize("call", ["create", "addNodes", "deleteNodes", "resizeCluster", "stopCluster", "delete"])
    def test_never_while_an_operation_runs(self, call, code):
        caller = Caller(busy_code=code)
        cluster_id = caller.standing() if call != "create" else caller.create()["hpc_cluster_id"]
        begin = {
            "create": lambda: None,
            "addNodes": lambda: caller.add(cluster_id),
            "deleteNodes": lambda: caller.remove(cluster_id, computes(caller, cluster_id)[0]),
            "resizeCluster": lambda: caller.resize(cluster_id),
            "stopCluster": lambda: caller.power("stopCluster", cluster_id),
            "delete": lambda: caller.delete(cluster_id),
        }
        begin[call]()
        before = len(caller.log())
        assert self.changes(caller, cluster_id) == [code] * 4
        assert caller.power("startCluster", cluster_id)["ret_code"] == code
        assert caller.power("stopCluster", cluster_id)["ret_code"] == code
        assert caller.delete(cluster_id)["ret_code"] == code
        assert caller.modify(cluster_id, cluster_name="new")["ret_code"] == code
        assert len(caller.log()) == before

    @pytest.mark.parametrize("status", ["stopped", "suspended", "abnormal"])
    def test_in_no_other_status_than_active(self, status):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.change_cluster(cluster_id, Change(status=status))
        assert self.changes(caller, cluster_id) == [1400] * 4

    def test_or_stopped_too(self):
        caller = Caller(nodes_change_when="stopped-too")
        cluster_id = caller.standing()
        caller.power("stopCluster", cluster_id)
        caller.wait(60)
        assert caller.add(cluster_id)["ret_code"] == 0
        assert states(caller.wait(90), cluster_id) == [("stopped", "")] * 3
        assert caller.resize(cluster_id)["ret_code"] == 0
        caller.wait(200)
        assert caller.remove(cluster_id, computes(caller, cluster_id)[0])["ret_code"] == 0

    def test_the_cluster_vanishing_ends_the_job(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.add(cluster_id)
        caller.cloud.change_cluster(cluster_id, Change(delete="at-once"))
        assert [entry["status"] for entry in caller.wait(500).log()] == ["successful", "failed"]


class TestLag:
    def test_new_nodes_are_hidden_gone_ones_still_shown(self):
        caller = Caller(list_lag=30.0)
        cluster_id = caller.standing()
        first = computes(caller, cluster_id)
        caller.add(cluster_id)
        assert computes(caller.wait(29), cluster_id) == first
        assert states(caller.wait(1), cluster_id) == [UP, UP, COMING]
        assert states(caller.wait(60), cluster_id) == [UP, UP, COMING], "the job has ended, the news has not come"
        assert states(caller.wait(30), cluster_id) == [UP] * 3
        caller.remove(cluster_id, first[0])
        assert states(caller, cluster_id) == [UP] * 3
        assert states(caller.wait(30), cluster_id) == [("deleting", "deleting"), UP, UP]
        caller.wait(89)
        assert computes(caller, cluster_id)[0] == first[0], "it is gone, the news has not come"
        assert caller.list()["cluster_set"][0]["total_node_count"] == 5
        assert computes(caller.wait(1), cluster_id) == [first[1], computes(caller, cluster_id)[-1]]
        assert caller.list()["cluster_set"][0]["total_node_count"] == 4

    def test_sizes_come_late_too(self):
        caller = Caller(list_lag=30.0)
        cluster_id = caller.standing()
        caller.resize(cluster_id)
        seen = [caller.wait(seconds).nodes(cluster_id, "compute")[0]["cpu"] for seconds in (120, 29, 1)]
        assert seen == [2, 2, 4]

    def test_of_one_look(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.add(cluster_id)
        caller.cloud.add_fault(f.Lag(10.0), "listNodes", count=2)
        counts = [len(caller.wait(5).nodes(cluster_id)) for _ in range(3)]
        assert counts == [4, 5, 5], "ten seconds ago there was none; then there was"
        caller.cloud.add_fault(f.Lag(1000.0), "list")
        assert [caller.list()["total_count"] for _ in range(2)] == [1, 1]

    def test_the_count_of_the_list_is_as_late(self):
        caller = Caller(list_lag=30.0)
        cluster_id = caller.standing()
        caller.add(cluster_id)
        counts = [caller.wait(s).list()["cluster_set"][0]["total_node_count"] for s in (0, 29, 1)]
        assert counts == [4, 4, 5]

    def test_what_was_long_ago_is_forgotten(self):
        caller = Caller()
        cluster_id = caller.standing()
        for _ in range(3):
            caller.add(cluster_id)
            caller.wait(100_000).remove(cluster_id, computes(caller, cluster_id)[-1])
            caller.wait(100_000)
        [cluster] = caller.cloud.clusters()
        assert len(cluster.departed) == 1
        assert max(len(node.past) for node in cluster.nodes) == 0
        node = computes(caller, cluster_id)[0]
        for _ in range(3):
            caller.change("restartNodes", cluster_id, node_ids=[node])
            caller.wait(100_000)
        [cluster] = caller.cloud.clusters()
        assert max(len(node.past) for node in cluster.nodes) == 2, "of the last restart"

    def test_one_that_is_gone_stands_where_it_stood(self):
        caller = Caller(list_lag=30.0)
        cluster_id = caller.standing()
        caller.add(cluster_id, 7)
        caller.wait(200)
        before = ids(caller.nodes(cluster_id))
        caller.remove(cluster_id, before[4])
        assert ids(caller.wait(119).nodes(cluster_id)) == before
        [cluster] = caller.cloud.clusters()
        assert cluster.nodes_at(caller.clock.now - 30) is not cluster.nodes
        assert ids(caller.wait(1).nodes(cluster_id)) == before[:4] + before[5:]
        assert cluster.nodes_at(caller.clock.now - 30) is cluster.nodes, "nothing is sorted where all has been told"

    def test_the_oldest_come_first_also_of_several_clusters(self):
        caller = Caller()
        one, two = caller.standing(), caller.standing()
        caller.add(one)
        [new] = computes(caller, one)[2:]
        everybody = ids(caller.get("cluster/listNodes", limit=100)["hpc_app_nodes_set"])
        assert everybody == [*ids(caller.nodes(one))[:4], *ids(caller.nodes(two)), new]


class TestLog:
    def test_an_entry_of_each(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.add(cluster_id)
        caller.wait(100).remove(cluster_id, computes(caller, cluster_id)[0])
        caller.wait(100).resize(cluster_id)
        entries = caller.wait(200).log(resource_ids=cluster_id)
        assert [entry["job_action"] for entry in entries[1:]] == [
            "HpcClusterAddNodes",
            "HpcClusterDeleteNodes",
            "HpcClusterResizeCluster",
        ]
        assert {entry["status"] for entry in entries} == {"successful"}
        assert {entry["owner"] for entry in entries} == {PERSON}
        assert entries[1]["status_time"] == stamp(START + 1090)

    @pytest.mark.parametrize(("named", "pending"), [(True, True), (False, False)])
    def test_whether_a_running_one_names_the_cluster(self, named, pending):
        caller = Caller(pending_change_names_cluster=named)
        cluster_id = caller.standing()
        caller.add(cluster_id)
        assert bool(caller.log()[-1]["resource_ids"]) == pending
        assert len(caller.log(resource_ids=cluster_id)) == 1 + pending
        assert caller.wait(90).log()[-1]["resource_ids"] == cluster_id

    def test_the_nodes_may_be_named_too(self):
        caller = Caller(log_names_nodes=True)
        cluster_id = caller.standing()
        caller.add(cluster_id, 2)
        new = computes(caller, cluster_id)[2:]
        assert caller.log()[-1]["resource_ids"] == " ".join([cluster_id, *new])
        assert len(caller.log(resource_ids=new[0])) == 1


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "added", "code"),
        [
            pytest.param(f.LostBefore(), 0, None, id="lost before"),
            pytest.param(f.LostAfter(), 1, None, id="lost after"),
            pytest.param(f.Http(502, effect=True), 1, None, id="a gateway's page"),
            pytest.param(f.Code(5000, effect=True), 1, 5000, id="a code, with its effect"),
            pytest.param(f.Code(2110), 0, 2110, id="a code without"),
            pytest.param(f.OtherAccount(), 0, 2100, id="another account"),
            pytest.param(f.Twice(), 1, 0, id="repeated: the second finds the first one's operation"),
            pytest.param(f.Hold(), 1, None, id="held"),
            pytest.param(f.Tear(), 1, None, id="torn"),
        ],
    )
    def test_strike_the_new_calls_too(self, fault, added, code):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.add_fault(fault, "addNodes")
        try:
            answer = caller.add(cluster_id)["ret_code"]
        except (AssertionError, ValueError):
            answer = None
        assert answer == code
        assert len(caller.nodes(cluster_id, "compute")) == 2 + added
        assert caller.cloud.counts()["addNodes"].effects == added

    def test_late(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.add_fault(f.Late(30), "addNodes")
        caller.raw("POST", "/api/cluster/addNodes", {}, self.body(cluster_id))
        assert len(caller.wait(29).nodes(cluster_id)) == 4
        assert len(caller.wait(1).nodes(cluster_id)) == 5
        assert caller.nodes(cluster_id)[-1]["create_time"] == stamp(START + 1030)

    def body(self, cluster_id):
        return {"cluster_id": cluster_id, "zone": "jn1a", "node_role": "compute", "node_count": "1"}
