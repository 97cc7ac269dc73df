"""An open create whose answer nobody has: when it is taken, waited for, void, or a person's."""

from dataclasses import replace

import pytest
from decide_scenes import (
    EARLIER_STEM,
    ELSEWHERE,
    FOREIGN_STEM,
    ID,
    NOW,
    OLD,
    OTHER,
    OTHER_STEM,
    POLICY,
    SECOND,
    STEM,
    WINDOW,
    Row,
    ago,
    asked,
    claims,
    cluster,
    create_intent,
    deleting,
    entry,
    ids,
    in_doubt,
    log,
    look,
    named,
    record,
    replace_logs,
    resource,
    scene,
    wishing,
)

from hpc_operator.decide.planner import decide
from hpc_operator.domain.desired import Orders
from hpc_operator.domain.observed import JobStatus
from hpc_operator.domain.record import Memory, OperationAction, Outcome

START = OLD  # age of the open create: far beyond the window
CLEAR = (look(5),)
PENDING, FAILED, OTHER_WORD = JobStatus.PENDING, JobStatus.FAILED, JobStatus.OTHER
UNRESOLVED = "Blocked UnresolvedCreate"
ASK = "Act LookById"


def _judged(*entries: object, **more: object) -> object:
    """A doubt older than the window, both looks late and complete, with these log entries."""
    return scene(in_doubt(), *more.pop("lists", CLEAR), log=log(5, *entries), **more)  # type: ignore[misc,arg-type]


WAITING = [
    Row(
        "found by mark at once, whatever the clock says",
        scene(in_doubt(10), look(5, cluster(name=named(STEM)))),
        "Act Take",
        fields={"id": ID, "recorded_at": ago(10)},
    ),
    Row(
        "two bearers: a person chooses",
        scene(in_doubt(10), look(5, cluster(name=named(STEM)), cluster(SECOND, named(STEM)))),
        "Blocked DuplicateClusters",
        says=(ID, SECOND),
    ),
    Row(
        "within the window nothing is concluded", scene(in_doubt(WINDOW), look(0), log=log(0)), "Wait CreateUnanswered"
    ),
    Row(
        "as-of: a list look begun before the end of the window says nothing",
        scene(in_doubt(WINDOW + 50), look(50), log=log(5)),
        "Wait CreateUnanswered",
    ),
    Row("as-of: the same for the log", scene(in_doubt(WINDOW + 50), look(5), log=log(51)), "Wait CreateUnanswered"),
    Row(
        "both looks begun just after the window: void",
        scene(in_doubt(WINDOW + 50), look(49.9), log=log(49.9)),
        "Act Close",
    ),
    Row(
        "one look at the log may leave the entry out: not enough",
        scene(in_doubt(), look(5), look(9), log=log(5), alone=True),
        "Wait CreateUnanswered",
    ),
    Row(
        "one look at the list may leave the cluster out: not enough",
        replace_logs(scene(in_doubt(), look(5), alone=True), log(5), log(9)),
        "Wait CreateUnanswered",
    ),
    Row(
        "two looks at each agree: void",
        replace_logs(scene(in_doubt(), look(5), look(9), alone=True), log(5), log(9)),
        "Act Close",
    ),
    Row(
        "what only the older log look showed is to be explained too",
        replace_logs(scene(in_doubt(), look(5), look(9), alone=True), log(5), log(9, entry(ID))),
        ASK,
    ),
    Row(
        "the older of the two began too early",
        replace_logs(scene(in_doubt(WINDOW + 50), look(5), look(9), alone=True), log(5), log(51)),
        "Wait CreateUnanswered",
    ),
    Row(
        "the older of the two does not reach back",
        replace_logs(scene(in_doubt(), look(5), look(9), alone=True), log(5), log(9, since=ago(START))),
        "Wait CreateUnanswered",
    ),
    Row(
        "the newest list leaves our cluster out, an earlier one since the intent shows it: taken",
        scene(in_doubt(), look(5), look(9, cluster(name=named(STEM))), log=log(5), alone=True),
        "Act Take",
        fields={"id": ID},
    ),
    Row("no log look", scene(in_doubt(), look(5)), "Wait CreateUnanswered"),
    Row(
        "the log look failed",
        scene(in_doubt(), look(5), log=log(5, complete=False)),
        "Wait CreateUnanswered",
        says=("the log failed",),
    ),
    Row(
        "the log does not reach back far enough",
        scene(in_doubt(), look(5), log=log(5, since=ago(START))),
        "Wait CreateUnanswered",
    ),
    Row(
        "it reaches back to startedAt - skew",
        scene(in_doubt(), look(5), log=log(5, since=ago(START) - 30)),
        "Act Close",
    ),
    Row("only a partial list look", scene(in_doubt(), look(5, complete=False), log=log(5)), "Wait CreateUnanswered"),
    Row(
        "a partial newest list beside a late complete one",
        scene(in_doubt(), look(5, complete=False), look(9), log=log(5)),
        "Act Close",
    ),
    Row(
        "the clock is wrong: nothing is voided", scene(in_doubt(), *CLEAR, log=log(5), offset=40.0), "Wait ClockSkewed"
    ),
    Row(
        "looks of another key prove nothing",
        scene(in_doubt(), look(5, key="k2"), log=log(5, key="k2"), key="k2"),
        "Wait AccountUnproven",
    ),
    Row(
        "only the log is another key's: nor that",
        scene(in_doubt(), look(5), log=log(5, key="k2")),
        "Wait AccountUnproven",
    ),
    Row(
        "another recorded cluster of the account answers to the present key",
        scene(
            in_doubt(),
            look(5, cluster("ehpc-rec", "x"), key="k2"),
            log=log(5, key="k2"),
            key="k2",
            claims=claims(ehpc_rec=OTHER),
        ),
        "Act Close",
    ),
    Row(
        "a recorded cluster of another account proves nothing about this one",
        scene(
            in_doubt(intent=create_intent(account=ELSEWHERE), record=record(account=ELSEWHERE)),
            look(5, cluster("ehpc-rec", "x"), key="k2"),
            log=log(5, key="k2"),
            key="k2",
            wished=ELSEWHERE,
            claims=claims(ehpc_rec=OTHER),
        ),
        "Wait AccountUnproven",
    ),
    Row("settings point elsewhere: nothing is called", scene(in_doubt(), wished=ELSEWHERE), "Blocked AccountChanged"),
    Row(
        "no credentials: told",
        scene(in_doubt(), wished=None, key=None, key_problem=("CredentialsMissing", "gone")),
        "Wait CredentialsMissing",
    ),
    Row(
        "paused does not hold the search",
        scene(replace(in_doubt(), orders=Orders(paused=True)), *CLEAR, log=log(5)),
        "Act Close",
    ),
]

EXPLAINED = [
    Row("nothing in the log: void", _judged(), "Act Close"),
    Row("its job is recorded by another resource", _judged(entry("ehpc-x"), jobs=frozenset({"j-1"})), "Act Close"),
    Row("its id is recorded by another resource", _judged(entry("ehpc-x"), claims=claims(ehpc_x=OTHER)), "Act Close"),
    Row(
        "listed under another fleet's mark",
        _judged(entry(ID), lists=(look(5, cluster(name=named(FOREIGN_STEM))),)),
        "Act Close",
    ),
    Row(
        "listed under another object's mark",
        _judged(entry(ID), lists=(look(5, cluster(name=named(OTHER_STEM))),)),
        "Act Close",
    ),
    Row(
        "listed under an earlier life's mark",
        _judged(entry(ID), lists=(look(5, cluster(name=named(EARLIER_STEM))),)),
        "Act Close",
    ),
    Row(
        "another mark shown by a look by id counts as listed",
        _judged(entry(ID), asked=(asked(2, cluster(name=named(OTHER_STEM), status="abnormal")),)),
        "Act Close",
    ),
    Row("its type is not ours", _judged(entry("hpc-1")), "Act Close"),
    Row(
        "listed with a create_time before the range",
        _judged(entry(ID), lists=(look(5, cluster(name="x", created_at=ago(START + 31))),)),
        "Act Close",
    ),
    Row("the log named the id before the range", _judged(entry(ID), entry(ID, job="j-0", age=START + 31)), "Act Close"),
    Row(
        "the look by id shows an entry before the range",
        _judged(entry(ID), asked=(asked(2, cluster(name="x"), entry(ID, job="j-0", age=START + 31)),)),
        "Act Close",
    ),
    Row(
        "found nowhere, not even by id, and its newest entry ended",
        _judged(entry(ID), asked=(asked(2, None, entry(ID)),)),
        "Act Close",
    ),
    Row("a successful entry that names no cluster is somebody's other work", _judged(entry()), "Act Close"),
    Row("an entry before the range", _judged(entry(ID, age=START + 31)), "Act Close"),
    Row("an entry after the range: finding 14", _judged(entry(ID, age=START - 106)), "Act Close"),
]

UNEXPLAINED = [
    Row(
        "a name without a mark explains nothing: finding 4",
        _judged(entry(ID), lists=(look(5, cluster(name="renamed")),), asked=(asked(2, cluster(name="renamed")),)),
        UNRESOLVED,
        says=(ID, f"recreate={STEM}-1", "adopt"),
    ),
    Row("an id nobody knows is asked for first", _judged(entry(ID)), ASK, fields={"ids": (ID,)}),
    Row(
        "two ids are asked for together",
        _judged(entry(ID), entry(SECOND, job="j-2")),
        ASK,
        fields={"ids": (ID, SECOND)},
    ),
    Row(
        "our cluster hides from the list, but shows its mark by id",
        _judged(entry(ID), asked=(asked(2, cluster(name=named(STEM), status="abnormal")),)),
        "Act Take",
        fields={"id": ID},
    ),
    Row(
        "the same when the list was read again meanwhile",
        _judged(entry(ID), lists=(look(2),), asked=(asked(9, cluster(name=named(STEM), status="abnormal")),)),
        "Act Take",
        fields={"id": ID},
    ),
    Row("the look by id failed: wait", _judged(entry(ID), asked=(asked(2, complete=False),)), "Wait CreateUnanswered"),
    Row(
        "the look by id began before the end of the window: asked anew",
        scene(in_doubt(WINDOW + 50), look(5), log=log(5, entry(ID)), asked=(asked(51),)),
        ASK,
    ),
    Row(
        "a look by id under another key finds nothing for ever",
        _judged(entry(ID), asked=(asked(2, key="k2"),)),
        UNRESOLVED,
    ),
    Row(
        "found nowhere, but one of its entries is pending",
        _judged(entry(ID), asked=(asked(2, None, entry(ID, job="j-9", status=PENDING)),)),
        UNRESOLVED,
    ),
    Row(
        "found nowhere, but the log's own entry is pending",
        _judged(entry(ID, status=PENDING), asked=(asked(2),)),
        UNRESOLVED,
    ),
    Row("an unknown status is not an end", _judged(entry(ID, status=OTHER_WORD), asked=(asked(2),)), UNRESOLVED),
    Row(
        "pending without ids may be ours: wait",
        _judged(entry(status=PENDING)),
        "Wait CreateUnanswered",
        says=("names no cluster yet",),
    ),
    Row("failed without ids may be ours: a person", _judged(entry(status=FAILED)), UNRESOLVED, says=("j-1",)),
    Row("at the very start of the range: startedAt - skew, finding 2", _judged(entry(ID, age=START + 30)), ASK),
    Row("at the very end of the range", _judged(entry(ID, age=START - 105)), ASK),
    Row("an entry whose time cannot be read may lie in any range", _judged(entry(ID, age=None)), ASK),
    Row("an entry that names a node of nothing", _judged(entry("cln-1", status=FAILED)), UNRESOLVED),
    Row(
        "one of two entries is explained: the other counts",
        _judged(entry("hpc-1"), entry(ID, job="j-2")),
        ASK,
        fields={"ids": (ID,)},
    ),
    Row(
        "an entry that names ours and another: every id must be explained",
        _judged(entry("hpc-1", ID)),
        ASK,
        fields={},
    ),
    Row(
        "a claim by this very resource explains nothing",
        _judged(entry(ID), claims=claims(ehpc_first=in_doubt().ref)),
        ASK,
    ),
    Row(
        "our own mark does not explain, it is taken",
        _judged(entry(ID), lists=(look(5, cluster(name=named(STEM))),)),
        "Act Take",
    ),
]

PERSON = _judged(entry(ID), lists=(look(5, cluster(name="x")),), asked=(asked(2, cluster(name="x")),))


def _with_orders(base: object, **orders: object) -> object:
    return replace(base, resource=replace(base.resource, orders=Orders(**orders)))  # type: ignore[type-var,attr-defined,arg-type]


ANSWERED = [
    Row("none is mine: void", _with_orders(PERSON, recreate=f"{STEM}-1"), "Act Close"),
    Row("an answer to another attempt is no answer", _with_orders(PERSON, recreate=f"{STEM}-2"), UNRESOLVED),
    Row("one is mine: taken", _with_orders(PERSON, adopt=ID), "Act Take", fields={"id": ID, "recorded_at": NOW}),
    Row(
        "one is mine, another claims it",
        _with_orders(replace(PERSON, facts=replace(PERSON.facts, claims=claims(ehpc_first=OTHER))), adopt=ID),  # type: ignore[attr-defined,type-var]
        "Blocked AlreadyClaimed",
    ),
    Row(
        "none is mine, said too early: the window first",
        scene(in_doubt(10, orders=Orders(recreate=f"{STEM}-1")), look(5), log=log(5, entry(ID))),
        "Wait CreateUnanswered",
    ),
    Row(
        "none is mine, while something is pending: wait",
        scene(in_doubt(orders=Orders(recreate=f"{STEM}-1")), look(5), log=log(5, entry(status=PENDING))),
        "Wait CreateUnanswered",
    ),
    Row(
        "of two bearers a person chose one",
        scene(in_doubt(orders=Orders(adopt=SECOND)), look(5, cluster(name=named(STEM)), cluster(SECOND, named(STEM)))),
        "Act Take",
        fields={"id": SECOND},
    ),
    Row(
        "the answers hold while deleting too",
        scene(
            deleting(in_doubt(orders=Orders(recreate=f"{STEM}-1"))),
            *CLEAR,
            log=log(5, entry(ID)),
            asked=(asked(2, cluster(name="x")),),
        ),
        "Act Close",
    ),
]

BARE = resource(finalizer=True)
WIPED = resource(finalizer=True, record=record())
LOST_MEMORY = [
    Row("a finalizer without a record is doubt, not a first create: finding 6", scene(BARE, look(5)), "Act Doubt"),
    Row("a record without a finalizer too", scene(resource(record=record()), look(5)), "Act Doubt"),
    Row("a wiped status too", scene(WIPED, look(5)), "Act Doubt"),
    Row("also while deleting", scene(deleting(BARE)), "Act Doubt"),
    Row("also under Retain", scene(deleting(BARE, desired=wishing(management_policy="Observe"))), "Act Doubt"),
    Row("the record knows the id: rebuilt", scene(resource(finalizer=True, record=record(id=ID)), look(5)), "Act Take", fields={"id": ID, "recorded_at": NOW}),
    Row("this very process wrote the record and sent nothing", scene(WIPED, look(5), unsent=True), "Act Create", fields={"record": None}),
    Row("the status stripped of its record: the record is rebuilt first", scene(replace(in_doubt(), record=None), *CLEAR), "Act Remember"),
    Row("`replace` took finalizer and record: both are put back before anything else",
        scene(replace(in_doubt(), record=None, finalizer=False), *CLEAR, log=log(5)), "Act Remember"),
    Row("a record restored from another life names its mark: finding 7",
        scene(resource(finalizer=True, record=record(mark=EARLIER_STEM)), look(5)), "Blocked OwnedElsewhere", says=(EARLIER_STEM, "create-beside")),
    Row("and its id", scene(resource(finalizer=True, record=record(mark=EARLIER_STEM, id=ID)), look(5)), "Blocked OwnedElsewhere", says=(ID, "take-over")),
    Row("take-over answers it", scene(resource(finalizer=True, record=record(mark=EARLIER_STEM, id=ID), orders=Orders(take_over=ID)), look(5, cluster(name=named(EARLIER_STEM)))),
        "Act Take", fields={"id": ID}),
    Row("create-beside by its mark answers it, by way of doubt: second round 14",
        scene(resource(finalizer=True, record=record(mark=EARLIER_STEM), orders=Orders(create_beside=(EARLIER_STEM,))), look(5)), "Act Doubt"),
    Row("create-beside by its id too",
        scene(resource(finalizer=True, record=record(mark=EARLIER_STEM, id=ID), orders=Orders(create_beside=(ID,))), look(5)), "Act Doubt"),
    Row("a status copied from another life is no order either",
        scene(resource(finalizer=True, memory=Memory(mark=EARLIER_STEM, account=record().account, operation=create_intent(mark=EARLIER_STEM))), look(5)),
        "Blocked OwnedElsewhere"),
    Row("the fleet setting was changed", scene(resource(finalizer=True, record=record(mark=FOREIGN_STEM)), look(5)), "Blocked FleetChanged"),
]  # fmt: skip


@pytest.mark.parametrize("row", [*WAITING, *EXPLAINED, *UNEXPLAINED, *ANSWERED, *LOST_MEMORY], ids=ids)
def test_doubt(row: Row) -> None:
    row.judge(decide(row.scene))


def test_void_closes_the_very_attempt() -> None:
    decision = decide(scene(in_doubt(intent=create_intent(attempt=4)), *CLEAR, log=log(5)))
    closed = decision.action.closed  # type: ignore[union-attr]
    assert (closed.action, closed.attempt, closed.outcome) == (OperationAction.CREATE, 4, Outcome.VOID)


def test_a_lost_memory_is_doubted_for_longer_than_any_request_lives() -> None:
    """startedAt is now + 2 skews, the log range begins at the resource's creation, the key is the record's."""
    held = resource(finalizer=True, record=record(key="key-of-then"))
    intent = decide(scene(held, look(5))).action.intent  # type: ignore[union-attr]
    assert intent.started_at == NOW + 2 * POLICY.clock_skew
    assert intent.log_from == held.created_at
    assert (intent.key, intent.account, intent.mark) == ("key-of-then", record().account, STEM)


def test_an_old_answer_does_not_answer_a_new_doubt() -> None:
    """`recreate: <mark>-1` still stands there when the status is wiped: the invented attempt is another one."""
    held = resource(finalizer=True, record=record(), orders=Orders(recreate=f"{STEM}-1"))
    intent = decide(scene(held, look(5))).action.intent  # type: ignore[union-attr]
    assert intent.full_mark == f"{STEM}-2"


@pytest.mark.parametrize("summand", ["send_deadline", "request_lifetime", "clock_skew", "visibility_lag"])
def test_every_summand_of_the_window_is_waited_for(summand: str) -> None:
    """One second before the end of the window nothing is concluded; without any summand it would be."""
    assert WINDOW == 15 + 60 + 30 + 300
    assert getattr(POLICY, summand) > 1
    held = scene(in_doubt(WINDOW + 5), look(6), log=log(6))
    Row("too early by a second", held, "Wait CreateUnanswered").judge(decide(held))
