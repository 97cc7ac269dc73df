"""Each fault: what the caller gets, what is true afterwards, what the log of calls says."""

import json
from dataclasses import replace

import pytest
from simulator_caller import PERSON, START, Caller, create_fields, read, signed

from hpc_simulator import Account, Answer, Delayed, Held, Lost, Torn, Unreachable
from hpc_simulator import faults as f
from hpc_simulator.outside import NewCluster


def send(caller, name="one", **changes):
    return caller.raw("POST", "/api/cluster/createCluster", {}, create_fields(name, **changes))


def made(caller):
    return len(caller.cloud.clusters())


@pytest.mark.parametrize(
    ("fault", "reply", "clusters", "calls", "kind"),
    [
        pytest.param(f.Unreachable(), Unreachable(), 0, 0, None, id="not a byte was sent"),
        pytest.param(f.LostBefore(), Lost(effect=False), 0, 1, "lost-before", id="lost on the way there"),
        pytest.param(f.LostAfter(), Lost(effect=True), 1, 1, "lost-after", id="lost on the way back"),
        pytest.param(f.Late(10), Lost(effect=False), 0, 1, "late", id="still on its way"),
    ],
)
def test_no_answer(fault, reply, clusters, calls, kind):
    caller = Caller()
    caller.cloud.add_fault(fault, "createCluster")
    assert send(caller) == reply
    assert made(caller) == clusters
    assert [record.fault for record in caller.cloud.calls] == [kind] * calls
    assert isinstance(send(caller), Answer), "a rule strikes once unless told otherwise"


def test_lost_after_a_refusal_has_no_effect():
    caller = Caller()
    caller.cloud.add_fault(f.LostAfter())
    assert send(caller, owner="usr-other") == Lost(effect=False)


def test_held():
    caller = Caller()
    caller.cloud.add_fault(f.Hold(), "createCluster")
    reply = send(caller)
    assert isinstance(reply, Held)
    assert made(caller) == 1, "the effect comes first"
    held = caller.cloud.held[reply.ticket]
    assert (held.call, held.since, held.seq) == ("createCluster", START, 1)
    answer = caller.cloud.collect(reply.ticket)
    assert answer is not None
    assert read(answer)["hpc_cluster_id"] == caller.cloud.clusters()[0].cluster_id
    assert caller.cloud.held == {}
    assert caller.cloud.collect(reply.ticket) is None


def test_delayed():
    caller = Caller()
    caller.cloud.add_fault(f.Delay(7))
    reply = send(caller)
    assert isinstance(reply, Delayed)
    assert (reply.seconds, made(caller)) == (7, 1)
    answer = caller.cloud.collect(reply.ticket)
    assert answer is not None
    assert read(answer)["ret_code"] == 0


class TestLate:
    def test_it_takes_effect_when_it_arrives(self):
        caller = Caller()
        caller.cloud.add_fault(f.Late(50))
        send(caller)
        assert made(caller.wait(49)) == 0
        [cluster] = caller.wait(100).cloud.clusters()
        assert cluster.began == START + 50, "not when somebody next looked"
        first, second = caller.cloud.calls
        assert (first.ret_code, first.ids, first.late) == (None, (), False)
        assert (second.ret_code, second.ids, second.late, second.time) == (0, (cluster.cluster_id,), True, START + 50)
        count = caller.cloud.counts()["createCluster"]
        assert (count.calls, count.effects) == (1, 1)

    @pytest.mark.parametrize(("seconds", "effects"), [(60, 1), (61, 0)])
    def test_the_timestamp_is_judged_on_arrival(self, seconds, effects):
        caller = Caller()
        caller.cloud.add_fault(f.Late(seconds))
        send(caller)
        assert made(caller.wait(200)) == effects
        assert caller.cloud.calls[-1].ret_code == (0 if effects else 1300)

    def test_the_answer_can_come_then(self):
        caller = Caller()
        caller.cloud.add_fault(f.Late(20, "delayed"))
        reply = send(caller)
        assert isinstance(reply, Delayed)
        answer = caller.wait(reply.seconds).cloud.collect(reply.ticket)
        assert answer is not None
        assert read(answer)["ret_code"] == 0

    def test_the_answer_can_be_held(self):
        caller = Caller()
        caller.cloud.add_fault(f.Late(20, "held"))
        early, late = send(caller), None
        assert isinstance(early, Held)
        assert caller.cloud.held[early.ticket].answer is None
        caller.wait(20)
        late = caller.cloud.collect(early.ticket)
        assert late is not None
        assert read(late)["ret_code"] == 0

    def test_released_too_early_there_is_no_answer_but_the_effect_comes(self):
        caller = Caller()
        caller.cloud.add_fault(f.Late(20, "held"))
        reply = send(caller)
        assert isinstance(reply, Held)
        assert caller.cloud.collect(reply.ticket) is None
        assert made(caller.wait(20)) == 1

    def test_in_order_with_the_ends_of_jobs(self):
        """A late delete meets the cluster as it is then: its create ended one second before, or ends one after."""
        for seconds, code in ((361, 0), (359, 1400)):
            caller = Caller(request_lifetime=1000.0)
            cluster_id = caller.create()["hpc_cluster_id"]
            caller.cloud.add_fault(f.Late(seconds))
            fields = {"cluster_ids": [cluster_id], "run_user": PERSON}
            caller.raw("POST", "/api/cluster/deleteCluster", {}, fields)
            caller.wait(400).cloud.catch_up()
            assert caller.cloud.calls[-1].ret_code == code


@pytest.mark.parametrize(("sent", "got"), [(None, None), (0, 0), (5, 5), (10**6, 10**6)])
def test_torn(sent, got):
    caller = Caller()
    caller.cloud.add_fault(f.Tear(sent))
    reply = send(caller)
    assert isinstance(reply, Torn)
    assert reply.sent == (len(reply.answer.body) // 2 if got is None else got)
    assert made(caller) == 1


@pytest.mark.parametrize("effect", [False, True])
@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        pytest.param(f.Http(), 502, b"<html>", id="a gateway's error page"),
        pytest.param(f.Http(status=200), 200, b"<html>", id="HTML with 200 instead of JSON"),
        pytest.param(f.Http(200, "{}", "application/json"), 200, b"{}", id="JSON without ret_code"),
        pytest.param(f.Code(5100), 200, b'{"action": "HpcClusterCreateClusterResponse", "ret_code": 5100', id="a code"),
        pytest.param(f.Code(9999, "?"), 200, b'{"action": "HpcClusterCreateClusterResponse"', id="an unknown code"),
    ],
)
def test_another_answer(fault, status, start, effect):
    caller = Caller()
    caller.cloud.add_fault(replace(fault, effect=effect), "createCluster")
    reply = send(caller)
    assert isinstance(reply, Answer)
    assert (reply.status, reply.body[: len(start)]) == (status, start)
    assert made(caller) == effect


def test_a_gateway_repeats_the_request():
    caller = Caller()
    caller.cloud.add_fault(f.Twice(), "createCluster")
    answer = caller.create()
    assert caller.cloud.clusters()[0].cluster_id == answer["hpc_cluster_id"]
    count = caller.cloud.counts()["createCluster"]
    assert (count.calls, count.effects) == (1, 2)


def test_fields_of_an_answer_are_changed():
    caller = Caller()
    caller.standing()
    patch = f.Patch({"cluster_set.0.cluster_status": "dancing", "total_count": "many"}, ("cluster_set.0.create_time",))
    caller.cloud.add_fault(patch, "list")
    answer = caller.list()
    assert (answer["cluster_set"][0]["cluster_status"], answer["total_count"]) == ("dancing", "many")
    assert "create_time" not in answer["cluster_set"][0]
    caller.cloud.add_fault(f.Patch({"a.b.c": 1, "cluster_set.7": 1, "cluster_set.0": {}}, ("cluster_set.9.x",)), "list")
    assert caller.list()["cluster_set"] == [{}], "paths that lead nowhere are passed over"
    caller.cloud.add_fault(f.Patch(remove=("cluster_set.0",)), "list")
    assert caller.list()["cluster_set"] == []


class TestLooks:
    def test_lag_of_one_look(self):
        caller = Caller()
        caller.create()
        caller.cloud.add_fault(f.Lag(60), "list")
        caller.cloud.add_fault(f.Lag(60), "operation")
        caller.wait(10)
        assert (caller.listed(), caller.log()) == ([], [])
        assert (len(caller.listed()), len(caller.log())) == (1, 1)

    @pytest.mark.parametrize(("total", "counted"), [(True, 2), (False, 3)])
    def test_an_element_left_out_once(self, total, counted):
        caller = Caller()
        ids = [caller.cloud.create_outside(NewCluster(status="active")) for _ in range(3)]
        caller.cloud.add_fault(f.Skip(1, total=total), "list")
        answer = caller.list()
        assert [element["cluster_id"] for element in answer["cluster_set"]] == [ids[0], ids[2]]
        assert answer["total_count"] == counted
        caller.cloud.add_fault(f.Skip(name=ids[2]), "list")
        assert caller.listed() == ids[:2]
        assert caller.listed() == ids

    def test_a_page_fails_in_the_middle_of_a_sweep(self):
        caller = Caller()
        for _ in range(5):
            caller.cloud.create_outside(NewCluster(status="active"))
        caller.cloud.add_fault(f.Http(), "list", page=2)
        replies = [
            caller.raw("GET", "/api/cluster/list", {"owner": PERSON, "limit": 2, "offset": offset})
            for offset in (0, 2, 4, 2)
        ]
        assert [reply.status for reply in replies if isinstance(reply, Answer)] == [200, 502, 200, 200]

    def test_another_clock_for_one_call(self):
        caller = Caller()
        caller.cloud.add_fault(f.Clock(300), count=1)
        assert caller.list()["ret_code"] == 1300
        assert caller.list()["ret_code"] == 0


class TestRules:
    def test_nth_and_count(self):
        caller = Caller()
        caller.cloud.add_fault(f.Code(5000), "list", nth=2, count=2)
        assert [caller.list()["ret_code"] for _ in range(5)] == [0, 5000, 5000, 0, 0]
        [rule] = caller.cloud.faults.rules
        assert (rule.seen, rule.hits) == (5, 2)

    def test_for_ever_and_taken_out(self):
        caller = Caller()
        rule_id = caller.cloud.add_fault(f.Code(5000), "*", count=None)
        assert [caller.list()["ret_code"] for _ in range(3)] == [5000] * 3
        caller.cloud.faults.clear("f-99")
        assert caller.list()["ret_code"] == 5000
        caller.cloud.faults.clear(rule_id)
        assert caller.list()["ret_code"] == 0

    @pytest.mark.parametrize(
        ("rule", "struck"),
        [
            ({"call": "createCluster"}, True),
            ({"call": "cluster/createCluster"}, True),
            ({"call": "deleteCluster"}, False),
            ({"contains": "mine-7"}, True),
            ({"contains": "mine-8"}, False),
            ({"owner": PERSON}, True),
            ({"owner": "usr-b"}, False),
            ({"page": 1}, True),
        ],
    )
    def test_matches(self, rule, struck):
        caller = Caller()
        caller.cloud.add_fault(f.Code(5000), **rule)
        assert (caller.create("mine-7")["ret_code"] == 5000) == struck

    def test_the_first_rule_that_strikes_decides_and_all_count(self):
        caller = Caller()
        caller.cloud.add_fault(f.Code(5000), "list")
        caller.cloud.add_fault(f.Code(5100), "*", nth=2)
        assert [caller.list()["ret_code"] for _ in range(3)] == [5000, 5100, 0]


def test_the_tap_closed():
    caller = Caller(tap_closed=True)
    assert send(caller) == Unreachable()
    assert caller.cloud.calls == []
    caller.cloud.change_settings(tap_closed=False)
    assert made(caller) == 0
    assert isinstance(send(caller), Answer)


def test_the_clock_moves_only_what_the_cloud_says():
    caller = Caller()
    caller.create()
    caller.cloud.change_settings(clock_offset=300.0)
    assert caller.cloud.clusters()[0].status == "pending", "jobs do not jump"
    assert caller.list()["ret_code"] == 1300
    body = json.dumps(create_fields()).encode()
    query = signed("POST", "/api/cluster/createCluster", {}, body=body, at=START + 300)
    assert read(caller.cloud.handle("POST", "/api/cluster/createCluster", query, body))["ret_code"] == 0


def test_the_log_of_calls_tells_no_secrets():
    caller = Caller()
    caller.create()
    caller.list()
    text = str(caller.cloud.calls)
    assert "cluster_name=one" in text
    assert Account().secret not in text
    assert "Abcd1234" not in text


def test_every_fault_has_a_name():
    assert {f.kind_of(kind()) for kind in f.KINDS.values()} == set(f.KINDS)
