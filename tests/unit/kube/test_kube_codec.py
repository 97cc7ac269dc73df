"""Raw resource to domain and back: exact, minimal, and never surprised by what a server may hold."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.domain.desired import (
    DeletionPolicy,
    DisruptionPolicy,
    ManagementPolicy,
    Orders,
    Power,
    Role,
    SecretKey,
)
from hpc_operator.domain.record import (
    Account,
    Closed,
    Condition,
    Intent,
    Memory,
    NodeCount,
    OperationAction,
    Origin,
    Outcome,
    Plan,
    PlannedChange,
    Record,
    RefusedWish,
    Report,
)
from hpc_operator.kube import names
from hpc_operator.kube.codec import REPORT_KEYS, encode_status, parse_resource, status_patch
from hpc_operator.kube.instants import clean, read_time, seconds, to_milliseconds, write_time
from hpc_operator.kube.memory_read import MEMORY_KEYS, Newer, parse_memory, parse_record
from hpc_operator.kube.memory_schema import StatusFields
from hpc_operator.kube.memory_written import encode_intent, encode_record

ACCOUNT = Account("https://hpc-api.qingcloud.com/api", "jn1a", "usr-1a2b3c4d")
INTENT = Intent(OperationAction.CREATE, "aabcdefghijklmn", 1, 1_700_000_000.25, "n-1", ACCOUNT, "k-1", 3)
RECORD = Record("aabcdefghijklmn", ACCOUNT, Origin.CREATED)
MEMORY = Memory(mark="aabcdefghijklmn", account=ACCOUNT, origin=Origin.CREATED, hpc_cluster_id="ehpc-1", job_id="j-1")
REPORT = Report(
    3, (Condition("Ready", "False", "Creating", "job j-1 is running", 3, 1_700_000_000.0),), "a=b", "pending"
)
ROLE = {"cpu": 2, "memory": 4096}


def raw(status=None, annotations=None, **meta):
    cluster = {"vxnet": "vxnet-1", "login": {**ROLE, "count": 2}, "controller": ROLE, "compute": ROLE}
    metadata = {
        "namespace": "team",
        "name": "one",
        "uid": "u-1",
        "resourceVersion": "7",
        "generation": 3,
        "creationTimestamp": "2026-01-31T09:05:00Z",
        "annotations": annotations or {},
        **meta,
    }
    spec = {"cluster_type": "ehpc", "version_id": "appv-1", "cluster_conf": {"cluster": cluster}}
    return {"metadata": metadata, "spec": spec, "status": status or {"observedGeneration": -1}}


def applied(document, patch):
    """RFC 7386, written here anew: what a server makes of a merge patch."""
    result = dict(document)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = applied(result[key] if isinstance(result.get(key), dict) else {}, value)
        else:
            result[key] = value
    return result


ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)
marks = st.from_regex(r"a[a-z2-7]{14}", fullmatch=True)
tokens = st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True)
instants = st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000)
whole = st.integers(0, 1000)
texts = st.text(st.characters(codec="utf-8"), max_size=40).map(lambda t: clean(t, 40))
accounts = st.builds(
    Account,
    st.sampled_from(["https://hpc-api.qingcloud.com/api", "http://127.0.0.1:8080/api"]),
    st.sampled_from(["jn1a", "jinan1"]),
    st.from_regex(r"usr-[A-Za-z0-9]{1,12}", fullmatch=True),
)
intents = st.builds(
    Intent,
    action=st.sampled_from(OperationAction),
    mark=marks,
    attempt=whole,
    started_at=instants,
    nonce=tokens,
    account=accounts,
    key=tokens,
    generation=whole,
    log_from=st.none() | instants,
    job_id=st.none() | ids,
    gone=st.booleans(),
    role=st.none() | st.sampled_from(["login", "controller", "compute"]),
    count=st.none() | st.integers(1, 99),
    nodes=st.lists(ids, max_size=3).map(tuple),
    cpu=st.none() | st.integers(1, 99),
    memory=st.none() | st.integers(1, 99),
    ended_at=st.none() | instants,
)
wishes = st.text(st.characters(codec="utf-8"), max_size=40)
refusals = st.builds(
    RefusedWish,
    field=texts,
    wish=wishes,
    at=instants,
    generation=whole,
    code=st.none() | st.integers(-1, 9000),
    message=texts,
    failures=st.integers(1, 9),
    reconcile_at=st.none() | texts,
)
closings = st.builds(
    Closed,
    action=st.sampled_from(OperationAction),
    attempt=whole,
    outcome=st.sampled_from(Outcome),
    at=instants,
    generation=whole,
    code=st.none() | st.integers(-1, 9000),
    message=texts,
    failures=whole,
)
nodes = st.lists(st.sampled_from(["login", "controller", "compute"]), unique=True).flatmap(
    lambda roles: st.tuples(
        *(
            st.builds(NodeCount, st.just(r), whole, whole, *[st.none() | whole] * 3)
            for r in ("login", "controller", "compute")
            if r in roles
        )
    )
)
memories = st.builds(
    Memory,
    mark=st.none() | marks,
    account=st.none() | accounts,
    origin=st.none() | st.sampled_from(Origin),
    hpc_cluster_id=st.none() | ids,
    job_id=st.none() | ids,
    strays=st.lists(ids, max_size=3).map(tuple),
    recorded_at=st.none() | instants,
    first_active_at=st.none() | instants,
    described=st.none() | tokens,
    described_at=st.none() | instants,
    nodes=nodes,
    endpoints=st.lists(texts.filter(bool), max_size=3).map(tuple),
    operation=st.none() | intents,
    last_operation=st.none() | closings,
    refused=st.lists(refusals, max_size=3).map(tuple),
    waiting_since=st.none() | instants,
    stopped=st.booleans(),
    restarted=st.none() | wishes.filter(bool),
    connection=st.none() | tokens,
    taken_over=st.none() | ids,
    newer=st.just(False),
)
records = st.builds(
    Record, mark=marks, account=accounts, origin=st.sampled_from(Origin), id=st.none() | ids, nonce=st.just("") | tokens
)
conditions = st.builds(
    Condition,
    type=st.sampled_from(["Ready", "Reconciling", "Stalled", "Available"]),
    status=st.sampled_from(["True", "False", "Unknown"]),
    reason=st.sampled_from(["Creating", "AsWished"]),
    message=texts,
    observed_generation=whole,
    changed=instants,
)
changes = st.builds(PlannedChange, texts, texts, texts, texts, st.booleans())
plans = st.builds(Plan, st.lists(changes, max_size=2).map(tuple), st.lists(texts, max_size=2).map(tuple))
short = st.none() | texts.filter(bool)
reports = st.builds(
    Report,
    observed_generation=whole,
    conditions=st.lists(conditions, max_size=4, unique_by=lambda c: c.type).map(tuple),
    selector=st.just("hpc.qingcloud.com/uid=u-1"),
    cluster_status=short,
    cluster_name=short,
    create_time=short,
    last_handled_reconcile_at=short,
    plan=st.none() | plans,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(records)
def test_a_record_comes_back_as_it_was(record):
    assert parse_record(encode_record(record)) == record


@given(memories, st.none() | reports)
def test_a_memory_comes_back_as_it_was_whatever_stands_beside_it(memory, report):
    status = json.loads(json.dumps(encode_status(memory, report)))
    assert parse_resource(raw(status)).memory == memory


@given(memories, reports, memories, reports)
def test_a_patch_makes_the_status_say_the_wish_and_a_second_one_is_empty(was, was_report, memory, report):
    there = parse_resource(raw(encode_status(was, was_report)))
    patch = status_patch(there, memory, report) or {"status": {}}
    after = applied(there.status, patch["status"])
    assert after == encode_status(memory, report)
    assert status_patch(parse_resource(raw(after)), memory, report) is None


@given(memories, reports, memories)
def test_without_a_report_only_the_memory_is_touched(was, report, memory):
    there = parse_resource(raw(encode_status(was, report)))
    patch = status_patch(there, memory) or {"status": {}}
    assert set(patch["status"]) <= MEMORY_KEYS
    assert applied(there.status, patch["status"]) == encode_status(memory, report)


@given(json_values, json_values, json_values, st.dictionaries(st.text(max_size=12), json_values, max_size=3))
def test_no_stored_object_makes_parsing_raise(spec, status, annotations, meta):
    parse_resource({"metadata": {**raw()["metadata"], "annotations": annotations, **meta}, "spec": spec})
    parse_resource({**raw(), "status": status, "spec": spec})
    parse_resource({"metadata": spec, "status": status})


@given(st.sampled_from(sorted(MEMORY_KEYS | REPORT_KEYS)), json_values, st.text(max_size=30))
def test_no_edited_memory_makes_parsing_raise_or_reads_as_none(key, value, annotation):
    status = {**encode_status(MEMORY, REPORT), key: value}
    resource = parse_resource(raw(status, {names.ANNOTATION_RECORD: annotation}))
    assert resource.problem or resource.memory.newer or resource.record, "a damaged record is not no record"


@given(instants)
def test_times_are_exact_to_the_millisecond(instant):
    text = write_time(instant)
    assert len(text) == len("2026-01-31T09:05:00.250Z")
    assert read_time(text) == instant == to_milliseconds(instant)


@given(st.floats(0, 4e9))
def test_what_is_rounded_before_it_is_written_comes_back_equal(instant):
    assert read_time(write_time(instant)) == to_milliseconds(instant)
    assert math.isclose(to_milliseconds(instant), instant, abs_tol=0.0006)


def test_a_whole_resource_is_read():
    annotations = {
        names.ANNOTATION_RECORD: encode_record(replace(RECORD, id="ehpc-1")),
        names.ANNOTATION_CREATE_BESIDE: "ehpc-1, ehpc-2 aabcdefghijklmn-1",
        names.ANNOTATION_ADOPT: " ehpc-3 ",
        names.ANNOTATION_RECREATE: "aabcdefghijklmn-1",
        names.ANNOTATION_PAUSED: "true",
        names.ANNOTATION_RECONCILE_AT: "now",
    }
    document = raw(encode_status(MEMORY, REPORT), annotations, finalizers=["other", names.FINALIZER])
    document["metadata"]["deletionTimestamp"] = "2026-01-31T09:06:00Z"
    document["spec"] |= {
        "adminPasswordSecretRef": {"name": "s", "key": "k"},
        "credentialsSecretRef": {"name": "c"},
        "deletionPolicy": "Retain",
        "managementPolicy": "Observe",
        "createTimeout": "1h30m",
        "power": "Stopped",
        "disruptionPolicy": "Immediate",
        "disruptionDeadline": "8h",
        "paid_type": "PayForUsed",
        "duration": 0,
        "createOnly": {"cur_cpu": 1},
    }
    document["spec"]["cluster_conf"]["env"] = {"admin.user": "admin", "nfs_need": 1}
    resource = parse_resource(document)
    assert resource.problem is None
    assert (resource.created_at, resource.deleting_since) == (1769850300.0, 1769850360.0)
    assert resource.finalizer
    assert resource.orders == Orders(
        adopt="ehpc-3",
        create_beside=("ehpc-1", "ehpc-2", "aabcdefghijklmn-1"),
        recreate="aabcdefghijklmn-1",
        paused=True,
        reconcile_at="now",
    )
    wish = resource.desired
    assert wish.conf.roles == {
        "login": Role(2, 2, 4096),
        "controller": Role(None, 2, 4096),
        "compute": Role(None, 2, 4096),
    }
    assert wish.conf.env == {"admin.user": "admin", "nfs_need": 1}
    assert wish.parameters == {"paid_type": "PayForUsed", "duration": 0}
    assert wish.create_only == {"cur_cpu": 1}
    assert (wish.admin_password, wish.credentials_secret) == (SecretKey("s", "k"), "c")
    assert (wish.deletion_policy, wish.management_policy) == (DeletionPolicy.RETAIN, ManagementPolicy.OBSERVE)
    assert wish.create_timeout == 5400.0
    assert (wish.power, wish.disruption_policy) == (Power.STOPPED, DisruptionPolicy.IMMEDIATE)
    assert wish.disruption_deadline == 28800.0
    assert resource.record.id == resource.memory.hpc_cluster_id == "ehpc-1"
    assert resource.conditions == REPORT.conditions


@pytest.mark.parametrize(
    ("value", "paused", "reason"),
    [
        (None, False, "not asked"),
        ("", False, "a template that filled in nothing"),
        ("False", False, "said no"),
        ("true", True, "as documented"),
        ("yes", True, "whoever writes anything else means it: waiting costs less than acting"),
    ],
)
def test_paused_is_taken_in_doubt(value, paused, reason):
    annotations = {} if value is None else {names.ANNOTATION_PAUSED: value}
    assert parse_resource(raw(annotations=annotations)).orders.paused is paused, reason


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (names.ANNOTATION_ADOPT, "", "an empty adoption must not become a create"),
        (names.ANNOTATION_ADOPT, "ehpc-1&owner=x", "it enters a URL"),
        (names.ANNOTATION_ADOPT, "ehpc-1,ehpc-2", "one cluster is adopted, not two"),
        (names.ANNOTATION_TAKE_OVER, "cl-1", "an application's id is not a cluster's"),
        (names.ANNOTATION_RECREATE, "a b", "one thing is answered at a time"),
        (names.ANNOTATION_CREATE_BESIDE, ",", "nothing is named"),
        (names.ANNOTATION_CREATE_BESIDE, "ehpc-1;ehpc-2", "separated by commas or blanks"),
    ],
)
def test_an_order_that_cannot_be_understood_stops_everything(name, value, reason):
    problem = parse_resource(raw(annotations={name: value})).problem
    assert problem is not None, reason
    assert problem.startswith(f"annotation {name}: must be "), reason
    assert "remove it" in problem


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"hpc_cluster_id": 7}, "status.hpc_cluster_id", "a wrong type"),
        ({"hpc_cluster_id": "x&y"}, "status.hpc_cluster_id", "it enters a URL"),
        ({"operation": {"version": 1}}, "status.operation.action", "half an intent"),
        ({"operation": {**encode_intent(INTENT), "startedAt": "now"}}, "status.operation.startedAt", "not a time"),
        ({"operation": {**encode_intent(INTENT), "startedAt": "2026-13-01T00:00:00.000Z"}}, "status: month", "no date"),
        ({"operation": {**encode_intent(INTENT), "version": 0}}, "status.operation.version", "no such version"),
        ({"lastOperation": {"action": 7}}, "status.lastOperation.action", "not a word"),
        ({"operation": {**encode_intent(INTENT), "nodes": ["x&y"]}}, "status.operation.nodes.0", "it enters a URL"),
        ({"operation": {**encode_intent(INTENT), "role": 7}}, "status.operation.role", "not a word"),
        ({"refused": [{"field": "power"}]}, "status.refused.0.wish", "half a refusal"),
        ({"stopped": "yes"}, "status.stopped", "a wrong type"),
    ],
)
def test_an_unreadable_memory_is_a_problem_and_stays_as_it_is(change, field, reason):
    status = {**encode_status(MEMORY, REPORT), **change}
    resource = parse_resource(raw(status))
    assert resource.problem is not None, reason
    assert field in resource.problem, reason
    assert "memory of this cluster was edited or damaged" in resource.problem
    patch = status_patch(resource, Memory(), replace(REPORT, cluster_status="active"))
    assert patch == {"status": {"cluster_status": "active"}}, "what cannot be read must not be overwritten"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "emptied"),
        ("{", "cut"),
        ("[]", "not an object"),
        ("[" * 5000, "deep"),
        (encode_record(RECORD).replace('"version":1', '"version":"1"'), "a wrong type"),
        (encode_record(RECORD).replace("usr-1a2b3c4d", "usr-1/../x"), "an owner that would change a URL"),
        (encode_record(RECORD).replace(',"origin":"Created"', ""), "a field lost"),
    ],
)
def test_a_malformed_record_is_a_problem_never_no_record(text, reason):
    resource = parse_resource(raw(annotations={names.ANNOTATION_RECORD: text}))
    assert resource.record is None
    assert resource.problem is not None, reason
    assert resource.problem.startswith(f"annotation {names.ANNOTATION_RECORD}"), reason


NEWER_OPERATION = {**encode_intent(INTENT), "version": 3, "shape": "unknown"}


@pytest.mark.parametrize(
    ("status", "annotation", "reason"),
    [
        ({"operation": NEWER_OPERATION}, None, "a newer intent"),
        ({"operation": {**encode_intent(INTENT), "queue": "q"}}, None, "a field that only a newer CRD lets in"),
        ({"operation": {**encode_intent(INTENT), "action": "Dance"}}, None, "a call that this version does not know"),
        ({"lastOperation": {"action": "Dance"}}, None, "the same, closed"),
        (encode_status(MEMORY, None), encode_record(RECORD).replace('"version":1', '"version":2'), "a newer record"),
        (
            encode_status(MEMORY, None),
            encode_record(RECORD).replace('"version":1', '"version":1,"queue":"q"'),
            "a newer record's field",
        ),
    ],
)
def test_a_newer_memory_is_told_apart_and_left_alone(status, annotation, reason):
    annotations = {names.ANNOTATION_RECORD: annotation} if annotation else {}
    resource = parse_resource(raw(status, annotations))
    assert resource.memory.newer, reason
    assert resource.problem is None, reason
    for memory in (resource.memory, Memory()):
        patch = status_patch(resource, memory, REPORT)
        assert not set(patch["status"]) & MEMORY_KEYS, reason


def test_an_operator_of_before_leaves_every_change_alone_and_goes_on_with_what_it_knew():
    """It takes whatever is above version 1 for a newer operator's; the shape of a create has not changed."""
    for action in OperationAction:
        version = encode_intent(replace(INTENT, action=action))["version"]
        assert version == (1 if action in ("Create", "Delete") else 2), action
    assert set(encode_intent(INTENT)) == {
        "version", "action", "mark", "attempt", "startedAt", "nonce", "account", "key", "generation",
    }  # fmt: skip
    assert json.loads(encode_record(RECORD))["version"] == 1


def test_a_settled_status_of_before_causes_no_write():
    """Word for word as version 0.3 left it."""
    roles = {role: {"desired": 1, "active": 1} for role in ("login", "controller", "compute")}
    closed = {
        "action": "Create", "attempt": 1, "outcome": "Accepted", "at": "2026-01-31T09:05:00.250Z", "generation": 1,
    }  # fmt: skip
    old = {
        "hpc_cluster_id": "ehpc-1",
        "nodes": roles,
        "nodesActive": "3/3",
        "lastOperation": closed,
        "operation": {**encode_intent(INTENT), "version": 1},
    }
    resource = parse_resource(raw(old))
    assert status_patch(resource, resource.memory) is None


def test_a_wish_is_kept_to_the_letter_so_that_it_is_known_again():
    """A refusal holds for the wish that equals it: a cleaned one would be tried for ever."""
    wish = "zero\u200bwidth\u00a0\u2028line"
    refused = RefusedWish("description", wish, 0.0, 1, 1100)
    assert parse_resource(raw(encode_status(replace(MEMORY, refused=(refused,)), None))).memory.refused == (refused,)


def test_an_open_intent_is_never_cut():
    """Its nodes are what a count is compared with, so what does not fit must fail."""
    nodes = tuple(f"cln-{n}" for n in range(names.NODES_LIMIT))
    intent = replace(INTENT, action=OperationAction.ADD_NODES, nodes=nodes)
    assert parse_memory({"operation": encode_intent(intent)}).operation == intent
    more = encode_intent(replace(intent, nodes=(*nodes, "cln-x")))
    assert len(more["nodes"]) == names.NODES_LIMIT + 1
    with pytest.raises(ValueError, match="at most"):
        parse_memory({"operation": more})


def test_lists_and_texts_beyond_their_bounds_are_cut():
    many = tuple(RefusedWish(f"f{n}", "w" * 2000, 0.0, 1, None, "m" * 9000) for n in range(names.LIST_LIMIT + 1))
    plan = Plan((PlannedChange("f", "a" * 2000, "b" * 2000, "c", True),) * 200, ("u" * 2000,) * 200)
    status = encode_status(replace(MEMORY, refused=many, restarted="r" * 2000), replace(REPORT, plan=plan))
    assert [each["field"] for each in status["refused"]] == [f"f{n}" for n in range(1, names.LIST_LIMIT + 1)], "newest"
    assert len(status["refused"][0]["wish"]) == len(status["restarted"]) == names.WISH_LIMIT
    assert len(status["plan"]["changes"]) == len(status["plan"]["unknown"]) == names.LIST_LIMIT
    assert StatusFields.model_validate(status).plan.changes[0].was == "a" * names.WISH_LIMIT


def test_a_plan_says_so_when_nothing_would_be_done_and_goes_with_the_mode():
    there = parse_resource(raw(encode_status(MEMORY, replace(REPORT, plan=Plan()))))
    assert there.status["plan"] == {"changes": []}
    assert status_patch(there, MEMORY, REPORT) == {"status": {"plan": None}}


def test_newer_is_an_outcome_of_its_own():
    with pytest.raises(Newer):
        parse_memory({"operation": NEWER_OPERATION})


def test_the_next_intent_takes_nothing_over_from_the_one_before():
    before = replace(INTENT, log_from=5.0, job_id="j-1", gone=True)
    resource = parse_resource(raw(encode_status(replace(MEMORY, operation=before), None)))
    patch = status_patch(resource, replace(MEMORY, operation=INTENT))
    assert patch == {"status": {"operation": {"logFrom": None, "jobId": None, "gone": None}}}


def test_a_condition_of_somebody_else_stays():
    theirs = {
        "type": "Audited",
        "status": "True",
        "reason": "x",
        "message": "",
        "lastTransitionTime": "2026-01-31T09:05:00Z",
    }
    status = encode_status(MEMORY, REPORT)
    status["conditions"] = [theirs, {**status["conditions"][0], "status": "True"}]
    patch = status_patch(parse_resource(raw(status)), MEMORY, REPORT)
    assert patch == {"status": {"conditions": [*encode_status(MEMORY, REPORT)["conditions"], theirs]}}


@given(st.text(max_size=60), st.integers(1, 70))
def test_the_short_way_to_a_clean_text_is_the_long_one(text, limit):
    assert clean(text, limit) == clean(f"\0{text}", limit), "a NUL leaves no trace but the long way"


def test_hostile_texts_are_cleaned_and_cut_so_that_the_server_takes_them():
    bad = "\ud800\x00\x1b[31m" + "x" * 10_000
    report = replace(REPORT, cluster_name=bad, conditions=(replace(REPORT.conditions[0], message=bad),))
    memory = replace(MEMORY, last_operation=Closed(OperationAction.CREATE, 1, Outcome.REFUSED, 0.0, 1, 1400, bad))
    status = encode_status(memory, report)
    assert status["cluster_name"].startswith("?[31mx")
    assert len(status["cluster_name"]) == names.TEXT_LIMIT
    assert len(status["conditions"][0]["message"]) == len(status["lastOperation"]["message"]) == names.MESSAGE_LIMIT


@pytest.mark.parametrize(("text", "wanted"), [("60m", 3600), ("1h30m", 5400), ("90s", 90), ("2h", 7200)])
def test_durations(text, wanted):
    assert seconds(text) == wanted


def test_nodes_active_sums_the_roles_and_is_absent_while_none_is_known():
    nodes = (NodeCount("login", 1, 1), NodeCount("controller", 1, 1), NodeCount("compute", 3, 2))
    assert encode_status(replace(MEMORY, nodes=nodes), None)["nodesActive"] == "4/5"
    assert "nodesActive" not in encode_status(MEMORY, None)
