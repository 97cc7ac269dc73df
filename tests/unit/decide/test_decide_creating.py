"""When a create is sent, and everything that must not be so before: one row each."""

from dataclasses import replace

import pytest
from decide_scenes import (
    CONF,
    EARLIER_STEM,
    ELSEWHERE,
    FOREIGN_STEM,
    ID,
    NOW,
    OTHER,
    OTHER_STEM,
    POLICY,
    SECOND,
    STEM,
    Row,
    ago,
    asked,
    claims,
    cluster,
    ids,
    look,
    named,
    record,
    resource,
    scene,
    tried,
    wishing,
)

from hpc_operator.decide.facts import FirstCreate
from hpc_operator.decide.planner import decide
from hpc_operator.domain.desired import ManagementPolicy, Orders
from hpc_operator.domain.record import Memory, Origin, Outcome

NOTHING = look(5)
MARKED_ACCOUNT = look(5, cluster("ehpc-x", named(OTHER_STEM)))
REFUSED = Outcome.REFUSED
PLAN = ManagementPolicy.PLAN
OBSERVE = wishing(management_policy=ManagementPolicy.OBSERVE)


def _ordered(**orders: object) -> object:
    return resource(orders=Orders(**orders))  # type: ignore[arg-type]


FIRST = [
    Row("an empty account, looked at in full: buy", scene(resource(), NOTHING), "Act Create", fields={"attempt": 1}),
    Row(
        "the record goes with the first create",
        scene(resource(), NOTHING),
        "Act Create",
        fields={"record": record(nonce="")},
    ),
    Row(
        "one look may leave an earlier life's cluster out: a second is asked for",
        scene(resource(), NOTHING, alone=True),
        "Wait LookingFirst",
    ),
    Row(
        "an earlier look stands beside it, though it began before the resource was seen",
        scene(resource(), NOTHING, look(250), alone=True, seen_at=ago(40)),
        "Act Create",
    ),
    Row(
        "an earlier look of long ago says nothing about what came since",
        scene(resource(), NOTHING, look(301), alone=True),
        "Wait LookingFirst",
    ),
    Row(
        "the newest look leaves the earlier life's cluster out, the one before shows it",
        scene(resource(), NOTHING, look(20, cluster(name=named(EARLIER_STEM))), alone=True),
        "Blocked OwnedElsewhere",
    ),
    Row("no look yet: nothing is bought unseen", scene(resource()), "Wait LookingFirst"),
    Row(
        "only a partial look: what it hides may be ours",
        scene(resource(), look(5, complete=False)),
        "Wait LookingFirst",
    ),
    Row(
        "a partial newest look beside a complete one that is new enough",
        scene(resource(), look(5, complete=False), look(9)),
        "Act Create",
    ),
    Row(
        "the look began before this resource was seen: it may miss an earlier life's cluster",
        scene(resource(), look(50), seen_at=ago(40)),
        "Wait LookingFirst",
    ),
    Row(
        "our whole mark is listed: ours, taken",
        scene(resource(), look(5, cluster(name=named(STEM)))),
        "Act Take",
        fields={"id": ID},
    ),
    Row(
        "our mark in the description alone is ours too",
        scene(resource(), look(5, cluster(name="x", description=f"text {STEM}-1"))),
        "Act Take",
        fields={"id": ID},
    ),
    Row(
        "a partial look that shows our mark is enough to take",
        scene(resource(), look(5, cluster(name=named(STEM)), complete=False)),
        "Act Take",
        fields={"id": ID},
    ),
    Row(
        "our mark stays ours in any attempt",
        scene(resource(), look(5, cluster(name=named(STEM, 7)))),
        "Act Take",
        fields={"id": ID},
    ),
    Row(
        "two clusters with our mark: a person chooses",
        scene(resource(), look(5, cluster(name=named(STEM)), cluster(SECOND, named(STEM, 2)))),
        "Blocked DuplicateClusters",
        says=(ID, SECOND, "adopt"),
    ),
    Row(
        "our object under another uid: an earlier life's cluster, both ways out are told",
        scene(resource(), look(5, cluster(name=named(EARLIER_STEM)))),
        "Blocked OwnedElsewhere",
        says=(ID, "take-over", "create-beside"),
    ),
    Row(
        "an earlier life's cluster that another resource records already is settled",
        scene(resource(), look(5, cluster("ehpc-rec", named(EARLIER_STEM))), claims=claims(ehpc_rec=OTHER)),
        "Act Create",
    ),
    Row(
        "another fleet's mark is not ours", scene(resource(), look(5, cluster(name=named(FOREIGN_STEM)))), "Act Create"
    ),
    Row("another object's mark is not ours", scene(resource(), MARKED_ACCOUNT), "Act Create"),
    Row(
        "a late answer left a stray: it is taken, nothing is bought",
        scene(replace(tried(), memory=replace(tried().memory, strays=(ID,))), NOTHING),
        "Act Take",
        fields={"id": ID},
    ),
]

ANSWERS = [
    Row(
        "create-beside with the id: bought beside it",
        scene(_ordered(create_beside=(ID,)), look(5, cluster(name=named(EARLIER_STEM)))),
        "Act Create",
    ),
    Row(
        "create-beside with the mark's stem",
        scene(_ordered(create_beside=(EARLIER_STEM,)), look(5, cluster(name=named(EARLIER_STEM)))),
        "Act Create",
    ),
    Row(
        "create-beside with mark and attempt",
        scene(_ordered(create_beside=(f"{EARLIER_STEM}-1",)), look(5, cluster(name=named(EARLIER_STEM)))),
        "Act Create",
    ),
    Row(
        "create-beside names one of two: the other still holds",
        scene(
            _ordered(create_beside=(ID,)),
            look(5, cluster(name=named(EARLIER_STEM)), cluster(SECOND, named(EARLIER_STEM))),
        ),
        "Blocked OwnedElsewhere",
        says=(SECOND,),
    ),
    Row(
        "take-over of the earlier life's cluster: as if created",
        scene(_ordered(take_over=ID), look(5, cluster(name=named(EARLIER_STEM)))),
        "Act Take",
        fields={"id": ID, "record": record(id=ID, nonce="")},
    ),
    Row(
        "adopt of an unmarked cluster",
        scene(_ordered(adopt=ID), look(5, cluster(name="mine"))),
        "Act Take",
        fields={"id": ID, "record": record(id=ID, origin=Origin.ADOPTED, nonce="")},
    ),
    Row(
        "adopt of a cluster with our own mark: it was created here",
        scene(_ordered(adopt=ID), look(5, cluster(name=named(STEM)))),
        "Act Take",
        fields={"record": record(id=ID, nonce="")},
    ),
    Row(
        "adopt never takes what bears another's mark",
        scene(_ordered(adopt=ID), look(5, cluster(name=named(OTHER_STEM)))),
        "Blocked AdoptionRefused",
        says=("take-over",),
    ),
    Row(
        "adopt of what another resource records",
        scene(_ordered(adopt=ID), look(5, cluster(name="mine")), claims=claims(ehpc_first=OTHER)),
        "Blocked AlreadyClaimed",
        says=(str(OTHER),),
    ),
    Row("adopt never creates: an unlisted id is asked for", scene(_ordered(adopt=ID), NOTHING), "Act LookById"),
    Row(
        "adopt of what even a look by id does not show",
        scene(_ordered(adopt=ID), look(5), asked=(asked(2),)),
        "Blocked AdoptionRefused",
        says=(ID,),
    ),
    Row(
        "adopt while the look by id failed",
        scene(_ordered(adopt=ID), look(5), asked=(asked(2, complete=False),)),
        "Wait CloudUnreachable",
    ),
    Row(
        "a hidden cluster is adopted although a newer list does not show it",
        scene(_ordered(adopt=ID), look(2), asked=(asked(6, cluster(name="mine", status="abnormal")),)),
        "Act Take",
        fields={"id": ID},
    ),
    Row("an old look by id is made anew", scene(_ordered(adopt=ID), look(5), asked=(asked(400),)), "Act LookById"),
    Row(
        "a wrong id may stand for days: it is not asked for at every pass",
        scene(_ordered(adopt=ID), look(5), asked=(asked(200),)),
        "Blocked AdoptionRefused",
    ),
    Row(
        "adopt of the other type",
        scene(_ordered(adopt="hpc-1"), look(5, cluster("hpc-1", "mine"))),
        "Blocked AdoptionRefused",
        says=("cluster_type",),
    ),
    Row(
        "the type is in the id: nobody need be asked",
        scene(_ordered(take_over="hpc-1"), NOTHING),
        "Blocked AdoptionRefused",
        says=("take-over", "hpc-1", "cluster_type ehpc"),
    ),
    *(
        Row(
            f"adopt: {wrong!r} is no id, and is never asked for",
            scene(_ordered(adopt=wrong), NOTHING),
            "Blocked AdoptionRefused",
            says=("no cluster's id",),
        )
        for wrong in ("demo", "ehpc-", "EHPC-1", "ehpc-1,ehpc-2", " ehpc-1", "cl-1", "e" * 300)
    ),
    Row(
        "adopt and take-over name two: neither is guessed",
        scene(_ordered(adopt=ID, take_over=SECOND), look(5, cluster(name="mine"), cluster(SECOND, "yours"))),
        "Blocked AdoptionRefused",
        says=(ID, SECOND, "remove the one"),
    ),
    Row(
        "take-over of what another resource records",
        scene(_ordered(take_over=ID), look(5, cluster(name=named(EARLIER_STEM))), claims=claims(ehpc_first=OTHER)),
        "Blocked AlreadyClaimed",
        says=("default/other",),
    ),
    Row(
        "Plan adopts with nothing that a create needs, and then shows what differs",
        scene(
            resource(desired=wishing(version_id=None, conf=None, management_policy=PLAN), orders=Orders(adopt=ID)),
            look(5, cluster(name="mine")),
        ),
        "Act Take",
        fields={"record": record(id=ID, origin=Origin.ADOPTED, nonce="")},
    ),
    Row(
        "a restored resource, its record of another uid: take-over goes on with its cluster",
        scene(
            replace(resource(finalizer=True, record=record(mark=EARLIER_STEM, id=ID)), orders=Orders(take_over=ID)),
            look(5, cluster(name=named(EARLIER_STEM))),
        ),
        "Act Take",
        fields={"id": ID, "record": record(id=ID, nonce="")},
    ),
    Row(
        "an attempt was refused elsewhere before; the cluster is adopted where it was seen",
        scene(
            replace(tried(REFUSED), orders=Orders(adopt=ID)),
            look(5, cluster(name="mine")),
            wished=ELSEWHERE,
        ),
        "Act Take",
        fields={"record": record(id=ID, account=ELSEWHERE, origin=Origin.ADOPTED, nonce="")},
    ),
]

BEFORE = [
    Row(
        "Observe never creates",
        scene(resource(desired=OBSERVE), NOTHING),
        "Blocked NothingToObserve",
        says=("adopt",),
    ),
    Row(
        "Observe adopts",
        scene(resource(desired=OBSERVE, orders=Orders(adopt=ID)), look(5, cluster(name="x"))),
        "Act Take",
    ),
    Row(
        "a spec that only adoption needs less of",
        scene(resource(desired=wishing(version_id=None, conf=None)), NOTHING),
        "Blocked SpecIncomplete",
        says=("version_id", "cluster_conf"),
    ),
    Row(
        "a network, which only a create needs",
        scene(resource(desired=wishing(conf=replace(CONF, vxnet=None))), NOTHING),
        "Blocked SpecIncomplete",
        says=("cluster_conf.cluster.vxnet",),
    ),
    Row(
        "the owner is not in the operator's list",
        scene(resource(), NOTHING, policy=replace(POLICY, owners=("usr-9",))),
        "Blocked OwnerNotAllowed",
    ),
    Row(
        "the zone is not in the operator's list",
        scene(resource(), NOTHING, policy=replace(POLICY, zones=("pek3",))),
        "Blocked ZoneNotAllowed",
    ),
    Row(
        "a resource's own key is not bound by the operator's lists",
        scene(resource(), NOTHING, policy=replace(POLICY, owners=("usr-9",)), own_key=False),
        "Act Create",
    ),
    Row("paused: nothing is bought", scene(_ordered(paused=True), NOTHING), "Wait Paused quietly"),
    Row("the clock is wrong: nothing is bought", scene(resource(), NOTHING, offset=31.0), "Wait ClockSkewed"),
    Row("the clock is behind: the same", scene(resource(), NOTHING, offset=-31.0), "Wait ClockSkewed"),
    Row("within the allowance", scene(resource(), NOTHING, offset=30.0), "Act Create"),
    Row(
        "no credentials: told, and tried again",
        scene(resource(), wished=None, key=None, key_problem=("CredentialsMissing", "no Secret")),
        "Wait CredentialsMissing",
        says=("no Secret",),
    ),
    Row(
        "another create of this account is open, no mark seen yet",
        scene(resource(), NOTHING, first_create=FirstCreate.HELD),
        "Wait FirstCreateUnderWay",
    ),
    Row(
        "the account was seen to hide our marks",
        scene(resource(), NOTHING, first_create=FirstCreate.INVISIBLE),
        "Blocked MarkInvisible",
        says=("accept_invisible_marks",),
    ),
    Row("the account shows our marks", scene(resource(), MARKED_ACCOUNT, first_create=FirstCreate.HELD), "Act Create"),
    Row(
        "a spec that cannot be read",
        scene(resource(problem="spec.cluster_type: missing"), NOTHING),
        "Blocked InvalidSpec",
        says=("cluster_type",),
    ),
    Row(
        "a newer version's record is left alone",
        scene(resource(memory=Memory(newer=True)), NOTHING),
        "Blocked RecordNewer",
    ),
]

AGAIN = [
    Row(
        "a void attempt is followed by the next, once looked at anew",
        scene(tried(age=20), look(10)),
        "Act Create",
        fields={"attempt": 2, "record": None},
    ),
    Row("a look from before the close does not count", scene(tried(age=20), look(25)), "Wait LookingFirst"),
    Row(
        "a final refusal waits for a changed spec",
        scene(tried(REFUSED, code=1101, message="bad cpu"), NOTHING),
        "Blocked SpecRefused",
        says=("1101", "bad cpu"),
    ),
    Row(
        "the spec changed: tried again",
        scene(replace(tried(REFUSED, code=1101), generation=2), NOTHING),
        "Act Create",
        fields={"attempt": 2},
    ),
    Row(
        "reconcile-at asks again",
        scene(replace(tried(REFUSED, code=1101), orders=Orders(reconcile_at="now")), NOTHING),
        "Act Create",
    ),
    Row(
        "a reconcile-at that an attempt has answered asks nothing more",
        scene(
            replace(tried(REFUSED, code=1101, reconcile_at="now"), orders=Orders(reconcile_at="now")),
            NOTHING,
        ),
        "Blocked SpecRefused",
    ),
    Row(
        "no balance: a person, tried again slowly",
        scene(tried(REFUSED, age=100, code=2400), NOTHING),
        "Blocked NoBalance",
    ),
    Row("no balance: after the pause it is tried", scene(tried(REFUSED, code=2400), NOTHING), "Act Create"),
    Row(
        "2500 while reads are answered: no room for more resources; it heals by itself",
        scene(tried(REFUSED, age=100, code=2500), NOTHING),
        "Wait ResourceQuotaExceeded",
    ),
    Row(
        "2500 while reads are refused too: the calls are used up, and it says until when",
        scene(tried(REFUSED, age=100, code=2500), NOTHING, quota_until=NOW + 600),
        "Wait QuotaExhausted",
        says=("until about 2030-03-17 17:57 UTC",),
    ),
    Row(
        "no calls are left for a create: it waits, whatever was looked at",
        scene(resource(), NOTHING, quota_until=NOW + 60),
        "Wait QuotaExhausted",
        says=("the create waits until about",),
    ),
    Row(
        "what is there already is taken although no calls are left",
        scene(resource(), look(1, cluster("ehpc-mine", named(STEM))), quota_until=NOW + 60),
        "Act Take",
    ),
    Row("no room in the zone heals by itself", scene(tried(REFUSED, age=100, code=5200), NOTHING), "Wait NoCapacity"),
    Row("1300 is a definite refusal", scene(tried(REFUSED, age=5, code=1300), NOTHING), "Wait ClockSkewed"),
    Row("a wrong key can heal by itself", scene(tried(REFUSED, age=5, code=1200), NOTHING), "Wait CredentialsRefused"),
    Row("a licence is a person's matter", scene(tried(REFUSED, age=5, code=4003), NOTHING), "Blocked LicenceRefused"),
    Row("a refused configuration", scene(tried(REFUSED, code=8001), NOTHING), "Blocked SpecRefused"),
    Row("nothing was sent: tried again soon", scene(tried(Outcome.NOT_SENT, age=5), NOTHING), "Wait CloudUnreachable"),
    Row("nothing was sent, a while ago", scene(tried(Outcome.NOT_SENT, age=16), NOTHING), "Act Create"),
    Row(
        "a void attempt binds no account: the next may go elsewhere, with a record that says so",
        scene(tried(), NOTHING, wished=ELSEWHERE),
        "Act Create",
        fields={"record": record(account=ELSEWHERE, nonce="")},
    ),
    Row(
        "a record copied from another life, answered by create-beside",
        scene(
            replace(tried(), record=record(mark=EARLIER_STEM), orders=Orders(create_beside=(EARLIER_STEM,))),
            NOTHING,
        ),
        "Act Create",
    ),
]


@pytest.mark.parametrize("row", [*FIRST, *ANSWERS, *BEFORE, *AGAIN], ids=ids)
def test_creating(row: Row) -> None:
    row.judge(decide(row.scene))


def test_every_attempt_has_its_own_mark_and_account() -> None:
    """Attempts are counted over refused ones too: no name is ever sent twice."""
    for attempt in (1, 5, 41):
        held = tried(Outcome.NOT_SENT, age=700, attempt=attempt)
        Row("the next one", scene(held, NOTHING), "Act Create", fields={"attempt": attempt + 1}).judge(
            decide(scene(held, NOTHING))
        )
