"""What happens after an accepted call, as time passes."""

import pytest
from simulator_caller import PERSON, Caller

from hpc_simulator import faults as f
from hpc_simulator.outside import Change, NewCluster


def status(caller, cluster_id):
    found = [cluster.status for cluster in caller.cloud.clusters() if cluster.cluster_id == cluster_id]
    return found[0] if found else "gone"


def test_a_create_goes_through_its_steps():
    caller = Caller()
    cluster_id = caller.create()["hpc_cluster_id"]
    seen = [status(caller.wait(10), cluster_id) for _ in range(36)]
    assert list(dict.fromkeys(seen)) == ["pending", "creating", "installing", "initialising", "active"]
    assert seen.index("active") == 35, "360 s is between the documented five and eight minutes"


def test_the_time_factor_shortens_jobs():
    caller = Caller(time_factor=0.01)
    cluster_id = caller.create()["hpc_cluster_id"]
    assert status(caller.wait(3.5), cluster_id) != "active"
    assert status(caller.wait(0.2), cluster_id) == "active"


def test_a_delete_hides_then_removes():
    caller = Caller()
    cluster_id = caller.standing()
    answer = caller.delete(cluster_id)
    assert answer["hpc_cluster_id"] == [cluster_id]
    assert status(caller, cluster_id) == "deleting"
    assert caller.listed() == []
    assert caller.listed(cluster_id=cluster_id) == [cluster_id]
    assert status(caller.wait(60), cluster_id) == "gone"
    assert caller.listed(cluster_id=cluster_id) == []
    assert cluster_id in caller.cloud.world.gone
    assert caller.delete(cluster_id)["ret_code"] == 2100


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"cluster_ids": ["ID"], "run_user": PERSON, "zone": "jn1a"}, id="the example's array"),
        pytest.param({"cluster_ids": "ID", "run_user": PERSON}, id="one id under the plural"),
        pytest.param({"cluster_id": "ID", "run_user": PERSON}, id="the table's field"),
    ],
)
def test_forms_of_a_delete(fields):
    caller = Caller()
    cluster_id = caller.standing()
    fields = {
        name: [cluster_id] if value == ["ID"] else cluster_id if value == "ID" else value
        for name, value in fields.items()
    }
    assert caller.post("deleteCluster", fields)["ret_code"] == 0


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"cluster_ids": ["x"]}, 1101, id="run_user is required"),
        pytest.param({"run_user": PERSON}, 1101, id="so is the id"),
        pytest.param({"cluster_ids": [], "run_user": PERSON}, 1101, id="an empty list names nothing"),
        pytest.param({"cluster_ids": [1], "run_user": PERSON}, 1101, id="ids are strings"),
        pytest.param({"cluster_ids": ["ehpc-none"], "run_user": PERSON}, 2100, id="no such cluster"),
        pytest.param({"cluster_ids": ["ehpc-none"], "run_user": PERSON, "zone": "b"}, 1101, id="another zone"),
    ],
)
def test_refused_deletes(fields, code):
    assert Caller().post("deleteCluster", fields)["ret_code"] == code


def test_run_user_may_be_checked():
    caller = Caller(run_user_must_be_owner=True)
    cluster_id = caller.standing()
    fields = {"cluster_ids": [cluster_id], "run_user": "root"}
    assert caller.post("deleteCluster", fields)["ret_code"] == 1400


def test_several_clusters_are_deleted_all_or_none():
    caller = Caller()
    one, two = caller.standing(), caller.standing()
    assert caller.delete(one, "ehpc-none")["ret_code"] == 2100
    assert status(caller, one) == "active"
    assert caller.delete(one, two)["ret_code"] == 0
    assert caller.cloud.counts()["deleteCluster"].effects == 2
    caller.wait(100)
    assert caller.cloud.clusters() == []


@pytest.mark.parametrize("code", [1400, 5400])
def test_nothing_is_changed_while_an_operation_runs(code):
    caller = Caller(busy_code=code)
    cluster_id = caller.create()["hpc_cluster_id"]
    assert caller.delete(cluster_id)["ret_code"] == code
    assert caller.modify(cluster_id, cluster_name="new")["ret_code"] == code
    caller.wait(400)
    assert caller.delete(cluster_id)["ret_code"] == 0
    assert caller.delete(cluster_id)["ret_code"] == code


@pytest.mark.parametrize(
    ("settings", "before", "after"),
    [
        pytest.param({}, "deleting", "active", id="a failed delete brings the cluster back"),
        pytest.param({"delete_failure_leaves": "abnormal"}, "deleting", "abnormal", id="or leaves it abnormal"),
        pytest.param({"status_during_operation": "unchanged"}, "active", "active", id="the status may tell nothing"),
    ],
)
def test_failed_deletes(settings, before, after):
    caller = Caller(**settings)
    cluster_id = caller.standing()
    caller.cloud.add_fault(f.JobFails(5000), "deleteCluster")
    job_id = caller.delete(cluster_id)["job_id"]
    assert status(caller, cluster_id) == before
    assert status(caller.wait(60), cluster_id) == after
    [entry] = caller.log(job_ids=job_id)
    assert (entry["status"], entry["error_codes"]) == ("failed", "5000")
    assert caller.delete(cluster_id)["ret_code"] == 0, "the rule struck once"
    assert status(caller.wait(60), cluster_id) == "gone"


@pytest.mark.parametrize(("leaves", "after"), [("abnormal", "abnormal"), ("nothing", "gone")])
def test_failed_creates(leaves, after):
    caller = Caller(create_jobs_fail=True, create_failure_leaves=leaves)
    cluster_id = caller.create()["hpc_cluster_id"]
    assert status(caller.wait(400), cluster_id) == after
    assert caller.listed() == [], "the default list hides an abnormal cluster, which still costs"
    [entry] = caller.log()
    assert (entry["status"], entry["error_codes"], entry["resource_ids"]) == ("failed", "5200", cluster_id)


def test_a_hidden_cluster_can_be_deleted():
    caller = Caller(create_jobs_fail=True)
    cluster_id = caller.create()["hpc_cluster_id"]
    assert caller.wait(400).delete(cluster_id)["ret_code"] == 0
    assert status(caller.wait(60), cluster_id) == "gone"


def test_delete_jobs_fail_by_setting():
    caller = Caller(delete_jobs_fail=True)
    cluster_id = caller.standing()
    caller.delete(cluster_id)
    assert status(caller.wait(100), cluster_id) == "active"


class TestPersons:
    """Changes at the console, which are no calls."""

    def test_rename_and_describe(self):
        caller = Caller(rename_echo=False, description_echo=False)
        cluster_id = caller.standing()
        caller.cloud.change_cluster(cluster_id, Change(name="theirs", description="ours"))
        [element] = caller.list()["cluster_set"]
        assert (element["cluster_name"], element["description"]) == ("theirs", "ours")

    def test_status_owner_and_end(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.change_cluster(cluster_id, Change(status="suspended"))
        assert caller.list()["cluster_set"][0]["cluster_status"] == "suspended"
        caller.cloud.change_cluster(cluster_id, Change(owner="usr-else"))
        assert caller.listed() == []
        caller.cloud.change_cluster(cluster_id, Change(delete="at-once"))
        assert status(caller, cluster_id) == "gone"

    def test_delete_by_a_job_is_logged(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.change_cluster(cluster_id, Change(delete="job"))
        assert [entry["status"] for entry in caller.log(resource_ids=cluster_id)] == ["successful", "pending"]

    def test_vanishing_in_the_middle_of_the_create(self):
        caller = Caller()
        cluster_id = caller.create()["hpc_cluster_id"]
        caller.cloud.change_cluster(cluster_id, Change(delete="at-once"))
        assert status(caller.wait(1000), cluster_id) == "gone"
        assert [entry["status"] for entry in caller.log()] == ["failed"], "an ended job is never pending for ever"

    def test_a_cluster_of_theirs(self):
        caller = Caller()
        cluster_id = caller.cloud.create_outside(NewCluster(name="theirs"))
        assert [entry["resource_ids"] for entry in caller.log()] == [cluster_id]
        assert status(caller.wait(400), cluster_id) == "active"
        assert caller.cloud.counts()["operation"].calls == 1
        assert "createCluster" not in caller.cloud.counts(), "it was no call"
