"""An open change: waiting for its end, for what shows it, and how it is closed. The law at the end of section 4."""

from dataclasses import replace
from typing import Any

import pytest
from decide_scenes import (
    ACCOUNT,
    ID,
    KEY,
    NOW,
    OLD,
    POLICY,
    STEM,
    WINDOW,
    Row,
    ago,
    cluster,
    entry,
    ids,
    known_memory,
    log,
    look,
    named,
    scene,
)
from test_decide_changing import FOUR, LOGIN, START, STOP, TWO, counts, held, node, nodes, wish

from hpc_operator.decide import remembering
from hpc_operator.decide.planner import decide
from hpc_operator.domain.answers import Accepted, NotSent, Refused
from hpc_operator.domain.observed import JobStatus
from hpc_operator.domain.record import Closed, Intent, OperationAction, Outcome

LAG = POLICY.visibility_lag
JOB = "j-change"


def intent(action: OperationAction = OperationAction.ADD_NODES, age: float = 60.0, **more: Any) -> Intent:
    plain = Intent(action, STEM, 1, ago(age), "nonce-3", ACCOUNT, KEY, 1, job_id=JOB)
    what: dict[str, Any] = {
        OperationAction.ADD_NODES: {"role": "compute", "count": 2, "nodes": ("cln-1", "cln-2")},
        OperationAction.DELETE_NODES: {"role": "compute", "count": 2, "nodes": ("cln-3", "cln-4")},
        OperationAction.RESIZE: {"role": "compute", "cpu": 8, "memory": 16384},
    }.get(action, {})
    return replace(plain, **{**what, **more})


def opened(action: OperationAction = OperationAction.ADD_NODES, age: float = 60.0, **more: Any) -> Any:
    wished = {OperationAction.STOP: STOP, OperationAction.START: START}.get(action, wish(compute=4))
    return held(wished, operation=intent(action, age, **more))


def line(status: str = "active", age: float = 5) -> Any:
    return look(age, cluster(name=named(STEM), status=status))


def ended(status: JobStatus = JobStatus.SUCCESSFUL, age: float = 5, **more: Any) -> Any:
    return log(age, entry(ID, job=JOB, status=status), **more)


ADD, DEL, RESIZE = OperationAction.ADD_NODES, OperationAction.DELETE_NODES, OperationAction.RESIZE
UP, DOWN = OperationAction.START, OperationAction.STOP
SEEN = {"nodes": nodes(3)}
DONE = LAG + 6  # the job was seen to be over so long ago that everything shows
BIG = tuple(replace(each, cpu=8, memory=16384) if each.role == "compute" else each for each in TWO)

ROWS = [
    Row("its job runs", scene(opened(), line(), log=ended(JobStatus.PENDING), **SEEN), "Wait Changing", says=(JOB, "compute.count: 4")),
    Row("its job runs: what is up is counted now and then", scene(opened(), line(), log=ended(JobStatus.PENDING), nodes=nodes(31)), "Act CountNodes"),
    Row("the log does not show its job yet", scene(opened(), line(), log=log(5), **SEEN), "Wait Changing"),
    Row("a status that nobody knows is no end", scene(opened(), line(), log=ended(JobStatus.OTHER), **SEEN), "Wait Changing"),
    Row("new nodes are there already: never closed early", scene(opened(), line(), log=ended(JobStatus.PENDING), nodes=nodes(2, 3, of=FOUR)), "Wait Changing"),
    Row("its job ended: that is noted", scene(opened(), line(), log=ended(), **SEEN), "Act Ended", fields={"at": ago(5)}),
    Row("its job failed: some may have come all the same, so that is noted too", scene(opened(), line(), log=ended(JobStatus.FAILED), **SEEN), "Act Ended"),
    Row("it ended, but a look may not show its nodes yet", scene(opened(ended_at=ago(LAG)), line(), log=ended(), nodes=nodes(2, 3, of=FOUR)), "Wait Changing"),
    Row("late enough, but the looks began earlier", scene(opened(age=OLD, ended_at=ago(LAG + 2)), line(), log=ended(), nodes=nodes(2, 3, of=FOUR)), "Act CountNodes"),
    Row("late enough: two looks agree", scene(opened(age=OLD, ended_at=ago(DONE)), line(), log=ended(), nodes=nodes(2, 3, of=FOUR)), "Act Close"),
    Row("late enough: one look is not enough", scene(opened(age=OLD, ended_at=ago(DONE)), line(), log=ended(), nodes=nodes(2, of=FOUR)), "Act CountNodes"),
    Row("answered, and the log never shows its job: like no answer", scene(opened(age=WINDOW + 9), line(), log=log(5)), "Act Ended"),
    Row("no answer: it may still take effect", scene(opened(job_id=None), line(), log=log(5)), "Wait ChangeUnanswered"),
    Row("no answer: looks from before the window's end say nothing", scene(opened(age=WINDOW + 4, job_id=None), line(), log=log(5)), "Wait ChangeUnanswered"),
    Row("no answer: the log does not reach back", scene(opened(age=WINDOW + 9, job_id=None), line(), log=log(5, since=ago(9))), "Wait ChangeUnanswered"),
    Row("no answer: the log failed", scene(opened(age=WINDOW + 9, job_id=None), line(), log=log(5, complete=False)), "Wait ChangeUnanswered"),
    Row("no answer, and an operation runs on the cluster", scene(opened(age=WINDOW + 9, job_id=None), line(), log=ended(JobStatus.PENDING)), "Wait ChangeUnanswered", says=("still runs",)),
    Row("no answer, and an operation runs that names nobody", scene(opened(age=WINDOW + 9, job_id=None), line(), log=log(5, entry(job="j-x", status=JobStatus.PENDING))), "Wait ChangeUnanswered"),
    Row("that one is another resource's", scene(opened(age=WINDOW + 9, job_id=None), line(), log=log(5, entry(job="j-x", status=JobStatus.PENDING)), jobs=frozenset({"j-x"})), "Act Ended"),
    Row("no answer, nothing runs: its end shows a lag later", scene(opened(age=WINDOW + 9, job_id=None), line(), log=log(5)), "Act Ended", fields={"at": ago(5)}),
    Row("a stop that ended and shows is closed at once", scene(opened(DOWN), line("stopped"), log=ended(), **SEEN), "Act Close"),
    Row("a stop that ended and does not show yet", scene(opened(DOWN), line(), log=ended(), **SEEN), "Act Ended"),
    Row("and is waited for", scene(opened(DOWN, ended_at=ago(50)), line(), log=ended(), **SEEN), "Wait Changing"),
    Row("a start that ended and shows", scene(opened(UP), line(), log=ended(), **SEEN), "Act Close"),
    Row("counted while it started, not since: what was not up yet would stay in status", scene(opened(UP), line(), log=ended(), nodes=nodes(20)), "Act Ended", fields={"at": ago(5)}),
    Row("its end is noted, and then it is counted anew", scene(opened(UP, ended_at=ago(5)), line(), log=ended(), nodes=nodes(20)), "Act CountNodes"),
    Row("a resize that ended and shows", scene(opened(RESIZE), line(), log=ended(), nodes=nodes(3, of=BIG)), "Act Close"),
    Row("a resize that ended: its nodes are looked at", scene(opened(RESIZE), line(), log=ended()), "Act CountNodes"),
    Row("a resize whose job failed", scene(opened(RESIZE), line(), log=ended(JobStatus.FAILED), nodes=nodes(3)), "Act Close"),
    Row("an unanswered stop that shows may still be repeated by the network", scene(opened(DOWN, job_id=None), line("stopped"), log=log(5), **SEEN), "Wait ChangeUnanswered"),
    Row("suspended while it is open", scene(opened(), line("suspended"), log=log(5)), "Blocked AccountInArrears"),
    Row("called busy while it is open", scene(opened(), line("dancing"), log=ended(JobStatus.PENDING), **SEEN), "Wait Changing"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_following(row: Row) -> None:
    row.judge(decide(row.scene))


THREE = (*TWO, node("cln-3"))
CLOSES = [
    ("nodes came", ADD, {}, FOUR, JobStatus.SUCCESSFUL, Outcome.ACCEPTED, 0),
    ("some came", ADD, {}, THREE, JobStatus.SUCCESSFUL, Outcome.ACCEPTED, 0),
    ("none came, though it succeeded: not bought again by itself", ADD, {}, TWO, JobStatus.SUCCESSFUL, Outcome.FAILED, 3),
    ("its job failed", ADD, {}, TWO, JobStatus.FAILED, Outcome.FAILED, 0),
    ("its job failed, though a node came", ADD, {}, THREE, JobStatus.FAILED, Outcome.FAILED, 0),
    ("no answer and no effect", ADD, {"job_id": None}, TWO, None, Outcome.VOID, 0),
    ("no answer, and it took effect", ADD, {"job_id": None}, FOUR, None, Outcome.ACCEPTED, 0),
    ("victims are gone", DEL, {}, TWO, JobStatus.SUCCESSFUL, Outcome.ACCEPTED, 0),
    ("one victim stayed", DEL, {}, THREE, JobStatus.SUCCESSFUL, Outcome.FAILED, 0),
    ("resized without effect: not interrupted again by itself", RESIZE, {}, TWO, JobStatus.SUCCESSFUL, Outcome.FAILED, 3),
    ("stopped without effect", DOWN, {}, TWO, JobStatus.SUCCESSFUL, Outcome.FAILED, 0),
    ("the start failed", UP, {}, TWO, JobStatus.FAILED, Outcome.FAILED, 0),
]  # fmt: skip


@pytest.mark.parametrize("case", CLOSES, ids=[c[0] for c in CLOSES])
def test_how_it_is_closed(case: Any) -> None:
    because, action, more, there, job, outcome, failures = case
    shown = ended(job) if job is not None else log(5)
    made = opened(action, OLD, ended_at=ago(DONE), **more)
    status = "stopped" if action is UP else "active"
    done = decide(scene(made, line(status), log=shown, nodes=nodes(2, 3, of=there)))
    closed = getattr(getattr(done, "action", None), "closed", None)
    assert isinstance(closed, Closed), f"{because}: {done}"
    assert (closed.outcome, closed.failures) == (outcome, failures), because


def test_a_cluster_that_was_started_and_is_stopped_again_was_started_all_the_same() -> None:
    made = opened(UP, OLD, ended_at=ago(DONE))
    done = decide(scene(made, line("stopped"), log=ended(), nodes=nodes(2, 3)))
    closed = getattr(getattr(done, "action", None), "closed", None)
    assert isinstance(closed, Closed)
    assert closed.outcome is Outcome.ACCEPTED
    after = remembering.closed(made.memory, intent(UP), closed)
    assert (after.restarted, after.stopped) == ("1/", False)
    ours = remembering.closed(replace(made.memory, stopped=True), intent(UP), closed)
    assert (ours.restarted, ours.stopped) == (None, False), "it was stopped as wished: that start was no repair"


def test_refusals_are_kept_by_wish_and_a_success_clears_its_field() -> None:
    memory = known_memory(nodes=counts(), waiting_since=5.0)
    no = remembering.closing(memory, intent(), Refused(1101, "no"), NOW)
    once = remembering.closed(memory, intent(), no)
    assert [(r.field, r.wish, r.code, r.failures) for r in once.refused] == [
        ("cluster_conf.cluster.compute.count", "4", 1101, 1)
    ]
    assert once.waiting_since is None
    twice = remembering.closed(once, intent(), no)
    assert [r.failures for r in twice.refused] == [2]
    other = remembering.closed(twice, intent(count=3), no)
    assert [(r.wish, r.failures) for r in other.refused] == [("5", 1)], "one refusal for each field: the newest wish's"
    both = remembering.closed(other, intent(RESIZE), no)
    assert [r.field for r in both.refused] == ["cluster_conf.cluster.compute.count", "cluster_conf.cluster.compute"]
    unsent = remembering.closed(memory, intent(), remembering.closing(memory, intent(), NotSent("no route"), NOW))
    assert [r.code for r in unsent.refused] == [0], "nothing was sent: no refusal of the service"
    done = remembering.closed(both, intent(), Closed(ADD, 1, Outcome.ACCEPTED, NOW, 1))
    assert [r.field for r in done.refused] == ["cluster_conf.cluster.compute"]


def test_an_answer_and_an_end_go_into_the_same_intent_only() -> None:
    memory = known_memory(operation=intent(job_id=None))
    known = remembering.answered(memory, intent(job_id=None), Accepted("j-9"))
    assert known is not None
    assert known.operation is not None
    assert (known.job_id, known.operation.job_id) == ("j-9", "j-9")
    over = remembering.ended(known, intent(), 77.0)
    assert over is not None
    assert over.operation is not None
    assert over.operation.ended_at == 77.0
    assert remembering.ended(over, intent(), 99.0) is None, "the first end counts"
    assert remembering.ended(known, intent(nonce="another"), 77.0) is None
    assert remembering.answered(known, intent(nonce="another"), Accepted("j-10")) is None


def test_the_login_role_is_counted_apart() -> None:
    looked = nodes(
        3, of=(LOGIN, node("cln-1", cpu=8), node("cln-2"), node("cln-3", leaving=True), node("cln-4", status="pending"))
    )[0]
    counted = remembering.counted(held(wish(compute=None)), looked)
    assert [(n.role, n.desired, n.active, n.present, n.cpu, n.memory) for n in counted.nodes] == [
        ("login", 1, 1, 1, 2, 4096),
        ("compute", 3, 2, 3, 0, 4096),
    ]
