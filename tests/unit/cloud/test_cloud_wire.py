"""What answers come to: the table of ret_codes, the two shapes of lists, and anything at all that may arrive."""

import json
import unicodedata
from dataclasses import replace

import pytest
from cloud_scripts import ACCOUNT, PASSWORD, UNHURRIED, desired, request
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud import body, wire
from hpc_operator.cloud.envelope import Answered, envelope
from hpc_operator.cloud.text import clean, cluster_id, ids_in, instant, job_id, number
from hpc_operator.domain.answers import Accepted, NoAnswer, Refused
from hpc_operator.domain.desired import Role
from hpc_operator.domain.mark import marks_in
from hpc_operator.domain.observed import JobStatus, Node
from hpc_operator.reconcile.ports import Person

OK = {
    "action": "HpcClusterCreateClusterResponse",
    "ret_code": 0,
    "hpc_cluster_id": "ehpc-6pbhlqdn",
    "job_id": "j-ei20x38nikj",
}


def said(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def answered(**fields: object) -> Answered:
    found = envelope(200, said(ret_code=0, **fields))
    assert isinstance(found, Answered)
    return found


# --- createCluster's answer


@pytest.mark.parametrize(
    ("fields", "expected", "reason"),
    [
        (OK, Accepted("j-ei20x38nikj", "ehpc-6pbhlqdn"), "the page's own example"),
        ({**OK, "ret_code": "0"}, Accepted("j-ei20x38nikj", "ehpc-6pbhlqdn"), "numbers come as strings too"),
        ({**OK, "hpc_cluster_id": "hpc-1a"}, Accepted("j-ei20x38nikj", "hpc-1a"), "an hpc cluster"),
        ({**OK, "job_id": None}, Accepted(None, "ehpc-6pbhlqdn"), "the id is what counts; the job is found in the log"),
        ({**OK, "job_id": "../x"}, Accepted(None, "ehpc-6pbhlqdn"), "what does not look like a job id is none"),
        ({**OK, "surprise": {"deep": [1]}}, Accepted("j-ei20x38nikj", "ehpc-6pbhlqdn"), "unknown fields are ignored"),
    ],
)
def test_an_accepted_create(fields: dict[str, object], expected: Accepted, reason: str) -> None:
    assert wire.created(200, said(**fields)) == expected, reason


@pytest.mark.parametrize(
    "given_id", [None, "", 7, [], ["ehpc-1"], "cl-1234", "ehpc-", "ehpc-1\n", "xehpc-1", "ehpc-1/../2"]
)
def test_success_without_a_believable_id_is_no_answer(given_id: object) -> None:
    found = wire.created(200, said(**{**OK, "hpc_cluster_id": given_id}))
    assert isinstance(found, NoAnswer)


DEFINITE = {1100, 1101, 1200, 1300, 1400, 2100, 2400, 2500, *range(4000, 4006), 5200, *range(8000, 8005)}


@pytest.mark.parametrize("code", sorted(DEFINITE))
def test_definite_refusals_of_a_create(code: int) -> None:
    assert wire.created(200, said(ret_code=code, message="no")) == Refused(code, "no")


@pytest.mark.parametrize("code", [2110, 5000, 5100, 5300, 5400, 1, -1, 9999, 3999, 4006, 7999, 8005, 10**30])
def test_every_other_code_leaves_it_open(code: int) -> None:
    found = wire.created(200, said(ret_code=code, message="?", hpc_cluster_id="ehpc-1", job_id="j-1"))
    assert isinstance(found, NoAnswer)
    assert found.code == code


@UNHURRIED
@given(st.integers().filter(lambda code: code not in DEFINITE and code != 0))
def test_the_list_of_definite_refusals_is_closed(code: int) -> None:
    assert isinstance(wire.created(200, said(ret_code=code)), NoAnswer)


@pytest.mark.parametrize(
    ("status", "content", "reason"),
    [
        (500, said(**OK), "a 5xx may come from something in between, whatever it carries"),
        (502, b"<html>Bad Gateway</html>", "a gateway's page"),
        (503, said(ret_code=1101), "not even a refusal is believed with a 5xx"),
        (302, said(**OK), "a redirect is not the service's answer"),
        (200, b"", "nothing"),
        (200, b"<html>login</html>", "HTML instead of JSON"),
        (200, said(hpc_cluster_id="ehpc-1"), "no ret_code"),
        (200, said(ret_code=None), "ret_code is nothing"),
        (200, said(ret_code=True), "a truth value is no number"),
        (200, said(ret_code=False), "nor is the other one, though Python calls it 0"),
        (200, said(ret_code="zero"), "a word is no number"),
        (200, said(ret_code=[0]), "a list is no number"),
        (200, b"[0]", "not an object"),
        (200, b'{"ret_code": 0, "hpc_cluster_id": "ehpc-1"', "half of it"),
        (200, b'{"ret_code": NaN}', "not JSON, though Python would take it"),
        (200, b"[" * 200_000, "nested beyond what can be read"),
        (200, b'{"ret_code": ' + b"9" * 5000 + b"}", "a number nobody can read"),
        (200, b"\xff\xfe\x00", "no text at all"),
    ],
)
def test_what_is_no_answer(status: int, content: bytes, reason: str) -> None:
    assert isinstance(wire.created(status, content), NoAnswer), reason
    assert isinstance(wire.changed(status, content), NoAnswer), reason


def test_a_4xx_with_an_envelope_is_read_for_its_ret_code() -> None:
    assert wire.created(403, said(ret_code=1400, message="denied")) == Refused(1400, "denied")


@pytest.mark.parametrize(
    ("fields", "expected", "reason"),
    [
        ({"ret_code": 0, "job_id": "j-1", "hpc_cluster_id": ["ehpc-1"]}, Accepted("j-1"), "deleteCluster"),
        ({"ret_code": 0, "job_id": ["j-1"]}, Accepted("j-1"), "as a list"),
        ({"ret_code": 0, "job_ids": "j-1", "resize_info": {"x": 1}}, Accepted("j-1"), "the tables' name"),
        ({"ret_code": 0, "job_ids": ["j-1"]}, Accepted("j-1"), "the tables' name, as a list"),
        ({"ret_code": 0, "job_ids": ["j-1"], "job_id": "j-1"}, Accepted("j-1"), "both, alike"),
        ({"ret_code": 0, "job_ids": [], "job_id": "j-1"}, Accepted("j-1"), "an empty list says nothing"),
        ({"ret_code": 0, "job_ids": ["j-1", "j-2"]}, Accepted(), "two: nobody knows which is ours"),
        ({"ret_code": 0, "job_ids": ["j-2"], "job_id": "j-1"}, Accepted(), "both, different"),
        ({"ret_code": 0, "job_ids": ["j-1", {"x": 2}]}, Accepted(), "one that cannot be read beside it"),
        ({"ret_code": 0}, Accepted(), "modifyCluster has no job"),
        ({"ret_code": 2100, "message": "gone"}, Refused(2100, "gone"), "what it means is decided elsewhere"),
        ({"ret_code": 5100}, NoAnswer("ret_code 5100", 5100), "busy: whether it took effect is not said"),
    ],
)
def test_answers_to_changes(fields: dict[str, object], expected: object, reason: str) -> None:
    assert wire.changed(200, said(**fields)) == expected, reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=6,
)
LISTS = ("cluster_set", "job_set", "hpc_app_nodes_set", "total_count", "app_cluster")
FIELDS = ("hpc_cluster_id", "job_id", "cluster_id", "resource_ids", "status", "create_time", "node_id", "role")
known_fields = st.sampled_from(["ret_code", "message", "uid_number", "gid_number", *LISTS, *FIELDS])
objects = st.dictionaries(
    known_fields,
    json_values
    | st.lists(st.dictionaries(known_fields, json_values, max_size=4), max_size=3)
    | st.sampled_from([0, "0", "ehpc-1", "j-1"]),
)
anything = (
    st.binary() | st.text().map(str.encode) | (json_values | objects).map(lambda value: json.dumps(value).encode())
)


@UNHURRIED
@given(st.integers(100, 599), anything)
def test_anything_at_all_may_arrive(status: int, content: bytes) -> None:
    outcome = wire.created(status, content)
    if isinstance(outcome, Accepted):
        fields = json.loads(content)
        assert outcome.cluster_id == fields["hpc_cluster_id"]
        assert number(fields["ret_code"]) == 0
        assert status < 500
    assert isinstance(wire.changed(status, content), Accepted | Refused | NoAnswer)


@UNHURRIED
@given(objects)
def test_any_page_is_read_or_says_that_it_was_not(fields: dict[str, object]) -> None:
    found = Answered(0, "", fields)
    for page, name in (
        (wire.cluster_page(found), "cluster_set"),
        (wire.operation_page(found), "job_set"),
        (wire.node_page(found), "hpc_app_nodes_set"),
    ):
        given_items = fields.get(name)
        whole = isinstance(given_items, list) and len(given_items) == len(page.items)
        assert bool(page.problem) != (whole and number(fields.get("total_count")) is not None and page.total >= 0)
    assert isinstance(wire.person(found), Person | str)


# --- lists

LINE = {
    "cluster_id": "ehpc-1",
    "cluster_name": "demo-aabc",
    "cluster_status": "Active",
    "cluster_type": "ehpc",
    "create_time": "2021-08-17T09:11:16Z",
    "toatl_node_count": "3",
}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (LINE, "the table's shape"),
        ({"app_cluster": LINE}, "the example's"),
        ({"cluster_id": 3, "app_cluster": LINE}, "mixed"),
    ],
)
def test_both_shapes_of_the_cluster_list(item: dict[str, object], reason: str) -> None:
    (line,) = wire.cluster_page(answered(cluster_set=[item], total_count="1")).items
    assert (line.id, line.name, line.status, line.type) == ("ehpc-1", "demo-aabc", "active", "ehpc"), reason
    assert line.created_at == 1629191476.0


@pytest.mark.parametrize("name", ["cluster_name", "description"])
def test_no_length_hides_a_mark(name: str) -> None:
    ours, theirs, cut = "aabcdefghijklmn-1", "azyxwvutsrqponm-2", f"azzzzzzzzzzzzzz-3{'.' * 100_000}"
    long = f"{ours} {'长' * 50_000} {theirs} {theirs} {ours} {'长' * 50_000} {cut}"
    (line,) = wire.cluster_page(answered(cluster_set=[{"cluster_id": "ehpc-1", name: long}], total_count=1)).items
    assert [str(mark) for mark in marks_in(*line.texts)] == [ours, theirs, "azzzzzzzzzzzzzz-3"]
    assert all(len(text) < 5000 for text in line.texts)


def test_missing_fields_are_none_and_never_a_status() -> None:
    (line,) = wire.cluster_page(answered(cluster_set=[{"cluster_id": "hpc-1"}], total_count=1)).items
    assert (line.name, line.status, line.type, line.description, line.created_at) == (None,) * 5


@pytest.mark.parametrize("bad", [{}, {"cluster_id": "cl-1"}, {"cluster_id": "ehpc-1\u202e"}, "ehpc-1", None, 3])
def test_an_unreadable_line_makes_the_page_say_so(bad: object) -> None:
    page = wire.cluster_page(answered(cluster_set=[LINE, bad], total_count=2))
    assert [line.id for line in page.items] == ["ehpc-1"]
    assert "1 unreadable" in page.problem


@pytest.mark.parametrize("fields", [{}, {"cluster_set": []}, {"cluster_set": {}, "total_count": 0}, {"total_count": 0}])
def test_a_page_without_items_or_total_is_not_an_empty_page(fields: dict[str, object]) -> None:
    assert wire.cluster_page(answered(**fields)).problem


JOB = {"job_id": "j-1", "status": "pending", "resource_ids": "ehpc-1 cln-2", "create_time": "2021-08-17T09:11:16Z"}


@pytest.mark.parametrize(
    ("changes", "ids", "reason"),
    [
        ({}, ("ehpc-1", "cln-2"), "space separated, as documented"),
        ({"resource_ids": ["ehpc-1", "cln-2"]}, ("ehpc-1", "cln-2"), "a list"),
        ({"resource_ids": '["ehpc-1"]'}, ("ehpc-1",), "a list written as a string"),
        ({"resource_ids": "ehpc-1,ehpc-2"}, ("ehpc-1", "ehpc-2"), "commas"),
        ({"resource_ids": ""}, (), "none yet"),
        ({"resource_ids": None}, (), "none yet"),
        ({"resource_ids": [{"resource_id": "ehpc-1"}]}, ("ehpc-1",), "objects: the id is not lost"),
        ({"resource_ids": "10.0.0.1 ehpc-1"}, ("ehpc-1",), "what is no id at all is left out"),
    ],
)
def test_ids_of_a_log_entry(changes: dict[str, object], ids: tuple[str, ...], reason: str) -> None:
    (entry,) = wire.operation_page(answered(job_set=[{**JOB, **changes}], total_count=1)).items
    assert entry.resource_ids == ids, reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"resource_ids": "ehpc-\u0000abc"}, "a mangled cluster id is evidence that must not be dropped"),
        ({"resource_ids": "EHPC-1"}, "nor one that looks like a cluster in another spelling"),
        ({"job_id": None}, "an entry without a job_id cannot be told from another"),
        ({"job_id": "j-1 j-2"}, "two are none"),
    ],
)
def test_a_log_entry_that_cannot_be_read_makes_the_page_say_so(changes: dict[str, object], reason: str) -> None:
    page = wire.operation_page(answered(job_set=[{**JOB, **changes}], total_count=1))
    assert (page.items, bool(page.problem)) == ((), True), reason


@pytest.mark.parametrize(
    ("status", "expected"),
    [("pending", JobStatus.PENDING), ("SUCCESSFUL", JobStatus.SUCCESSFUL), ("failed", JobStatus.FAILED)]
    + [(odd, JobStatus.OTHER) for odd in (None, "", "done", "success", 1, ["failed"])],
)
def test_an_unknown_job_status_is_never_an_end(status: object, expected: JobStatus) -> None:
    (entry,) = wire.operation_page(answered(job_set=[{**JOB, "status": status}], total_count=1)).items
    assert entry.status is expected


@pytest.mark.parametrize(
    ("codes", "text"), [("x", "x"), ([1, "b"], '[1, "b"]'), ({"a": 1}, '{"a": 1}'), (0, ""), (None, "")]
)
def test_error_codes_are_of_no_documented_type(codes: object, text: str) -> None:
    (entry,) = wire.operation_page(answered(job_set=[{**JOB, "error_codes": codes}], total_count=1)).items
    assert entry.error_codes == text


NODE = {
    "node_id": "cln-1",
    "role": "Login",
    "status": "Active",
    "health_status": "healthy",
    "cpu": 2,
    "memory": "4096",
    "private_ip": "10.0.0.5",
    "eip": "192.0.2.7",
    "create_time": "2021-08-17T09:11:16Z",
    "transition_status": "",
    "cluster_id": "cl-7",
    "env": PASSWORD,
}


def node(**changes: object) -> Node:
    (found,) = wire.node_page(answered(hpc_app_nodes_set=[{**NODE, **changes}], total_count=1)).items
    return found


def test_a_node_is_all_that_its_line_says() -> None:
    assert node() == Node("cln-1", "login", "active", "healthy", 2, 4096, 1629191476.0, "192.0.2.7", leaving=False)
    (bare,) = wire.node_page(
        answered(hpc_app_nodes_set=[{"node_id": "cln-2", "role": "compute", "status": "pending"}], total_count=1)
    ).items
    assert bare == Node("cln-2", "compute", "pending")


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({"eip": ""}, "10.0.0.5"),
        ({"eip": None, "private_ip": "fd00::1"}, "fd00::1"),
        ({"eip": "", "private_ip": "http://evil/"}, None),
        ({"eip": "fe80::1%evil"}, "10.0.0.5"),
    ],
)
def test_addresses_are_addresses(changes: dict[str, object], address: str | None) -> None:
    assert node(**changes).address == address


@pytest.mark.parametrize("said", [0, -2, "two", None, 2.5, True, [2]])
def test_a_size_that_is_none_is_not_made_up(said: object) -> None:
    assert (node(cpu=said).cpu, node(memory=said).memory) == (None, None)


@pytest.mark.parametrize(
    ("changes", "leaving"),
    [
        ({}, False),
        ({"status": "deleting"}, True),
        ({"status": "Deleted"}, True),
        ({"status": "ceased"}, True),
        ({"transition_status": "deleting"}, True),
        ({"transition_status": "Terminating"}, True),
        ({"transition_status": "updating"}, False),
        ({"transition_status": None}, False),
        ({"status": "pending", "transition_status": "creating"}, False),
    ],
)
def test_a_node_that_is_being_deleted_says_so_in_either_field(changes: dict[str, object], leaving: bool) -> None:
    assert node(**changes).leaving is leaving


@pytest.mark.parametrize("field", ["node_id", "role", "status"])
@pytest.mark.parametrize("bad", [None, "", 3, "a b", ["active"]])
def test_a_node_without_id_role_or_status_is_not_read_and_the_page_says_so(field: str, bad: object) -> None:
    page = wire.node_page(
        answered(hpc_app_nodes_set=[{**NODE, field: bad}, {**NODE, "node_id": "cln-9"}], total_count=2)
    )
    assert [each.id for each in page.items] == ["cln-9"]
    assert "1 unreadable" in page.problem


# --- jobs on a cluster


@pytest.mark.parametrize(
    ("counters", "jobs", "reason"),
    [
        ({"running_job_count": 2, "pending_job_count": 3, "finished_job_count": 99}, 5, "those that run or wait"),
        ({"running_job_count": "2", "pending_job_count": "0"}, 2, "numbers come as strings too"),
        ({"running_job_count": 0, "pending_job_count": 0}, 0, "idle is something that is said"),
        ({"running_job_count": 0}, None, "a missing counter is no zero"),
        ({"pending_job_count": 0, "running_job_count": None}, None, "nor is null"),
        ({"pending_job_count": 0, "running_job_count": ""}, None, "nor nothing"),
        ({"running_job_count": -1, "pending_job_count": 1}, None, "less than none is no number of jobs"),
        ({"running_job_count": 1.5, "pending_job_count": 1}, None, "nor half a job"),
        ({"running_job_count": False, "pending_job_count": 0}, None, "a truth value is no number"),
        ({"running_job_count": [0], "pending_job_count": 0}, None, "nor a list"),
        ({}, None, "the table of fields does not have them"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_jobs_are_counted_only_where_both_counters_are_said(
    counters: dict[str, object], jobs: int | None, reason: str, wrapped: bool
) -> None:
    line = {"app_cluster": {**LINE, **counters}} if wrapped else {**LINE, **counters}
    page = wire.cluster_page(answered(cluster_set=[line, {"cluster_id": "?"}], total_count=2))
    assert (page.jobs, len(page.items)) == ((jobs,), 1), reason


def test_two_counters_that_differ_say_nothing() -> None:
    counters = {"running_job_count": 0, "pending_job_count": 0}
    line = {**LINE, **counters, "app_cluster": {"cluster_id": "ehpc-1", "running_job_count": 4}}
    assert wire.cluster_page(answered(cluster_set=[line], total_count=1)).jobs == (None,)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"uid_number": 1001, "gid_number": "1002"}, Person(1001, 1002)),
        ({"permission": {"uid_number": 1001, "gid_number": 1002}}, Person(1001, 1002)),
        ({"trace": {"hops": 1}, "permission": {"uid_number": 1001.0, "gid_number": 1002}}, Person(1001, 1002)),
        ({"uid_number": 7, "gid_number": 8, "permission": {"uid_number": 7, "gid_number": 8}}, Person(7, 8)),
        ({"uid_number": 7, "gid_number": 8, "other": {"uid_number": 7, "gid_number": 9}}, None),
        ({"uid_number": 0, "gid_number": 1}, None),
        ({"uid_number": -5, "gid_number": 1}, None),
        ({"uid_number": 1001}, None),
        ({"uid_number": True, "gid_number": True}, None),
    ],
)
def test_ids_of_a_person_are_positive_numbers(fields: dict[str, object], expected: Person | None) -> None:
    found = wire.person(answered(**fields))
    assert found == expected if expected else isinstance(found, str)


# --- single values


@pytest.mark.parametrize(
    ("raw", "expected", "reason"),
    [
        ("plain 余额不足", "plain 余额不足", "people's languages stay"),
        ("a\x1b[31mred\x1b[0m\x1b]0;title\x07b", "aredb", "terminal escapes go"),
        ("a\u202eb\u2066c\u200fd", "abcd", "bidirectional controls go"),
        ("a\x00\x07\x7f\x80b", "ab", "control characters go"),
        ("one\r\ntwo\u2028three", "one two three", "one line"),
        ("\ud800x", "x", "a lone surrogate cannot be written anywhere"),
        ("y" * 500, "y" * 19 + "…", "cut"),
    ],
)
def test_texts_are_cleaned(raw: str, expected: str, reason: str) -> None:
    assert clean(raw, 20) == expected, reason


@UNHURRIED
@given(st.text(), st.integers(2, 50))
def test_a_cleaned_text_is_short_and_harmless(raw: str, limit: int) -> None:
    found = clean(raw, limit)
    assert len(found) <= limit
    assert not any(unicodedata.category(char).startswith("C") for char in found)
    assert found.encode().decode() == found


@pytest.mark.parametrize(
    ("text", "seconds", "reason"),
    [
        ("2021-08-17T09:11:16Z", 1629191476.0, "as documented"),
        ("2021-08-17T17:11:16+08:00", 1629191476.0, "another zone, said"),
        ("2021-08-17T09:11:16.500Z", 1629191476.5, "fractions"),
        ("2021-08-17 09:11:16", None, "no zone: eight hours in doubt would hide our own create from the log's range"),
        ("2021-08-17", None, "a date is no time"),
        ("2021-13-40T09:11:16Z", None, "no such day"),
        ("1970-01-01T00:00:00Z", None, "a create before the platform existed would explain anything away"),
        (1629191476, None, "numbers are of no documented unit"),
        (None, None, "absent"),
    ],
)
def test_times(text: object, seconds: float | None, reason: str) -> None:
    assert instant(text) == seconds, reason


@pytest.mark.parametrize(
    ("value", "expected", "reason"),
    [
        (7, 7, "as documented"),
        (" 7 ", 7, "in a string"),
        (7.0, 7, "with a fraction of zero"),
        (1.1e7, 11_000_000, "as some writers put large numbers"),
        (7.5, None, "not whole"),
        (2.0**53, None, "a digit may be lost"),
        (float("nan"), None, "no number"),
        (float("inf"), None, "no number"),
        ("7.0", None, "a string of a fraction is neither"),
        (True, None, "truth is no number"),
        ("", None, "empty"),
        ([7], None, "a list"),
    ],
)
def test_numbers(value: object, expected: int | None, reason: str) -> None:
    assert number(value) == expected, reason
    assert not isinstance(number(value), float)


@UNHURRIED
@given(json_values)
def test_no_value_makes_a_parser_raise(value: object) -> None:
    instant(value), number(value), cluster_id(value), job_id(value), ids_in(value)


# --- what createCluster is sent


def test_the_body_is_the_documented_shape() -> None:
    made = body.create_body(
        request(parameters={"scheduler_type": "slurm", "deploy_mode": "1"}, create_only={"status": "x"})
    )
    assert made == {
        "status": "x",
        "paid_type": "PayForUsed",
        "duration": 0,
        "is_auto_renewal": 0,
        "scheduler_type": "slurm",
        "deploy_mode": "1",
        "cluster_type": "ehpc",
        "version_id": "appv-1",
        "zone": "jn1a",
        "owner": "usr-abc123",
        "user_id": "usr-abc123",
        "uid_number": 1001,
        "gid_number": 1002,
        "cluster_name": "demo-aabcdefghijklmn-1",
        "cluster_conf": {
            "cluster": {
                "vxnet": "vxnet-1",
                "name": "demo-aabcdefghijklmn-1",
                "nas_id": "nas-1",
                "login": {"count": 1, "cpu": 2, "memory": 4096},
                "controller": {"count": 1, "cpu": 2, "memory": 4096},
                "compute": {"count": 2, "cpu": 2, "memory": 4096, "nas_mount_point": "/home"},
            },
            "env": {
                "admin.user_id": 1001,
                "admin.group_id": 1002,
                "admin.user": "admin",
                "nas_path": "/nas",
                "nfs_need": 1,
                "admin.password": PASSWORD,
            },
            "version": "appv-1",
        },
    }


def test_the_operator_answers_for_names_account_and_passwords_whatever_the_manifest_says() -> None:
    sly = {"owner": "usr-other", "cluster_name": "other", "zone": "x", "user_id": "usr-other", "cluster_type": "hpc"}
    made = body.create_body(request(create_only=sly, parameters={"cluster_conf": "{}"}))
    assert (made["owner"], made["user_id"], made["zone"]) == (ACCOUNT.owner, ACCOUNT.owner, ACCOUNT.zone)
    assert made["cluster_name"] == "demo-aabcdefghijklmn-1"
    assert isinstance(made["cluster_conf"], dict)


def test_env_defaults_fill_in_what_the_manifest_leaves_out_and_nothing_else() -> None:
    made = body.create_body(request(), env_defaults={"nfs_dns": "10.0.0.1", "nfs_need": 0})
    conf = made["cluster_conf"]
    assert isinstance(conf, dict)
    env = conf["env"]
    assert isinstance(env, dict)
    assert (env["nfs_dns"], env["nfs_need"]) == ("10.0.0.1", 1), "the manifest says nfs_need: 1"


def test_a_term_is_sent_as_the_manifest_says() -> None:
    terms = {"paid_type": "Reserved", "duration": 12, "is_auto_renewal": True}
    made = body.create_body(request(parameters=terms))
    assert (made["paid_type"], made["duration"]) == ("Reserved", 12)
    assert body.text({"x": made["is_auto_renewal"]}) == '{"x": 1}'


def test_cluster_conf_as_text_is_the_same_conf() -> None:
    as_object, as_text = (body.create_body(request(), conf_as_text=flag) for flag in (False, True))
    assert isinstance(as_text["cluster_conf"], str)
    assert json.loads(as_text["cluster_conf"]) == as_object["cluster_conf"]


def test_an_ownerless_role_count_means_one_and_none_is_never_sent() -> None:
    assert "null" not in body.text(body.create_body(request()))


@pytest.mark.parametrize(
    "lacking", [{"version_id": None}, {"conf": None}, {"conf": replace(desired().conf, vxnet=None)}]
)
def test_what_only_an_observed_cluster_does_without_is_never_sent(lacking):
    """A create without a network would be somebody's guess."""
    with pytest.raises(ValueError, match="a create needs version_id and cluster_conf with a vxnet"):
        body.create_body(request(**lacking))
    assert Role(None, 1, 1).count is None


def test_passwords_are_in_no_repr() -> None:
    assert PASSWORD not in repr(request())
