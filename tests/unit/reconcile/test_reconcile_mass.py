"""Deletions counted by the cache, asked once a pass, and the approval that is taken off when it is used up."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from decide_scenes import POLICY, deleting, living, resource, scene

from hpc_operator.kube.codec import parse_resource
from hpc_operator.reconcile.cache import Cache
from hpc_operator.reconcile.mass import Bulk


@dataclass
class Outside:
    """Store and Lease in one."""

    crd_goes: bool | None = False
    approved: int = 0
    asked: int = 0
    dropped: int = 0

    async def doomed(self) -> bool | None:
        self.asked += 1
        return self.crd_goes

    def approved_deletions(self) -> int:
        return self.approved

    def drop_approval(self) -> None:
        self.dropped += 1
        self.approved = 0


def raw(number: int, version: int, *, deleted: str | None = None, **status: Any) -> dict[str, Any]:
    meta = {
        "name": f"c{number}",
        "namespace": "default",
        "uid": f"00000000-0000-4000-8000-{number:012d}",
        "resourceVersion": str(version),
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "finalizers": ["hpc.qingcloud.com/cluster"],
        **({"deletionTimestamp": deleted} if deleted else {}),
    }
    return {"metadata": meta, "spec": {"cluster_type": "ehpc"}, "status": status}


def fleet(number: int) -> Cache:
    cache = Cache(parse_resource, lambda *_: None)
    for each in range(number):
        cache.read(raw(each, 1000 + each))
    return cache


async def why(bulk: Bulk, cache: Cache, number: int) -> str | None:
    held = next(each for each in cache.resources() if each.ref.name == f"c{number}")
    return (await bulk.weigh(replace(scene(deleting(living())), resource=held))).facts.mass_deletion


def _delete(cache: Cache, number: int, version: int, at: str = "2026-11-26T10:00:00Z") -> None:
    cache.read(raw(number, version, deleted=at))


async def test_the_eleventh_holds_all_and_a_restart_counts_the_same() -> None:
    outside, cache = Outside(), fleet(12)
    bulk = Bulk(outside, outside, cache, POLICY)  # type: ignore[arg-type]
    for number in range(10):
        _delete(cache, number, 2000 + number)
    assert await why(bulk, cache, 0) is None
    _delete(cache, 10, 2010, "2026-11-26T10:09:59Z")
    assert "11 HpcClusters" in (await why(bulk, cache, 0) or "")
    after_a_restart = fleet(12)
    for number in range(11):
        _delete(after_a_restart, number, 2000 + number)
    assert await why(Bulk(outside, outside, after_a_restart, POLICY), after_a_restart, 5)  # type: ignore[arg-type]


async def test_those_that_went_lately_count() -> None:
    outside, cache = Outside(), fleet(12)
    bulk = Bulk(outside, outside, cache, POLICY)  # type: ignore[arg-type]
    for number in range(6):
        _delete(cache, number, 2000 + number)
    for number in range(6):
        cache.seen("DELETED", raw(number, 3000 + number))
    for number in range(6, 11):
        _delete(cache, number, 4000 + number, "2026-11-26T10:05:00Z")
    assert "11 HpcClusters" in (await why(bulk, cache, 8) or "")
    assert list(cache.deletions()) == sorted(cache.deletions())
    assert (len(cache.deletions()), len(cache.terminating())) == (11, 5)


async def test_one_that_went_without_being_asked_to_is_no_deletion() -> None:
    cache = fleet(3)
    cache.seen("DELETED", raw(0, 3000))
    assert list(cache.deletions()) == []


async def test_who_is_not_deleted_or_not_held_by_us_is_not_asked_about() -> None:
    outside, cache = Outside(crd_goes=True), fleet(1)
    bulk = Bulk(outside, outside, cache, POLICY)  # type: ignore[arg-type]
    for held in (living(), deleting(resource())):
        assert (await bulk.weigh(scene(held))).facts.mass_deletion is None
    off = Bulk(outside, outside, cache, replace(POLICY, hold_deletions=False))  # type: ignore[arg-type]
    assert (await off.weigh(scene(deleting(living())))).facts.mass_deletion is None
    assert outside.asked == 0


@pytest.mark.parametrize(
    ("goes", "says"), [(True, "CustomResourceDefinition itself"), (None, "cannot be read"), (False, None)]
)
async def test_a_single_deletion_while_the_crd_goes(goes: bool | None, says: str | None) -> None:
    outside, cache = Outside(crd_goes=goes), fleet(1)
    _delete(cache, 0, 2000)
    found = await why(Bulk(outside, outside, cache, POLICY), cache, 0)  # type: ignore[arg-type]
    assert (found is None) if says is None else (says in (found or ""))


async def test_an_approval_lasts_until_its_burst_is_over() -> None:
    outside, cache = Outside(approved=11), fleet(12)
    bulk = Bulk(outside, outside, cache, POLICY)  # type: ignore[arg-type]
    for number in range(11):
        _delete(cache, number, 2000 + number)
    assert await why(bulk, cache, 0) is None
    for number in range(10):
        cache.seen("DELETED", raw(number, 3000 + number))
        bulk.went()
    assert outside.dropped == 0  # the eleventh is still there and needs it
    assert await why(bulk, cache, 10) is None
    cache.seen("DELETED", raw(10, 3010))
    bulk.went()
    assert outside.dropped == 1
    bulk.went()
    assert outside.dropped == 1


async def test_an_approval_for_the_crd_lasts_while_anything_of_it_is_left() -> None:
    outside, cache = Outside(crd_goes=True, approved=2), fleet(2)
    bulk = Bulk(outside, outside, cache, POLICY)  # type: ignore[arg-type]
    for number in range(2):
        _delete(cache, number, 2000 + number)
    assert await why(bulk, cache, 0) is None
    cache.seen("DELETED", raw(0, 3000))
    bulk.went()
    assert outside.dropped == 0
    cache.seen("DELETED", raw(1, 3001))
    bulk.went()
    assert outside.dropped == 1


def test_who_spends_with_the_operator_s_own_key() -> None:
    """Those with an id, an open create, or a record that nothing explains; not those with a key of their own."""
    cache = fleet(1)
    known = {"hpc_cluster_id": "ehpc-1"}
    cache.read(raw(1, 2000, **known))
    assert set(cache.spenders()) == {"00000000-0000-4000-8000-000000000001"}
    own = raw(2, 2001, **known)
    own["spec"]["credentialsSecretRef"] = {"name": "key"}
    cache.read(own)
    assert len(cache.spenders()) == 1
    cache.seen("DELETED", raw(1, 3000))
    assert len(cache.spenders()) == 0
