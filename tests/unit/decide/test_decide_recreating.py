"""What a person's orders make of a recorded cluster: given up, deleted because its create failed, marked as ours anew."""

from dataclasses import replace

import pytest
from decide_scenes import (
    FOREIGN_STEM,
    ID,
    NOW,
    OLD,
    OTHER,
    SECOND,
    STEM,
    WINDOW,
    Row,
    ago,
    asked,
    claims,
    closed,
    cluster,
    delete_intent,
    deleting,
    entry,
    ids,
    known_memory,
    living,
    log,
    look,
    named,
    record,
    scene,
    wishing,
)

from hpc_operator.decide.planner import decide
from hpc_operator.decide.remembering import forgotten, taken
from hpc_operator.decide.report import remembered
from hpc_operator.domain.desired import ManagementPolicy, Orders
from hpc_operator.domain.observed import JobStatus
from hpc_operator.domain.record import NodeCount, OperationAction, Origin, Outcome

SEEN = {"first_active_at": ago(OLD / 2), "described": "d", "described_at": ago(OLD / 2)}
NODES = (NodeCount("login", 1, 1, 1, 2, 4096),)
GONE = (look(5), look(40))
BORN = ago(OLD - 5)
NAMED = named(STEM)
LOST = asked(2, None, entry(ID, job="j-create", age=OLD - 5))
ABNORMAL = cluster(name=NAMED, status="abnormal", created_at=BORN)
SICK = asked(2, ABNORMAL, entry(ID, job="j-create", age=OLD - 5))
HIDDEN = asked(2, None, entry(ID, job="j-create", status=JobStatus.FAILED, age=OLD - 5))
FAILED_JOB = log(5, entry(ID, job="j-create", status=JobStatus.FAILED, age=OLD - 5))
UNNAMED_JOB = log(5, entry(job="j-create", status=JobStatus.FAILED, age=OLD - 5))
RECREATE = Orders(recreate=ID)
OBSERVE, PLAN = (wishing(management_policy=policy) for policy in (ManagementPolicy.OBSERVE, ManagementPolicy.PLAN))


def _vanished(orders: Orders = RECREATE, **more: object):
    return living(orders=orders, **{**SEEN, **more})


def _failed(orders: Orders = RECREATE, **more: object):
    return living(orders=orders, **more)


def _open(age: float = 60.0, orders: Orders = RECREATE, **more: object):
    """Its deleteCluster is open."""
    return _failed(orders, operation=delete_intent(age, **more))


SHOWN_FIRST = [
    Row("adopted under Plan with nothing that a create needs: counted, and what differs is only shown",
        scene(replace(living(**SEEN, origin=Origin.ADOPTED, nodes=NODES), desired=wishing(version_id=None, conf=None, management_policy=ManagementPolicy.PLAN)), look(5, cluster(name="mine"))),
        "Settled Differs"),
    Row("the same with Observe",
        scene(replace(living(**SEEN, origin=Origin.ADOPTED, nodes=NODES), desired=wishing(version_id=None, conf=None, management_policy=ManagementPolicy.OBSERVE)), look(5, cluster(name="mine"))),
        "Settled Differs"),
]  # fmt: skip

VANISHED = [
    Row("nobody said so: it stays as it is", scene(_vanished(Orders()), *GONE, asked=(LOST,)), "Blocked ClusterVanished"),
    Row("absent by the law's definition, and given up", scene(_vanished(), *GONE, asked=(LOST,)), "Act Forget", fields={"id": ID}),
    Row("an order for another id is none for this one; it is not heard", scene(_vanished(Orders(recreate=SECOND)), *GONE, asked=(LOST,)), "Blocked ClusterVanished"),
    Row("one look too few", scene(_vanished(), look(5), asked=(LOST,)), "Wait NotListed quietly"),
    Row("not asked for by id", scene(_vanished(), *GONE), "Act LookById"),
    Row("shown when asked for by id", scene(_vanished(), *GONE, asked=(asked(2, cluster(name=NAMED, status="deleting")),)), "Wait DeletedOutside"),
    Row("unproven: a key of another account sees nothing", scene(_vanished(), *GONE, asked=(asked(2),)), "Wait AccountUnproven"),
    Row("a wrong clock calls nothing absent", scene(_vanished(), *GONE, asked=(LOST,), offset=40.0), "Wait ClockSkewed"),
    Row("paused: nothing is begun", scene(_vanished(replace(RECREATE, paused=True)), *GONE, asked=(LOST,)), "Blocked ClusterVanished"),
    Row("Observe creates nothing, so it gives nothing up", scene(replace(_vanished(), desired=OBSERVE), *GONE, asked=(LOST,)), "Blocked ClusterVanished"),
    Row("nor does Plan", scene(replace(_vanished(), desired=PLAN), *GONE, asked=(LOST,)), "Blocked ClusterVanished"),
    Row("it lives: the order says nothing", scene(_vanished(), look(5, cluster(name=NAMED))), "Act Describe"),
    Row("another resource has it", scene(_vanished(), *GONE, asked=(LOST,), claims=claims(ehpc_first=OTHER)), "Blocked AlreadyClaimed"),
]  # fmt: skip

CREATE_FAILED = [
    Row("nobody said so", scene(_failed(Orders()), look(5, ABNORMAL), log=FAILED_JOB), "Blocked CreateFailed"),
    Row("it is asked for directly before", scene(_failed(), look(5, ABNORMAL), log=FAILED_JOB), "Act LookById"),
    Row("still failed: deleted", scene(_failed(), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,)), "Act Delete", fields={"id": ID}),
    Row("hidden, with its failed job: deleted all the same", scene(_failed(), *GONE, log=FAILED_JOB, asked=(HIDDEN,)), "Act Delete"),
    Row("hidden, and its job names no cluster: only the answer told of it", scene(_failed(), *GONE, log=UNNAMED_JOB, asked=(asked(2),)), "Act Delete"),
    Row("a look that is not of just now is made anew", scene(_failed(), look(5, ABNORMAL), log=FAILED_JOB, asked=(replace(SICK, begun=ago(60)),)), "Act LookById"),
    Row("the look failed", scene(_failed(), look(5, ABNORMAL), log=FAILED_JOB, asked=(asked(2, complete=False),)), "Wait CloudUnreachable"),
    Row("it turned active just now: healed", scene(_failed(), look(5, ABNORMAL), log=FAILED_JOB, asked=(asked(2, cluster(name=NAMED, created_at=BORN)),)), "Act Describe"),
    Row("an operation runs on it", scene(_failed(), look(5, ABNORMAL), log=FAILED_JOB, asked=(asked(2, ABNORMAL, entry(ID, job="j-9", status=JobStatus.PENDING)),)), "Wait OperationRunning"),
    Row("ready once, abnormal now: never deleted by this order", scene(living(orders=RECREATE, **SEEN), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,)), "Blocked ClusterAbnormal"),
    Row("the memory was lost and rebuilt long after the create: it may have been ready",
        scene(_failed(recorded_at=ago(900)), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,)), "Blocked CreateFailed", says=("not known any more", "console")),
    Row("the same where nothing tells when it began", scene(_failed(recorded_at=ago(900)), look(5, replace(ABNORMAL, created_at=None)), log=log(5), asked=(asked(2, replace(ABNORMAL, created_at=None)),)), "Blocked CreateFailed", says=("not known",)),
    Row("an adopted one was made by somebody else", scene(_failed(origin=Origin.ADOPTED), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,)), "Blocked CreateFailed"),
    Row("it bears another's mark: not touched", scene(_failed(), look(5, replace(ABNORMAL, name=named(FOREIGN_STEM))), log=FAILED_JOB), "Blocked OwnershipMoved"),
    Row("there are two", scene(_failed(), look(5, ABNORMAL, cluster(SECOND, NAMED)), log=FAILED_JOB), "Blocked DuplicateClusters"),
    Row("Plan only looks", scene(replace(_failed(), desired=PLAN), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,)), "Blocked CreateFailed"),
    Row("paused", scene(_failed(replace(RECREATE, paused=True)), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,)), "Blocked CreateFailed"),
    Row("a wrong clock sends nothing", scene(_failed(), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,), offset=40.0), "Wait ClockSkewed"),
    Row("its last delete failed a moment ago", scene(_failed(last_operation=closed(OperationAction.DELETE, 5, outcome=Outcome.FAILED, message="x")), look(5, ABNORMAL), log=FAILED_JOB), "Wait DeleteFailed"),
]  # fmt: skip

ENDED = entry(ID, job="j-delete")
PROOF = asked(2, None, ENDED)

FOLLOWED = [
    Row("sent, not answered: sent again after a look", scene(_open(), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,)), "Act Delete", fields={"attempt": 2}),
    Row("not at once", scene(_open(5), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,)), "Wait DeleteUnanswered"),
    Row("it healed meanwhile: not sent again, and what was sent may still arrive", scene(_open(60), look(5, cluster(name=NAMED, created_at=BORN)), log=log(5)), "Wait DeleteUnanswered", says=("no longer failed",)),
    Row("healed, and nothing can arrive any more: closed", scene(_open(WINDOW + 60), look(5, cluster(name=NAMED, created_at=BORN)), log=log(5)), "Act Close"),
    Row("the order was taken back: not sent again", scene(_open(60, Orders()), look(5, ABNORMAL), log=FAILED_JOB, asked=(SICK,)), "Wait DeleteUnanswered"),
    Row("taken back, and nothing can arrive any more", scene(_open(WINDOW + 60, Orders()), look(5, ABNORMAL), log=FAILED_JOB), "Act Close"),
    Row("it bears another's mark now: not sent again", scene(_open(60), look(5, replace(ABNORMAL, name=named(FOREIGN_STEM))), log=FAILED_JOB, asked=(asked(2, replace(ABNORMAL, name=named(FOREIGN_STEM))),)), "Wait DeleteUnanswered"),
    Row("gone, unanswered: asked again, for absence alone is no answer", scene(_open(WINDOW + 60), *GONE, log=log(5), asked=(asked(2, None, entry(ID, age=OLD - 5)),)), "Act Delete"),
    Row("answered: its job is followed, whatever the order says now", scene(_open(60, Orders(), job_id="j-delete"), look(5, ABNORMAL), log=log(5, entry(ID, job="j-delete", status=JobStatus.PENDING))), "Wait Deleting"),
    Row("its job failed: closed, and again later", scene(_open(60, job_id="j-delete"), look(5, ABNORMAL), log=log(5, entry(ID, job="j-delete", status=JobStatus.FAILED))), "Act Close"),
    Row("ended and absent: given up", scene(_open(600, job_id="j-delete"), *GONE, log=log(5, ENDED), asked=(PROOF,)), "Act Forget", fields={"id": ID}),
    Row("ended, one look only", scene(_open(600, job_id="j-delete"), look(5), log=log(5, ENDED), asked=(PROOF,)), "Wait Deleting"),
    Row("ended and absent, unproven", scene(_open(600, job_id="j-delete"), *GONE, log=log(5, ENDED), asked=(asked(2),)), "Wait AccountUnproven"),
    Row("ended and absent, by a wrong clock", scene(_open(600, job_id="j-delete"), *GONE, log=log(5, ENDED), asked=(PROOF,), offset=40.0), "Wait ClockSkewed"),
    Row("not found, absent, proven", scene(_open(600, gone=True), *GONE, log=log(5), asked=(PROOF,)), "Act Forget"),
    Row("the resource is deleted in the middle: the same delete is followed to the release",
        scene(deleting(_open(600, job_id="j-delete")), *GONE, log=log(5, ENDED), asked=(PROOF,)), "Act Release"),
]  # fmt: skip

UNHEARD = [
    Row("adopt names another: it is not followed, and that is told", scene(_vanished(Orders(adopt=SECOND), described=None, origin=Origin.ADOPTED), look(5, cluster(name="theirs")), postponed=frozenset({"Describe", "CountNodes"})), "Settled Ready", says=(f"adopt={SECOND}", ID)),
    Row("take-over of what is recorded: once more, and then it is marked", scene(_vanished(Orders(take_over=ID)), look(5, cluster(name=NAMED))), "Act Take", fields={"id": ID, "recorded_at": ago(OLD)}),
    Row("done already", scene(_vanished(Orders(take_over=ID), taken_over=ID), look(5, cluster(name=NAMED)), postponed=frozenset({"Describe", "CountNodes"})), "Settled Ready"),
    Row("not while another resource has it", scene(_vanished(Orders(take_over=ID)), look(5, cluster(name=NAMED)), claims=claims(ehpc_first=OTHER)), "Blocked AlreadyClaimed"),
    Row("not while it is not shown", scene(_vanished(Orders(take_over=ID)), *GONE, asked=(LOST,)), "Blocked ClusterVanished"),
]  # fmt: skip


@pytest.mark.parametrize("row", [*SHOWN_FIRST, *VANISHED, *CREATE_FAILED, *FOLLOWED, *UNHEARD], ids=ids)
def test_orders(row: Row) -> None:
    row.judge(decide(row.scene))


def test_what_is_forgotten_and_what_is_not() -> None:
    """Nothing of the cluster is left; the attempts are counted on, so that no old answer fits a new create."""
    held = replace(
        _vanished(strays=(SECOND,)),
        memory=known_memory(job_id="j", strays=(SECOND,), last_operation=closed(outcome=Outcome.ACCEPTED, attempt=3)),
    )
    memory = forgotten(held, ID, NOW)
    assert (memory.hpc_cluster_id, memory.job_id, memory.recorded_at, memory.operation) == (None, None, None, None)
    assert memory.strays == (SECOND,)
    assert not memory.empty
    assert memory.last_operation is not None
    assert (memory.last_operation.attempt, memory.last_operation.outcome) == (3, Outcome.VOID)


@pytest.mark.parametrize(
    ("last", "name", "recreate", "attempt"),
    [
        (closed(OperationAction.DELETE, attempt=7), named(STEM, 4), ID, 4),
        (closed(OperationAction.ADD_NODES, attempt=2), "renamed", ID, 2),
        (closed(OperationAction.DELETE, attempt=7), "renamed", f"{STEM}-5", 5),
        (closed(OperationAction.DELETE, attempt=7), "renamed", ID, 1),
    ],
    ids=["from the name", "from a change", "from an answered order", "from nothing"],
)
def test_the_attempt_is_never_one_that_was(last, name: str, recreate: str, attempt: int) -> None:
    held = living(orders=Orders(recreate=recreate), last_operation=last)
    held = replace(held, stored=f'{{"cluster_name": "{name}"}}')
    assert forgotten(held, ID, NOW).last_operation.attempt == attempt  # type: ignore[union-attr]


AFTER = replace(_vanished(), memory=forgotten(_vanished(), ID, ago(60)))
WITHOUT_ID = replace(AFTER, record=record())

LATER = [
    Row("the other memory still names it: it is written anew before anything else", scene(AFTER, *GONE), "Act Remember", fields={"record": record()}),
    Row("then a cluster is bought, under the next number, and the order that still stands changes nothing", scene(WITHOUT_ID, *GONE), "Act Create", fields={"attempt": 2}),
    Row("it was seen again meanwhile: it is taken back, not bought beside", scene(WITHOUT_ID, look(5, cluster(name=NAMED)), look(40)), "Act Take", fields={"id": ID}),
    Row("looks from before it was given up buy nothing", scene(WITHOUT_ID, look(61), look(70)), "Wait LookingFirst"),
    Row("status wiped after both: doubt, as for any record without a memory", scene(replace(WITHOUT_ID, memory=type(AFTER.memory)())), "Act Doubt"),
    Row("status wiped between the two writes: what the record says is taken, and the order is carried out anew", scene(replace(AFTER, memory=type(AFTER.memory)())), "Act Take", fields={"id": ID}),
    Row("deleted between the two writes: by the id that the record has", scene(deleting(AFTER), *GONE), "Act LookById", fields={"ids": (ID,)}),
    Row("deleted after both: nothing is there", scene(deleting(WITHOUT_ID)), "Act Release", fields={"left": None}),
    Row("the new cluster is not meant by the order that still stands", scene(living(orders=RECREATE, **{**SEEN, "hpc_cluster_id": SECOND}), *GONE, asked=(asked(2, None, entry(SECOND), id=SECOND),)), "Blocked ClusterVanished"),
    Row("nor is its failed create", scene(living(orders=RECREATE, hpc_cluster_id=SECOND), look(5, cluster(SECOND, NAMED, status="abnormal"))), "Blocked CreateFailed"),
]  # fmt: skip


@pytest.mark.parametrize("row", LATER, ids=ids)
def test_after_it_was_given_up(row: Row) -> None:
    row.judge(decide(row.scene))


def test_a_take_over_is_remembered_for_as_long_as_its_annotation_stands() -> None:
    held = _vanished(Orders(take_over=ID))
    action = decide(scene(held, look(5, cluster(name=named(FOREIGN_STEM))))).action  # type: ignore[union-attr]
    memory = taken(held, action, NOW)
    assert (memory.taken_over, memory.described, memory.recorded_at) == (ID, None, held.memory.recorded_at)
    for orders, kept in ((Orders(take_over=ID), ID), (Orders(), None)):
        made = scene(replace(held, memory=memory, orders=orders), look(5, cluster(name=NAMED)))
        assert remembered(made, decide(made)).taken_over == kept
