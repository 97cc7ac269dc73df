"""The store against an API in memory: what each write sends, and which answers it refuses to believe."""

import copy
import itertools
import json
from dataclasses import replace
from typing import Any

import pytest
from memory_api import MemoryApi

from hpc_operator.domain.desired import Ref, SecretKey
from hpc_operator.domain.record import (
    Account,
    Closed,
    Condition,
    Intent,
    Memory,
    OperationAction,
    Origin,
    Outcome,
    Plan,
    PlannedChange,
    Record,
    RefusedWish,
    Report,
    Resource,
)
from hpc_operator.kube import names
from hpc_operator.kube.api import NotServed, refuse
from hpc_operator.kube.codec import parse_resource
from hpc_operator.kube.connecting import OF
from hpc_operator.kube.events import Announcer, cut
from hpc_operator.kube.passwords import RETAINED, Secrets, generate
from hpc_operator.kube.resources import KubeStore, Told
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, SecretProblem, Unavailable

REF = Ref("team-a", "first", "uid-1")
PATH = "/apis/hpc.qingcloud.com/v1alpha1/namespaces/team-a/hpcclusters/first"
SECRETS = "/api/v1/namespaces/team-a/secrets"
ACCOUNT = Account("https://api.example/api", "jn1a", "usr-1")
RECORD = Record("aabcd", ACCOUNT, Origin.CREATED)
INTENT = Intent(OperationAction.CREATE, "aabcd", 1, 1000.0, "n1", ACCOUNT, "key", 1)


def hide(text: str) -> str:
    return text.replace("hush", "***")


class Scene:
    """A store, its API, and what was told to the cache."""

    def __init__(self) -> None:
        self.api = MemoryApi()
        self.read: list[str] = []
        self.wrote: list[str] = []
        self.missing: list[Ref] = []
        self.learned: list[str] = []
        told = Told(
            lambda raw: self.read.append(raw["metadata"]["resourceVersion"]),
            lambda raw: self.wrote.append(raw["metadata"]["resourceVersion"]),
            self.missing.append,
        )
        self.secrets = self.begun_anew()
        announcer = Announcer(self.api, me="me", now=lambda: 1e9, scrub=hide)
        self.store = KubeStore(self.api, told=told, secrets=self.secrets, announcer=announcer, scrub=hide)

    def begun_anew(self) -> Secrets:
        """The Secrets as another process meets them."""
        turns = itertools.count()
        return Secrets(self.api, choose=lambda of: of[next(turns) % len(of)], learn=self.learned.append)

    def resource(self, **metadata: Any) -> Resource:
        """An HpcCluster as it stands on the server."""
        return parse_resource(self.api.put(PATH, raw(**metadata)))

    @property
    def stored(self) -> dict[str, Any]:
        return self.api.objects[PATH]


def raw(uid: str = "uid-1", status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    meta = {"namespace": "team-a", "name": "first", "uid": uid, "generation": 1, **metadata}
    meta.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
    return {"kind": "HpcCluster", "metadata": meta, "spec": {"cluster_type": "hpc"}, "status": status or {}}


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_remember_keeps_the_finalizers_of_others(scene: Scene) -> None:
    resource = scene.resource(finalizers=["other/one"])
    written = await scene.store.remember(resource, RECORD)
    assert scene.stored["metadata"]["finalizers"] == ["other/one", names.FINALIZER]
    assert written.record == RECORD
    assert scene.wrote == [written.resource_version], "the answer reaches the cache: read your own writes"


async def test_remember_is_one_request_each_time(scene: Scene) -> None:
    again = await scene.store.remember(scene.resource(finalizers=["other/one"]), RECORD)
    await scene.store.remember(again, replace(RECORD, id="ehpc-1"))
    assert [request[:2] for request in scene.api.requests] == [("PATCH", PATH)] * 2
    assert scene.stored["metadata"]["finalizers"] == ["other/one", names.FINALIZER]


async def test_remember_adds_no_finalizer_to_a_dying_resource(scene: Scene) -> None:
    resource = scene.resource(finalizers=["other/one"], deletionTimestamp="2026-01-02T00:00:00Z")
    await scene.store.remember(resource, RECORD)
    assert scene.stored["metadata"]["finalizers"] == ["other/one"], "the server would refuse it"
    assert "finalizers" not in scene.api.writes()[0][2]["metadata"]


@pytest.mark.parametrize("call", ["remember", "write_intent", "write_status", "release"])
async def test_every_write_after_somebody_elses_is_a_conflict(scene: Scene, call: str) -> None:
    resource = scene.resource(finalizers=[names.FINALIZER])
    before = scene.resource(finalizers=[names.FINALIZER], labels={"by": "somebody"})
    memory = replace(resource.memory, hpc_cluster_id="ehpc-1")
    arguments = {"remember": (RECORD,), "write_intent": (INTENT,), "write_status": (memory,), "release": ()}[call]
    with pytest.raises(Conflict):
        await getattr(scene.store, call)(resource, *arguments)
    assert scene.stored["metadata"]["resourceVersion"] == before.resource_version, "nothing was written"


async def test_an_intent_is_written_strictly_and_whole(scene: Scene) -> None:
    resource = scene.resource()
    first = await scene.store.write_intent(resource, replace(INTENT, job_id="j-1"))
    second = await scene.store.write_intent(first, replace(INTENT, nonce="n2"))
    assert second.memory.operation == replace(INTENT, nonce="n2"), "no field of the older one is left"
    assert [strict for *_, strict in scene.api.writes()] == ["Strict", "Strict"]


async def test_an_intent_that_the_server_prunes_does_not_count(scene: Scene) -> None:
    scene.api.pruned = frozenset({"nonce"})
    with pytest.raises(CrdTooOld):
        await scene.store.write_intent(scene.resource(), INTENT)


async def test_an_intent_that_changes_nothing_does_not_count(scene: Scene) -> None:
    """Without a new resourceVersion it excluded nobody: 20 of 20 writers would pass."""
    written = await scene.store.write_intent(scene.resource(), INTENT)
    with pytest.raises(CrdTooOld):
        await scene.store.write_intent(written, INTENT)


async def test_a_status_that_says_it_already_is_not_written(scene: Scene) -> None:
    resource = scene.resource()
    assert await scene.store.write_status(resource, resource.memory) is resource
    assert scene.api.requests == []


async def test_release_takes_only_our_finalizer(scene: Scene) -> None:
    resource = scene.resource(finalizers=["a/b", names.FINALIZER], deletionTimestamp="2026-01-02T00:00:00Z")
    await scene.store.release(resource)
    assert scene.stored["metadata"]["finalizers"] == ["a/b"]
    assert scene.missing == []


async def test_the_last_finalizer_taken_is_told_as_gone(scene: Scene) -> None:
    resource = scene.resource(finalizers=[names.FINALIZER], deletionTimestamp="2026-01-02T00:00:00Z")
    await scene.store.release(resource)
    assert PATH not in scene.api.objects
    assert (scene.missing, scene.wrote) == ([REF], []), "the answer of that write must not bring it back"
    await scene.store.release(resource)


async def test_a_successor_of_the_name_is_gone_for_the_old_uid(scene: Scene) -> None:
    resource = scene.resource()
    successor = scene.resource(uid="uid-2")
    with pytest.raises(Gone):
        await scene.store.read(REF)
    assert scene.missing == [REF]
    with pytest.raises(Conflict):  # the successor has another resourceVersion; the read after a conflict says Gone
        await scene.store.remember(resource, RECORD)
    assert scene.stored["metadata"]["resourceVersion"] == successor.resource_version, "nothing was written"


async def test_something_else_than_the_object_is_no_answer(scene: Scene) -> None:
    scene.api.put(PATH, {"kind": "Banana", "metadata": {"uid": "uid-1"}})
    with pytest.raises(Unavailable):
        await scene.store.read(REF)


STATUS = {"kind": "Status", "reason": "NotFound", "details": {"name": "first"}}
QUOTED = "HpcCluster in version v1alpha1 cannot be handled: " + "{...}" * 500 + ": strict decoding error: "
TABLE = [
    (409, {"message": "modified"}, Conflict, None, "somebody wrote"),
    (404, STATUS, Gone, None, "the server names the very object"),
    (404, None, NotServed, False, "an API server that is starting knows no kind yet: that is not absence"),
    (404, {**STATUS, "details": {}}, NotServed, False, "no object named: the kind is unknown"),
    (401, None, Unavailable, True, "the token is wrong"),
    (403, {"message": 'cannot patch resource "hpcclusters"'}, Unavailable, True, "the verb is in the text"),
    (422, {"message": "spec.x: Invalid value"}, Unavailable, True, "our own mistake"),
    (422, {"message": 'unknown field "status.operation.nonce"'}, CrdTooOld, None, "the strict write of an intent"),
    (422, {"message": QUOTED + 'unknown field "status.x"'}, CrdTooOld, None, "the object is quoted before it"),
    (429, None, Unavailable, False, "throttled"),
    (500, None, Unavailable, False, "may or may not have happened"),
    (503, None, Unavailable, False, "may or may not have happened"),
]


@pytest.mark.parametrize(("status", "body", "outcome", "permanent", "why"), TABLE)
def test_each_status_has_one_meaning(
    status: int, body: dict[str, Any] | None, outcome: type[Exception], permanent: bool | None, why: str
) -> None:
    with pytest.raises(outcome) as raised:
        refuse(status, body, "PATCH", PATH)
    assert type(raised.value) is outcome, why
    if permanent is not None:
        assert isinstance(raised.value, Unavailable)
        assert raised.value.permanent is permanent, why
        assert str((body or {}).get("message", ""))[:500] in str(raised.value)


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (403, 'secrets is forbidden: User "x" cannot create resource "secrets"', "a permission is missing"),
        (
            403,
            "is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: no",
            "an admission policy refuses",
        ),
        (
            422,
            "is invalid: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: no",
            "an admission policy refuses",
        ),
        (403, 'admission webhook "w" denied the request: no', "an admission webhook refuses"),
        (403, "is forbidden: exceeded quota: few, requested: secrets=1", "a quota of the namespace is used up"),
        (422, "spec.x: Invalid value", "the API server refuses the object as invalid"),
        (500, "denied request", "the API server answered 500"),
    ],
)
def test_what_no_role_would_mend_is_not_called_a_missing_permission(status: int, message: str, hint: str) -> None:
    with pytest.raises(Unavailable) as raised:
        refuse(status, {"message": message}, "POST", PATH)
    assert str(raised.value).startswith(hint)
    assert str(raised.value).endswith(message)


def test_a_generated_password_satisfies_both_rules() -> None:
    for seed in range(50):
        turns = itertools.count(seed)
        made = generate(lambda of, turns=turns: of[next(turns) % len(of)])  # type: ignore[misc]
        assert len(made) == 20
        assert all(any(c in of for c in made) for of in ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "!@#$%^&*()"))
        assert any(c.islower() for c in made)
        assert all(c.isalnum() or c in "!@#$%^&*()" for c in made)


async def test_the_admin_password_is_made_once_for_its_resource(scene: Scene) -> None:
    resource = scene.resource()
    first = await scene.store.admin_password(resource)
    assert await scene.store.admin_password(resource) == first
    meta = scene.api.objects[f"{SECRETS}/first-admin"]["metadata"]
    assert meta["labels"][OF] == "uid-1"
    assert "ownerReferences" not in meta, "a deletion in the foreground would take it before anybody has decided"
    assert first in scene.learned, "the scrubber knows it"
    asked = [(method, path) for method, path, *_ in scene.api.requests if path.startswith(SECRETS)]
    assert asked[0] == ("POST", SECRETS), "who remembers nothing has none, as a rule: no read before"
    assert asked[1:] == [("GET", f"{SECRETS}/first-admin")], "and no second password"


async def test_a_resource_that_remembers_something_reads_its_secret_first(scene: Scene) -> None:
    stored = await scene.store.admin_password(scene.resource())
    scene.api.requests.clear()
    for remembering in ({"record": RECORD}, {"memory": Memory(hpc_cluster_id="ehpc-1")}):
        assert await scene.begun_anew().admin_password(replace(scene.resource(), **remembering)) == stored  # type: ignore[arg-type]
    assert [method for method, *_ in scene.api.requests] == ["GET", "GET"]


async def test_a_secret_that_is_there_is_used_where_no_new_one_may_be_made(scene: Scene) -> None:
    def quota(method: str, path: str) -> None:
        if method == "POST":
            refuse(403, {"message": "exceeded quota: secrets"}, "POST", path)

    scene.api.before = quota
    with pytest.raises(Unavailable, match="exceeded quota"):
        await scene.store.admin_password(scene.resource())
    scene.api.before = lambda method, path: None
    stored = await scene.store.admin_password(scene.resource())
    scene.api.before = quota
    assert await scene.begun_anew().admin_password(scene.resource()) == stored


async def test_two_processes_that_race_use_the_password_that_was_stored(scene: Scene) -> None:
    resource = scene.resource()
    other = Scene()
    other.api.put(PATH, raw())
    stored = await other.store.admin_password(resource)

    def stored_meanwhile(method: str, path: str) -> None:
        if method == "POST":
            scene.api.objects[f"{SECRETS}/first-admin"] = other.api.objects[f"{SECRETS}/first-admin"]

    scene.api.before = stored_meanwhile
    assert await scene.store.admin_password(resource) == stored


@pytest.mark.parametrize("owners", [[], [{"uid": "uid-of-somebody"}]])
async def test_a_secret_of_somebody_else_is_neither_read_nor_overwritten(
    scene: Scene, owners: list[dict[str, str]]
) -> None:
    meta = {"name": "first-admin", "ownerReferences": owners}
    scene.api.put(f"{SECRETS}/first-admin", {"kind": "Secret", "metadata": meta, "data": {"password": "aHVzaA=="}})
    held = copy.deepcopy(scene.api.objects[f"{SECRETS}/first-admin"])
    resource = scene.resource()
    for _ in range(3):
        with pytest.raises(SecretProblem) as raised:
            await scene.store.admin_password(resource)
        assert raised.value.reason == "SecretNotOurs"
    assert "hush" not in scene.learned, "its value is not even looked at"
    assert scene.api.objects[f"{SECRETS}/first-admin"] == held
    assert len(scene.learned) == len(scene.api.writes()) == 1, "no new password, no new try each time it is asked for"


@pytest.mark.parametrize(
    ("labels", "says"),
    [({}, "belongs to somebody else"), ({RETAINED: "ehpc-9"}, "holds the password of ehpc-9, which was kept")],
)
async def test_nobody_is_told_to_delete_the_password_of_a_cluster_that_stays(
    scene: Scene, labels: dict[str, str], says: str
) -> None:
    meta = {"name": "first-admin", "labels": labels}
    scene.api.put(f"{SECRETS}/first-admin", {"kind": "Secret", "metadata": meta, "data": {"password": "aHVzaA=="}})
    with pytest.raises(SecretProblem, match=says) as raised:
        await scene.store.admin_password(scene.resource())
    assert ("Store it under another name" in str(raised.value)) is bool(labels)


async def test_kept_secrets_are_labelled_with_their_cluster(scene: Scene) -> None:
    resource = scene.resource()
    await scene.store.admin_password(resource)
    await scene.store.keep_secrets(resource, "ehpc-9")
    meta = scene.api.objects[f"{SECRETS}/first-admin"]["metadata"]
    assert (meta["labels"][RETAINED], OF in meta["labels"]) == ("ehpc-9", False)
    writes = len(scene.api.writes())
    await scene.store.keep_secrets(resource, "ehpc-9")
    assert len(scene.api.writes()) == writes, "done already is done"


async def test_a_reference_of_an_earlier_version_is_taken_off_what_is_kept(scene: Scene) -> None:
    resource, path = scene.resource(), f"{SECRETS}/first-admin"
    await scene.store.admin_password(resource)
    scene.api.objects[path]["metadata"]["ownerReferences"] = [{"uid": "uid-1"}]
    await scene.store.keep_secrets(resource, "ehpc-9")
    meta = scene.api.objects[path]["metadata"]
    assert (meta["ownerReferences"], meta["labels"][RETAINED]) == ([], "ehpc-9")


async def test_secrets_that_go_get_their_owner_at_the_very_end(scene: Scene) -> None:
    """Then the garbage collector takes them; the reference needs no right that the operator does not have."""
    resource = scene.resource()
    await scene.store.admin_password(resource)
    await scene.store.drop_secrets(resource)
    meta = scene.api.objects[f"{SECRETS}/first-admin"]["metadata"]
    assert [each["uid"] for each in meta["ownerReferences"]] == ["uid-1"]
    assert "blockOwnerDeletion" not in json.dumps(meta)
    writes = len(scene.api.writes())
    await scene.store.drop_secrets(resource)
    assert len(scene.api.writes()) == writes, "done already is done"


async def test_one_that_was_kept_for_the_cluster_goes_with_the_resource_that_took_it_over(scene: Scene) -> None:
    path = f"{SECRETS}/first-admin"
    meta = {"name": "first-admin", "labels": {RETAINED: "ehpc-1"}}
    scene.api.put(path, {"kind": "Secret", "metadata": meta, "data": {}})
    await scene.store.drop_secrets(scene.resource())
    assert "ownerReferences" not in scene.api.objects[path]["metadata"], "it is of another cluster"
    await scene.store.drop_secrets(replace(scene.resource(), memory=Memory(hpc_cluster_id="ehpc-1")))
    assert scene.api.objects[path]["metadata"]["ownerReferences"][0]["uid"] == "uid-1"


async def test_the_password_of_an_earlier_life_that_was_forced_away_is_used_again(scene: Scene) -> None:
    """Its cluster may be there still; one that it gave up in good order is the garbage collector's."""
    first = await scene.store.admin_password(scene.resource())
    later = replace(scene.resource(), ref=replace(scene.resource().ref, uid="uid-2"))
    assert await scene.begun_anew().admin_password(later) == first
    await scene.store.drop_secrets(scene.resource())
    with pytest.raises(SecretProblem):
        await scene.begun_anew().admin_password(later)


PROBLEMS = [
    (None, "SecretMissing", "no such Secret"),
    ({}, "SecretKeyMissing", "no data"),
    ({"pw": ""}, "SecretKeyMissing", "an empty value is no password"),
    ({"pw": "/w=="}, "SecretKeyMissing", "not text"),
]


@pytest.mark.parametrize(("data", "reason", "why"), PROBLEMS)
async def test_a_password_that_cannot_be_read_says_what_is_wrong(
    scene: Scene, data: dict[str, str] | None, reason: str, why: str
) -> None:
    if data is not None:
        scene.api.put(f"{SECRETS}/mine", {"kind": "Secret", "metadata": {"name": "mine"}, "data": data})
    with pytest.raises(SecretProblem) as raised:
        await scene.store.password(scene.resource(), SecretKey("mine", "pw"))
    assert raised.value.reason == reason, why
    assert "team-a/mine" in str(raised.value)


async def test_an_event_is_scrubbed_and_cut_and_never_raises(scene: Scene) -> None:
    resource = scene.resource()
    await scene.store.announce(resource, "Created", "hush " + "长" * 900, warning=True)
    posted = scene.api.writes()[0][2]
    assert len(posted["note"].encode()) <= 1000
    assert posted["note"].startswith("*** 长")

    def broken(method: str, path: str) -> None:
        raise Unavailable("down")

    scene.api.before = broken
    await scene.store.announce(resource, "Created", "text", warning=False)


def test_cutting_never_splits_a_character() -> None:
    assert cut("a" * 10) == "a" * 10
    assert all(cut("é长" * 50, limit).encode().decode() for limit in range(10, 30))


async def test_what_the_service_said_is_scrubbed_before_it_reaches_the_status(scene: Scene) -> None:
    """A refusal may repeat the password that it was sent; told again, it is the same text and no second write."""
    closed = Closed(OperationAction.CREATE, 1, Outcome.REFUSED, 1.0, 1, 1101, "bad password hush")
    condition = Condition("Ready", "False", "SpecRefused", "said: hush", 1, 1.0)
    memory, report = Memory(last_operation=closed), Report(1, (condition,), "a=b")
    written = await scene.store.write_status(scene.resource(), memory, report)
    assert "hush" not in json.dumps(scene.stored["status"])
    again = await scene.store.write_status(written, memory, report)
    assert (again.resource_version, len(scene.wrote)) == (written.resource_version, 1)


async def test_a_list_is_held_without_what_nobody_reads(scene: Scene) -> None:
    item = raw(resourceVersion="7", managedFields=[{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}])
    scene.api.put(PATH, item)

    async def listed(*_: object, **__: object) -> dict[str, Any]:
        return {"kind": "HpcClusterList", "metadata": {"resourceVersion": "9"}, "items": [copy.deepcopy(item)]}

    scene.api.request = listed  # type: ignore[assignment,method-assign]
    version, items = await scene.store.list_pages("team-a")
    assert version == 9
    assert [each["metadata"]["name"] for each in items] == ["first"]
    assert all("managedFields" not in each["metadata"] for each in items)


async def test_a_refusal_and_a_plan_repeat_no_secret(scene: Scene) -> None:
    """What the service said, and what it shows of a cluster that somebody else named."""
    refused = RefusedWish("power", "Stopped", 0.0, 1, 1400, "no hush here")
    plan = Plan((PlannedChange("description", "was hush", "will be hush", "modifyCluster", False),))
    report = Report(1, (), "a=b", plan=plan)
    written = await scene.store.write_status(scene.resource(), Memory(refused=(refused,)), report)
    assert written.memory.refused[0].message == "no *** here"
    assert written.memory.refused[0].wish == "Stopped"
    change = scene.stored["status"]["plan"]["changes"][0]
    assert (change["from"], change["to"]) == ("was ***", "will be ***")
    assert "hush" not in str(scene.api.writes())
