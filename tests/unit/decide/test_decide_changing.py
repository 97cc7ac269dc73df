"""Changes: what differs, what is asked before a call, in which order, and what a refusal leaves open."""

import json
from dataclasses import replace
from typing import Any

import pytest
from decide_scenes import (
    ID,
    KEY,
    NOW,
    OLD,
    POLICY,
    STEM,
    Row,
    ago,
    asked,
    closed,
    cluster,
    entry,
    ids,
    living,
    look,
    named,
    resource,
    scene,
    shape,
    wishing,
)
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.decide import counting
from hpc_operator.decide.decision import Act, Wait
from hpc_operator.decide.naming import describe
from hpc_operator.decide.planner import decide
from hpc_operator.decide.report import remembered, report
from hpc_operator.domain.actions import Describe
from hpc_operator.domain.desired import DisruptionPolicy, ManagementPolicy, Orders, Power, Role
from hpc_operator.domain.observed import JobStatus, ListLook, Node, NodesLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Condition, NodeCount, OperationAction, Outcome, RefusedWish, Resource

OURS = cluster(name=named(STEM))
CONF = wishing().conf
assert CONF is not None
LATELY = 3


def counts(login: int = 1, compute: int = 2, size: tuple[int, int] = (2, 4096)) -> tuple[NodeCount, ...]:
    return tuple(NodeCount(role, n, n, n, *size) for role, n in (("login", login), ("compute", compute)))


def wish(login: int | None = 1, compute: int | None = 2, size: tuple[int, int] = (2, 4096), **more: Any) -> Any:
    roles = {"login": Role(login, 2, 4096), "compute": Role(compute, *size)}
    return wishing(conf=replace(CONF, roles=roles), **more)


def held(desired: Any, *, orders: Orders | None = None, **memory: Any) -> Resource:
    """A settled cluster of one login and two compute nodes, described, with this wish."""
    settled = {"first_active_at": ago(OLD / 2), "nodes": counts(), "described_at": ago(OLD / 2)}
    made = living(desired=desired, orders=orders, **{**settled, **memory})
    digest = describe(scene(made), OURS).digest
    return replace(made, memory=replace(made.memory, described=memory.get("described", digest)))


def node(name: str, role: str = "compute", age: float = 100.0, **more: Any) -> Node:
    plain = Node(name, role, "active", "healthy", 2, 4096, ago(age), "10.0.0.1")
    return replace(plain, **more)


LOGIN = node("cln-l", "login")
TWO = (LOGIN, node("cln-1", age=300), node("cln-2", age=200))
FOUR = (*TWO, node("cln-3", age=100), node("cln-4", age=50))


def nodes(*ages: float, of: tuple[Node, ...] = TWO, complete: bool = True) -> tuple[NodesLook, ...]:
    return tuple(NodesLook(ago(age), complete, of, "", KEY) for age in ages)


def idle(age: float = LATELY, jobs: int | None = 0, status: str = "active", *entries: Any, **more: Any) -> Any:
    return replace(asked(age, cluster(name=named(STEM), status=status), *entries, **more), jobs=jobs)


def listed(status: str = "active", jobs: int | None = None) -> ListLook:
    made = look(5, cluster(name=named(STEM), status=status))
    return made if jobs is None else replace(made, jobs={ID: jobs})


MORE, FEWER = wish(compute=5), wish(compute=1)
BIGGER = wish(size=(8, 16384))
STOP, START = wish(power=Power.STOPPED), wish()
SURE = {"nodes": nodes(LATELY, 4)}
GROWN = {"nodes": nodes(LATELY, 4, of=FOUR)}
YOUNG = POLICY.window - 1


def refused(field: str = "cluster_conf.cluster.compute.count", wished: str = "5", age: float = 1.0, **more: Any) -> Any:
    return {"refused": (replace(RefusedWish(field, wished, ago(age), 1, 1101, "no"), **more),)}


LAG = POLICY.visibility_lag + POLICY.clock_skew


def over(age: float, took: float = 50.0) -> Any:
    """An entry of the log that ended so long ago."""
    return replace(entry(ID, age=age + took), ended_at=ago(age))


COUNTS = [
    Row("more are wished: the cluster is looked up", scene(held(MORE), listed()), "Act LookById", fields={"lane": "change"}),
    Row("and its nodes are counted", scene(held(MORE), listed(), asked=(idle(),)), "Act CountNodes"),
    Row("counted once: a second look with another beginning", scene(held(MORE), listed(), asked=(idle(),), nodes=nodes(3)), "Act CountNodes"),
    Row("nothing runs on it: as many as are lacking", scene(held(MORE), listed(), asked=(idle(),), **SURE), "Act Change", fields={"action": OperationAction.ADD_NODES, "count": 3, "role": "compute", "nodes": ("cln-1", "cln-2")}),
    Row("two looks that differ decide nothing", scene(held(MORE), listed(), asked=(idle(),), nodes=(*nodes(3, of=FOUR), *nodes(4))), "Wait Changing quietly"),
    Row("the same look twice is one", scene(held(MORE), listed(), asked=(idle(),), nodes=nodes(3, 3)), "Act CountNodes"),
    Row("an incomplete look counts for nothing", scene(held(MORE), listed(), asked=(idle(),), nodes=(*nodes(3, complete=False), *nodes(4))), "Act CountNodes"),
    Row("old looks are made anew", scene(held(MORE), listed(), asked=(idle(),), nodes=nodes(50, 60)), "Act CountNodes"),
    Row("a look that failed a moment ago is waited for", scene(held(MORE), listed(), asked=(idle(),), postponed=frozenset({"CountNodes"})), "Wait CloudUnreachable"),
    Row("and nothing else is asked meanwhile", scene(held(MORE), listed(), postponed=frozenset({"CountNodes"})), "Wait CloudUnreachable"),
    Row("looks of which none agrees with the one before: seldom again, and told", scene(held(MORE), listed(), asked=(idle(),), nodes=(*nodes(13), *nodes(24, of=TWO[:1]), *nodes(27))), "Wait Changing", says=("do not agree",)),
    Row("a node that is going is not counted", scene(held(MORE), listed(), asked=(idle(),), nodes=nodes(3, 4, of=(*TWO, node("cln-9", leaving=True)))), "Act Change", fields={"count": 3}),
    Row("the id was recorded less than a window ago: looks cannot show all", scene(held(MORE, recorded_at=ago(YOUNG), last_operation=closed(age=YOUNG)), listed(), asked=(idle(),), **SURE), "Wait Changing"),
    Row("looks from before the last operation was closed count for nothing", scene(held(MORE, last_operation=closed(OperationAction.ADD_NODES, age=3.5, outcome=Outcome.ACCEPTED)), listed(), asked=(idle(),), **SURE), "Act CountNodes"),
    Row("an operation ended on it less than a lag ago: its nodes may not show", scene(held(MORE), listed(), asked=(idle(3, 0, "active", over(LAG)),), **SURE), "Wait Changing"),
    Row("an operation ended long enough ago", scene(held(MORE), listed(), asked=(idle(3, 0, "active", over(LAG + 5)),), **SURE), "Act Change"),
    Row("the looks began before its end could show", scene(held(MORE), listed(), asked=(idle(3, 0, "active", over(LAG + 2)),), **SURE), "Act CountNodes"),
    Row("an end without a time is as late as its beginning", scene(held(MORE), listed(), asked=(idle(3, 0, "active", entry(ID, age=LAG)),), **SURE), "Wait Changing"),
    Row("our own resize left their number as it was", scene(held(MORE, job_id="j-1", last_operation=closed(OperationAction.RESIZE, age=60, outcome=Outcome.ACCEPTED)), listed(), asked=(idle(3, 0, "active", over(60)),), **SURE), "Act Change"),
    Row("our own addNodes did not", scene(held(MORE, job_id="j-1", last_operation=closed(OperationAction.ADD_NODES, age=60, outcome=Outcome.ACCEPTED)), listed(), asked=(idle(3, 0, "active", over(60)),), **SURE), "Wait Changing"),
    Row("our own change of a name is over at once", scene(held(MORE, described_at=ago(100)), listed(), asked=(idle(3, 0, "active", over(101, took=1)),), **SURE), "Act Change"),
    Row("what takes longer is none", scene(held(MORE, described_at=ago(100)), listed(), asked=(idle(3, 0, "active", over(90, took=9)),), **SURE), "Wait Changing"),
    Row("an operation runs on it", scene(held(MORE), listed(), asked=(idle(3, 0, "active", entry(ID, status=JobStatus.PENDING)),), **SURE), "Wait OperationRunning"),
    Row("an unknown state of the log is no end", scene(held(MORE), listed(), asked=(idle(3, 0, "active", entry(ID, status=JobStatus.OTHER)),), **SURE), "Wait OperationRunning"),
    Row("it is called otherwise when asked by id", scene(held(MORE), listed(), asked=(idle(status="pending"),), **SURE), "Wait OperationRunning"),
    Row("a newer list than the answer by id", scene(held(MORE), look(2, cluster(name=named(STEM))), asked=(idle(4, status="pending"),), **SURE), "Wait OperationRunning"),
    Row("a node that is going is there for one look and gone for the other: they agree", scene(held(MORE), listed(), asked=(idle(),), nodes=(*nodes(3), *nodes(4, of=(*TWO, node("cln-9", leaving=True))))), "Act Change", fields={"count": 3}),
    Row("the look by id is old", scene(held(MORE), listed(), asked=(idle(11),), **SURE), "Act LookById"),
    Row("the look by id failed", scene(held(MORE), listed(), asked=(idle(complete=False),), **SURE), "Wait CloudUnreachable quietly"),
    Row("growth does not wait for jobs", scene(held(MORE), listed(jobs=7), asked=(idle(jobs=7),), **SURE), "Act Change"),
    Row("no wish: whatever is there is right", scene(held(wish(compute=None), nodes=counts(compute=7)), listed()), "Settled Ready"),
    Row("the ceiling of the operator's own key", scene(held(MORE), listed(), asked=(idle(),), policy=replace(POLICY, max_nodes_per_cluster=5), **SURE), "Blocked CeilingReached", says=("6 nodes", "max_nodes_per_cluster")),
    Row("just below the ceiling", scene(held(MORE), listed(), asked=(idle(),), policy=replace(POLICY, max_nodes_per_cluster=6), **SURE), "Act Change"),
    Row("fewer: an unhealthy one goes first", scene(held(FEWER, nodes=counts(compute=4)), listed(), asked=(idle(),), nodes=nodes(3, 4, of=(*TWO, node("cln-3", age=400, health="faulty")))), "Act Change", fields={"action": OperationAction.DELETE_NODES, "nodes": ("cln-3", "cln-2"), "count": 1}),
    Row("fewer: then the newest", scene(held(wish(compute=2), nodes=counts(compute=4)), listed(), asked=(idle(),), **GROWN), "Act Change", fields={"nodes": ("cln-4", "cln-3"), "count": 2}),
    Row("the ceiling never holds back fewer", scene(held(wish(compute=3), nodes=counts(compute=4)), listed(), asked=(idle(),), policy=replace(POLICY, max_nodes_per_cluster=2), **GROWN), "Act Change"),
]  # fmt: skip
JOBS = [
    Row("jobs run, the shared list says so: nobody asks", scene(held(FEWER), listed(jobs=2), **SURE), "Wait WaitingForJobs", says=("compute.count", "Immediate")),
    Row("the list says none: asked directly before", scene(held(FEWER), listed(jobs=0), **SURE), "Act LookById"),
    Row("asked, and none runs", scene(held(FEWER), listed(jobs=0), asked=(idle(),), **SURE), "Act Change"),
    Row("asked, and one runs by now", scene(held(FEWER), listed(jobs=0), asked=(idle(jobs=1),), **SURE), "Wait WaitingForJobs"),
    Row("a missing counter is unknown, and waits", scene(held(FEWER), listed(), asked=(idle(jobs=None),), **SURE), "Wait WaitingForJobs"),
    Row("unknown before: not asked at each poll", scene(held(FEWER, waiting_since=ago(200)), listed(), asked=(idle(100, None),), **SURE), "Wait WaitingForJobs"),
    Row("unknown before: asked now and then", scene(held(FEWER, waiting_since=ago(900)), listed(), asked=(idle(400, None),), **SURE), "Act LookById"),
    Row("Immediate does not ask for jobs", scene(held(replace(FEWER, disruption_policy=DisruptionPolicy.IMMEDIATE)), listed(jobs=9), asked=(idle(jobs=9),), **SURE), "Act Change"),
    Row("the deadline is not over", scene(held(replace(FEWER, disruption_deadline=600.0), waiting_since=ago(599)), listed(jobs=9), **SURE), "Wait WaitingForJobs", says=(" UTC",)),
    Row("the deadline is over: it is looked up all the same", scene(held(replace(FEWER, disruption_deadline=600.0), waiting_since=ago(600)), listed(jobs=9), **SURE), "Act LookById"),
    Row("and changed", scene(held(replace(FEWER, disruption_deadline=600.0), waiting_since=ago(600)), listed(jobs=9), asked=(idle(jobs=9),), **SURE), "Act Change"),
    Row("a resize waits for jobs", scene(held(BIGGER), listed(jobs=1), **SURE), "Wait WaitingForJobs"),
    Row("a stop waits for jobs", scene(held(STOP), listed(jobs=1)), "Wait WaitingForJobs"),
    Row("growth goes on while a resize waits", scene(held(replace(BIGGER, conf=replace(CONF, roles={"login": Role(2, 2, 4096), "compute": Role(2, 8, 16384)}))), listed(jobs=1), asked=(idle(jobs=1),), **SURE), "Act Change", fields={"role": "login", "count": 1}),
]  # fmt: skip
SIZES = [
    Row("another size: the nodes are looked at first", scene(held(BIGGER), listed(), asked=(idle(),)), "Act CountNodes"),
    Row("another size, and jobs run: nothing is read meanwhile", scene(held(BIGGER), listed(jobs=1)), "Wait WaitingForJobs"),
    Row("one role, its whole size", scene(held(BIGGER), listed(), asked=(idle(),), nodes=nodes(3)), "Act Change", fields={"action": OperationAction.RESIZE, "role": "compute", "cpu": 8, "memory": 16384}),
    Row("not all alike is put right too", scene(held(START, nodes=(counts()[0], NodeCount("compute", 2, 2, 2, 0, 0))), listed(), asked=(idle(),), nodes=nodes(3)), "Act Change", fields={"cpu": 2}),
    Row("sizes that no answer carries are not compared", scene(held(BIGGER, nodes=(NodeCount("compute", 2, 2, 2),)), listed()), "Settled Ready"),
    Row("fewer before bigger", scene(held(wish(compute=1, size=(8, 16384))), listed(), asked=(idle(),), **SURE), "Act Change", fields={"action": OperationAction.DELETE_NODES}),
    Row("bigger before more", scene(held(wish(compute=5, size=(8, 16384))), listed(), asked=(idle(),), **SURE), "Act Change", fields={"action": OperationAction.RESIZE}),
]  # fmt: skip
POWER = [
    Row("stop: looked up first", scene(held(STOP), listed(jobs=0)), "Act LookById"),
    Row("stop", scene(held(STOP), listed(), asked=(idle(),)), "Act Change", fields={"action": OperationAction.STOP, "id": ID}),
    Row("a stop makes the rest needless", scene(held(replace(BIGGER, power=Power.STOPPED)), listed(jobs=1)), "Wait WaitingForJobs", says=("power",)),
    Row("stopped as wished", scene(held(STOP), listed("stopped")), "Settled Stopped"),
    Row("stopped as wished: its size waits", scene(held(replace(BIGGER, power=Power.STOPPED)), listed("stopped")), "Settled Stopped"),
    Row("running is wished: started", scene(held(START, stopped=True), listed("stopped"), asked=(idle(status="stopped"),)), "Act Change", fields={"action": OperationAction.START}),
    Row("stopped outside: started once", scene(held(START), listed("stopped"), asked=(idle(status="stopped"),)), "Act Change", fields={"action": OperationAction.START}),
    Row("and again: a person must say", scene(held(START, restarted="1/"), listed("stopped"), asked=(idle(status="stopped"),)), "Blocked StoppedOutside", says=("reconcile-at", "power: Stopped")),
    Row("a reconcile-at that is taken away asks for nothing", scene(held(START, restarted="1/x"), listed("stopped"), asked=(idle(status="stopped"),)), "Blocked StoppedOutside"),
    Row("stopped by us since it was started once", scene(held(START, restarted="1/", stopped=True), listed("stopped"), asked=(idle(status="stopped"),)), "Act Change"),
    Row("a changed spec is another wish", scene(held(START, restarted="0/"), listed("stopped"), asked=(idle(status="stopped"),)), "Act Change"),
    Row("reconcile-at asks again", scene(held(START, orders=Orders(reconcile_at="x"), restarted="1/"), listed("stopped"), asked=(idle(status="stopped"),), nodes=nodes(3)), "Act Change"),
    Row("suspended is never fought", scene(held(START), listed("suspended")), "Blocked AccountInArrears"),
    Row("a start that the balance forbids", scene(held(START, **refused("power", "Running", code=2400)), listed("stopped")), "Blocked AccountInArrears"),
]  # fmt: skip
REFUSED = [
    Row("refused for good: shown, not tried", scene(held(MORE, **refused()), listed(), asked=(idle(),), **SURE), "Blocked ChangeRefused", says=("compute.count", "5", "no")),
    Row("another wish of the same field goes on", scene(held(wish(compute=4), **refused()), listed(), asked=(idle(),), **SURE), "Act Change", fields={"count": 2}),
    Row("another field goes on", scene(held(wish(login=2, compute=5), **refused()), listed(), asked=(idle(),), **SURE), "Act Change", fields={"role": "login"}),
    Row("reconcile-at asks once more", scene(held(MORE, orders=Orders(reconcile_at="now"), **refused()), listed(), asked=(idle(),), **SURE), "Act Change"),
    Row("and is answered once", scene(held(MORE, orders=Orders(reconcile_at="now"), **refused(reconcile_at="now")), listed(), asked=(idle(),), **SURE), "Blocked ChangeRefused"),
    Row("no room in the zone: tried again by itself", scene(held(MORE, **refused(code=5200)), listed(), asked=(idle(),), **SURE), "Wait NoCapacity"),
    Row("once it is time", scene(held(MORE, **refused(code=5200, age=601)), listed(), asked=(idle(),), **SURE), "Act Change"),
    Row("a state that forbids it: again soon", scene(held(MORE, **refused(code=1400)), listed(), **SURE), "Wait ChangeRefused"),
    Row("for the third time: a person is told", scene(held(MORE, **refused(code=1400, failures=3)), listed(), **SURE), "Blocked ChangeRefused"),
    Row("never sent: the network", scene(held(MORE, **refused(code=0, failures=9)), listed(), **SURE), "Wait CloudUnreachable"),
    Row("its job failed: again", scene(held(MORE, **refused(code=None)), listed(), **SURE), "Wait ChangeFailed"),
    Row("its job failed three times: no more", scene(held(MORE, **refused(code=None, failures=3, age=9999)), listed(), asked=(idle(),), **SURE), "Blocked ChangeFailed", says=("reconcile-at",)),
    Row("what goes on is told before what stays", scene(held(wish(login=2, compute=5), **refused()), listed(), asked=(idle(3, 0, "active", entry(ID, status=JobStatus.PENDING)),), **SURE), "Wait OperationRunning"),
    Row("what goes on is told first, whatever the order", scene(held(wish(login=2, compute=5), **refused("cluster_conf.cluster.login.count", "2")), listed(), asked=(idle(3, 0, "active", entry(ID, status=JobStatus.PENDING)),), **SURE), "Wait OperationRunning"),
    Row("a stop that is refused locks no door", scene(held(replace(MORE, power=Power.STOPPED), **refused("power", "Stopped")), listed(), asked=(idle(),), **SURE), "Act Change", fields={"action": OperationAction.ADD_NODES}),
]  # fmt: skip
MODES = [
    Row("Observe shows it", scene(held(replace(MORE, management_policy=ManagementPolicy.OBSERVE)), listed()), "Settled Differs", says=("compute.count",)),
    Row("Plan shows it", scene(held(replace(MORE, management_policy=ManagementPolicy.PLAN)), listed()), "Settled Differs", says=("Plan",)),
    Row("paused: nothing is changed", scene(held(MORE, orders=Orders(paused=True)), listed()), "Wait Paused quietly"),
    Row("paused with nothing to do", scene(held(START, orders=Orders(paused=True)), listed()), "Settled Ready"),
    Row("Observe of a stopped one", scene(held(replace(START, management_policy=ManagementPolicy.OBSERVE)), listed("stopped")), "Settled Differs", says=("power",)),
    Row("a clock that is off changes nothing", scene(held(MORE), listed(), asked=(idle(),), offset=99.0, **SURE), "Wait ClockSkewed"),
    Row("never counted: counted", scene(held(START, nodes=()), listed()), "Act CountNodes"),
    Row("an operation ended outside: counted", scene(held(START), listed(), recount=True), "Act CountNodes"),
    Row("a person asks for a look: counted", scene(held(START, orders=Orders(reconcile_at="x")), listed()), "Act CountNodes"),
    Row("a person asked and it was counted", scene(held(START, orders=Orders(reconcile_at="x")), listed(), nodes=nodes(3)), "Settled Ready"),
]  # fmt: skip


@pytest.mark.parametrize("row", [*COUNTS, *JOBS, *SIZES, *POWER, *REFUSED, *MODES], ids=ids)
def test_changing(row: Row) -> None:
    row.judge(decide(row.scene))


@given(
    nodes=st.lists(
        st.builds(node, st.uuids().map(str), age=st.floats(0, 100), health=st.sampled_from(["healthy", "faulty"])),
        unique_by=lambda n: n.id,
    ),
    surplus=st.integers(0, 99),
)
def test_the_last_node_of_a_role_never_goes(nodes: list[Node], surplus: int) -> None:
    going = counting.victims(tuple(nodes), surplus)
    assert len(going) == len(set(going)) == min(surplus, max(0, len(nodes) - 1))
    left = [each for each in nodes if each.id not in going]
    unhealthy = [each for each in left if each.health == "faulty"]
    assert not unhealthy or all(each.health == "faulty" for each in nodes if each.id in going), "unhealthy ones first"


def test_what_is_waited_for_is_remembered_until_it_is_over() -> None:
    waiting = scene(held(FEWER), listed(jobs=2), **SURE)
    first = remembered(waiting, decide(waiting))
    assert first.waiting_since == NOW
    later = scene(held(FEWER, waiting_since=ago(77)), listed(jobs=2), **SURE)
    assert remembered(later, decide(later)).waiting_since == ago(77)
    over = scene(held(START, waiting_since=ago(77)), listed())
    assert remembered(over, decide(over)).waiting_since is None


def test_the_count_that_is_wished_is_told_with_every_report() -> None:
    """Observe, Plan and a stopped cluster count nothing anew for long; without a wish the counted one stays."""
    for desired, told in ((MORE, 5), (wish(compute=None), 2)):
        planned = scene(held(replace(desired, management_policy=ManagementPolicy.PLAN)), listed())
        counts = {count.role: count for count in remembered(planned, decide(planned)).nodes}
        assert (counts["compute"].desired, counts["compute"].present) == (told, 2)


def test_stopped_as_wished_is_remembered() -> None:
    stopped = scene(held(STOP), listed("stopped"))
    assert remembered(stopped, decide(stopped)).stopped
    running = scene(held(START, stopped=True), listed())
    assert not remembered(running, decide(running)).stopped


def test_a_plan_names_field_call_and_interruption_and_what_nobody_can_tell() -> None:
    wished = replace(wish(login=2, compute=1, size=(8, 16384)), management_policy=ManagementPolicy.PLAN)
    made = scene(held(replace(wished, cluster_name="other"), described="as-it-was"), listed())
    shown = report(made, decide(made)).plan
    assert shown is not None
    assert [(each.call, each.field, each.was, each.wish, each.interrupts) for each in shown.changes] == [
        ("modifyCluster", "cluster_name", named(STEM), f"other-{STEM}-1", False),
        ("deleteNodes", "cluster_conf.cluster.compute.count", "2", "1", True),
        ("resizeCluster", "cluster_conf.cluster.compute", "2 cores, 4096 MiB", "8 cores, 16384 MiB", True),
        ("addNodes", "cluster_conf.cluster.login.count", "1", "2", False),
    ]
    assert {"version_id", "cluster_conf.cluster.vxnet"} <= set(shown.unknown)
    full = scene(held(MORE), listed())
    assert report(full, decide(full)).plan is None


def test_a_plan_of_what_does_not_exist_is_a_create() -> None:
    planned = scene(resource(desired=wishing(management_policy=ManagementPolicy.PLAN)))
    assert shape(decide(planned)) == "Settled Differs"
    shown = report(planned, decide(planned)).plan
    assert shown is not None
    assert [each.call for each in shown.changes] == ["createCluster"]
    assert not remembered(planned, decide(planned)).first_active_at
    lacking = scene(resource(desired=replace(planned.resource.desired, version_id=None)))
    assert shape(decide(lacking)) == "Blocked NothingToObserve"


def test_a_pause_leaves_ready_as_it_is_and_says_so() -> None:
    made = scene(held(MORE, orders=Orders(paused=True)), listed())
    ready = Condition("Ready", "True", "Ready", "", 0, 5.0)
    made = replace(made, resource=replace(made.resource, conditions=(ready,), generation=3))
    (shown,) = report(made, decide(made)).conditions
    assert (shown.status, shown.reason, shown.observed_generation, shown.changed) == ("True", Reason.PAUSED, 3, 5.0)


def test_renamed_outside_is_put_right_only_where_the_account_showed_our_name() -> None:
    renamed = look(5, cluster(name=f"renamed-{STEM}-1"))
    echoed = replace(held(START), stored=json.dumps({"cluster_name": named(STEM)}))
    assert shape(decide(scene(echoed, renamed))) == "Act Describe"
    silent = replace(held(START), stored=json.dumps({"cluster_name": "cluster-17"}))
    assert shape(decide(scene(silent, renamed))) == "Settled Ready"
    early = replace(echoed, memory=replace(echoed.memory, described_at=ago(POLICY.visibility_lag)))
    assert shape(decide(scene(early, renamed))) == "Settled Ready", "our own rename may not show yet"
    planned = replace(echoed, desired=wish(management_policy=ManagementPolicy.PLAN))
    shown = scene(planned, renamed)
    assert shape(decide(shown)) == "Settled Differs"
    assert remembered(shown, decide(shown)).described is None, "what it was called is forgotten by the next report"


def test_a_refused_name_or_description_is_shown_and_not_sent_again() -> None:
    taboo = replace(START, description="taboo")
    made = held(taboo, described="as-it-was")
    digest = describe(scene(made), OURS).digest
    denied = replace(made, memory=replace(made.memory, **refused("cluster_name", digest)))
    said = Row("shown", scene(denied, listed()), "Blocked ChangeRefused", says=("cluster_name or description", "no"))
    said.judge(decide(said.scene))
    mended = replace(denied, desired=replace(START, description="better"))
    assert shape(decide(scene(mended, listed()))) == "Act Describe"


def test_a_description_that_is_left_out_stays_and_needs_no_call() -> None:
    texts = {"name": named(STEM), "description": f"first words-{STEM}-1"}
    shown = look(5, cluster(**texts))
    left_out = held(START, described="with first words")
    assert shape(decide(scene(left_out, shown))) == "Settled Ready"
    early = replace(left_out, memory=replace(left_out.memory, described_at=ago(POLICY.visibility_lag)))
    assert shape(decide(scene(early, shown))) == "Act Describe", "what was written last may not show yet"
    renamed = replace(left_out, desired=replace(START, cluster_name="other"))
    made = decide(scene(renamed, shown))
    assert isinstance(made, Act)
    assert isinstance(made.action, Describe)
    assert made.action.description == f"first words-{STEM}-1", "no word of it is lost"


def test_a_wish_that_waits_long_does_not_hold_up_the_others() -> None:
    held_up = refused("cluster_conf.cluster.login.count", "2", code=2500)
    young = {"recorded_at": ago(YOUNG), "last_operation": closed(age=YOUNG)}
    made = decide(scene(held(wish(login=2, compute=5), **held_up, **young), listed(), asked=(idle(),), **SURE))
    assert isinstance(made, Wait)
    assert made.reason is Reason.RESOURCE_QUOTA_EXCEEDED, "the refusal is told"
    assert made.after <= POLICY.staleness, "and the other wish is looked at as soon as it may go on"


def test_a_pause_does_not_hide_that_the_cluster_was_stopped() -> None:
    made = scene(held(MORE, orders=Orders(paused=True)), listed("stopped"))
    up = Condition("Available", "True", "Active", "", 0, 5.0)
    made = replace(made, resource=replace(made.resource, conditions=(up,), generation=3))
    (shown,) = report(made, decide(made)).conditions
    assert (shown.status, shown.reason, shown.observed_generation) == ("False", "Stopped", 3)
