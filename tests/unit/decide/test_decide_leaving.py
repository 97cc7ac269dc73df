"""A resource that is being deleted: what lets it go, each step of deleteCluster, and the one release rule."""

from dataclasses import replace

import pytest
from decide_scenes import (
    EARLIER_STEM,
    ID,
    OLD,
    POLICY,
    SECOND,
    STEM,
    WINDOW,
    Row,
    ago,
    asked,
    closed,
    cluster,
    delete_intent,
    deleting,
    entry,
    ids,
    in_doubt,
    known_memory,
    living,
    log,
    look,
    named,
    record,
    resource,
    says_what_ends_it,
    scene,
    shape,
    tried,
    wishing,
)

from hpc_operator.decide.facts import Claim
from hpc_operator.decide.planner import decide
from hpc_operator.domain.desired import DeletionPolicy, ManagementPolicy, Orders, Ref
from hpc_operator.domain.observed import JobStatus
from hpc_operator.domain.record import OperationAction, Origin, Outcome

OURS = cluster(name=named(STEM))
PENDING, FAILED = JobStatus.PENDING, JobStatus.FAILED
SEEN = {"first_active_at": ago(OLD / 2), "described": "d", "described_at": ago(OLD / 2)}
TWIN = Claim(ago(3 * OLD), Ref("default", "twin", "uid-twin"))
DELETE, RETAIN = DeletionPolicy.DELETE, DeletionPolicy.RETAIN
OBSERVE, PLAN = ManagementPolicy.OBSERVE, ManagementPolicy.PLAN


def _leaving(age: float = OLD, **memory: object) -> object:
    return deleting(living(age, **{**SEEN, **memory}))  # type: ignore[arg-type]


def _answered(age: float = 600.0, **more: object) -> object:
    return _leaving(operation=delete_intent(age, **{"job_id": "j-delete", **more}))


def _wanting(held: object, **more: object) -> object:
    return replace(held, desired=wishing(**more))  # type: ignore[type-var]


LISTED = look(5, OURS)
GONE = (look(5), look(40))
ENDED = entry(ID, job="j-delete")
BY_ID = asked(2, None, entry(ID, job="j-create"), ENDED)

LETTING_GO = [
    Row("without our finalizer the server does not wait", scene(deleting(resource())), "Settled Deleted"),
    Row("nothing was ever made: the void attempt lets go", scene(deleting(tried())), "Act Release", fields={"left": None}),
    Row("a refused attempt lets go", scene(deleting(tried(Outcome.REFUSED, code=2400))), "Act Release"),
    Row("a wrong clock holds even that", scene(deleting(tried()), offset=40.0), "Wait ClockSkewed"),
    Row("a late answer left a stray: it is taken, and deleted like any other",
        scene(deleting(replace(tried(), memory=replace(tried().memory, strays=(ID,))))), "Act Take", fields={"id": ID}),
    Row("the record was written and nothing sent", scene(deleting(resource(finalizer=True, record=record())), unsent=True), "Act Release"),
    Row("a status wiped while deleting is doubt", scene(deleting(resource(finalizer=True, record=record()))), "Act Doubt"),
    Row("and with an id in the record the id is taken first", scene(deleting(resource(finalizer=True, record=record(id=ID)))), "Act Take"),
    Row("an adopted cluster is retained by default", scene(_leaving(origin=Origin.ADOPTED), LISTED), "Act Release", fields={"left": ID}),
    Row("an adopted one is deleted when that is said", scene(_wanting(_leaving(origin=Origin.ADOPTED), deletion_policy=DELETE), LISTED), "Act LookById"),
    Row("another resource records it", scene(_leaving(), LISTED, claims={ID: (TWIN,)}), "Act Release"),
    Row("paused does not hold a deletion", scene(replace(_leaving(), orders=Orders(paused=True)), LISTED, asked=(asked(2, OURS),)), "Act Delete"),  # type: ignore[type-var]
    Row("a second cluster would be left behind unseen", scene(_leaving(), look(5, OURS, cluster(SECOND, named(STEM)))), "Wait DuplicateClusters", says=(SECOND,)),
    Row("a person chose which one goes",
        scene(replace(_leaving(), orders=Orders(adopt=ID)), look(5, OURS, cluster(SECOND, named(STEM)))), "Act LookById"),  # type: ignore[type-var]
    Row("Retain right after a create waits until it can be found again: second round 4",
        scene(_wanting(deleting(living(60)), deletion_policy=RETAIN), look(5)), "Wait RetainWaits"),
    Row("Retain: shown", scene(_wanting(deleting(living(60)), deletion_policy=RETAIN), LISTED), "Act Release"),
    Row("Retain: never shown, looks begun after the window", scene(_wanting(deleting(living(WINDOW + 10)), deletion_policy=RETAIN), look(5)), "Act Release"),
    Row("Retain of a cluster once seen needs no credentials",
        scene(_wanting(_leaving(), deletion_policy=RETAIN), wished=None, key=None, key_problem=("CredentialsMissing", "x")), "Act Release"),
    Row("Retain of one never seen does", scene(_wanting(deleting(living()), deletion_policy=RETAIN), wished=None, key=None, key_problem=("CredentialsMissing", "x")), "Wait CredentialsMissing"),
    Row("a cluster taken over is deleted though it bears its old mark still",
        scene(deleting(living(first_active_at=ago(50), orders=Orders(take_over=ID))), look(5, cluster(name=named(EARLIER_STEM)))), "Act LookById"),
    Row("a record copied from another life orders nothing: let go without a call",
        scene(deleting(resource(finalizer=True, record=record(mark=EARLIER_STEM, id=ID), memory=tried().memory.__class__(last_operation=closed()))), look(5)),
        "Act Release", fields={"left": ID}),
    Row("the same for a copied status",
        scene(deleting(resource(finalizer=True, record=record(mark=EARLIER_STEM, id=ID), memory=known_memory(mark=EARLIER_STEM))), look(5)), "Act Release", fields={"left": ID}),
    Row("Observe lets go of what is shown", scene(_wanting(_leaving(), management_policy=OBSERVE), LISTED), "Act Release", fields={"why": "managementPolicy is Observe"}),
    Row("Plan the same", scene(_wanting(_leaving(), management_policy=PLAN), LISTED), "Act Release", fields={"why": "managementPolicy is Plan"}),
    Row("of what no look shows, only when this key is known to see the account", scene(_wanting(_leaving(), management_policy=OBSERVE), *GONE), "Act LookById"),
    Row("the account answers for it: gone, and let go", scene(_wanting(_leaving(), management_policy=OBSERVE), *GONE, asked=(asked(2, None, entry(ID)),)), "Act Release"),
    Row("nothing proves that the key sees it: held", scene(_wanting(_leaving(), management_policy=PLAN), *GONE, asked=(asked(2),)), "Wait AccountUnproven"),
    Row("a look that failed proves nothing against it: nothing is called anyway", scene(_wanting(_leaving(), management_policy=OBSERVE), *GONE, asked=(asked(2, complete=False),)), "Act Release"),
    Row("no look at all: the same", scene(_wanting(_leaving(), management_policy=OBSERVE), look(5, complete=False)), "Act Release"),
    Row("our own id, though the annotation was overwritten by a copy", scene(replace(_leaving(), record=record(mark=EARLIER_STEM, id=SECOND)), LISTED), "Act LookById", fields={"ids": (ID,)}),  # type: ignore[type-var]
]  # fmt: skip

BEFORE = [
    Row("the cluster is asked for before it is deleted", scene(_leaving(), LISTED), "Act LookById"),
    Row("asked by a read slower than the poll: its end counts, or it would be asked again for ever",
        scene(_leaving(), LISTED, asked=(replace(asked(40, OURS), ended=ago(1)),)), "Act Delete"),
    Row("asked: delete", scene(_leaving(), LISTED, asked=(asked(2, OURS, entry(ID)),)), "Act Delete", fields={"id": ID, "attempt": 1}),
    Row("not shown anywhere: deleted all the same, a failed create hides", scene(_leaving(), *GONE, asked=(asked(2, None, entry(ID, status=FAILED)),)), "Act Delete"),
    Row("not shown, its failed create's entry names no cluster: the recorded job under today's key is proof", scene(_leaving(), *GONE, log=log(5, entry(job="j-create", status=FAILED)), asked=(asked(2),)), "Act Delete"),
    Row("the job under another key is none", scene(_leaving(), *GONE, log=log(5, entry(job="j-create", status=FAILED), key="k2"), asked=(asked(2),)), "Wait AccountUnproven"),
    Row("not shown, and nothing proves that the key sees the account: no call that changes", scene(_leaving(), *GONE, asked=(asked(2),)), "Wait AccountUnproven"),
    Row("an operation runs: wait", scene(_leaving(), LISTED, asked=(asked(2, OURS, entry(ID, status=PENDING)),)), "Wait OperationRunning"),
    Row("the look failed", scene(_leaving(), LISTED, asked=(asked(2, complete=False),)), "Wait CloudUnreachable"),
    Row("an old look is made anew", scene(_leaving(), LISTED, asked=(asked(60, OURS),)), "Act LookById"),
    Row("a wrong clock holds the call", scene(_leaving(), LISTED, asked=(asked(2, OURS),), offset=-40.0), "Wait ClockSkewed"),
    Row("unanswered: not at once again", scene(_leaving(operation=delete_intent(5)), LISTED), "Wait DeleteUnanswered"),
    Row("unanswered: sent again, the same by id", scene(_leaving(operation=delete_intent(60)), LISTED, asked=(asked(2, OURS),)), "Act Delete", fields={"attempt": 2}),
    Row("refused a moment ago", scene(_leaving(last_operation=closed(OperationAction.DELETE, 5, outcome=Outcome.REFUSED, code=1400, message="busy")), LISTED), "Wait DeleteFailed", says=("1400", "busy")),
    Row("refused a while ago", scene(_leaving(last_operation=closed(OperationAction.DELETE, 20, outcome=Outcome.REFUSED)), LISTED, asked=(asked(2, OURS),)), "Act Delete"),
    Row("refused often: longer", scene(_leaving(last_operation=closed(OperationAction.DELETE, 100, outcome=Outcome.REFUSED, failures=4)), LISTED), "Wait DeleteFailed"),
]  # fmt: skip


def _changing(age: float = 60, **more: object) -> object:
    """A resource that is being deleted while a change of its cluster is open."""
    return _leaving(
        operation=delete_intent(
            age, **{"action": OperationAction.ADD_NODES, "nonce": "nonce-3", "role": "compute", "count": 2, **more}
        )
    )


RUNNING, DONE = entry(ID, job="j-add", status=PENDING), entry(ID, job="j-add")

CHANGING = [
    Row("a change is open: what runs is looked up first", scene(_changing(job_id="j-add"), LISTED, log=log(5, DONE)), "Act LookById"),
    Row("it runs: its end is waited for", scene(_changing(job_id="j-add"), LISTED, log=log(5, RUNNING), asked=(asked(2, OURS, RUNNING),)), "Wait OperationRunning"),
    Row("something else runs on the cluster", scene(_changing(), LISTED, log=log(5), asked=(asked(2, OURS, entry(ID, job="j-9", status=PENDING)),)), "Wait OperationRunning"),
    Row("the log shows it running, though the look by id left it out", scene(_changing(job_id="j-add"), LISTED, log=log(5, RUNNING), asked=(asked(2, OURS),)), "Wait OperationRunning"),
    Row("ended: its intent is closed, and the delete gets one of its own", scene(_changing(job_id="j-add"), LISTED, log=log(5, DONE), asked=(asked(2, OURS, DONE),)), "Act Close"),
    Row("failed: the same", scene(_changing(job_id="j-add"), LISTED, log=log(5, entry(ID, job="j-add", status=FAILED)), asked=(asked(2, OURS),)), "Act Close"),
    Row("answered, but the log does not show the job yet", scene(_changing(job_id="j-add"), LISTED, log=log(5), asked=(asked(2, OURS),)), "Wait OperationRunning"),
    Row("nor where it must: closed", scene(_changing(WINDOW + 60, job_id="j-add"), LISTED, log=log(5), asked=(asked(2, OURS),)), "Act Close"),
    Row("not answered, nothing is pending: not waited for, a late effect goes with the cluster", scene(_changing(5), LISTED, log=log(5), asked=(asked(2, OURS),)), "Act Close"),
    Row("a job of a change is no answer to a delete", scene(_changing(600, job_id="j-add"), *GONE, log=log(5, DONE), asked=(asked(2, None, DONE),)), "Act Close"),
    Row("Retain does not wait for it", scene(_wanting(_changing(job_id="j-add"), deletion_policy=RETAIN), LISTED, log=log(5, RUNNING)), "Act Release"),
    Row("held in bulk: the change is not given up either", scene(_changing(job_id="j-add"), LISTED, log=log(5, DONE), asked=(asked(2, OURS, DONE),), mass_deletion="many"), "Wait MassDeletion"),
    Row("a wrong clock holds even the closing", scene(_changing(job_id="j-add"), LISTED, log=log(5, DONE), asked=(asked(2, OURS, DONE),), offset=40.0), "Wait ClockSkewed"),
    Row("stopped: deleted as it is", scene(_leaving(stopped=True), look(5, cluster(name=named(STEM), status="stopped")), asked=(asked(2, cluster(name=named(STEM), status="stopped")),)), "Act Delete"),
    Row("suspended for arrears: too", scene(_leaving(), look(5, cluster(name=named(STEM), status="suspended")), asked=(asked(2, cluster(name=named(STEM), status="suspended")),)), "Act Delete"),
    Row("abnormal, with a failed create job", scene(deleting(living()), look(5, cluster(name=named(STEM), status="abnormal")), log=log(5, entry(ID, job="j-create", status=FAILED)), asked=(asked(2, cluster(name=named(STEM), status="abnormal"), entry(ID, job="j-create", status=FAILED)),)), "Act Delete"),
]  # fmt: skip

AFTER = [
    Row("the job runs", scene(_answered(), LISTED, log=log(5, entry(ID, job="j-delete", status=PENDING))), "Wait Deleting"),
    Row("the job is not in the log yet", scene(_answered(20), *GONE, log=log(5)), "Wait Deleting"),
    Row("the log should show it and does not: asked again", scene(_answered(), *GONE, log=log(5)), "Act Close"),
    Row("the log cannot be read: wait", scene(_answered(), *GONE, log=log(5, complete=False)), "Wait Deleting"),
    Row("the job failed after the list hid the cluster: again, finding 8", scene(_answered(), *GONE, log=log(5, entry(ID, job="j-delete", status=FAILED))), "Act Close"),
    Row("ended and absent: release", scene(_answered(), *GONE, log=log(5, ENDED), asked=(BY_ID,)), "Act Release", fields={"left": None}),
    Row("ended, still listed: wait", scene(_answered(60), LISTED, log=log(5, ENDED)), "Wait StillListed quietly"),
    Row("ended long ago, still listed: again", scene(_answered(), look(5, OURS), look(40, OURS), log=log(5, ENDED)), "Act Close"),
    Row("ended, one look only", scene(_answered(), look(5), log=log(5, ENDED), asked=(BY_ID,)), "Wait Deleting"),
    Row("ended, a newer partial look shows it", scene(_answered(60), look(1, OURS, complete=False), *GONE, log=log(5, ENDED), asked=(BY_ID,)), "Wait StillListed quietly"),
    Row("ended, looks from before the delete", scene(_answered(30), look(31), look(40), log=log(5, ENDED), asked=(BY_ID,)), "Wait Deleting"),
    Row("ended, not asked for by id yet", scene(_answered(), *GONE, log=log(5, ENDED)), "Act LookById"),
    Row("ended, something about it is pending", scene(_answered(), *GONE, log=log(5, ENDED), asked=(asked(2, None, ENDED, entry(ID, job="j-9", status=PENDING)),)), "Wait OperationRunning"),
    Row("ended within the window of the create: too early, finding 1",
        scene(deleting(living(200, first_active_at=ago(90), operation=delete_intent(60, job_id="j-delete"))), *GONE, log=log(5, ENDED), asked=(BY_ID,)), "Wait Deleting"),
    Row("ended and absent, but the account is unproven", scene(_answered(), *GONE, log=log(5, ENDED), asked=(asked(2),)), "Wait AccountUnproven"),
    Row("ended and absent, but the clock is wrong", scene(_answered(), *GONE, log=log(5, ENDED), asked=(BY_ID,), offset=31.0), "Wait ClockSkewed"),
    Row("not found, absent, proven: release", scene(_answered(job_id=None, gone=True), *GONE, log=log(5), asked=(BY_ID,)), "Act Release"),
    Row("not found under an unproven key: 2100 alone is not absence", scene(_answered(job_id=None, gone=True), *GONE, log=log(5), asked=(asked(2),)), "Wait AccountUnproven"),
    Row("not found, yet it is listed: again", scene(_answered(job_id=None, gone=True), LISTED, log=log(5)), "Act Close"),
    Row("unanswered and absent: absence alone is not enough", scene(_leaving(operation=delete_intent(600)), *GONE, log=log(5), asked=(BY_ID,)), "Act Delete"),
    Row("never asked and absent: nor that", scene(_leaving(), *GONE, log=log(5), asked=(BY_ID,)), "Act Delete"),
]  # fmt: skip


@pytest.mark.parametrize("row", [*LETTING_GO, *BEFORE, *CHANGING, *AFTER], ids=ids)
def test_leaving(row: Row) -> None:
    decision = decide(row.scene)
    row.judge(decision)
    says_what_ends_it(row.scene, decision)


def test_failed_deletions_wait_longer_each_time() -> None:
    """Each failed job counts on from the last, so that the pause between two deletes doubles."""
    before = closed(OperationAction.DELETE, 900, outcome=Outcome.FAILED, failures=3)
    held = _leaving(operation=delete_intent(600, job_id="j-delete"), last_operation=before)
    decision = decide(scene(held, LISTED, log=log(5, entry(ID, job="j-delete", status=FAILED))))  # type: ignore[arg-type]
    assert decision.action.closed.failures == 4  # type: ignore[union-attr]
    assert decision.action.closed.outcome is Outcome.FAILED  # type: ignore[union-attr]


def test_without_credentials_nothing_else_lets_go() -> None:
    lacking = {"wished": None, "key": None, "key_problem": ("CredentialsMissing", "the Secret is gone")}
    for held in (_leaving(), _answered(), deleting(in_doubt()), deleting(resource(finalizer=True))):
        assert shape(decide(scene(held, **lacking))) == "Wait CredentialsMissing"  # type: ignore[arg-type]
    assert POLICY.retry_base > 0
