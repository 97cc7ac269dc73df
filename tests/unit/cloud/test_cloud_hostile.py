"""Hostile answers through the whole room: transport, caller, calls, observer. What was not understood is not known.

Near-misses of documented answers and anything at all, under every status. `hostile.understood` is the independent
reader: a look is complete only where it agrees.
"""

import asyncio
import json
import re
from typing import Any

import pytest
from cloud_scripts import ACCOUNT, CREDENTIALS, UNHURRIED, Bench, bench, reply, request
from hypothesis import given
from hypothesis import strategies as st

from hostile import SETS, VALUES, Recipe, bent, document, recipes, understood
from hpc_operator.cloud import wire
from hpc_operator.cloud.envelope import DOCUMENTED
from hpc_operator.cloud.observer import Observer
from hpc_operator.cloud.signing import percent
from hpc_operator.domain.answers import Accepted, NoAnswer, Refused
from hpc_operator.domain.observed import ListLook, LogLook, NodesLook
from hpc_operator.kube import names
from hpc_operator.reconcile.ports import Person

DEFINITE = {1100, 1101, 1200, 1300, 1400, 2100, 2400, 2500, *range(4000, 4006), 5200, *range(8000, 8005)}
LINE = {
    "cluster_id": "ehpc-ours",
    "cluster_name": "demo-aabcdefghijklmn-1",
    "cluster_status": "active",
    "description": "",
}
OTHER = {
    "cluster_id": "hpc-other",
    "cluster_name": "theirs",
    "cluster_status": "creating",
    "create_time": "2026-01-01T00:00:00Z",
}
JOBS = [
    {"job_id": "j-1", "status": "pending", "resource_ids": "ehpc-ours cln-2", "create_time": "2026-01-01T00:00:00Z"},
    {"job_id": "j-2", "status": "failed", "resource_ids": ["hpc-other"], "error_codes": [5200], "job_action": "x"},
    {"job_id": "j-3", "status": "successful", "resource_ids": "", "create_time": "2026-01-01T00:00:00Z"},
]
NODES = [
    {"node_id": "cln-1", "role": "login", "status": "active", "eip": "", "private_ip": "10.0.0.5"},
    {"node_id": "cln-2", "role": "compute", "status": "pending", "private_ip": "fd00::1"},
]
MADE = {"action": "x", "ret_code": 0, "hpc_cluster_id": "ehpc-6pbhlqdn", "job_id": "j-ei20x38nikj", "message": "fine"}
PERMISSION = {"ret_code": 0, "uid_number": 1001, "gid_number": "1002", "data": {"uid_number": 7, "gid_number": 8}}


def page(call: str, items: list[Any]) -> bytes:
    return json.dumps({"action": "x", "ret_code": 0, SETS[call]: items, "total_count": len(items)}).encode()


PAGES = {
    "list": [
        page("list", [LINE, OTHER]),
        page("list", [{"app_cluster": LINE}, {"cluster_id": "cl-9", "app_cluster": OTHER}]),
    ],
    "operation": [page("operation", JOBS)],
    "listNodes": [page("listNodes", NODES)],
}
pages = st.sampled_from([(call, honest) for call, all_of in PAGES.items() for honest in all_of])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=6,
)
known_fields = st.sampled_from(
    [
        "ret_code",
        "message",
        "total_count",
        *SETS.values(),
        *LINE,
        *JOBS[0],
        *NODES[0],
        *MADE,
        *PERMISSION,
        "app_cluster",
    ]
)
objects = st.dictionaries(known_fields, json_values | st.sampled_from([0, "0", "ehpc-1", "j-1", "active"]), max_size=8)
anything = (
    st.binary()
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | (json_values | objects | st.lists(objects, max_size=2)).map(lambda value: json.dumps(value).encode())
)


def answering(status: int, body: bytes) -> Bench:
    return bench(lambda _: reply(body, status=status))


async def looked(made: Bench, call: str) -> ListLook | LogLook | NodesLook:
    observer = Observer(made.calls, made.watched)
    if call == "list":
        return (await observer.listing(CREDENTIALS, ACCOUNT, 0.0))[0]
    if call == "listNodes":
        return await observer.nodes(CREDENTIALS, ACCOUNT, "ehpc-ours")
    return (await observer.log(CREDENTIALS, ACCOUNT, 0.0, 0.0))[0]


def judge(call: str, status: int, body: bytes) -> bool:
    """The look of a page that was answered so: complete only if understood, and then it shows all there is."""
    made = answering(status, body)
    look = asyncio.run(looked(made, call))
    assert bool(look.problem) is not look.complete
    assert not look.complete or understood(call, status, body), "a page that cannot be read in full shows no absence"
    assert all(
        code in {str(one) for one in DOCUMENTED} or re.fullmatch(r"other|http-([1-5]\d\d|other)", code)
        for _, code, _ in made.told
    )
    found = document(status, body)
    if isinstance(look, ListLook):
        _judge_lines(look, found)
    if look.complete and isinstance(look, LogLook):
        assert found is not None
        assert len(look.entries) == len({json.dumps(item, sort_keys=True) for item in found["job_set"]})
    if isinstance(look, NodesLook):
        assert not look.nodes or found is not None
        assert all(re.fullmatch(r"[0-9a-f.:]+", address) for address in look.endpoints), "nothing but an address"
    return look.complete


def _judge_lines(look: ListLook, found: dict[str, Any] | None) -> None:
    assert not look.clusters or found is not None
    items = (found or {}).get("cluster_set")
    lines = [
        line
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
        for line in (item, item.get("app_cluster"))
    ]
    said = {
        (line.get("cluster_id"), str(line.get("cluster_status")).lower())
        for line in lines
        if isinstance(line, dict) and isinstance(line.get("cluster_id"), str)
    }
    for cluster in look.clusters:
        if cluster.status == "active":
            assert (cluster.id, "active") in said, "Ready comes only from the exact word"
        assert percent(cluster.id) == cluster.id
        assert re.fullmatch(names.ID_PATTERN, cluster.id), "what is listed can be recorded"
    if look.complete:
        ids = {
            line["cluster_id"]
            for line in lines
            if isinstance(line, dict) and re.fullmatch("e?hpc-.*", str(line.get("cluster_id")))
        }
        assert ids <= {cluster.id for cluster in look.clusters}


@pytest.mark.parametrize(("call", "honest"), [(call, honest) for call, all_of in PAGES.items() for honest in all_of])
def test_honest_pages_are_complete(call: str, honest: bytes) -> None:
    """Else the properties below would hold of a client that understands nothing."""
    assert judge(call, 200, honest)


@UNHURRIED
@given(pages, recipes())
def test_a_near_miss_of_a_page_is_complete_only_where_it_can_be_read_in_full(
    honest: tuple[str, bytes], recipe: Recipe
) -> None:
    judge(honest[0], recipe.status, bent(honest[1], recipe))


@UNHURRIED
@given(st.sampled_from(sorted(SETS)), st.integers(100, 999), anything)
def test_any_bytes_at_all_are_complete_only_where_they_can_be_read_in_full(call: str, status: int, body: bytes) -> None:
    judge(call, status, body)
    judge(call, 200, body)


@UNHURRIED
@given(pages, st.integers(0, 999), st.sampled_from(VALUES))
def test_a_field_that_stands_twice_is_never_understood(honest: tuple[str, bytes], where: int, value: object) -> None:
    doubled = bent(honest[1], Recipe(((where, 5, VALUES.index(value)),)))
    if doubled.count(b'"') > honest[1].count(b'"') and document(200, doubled) is None:
        assert not judge(honest[0], 200, doubled)


def judge_create(status: int, body: bytes) -> Accepted | Refused | NoAnswer:
    """The outcome of a create that was answered so, sent once."""
    made = answering(status, body)
    outcome = asyncio.run(made.calls.create(CREDENTIALS, request(), 1000.0))
    assert len(made.transport.calls) == 1, "whatever came back, it is not sent again"
    assert isinstance(outcome, Accepted | Refused | NoAnswer)
    if isinstance(outcome, Accepted):
        found = document(status, body)
        assert found is not None, "success is said exactly, once, and under a status of success"
        assert outcome.cluster_id == found["hpc_cluster_id"]
        assert outcome.cluster_id is not None
        for one in filter(None, (outcome.cluster_id, outcome.job_id)):
            assert re.fullmatch(names.ID_PATTERN, one), "what is accepted can be stored"
            assert percent(one) == one, "and asked for"
    if isinstance(outcome, Refused):
        assert outcome.code in DEFINITE
        assert str(json.loads(body)["ret_code"]) == str(outcome.code)
        assert status < 500
    return outcome


@UNHURRIED
@given(recipes())
def test_a_near_miss_of_a_create_is_accepted_only_as_it_is_said(recipe: Recipe) -> None:
    judge_create(recipe.status, bent(json.dumps(MADE).encode(), recipe))


@UNHURRIED
@given(st.integers(100, 999), anything)
def test_any_answer_to_a_create(status: int, body: bytes) -> None:
    judge_create(status, body)


@pytest.mark.parametrize(
    "code",
    ["true", "false", "0.5", '" 0"', '"0 "', '"00"', '"-0"', '"+0"', '"0x0"', '"٠"', "[0]", '{"0": 0}', "1e-9", "-1"],
)
def test_only_zero_is_success(code: str) -> None:
    body = json.dumps(MADE).replace('"ret_code": 0', f'"ret_code": {code}').encode()
    assert isinstance(judge_create(200, body), NoAnswer)


@pytest.mark.parametrize("codes", [("5000", "0"), ("0", "5000"), ("0", "0"), ("1400", "5000"), ("5000", "1400")])
def test_two_ret_codes_are_none(codes: tuple[str, str]) -> None:
    """Python takes the last: a gateway that puts its own before or after would decide whether a cluster was bought."""
    body = '{"ret_code": %s, "hpc_cluster_id": "ehpc-1", "job_id": "j-1", "ret_code": %s}' % codes  # noqa: UP031
    assert isinstance(judge_create(200, body.encode()), NoAnswer)


@pytest.mark.parametrize("status", [*range(100, 200, 7), *range(300, 600, 7), 201, 204, 404, 999])
def test_success_needs_a_status_of_success(status: int) -> None:
    outcome = judge_create(status, json.dumps(MADE).encode())
    assert isinstance(outcome, Accepted) is (200 <= status < 300)


@pytest.mark.parametrize(("length", "believed"), [(63, True), (64, False), (69, False)])
def test_an_id_that_could_not_be_recorded_is_none(length: int, believed: bool) -> None:
    """A label and both memories hold 63 characters: a longer one was accepted, and could never be written."""
    made = "ehpc-" + "a" * (length - 5)
    assert isinstance(judge_create(200, json.dumps({**MADE, "hpc_cluster_id": made}).encode()), Accepted) is believed
    assert judge("list", 200, page("list", [{**LINE, "cluster_id": made}])) is believed


@UNHURRIED
@given(recipes(), st.sampled_from([MADE, {**MADE, "ret_code": 2100, "message": "gone"}]))
def test_a_change_is_accepted_only_as_it_is_said(recipe: Recipe, honest: dict[str, object]) -> None:
    body = bent(json.dumps(honest).encode(), recipe)
    outcome = asyncio.run(answering(recipe.status, body).calls.delete(CREDENTIALS, ACCOUNT, "ehpc-1", 1000.0))
    if isinstance(outcome, Accepted):
        assert document(recipe.status, body) is not None
    else:
        assert isinstance(outcome, NoAnswer) or outcome.code in DEFINITE


@UNHURRIED
@given(recipes())
def test_the_ids_of_a_person_are_believed_only_as_numbers(recipe: Recipe) -> None:
    body = bent(json.dumps(PERMISSION).encode(), recipe)
    found = asyncio.run(answering(recipe.status, body).calls.person(CREDENTIALS, ACCOUNT))
    if isinstance(found, Person):
        assert document(recipe.status, body) is not None
        assert (found.uid_number, found.gid_number) in {(1001, 1002), (7, 8)} or 1 in (
            found.uid_number,
            found.gid_number,
        )
    else:
        assert len(found) < 1000


# --- what a page may hide


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cluster_name": ["demo-aabcdefghijklmn-1"]}, "the mark stands in a list"),
        ({"cluster_name": {"en": "demo-aabcdefghijklmn-1"}}, "or by language"),
        ({"description": ["aabcdefghijklmn-1"]}, "or in a description of another shape"),
        ({"app_cluster": {"cluster_id": "ehpc-another"}}, "two ids: which of them is meant is not said"),
    ],
)
def test_a_line_that_may_hide_a_mark_is_not_read(change: dict[str, object], reason: str) -> None:
    """Read as a line without a name, it would show that nobody bears our mark, and another would be bought."""
    assert not judge("list", 200, page("list", [{**LINE, **change}])), reason


@pytest.mark.parametrize("empty", [None, "", [], {}, 0, False])
def test_nothing_in_whatever_spelling_is_understood(empty: object) -> None:
    assert judge("list", 200, page("list", [{**LINE, "description": empty, "cluster_name": empty}]))
    assert judge("operation", 200, page("operation", [{**JOBS[0], "resource_ids": empty}]))


@pytest.mark.parametrize(
    "status",
    ["act\u200bive", "\x1b[31mactive\x1b[0m", " active", "active\n", "ａctive", "\u202eactive", ["active"], 1, None],
)
def test_a_status_that_must_be_cleaned_first_is_none(status: object) -> None:
    (line,) = wire.cluster_page(
        wire.Answered(0, "", {"cluster_set": [{**LINE, "cluster_status": status}], "total_count": 1})
    ).items
    assert line.status is None
    nodes = wire.node_page(
        wire.Answered(0, "", {"hpc_app_nodes_set": [{**NODES[0], "status": status}], "total_count": 1})
    )
    assert (nodes.items, bool(nodes.problem)) == ((), True)


def test_two_statuses_are_none() -> None:
    both = {**LINE, "cluster_status": "creating", "app_cluster": {"cluster_status": "active"}}
    (line,) = wire.cluster_page(wire.Answered(0, "", {"cluster_set": [both], "total_count": 1})).items
    assert line.status is None


@pytest.mark.parametrize(
    "ids",
    [
        7,
        True,
        0.5,
        "ehpc\u2010abc",
        "ehpc-\u200babc",
        "EHPC-1 cln-2",
        [["ehpc-"]],
        "hpc\u2011x",
        "e hpc-",
        {"a": "HPC.1"},
    ],
)
def test_an_entry_whose_ids_cannot_be_read_makes_the_page_say_so(ids: object) -> None:
    """Read as an entry that names nothing, a successful one would explain an open create away."""
    assert not judge("operation", 200, page("operation", [{**JOBS[2], "resource_ids": ids}]))


def test_ids_nested_beyond_what_can_be_written_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def deep(_value: object) -> str:
        raise RecursionError

    monkeypatch.setattr("hpc_operator.cloud.text.json.dumps", deep)
    assert wire.operation_page(wire.Answered(0, "", {"job_set": [{**JOBS[1]}], "total_count": 1})).problem


@pytest.mark.parametrize(
    ("total", "complete"), [(3, True), (2, False), (0, False), ("3", True), ("3.0", False), (True, False)]
)
def test_a_log_counts_what_it_shows(total: object, complete: bool) -> None:
    body = json.dumps({"ret_code": 0, "job_set": JOBS, "total_count": total}).encode()
    assert judge("operation", 200, body) is complete


def test_an_address_with_a_zone_is_none() -> None:
    """`fe80::1%<anything>` is an address to Python, and would carry any text into the status."""
    node = {**NODES[0], "eip": "fe80::1%\x1b[31m\nevil"}
    look = asyncio.run(looked(answering(200, page("listNodes", [node])), "listNodes"))
    assert look.endpoints == ("10.0.0.5",)  # type: ignore[union-attr]
