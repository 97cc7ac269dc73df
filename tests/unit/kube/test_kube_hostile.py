"""Hostile objects, Secrets and answers at the schema edge: nothing raises, nothing unreadable is read as nothing.

The honest object is bent as in `hostile`; the decision is taken over whatever is read from it, with looks that show
this resource's cluster.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_api import MemoryApi

from hostile import VALUES, Recipe, bent, recipes
from hpc_operator.decide.decision import Act
from hpc_operator.decide.facts import Facts, Scene
from hpc_operator.decide.planner import decide
from hpc_operator.decide.report import remembered, report
from hpc_operator.domain.actions import Close, Create, Delete, Describe, Release
from hpc_operator.domain.desired import Ref, SecretKey
from hpc_operator.domain.mark import stem
from hpc_operator.domain.observed import Cluster, Entry, JobStatus, ListLook, LogLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.record import (
    Account,
    Closed,
    Intent,
    Memory,
    OperationAction,
    Origin,
    Outcome,
    Record,
    Resource,
)
from hpc_operator.kube import names
from hpc_operator.kube.codec import encode_status, parse_resource, status_patch
from hpc_operator.kube.events import Announcer
from hpc_operator.kube.lease import LeaseLoop
from hpc_operator.kube.memory_written import encode_record
from hpc_operator.kube.passwords import Secrets
from hpc_operator.kube.resources import KubeStore, Told
from hpc_operator.kube.startup import Startup
from hpc_operator.kube.store import Server
from hpc_operator.reconcile.cache import Cache
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, SecretProblem, Unavailable

NOW, FLEET = 1_900_000_000.0, "prod"
REF = Ref("team", "one", "uid-1")
STEM = stem(FLEET, REF)
ACCOUNT = Account("https://hpc.test/api", "jn1a", "usr-1")
PORTS = (Conflict, CrdTooOld, Gone, SecretProblem, Unavailable)
CREATE = Intent(OperationAction.CREATE, STEM, 1, NOW - 5000, "n-1", ACCOUNT, "k-1", 1)
DELETE = replace(CREATE, action=OperationAction.DELETE, job_id="j-9")
DONE = Closed(OperationAction.CREATE, 1, Outcome.ACCEPTED, NOW - 4000, 1)
KNOWN = Memory(STEM, ACCOUNT, Origin.CREATED, "ehpc-ours", "j-1", recorded_at=NOW - 5000, last_operation=DONE)
MEMORIES = {
    "open": Memory(STEM, ACCOUNT, operation=CREATE),
    "known": KNOWN,
    "deleting": replace(KNOWN, operation=DELETE),
    "refused": Memory(STEM, ACCOUNT, last_operation=replace(DONE, outcome=Outcome.REFUSED, code=1101)),
}
ROLE = {"cpu": 2, "memory": 4096}
SPEC = {
    "cluster_type": "ehpc",
    "version_id": "appv-1",
    "cluster_conf": {"cluster": {"vxnet": "vxnet-1", "login": ROLE, "controller": ROLE, "compute": ROLE}},
    "deletionPolicy": "Delete",
}


def honest(memory: Memory, *, deleting: bool = False, record: bool = True) -> dict[str, Any]:
    made = Record(STEM, ACCOUNT, Origin.CREATED, memory.hpc_cluster_id, "n-0", "k-1")
    meta: dict[str, Any] = {
        "namespace": REF.namespace,
        "name": REF.name,
        "uid": REF.uid,
        "resourceVersion": "7",
        "generation": 1,
        "creationTimestamp": "2026-01-31T09:05:00Z",
        "annotations": {names.ANNOTATION_RECORD: encode_record(made)} if record else {},
        "finalizers": [names.FINALIZER],
    }
    if deleting:
        meta["deletionTimestamp"] = "2030-01-31T09:05:00Z"
    return {"kind": names.KIND, "metadata": meta, "spec": SPEC, "status": encode_status(memory, None)}


def read(raw: bytes) -> Any:
    """As `kube.store` reads a body; None for what is no object."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def scene(resource: Any) -> Scene:
    line = Cluster("ehpc-ours", f"one-{STEM}-1", "active", "ehpc", None, NOW - 4900)
    lists = tuple(ListLook(NOW - age, True, "k-1", (line,)) for age in (1, 11, 21))
    log = LogLook(NOW - 1, True, "k-1", 0.0, (Entry("j-1", JobStatus.SUCCESSFUL, "", ("ehpc-ours",), NOW - 4990),))
    logs = (log, replace(log, begun=NOW - 11))
    return Scene(resource, Facts(NOW, FLEET, ACCOUNT, "k-1", seen_at=NOW - 9000, lists=lists, logs=logs), Policy())


def judge(raw: Mapping[str, Any]) -> None:
    """Read it, decide, report: no exception, no empty memory from an unreadable one, nothing touched that is not ours."""
    resource = parse_resource(raw)
    status, meta = raw.get("status"), raw.get("metadata")
    annotations = meta.get("annotations") if isinstance(meta, dict) else None
    kept = isinstance(status, dict) and any(
        status.get(key) is not None for key in ("operation", "hpc_cluster_id", "lastOperation")
    )
    told = resource.problem is not None or resource.memory.newer
    if kept or (status is not None and not isinstance(status, dict)):
        assert told or not resource.memory.empty, "an unreadable memory is not an empty one"
    if annotations is not None and not isinstance(annotations, dict):
        assert told
    if isinstance(annotations, dict) and names.ANNOTATION_RECORD in annotations:
        assert told or resource.record is not None, "an unreadable record is not none"
    judge_decision(resource, told=told)


def judge_decision(resource: Resource, *, told: bool) -> None:
    """What is decided over it, with looks that show this resource's cluster."""
    made = scene(resource)
    decision = decide(made)
    report(made, decision)
    if not told:
        status_patch(resource, remembered(made, decision), report(made, decision))
    action = decision.action if isinstance(decision, Act) else None
    assert not isinstance(action, Create), "the account shows our cluster"
    assert not told or action is None, "what cannot be read is left alone"
    if isinstance(action, Delete | Describe):
        assert action.id == resource.memory.hpc_cluster_id == "ehpc-ours"
    if isinstance(action, Delete | Release):
        assert resource.deleting
    if isinstance(action, Release):
        assert not resource.memory.empty or resource.record is None
        assert resource.memory.operation is None or resource.memory.operation.action is OperationAction.DELETE
    if isinstance(action, Close):
        assert action.intent.action is OperationAction.DELETE, "an open create is closed by nothing that was edited"


@given(st.sampled_from(sorted(MEMORIES)), st.booleans(), st.booleans(), recipes(3))
def test_a_bent_object_is_read_or_told_and_never_acted_on_by_mistake(
    kind: str, deleting: bool, record: bool, recipe: Recipe
) -> None:
    raw = read(bent(json.dumps(honest(MEMORIES[kind], deleting=deleting, record=record)).encode(), recipe))
    if raw is not None:
        judge(raw)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=30)
    | st.sampled_from([v for v in VALUES if type(v).__name__ != "Raw"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
STATUS_KEYS = sorted(
    {
        *honest(replace(KNOWN, operation=DELETE, strays=("ehpc-2",)))["status"],
        "conditions",
        "nodes",
        "endpoints",
        "strays",
        "described",
        "firstActiveAt",
    }
)
ANNOTATIONS = [
    names.ANNOTATION_RECORD,
    names.ANNOTATION_ADOPT,
    names.ANNOTATION_RECREATE,
    names.ANNOTATION_CREATE_BESIDE,
    names.ANNOTATION_TAKE_OVER,
    names.ANNOTATION_PAUSED,
    names.ANNOTATION_RECONCILE_AT,
]


@given(
    st.sampled_from(sorted(MEMORIES)),
    st.booleans(),
    st.dictionaries(st.sampled_from(STATUS_KEYS), values, min_size=1, max_size=2),
    st.dictionaries(st.sampled_from(ANNOTATIONS), values, max_size=2),
)
def test_an_edited_memory_is_read_or_told(
    kind: str, deleting: bool, status: dict[str, Any], annotations: dict[str, Any]
) -> None:
    raw = honest(MEMORIES[kind], deleting=deleting)
    raw["status"] |= status
    raw["metadata"]["annotations"] |= annotations
    judge(raw)


@given(
    st.dictionaries(st.sampled_from(["metadata", "spec", "status", "kind"]), values),
    st.dictionaries(
        st.sampled_from(
            ["annotations", "finalizers", "labels", "deletionTimestamp", "generation", "uid", "ownerReferences"]
        ),
        values,
        min_size=1,
    ),
)
def test_any_object_at_all(parts: dict[str, Any], meta: dict[str, Any]) -> None:
    judge({**honest(KNOWN), **parts})
    raw = honest(MEMORIES["open"])
    raw["metadata"] |= meta
    judge(raw)


@pytest.mark.parametrize(
    "change", [{"status": []}, {"status": "lost"}, {"status": 7}, {"metadata": []}, {"metadata": None}]
)
def test_what_no_server_stores_is_told(change: dict[str, Any]) -> None:
    assert "not of the shape" in str(parse_resource({**honest(KNOWN), **change}).problem)


# --- answers to reads and writes


class Answering:
    """An Api that answers everything with one thing, and keeps what was asked."""

    def __init__(self, answer: Callable[[str, str], Any]) -> None:
        self.answer, self.asked = answer, []

    async def request(self, method: str, path: str, **_: Any) -> Any:
        self.asked.append((method, path))
        return self.answer(method, path)


def store(api: Any, learned: list[str] | None = None) -> KubeStore:
    cache = Cache(parse_resource, lambda _ref, _resource: None)
    return KubeStore(
        api,
        told=Told(cache.read, cache.wrote, cache.missing),
        secrets=Secrets(api, choose=lambda of: of[0], learn=(learned if learned is not None else []).append),
        announcer=Announcer(api, me="me", now=lambda: NOW, scrub=str),
    )


SECRET = {
    "kind": "Secret",
    "metadata": {
        "namespace": "team",
        "name": "one-admin",
        "uid": "uid-9",
        "resourceVersion": "3",
        "ownerReferences": [{"uid": "uid-1"}],
    },
    "data": {"password": base64.b64encode(b"a-password").decode()},
}
CONNECTION = {**SECRET, "type": "Opaque", "metadata": {**SECRET["metadata"], "name": "one-connection"}}
DISCOVERED = {"kind": "APIResourceList", "resources": [{"name": "hpcclusters", "verbs": ["create", "get"]}]}
LISTED = {"kind": "HpcClusterList", "metadata": {"resourceVersion": "9"}, "items": [honest(KNOWN)]}
WRITES: dict[str, tuple[Any, Callable[[KubeStore, Any], Any]]] = {
    "read": (honest(KNOWN), lambda s, _: s.read(REF)),
    "remember": (honest(KNOWN), lambda s, r: s.remember(r, Record(STEM, ACCOUNT, Origin.CREATED))),
    "write_intent": (honest(MEMORIES["open"]), lambda s, r: s.write_intent(r, CREATE)),
    "write_status": (honest(KNOWN), lambda s, r: s.write_status(r, replace(KNOWN, job_id="j-2"))),
    "release": (honest(KNOWN, deleting=True), lambda s, r: s.release(r)),
    "keep_secrets": (SECRET, lambda s, r: s.keep_secrets(r, "ehpc-ours")),
    "connect": (CONNECTION, lambda s, r: s.connect(r, {"cluster_id": "ehpc-1"})),
    "doomed": (DISCOVERED, lambda s, _: s.doomed()),
    "password": (
        {**SECRET, "metadata": {**SECRET["metadata"], "name": "mine"}},
        lambda s, r: s.password(r, SecretKey("mine", "password")),
    ),
    "admin_password": (SECRET, lambda s, r: s.admin_password(r)),
    "announce": ({"kind": "Event"}, lambda s, r: s.announce(r, "Ready", "text", warning=False)),
    "list_pages": (LISTED, lambda s, _: s.list_pages("team")),
    "served_crd": (
        {"components": {"schemas": {"a": {"x-kubernetes-group-version-kind": []}}}},
        lambda s, _: Startup(s, ()).look(),
    ),
    "may_list": (LISTED, lambda s, _: s.may_list(None)),
}


def judge_answer(call: str, answer: Any) -> None:
    """The call ends in what its port promises, whatever was answered."""
    resource = parse_resource(honest(KNOWN))
    learned: list[str] = []
    try:
        found = asyncio.run(WRITES[call][1](store(Answering(lambda _m, _p: answer), learned), resource))
    except PORTS:
        return
    if call == "write_intent":
        assert found.memory.operation == CREATE, "an intent counts only when the answer carries it"
    if call in ("read", "remember", "write_intent", "write_status"):
        assert found.ref == REF
    if call in ("password", "admin_password"):
        assert found
        assert found in learned, "known to the scrubber before it is handed out"
    if call == "doomed":
        assert found in (True, False, None)
    if call == "list_pages":
        assert all(isinstance(raw["metadata"]["uid"], str) for raw in found[1])
        Cache(parse_resource, lambda _ref, _resource: None).resync(0, *found)


@given(st.sampled_from(sorted(WRITES)), recipes(3))
def test_a_bent_answer_of_the_api_server(call: str, recipe: Recipe) -> None:
    answer = read(bent(json.dumps(WRITES[call][0]).encode(), recipe))
    if answer is not None:
        judge_answer(call, answer)


@given(
    st.sampled_from(sorted(WRITES)),
    st.sampled_from(sorted(WRITES)),
    st.dictionaries(st.sampled_from(["kind", "metadata", "items", "status", "data", "spec"]), values, max_size=3),
)
def test_any_object_as_an_answer(call: str, other: str, answer: dict[str, Any]) -> None:
    judge_answer(call, answer)
    judge_answer(call, {**WRITES[other][0], **answer})
    judge_answer(call, WRITES[other][0])


@pytest.mark.parametrize("call", sorted(WRITES))
def test_the_honest_answer_is_taken(call: str) -> None:
    """Else the properties above would hold of a store that believes nothing."""
    resource = replace(parse_resource(honest(KNOWN, deleting=call == "release")), resource_version="6")
    answer = WRITES[call][0]
    if call == "keep_secrets":  # two Secrets are asked for

        def named(_: str, path: str) -> Any:
            return {**answer, "metadata": {**answer["metadata"], "name": path.rpartition("/")[2]}}

        asyncio.run(WRITES[call][1](store(Answering(named)), resource))
        return
    if call in ("remember", "release"):  # these read before they write, and the versions must agree
        resource = replace(resource, resource_version="7")
    asyncio.run(WRITES[call][1](store(Answering(lambda _m, _p: answer)), resource))


@given(
    st.integers(100, 999),
    st.binary() | st.text().map(str.encode) | values.map(lambda value: json.dumps(value).encode()),
)
def test_any_bytes_of_the_api_server_are_an_object_or_one_of_the_outcomes(status: int, body: bytes) -> None:
    server = Server.__new__(Server)
    server._ticks = lambda: 0.0
    try:
        found = server._interpret(status, body, "GET", "/apis/x/y")
    except PORTS:
        return
    assert isinstance(found, dict)
    assert 200 <= status < 300


@given(
    st.dictionaries(
        st.sampled_from(["password", "other", "..data", ""]),
        values | st.binary().map(lambda raw: base64.b64encode(raw).decode()),
        max_size=4,
    )
)
def test_whatever_a_secret_holds_it_is_a_value_or_a_problem(data: dict[str, Any]) -> None:
    judge_answer("admin_password", {**SECRET, "data": data})
    api = Answering(lambda _m, _p: {**WRITES["password"][0], "data": data})
    learned: list[str] = []
    found = asyncio.run(Secrets(api, choose=lambda of: of[0], learn=learned.append).values("team", "mine"))
    assert all(isinstance(value, str) for value in found.values())


@pytest.mark.parametrize(("size", "taken"), [(1, True), (1024, True), (1025, False), (2**20, False)])
def test_a_password_of_a_mebibyte_is_none(size: int, taken: bool) -> None:
    """It would be sent, remembered in every encoding, and searched for in every text."""
    data = {"password": base64.b64encode(b"x" * size).decode()}
    api = Answering(lambda _m, _p: {**SECRET, "data": data})
    reading = store(api).admin_password(parse_resource(honest(KNOWN)))
    if taken:
        assert len(asyncio.run(reading)) == size
        return
    with pytest.raises(SecretProblem, match="longer than 1024"):
        asyncio.run(reading)


def test_only_what_is_handed_out_is_learned() -> None:
    """Whoever may write a Secret could blot out common words of everybody's messages with its other values."""
    data = {
        name: base64.b64encode(value).decode()
        for name, value in {"password": b"a-password", "x": b"Ready", "y": b"cluster"}.items()
    }
    learned: list[str] = []
    asyncio.run(
        store(Answering(lambda _m, _p: {**SECRET, "data": data}), learned).admin_password(parse_resource(honest(KNOWN)))
    )
    assert learned == ["a-password"]


@given(recipes(2), st.sampled_from(["", "me", "another"]))
def test_a_bent_lease_is_held_not_held_or_no_answer(recipe: Recipe, holder: str) -> None:
    """Raised, it would end the task that keeps the Lease, and nobody would notice."""
    lease = {
        "kind": "Lease",
        "metadata": {"resourceVersion": "5"},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15, "leaseTransitions": 1},
    }
    answer = read(bent(json.dumps(lease).encode(), recipe))
    if answer is None:
        return
    api = Answering(lambda _m, _p: answer)
    loop = LeaseLoop(
        api, "ns", "op", "me", duration=15.0, ticks=lambda: 100.0, now=lambda: NOW, on_lost=lambda _why: None
    )
    held = asyncio.run(loop._try(5.0))
    assert held in (True, False, None)
    assert (loop.left() > 0) is (held is True)


def test_the_fake_of_this_room_answers_whole_objects() -> None:
    api = MemoryApi()
    api.put("/api/v1/namespaces/team/secrets/mine", {"kind": "Secret", "metadata": {}})
    judge_answer("password", asyncio.run(api.request("GET", "/api/v1/namespaces/team/secrets/mine")))
