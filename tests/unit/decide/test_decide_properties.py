"""Over generated scenes: deciding is total and pure, and never does what buys a second cluster or loses one."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from decide_scenes import (
    ACCOUNT,
    EARLIER_STEM,
    ELSEWHERE,
    FOREIGN_STEM,
    ID,
    KEY,
    NOW,
    OTHER,
    OTHER_STEM,
    POLICY,
    REF,
    SECOND,
    STEM,
    WINDOW,
    ago,
    check,
    closed,
    create_intent,
    delete_intent,
    facts,
    resource,
    wishing,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.decide.facts import Claim, FirstCreate, Scene
from hpc_operator.decide.planner import decide
from hpc_operator.decide.report import remembered, report
from hpc_operator.domain.actions import Close, Create, Delete, Release
from hpc_operator.domain.desired import DeletionPolicy, ManagementPolicy, Orders
from hpc_operator.domain.mark import marks_in
from hpc_operator.domain.observed import Cluster, Entry, IdLook, JobStatus, ListLook, LogLook
from hpc_operator.domain.record import Memory, OperationAction, Origin, Outcome, Record, Resource

AGES = st.sampled_from([0.0, 1.0, 5.0, 9.0, 20.0, 35.0, 59.0, 100.0, 300.0, 404.0, 406.0, 440.0, 700.0, 5000.0])
IDS = st.sampled_from([ID, SECOND, "ehpc-x", "hpc-1"])
STEMS = st.sampled_from([STEM] * 40 + [EARLIER_STEM, EARLIER_STEM, OTHER_STEM, FOREIGN_STEM])
TEXTS = st.sampled_from(
    [
        None,
        "plain",
        f"demo-{STEM}-1",
        f"demo-{STEM}-2",
        f"x-{OTHER_STEM}-1",
        f"x-{EARLIER_STEM}-1",
        f"x-{FOREIGN_STEM}-1",
    ]
)
STATUSES = st.sampled_from(["active", "pending", "stopped", "suspended", "abnormal", "deleting", "odd", None])
KEYS = st.sampled_from([KEY, KEY, KEY, "k2"])
ACCOUNTS = st.sampled_from([ACCOUNT] * 15 + [ELSEWHERE])
maybe: Callable[[Any], Any] = lambda inner: st.one_of(st.none(), inner)  # noqa: E731

clusters = st.builds(Cluster, IDS, name=TEXTS, status=STATUSES, description=TEXTS, created_at=maybe(AGES.map(ago)))
entries = st.builds(
    Entry, st.sampled_from(["j-create", "j-delete", "j-1", "j-2"]), st.sampled_from(JobStatus),
    resource_ids=st.lists(IDS, max_size=2, unique=True).map(tuple), created_at=maybe(AGES.map(ago)),
)  # fmt: skip
list_looks = st.builds(
    ListLook, AGES.map(ago), st.just(True), KEYS, st.lists(clusters, max_size=3, unique_by=lambda c: c.id).map(tuple)
)
log_looks = st.builds(
    LogLook,
    AGES.map(ago),
    st.booleans(),
    KEYS,
    st.sampled_from([0.0, ago(50)]),
    st.lists(entries, max_size=3).map(tuple),
)
records = st.builds(Record, STEMS, ACCOUNTS, st.sampled_from(Origin), maybe(IDS), nonce=st.just("n"), key=KEYS)


@st.composite
def id_looks(draw: st.DrawFn) -> IdLook:
    line = draw(maybe(clusters))
    found = draw(IDS) if line is None else line.id
    return IdLook(
        ago(draw(AGES)), draw(st.booleans()), draw(KEYS), found, line, tuple(draw(st.lists(entries, max_size=2)))
    )


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    kind = draw(st.sampled_from(["empty", "open", "tried", "known", "known", "deleting"]))
    strays = draw(st.sampled_from([(), (), (), (SECOND,)]))
    account, mark = draw(ACCOUNTS), draw(STEMS)
    if kind == "empty":
        return Memory(strays=strays)
    if kind == "open":
        intent = create_intent(draw(AGES), account=account, mark=mark, key=draw(KEYS), attempt=draw(st.integers(1, 3)))
        return Memory(mark=mark, account=account, operation=intent, strays=strays)
    outcome = draw(st.sampled_from([Outcome.VOID, Outcome.REFUSED, Outcome.NOT_SENT]))
    if kind == "tried":
        code = draw(st.sampled_from([None, 1101, 1300, 2400, 2500, 5200, 4001, 9]))
        return Memory(
            mark=mark, account=account, strays=strays, last_operation=closed(age=draw(AGES), outcome=outcome, code=code)
        )
    delete = delete_intent(
        draw(AGES), account=account, job_id=draw(st.sampled_from([None, "j-delete"])), gone=draw(st.booleans())
    )
    age = draw(AGES)
    return Memory(
        mark=mark, account=account, origin=draw(st.sampled_from(Origin)), hpc_cluster_id=draw(st.sampled_from([ID, SECOND])),
        job_id=draw(maybe(st.just("j-create"))), strays=strays, recorded_at=ago(age), first_active_at=draw(maybe(AGES.map(ago))),
        described=draw(maybe(st.just("d"))), described_at=draw(maybe(AGES.map(ago))), operation=delete if kind == "deleting" else None,
        last_operation=draw(st.sampled_from([closed(age=age, outcome=Outcome.ACCEPTED), closed(OperationAction.DELETE, 5, outcome=Outcome.FAILED)])),
    )  # fmt: skip


@st.composite
def resources(draw: st.DrawFn) -> Resource:
    desired = wishing(
        management_policy=draw(st.sampled_from([ManagementPolicy.FULL, ManagementPolicy.FULL, ManagementPolicy.OBSERVE])),
        deletion_policy=draw(maybe(st.sampled_from(DeletionPolicy))),
        deletion_protection=draw(st.sampled_from([False] * 9 + [True])),
    )  # fmt: skip
    orders = Orders(
        adopt=draw(st.sampled_from([None, None, None, ID, SECOND])),
        take_over=draw(st.sampled_from([None, None, None, ID])),
        create_beside=draw(st.sampled_from([(), (), (ID,), (EARLIER_STEM,)])),
        recreate=draw(st.sampled_from([None, None, f"{STEM}-1", f"{STEM}-2"])),
        paused=draw(st.sampled_from([False, False, True])),
    )
    return resource(
        finalizer=draw(st.sampled_from([True] * 9 + [False])), record=draw(maybe(records)), memory=draw(memories()), desired=desired, orders=orders,
        deleting_since=draw(maybe(st.just(ago(30)))), generation=draw(st.integers(1, 2)),
    )  # fmt: skip


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    held = draw(resources())
    lists = sorted(draw(st.lists(list_looks, max_size=3)), key=lambda one: -one.begun)
    if lists and draw(st.booleans()):
        lists[0] = replace(lists[0], complete=False)
    logs = sorted(draw(st.lists(log_looks, max_size=3)), key=lambda one: -one.begun)
    logs = [*logs[:1], *(replace(one, complete=True) for one in logs[1:])]
    asked = {one.id: one for one in draw(st.lists(id_looks(), max_size=2))}
    wished = draw(st.sampled_from([ACCOUNT, ACCOUNT, ACCOUNT, ELSEWHERE, None]))
    claims = draw(
        st.dictionaries(
            IDS,
            st.sampled_from(
                [
                    (Claim(ago(9e4), OTHER, ACCOUNT),),
                    (Claim(ago(1), OTHER, ELSEWHERE),),
                    (Claim(ago(9e4), REF, ACCOUNT),),
                ]
            ),
            max_size=2,
        )
    )
    known = facts(
        lists=tuple(lists), logs=tuple(logs), ids=MappingProxyType(asked), claims=claims,
        wished=wished, key=draw(KEYS) if wished else None, key_problem=None if wished else ("CredentialsMissing", "x"),
        offset=draw(st.sampled_from([None, 0.0, 0.0, 0.0, 31.0])), unsent=draw(st.sampled_from([False, False, True])) and held.record is not None,
        seen_at=ago(draw(AGES)), jobs=draw(st.sampled_from([frozenset(), frozenset({"j-1"})])), first_create=draw(st.sampled_from(FirstCreate)),
    )  # fmt: skip
    made = Scene(held, known, POLICY)
    try:
        check(made)
    except AssertionError:
        assume(False)
    return made


def _acts(decision: Decision, kind: type) -> bool:
    return isinstance(decision, Act) and isinstance(decision.action, kind)


@settings(max_examples=100, deadline=None)
@given(made=scenes())
def test_deciding_and_reporting_are_total_and_pure(made: Scene) -> None:
    """Exactly one of four, never an exception, and the same again; waits and blocks say why, and never spin."""
    decision = decide(made)
    assert decision == decide(made)
    assert isinstance(decision, Settled | Act | Wait | Blocked)
    assert report(made, decision) == report(made, decision)
    assert remembered(made, decision) == remembered(made, decision)
    if isinstance(decision, Wait | Blocked):
        assert decision.after > 0
        assert decision.reason.isalnum()
        assert decision.message


@settings(max_examples=100, deadline=None)
@given(made=scenes())
def test_nothing_is_bought_on_a_guess(made: Scene) -> None:
    """Never a create over an open operation, a known id, our own mark, a bad look, a wrong clock or account."""
    decision = decide(made)
    if not _acts(decision, Create):
        return
    held, memory = made.resource, made.resource.memory
    assert memory.operation is None
    assert memory.hpc_cluster_id is None
    assert not memory.strays
    assert not held.deleting
    assert not held.orders.paused
    assert held.orders.adopt is None
    assert held.desired.management_policy is ManagementPolicy.FULL
    newest = next(look for look in made.facts.lists if look.complete)
    assert newest.begun >= made.facts.seen_at
    assert len({look.begun for look in made.facts.lists if look.complete}) >= 2
    assert memory.last_operation is None or newest.begun >= memory.last_operation.at
    assert not any(
        mark.stem == STEM for look in made.facts.lists[:1] for c in look.clusters for mark in marks_in(*c.texts)
    )
    assert made.facts.wished is not None
    assert made.facts.offset != 31.0
    assert not (memory.empty and (held.finalizer or held.record) and not made.facts.unsent), "that is doubt"


@settings(max_examples=100, deadline=None)
@given(made=scenes())
def test_nothing_is_let_go_on_a_guess(made: Scene) -> None:
    """Never a release while a create is open or may be; after a delete only when it was answered and proven."""
    decision = decide(made)
    if not _acts(decision, Release):
        return
    memory, operation = made.resource.memory, made.resource.memory.operation
    assert operation is None or operation.action is OperationAction.DELETE
    assert not memory.empty or made.facts.unsent
    assert not made.resource.desired.deletion_protection
    left = decision.action.left  # type: ignore[union-attr]
    if memory.hpc_cluster_id is not None and left is None:
        assert operation is not None
        assert operation.answered
        late = {
            look.begun
            for look in made.facts.lists
            if look.complete and look.begun > (memory.recorded_at or 0.0) + WINDOW
        }
        assert len(late) >= 2
        asked = made.facts.ids[memory.hpc_cluster_id]
        assert asked.complete
        assert asked.cluster is None
        assert made.facts.offset != 31.0


@settings(max_examples=100, deadline=None)
@given(made=scenes())
def test_nothing_is_concluded_too_early(made: Scene) -> None:
    """Void and ClusterVanished come from complete looks begun after the window, or from nothing."""
    decision = decide(made)
    memory = made.resource.memory
    if _acts(decision, Close) and decision.action.intent.action is OperationAction.CREATE:  # type: ignore[union-attr]
        due = decision.action.intent.started_at + WINDOW  # type: ignore[union-attr]
        for looks in (made.facts.lists, made.facts.logs):
            assert len({look.begun for look in looks if look.complete and look.begun > due}) >= 2
        assert made.facts.offset != 31.0
    if isinstance(decision, Blocked) and decision.reason == "ClusterVanished":
        begun = [look.begun for look in made.facts.lists if look.complete]
        assert len({b for b in begun if b > (memory.recorded_at or NOW) + WINDOW}) >= 2
        assert made.facts.offset != 31.0
    if _acts(decision, Delete):
        assert memory.hpc_cluster_id == decision.action.id  # type: ignore[union-attr]
        assert memory.mark == STEM, "what another life made is never deleted"
        assert made.resource.deleting


def _walked(made: Scene, since: float) -> dict[str, Cluster]:
    """What `Scene` says by its looks' indexes, by walking every line: the newest line of each cluster."""
    newest = next((look for look in made.facts.lists if look.complete), None)
    begun = newest.begun if newest else 0.0
    asked = [look for look in made.facts.ids.values() if look.cluster]
    lately = made.now - 2 * made.policy.staleness
    lines = [c for look in reversed(made.facts.lists) if look.begun >= since for c in look.clusters]
    lines += [look.cluster for look in asked if look.cluster and lately < look.begun < begun]
    lines += newest.clusters if newest else ()
    lines += [
        c for look in reversed(made.facts.lists) if not look.complete and look.begun >= begun for c in look.clusters
    ]
    lines += [look.cluster for look in asked if look.cluster and look.begun >= begun]
    return {cluster.id: cluster for cluster in lines}


@settings(max_examples=200, deadline=None)
@given(made=scenes(), since=st.sampled_from([float("inf"), 0.0, *(ago(age) for age in (5.0, 59.0, 404.0))]))
def test_the_indexes_say_what_a_walk_over_all_lines_says(made: Scene, since: float) -> None:
    now, kept = _walked(made, float("inf")), _walked(made, since)
    assert {i: made.shown(i) for i in (ID, SECOND, "ehpc-x", "hpc-1")} == {
        i: now.get(i) for i in (ID, SECOND, "ehpc-x", "hpc-1")
    }
    for part in (STEM, STEM[:10], STEM[:5], EARLIER_STEM):
        bearing = {c.id: c for c in made.bearing(part, since)}
        walked = {i: c for i, c in kept.items() if any(m.stem.startswith(part) for m in marks_in(*c.texts))}
        assert bearing == walked
