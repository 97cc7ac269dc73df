"""Sizes and power: which calls are accepted, what they do, what cluster_status says meanwhile."""

import pytest
from simulator_caller import Caller, create_fields, read

from hpc_simulator import faults as f
from hpc_simulator.outside import Change


def status(caller):
    return caller.list()["cluster_set"][0]["cluster_status"]


def node_states(caller, cluster_id):
    return {(node["status"], node["transition_status"]) for node in caller.nodes(cluster_id)}


class TestResize:
    def sizes(self, caller, cluster_id):
        return {node["role"]: (node["cpu"], node["memory"]) for node in caller.nodes(cluster_id)}

    @pytest.mark.parametrize("role", ["login", "controller", "compute"])
    def test_one_role_changes_at_the_end(self, role):
        caller = Caller(resize_seconds=120.0)
        cluster_id = caller.standing()
        before = self.sizes(caller, cluster_id)
        answer = caller.resize(cluster_id, role, 8, 24576)
        assert (answer["ret_code"], answer["job_id"][:2]) == (0, "j-")
        assert "resize_info" in answer
        assert self.sizes(caller.wait(119), cluster_id) == before
        states = {node["role"]: node["transition_status"] for node in caller.nodes(cluster_id)}
        assert states == dict.fromkeys(before, "") | {role: "resizing"}
        assert self.sizes(caller.wait(1), cluster_id) == before | {role: (8, 24576)}
        assert node_states(caller, cluster_id) == {("active", "")}
        assert caller.cloud.counts()["resizeCluster"].effects == 1

    def test_numbers_may_be_strings_and_more_may_be_said(self):
        caller = Caller()
        cluster_id = caller.standing()
        assert (
            caller.resize(cluster_id, cpu="8", memory="24576", instance_class=101, storage_size="50")["ret_code"] == 0
        )
        assert self.sizes(caller.wait(120), cluster_id)["compute"] == (8, 24576)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            pytest.param({"cluster_id": "ehpc-none"}, 2100, id="no such cluster"),
            pytest.param({"zone": None}, 1101, id="the zone is required"),
            pytest.param({"zone": "pek3"}, 1101, id="another zone"),
            pytest.param({"node_role": None}, 1101, id="the role is required"),
            pytest.param({"node_role": "all"}, 1101, id="one role a call"),
            pytest.param({"node_role": ["login", "compute"]}, 1101, id="not two"),
            pytest.param({"cpu": None}, 1101, id="cpu is required"),
            pytest.param({"memory": None}, 1101, id="memory is required"),
            pytest.param({"memory": 4096.0}, 1101, id="a whole number"),
            pytest.param({"cpu": 1}, 8000, id="a compute node has two at least"),
            pytest.param({"memory": 2048}, 8000, id="and 4096 MiB"),
            pytest.param({"instance_class": []}, 1101, id="optional, but a number or a string"),
        ],
    )
    def test_refused(self, changes, code):
        caller = Caller()
        fields = {"cluster_id": caller.standing(), "zone": "jn1a", "node_role": "compute", "cpu": 4, "memory": 12288}
        fields = {name: value for name, value in (fields | changes).items() if value is not None}
        assert caller.post("resizeCluster", fields)["ret_code"] == code
        assert caller.cloud.counts()["resizeCluster"].effects == 0

    @pytest.mark.parametrize("code", [1101, 1400])
    def test_of_an_hpc_cluster_login_only(self, code):
        caller = Caller(wrong_role_code=code)
        conf = create_fields(cluster_type="hpc")["cluster_conf"]
        cluster_id = caller.standing(cluster_type="hpc", cluster_conf=conf)
        assert caller.resize(cluster_id, "compute")["ret_code"] == code
        assert caller.resize(cluster_id, "controller")["ret_code"] == code
        assert caller.resize(cluster_id, "login")["ret_code"] == 0

    def test_the_ladder_by_setting(self):
        caller = Caller(strict_sizes=True)
        cluster_id = caller.standing()
        assert caller.resize(cluster_id, cpu=3)["ret_code"] == 8000
        assert caller.resize(cluster_id, cpu=4)["ret_code"] == 0

    def test_failed(self):
        caller = Caller(change_jobs_fail=True)
        cluster_id = caller.standing()
        before = self.sizes(caller, cluster_id)
        caller.resize(cluster_id)
        assert self.sizes(caller.wait(120), cluster_id) == before
        assert node_states(caller, cluster_id) == {("active", "")}
        assert caller.log()[-1]["status"] == "failed"


class TestPower:
    def test_stop_and_start(self):
        caller = Caller(power_seconds=60.0)
        cluster_id = caller.standing()
        assert caller.power("stopCluster", cluster_id)["job_id"].startswith("j-")
        assert status(caller.wait(59)) == "active"
        assert node_states(caller, cluster_id) == {("active", "stopping")}
        assert status(caller.wait(1)) == "stopped"
        assert node_states(caller, cluster_id) == {("stopped", "")}
        assert caller.power("startCluster", cluster_id)["job_id"].startswith("j-")
        assert status(caller.wait(59)) == "stopped"
        assert node_states(caller, cluster_id) == {("stopped", "starting")}
        assert status(caller.wait(1)) == "active"
        assert node_states(caller, cluster_id) == {("active", "")}
        counts = caller.cloud.counts()
        assert (counts["startCluster"].effects, counts["stopCluster"].effects) == (1, 1)

    @pytest.mark.parametrize("call", ["startCluster", "stopCluster"])
    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            pytest.param({"zone": "jn1a"}, 1101, id="ids are required"),
            pytest.param({"cluster_ids": "ehpc-none", "zone": "jn1a"}, 1101, id="an array"),
            pytest.param({"cluster_ids": [], "zone": "jn1a"}, 1101, id="of one at least"),
            pytest.param({"cluster_ids": [5], "zone": "jn1a"}, 1101, id="of strings"),
            pytest.param({"cluster_ids": ["ehpc-none"], "zone": "jn1a"}, 2100, id="no such cluster"),
            pytest.param({"cluster_ids": ["ehpc-none"]}, 1101, id="the zone is required"),
            pytest.param({"cluster_ids": ["ehpc-none"], "zone": "pek3"}, 1101, id="another zone"),
        ],
    )
    def test_refused(self, call, fields, code):
        assert Caller().post(call, fields)["ret_code"] == code

    @pytest.mark.parametrize(("repeated", "code"), [("refused", 1400), ("accepted", 0)])
    def test_what_stands_so_already(self, repeated, code):
        caller = Caller(repeated_power=repeated)
        cluster_id = caller.standing()
        assert caller.power("startCluster", cluster_id)["ret_code"] == code
        assert status(caller.wait(60)) == "active"
        caller.power("stopCluster", cluster_id)
        caller.wait(60)
        assert caller.power("stopCluster", cluster_id)["ret_code"] == code
        assert status(caller.wait(60)) == "stopped"

    def test_an_abnormal_cluster_has_no_power_to_change(self):
        caller = Caller(repeated_power="accepted")
        cluster_id = caller.standing()
        caller.cloud.change_cluster(cluster_id, Change(status="abnormal"))
        assert caller.power("startCluster", cluster_id)["ret_code"] == 1400
        assert caller.power("stopCluster", cluster_id)["ret_code"] == 1400

    def test_all_or_none(self):
        caller = Caller()
        one, two = caller.standing(), caller.standing()
        assert caller.power("stopCluster", one, "ehpc-none")["ret_code"] == 2100
        assert caller.power("stopCluster", one, two)["ret_code"] == 0
        assert caller.log()[-1]["resource_ids"] == f"{one} {two}"
        assert caller.power("startCluster", one)["ret_code"] == 1400, "an operation runs"
        caller.wait(60)
        assert [cluster.status for cluster in caller.cloud.clusters()] == ["stopped", "stopped"]
        assert caller.power("startCluster", one)["ret_code"] == 0
        assert caller.power("startCluster", one, two)["ret_code"] == 1400

    def test_one_of_two_vanishes(self):
        caller = Caller()
        one, two = caller.standing(), caller.standing()
        caller.power("stopCluster", one, two)
        caller.cloud.change_cluster(one, Change(delete="at-once"))
        [left] = caller.wait(60).cloud.clusters()
        assert (left.cluster_id, left.status) == (two, "stopped")
        assert caller.log()[-1]["status"] == "successful"

    def test_arrears(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.power("stopCluster", cluster_id)
        caller.wait(60).account.arrears = True
        assert caller.power("startCluster", cluster_id)["ret_code"] == 2400
        caller.account.arrears = False
        assert caller.power("startCluster", cluster_id)["ret_code"] == 0
        caller.wait(60).account.arrears = True
        assert caller.power("stopCluster", cluster_id)["ret_code"] == 0

    def test_a_suspended_cluster_starts_when_the_balance_is_back(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.change_cluster(cluster_id, Change(status="suspended"))
        assert caller.power("stopCluster", cluster_id)["ret_code"] == 1400
        assert caller.power("startCluster", cluster_id)["ret_code"] == 0
        assert status(caller.wait(60)) == "active"

    @pytest.mark.parametrize("call", ["startCluster", "stopCluster"])
    def test_failed(self, call):
        caller = Caller()
        cluster_id = caller.standing()
        if call == "startCluster":
            caller.power("stopCluster", cluster_id)
            caller.wait(60)
        before = status(caller), node_states(caller, cluster_id)
        caller.cloud.add_fault(f.JobFails(5200), call)
        caller.power(call, cluster_id)
        caller.wait(60)
        assert (status(caller), node_states(caller, cluster_id)) == before
        assert caller.log()[-1]["error_codes"] == "5200"

    def test_the_tables_answer(self):
        caller = Caller(power_answer="job_ids")
        answer = caller.power("stopCluster", caller.standing())
        assert (answer["job_ids"], "job_id" in answer) == ([caller.log()[-1]["job_id"]], False)

    @pytest.mark.parametrize(("path", "code"), [("startCluster", 1101), ("misprinted-too", 0)])
    def test_the_misprinted_path(self, path, code):
        caller = Caller(start_path=path)
        cluster_id = caller.standing()
        caller.power("stopCluster", cluster_id)
        caller.wait(60)
        body = {"cluster_ids": [cluster_id], "zone": "jn1a"}
        assert read(caller.raw("POST", "/api/cluster/startClusrer", {}, body))["ret_code"] == code
        assert caller.cloud.counts()["startCluster"].effects == (code == 0)
        caller.wait(60)
        assert caller.post("startCluster", body)["ret_code"] == (1400 if code == 0 else 0)


class TestWord:
    @pytest.mark.parametrize(
        ("word", "shown"),
        [
            ("unchanged", ["active", "active", "active", "stopped"]),
            ("console", ["creating", "resizing", "stopping", "starting"]),
            ("pending", ["pending"] * 4),
            ("unknown", ["dancing"] * 4),
        ],
    )
    def test_of_a_cluster_at_work(self, word, shown):
        caller = Caller(change_word=word)
        cluster_id = caller.standing()
        said = []
        for call in (
            lambda: caller.add(cluster_id),
            lambda: caller.resize(cluster_id),
            lambda: caller.power("stopCluster", cluster_id),
            lambda: caller.power("startCluster", cluster_id),
        ):
            assert call()["ret_code"] == 0
            said.append(status(caller))
            assert caller.listed(status=shown[len(said) - 1]) == [cluster_id], "the filter goes by what is shown"
            caller.wait(200)
            assert status(caller) == ("stopped" if len(said) == 3 else "active")
        assert said == shown


def test_counters_of_jobs_may_be_left_out():
    caller = Caller(job_counts_shown=False)
    caller.standing()
    assert not any(name.endswith("_job_count") for name in caller.list()["cluster_set"][0])
