"""Which cluster a restored resource goes on with: each row has a sentence, and each *not done* its reason."""

from dataclasses import replace
from typing import Any

import pytest
from decide_scenes import (
    ACCOUNT,
    EARLIER,
    ELSEWHERE,
    FLEET,
    ID,
    NOW,
    REF,
    SECOND,
    STEM,
    cluster,
    look,
    named,
    record,
    resource,
)

from hpc_operator.domain.desired import ClusterType, Orders, Ref
from hpc_operator.domain.mark import Mark, marked, stem
from hpc_operator.domain.observed import Cluster, ListLook
from hpc_operator.domain.record import Condition, Memory, Resource
from hpc_operator.taking_over import choosing
from hpc_operator.taking_over.choosing import Choice, Verdict, blocked, choose

OLD = named(stem(FLEET, EARLIER))
SAYS_SO = (Condition("Ready", "False", "OwnedElsewhere", "", 1, NOW),)
WAITS = resource(conditions=SAYS_SO)
OTHER = Ref("lab", "other", "uid-other")
THERE = cluster(ID, OLD)


def chosen(held: Resource, *lines: Cluster, others: tuple[Resource, ...] = (), **more: Any) -> Choice:
    given: dict[str, Any] = {"accounts": {held.ref.uid: ACCOUNT}, "looks": {ACCOUNT: look(0, *lines)}, **more}
    [one] = choose((held, *others), held.ref.namespace, fleet=FLEET, **given)
    return one


def test_the_one_that_bears_the_mark_of_an_earlier_life_is_taken() -> None:
    found = chosen(WAITS, THERE, cluster(SECOND, named(stem(FLEET, OTHER))), cluster("ehpc-x", "by hand"))
    assert (found.verdict, found.cluster) == (Verdict.TAKE, THERE)


def test_the_mark_may_stand_in_the_description_alone() -> None:
    found = chosen(WAITS, cluster(ID, "renamed", description=str(Mark(stem(FLEET, EARLIER), 2))))
    assert (found.verdict, found.cluster and found.cluster.id) == (Verdict.TAKE, ID)


@pytest.mark.parametrize(
    ("held", "lines", "why"),
    [
        pytest.param(WAITS, (), "no cluster of the account bears a mark", id="none"),
        pytest.param(WAITS, (cluster(ID, named(stem("else", EARLIER))),), "no cluster", id="of another fleet"),
        pytest.param(WAITS, (cluster(ID, named(STEM)),), "no cluster", id="this life's own is not an earlier one's"),
        pytest.param(WAITS, (THERE, cluster(SECOND, OLD)), f"2 clusters bear its mark: {ID}, {SECOND}", id="two candidates"),
        pytest.param(WAITS, (cluster("hpc-1", OLD),), "it is not of cluster_type ehpc", id="of another type"),
        pytest.param(replace(WAITS, orders=Orders(adopt=SECOND)), (THERE,), f"it is ordered to adopt {SECOND}", id="ordered to adopt"),
        pytest.param(replace(WAITS, orders=Orders(take_over=SECOND)), (THERE,), f"it is ordered to take over {SECOND}", id="ordered to take another"),
        pytest.param(replace(WAITS, record=record(id=ID)), (cluster(ID, "by hand"),), f"annotate it with hpc.qingcloud.com/adopt={ID}", id="observed only: unmarked"),
    ],
)  # fmt: skip
def test_what_is_not_done_says_why(held: Resource, lines: tuple[Cluster, ...], why: str) -> None:
    found = chosen(held, *lines)
    assert found.verdict is Verdict.LEFT
    assert why in found.why


@pytest.mark.parametrize(
    "memory",
    [{"memory": Memory(hpc_cluster_id=ID)}, {"record": record(id=ID)}, {"memory": Memory(hpc_cluster_id="ehpc-y", strays=(ID,))}],
    ids=["in status", "in the record", "beside another"],
)  # fmt: skip
def test_what_another_resource_records_is_left(memory: dict[str, Any]) -> None:
    found = chosen(WAITS, THERE, others=(resource(ref=OTHER, **memory),))
    assert (found.verdict, found.why) == (Verdict.LEFT, "lab/other records it already")


def test_its_own_restored_record_is_no_other() -> None:
    assert chosen(replace(WAITS, record=record(id=ID)), THERE).verdict is Verdict.TAKE


def test_what_is_ordered_already_is_not_ordered_again() -> None:
    assert chosen(replace(WAITS, orders=Orders(take_over=ID)), THERE).verdict is Verdict.ORDERED


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"accounts": {REF.uid: "the Secret x does not exist"}}, "the Secret x does not exist"),
        ({"accounts": {REF.uid: ELSEWHERE}}, "the list of owner usr-2 in zone jn1a could not be read"),
        ({"looks": {ACCOUNT: look(0, THERE, complete=False)}}, "could not be read"),
    ],
)
def test_what_cannot_be_seen_is_not_taken(more: dict[str, Any], why: str) -> None:
    """A partial list may hide a second bearer."""
    found = chosen(WAITS, THERE, **more)
    assert found.verdict is Verdict.LEFT
    assert why in found.why


def test_a_cluster_of_another_account_is_no_candidate() -> None:
    looks: dict[Any, ListLook] = {ACCOUNT: look(0), ELSEWHERE: look(0, THERE)}
    assert chosen(WAITS, looks=looks).verdict is Verdict.LEFT


def test_one_cluster_goes_to_one_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two names whose short hashes are alike: neither is written."""
    twin = resource(ref=Ref(REF.namespace, "twin", "uid-twin"), conditions=SAYS_SO)
    monkeypatch.setattr(choosing, "object_of", lambda _: "same")
    shown = replace(look(0, THERE))
    object.__setattr__(shown, "by_mark", {"same": (THERE,)})
    accounts = {WAITS.ref.uid: ACCOUNT, twin.ref.uid: ACCOUNT}
    found = choose((WAITS, twin), REF.namespace, accounts, {ACCOUNT: shown}, FLEET)
    assert [(each.verdict, each.why) for each in found] == [(Verdict.LEFT, "its mark fits more than one resource")] * 2


def test_only_what_is_blocked_so_in_this_namespace_is_looked_at() -> None:
    elsewhere = resource(ref=OTHER, conditions=SAYS_SO)
    ready = resource(
        ref=Ref(REF.namespace, "well", "uid-well"), conditions=(Condition("Ready", "True", "Ready", "", 1, NOW),)
    )
    leaving = replace(WAITS, ref=Ref(REF.namespace, "gone", "uid-gone"), deleting_since=NOW)
    assert not any(map(blocked, (ready, leaving, resource())))
    found = choose(
        (ready, leaving, elsewhere, WAITS), REF.namespace, {REF.uid: ACCOUNT}, {ACCOUNT: look(0, THERE)}, FLEET
    )
    assert [each.resource for each in found] == [WAITS]


def test_a_name_that_is_cut_still_bears_the_mark() -> None:
    long = cluster(ID, marked("a-very-long-name-of-a-cluster-indeed", Mark(stem(FLEET, EARLIER), 1)))
    assert chosen(replace(WAITS, desired=replace(WAITS.desired, cluster_type=ClusterType.EHPC)), long).cluster == long
