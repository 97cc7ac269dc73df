"""The rows of the status table: each a scene as it can occur, what Ready says of it, and what a watcher makes of it.

The rows are the design's: what goes on by itself is in progress, what needs a person has failed, and never one of them
reads as current. Whoever reads a status from outside (kstatus, Argo CD) is held against every one of them.
"""

from dataclasses import dataclass, replace
from typing import Any

from decide_scenes import (
    ACCOUNT,
    EARLIER_STEM,
    ELSEWHERE,
    FOREIGN_STEM,
    ID,
    OLD,
    OTHER,
    SECOND,
    STEM,
    WINDOW,
    ago,
    asked,
    cluster,
    deleting,
    entry,
    in_doubt,
    living,
    log,
    look,
    named,
    resource,
    scene,
    tried,
    wishing,
)

from hpc_operator.decide.decision import Blocked, Decision
from hpc_operator.decide.facts import Claim, FirstCreate, Scene
from hpc_operator.decide.naming import describe
from hpc_operator.decide.planner import decide
from hpc_operator.decide.report import remembered, report
from hpc_operator.domain.desired import DisruptionPolicy, ManagementPolicy, Orders, Power, Role
from hpc_operator.domain.observed import JobStatus
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Condition, Intent, NodeCount, OperationAction, Outcome, Resource
from hpc_operator.kube.codec import encode_status
from kstatus import CURRENT, FAILED, IN_PROGRESS, TERMINATING

OURS = cluster(name=named(STEM))
GONE = (look(5), look(40))
PROOF = entry(ID, job="j-create")
REFUSED = Outcome.REFUSED
CONF = wishing().conf
assert CONF is not None
BIG = replace(CONF, roles={"login": Role(1, 2, 4096), "compute": Role(2, 8, 16384)})
RESIZE = Intent(OperationAction.RESIZE, STEM, 1, ago(60), "nonce-3", ACCOUNT, "key-of-the-account", 1, job_id="j-7", role="compute", cpu=8, memory=16384)  # fmt: skip


def held(*, orders: Orders | None = None, memory: dict[str, Any] | None = None, **wish: Any) -> Resource:
    """A settled cluster as this manifest wishes it, but for what `wish` says otherwise."""
    nodes = tuple(NodeCount(role, n, n, n, 2, 4096) for role, n in (("login", 1), ("compute", 2)))
    settled = {"first_active_at": ago(OLD / 2), "described_at": ago(OLD / 2), "nodes": nodes}
    made = living(orders=orders, desired=wishing(**wish), **{**settled, **(memory or {})})
    if "described" in (memory or {}):
        return made
    return replace(made, memory=replace(made.memory, described=describe(scene(made), OURS).digest))


def listed(status: str = "active", jobs: int = 0) -> Any:
    return replace(look(5, replace(OURS, status=status)), jobs={ID: jobs})


STOPPED, PLAN = Power.STOPPED, ManagementPolicy.PLAN
READY = held()
OLDER = Claim(ago(3 * OLD), OTHER, ACCOUNT)


@dataclass(frozen=True)
class Stage:
    """One row: the scene, what Ready says, and what a watcher makes of it. `decision`: what no scene decides."""

    because: str
    scene: Scene
    ready: str
    reason: str
    means: str
    decision: Decision | None = None


GOES_ON = [
    Stage("creating", scene(living(100), look(5, replace(OURS, status="pending")), log=log(5)), "False", "Creating", IN_PROGRESS),
    Stage("nothing was bought yet", scene(resource(), look(5)), "False", "Creating", IN_PROGRESS),
    Stage("a create without an answer", scene(in_doubt(WINDOW), look(0), log=log(0)), "False", "CreateUnanswered", IN_PROGRESS),
    Stage("changing", scene(held(memory={"operation": RESIZE}, conf=BIG), listed(), log=log(5, entry(ID, job="j-7", status=JobStatus.PENDING)), nodes=()), "False", "Working", IN_PROGRESS),
    Stage("a create is tried again", scene(tried(REFUSED, age=5, code=5200), look(5)), "False", "NoCapacity", IN_PROGRESS),
    Stage("jobs are waited for", scene(held(conf=BIG, power=STOPPED), listed(jobs=2)), "False", "WaitingForJobs", IN_PROGRESS),
    Stage("the account is not proven", scene(READY, *GONE, asked=(asked(2),)), "False", "AccountUnproven", IN_PROGRESS),
    Stage("the clock is wrong", scene(resource(), look(5), offset=31.0), "False", "ClockSkewed", IN_PROGRESS),
    Stage("no calls are left", scene(READY, look(400, OURS), quota_until=ago(-1800)), "False", "QuotaExhausted", IN_PROGRESS),
    Stage("a bad key", scene(resource(), wished=None, key=None, key_problem=(Reason.CREDENTIALS_REFUSED, "refused")), "False", "CredentialsRefused", IN_PROGRESS),
    Stage("the service refuses the key", scene(READY, look(2, complete=False), look(301, OURS), refused_key="a Secret"), "False", "CredentialsRefused", IN_PROGRESS),
    Stage("the service cannot be read", scene(READY, look(2, complete=False), look(301, OURS)), "False", "CloudUnreachable", IN_PROGRESS),
]  # fmt: skip

STANDS = [
    Stage("as wished", scene(READY, listed()), "True", "Ready", CURRENT),
    Stage("stopped as wished", scene(held(power=STOPPED), listed("stopped")), "True", "Stopped", CURRENT),
    Stage("Plan with a difference", scene(held(management_policy=PLAN, conf=BIG), listed()), "True", "Differs", CURRENT),
    Stage("Observe with a difference", scene(held(management_policy=ManagementPolicy.OBSERVE, conf=BIG), listed()), "True", "Differs", CURRENT),
]  # fmt: skip

NEEDS_A_PERSON = [
    Stage("the spec was refused", scene(tried(REFUSED, code=8001), look(5)), "False", "SpecRefused", FAILED),
    Stage("no balance", scene(tried(REFUSED, age=5, code=2400), look(5)), "False", "NoBalance", FAILED),
    Stage("the create failed", scene(living(100), look(5), log=log(5, entry(ID, job="j-create", status=JobStatus.FAILED))), "False", "CreateFailed", FAILED),
    Stage("two clusters", scene(READY, look(5, OURS, cluster(SECOND, named(STEM)))), "False", "DuplicateClusters", FAILED),
    Stage("what became of a create is open", scene(in_doubt(OLD), look(5), log=log(5, entry(status=JobStatus.FAILED, age=OLD - 5))), "False", "UnresolvedCreate", FAILED),
    Stage("the cluster vanished", scene(READY, *GONE, asked=(asked(2, None, PROOF),)), "False", "ClusterVanished", FAILED),
    Stage("an earlier life's cluster", scene(resource(), look(5, cluster(name=named(EARLIER_STEM)))), "False", "OwnedElsewhere", FAILED),
    Stage("an older claim", scene(READY, look(5, OURS), claims={ID: (OLDER,)}), "False", "AlreadyClaimed", FAILED),
    Stage("another's mark", scene(READY, look(5, cluster(name=named(FOREIGN_STEM)))), "False", "OwnershipMoved", FAILED),
    Stage("another account", scene(READY, wished=ELSEWHERE), "False", "AccountChanged", FAILED),
    Stage("marks do not show", scene(resource(), look(5), first_create=FirstCreate.INVISIBLE), "False", "MarkInvisible", FAILED),
    Stage("a newer record", scene(replace(READY, memory=replace(READY.memory, newer=True)), listed()), "False", "RecordNewer", FAILED),
    Stage("an older CRD", scene(READY, listed()), "False", "CrdTooOld", FAILED, Blocked(Reason.CRD_TOO_OLD, "apply it", 15)),
    Stage("arrears", scene(READY, listed("suspended")), "False", "AccountInArrears", FAILED),
    Stage("stopped outside again", scene(held(memory={"restarted": "1/"}), listed("stopped")), "False", "StoppedOutside", FAILED),
    Stage("nothing to observe", scene(resource(desired=wishing(management_policy=ManagementPolicy.OBSERVE)), look(5)), "False", "NothingToObserve", FAILED),
]  # fmt: skip

GOING = [
    Stage("being deleted", scene(deleting(READY), listed(), asked=(asked(2, OURS),)), "False", "Deleting", TERMINATING),
    Stage("its deletion is held", scene(deleting(held(deletion_protection=True)), listed()), "False", "DeletionProtected", TERMINATING),
    Stage("held by what would be a person's matter", scene(deleting(READY), wished=ELSEWHERE), "False", "AccountChanged", TERMINATING),
]  # fmt: skip


def before(ready: str, reconciling: str = "False", stalled: str = "False") -> tuple[Condition, ...]:
    """What was said of generation 2."""
    said_before = {"Ready": ready, "Reconciling": reconciling, "Stalled": stalled, "Available": "True"}
    return tuple(Condition(kind, status, "Any", "", 2, ago(500)) for kind, status in said_before.items())


HALT = Orders(paused=True)
EDITED = replace(held(orders=HALT, conf=BIG, disruption_policy=DisruptionPolicy.IMMEDIATE), generation=3)
"""An edit while paused: it is taken note of, so that it does not read as unseen for ever."""

PAUSED = [
    Stage("paused, ready before", scene(replace(EDITED, conditions=before("True")), listed()), "True", "Paused", CURRENT),
    Stage("paused, in progress before", scene(replace(EDITED, conditions=before("False", reconciling="True")), listed()), "False", "Paused", IN_PROGRESS),
    Stage("paused, failed before", scene(replace(EDITED, conditions=before("False", stalled="True")), listed()), "False", "Paused", FAILED),
    Stage("paused before anything was bought", scene(resource(orders=HALT), look(5)), "False", "Paused", IN_PROGRESS),
    Stage("paused with nothing to do", scene(held(orders=HALT), listed()), "True", "Ready", CURRENT),
    Stage("paused and a person must act", scene(held(orders=HALT), look(5, OURS, cluster(SECOND, named(STEM)))), "False", "DuplicateClusters", FAILED),
    Stage("paused and being deleted", scene(deleting(held(orders=HALT)), listed(), asked=(asked(2, OURS),)), "False", "Deleting", TERMINATING),
]  # fmt: skip

STAGES = [*GOES_ON, *STANDS, *NEEDS_A_PERSON, *GOING, *PAUSED]


def read(stage: Stage) -> dict[str, Any]:
    """The object as a watcher gets it after this pass."""
    decision = stage.decision or decide(stage.scene)
    status = encode_status(remembered(stage.scene, decision), report(stage.scene, decision))
    mine = stage.scene.resource
    metadata = {"generation": mine.generation} | ({"deletionTimestamp": "2030-01-01"} if mine.deleting else {})
    return {"metadata": metadata, "status": status}


def said(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["type"]: each for each in made["status"]["conditions"]}
