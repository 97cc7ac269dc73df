"""Writes are counted once each, by kind and by how they ended; reads are not."""

import asyncio
from typing import Any

import pytest
from memory_api import MemoryApi

from hpc_operator.kube.counted import KINDS, Counted, Written, kind_of
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable

GROUP = "/apis/hpc.qingcloud.com/v1alpha1/namespaces/lab/hpcclusters"
PATHS = [
    (f"{GROUP}/demo", "hpcclusters"),
    (f"{GROUP}/demo/status", "hpcclusters/status"),
    ("/api/v1/namespaces/lab/secrets", "secrets"),
    ("/api/v1/namespaces/lab/secrets/status", "secrets"),
    ("/apis/events.k8s.io/v1/namespaces/lab/events", "events"),
    ("/apis/coordination.k8s.io/v1/namespaces/secrets/leases/hpc-operator", "leases"),
    ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "other"),
    (f"{GROUP}/demo/scale", "other"),
    ("/api/v1/namespaces/lab", "other"),
]


@pytest.mark.parametrize(("path", "kind"), PATHS)
def test_the_kind_is_read_off_the_path(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_every_kind_that_is_written_has_a_path_here() -> None:
    assert {kind for _, kind in PATHS} == {*KINDS, "other"}


ENDS = [
    (None, Written.WRITTEN),
    (Conflict(), Written.CONFLICT),
    (Gone(), Written.GONE),
    (CrdTooOld(), Written.REFUSED),
    (Unavailable("403", permanent=True), Written.REFUSED),
    (Unavailable("timed out"), Written.UNANSWERED),
    (asyncio.CancelledError(), Written.UNANSWERED),
]


@pytest.mark.parametrize(("error", "outcome"), ENDS, ids=[repr(row[0]) for row in ENDS])
async def test_a_write_is_told_once_however_it_ends(error: BaseException | None, outcome: Written) -> None:
    api, told = MemoryApi(), list[tuple[str, Written]]()
    api.put("/api/v1/namespaces/lab/secrets/one", {"metadata": {}, "data": {}})

    def strike(_method: str, _path: str) -> None:
        if error is not None:
            raise error

    api.before = strike
    counted = Counted(api, lambda kind, ended: told.append((kind, ended)))
    request = counted.request(
        "PATCH",
        "/api/v1/namespaces/lab/secrets/one",
        body={"metadata": {"labels": {"a": "b"}}},
        query={"fieldValidation": "Strict"},
        content_type="application/merge-patch+json",
    )
    if error is None:
        assert (await request)["metadata"]["labels"] == {"a": "b"}
    else:
        with pytest.raises(type(error)):
            await request
    assert told == [("secrets", outcome)]
    assert api.requests[0][3] == "Strict", "what was asked for goes on as it came"


async def test_reads_are_handed_on_and_not_counted() -> None:
    api, told = MemoryApi(), list[Any]()
    api.put("/api/v1/namespaces/lab/secrets/one", {"metadata": {}, "data": {"a": "b"}})
    counted = Counted(api, lambda *ended: told.append(ended))
    assert (await counted.request("GET", "/api/v1/namespaces/lab/secrets/one"))["data"] == {"a": "b"}
    with pytest.raises(Gone):
        await counted.request("GET", "/api/v1/namespaces/lab/secrets/two")
    assert told == []
