"""The Secret that says how a cluster is reached: written once, never over somebody else's, kept when the cluster is."""

import asyncio
import base64
import copy

import pytest
from memory_api import MemoryApi

from hpc_operator.domain.record import Resource
from hpc_operator.kube.codec import parse_resource
from hpc_operator.kube.connecting import OF, RETAINED
from hpc_operator.kube.passwords import Secrets
from hpc_operator.reconcile.ports import Conflict, SecretProblem

PATH = "/api/v1/namespaces/team-a/secrets/first-connection"
TEXTS = {"cluster_id": "ehpc-1", "login": "10.0.0.1", "admin_user": "管理员"}


def resource(uid: str = "uid-1") -> Resource:
    meta = {"namespace": "team-a", "name": "first", "uid": uid, "generation": 1, "resourceVersion": "1"}
    meta["creationTimestamp"] = "2026-01-01T00:00:00Z"
    status = {"hpc_cluster_id": "ehpc-1"}
    return parse_resource({"metadata": meta, "spec": {"cluster_type": "hpc"}, "status": status})


@pytest.fixture
def api() -> MemoryApi:
    return MemoryApi()


def secrets(api: MemoryApi) -> Secrets:
    return Secrets(api, choose=lambda of: of[0], learn=lambda _: None)


def texts(api: MemoryApi) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in api.objects[PATH]["data"].items()}


async def test_it_is_made_as_the_resources_own(api: MemoryApi) -> None:
    await secrets(api).connect(resource(), TEXTS)
    made = api.objects[PATH]
    assert texts(api) == TEXTS
    assert made["type"] == "Opaque"
    assert made["metadata"]["labels"][OF] == "uid-1"
    assert "ownerReferences" not in made["metadata"]
    await secrets(api).drop(resource())
    [owner] = api.objects[PATH]["metadata"]["ownerReferences"]
    assert owner == {
        "apiVersion": "hpc.qingcloud.com/v1alpha1", "kind": "HpcCluster", "name": "first", "uid": "uid-1",
    }  # fmt: skip


async def test_what_it_says_already_is_not_written_again(api: MemoryApi) -> None:
    await secrets(api).connect(resource(), TEXTS)
    await secrets(api).connect(resource(), dict(reversed(TEXTS.items())))
    assert [method for method, *_ in api.writes()] == ["POST"]


async def test_it_says_what_is_so_now_and_nothing_older(api: MemoryApi) -> None:
    await secrets(api).connect(resource(), TEXTS)
    await secrets(api).connect(resource(), {"cluster_id": "ehpc-1", "login": "10.0.0.2"})
    assert texts(api) == {"cluster_id": "ehpc-1", "login": "10.0.0.2"}
    assert api.objects[PATH]["metadata"]["labels"][OF] == "uid-1"


FOREIGN = [
    ({}, "Opaque", "a person's"),
    ({"ownerReferences": [{"uid": "uid-2"}]}, "Opaque", "another resource's, or an earlier one's of this name"),
    ({"labels": {RETAINED: "ehpc-2"}}, "Opaque", "kept for another cluster"),
    ({"labels": {RETAINED: ""}}, "Opaque", "kept for none"),
    ({"ownerReferences": [{"uid": "uid-1"}]}, "kubernetes.io/tls", "we make none of this type"),
]


@pytest.mark.parametrize(("meta", "kind", "reason"), FOREIGN, ids=[row[2] for row in FOREIGN])
async def test_one_that_is_not_ours_is_never_overwritten(api: MemoryApi, meta: dict, kind: str, reason: str) -> None:
    body = {"kind": "Secret", "type": kind, "metadata": {"name": "first-connection", **meta}, "data": {"a": "aHVzaA=="}}
    api.put(PATH, body)
    held = copy.deepcopy(api.objects[PATH])
    with pytest.raises(SecretProblem) as raised:
        await secrets(api).connect(resource(), TEXTS)
    assert raised.value.reason == "SecretNotOurs", reason
    assert "team-a/first-connection" in str(raised.value)
    assert "Delete or rename it" in str(raised.value)
    assert api.objects[PATH] == held


async def test_one_that_was_made_meanwhile_is_met_by_the_next_pass(api: MemoryApi) -> None:
    body = {"kind": "Secret", "type": "Opaque", "metadata": {"name": "first-connection"}, "data": {}}
    api.before = lambda method, _: api.put(PATH, body) if method == "POST" else None
    with pytest.raises(Conflict):
        await secrets(api).connect(resource(), TEXTS)
    assert api.objects[PATH]["data"] == {}


async def test_what_somebody_changed_since_it_was_read_is_not_overwritten(api: MemoryApi) -> None:
    await secrets(api).connect(resource(), TEXTS)
    api.before = lambda method, _: api.put(PATH, api.objects[PATH]) if method == "PATCH" else None
    with pytest.raises(Conflict):
        await secrets(api).connect(resource(), {"cluster_id": "ehpc-1"})


async def test_it_stays_with_its_cluster_and_the_next_resource_of_it_owns_it_again(api: MemoryApi) -> None:
    await secrets(api).connect(resource(), TEXTS)
    await secrets(api).keep(resource(), "ehpc-1")
    meta = api.objects[PATH]["metadata"]
    assert (OF in meta["labels"], meta["labels"][RETAINED]) == (False, "ehpc-1")
    await secrets(api).connect(resource("uid-2"), TEXTS)
    meta = api.objects[PATH]["metadata"]
    assert meta["labels"][OF] == "uid-2"
    assert RETAINED not in meta["labels"], "else a third one would believe it to be its own"


async def test_both_secrets_are_kept_also_when_one_is_missing(api: MemoryApi) -> None:
    await secrets(api).admin_password(resource())
    await secrets(api).connect(resource(), TEXTS)
    await secrets(api).keep(resource(), "ehpc-1")
    kept = [path.rpartition("/")[2] for path, each in api.objects.items() if RETAINED in each["metadata"]["labels"]]
    assert sorted(kept) == ["first-admin", "first-connection"]
    writes = len(api.writes())
    await secrets(api).keep(resource(), "ehpc-1")
    assert len(api.writes()) == writes, "done already is done"


def test_no_value_of_it_is_a_secret_to_the_scrubber(api: MemoryApi) -> None:
    """An address blotted out of every message would help nobody."""
    learned: list[str] = []
    asyncio.run(Secrets(api, choose=lambda of: of[0], learn=learned.append).connect(resource(), TEXTS))
    assert learned == []
