"""The cache of resources: what it takes, what it forgets, whom it wakes, and the fleet's facts."""

from collections.abc import Mapping
from typing import Any

import pytest

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.record import Account, Resource
from hpc_operator.kube.codec import parse_resource
from hpc_operator.reconcile.cache import Cache, WentBack
from hpc_operator.reconcile.resync import Resync

Raw = dict[str, Any]
ACCOUNT = {"endpoint": "https://api.example/api", "zone": "jn1a", "owner": "usr-1"}


def raw(uid: str, version: int, namespace: str = "ns", spec: Raw | None = None, **status: Any) -> Raw:
    meta = {"namespace": namespace, "name": f"n-{uid}", "uid": uid, "resourceVersion": str(version), "generation": 1}
    meta["creationTimestamp"] = "2026-01-01T00:00:00Z"
    return {"kind": "HpcCluster", "metadata": meta, "spec": spec or {"cluster_type": "hpc"}, "status": status}


def ref(uid: str, namespace: str = "ns") -> Ref:
    return Ref(namespace, f"n-{uid}", uid)


class Scene:
    def __init__(self) -> None:
        self.woken: list[tuple[str, bool]] = []
        self.cache = Cache(parse_resource, self._woke)

    def _woke(self, key: Ref, resource: Resource | None) -> None:
        self.woken.append((key.uid, resource is not None))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_older_object_is_not_taken(scene: Scene) -> None:
    scene.cache.seen("ADDED", raw("a", 10, hpc_cluster_id="hpc-new"))
    scene.cache.seen("MODIFIED", raw("a", 9, hpc_cluster_id="hpc-old"))
    held = scene.cache.get(ref("a"))
    assert held is not None
    assert held.id == "hpc-new"
    assert scene.woken == [("a", True)]


def test_a_new_crd_default_changes_the_content_without_a_new_version(scene: Scene) -> None:
    scene.cache.seen(None, raw("a", 10))
    scene.cache.seen(None, raw("a", 10, spec={"cluster_type": "hpc", "deletionProtection": True}))
    held = scene.cache.get(ref("a"))
    assert held is not None
    assert held.desired.deletion_protection
    assert len(scene.woken) == 2


def test_an_own_write_and_its_echo_wake_nobody(scene: Scene) -> None:
    scene.cache.seen("ADDED", raw("a", 10))
    scene.cache.wrote(raw("a", 11, hpc_cluster_id="hpc-1"))
    scene.cache.seen("MODIFIED", raw("a", 11, hpc_cluster_id="hpc-1"))
    assert scene.woken == [("a", True)]
    assert list(scene.cache.holders("hpc-1")) == [ref("a")], "but the facts of the fleet know it at once"


def test_a_deleted_uid_does_not_come_back_from_a_late_event(scene: Scene) -> None:
    scene.cache.seen("ADDED", raw("a", 10))
    scene.cache.seen("DELETED", raw("a", 12))
    scene.cache.wrote(raw("a", 11))
    scene.cache.seen("MODIFIED", raw("a", 13))
    assert scene.cache.get(ref("a")) is None
    assert scene.woken == [("a", True), ("a", False)]


def test_a_resync_forgets_what_the_list_no_longer_shows(scene: Scene) -> None:
    for uid in "abc":
        scene.cache.seen(None, raw(uid, 10))
    scene.cache.seen("ADDED", raw("late", 30))
    gone = scene.cache.resync(30, 30, [raw("a", 10), raw("late", 30)])
    assert set(gone) == {ref("b"), ref("c")}
    assert {held.ref.uid for held in scene.cache.resources()} == {"a", "late"}


def test_what_appeared_while_the_list_was_read_is_kept(scene: Scene) -> None:
    top = scene.cache.top
    scene.cache.seen("ADDED", raw("new", 25))
    assert scene.cache.resync(top, 20, []) == (), "the list is older than the object: it says nothing of it"
    assert scene.cache.get(ref("new")) is not None


def test_events_during_the_list_are_no_restore(scene: Scene) -> None:
    """`top` is read before the list is asked for; one that rose meanwhile must not end the process."""
    scene.cache.seen(None, raw("a", 10))
    top = scene.cache.top
    scene.cache.seen("MODIFIED", raw("a", 40))
    scene.cache.resync(top, 20, [raw("a", 10)])
    held = scene.cache.get(ref("a"))
    assert held is not None
    assert held.resource_version == "40"


def test_a_list_older_than_what_was_seen_before_it_is_a_restored_storage(scene: Scene) -> None:
    scene.cache.seen(None, raw("a", 1060))
    with pytest.raises(WentBack, match="1060"):
        scene.cache.resync(scene.cache.top, 1052, [raw("a", 1052)])


def test_a_list_of_one_namespace_says_nothing_of_another(scene: Scene) -> None:
    scene.cache.seen(None, raw("a", 10, "one"))
    scene.cache.seen(None, raw("b", 10, "two"))
    assert scene.cache.resync(10, 20, [], "one") == (ref("a", "one"),)


def test_a_list_brings_back_what_was_forgotten_wrongly(scene: Scene) -> None:
    scene.cache.seen(None, raw("a", 10))
    scene.cache.missing(ref("a"))
    scene.cache.resync(scene.cache.top, 20, [raw("a", 10)])
    assert scene.cache.get(ref("a")) is not None


def test_the_fleets_facts_follow_every_change(scene: Scene) -> None:
    scene.cache.seen(None, raw("a", 10, hpc_cluster_id="hpc-1", job_id="j-1", account=ACCOUNT))
    scene.cache.seen(None, raw("b", 11, hpc_cluster_id="hpc-1", job_id="j-2", account=ACCOUNT))
    assert set(scene.cache.holders("hpc-1")) == {ref("a"), ref("b")}
    assert set(scene.cache.of_account(Account(**ACCOUNT))) == {ref("a"), ref("b")}
    scene.cache.seen("MODIFIED", raw("b", 12, hpc_cluster_id="hpc-2", job_id="j-3"))
    assert set(scene.cache.holders("hpc-1")) == {ref("a")}
    assert (set(scene.cache.job_holders("j-2")), set(scene.cache.job_holders("j-3"))) == (set(), {ref("b")})
    scene.cache.seen("DELETED", raw("a", 13))
    scene.cache.seen("DELETED", raw("b", 14))
    assert not scene.cache.cluster_ids()
    assert not scene.cache.of_account(Account(**ACCOUNT))


async def test_the_resync_reads_top_before_it_lists(scene: Scene) -> None:
    scene.cache.seen(None, raw("a", 10))

    async def list_pages(namespace: str | None) -> tuple[int, list[Mapping[str, Any]]]:
        scene.cache.seen("MODIFIED", raw("a", 50))
        return 20, [raw("a", 10)]

    resync = Resync(scene.cache, list_pages, [], period=300, now=lambda: 7.0)
    await resync.once()
    assert resync.last == 7.0


def test_a_list_older_than_a_deletion_does_not_revive_the_resource(scene: Scene) -> None:
    """The list was asked for at 100, the deletion told at 105, the answer taken after it: dead it stays."""
    scene.cache.seen("ADDED", raw("a", 90))
    top = scene.cache.top
    scene.cache.seen("DELETED", raw("a", 105))
    scene.cache.resync(top, 100, [raw("a", 90)])
    assert scene.cache.get(ref("a")) is None


def test_a_resource_found_missing_is_not_revived_by_a_list_under_way(scene: Scene) -> None:
    scene.cache.seen("ADDED", raw("a", 90))
    scene.cache.seen("ADDED", raw("b", 110))
    scene.cache.missing(ref("a"))
    scene.cache.resync(90, 100, [raw("a", 90), raw("b", 95)])
    assert scene.cache.get(ref("a")) is None
    scene.cache.resync(110, 120, [raw("a", 90), raw("b", 110)])
    assert scene.cache.get(ref("a")) is not None, "a later list knows better"


def test_who_records_a_cluster_is_woken_when_another_comes_to_record_it(scene: Scene) -> None:
    """A settled one makes no pass of its own: without it the younger of two claimants would stay Ready for minutes."""
    scene.cache.seen("ADDED", raw("a", 10, hpc_cluster_id="hpc-1"))
    scene.cache.seen("ADDED", raw("b", 11))
    scene.woken.clear()
    scene.cache.wrote(raw("b", 12, hpc_cluster_id="hpc-1"))
    assert scene.woken == [("a", True)]
    scene.cache.wrote(raw("b", 13, hpc_cluster_id="hpc-1", job_id="j-1"))
    assert scene.woken == [("a", True)], "once"
