"""Which creates are accepted, what they make, what they cost."""

import json

import pytest
from simulator_caller import Caller, create_fields, read, role, signed

from hpc_simulator import Account
from hpc_simulator import faults as f


def conf(**changes):
    made = create_fields()["cluster_conf"]
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = made
        for step in parents:
            place = place[step]
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return made


ACCEPTED = [
    pytest.param({}, id="what the page's example sends"),
    pytest.param({"cluster_conf": json.dumps(conf())}, id="the table says string: JSON in a string"),
    pytest.param({"paid_type": "PayForUesd"}, id="one page misspells it"),
    pytest.param({"paid_type": "Reserved", "duration": 70, "is_auto_renewal": 1}, id="70 stands for five years"),
    pytest.param({"deploy_mode": "2"}, id="ehpc has a slim mode"),
    pytest.param({"user_id": "usr-simulator"}, id="the newer example sends user_id too"),
    pytest.param({"cluster_conf": conf(version=None, cluster__version="appv-1")}, id="older page: version inside"),
    pytest.param({"cluster_conf": conf(cluster__login=role(99))}, id="99 login nodes"),
    pytest.param({"cluster_conf": conf(cluster__login=role(1, 3, 5000))}, id="off the ladder is accepted by default"),
    pytest.param({"cluster_name": "x" * 39}, id="the longest name"),
]

REFUSED = [
    *(
        pytest.param({name: None}, 1101, id=f"{name} is required")
        for name in ("gid_number", "uid_number", "version_id", "cluster_type", "owner", "zone", "cluster_conf")
    ),
    pytest.param({"paid_type": None}, 1101, id="the newer page requires paid_type"),
    pytest.param({"gid_number": "11"}, 1101, id="gid_number is a number"),
    pytest.param({"uid_number": True}, 1101, id="true is no number"),
    pytest.param({"cluster_type": "slurm"}, 1101, id="an unknown type"),
    pytest.param({"owner": "usr-other"}, 1400, id="not the owner"),
    pytest.param({"zone": "pek3"}, 1101, id="another zone"),
    pytest.param({"cluster_conf": "{"}, 1101, id="a string that is not JSON"),
    pytest.param({"cluster_conf": ["cluster"]}, 1101, id="a list is no configuration"),
    pytest.param({"paid_type": "Reserved", "duration": 2, "is_auto_renewal": 0}, 1101, id="no such term"),
    pytest.param({"paid_type": "Reserved", "duration": None}, 1101, id="Reserved needs a term"),
    pytest.param({"paid_type": "Reserved", "duration": 1, "is_auto_renewal": 2}, 1101, id="0 or 1"),
    pytest.param({"deploy_mode": "3"}, 1101, id="no such mode"),
    pytest.param({"deploy_mode": 1}, 1101, id="the mode is a string"),
    pytest.param({"cluster_name": 5}, 1101, id="optional, but a string"),
    pytest.param({"tasks_total": "5"}, 1101, id="optional, but a number"),
    pytest.param({"cluster_name": "x" * 40}, 1101, id="too long a name"),
    pytest.param({"cluster_conf": conf(cluster__vxnet=None)}, 1101, id="the network is required"),
    pytest.param({"cluster_conf": conf(cluster__login=None)}, 1101, id="every type has login nodes"),
    pytest.param({"cluster_conf": conf(cluster__compute=None)}, 1101, id="ehpc has compute nodes"),
    pytest.param({"cluster_conf": conf(cluster__controller=role(2))}, 8000, id="exactly one controller"),
    pytest.param({"cluster_conf": conf(cluster__login=role(0))}, 8000, id="no login node"),
    pytest.param({"cluster_conf": conf(cluster__compute=role(100))}, 8000, id="more than 99"),
    pytest.param({"cluster_conf": conf(cluster__compute=role(1, 1))}, 8000, id="compute has at least 2 CPU"),
    pytest.param({"cluster_conf": conf(cluster__compute=role(1, 2, 2048))}, 8000, id="compute has at least 4 GiB"),
    pytest.param({"cluster_conf": conf(cluster__login=role("1"))}, 1101, id="a count in quotes"),
    pytest.param({"cluster_conf": conf(env__admin_user=None) | {"env": {"admin.user": "A"}}}, 8000, id="bad user"),
    pytest.param({"cluster_conf": conf() | {"env": {"admin.password": "abc"}}}, 8000, id="too short a password"),
    pytest.param({"cluster_conf": conf() | {"env": {"admin.user_id": "1"}}}, 1101, id="an id in quotes"),
    pytest.param({"cluster_type": "hpc", "cluster_conf": conf()}, 8000, id="hpc has login nodes only"),
    pytest.param({"cluster_type": "hpc", "deploy_mode": "2"}, 1101, id="hpc has no slim mode"),
]


@pytest.mark.parametrize("changes", ACCEPTED)
def test_accepted(changes):
    caller = Caller()
    answer = (
        caller.create(**changes)
        if "cluster_name" not in changes
        else caller.post("createCluster", create_fields() | changes)
    )
    assert answer["ret_code"] == 0
    assert answer["action"] == "HpcClusterCreateClusterResponse"
    assert answer["hpc_cluster_id"].startswith("ehpc-")
    assert answer["job_id"].startswith("j-")
    assert [cluster.cluster_id for cluster in caller.cloud.clusters()] == [answer["hpc_cluster_id"]]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_refused(changes, code):
    caller = Caller()
    fields = {name: value for name, value in (create_fields() | changes).items() if value is not None}
    answer = caller.post("createCluster", fields)
    assert answer["ret_code"] == code
    assert answer["message"]
    assert caller.cloud.clusters() == []
    assert caller.log() == []
    assert caller.cloud.counts()["createCluster"].effects == 0


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff", b'{"a": "\\ud800"}', b"[" * 9000])
def test_a_body_that_is_no_object_is_malformed(body):
    caller = Caller()
    query = signed("POST", "/api/cluster/createCluster", {}, body=body)
    assert read(caller.cloud.handle("POST", "/api/cluster/createCluster", query, body))["ret_code"] == 1100


def test_a_lone_surrogate_inside_a_string_of_json_is_refused():
    inner = json.dumps(conf(cluster__name="NAME")).replace("NAME", "\\ud800")
    assert Caller().create(cluster_conf=inner)["ret_code"] == 1101, "it could not be written to the state file"


def test_two_identical_calls_create_two():
    caller = Caller()
    assert caller.create()["hpc_cluster_id"] != caller.create()["hpc_cluster_id"]
    assert len(caller.cloud.clusters()) == 2
    assert caller.cloud.counts()["createCluster"].effects == 2


@pytest.mark.parametrize("code", [2500, 2110, 1400])
def test_one_hpc_cluster_an_owner(code):
    caller = Caller(second_hpc_code=code)
    first = caller.create(cluster_type="hpc")
    assert first["hpc_cluster_id"].startswith("hpc-")
    assert caller.create(cluster_type="hpc")["ret_code"] == code
    assert caller.create()["ret_code"] == 0, "ehpc clusters can be many"
    caller.wait(1000).delete(first["hpc_cluster_id"])
    caller.wait(1000)
    assert caller.create(cluster_type="hpc")["ret_code"] == 0


def test_resource_quota_and_balance():
    caller = Caller(cluster_quota=1)
    assert [caller.create()["ret_code"] for _ in range(2)] == [0, 2500]
    assert Caller(Account(arrears=True)).create()["ret_code"] == 2400


def test_strict_sizes_and_optional_paid_type_by_setting():
    off = {"cluster_conf": conf(cluster__login=role(1, 3, 5000))}
    assert Caller(strict_sizes=True).create(**off)["ret_code"] == 8000
    assert Caller(paid_type_required=False).create(paid_type=None)["ret_code"] == 0


def test_the_texts_of_a_code_vary_and_are_in_two_languages():
    caller = Caller()
    texts = {caller.create(owner="usr-other")["message"] for _ in range(6)}
    assert len(texts) == 3
    assert any(text.isascii() for text in texts)
    assert not all(text.isascii() for text in texts)


class TestCallQuota:
    """2000 calls in 3600 s by default; here smaller ones."""

    def test_default(self):
        caller = Caller()
        codes = [caller.list()["ret_code"] for _ in range(2001)]
        assert codes == [0] * 2000 + [2500]

    def test_the_window_slides(self):
        caller = Caller(call_quota=2, quota_period=100.0)
        assert [caller.wait(60).list()["ret_code"] for _ in range(3)] == [0, 0, 0]
        assert caller.list()["ret_code"] == 2500
        assert caller.wait(40).list()["ret_code"] == 0, "the call of 100 s ago no longer counts"

    def test_a_fixed_window_ends_at_once(self):
        caller = Caller(call_quota=2, quota_period=100.0, quota_window="fixed")
        caller.wait(90)
        assert [caller.list()["ret_code"] for _ in range(3)] == [0, 0, 2500]
        assert [caller.wait(20).list()["ret_code"] for _ in range(2)] == [0, 0]

    @pytest.mark.parametrize(("counted", "last"), [(False, 0), (True, 2500)])
    def test_whether_refused_calls_count(self, counted, last):
        caller = Caller(call_quota=1, quota_counts_refused=counted)
        assert caller.create(owner="usr-other")["ret_code"] == 1400
        assert caller.list()["ret_code"] == last

    def test_each_key_has_its_own(self):
        other = Account(key="OTHER", owner="usr-b")
        caller = Caller(accounts=[other], call_quota=1)
        assert [caller.list()["ret_code"] for _ in range(2)] == [0, 2500]
        caller.account = other
        assert caller.list(owner="usr-b")["ret_code"] == 0


def test_creates_over_the_quota_have_no_effect():
    caller = Caller(call_quota=1)
    caller.list()
    assert caller.create()["ret_code"] == 2500
    assert caller.cloud.clusters() == []


def test_a_job_that_will_fail_is_accepted_first():
    caller = Caller()
    caller.cloud.add_fault(f.JobFails(5200), "createCluster")
    assert caller.create()["ret_code"] == 0
