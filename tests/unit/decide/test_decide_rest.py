"""The small rooms: first creates of an account, which looks are needed, pace, and how a memory changes."""

from dataclasses import replace

import pytest
from decide_scenes import (
    ACCOUNT,
    ID,
    NOW,
    OLD,
    OTHER,
    OTHER_STEM,
    POLICY,
    REF,
    SECOND,
    STEM,
    WINDOW,
    ago,
    closed,
    cluster,
    create_intent,
    delete_intent,
    deleting,
    in_doubt,
    known_memory,
    living,
    look,
    named,
    record,
    resource,
    scene,
    tried,
)

from hpc_operator.decide import pace, remembering
from hpc_operator.decide.facts import FirstCreate
from hpc_operator.decide.firsts import first_create
from hpc_operator.decide.needs import Needs, needs
from hpc_operator.domain.actions import Take
from hpc_operator.domain.answers import Accepted, NotSent, Refused
from hpc_operator.domain.desired import Orders
from hpc_operator.domain.observed import ListLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.record import Condition, Memory, NodeCount, OperationAction, Origin, Outcome, Resource

UNMARKED = cluster(ID, "no-mark")
FREE, HELD, INVISIBLE = FirstCreate.FREE, FirstCreate.HELD, FirstCreate.INVISIBLE
TOLD = {"described": "d", "described_at": ago(400)}
FIRSTS: list[tuple[str, Resource, ListLook | None, FirstCreate]] = [
    ("its create is open", in_doubt(), look(5), HELD),
    ("its record is written, its intent not yet", resource(finalizer=True, record=record()), look(5), HELD),
    ("it has done nothing yet", resource(), look(5), FREE),
    ("its attempt was void", tried(), look(5), FREE),
    ("its cluster is not visible yet", living(WINDOW - 1), look(5), HELD),
    ("its cluster is visible nowhere, the window is over", living(WINDOW + 60), look(5), FREE),
    ("the window is over, but it was last looked for before that", living(WINDOW + 60), look(61), HELD),
    ("it is listed without a mark and was not described yet", living(), look(5, UNMARKED), HELD),
    (
        "it was described, too short ago to be seen",
        living(described="d", described_at=ago(300)),
        look(5, UNMARKED),
        HELD,
    ),
    ("it was described, and a later look shows no mark", living(**TOLD), look(5, UNMARKED), INVISIBLE),  # type: ignore[arg-type]
    ("that look began too early", living(**TOLD), look(100, UNMARKED), HELD),  # type: ignore[arg-type]
    ("an adopted cluster was not created under a mark", living(origin=Origin.ADOPTED), look(5, UNMARKED), FREE),
]


@pytest.mark.parametrize(("other", "listing", "expected"), [row[1:] for row in FIRSTS], ids=[row[0] for row in FIRSTS])
def test_the_account_s_first_create(other: Resource, listing: ListLook | None, expected: FirstCreate) -> None:
    assert first_create([other], listing, POLICY) is expected
    assert first_create([other], listing, replace(POLICY, accept_invisible_marks=True)) is FREE


def test_the_strictest_of_all_others_counts() -> None:
    several = [tried(), in_doubt(), living(**TOLD)]  # type: ignore[arg-type]
    assert first_create(several, look(5, UNMARKED), POLICY) is INVISIBLE
    assert first_create(several[:2], look(5), POLICY) is HELD
    assert first_create([], None, POLICY) is FREE


READY = replace(living(first_active_at=ago(99)), conditions=(Condition("Ready", "True", "Ready", "", 1, ago(99)),))
SEEN = ago(70)
NEEDS = [
    ("a fresh resource: a list begun since it was seen, half a minute old", resource(), Needs(ago(30))),
    ("after a close: a list begun since then", tried(age=3), Needs(ago(3))),
    ("in doubt, early: the list alone", in_doubt(50), Needs(ago(10))),
    ("in doubt, late: both, begun after the window", in_doubt(), Needs(ago(10), (ago(OLD) - 30, ago(10)))),
    ("in doubt, just late: not a look from before", in_doubt(WINDOW + 2), Needs(ago(2) + 0.001, (ago(WINDOW + 2) - 30, ago(2) + 0.001))),
    ("coming up: list and log", living(100), Needs(ago(10), (ago(130), ago(10)))),
    ("ready: the shared list, half a minute old", READY, Needs(ago(30))),
    ("deleting with an intent: the log since then", deleting(living(first_active_at=ago(90), operation=delete_intent(50))), Needs(ago(10), (ago(80), ago(10)))),
    ("deleting what was never active: the log since its create, whose entry may be the only proof of it", deleting(living(200, operation=delete_intent(50))), Needs(ago(10), (ago(230), ago(10)))),
    ("deleting without a finalizer: nothing", deleting(resource()), Needs()),
    ("deleting, nothing was made: nothing", deleting(tried()), Needs()),
]  # fmt: skip


@pytest.mark.parametrize(("held", "expected"), [row[1:] for row in NEEDS], ids=[row[0] for row in NEEDS])
def test_needs(held: Resource, expected: Needs) -> None:
    found = needs(held, NOW, SEEN, POLICY)
    assert found.listing == (None if expected.listing is None else pytest.approx(expected.listing, abs=1e-4))
    assert (found.log is None) == (expected.log is None)
    if found.log is not None and expected.log is not None:
        assert found.log == (pytest.approx(expected.log[0], abs=1e-4), pytest.approx(expected.log[1], abs=1e-4))


def test_a_new_resource_needs_a_look_begun_after_it_was_seen() -> None:
    assert needs(resource(), NOW, NOW - 1, POLICY).listing == NOW - 1


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 15), (1, 15), (2, 30), (3, 60), (6, 480), (7, 600), (10**6, 600)]
)
def test_pace_doubles_to_its_cap(failures: int, seconds: float) -> None:
    assert pace.backoff(failures, POLICY) == seconds


def test_pace_until() -> None:
    assert pace.until_retry(closed(age=10, failures=1), NOW, POLICY) == 5
    assert pace.until_retry(closed(age=10, failures=1), NOW, POLICY, slow=True) == 590
    assert pace.until_retry(closed(age=OLD), NOW, POLICY) == 0
    assert pace.until(NOW + 3, NOW, POLICY) == 3
    assert pace.until(NOW + 99, NOW, POLICY) == POLICY.poll
    assert pace.until(NOW, NOW, POLICY) == 0.05, "never a busy loop"
    assert pace.until(NOW - 99, NOW, POLICY) == POLICY.poll, "it is past: what is waited for now is a look"


def test_the_window_is_the_sum_of_its_four_parts() -> None:
    assert Policy(1.0, 2.0, 4.0, 8.0).window == 15.0


ANSWER = Accepted("j-1", ID)


def test_an_answer_is_written_to_its_own_attempt() -> None:
    intent = create_intent(age=20)
    memory = remembering.created(in_doubt(intent=intent).memory, intent, ANSWER, NOW)
    assert memory is not None
    assert (memory.hpc_cluster_id, memory.job_id, memory.recorded_at, memory.operation) == (
        ID,
        "j-1",
        intent.started_at,
        None,
    )
    assert (memory.mark, memory.account, memory.origin, memory.strays) == (STEM, ACCOUNT, Origin.CREATED, ())
    assert remembering.created(memory, intent, ANSWER, NOW) is None, "written already"


def test_a_renewed_intent_takes_the_answer_of_the_same_attempt() -> None:
    intent = create_intent(age=20)
    memory = remembering.created(in_doubt(intent=replace(intent, nonce="renewed")).memory, intent, ANSWER, NOW)
    assert memory is not None
    assert memory.hpc_cluster_id == ID


@pytest.mark.parametrize(
    "held",
    [known_memory(hpc_cluster_id=SECOND), tried().memory, Memory(), in_doubt(intent=create_intent(attempt=2)).memory,
     in_doubt(intent=create_intent(mark=OTHER_STEM)).memory],
    ids=["over another id", "after a close", "after a wipe", "another attempt", "another mark"],
)  # fmt: skip
def test_an_answer_that_fits_nowhere_is_a_stray(held: Memory) -> None:
    """Finding 10: never written over another id, never lost; nothing is absent before a window from now has passed."""
    memory = remembering.created(held, create_intent(age=20), ANSWER, NOW)
    assert memory == replace(held, strays=(ID,), recorded_at=NOW)
    assert remembering.created(memory, create_intent(age=20), ANSWER, NOW) is None


def test_an_answer_without_an_id_leaves_the_doubt() -> None:
    assert remembering.created(in_doubt().memory, create_intent(), Accepted("j-1", None), NOW) is None


def test_a_delete_s_answer_goes_into_the_same_intent_only() -> None:
    intent = delete_intent()
    held = known_memory(operation=intent)
    job, gone = (
        remembering.answered(held, intent, Accepted("j-9")),
        remembering.answered(held, intent, Refused(2100, "")),
    )
    assert job is not None
    assert gone is not None
    assert (job.operation.job_id, job.operation.answered) == ("j-9", True)  # type: ignore[union-attr]
    assert (gone.operation.gone, gone.operation.answered) == (True, True)  # type: ignore[union-attr]
    assert remembering.answered(known_memory(operation=replace(intent, nonce="later")), intent, Accepted("j-9")) is None
    assert remembering.answered(known_memory(), intent, Accepted("j-9")) is None


def test_failures_of_the_same_wish_are_counted() -> None:
    intent = create_intent(attempt=3)
    first = remembering.closing(Memory(), intent, NotSent("dns"), NOW)
    assert (first.outcome, first.failures, first.attempt, first.message) == (Outcome.NOT_SENT, 1, 3, "dns")
    second = remembering.closing(Memory(last_operation=first), intent, Refused(5200, "full"), NOW)
    assert (second.outcome, second.failures, second.code) == (Outcome.REFUSED, 2, 5200)
    edited = remembering.closing(Memory(last_operation=second), replace(intent, generation=2), Refused(5200, ""), NOW)
    assert edited.failures == 1, "another wish begins anew"
    other = remembering.closing(Memory(last_operation=second), delete_intent(), Refused(1400, ""), NOW)
    assert other.failures == 1, "and so does another call"


def _taken(held: Resource, cluster_id: str) -> Memory:
    return remembering.taken(held, Take(cluster_id, record(id=cluster_id), NOW), NOW)


def test_taking_keeps_what_is_still_true() -> None:
    nodes = (NodeCount("login", 1, 1),)
    held = living(first_active_at=ago(9), nodes=nodes, endpoints=("1.2.3.4",), strays=(SECOND,))
    same, other = _taken(held, ID), _taken(held, SECOND)
    assert (same.first_active_at, same.nodes, same.strays) == (ago(9), nodes, (SECOND,))
    assert (other.hpc_cluster_id, other.strays) == (SECOND, ())
    assert (other.job_id, other.first_active_at, other.nodes, other.endpoints) == (None, None, (), ())
    assert other.last_operation is not None
    assert other.last_operation.action is OperationAction.CREATE


def test_a_person_s_choice_ends_the_strays() -> None:
    held = living(strays=(SECOND, "ehpc-third"), orders=Orders(adopt=ID))
    assert _taken(held, ID).strays == ()


def test_a_mark_is_of_one_life_only() -> None:
    made = scene(resource(ref=OTHER), look(5, cluster(name=named(STEM))))
    assert made.stem == OTHER_STEM != STEM
    assert scene(resource(ref=REF), look(5)).stem == STEM
