"""Scenes for the planner's tables, and the checker that refuses a scene which cannot occur.

Ages are seconds before NOW. Every scene goes through `scene()`, so that no table rests on an impossible world.
"""

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.decide.exits import ENDS, GOES_ON
from hpc_operator.decide.facts import Claim, Facts, Scene
from hpc_operator.decide.report import report
from hpc_operator.domain.desired import ClusterConf, ClusterType, Desired, Orders, Ref, Role
from hpc_operator.domain.mark import stem
from hpc_operator.domain.observed import Cluster, Entry, IdLook, JobStatus, ListLook, LogLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.record import (
    Account,
    Closed,
    Intent,
    Memory,
    OperationAction,
    Origin,
    Outcome,
    Record,
    Resource,
)

NOW = 1_900_000_000.0
FLEET = "prod"
KEY = "key-of-the-account"
POLICY = Policy()
WINDOW = POLICY.window
REF = Ref("default", "demo", "uid-of-this-life")
EARLIER = Ref("default", "demo", "uid-of-an-earlier-life")
OTHER = Ref("default", "other", "uid-of-another")
STEM, EARLIER_STEM, OTHER_STEM = (stem(FLEET, ref) for ref in (REF, EARLIER, OTHER))
FOREIGN_STEM = stem("another-fleet", REF)
ACCOUNT = Account("https://hpc.test/api", "jn1a", "usr-1")
ELSEWHERE = Account("https://hpc.test/api", "jn1a", "usr-2")
ID, SECOND = "ehpc-first", "ehpc-second"
CONF = ClusterConf(
    vxnet="vxnet-1",
    name=None,
    nas_id=None,
    cluster_version=None,
    conf_version=None,
    roles=MappingProxyType({"login": Role(1, 2, 4096), "compute": Role(2, 2, 4096)}),
    env=MappingProxyType({}),
)
WISH = Desired(cluster_type=ClusterType.EHPC, version_id="appv-1", conf=CONF)
OLD = 10_000.0  # an age beyond every window


def ago(seconds: float) -> float:
    return NOW - seconds


def named(stem_: str, attempt: int = 1) -> str:
    return f"demo-{stem_}-{attempt}"


def cluster(cluster_id: str = ID, name: str | None = None, status: str = "active", **more: Any) -> Cluster:
    return Cluster(cluster_id, name=name, status=status, type=cluster_id.split("-", maxsplit=1)[0], **more)


def look(age: float, *clusters: Cluster, complete: bool = True, key: str = KEY) -> ListLook:
    return ListLook(ago(age), complete, key, clusters, "" if complete else "a page failed")


def entry(*ids: str, job: str = "j-1", status: JobStatus = JobStatus.SUCCESSFUL, age: float | None = None) -> Entry:
    return Entry(job, status, "", ids, None if age is None else ago(age))


def log(age: float, *entries: Entry, complete: bool = True, key: str = KEY, since: float = 0.0) -> LogLook:
    return LogLook(ago(age), complete, key, since, entries, "" if complete else "the log failed")


def asked(
    age: float,
    line: Cluster | None = None,
    *entries: Entry,
    id: str = ID,  # noqa: A002 - the name of the field
    complete: bool = True,
    key: str = KEY,
) -> IdLook:
    return IdLook(ago(age), complete, key, id, line, entries, "" if complete else "timed out")


def create_intent(age: float = OLD, **more: Any) -> Intent:
    plain = Intent(OperationAction.CREATE, STEM, 1, ago(age), "nonce-1", ACCOUNT, KEY, 1)
    return replace(plain, **more)


def delete_intent(age: float = 60.0, **more: Any) -> Intent:
    plain = Intent(OperationAction.DELETE, STEM, 1, ago(age), "nonce-2", ACCOUNT, KEY, 1)
    return replace(plain, **more)


def record(**more: Any) -> Record:
    return replace(Record(STEM, ACCOUNT, Origin.CREATED, nonce="nonce-of-record", key=KEY), **more)


def closed(action: OperationAction = OperationAction.CREATE, age: float = OLD, **more: Any) -> Closed:
    return replace(Closed(action, 1, Outcome.VOID, ago(age), 1, failures=1), **more)


def resource(**more: Any) -> Resource:
    """A fresh resource, created long ago, without finalizer, record or memory."""
    plain = Resource(
        ref=REF,
        resource_version="7",
        generation=1,
        created_at=ago(2 * OLD),
        deleting_since=None,
        finalizer=False,
        desired=WISH,
        orders=Orders(),
        record=None,
        memory=Memory(),
    )
    return replace(plain, **more)


def wishing(**more: Any) -> Desired:
    return replace(WISH, **more)


def known_memory(age: float = OLD, **more: Any) -> Memory:
    """The memory of a created cluster whose request was `age` seconds ago."""
    plain = Memory(
        mark=STEM,
        account=ACCOUNT,
        origin=Origin.CREATED,
        hpc_cluster_id=ID,
        job_id="j-create",
        recorded_at=ago(age),
        last_operation=closed(age=age, outcome=Outcome.ACCEPTED),
    )
    return replace(plain, **more)


def living(age: float = OLD, *, orders: Orders | None = None, desired: Desired = WISH, **memory: Any) -> Resource:
    """A resource whose cluster was created `age` seconds ago, both memories whole."""
    known = known_memory(age, **memory)
    both = record(id=known.hpc_cluster_id, origin=known.origin, account=known.account)
    return resource(finalizer=True, record=both, memory=known, orders=orders or Orders(), desired=desired)


def in_doubt(age: float = OLD, *, intent: Intent | None = None, **more: Any) -> Resource:
    """A resource with an open, unanswered create."""
    held = Memory(mark=STEM, account=ACCOUNT, operation=intent or create_intent(age))
    return replace(resource(finalizer=True, record=record(), memory=held), **more)


def tried(outcome: Outcome = Outcome.VOID, age: float = OLD, **more: Any) -> Resource:
    """A resource whose only create came to nothing. `more`: fields of the closed operation."""
    held = Memory(mark=STEM, account=ACCOUNT, last_operation=closed(age=age, outcome=outcome, **more))
    return resource(finalizer=True, record=record(), memory=held)


def deleting(held: Resource, **more: Any) -> Resource:
    return replace(held, deleting_since=ago(30), **more)


def facts(**more: Any) -> Facts:
    plain = Facts(now=NOW, fleet=FLEET, wished=ACCOUNT, key=KEY, seen_at=ago(OLD))
    return replace(plain, **more)


def claims(**held: Ref) -> MappingProxyType[str, tuple[Claim, ...]]:
    """Who else records which id, in the same account: `claims(ehpc_other=OTHER)`; `_` stands for `-`."""
    return MappingProxyType(
        {i.replace("_", "-"): (Claim(ago(3 * OLD), ref, ACCOUNT),) for i, ref in held.items()},
    )


def scene(
    held: Resource,
    *lists: ListLook,
    asked: tuple[IdLook, ...] = (),
    policy: Policy = POLICY,
    log: LogLook | None = None,
    alone: bool = False,
    connected: bool = True,
    **more: Any,
) -> Scene:
    """A scene that can occur; AssertionError for one that cannot. `connected`: the connection Secret is not at issue.

    Before there is an id, a look of a moment earlier that showed the same stands beside the newest complete one at
    list and log, unless they are `alone`.
    """
    known = MappingProxyType({one.id: one for one in asked})
    logs = (log,) if log else ()
    if not alone and held.id is None:
        lists, logs = twice(lists), twice(logs)
    if connected:
        more["postponed"] = more.get("postponed", frozenset()) | {"Connect"}
    made = Scene(held, facts(lists=lists, logs=logs, ids=known, **more), policy)
    check(made)
    return made


def twice(looks: tuple[Any, ...]) -> tuple[Any, ...]:
    """With a second look beside a single complete one, begun a moment before and showing the same."""
    whole = [one for one in looks if one.complete]
    return looks if len(whole) != 1 else (*looks, replace(whole[0], begun=whole[0].begun - 0.01))


def replace_logs(made: Scene, *logs: LogLook) -> Scene:
    """The scene with these looks at the log, newest first."""
    changed = replace(made, facts=replace(made.facts, logs=logs))
    check(changed)
    return changed


def check(made: Scene) -> None:
    """Refuse what no pass can ever meet."""
    _check_resource(made.resource)
    known = made.facts
    assert (known.key_problem is None) == (known.wished is not None), "credentials are had, or their lack is told"
    assert (known.wished is None) == (known.key is None), "an account comes with its key"
    assert known.seen_at <= known.now, "first seen in the future"
    looks: list[ListLook | LogLook | IdLook] = [*known.lists, *known.ids.values(), *known.logs]
    assert all(one.begun <= known.now for one in looks), "a look begun in the future"
    assert [one.begun for one in known.lists] == sorted((one.begun for one in known.lists), reverse=True), (
        "newest first"
    )
    assert [one.begun for one in known.logs] == sorted((one.begun for one in known.logs), reverse=True), "newest first"
    assert max(len(known.lists), len(known.logs)) <= 3, "at most three looks are kept"
    older: list[ListLook | LogLook] = [*known.lists[1:], *known.logs[1:]]
    assert all(one.complete for one in older), "older looks are complete"
    assert all(i == one.id for i, one in known.ids.items())
    assert all(one.cluster is None or one.cluster.id == one.id for one in known.ids.values())
    elsewhere = made.resource.account is not None and known.wished not in (None, made.resource.account)
    nothing_there = made.resource.memory.operation is None and made.resource.id is None
    if known.wished is None or (elsewhere and not nothing_there):
        assert not looks, "without credentials for the recorded account nothing is looked at"


def _check_resource(held: Resource) -> None:
    memory, operation = held.memory, held.memory.operation
    if memory.hpc_cluster_id is not None:
        assert None not in (memory.recorded_at, memory.mark, memory.account, memory.origin), "an id comes with the rest"
        assert operation is None or operation.action is not OperationAction.CREATE, (
            "a create is open only without an id"
        )
        assert memory.last_operation is not None, "an id is recorded by closing an operation"
    else:
        assert memory.first_active_at is None
        assert operation is None or operation.action is OperationAction.CREATE, "a delete names a recorded id"
    if operation is not None and operation.action is OperationAction.CREATE:
        assert not operation.answered, "an answered create is closed"
    assert held.record is None or held.record.account is not None
    assert held.deleting_since is None or held.deleting_since >= held.created_at


@dataclass(frozen=True)
class Row:
    """One row of a table: why, the scene, the decision's kind and name, words it says, fields of its action."""

    because: str
    scene: Scene
    expected: str
    says: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)

    def judge(self, decision: Decision) -> None:
        assert shape(decision) == self.expected, f"{self.because}: {decision}"
        text = getattr(decision, "message", "")
        assert all(word in text for word in self.says), f"{self.because}: {text}"
        action = decision.action if isinstance(decision, Act) else None
        found = {name: getattr(action, name) for name in self.fields}
        assert found == self.fields, f"{self.because}: {found}"


def shape(decision: Decision) -> str:
    """`Act Create`, `Wait LookingFirst`, `Blocked OwnedElsewhere`, `Settled Ready`; a quiet wait ends in `quietly`."""
    match decision:
        case Act(action):
            return f"Act {type(action).__name__}"
        case Wait(reason=reason, quiet=quiet):
            return f"Wait {reason}{' quietly' if quiet else ''}"
        case Blocked(reason=reason) | Settled(reason=reason):
            return f"{type(decision).__name__} {reason}"


def ids(row: Row) -> str:
    return row.because


def says_what_ends_it(made: Scene, decision: Decision) -> None:
    """A wait of a deletion, as its condition tells it, names what would end it."""
    if not made.resource.deleting or not isinstance(decision, Wait | Blocked):
        return
    ready = next(each for each in report(made, decision).conditions if each.type == "Ready")
    assert (ready.status, ready.reason) == ("False", decision.reason)
    assert ENDS[decision.reason] in ready.message, ready
    assert GOES_ON in ready.message, ready
