"""The calls that change a running cluster: what they say, that each is one request, and what their ret_codes mean."""

import json
from dataclasses import replace

import pytest
from cloud_scripts import ACCOUNT, CREDENTIALS, bench

from hpc_operator.cloud.transport import TransportNoAnswer, TransportNotSent
from hpc_operator.domain.actions import Change
from hpc_operator.domain.answers import Accepted, NoAnswer, NotSent, Refused
from hpc_operator.domain.record import OperationAction

ADD = Change(OperationAction.ADD_NODES, "ehpc-1", role="compute", count=2, nodes=("cln-1",))
REMOVE = Change(OperationAction.DELETE_NODES, "ehpc-1", role="compute", nodes=("cln-1", "cln-2"))
RESIZE = Change(OperationAction.RESIZE, "hpc-1", role="login", cpu=4, memory=12288)
START = Change(OperationAction.START, "ehpc-1")
STOP = Change(OperationAction.STOP, "ehpc-1")
ALL = (ADD, REMOVE, RESIZE, START, STOP)


def named(change: Change) -> str:
    return change.action.value


@pytest.mark.parametrize(
    ("change", "call", "body"),
    [
        (ADD, "addNodes", {"cluster_id": "ehpc-1", "zone": "jn1a", "node_role": "compute", "node_count": "2"}),
        (REMOVE, "deleteNodes", {"cluster_id": "ehpc-1", "zone": "jn1a", "node_ids": ["cln-1", "cln-2"]}),
        (
            RESIZE,
            "resizeCluster",
            {"cluster_id": "hpc-1", "zone": "jn1a", "node_role": "login", "cpu": 4, "memory": 12288},
        ),
        (START, "startCluster", {"cluster_ids": ["ehpc-1"], "zone": "jn1a"}),
        (STOP, "stopCluster", {"cluster_ids": ["ehpc-1"], "zone": "jn1a"}),
    ],
)
async def test_each_change_says_what_its_page_says(change: Change, call: str, body: dict[str, object]) -> None:
    made = bench(lambda _: {"ret_code": 0, "job_id": "j-1"})
    assert await made.calls.change(CREDENTIALS, ACCOUNT, change, 1_629_391_480.0) == Accepted("j-1")
    (sent,) = made.transport.calls
    assert (sent.method, sent.path, json.loads(sent.body or "")) == ("POST", f"/api/cluster/{call}", body)
    assert sent.query["timestamp"] == "2021-08-19T16:44:40Z", "the reading that it was given"
    assert [what[0] for what in made.told] == [call], "it is measured by its name"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (replace(REMOVE, nodes=()), "ids of the nodes"),
        (replace(REMOVE, nodes=("cln-1", "")), "ids of the nodes"),
        (replace(ADD, count=None), "count from 1 to 99"),
        (replace(ADD, count=0), "count from 1 to 99"),
        (replace(ADD, count=100), "count from 1 to 99"),
        (replace(ADD, role=None), "needs a role"),
        (replace(RESIZE, role=None), "needs a role"),
        (replace(RESIZE, cpu=None), "cpu and memory"),
        (replace(RESIZE, memory=0), "cpu and memory"),
        (replace(STOP, id=""), "id of a cluster"),
        (replace(STOP, action=OperationAction.DELETE), "no change of a running cluster"),
        (replace(STOP, action=OperationAction.CREATE), "no change of a running cluster"),
    ],
)
async def test_a_change_that_lacks_something_is_not_sent(change: Change, words: str) -> None:
    made = bench(lambda _: {"ret_code": 0, "job_id": "j-1"})
    answer = await made.calls.change(CREDENTIALS, ACCOUNT, change, made.clock.at)
    assert isinstance(answer, NotSent)
    assert words in answer.cause
    assert made.transport.calls == []


async def test_a_node_named_twice_goes_once() -> None:
    made = bench(lambda _: {"ret_code": 0})
    await made.calls.change(CREDENTIALS, ACCOUNT, replace(REMOVE, nodes=("cln-2", "cln-1", "cln-2")), made.clock.at)
    assert json.loads(made.transport.calls[0].body or "")["node_ids"] == ["cln-2", "cln-1"]


REFUSED = (1100, 1101, 1200, 1300, 2400, 2500, *range(4000, 4006), 5200, *range(8000, 8005))
OPEN = (2110, 5000, 5100, 5300, 5400, 1, -1, 9999, 4006, 8005)


@pytest.mark.parametrize("change", ALL, ids=named)
@pytest.mark.parametrize("code", REFUSED)
async def test_codes_that_refuse_whatever_the_call(change: Change, code: int) -> None:
    made = bench(lambda _: {"ret_code": code, "message": "no"})
    assert await made.calls.change(CREDENTIALS, ACCOUNT, change, made.clock.at) == Refused(code, "no")
    assert (len(made.transport.calls), made.slept) == (1, [])


@pytest.mark.parametrize("change", ALL, ids=named)
@pytest.mark.parametrize("code", OPEN)
async def test_codes_that_leave_it_open_whatever_the_call(change: Change, code: int) -> None:
    made = bench(lambda _: {"ret_code": code, "message": "?"})
    answer = await made.calls.change(CREDENTIALS, ACCOUNT, change, made.clock.at)
    assert answer == NoAnswer(f"ret_code {code}: ?", code)
    assert (len(made.transport.calls), made.slept) == (1, [])


@pytest.mark.parametrize(
    ("change", "code", "refused", "reason"),
    [
        (ADD, 1400, False, "the cluster may be busy with our own first effect"),
        (REMOVE, 1400, False, "the cluster may be busy with our own first effect"),
        (REMOVE, 2100, False, "the nodes may be gone by our own first effect"),
        (ADD, 2100, True, "adding nodes makes no cluster vanish"),
        (RESIZE, 1400, True, "a size is absolute: done twice it is done once"),
        (START, 1400, True, "so is power"),
        (STOP, 1400, True, "so is power"),
        (RESIZE, 2100, True, "there is no such cluster"),
        (START, 2100, True, "there is no such cluster"),
        (STOP, 2100, True, "there is no such cluster"),
    ],
)
async def test_a_refusal_that_may_be_an_echo_is_no_answer(
    change: Change, code: int, refused: bool, reason: str
) -> None:
    made = bench(lambda _: {"ret_code": code, "message": "m"})
    answer = await made.calls.change(CREDENTIALS, ACCOUNT, change, made.clock.at)
    assert answer == (Refused(code, "m") if refused else NoAnswer(f"ret_code {code}: m", code)), reason


@pytest.mark.parametrize("change", ALL, ids=named)
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (TransportNoAnswer("reset"), NoAnswer("reset")),
        (TransportNotSent("refused"), NotSent("refused")),
        (b"<html>", NoAnswer("HTTP 200, not JSON")),
        ({"ret_code": 0}, Accepted()),
        ({"ret_code": 0, "job_ids": ["j-7"]}, Accepted("j-7")),
    ],
)
async def test_a_change_is_one_request_whatever_comes_back(change: Change, said: object, expected: object) -> None:
    made = bench(lambda _: said)
    assert await made.calls.change(CREDENTIALS, ACCOUNT, change, made.clock.at) == expected
    assert (len(made.transport.calls), made.slept) == (1, [])
