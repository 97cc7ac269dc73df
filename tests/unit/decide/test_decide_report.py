"""The status table: Ready, Reconciling, Stalled, Available for every stage; what is written and what never is."""

from dataclasses import replace

import pytest
from decide_scenes import ID, NOW, STEM, ago, asked, cluster, deleting, entry, living, log, look, named, resource, scene

from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.report import remembered, report
from hpc_operator.domain.actions import CountNodes, Create, Delete
from hpc_operator.domain.desired import Orders
from hpc_operator.domain.observed import JobStatus
from hpc_operator.domain.record import Condition, Report, Resource

OURS = cluster(name=named(STEM))
LIVE = scene(living(), look(5, OURS))
WAIT = Wait("Creating", 10, "The platform is creating the cluster.")
BLOCKED = Blocked("CreateFailed", "It failed.", 30)


def conditions(made: Report) -> dict[str, Condition]:
    return {condition.type: condition for condition in made.conditions}


def status(made: Report) -> dict[str, str]:
    return {kind: condition.status for kind, condition in conditions(made).items()}


def _going(base: Scene, **more: object) -> Scene:
    return replace(base, resource=replace(base.resource, **more))


STAGES = [
    ("as wished", LIVE, Settled(), ("True", "False", "False"), "Ready"),
    ("observing a difference", LIVE, Settled("Differs", "x"), ("True", "False", "False"), "Differs"),
    ("creating", LIVE, WAIT, ("False", "True", "False"), "Creating"),
    ("a create is sent", LIVE, Act(Create(1, None)), ("False", "True", "False"), "Creating"),
    ("work under way", LIVE, Act(CountNodes(ID)), ("False", "True", "False"), "Working"),
    ("what can heal by itself", LIVE, Wait("AccountUnproven", 30, "x"), ("False", "True", "False"), "AccountUnproven"),
    ("a person must act", LIVE, BLOCKED, ("False", "False", "True"), "CreateFailed"),
    ("deleting", _going(LIVE, deleting_since=ago(5)), Act(Delete(ID, None)), ("False", "True", "False"), "Deleting"),
    ("deleting, held by a person's matter: this row wins", _going(LIVE, deleting_since=ago(5)), BLOCKED, ("False", "True", "False"), "CreateFailed"),
    ("deleting, quiet waits are told too", _going(LIVE, deleting_since=ago(5)), Wait("NotLeader", 5, "x", quiet=True), ("False", "True", "False"), "NotLeader"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "decision", "expected", "reason"), [row[1:] for row in STAGES], ids=[row[0] for row in STAGES]
)
def test_stages(made: Scene, decision: Decision, expected: tuple[str, ...], reason: str) -> None:
    told = report(made, decision)
    found = status(told)
    assert (found["Ready"], found["Reconciling"], found["Stalled"]) == expected
    assert conditions(told)["Ready"].reason == reason
    assert all(condition.reason for condition in told.conditions), "a reason is always filled"


def test_every_condition_carries_the_generation() -> None:
    told = report(_going(LIVE, generation=7), WAIT)
    assert told.observed_generation == 7
    assert {condition.observed_generation for condition in told.conditions} == {7}


def _reported(made: Scene, decision: Decision, later: float = 60.0) -> Scene:
    """The same resource a while later, with what was reported."""
    told = report(made, decision)
    held = replace(made.resource, conditions=told.conditions)
    return replace(made, resource=held, facts=replace(made.facts, now=made.now + later))


def test_the_time_of_a_condition_changes_with_its_status_only() -> None:
    before = _reported(LIVE, WAIT)
    same, other = report(before, replace(WAIT, reason="OperationRunning")), report(before, Settled())
    assert {c.changed for c in same.conditions} == {NOW}
    assert conditions(other)["Ready"].changed == NOW + 60
    assert conditions(other)["Stalled"].changed == NOW


def test_the_same_decision_is_the_same_report_whatever_the_time() -> None:
    """A settled or waiting resource causes no write: nothing in the report moves by itself."""
    for decision in (Settled(), WAIT, replace(WAIT, after=3.0), BLOCKED):
        once = _reported(LIVE, decision)
        again = _reported(once, decision, later=900.0)
        assert report(once, decision) == report(again, decision) == report(LIVE, decision)


def test_a_quiet_wait_leaves_the_conditions_and_does_not_speak_of_an_edit() -> None:
    """An edit that nobody has judged must not read as Ready."""
    before = _going(_reported(LIVE, Settled()), generation=9)
    told = report(before, Wait("NotListed", 10, "not listed (a page failed)", quiet=True))
    assert status(told) == status(report(LIVE, Settled()))
    assert {c.reason for c in told.conditions if c.type == "Ready"} == {"Ready"}
    seen = LIVE.resource.generation
    assert {c.observed_generation for c in told.conditions} == {seen}
    assert told.observed_generation == seen < 9


def test_a_quiet_wait_without_conditions_is_told() -> None:
    """Nothing may hang silently: a fresh resource says why it waits."""
    told = report(scene(resource()), Wait("Paused", 600, "Paused by annotation.", quiet=True))
    assert conditions(told)["Ready"].reason == "Paused"


AVAILABLE = [
    ("active", look(5, OURS), "True", "Active"),
    ("stopped", look(5, cluster(status="stopped")), "False", "Stopped"),
    ("an unknown status", look(5, cluster(status="re_sizing")), "False", "ReSizing"),
    ("a hostile status", look(5, cluster(status='"><b>')), "False", "Unknown"),
    ("another alphabet", look(5, cluster(status="激活")), "False", "Unknown"),
    ("no status", look(5, replace(OURS, status=None)), "False", "Unknown"),
    ("not shown", look(5), "False", "NotShown"),
]


@pytest.mark.parametrize(
    ("listing", "expected", "reason"), [row[1:] for row in AVAILABLE], ids=[row[0] for row in AVAILABLE]
)
def test_available(listing: object, expected: str, reason: str) -> None:
    """Active and reachable, whatever is under way; never from a status that nobody documented."""
    for decision in (Settled(), WAIT, BLOCKED):
        found = conditions(report(scene(living(), listing), decision))["Available"]  # type: ignore[arg-type]
        assert (found.status, found.reason) == (expected, reason)


def test_available_keeps_its_word_while_nothing_can_be_read() -> None:
    before = _reported(LIVE, Settled())
    blind = replace(before, facts=replace(before.facts, lists=(look(2, complete=False),)))
    assert conditions(report(blind, Settled()))["Available"].status == "True"


def test_what_the_api_last_said_stays_while_it_is_not_shown() -> None:
    held = replace(
        living(),
        stored='{"cluster_status": "active", "cluster_name": "demo", "create_time": "2026-01-01T00:00:00Z"}',
    )
    told = report(scene(held, look(5)), WAIT)
    assert (told.cluster_status, told.cluster_name, told.create_time) == ("active", "demo", "2026-01-01T00:00:00Z")
    shown = report(scene(held, look(5, cluster(name="new", status="stopped", created_at=0.0))), WAIT)
    assert (shown.cluster_status, shown.cluster_name) == ("stopped", "new")


def test_messages_are_cut_and_requests_acknowledged() -> None:
    told = report(scene(resource(orders=Orders(reconcile_at="t1")), look(5)), Blocked("X", "m" * 5000, 1))
    assert len(conditions(told)["Ready"].message) == 1024
    assert told.last_handled_reconcile_at == "t1"


def test_the_selector_is_this_life_s_alone() -> None:
    told = report(LIVE, Settled())
    assert told.selector.endswith(LIVE.resource.ref.uid)


def test_memory_learns_the_job_of_a_lost_answer_and_when_it_was_first_ready() -> None:
    held: Resource = living(job_id=None)
    entries = (entry(ID, job="j-late", age=10), entry(ID, job="j-create", age=90), entry("ehpc-x", job="j-x", age=99))
    made = scene(held, look(5, OURS), log=log(5, *entries))
    assert remembered(made, WAIT).job_id == "j-create"
    assert remembered(made, WAIT).first_active_at is None
    assert remembered(made, Settled()).first_active_at == NOW
    again = scene(living(first_active_at=ago(99)), look(5, OURS))
    assert remembered(again, Settled()).first_active_at == ago(99)


def test_memory_is_untouched_by_waits() -> None:
    for decision in (WAIT, BLOCKED):
        made = scene(deleting(living()), look(5), asked=(asked(2),), log=log(5, entry(ID, status=JobStatus.PENDING)))
        assert remembered(made, decision) == made.resource.memory
