"""A recorded cluster that is not being deleted: every status, absence by the law's definition, ownership."""

from dataclasses import replace

import pytest
from decide_scenes import (
    ACCOUNT,
    ELSEWHERE,
    FOREIGN_STEM,
    ID,
    NOW,
    OLD,
    OTHER,
    OTHER_STEM,
    SECOND,
    STEM,
    WINDOW,
    Row,
    ago,
    asked,
    claims,
    cluster,
    entry,
    ids,
    living,
    log,
    look,
    named,
    record,
    scene,
    wishing,
)

from hpc_operator.decide.facts import Claim
from hpc_operator.decide.naming import describe
from hpc_operator.decide.planner import decide
from hpc_operator.domain.desired import ManagementPolicy, Orders, Ref
from hpc_operator.domain.mark import marks_in
from hpc_operator.domain.observed import JobStatus
from hpc_operator.domain.record import Condition, NodeCount, Origin

NODES = (NodeCount("login", 1, 1), NodeCount("compute", 2, 2))
OURS = cluster(name=named(STEM))
PENDING, FAILED = JobStatus.PENDING, JobStatus.FAILED
OBSERVE = wishing(management_policy=ManagementPolicy.OBSERVE)


def _digest(**more: object) -> str:
    held = living(**more)  # type: ignore[arg-type]
    return describe(scene(held), OURS).digest


DONE = {"first_active_at": ago(OLD / 2), "nodes": NODES, "described": _digest(), "described_at": ago(OLD / 2)}
ADOPTED = {"origin": Origin.ADOPTED}


def _line(status: str, name: str = named(STEM)) -> object:
    return look(5, cluster(name=name, status=status))


STATUS = [
    Row("all as wished", scene(living(**DONE), _line("active")), "Settled Ready"),
    Row("active, but its create job still runs", scene(living(100), _line("active"), log=log(5, entry(ID, job="j-create", status=PENDING))), "Wait Creating"),
    Row("active, its job not in the log yet", scene(living(100), _line("active"), log=log(5)), "Wait Creating"),
    Row("active, and the log no longer knows the job", scene(living(WINDOW + 6), _line("active"), log=log(5)), "Act Describe"),
    Row("the window is over, but the log was looked at before that: its job may run", scene(living(WINDOW + 1), _line("active"), log=log(10)), "Wait Creating"),
    Row("active, the log cannot be read", scene(living(100), _line("active"), log=log(5, complete=False)), "Wait Creating"),
    Row("active and its job ended: mark and texts are written", scene(living(100), _line("active"), log=log(5, entry(ID, job="j-create"))), "Act Describe"),
    Row("another operation names it and is pending", scene(living(), _line("active"), log=log(5, entry(ID, job="j-2", status=PENDING))), "Wait Creating"),
    Row("described: its nodes are counted once", scene(living(described=_digest()), _line("active"), log=log(5)), "Act CountNodes", fields={"id": ID}),
    Row("chores that failed do not hold back Ready", scene(living(), _line("active"), log=log(5), postponed=frozenset({"Describe", "CountNodes"})), "Settled Ready"),
    Row("Observe shows the difference and calls nothing", scene(living(desired=OBSERVE, **{**DONE, "described": None}), _line("active")), "Settled Differs"),
    Row("paused: the same", scene(living(orders=Orders(paused=True), **{**DONE, "described": None}), _line("active")), "Wait Paused quietly", says=("cluster_name",)),
    Row("the clock is wrong: nothing is changed", scene(living(), _line("active"), log=log(5), offset=99.0), "Wait ClockSkewed"),
    Row("pending: coming up", scene(living(100), _line("pending"), log=log(5)), "Wait Creating"),
    Row("a status nobody documented is busy, never ready and never gone", scene(living(100), _line("frobnicating"), log=log(5)), "Wait Creating"),
    Row("the same after it was ready", scene(living(**DONE), _line("frobnicating")), "Wait OperationRunning"),
    Row("no status at all is busy", scene(living(**DONE), look(5, replace(OURS, status=None))), "Wait OperationRunning"),
    Row("stopped outside: looked up before it is started", scene(living(**DONE), _line("stopped")), "Act LookById"),
    Row("suspended by the platform", scene(living(**DONE), _line("suspended")), "Blocked AccountInArrears"),
    Row("abnormal before it was ever active: the create failed", scene(living(), _line("abnormal"), log=log(5)), "Blocked CreateFailed"),
    Row("abnormal afterwards", scene(living(**DONE), _line("abnormal")), "Blocked ClusterAbnormal"),
    Row("being deleted outside", scene(living(**DONE), _line("deleting")), "Wait DeletedOutside"),
    Row("the create job failed", scene(living(100), _line("pending"), log=log(5, entry(ID, job="j-create", status=FAILED))), "Blocked CreateFailed", says=("j-create",)),
    Row("it was told that it failed, and the log is not read back to it any more", scene(replace(living(100), conditions=(Condition("Ready", "False", "CreateFailed", "the job failed", 1, 1.0),)), _line("pending")), "Blocked CreateFailed", says=("the job failed",)),
    Row("it failed and hides from the list", scene(living(100), look(5), log=log(5, entry(ID, job="j-create", status=FAILED))), "Blocked CreateFailed"),
    Row("it turned active after all: heals by itself", scene(living(100), _line("active"), log=log(5, entry(ID, job="j-create", status=FAILED))), "Act Describe"),
    Row("longer than createTimeout, though the job says nothing", scene(living(3606), _line("pending"), log=log(5)), "Blocked CreateFailed", says=("createTimeout",)),
    Row("createTimeout is over, but it was last looked at before that: it may be active", scene(living(3606), look(10, replace(OURS, status="pending")), log=log(10)), "Wait Creating"),
    Row("just within createTimeout", scene(living(3600), _line("pending"), log=log(5)), "Wait Creating"),
]  # fmt: skip

READY = living(**DONE)
GONE = (look(5), look(40))
PROOF = entry(ID, job="j-create")
ABSENCE = [
    Row("not listed yet within the lag: still being created", scene(living(100), look(5), look(20), log=log(5)), "Wait Creating"),
    Row("after a deletion outside: asked for by id first", scene(READY, *GONE), "Act LookById", fields={"ids": (ID,)}),
    Row("two lists, one look by id, and the log still answers for it: vanished", scene(READY, *GONE, asked=(asked(2, None, PROOF),)), "Blocked ClusterVanished", says=(ID,)),
    Row("one list look is not two", scene(READY, look(5), asked=(asked(2, None, PROOF),)), "Wait NotListed quietly"),
    Row("the same look twice is not two", scene(READY, look(5), look(5), asked=(asked(2, None, PROOF),)), "Wait NotListed quietly"),
    Row("a partial look is none", scene(READY, look(2, complete=False), look(5), asked=(asked(2, None, PROOF),)), "Wait NotListed quietly"),
    Row("a partial look that shows it: it is there", scene(READY, look(1, OURS, complete=False), look(5), look(40), asked=(asked(2, None, PROOF),)), "Settled Ready"),
    Row("looks from before the end of the window prove nothing: finding 1",
        scene(living(WINDOW + 30, **{**DONE, "first_active_at": ago(100), "described_at": ago(90)}), look(5), look(31), asked=(asked(2, None, PROOF),)), "Wait NotListed quietly"),
    Row("both begun after it: absent",
        scene(living(WINDOW + 50, **{**DONE, "first_active_at": ago(100), "described_at": ago(90)}), *GONE, asked=(asked(2, None, PROOF),)), "Blocked ClusterVanished"),
    Row("for a taken cluster the window begins with its recording",
        scene(living(WINDOW - 1, **DONE), look(5), look(40), asked=(asked(2, None, PROOF),)), "Wait NotListed quietly"),
    Row("the look by id is too old", scene(READY, *GONE, asked=(asked(61, None, PROOF),)), "Act LookById"),
    Row("the look by id failed", scene(READY, *GONE, asked=(asked(2, None, PROOF, complete=False),)), "Wait CloudUnreachable quietly"),
    Row("hidden from the list, shown by id", scene(READY, *GONE, asked=(asked(2, cluster(status="abnormal")),)), "Blocked ClusterAbnormal"),
    Row("nothing proves that this key sees the account", scene(READY, *GONE, asked=(asked(2),)), "Wait AccountUnproven", says=(ID,)),
    Row("another recorded cluster of the view proves it",
        scene(READY, look(5, cluster("ehpc-rec")), look(40), asked=(asked(2),), claims=claims(ehpc_rec=OTHER)), "Blocked ClusterVanished"),
    Row("one of another account does not",
        scene(READY, look(5, cluster("ehpc-rec")), look(40), asked=(asked(2),), claims={"ehpc-rec": (Claim(ago(OLD), OTHER, ELSEWHERE),)}), "Wait AccountUnproven"),
    Row("a log answer under another key proves nothing", scene(READY, *GONE, asked=(asked(2, None, PROOF, key="k2"),)), "Wait AccountUnproven"),
    Row("the clock is wrong: nothing is called absent", scene(READY, *GONE, asked=(asked(2, None, PROOF),), offset=31.0), "Wait ClockSkewed"),
    Row("one failed look changes nothing: the last complete one still speaks", scene(READY, look(2, complete=False), look(35, OURS)), "Settled Ready"),
    Row("an old look that succeeded: the process was frozen, the service not silent", scene(READY, look(400, OURS)), "Settled Ready"),
    Row("no calls for another while: an old look that succeeded says so too", scene(READY, look(400, OURS), quota_until=NOW + 1800), "Wait QuotaExhausted"),
    Row("no complete look for a long while is told", scene(READY, look(2, complete=False), look(301, OURS)), "Wait CloudUnreachable", says=("a page failed",)),
    Row("nor could it be: the key is refused, and where it is from is told", scene(READY, look(2, complete=False), look(301, OURS), refused_key="Secret lab/key"), "Wait CredentialsRefused", says=("1200: the key of Secret lab/key is refused", "a page failed")),
    Row("two refused looks are told: nobody waits five minutes for a key", scene(READY, look(2, complete=False), look(61, OURS), refused_key="Secret lab/key"), "Wait CredentialsRefused"),
    Row("two failed looks are not: the service may come back", scene(READY, look(2, complete=False), look(61, OURS)), "Settled Ready"),
    Row("one refused look changes nothing", scene(READY, look(2, complete=False), look(35, OURS), refused_key="Secret lab/key"), "Settled Ready"),
    Row("a wrong clock is told first: the signature holds the time", scene(READY, look(2, complete=False), look(301, OURS), refused_key="Secret lab/key", offset=31.0), "Wait ClockSkewed"),
    Row("never seen, and createTimeout is over", scene(living(3606), *GONE, log=log(5)), "Blocked CreateFailed"),
    Row("never seen, window over, proven: vanished", scene(living(WINDOW + 60), *GONE, log=log(5), asked=(asked(2, None, PROOF),)), "Blocked ClusterVanished"),
]  # fmt: skip

OLDER, YOUNGER = (Claim(ago(age), Ref("default", "twin", "uid-twin"), ACCOUNT) for age in (3 * OLD, OLD))
MOVED = look(5, cluster(name=named(FOREIGN_STEM)))
OWNERSHIP = [
    Row("an older resource records it: the younger lets its hands off", scene(READY, look(5, OURS), claims={ID: (OLDER,)}), "Blocked AlreadyClaimed", says=("default/twin",)),
    Row("a younger claimant does not disturb", scene(READY, look(5, OURS), claims={ID: (YOUNGER,)}), "Settled Ready"),
    Row("it now bears another fleet's mark", scene(READY, MOVED), "Blocked OwnershipMoved", says=("take-over",)),
    Row("another's mark in the description alone is enough",
        scene(READY, look(5, replace(OURS, description=f"theirs {OTHER_STEM}-1"))), "Blocked OwnershipMoved"),
    Row("our own mark in another attempt is ours", scene(READY, look(5, cluster(name=named(STEM, 9)))), "Settled Ready"),
    Row("no mark at all is a rename, not a move", scene(READY, look(5, cluster(name="renamed"))), "Settled Ready"),
    Row("take-over of what is recorded marks it anew: first the old marking is forgotten", scene(replace(READY, orders=Orders(take_over=ID)), MOVED), "Act Take", fields={"id": ID}),
    Row("once: an order that still stands does not silence what moves later", scene(living(**{**DONE, "taken_over": ID}, orders=Orders(take_over=ID)), MOVED), "Blocked OwnershipMoved"),
    Row("taken over a moment ago, not marked yet: not moved", scene(living(**{**DONE, "described": None, "taken_over": ID}, orders=Orders(take_over=ID)), MOVED), "Act Describe"),
    Row("a look that cannot show yet what we wrote says nothing about a move",
        scene(living(**{**DONE, "described_at": ago(200)}), MOVED), "Settled Ready"),
    Row("an adopted cluster is marked", scene(living(**ADOPTED), look(5, cluster(name="mine")), log=log(5)), "Act Describe"),
    Row("a second bearer, for life: finding 13", scene(READY, look(5, OURS, cluster(SECOND, named(STEM)))), "Blocked DuplicateClusters", says=(ID, SECOND)),
    Row("a second id from a late answer", scene(living(**DONE, strays=(SECOND,)), look(5, OURS)), "Blocked DuplicateClusters", says=(SECOND,)),
    Row(
        "a second id that is absent, proven, is no rival any more",
        scene(living(**DONE, strays=(SECOND,)), look(5, OURS), look(40, OURS), asked=(asked(2, None, PROOF, id=SECOND),)),
        "Settled Ready",
    ),
    Row(
        "a second id that no list shows is asked for",
        scene(living(**DONE, strays=(SECOND,)), look(5, OURS), look(40, OURS)),
        "Act LookById",
        fields={"ids": (SECOND,)},
    ),
    Row("adopt of the recorded one ends it", scene(living(orders=Orders(adopt=ID), **DONE), look(5, OURS, cluster(SECOND, named(STEM)))), "Settled Ready"),
    Row("adopt of the other one takes that", scene(living(orders=Orders(adopt=SECOND), **DONE), look(5, OURS, cluster(SECOND, named(STEM)))), "Act Take", fields={"id": SECOND}),
    Row("a bearer in an incomplete look counts", scene(READY, look(2, cluster(SECOND, named(STEM)), complete=False), look(9, OURS)), "Blocked DuplicateClusters"),
    Row("the settings point to another account: nothing is called", scene(READY, wished=ELSEWHERE), "Blocked AccountChanged"),
    Row("the annotation lost the id: written anew", scene(replace(READY, record=record()), look(5, OURS)), "Act Remember", fields={"record": record(id=ID)}),
    Row("`replace` stripped finalizer and annotation", scene(replace(READY, record=None, finalizer=False), look(5, OURS)), "Act Remember"),
    Row("the annotation is of another life, the status is ours", scene(replace(READY, record=record(mark=OTHER_STEM)), look(5, OURS)), "Blocked OwnedElsewhere"),
]  # fmt: skip


@pytest.mark.parametrize("row", [*STATUS, *ABSENCE, *OWNERSHIP], ids=ids)
def test_living(row: Row) -> None:
    row.judge(decide(row.scene))


def test_the_texts_carry_the_mark_and_keep_what_a_person_wrote() -> None:
    held = scene(living(origin=Origin.ADOPTED), look(5))
    for kept, said in [("", ""), ("my words", "my words"), (f"my words {OTHER_STEM}-3", "my words")]:
        wish = describe(held, cluster(name="x", description=kept))
        assert [mark.stem for mark in marks_in(wish.name, wish.description)] == [STEM, STEM]
        assert wish.description == (f"{said}-{STEM}-1" if said else f"{STEM}-1")


def test_a_wished_description_goes_with_the_mark() -> None:
    held = scene(living(desired=wishing(description="for chemistry", cluster_name="chem")))
    wish = describe(held, OURS)
    assert wish.name == f"chem-{STEM}-1"
    assert wish.description == f"for chemistry-{STEM}-1"


def test_taking_counts_absence_from_now() -> None:
    """`adopt` and a rebuilt memory: what was not ours a moment ago cannot be absent before a window has passed."""
    held = scene(living(orders=Orders(adopt=SECOND), **DONE), look(5, OURS, cluster(SECOND, named(STEM))))
    assert decide(held).action.recorded_at == NOW  # type: ignore[union-attr]
