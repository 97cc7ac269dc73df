"""What list, log, nodes and permission show, and to whom."""

import pytest
from simulator_caller import PERSON, START, Caller, create_fields, read, stamp

from hpc_simulator import Account, Answer
from hpc_simulator import faults as f
from hpc_simulator.outside import Change, NewCluster

FIELDS = {
    *(
        "cluster_id",
        "cluster_name",
        "cluster_status",
        "cluster_type",
        "app_cluster_id",
    ),
    *(
        "create_time",
        "description",
        "nas_id",
        "nas_mount_point",
        "nas_path",
    ),
    *(
        "nas_shared_path",
        "paid_type",
        "scheduler_type",
        "total_node_count",
        "cluster_sw",
    ),
    *(
        "project_info",
        "cpu_hours",
        "mem_hours",
    ),
    *(f"{kind}_job_count" for kind in ("running", "pending", "finished", "stopped", "deleted")),
}


def many(caller, number):
    return [caller.cloud.create_outside(NewCluster(name=f"n{place}", status="active")) for place in range(number)]


class TestShapes:
    def test_documented_fields(self):
        caller = Caller()
        caller.create()
        [element] = caller.list()["cluster_set"]
        assert element.keys() == FIELDS, "no owner, no sizes, no version: the page has none"
        assert element["create_time"] == stamp(START)
        assert element["total_node_count"] == 4

    def test_wrapped_in_app_cluster(self):
        caller = Caller(list_shape="wrapped")
        caller.create()
        [element] = caller.list()["cluster_set"]
        assert element.keys() == {"app_cluster"}
        assert element["app_cluster"].keys() == FIELDS

    def test_misspelled_as_in_the_table(self):
        caller = Caller(misspelled_fields=True)
        caller.create()
        [element] = caller.list()["cluster_set"]
        assert element.keys() - FIELDS == {"nas_mout_point", "schedule_type", "toatl_node_count"}

    @pytest.mark.parametrize(
        ("echo", "name"), [("top", "mine"), ("conf", "conf-mine"), ("none", None)], ids=["top", "conf", "none"]
    )
    def test_names(self, echo, name):
        caller = Caller(name_echo=echo)
        caller.create("mine")
        shown = caller.list()["cluster_set"][0]["cluster_name"]
        assert shown == name if name else "mine" not in shown

    @pytest.mark.parametrize(
        ("settings", "name", "description"),
        [
            pytest.param({}, "new", "words", id="echoed"),
            pytest.param({"rename_echo": False}, "one", "words", id="the rename is not"),
            pytest.param({"description_echo": False}, "new", "", id="the description is not"),
            pytest.param({"name_echo": "none"}, "new", "words", id="a rename although the create's names are not"),
        ],
    )
    def test_modify(self, settings, name, description):
        caller = Caller(**settings)
        cluster_id = caller.standing()
        assert caller.modify(cluster_id, cluster_name="new", description="words")["ret_code"] == 0
        [element] = caller.list()["cluster_set"]
        assert (element["cluster_name"], element["description"]) == (name, description)

    def test_refused_modifies(self):
        caller = Caller()
        cluster_id = caller.standing()
        assert caller.modify("ehpc-none", cluster_name="a")["ret_code"] == 2100
        assert caller.modify(cluster_id, cluster_name=1)["ret_code"] == 1101
        assert caller.modify(cluster_id, cluster_name="x" * 40)["ret_code"] == 1101

    @pytest.mark.parametrize("on", [True, False])
    def test_date(self, on):
        caller = Caller(date_header=on, clock_offset=60.0)
        reply = caller.raw("GET", "/api/cluster/list", {"owner": PERSON})
        assert isinstance(reply, Answer)
        assert reply.headers.get("Date") == ("Tue, 14 Nov 2023 22:14:20 GMT" if on else None), "the cloud's own clock"


class TestPages:
    @pytest.mark.parametrize(
        ("asked", "got"),
        [
            pytest.param({}, 10, id="default"),
            pytest.param({"limit": 50}, 50, id="as asked"),
            pytest.param({"limit": 1000}, 100, id="never more than a hundred"),
            pytest.param({"limit": 100, "offset": 100}, 5, id="the rest"),
            pytest.param({"offset": 200}, 0, id="behind the end"),
        ],
    )
    def test_sizes(self, asked, got):
        caller = Caller()
        many(caller, 105)
        answer = caller.list(**asked)
        assert len(answer["cluster_set"]) == got
        assert answer["total_count"] == 105

    @pytest.mark.parametrize("query", [{"limit": "x"}, {"offset": "-1"}, {"reverse": "2"}, {"limit": "٣"}])
    def test_numbers_only(self, query):
        assert Caller().list(**query)["ret_code"] == 1101

    def test_order(self):
        caller = Caller()
        ids = many(caller, 3)
        assert caller.listed() == ids
        assert caller.listed(reverse=1) == ids[::-1]
        assert caller.listed(sort_key="cluster_id") == sorted(ids)
        caller.cloud.change_settings(default_reverse=1)
        assert caller.listed() == ids[::-1]
        assert caller.listed(reverse=0) == ids

    def test_log_has_pages_too(self):
        caller = Caller()
        for _ in range(12):
            caller.create()
        answer = caller.get("operation", limit=5, offset=10)
        assert (len(answer["job_set"]), answer["total_count"]) == (2, 12)


class TestWhatIsSeen:
    @pytest.mark.parametrize(
        ("status", "default", "by_id"),
        [
            *((shown, True, True) for shown in ("active", "stopped", "suspended", "pending", "creating", "installing")),
            *((hidden, False, True) for hidden in ("deleting", "abnormal")),
        ],
    )
    def test_the_default_list_hides(self, status, default, by_id):
        caller = Caller()
        cluster_id = caller.cloud.create_outside(NewCluster(status=status))
        assert bool(caller.listed()) == default
        assert bool(caller.listed(cluster_id=cluster_id)) == by_id
        assert bool(caller.listed(cluster_type="ehpc")) == default
        caller.cloud.change_settings(id_shows_hidden=False, type_shows_hidden=True)
        assert bool(caller.listed(cluster_id=cluster_id)) == default
        assert bool(caller.listed(cluster_type="ehpc")) == by_id

    def test_filters(self):
        caller = Caller()
        one = caller.cloud.create_outside(NewCluster(name="Alpha", status="active"))
        two = caller.cloud.create_outside(NewCluster(name="beta", status="stopped", cluster_type="hpc"))
        assert caller.listed(cluster_type="hpc") == [two]
        assert caller.listed(status="active") == [one]
        assert caller.listed(search_word="alp") == [one]
        assert caller.listed(cluster_id="none") == []

    def test_lag(self):
        caller = Caller(list_lag=60.0, log_lag=30.0)
        cluster_id = caller.create()["hpc_cluster_id"]
        assert len(caller.cloud.clusters()) == 1, "it exists all the same"
        caller.wait(29)
        assert (caller.listed(cluster_id=cluster_id), caller.log()) == ([], [])
        caller.wait(1)
        assert (caller.listed(), len(caller.log())) == ([], 1)
        caller.wait(30)
        assert caller.listed() == [cluster_id]
        caller.wait(301)
        assert caller.log()[0]["status"] == "pending", "the job's end is late in the log too"
        caller.wait(30)
        assert caller.log()[0]["status"] == "successful"

    def test_zone_and_owner_are_required(self):
        caller = Caller()
        assert caller.list(owner="")["ret_code"] == 1101
        assert caller.get("cluster/list")["ret_code"] == 1101
        assert caller.list(zone="pek3")["ret_code"] == 1101
        caller.cloud.change_settings(wrong_zone_code=1400)
        assert caller.list(zone="pek3")["ret_code"] == 1400


class TestOtherAccounts:
    @pytest.mark.parametrize(("setting", "code", "gone"), [("empty", 0, 2100), ("denied", 1400, 1400)])
    def test_a_key_of_another_account(self, setting, code, gone):
        caller = Caller(foreign_owner=setting)
        cluster_id = caller.standing()
        caller.cloud.add_account(Account(owner="usr-other"))
        for call, own in (("cluster/list", {}), ("operation", {}), ("cluster/list", {"cluster_id": cluster_id})):
            answer = caller.get(call, owner=PERSON, **own)
            assert answer["ret_code"] == code
            assert answer.get("total_count", 0) == 0
        assert caller.delete(cluster_id)["ret_code"] == gone
        assert caller.create()["ret_code"] == 1400
        assert caller.get("cluster/listNodes", cluster_id=cluster_id).get("hpc_app_nodes_set") == []
        assert caller.get(f"permission/{PERSON}")["ret_code"] == gone

    def test_for_a_few_calls_only(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.add_fault(f.OtherAccount(), count=2)
        assert [caller.listed() for _ in range(3)] == [[], [], [cluster_id]]


class TestLog:
    def test_documented_fields(self):
        caller = Caller()
        answer = caller.create()
        [entry] = caller.log()
        assert entry == {
            "job_id": answer["job_id"],
            "job_action": "HpcClusterCreateCluster",
            "action_describe": "CreateCluster",
            "status": "pending",
            "error_codes": "",
            "resource_ids": answer["hpc_cluster_id"],
            "create_time": stamp(START),
            "status_time": stamp(START),
            "owner": PERSON,
            "submitter": "hpc-worker-0",
            "data": "",
            "task_count": 1,
        }
        [entry] = caller.wait(400).log()
        assert (entry["status"], entry["status_time"]) == ("successful", stamp(START + 360))

    @pytest.mark.parametrize(
        ("settings", "fails", "pending", "ended"),
        [
            pytest.param({}, False, True, True, id="named from the beginning"),
            pytest.param({"pending_create_names_cluster": False}, False, False, True, id="named when it ended"),
            pytest.param({"failed_create_names_cluster": False}, True, True, False, id="a failed one names none"),
        ],
    )
    def test_ids_of_a_create(self, settings, fails, pending, ended):
        caller = Caller(create_jobs_fail=fails, **settings)
        caller.create()
        assert bool(caller.log()[0]["resource_ids"]) == pending
        assert bool(caller.wait(400).log()[0]["resource_ids"]) == ended

    @pytest.mark.parametrize(("kind", "good", "bad"), [("string", "", "5200"), ("list", [], [5200]), ("int", 0, 5200)])
    def test_error_codes(self, kind, good, bad):
        caller = Caller(error_codes_type=kind)
        caller.create()
        caller.cloud.add_fault(f.JobFails(5200))
        caller.create()
        assert [entry["error_codes"] for entry in caller.wait(400).log()] == [good, bad]

    def test_filters(self):
        caller = Caller()
        one = caller.create()
        caller.wait(400)
        two = caller.create()
        jobs = [one["job_id"], two["job_id"]]

        def found(**own):
            return [jobs.index(entry["job_id"]) for entry in caller.log(**own)]

        assert found(job_ids=one["job_id"]) == [0]
        assert found(job_ids=",".join(jobs)) == [0, 1]
        assert found(resource_ids=two["hpc_cluster_id"]) == [1]
        assert found(status="pending") == [1]
        assert found(job_action="HpcClusterCreateCluster") == [0, 1]
        assert found(job_action="Other") == []
        assert found(reverse=1) == [1, 0]
        assert found(start_time=stamp(START), end_time=stamp(START)) == [0], "both ends count"
        assert found(start_time=stamp(START + 1)) == [1]
        assert caller.get("operation", start_time="yesterday")["ret_code"] == 1101

    def test_times_are_the_clouds(self):
        caller = Caller(clock_offset=-30.0)
        caller.create()
        assert caller.log()[0]["create_time"] == stamp(START - 30)
        assert caller.log(start_time=stamp(START)) == []

    def test_refused_creates_and_modifies(self):
        caller = Caller(log_refused_creates=True, log_modify=False)
        cluster_id = caller.standing()
        caller.create(owner="usr-other")
        caller.modify(cluster_id, cluster_name="new")
        assert [(entry["status"], entry["resource_ids"]) for entry in caller.log()] == [
            ("successful", cluster_id),
            ("failed", ""),
        ]
        caller = Caller()
        cluster_id = caller.standing()
        caller.create(owner="usr-other")
        caller.modify(cluster_id, cluster_name="new")
        assert [entry["resource_ids"] for entry in caller.log()] == [cluster_id, cluster_id]

    def test_a_delete_of_several_names_them_with_spaces(self):
        caller = Caller()
        ids = [caller.standing(), caller.standing()]
        caller.delete(*ids)
        assert caller.log(status="pending")[0]["resource_ids"] == " ".join(ids)


class TestNodes:
    def test_nodes(self):
        caller = Caller()
        cluster_id = caller.create()["hpc_cluster_id"]
        answer = caller.get("cluster/listNodes", cluster_id=cluster_id)
        assert [node["role"] for node in answer["hpc_app_nodes_set"]] == ["login", "controller", "compute", "compute"]
        node = answer["hpc_app_nodes_set"][0]
        assert node["node_id"].startswith("cln-")
        assert node["cluster_id"].startswith("cl-"), "the application's id, not the cluster's"
        assert node["status"] == "pending"
        assert "Abcd1234" not in str(answer)
        caller.wait(400)
        answer = caller.get("cluster/listNodes", cluster_id=cluster_id, status="active", limit=3)
        assert (len(answer["hpc_app_nodes_set"]), answer["total_count"]) == (3, 4)

    def test_order_lag_and_others(self):
        caller = Caller(list_lag=10.0)
        caller.create()
        other = caller.create()["hpc_cluster_id"]
        assert caller.get("cluster/listNodes")["total_count"] == 0
        caller.wait(10)
        assert caller.get("cluster/listNodes")["total_count"] == 8
        forward = caller.get("cluster/listNodes", cluster_id=other)["hpc_app_nodes_set"]
        assert caller.get("cluster/listNodes", cluster_id=other, reverse=1)["hpc_app_nodes_set"] == forward[::-1]


class TestCalls:
    def test_permission(self):
        answer = Caller().get(f"permission/{PERSON}")
        assert (answer["ret_code"], answer["uid_number"], answer["gid_number"]) == (0, 11017754, 11017754)

    @pytest.mark.parametrize(
        ("method", "path", "code"),
        [
            pytest.param("POST", "/api/job/submitJob", 1101, id="documented, not offered yet"),
            pytest.param("POST", "/api/queue/ehpc/addQueue", 1101, id="likewise"),
            pytest.param("GET", "/api/user", 1101, id="likewise, a look"),
            pytest.param("GET", "/api/createCluster", 1101, id="without its folder"),
            pytest.param("GET", "/api/cluster/createCluster", 1101, id="the wrong method"),
            pytest.param("GET", "/api/permission/a/b", 1101, id="no such path"),
            pytest.param("GET", "/api/cluster/operation", 1101, id="the log is no call on clusters"),
            pytest.param("GET", "/api/cluster/list/", 1101, id="the request's path has no slash at its end"),
            pytest.param("GET", "/", 1101, id="not the API at all"),
        ],
    )
    def test_other_calls_are_refused(self, method, path, code):
        caller = Caller()
        slash = "" if path.endswith("/") else "/"
        answer = read(caller.raw(method, path, {}, {} if method == "POST" else None, slash=slash))
        assert answer["ret_code"] == code

    def test_refusals_carry_the_http_status_of_the_settings(self):
        reply = Caller(refusal_status=400).raw("GET", "/api/cluster/list")
        assert isinstance(reply, Answer)
        assert reply.status == 400

    def test_an_old_list_hides_a_name_nobody_knows(self):
        caller = Caller()
        cluster_id = caller.standing()
        caller.cloud.change_cluster(cluster_id, Change(status="dancing"))
        assert caller.listed() == []
        assert caller.listed(cluster_id=cluster_id) == [cluster_id]

    def test_the_same_seed_gives_the_same_ids(self):
        assert Caller().create() == Caller().create()
        assert create_fields() == create_fields()
