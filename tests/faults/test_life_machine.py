"""A cluster's life as a machine of rules: edits, modes, time, crashes, faults, people at the console, in any order.

After each step the `Witness` must have seen nothing that must never be. At the end the faults stop, a person follows
the advice of the conditions, and everything is as wished; then it is deleted.
"""

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from faults import wishing
from faults.harness import oracles
from faults.harness.advice import Person
from faults.harness.injection import Kind, Strike
from faults.harness.world import World
from faults.reckoning import CHANGED_ROLES, ROLES, size, truth
from faults.wishing import Path, got
from faults.witness import Witness
from hpc_simulator import faults as f
from hpc_simulator.outside import Change, MoreNodes, Size

THOROUGH = settings.default is not None and settings.default.max_examples > 1000
LIVES, STEPS = (400, 40) if THOROUGH else (10, 30)
CLOUD: dict[str, Any] = {
    **wishing.CLOUD,
    **dict.fromkeys(("create_seconds", "delete_seconds", "node_seconds", "resize_seconds", "power_seconds"), 30.0),
}
CALLS = (
    *("addNodes", "deleteNodes", "resizeCluster", "startCluster", "stopCluster", "modifyCluster", "deleteCluster"),
    *("list", "listNodes", "operation"),
)
ON_ANY: tuple[f.Fault, ...] = (
    *(f.Unreachable(), f.LostBefore(), f.LostAfter(), f.Hold(), f.Tear(), f.Http(), f.Code(5000), f.Code(2500)),
    f.Delay(9.0),
)
ON_A_CHANGE: tuple[f.Fault, ...] = (
    *(f.Late(30.0), f.Late(50.0, "delayed"), f.Http(effect=True), f.Code(5100, effect=True), f.JobFails()),
    f.Code(1400, effect=True),
)
ON_A_LOOK: tuple[f.Fault, ...] = (f.Lag(50.0), f.Skip())
FAULTS = tuple(
    (call, fault)
    for call in CALLS
    for fault in (*ON_ANY, *(ON_A_LOOK if call in ("list", "listNodes", "operation") else ON_A_CHANGE))
)
THEN = st.sampled_from([0.1, 20.0, 60.0, 200.0])
"""Seconds after an edit: its change is not begun, under way, over but not to be seen, done."""
AT_A_POINT = (
    *("kube.PATCH status", "kube.GET object", "kube.PATCH object", "Calls.change", "Calls.describe", "Calls.delete"),
    *("Looks.nodes", "Looks.listing", "Looks.by_id", "Looks.log", "Store.write_intent", "Store.write_status"),
)
OF_A_PROCESS = (Kind.CRASH_BEFORE, Kind.CRASH_AFTER, Kind.UNAVAILABLE, Kind.ANSWER_LOST, Kind.CONFLICT)
_KUBE_ONLY = frozenset({Kind.UNAVAILABLE, Kind.ANSWER_LOST, Kind.CONFLICT})
SHOWS = 900.0
"""Seconds after which the operator has noticed what people did at the console, also where the account answers late."""
WELL = frozenset({"Ready", "Stopped"})
RESTS = WELL | {
    *("Differs", "Paused", "WaitingForJobs", "ChangeRefused", "ChangeFailed", "ResourceQuotaExceeded"),
    *("StoppedOutside", "AccountInArrears"),
}
TOLD: Counter[str] = Counter()


class Advised(Person):
    """Does for a changed cluster, too, what its condition advises."""

    _ChangeRefused = _ChangeFailed = _StoppedOutside = _CredentialsRefused = Person._again

    def _AccountInArrears(self, name: str) -> str:  # noqa: N802 - the reason's name
        for cluster in self._world.cloud.clusters():
            if cluster.status == "suspended" and cluster.cluster_id in self._world.made():
                self._world.cloud.change_cluster(cluster.cluster_id, Change(status="active"))
        return self._again(name)


class Life(RuleBasedStateMachine):
    """One resource, and what happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(seed="machine", **CLOUD)
        self.witness = Witness(self.world)
        self.answers: list[str] = []
        self.person = Advised(self.world, self.answers)
        self.broken = False
        self.faults = 0

    # Time

    def play(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.world.loop.run_until_complete(coroutine)

    def pass_by(self, seconds: float) -> None:
        self.play(self.world.wait(seconds))

    def act(self, deed: Callable[[], Any]) -> None:
        """A deed in the world's own loop; then a moment."""

        async def done() -> None:
            deed()
            await self.world.wait(6.0)

        self.play(done())

    # What there is

    def raw(self) -> dict[str, Any]:
        return self.world.kube.objects["default", "demo"]

    def here(self) -> bool:
        return self.world.kube.get("demo") is not None and "deletionTimestamp" not in self.raw()["metadata"]

    def mine(self) -> str | None:
        cluster = self.witness.cluster(None)
        return cluster.cluster_id if cluster is not None else None

    @initialize(moves=wishing.edits(spoiled=False), lags=st.sampled_from([(0.0, 0.0), (30.0, 30.0), (55.0, 0.0)]))
    def begin(self, moves: dict[Path, Any], lags: tuple[float, float]) -> None:
        TOLD["lives"] += 1
        self.world.cloud.change_settings(list_lag=lags[0], log_lag=lags[1])
        spec = wishing.edited(_start(), {p: v for p, v in moves.items() if p[0] != "credentialsSecretRef"})
        self.foreign = self.world.people.buy("demo-of-another", status="active")
        self.act(lambda: (self.world.process(), self.world.people.apply(spec=spec)))
        self.play(self.world.until(self.world.ready, 1200.0))

    # People with kubectl

    @precondition(lambda self: self.here())
    @rule(moves=wishing.edits(most=3), beside=st.sampled_from([None, *FAULTS]), then=THEN)
    def edit(self, moves: dict[Path, Any], beside: tuple[str, f.Fault] | None, then: float) -> None:
        if beside is not None:
            self._strike(f"cloud.{beside[0]}", beside[1], 1)
        spec = wishing.edited(self.raw()["spec"], {p: v for p, v in moves.items() if p[0] != "credentialsSecretRef"})
        self.act(lambda: self.world.kube.change("demo", lambda raw: raw.__setitem__("spec", spec)))
        self.pass_by(then)

    @precondition(lambda self: self.here())
    @rule(
        count=st.integers(1, 4),
        fault=st.sampled_from([None, None, *ON_ANY, *ON_A_CHANGE]),
        skipped=st.sampled_from([None, 1, 2, 3]),
        jobs=st.sampled_from([None, 0, 2]),
        then=THEN,
    )
    def scale(self, count: int, fault: f.Fault | None, skipped: int | None, jobs: int | None, then: float) -> None:
        """Also while jobs run, while a look at the nodes leaves one out, or while the call goes wrong."""
        if jobs is not None:
            self._outside(Change(job_counts={"running": jobs, "pending": jobs // 2}))
        if skipped is not None:
            self._strike("cloud.listNodes", f.Skip(skipped), 1)
        if fault is not None:
            self._strike("cloud.addNodes", fault, 1)
            self._strike("cloud.deleteNodes", fault, 1)
        self._set({("cluster_conf", "cluster", "compute", "count"): count})
        self.pass_by(then)

    @precondition(lambda self: self.here())
    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.act(lambda: self.world.people.annotate(paused="true" if paused else None))

    @precondition(lambda self: self.here())
    @rule()
    def ask_to_look(self) -> None:
        self.act(lambda: self.world.people.annotate(reconcile_at=f"{self.world.loop.time():.1f}"))

    @precondition(lambda self: self.here() and self.world.loop.time() > self.witness.stripped + 400.0)
    @rule(how=st.sampled_from(["wipe_status", "strip_record", "replace"]))
    def forget(self, how: str) -> None:
        """One memory goes; the other one was there, and builds it anew before the next goes."""
        meta, status = self.raw()["metadata"], self.raw()["status"]
        if "hpc.qingcloud.com/record" in (meta.get("annotations") or {}) and "hpc_cluster_id" in status:
            self.witness.stripped = self.world.loop.time()
            self.act(getattr(self.world.people, how))

    @precondition(lambda self: self.here() and not self.raw()["spec"].get("deletionProtection"))
    @rule()
    def delete(self) -> None:
        self.act(self.world.people.delete)

    @precondition(lambda self: self.world.kube.get("demo") is None)
    @rule()
    def apply_again(self) -> None:
        self.act(lambda: self.world.people.apply(spec=_start()))

    # Time, processes, faults

    @rule(seconds=st.sampled_from([1.0, 7.0, 30.0, 100.0, 400.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.pass_by(seconds)

    @rule()
    def crash(self) -> None:
        self.act(self.world.processes[-1].crash)

    @precondition(lambda self: len(self.world.processes) < 2)
    @rule()
    def second_leader(self) -> None:
        self.act(self.world.process)

    @rule(fault=st.sampled_from(FAULTS), nth=st.integers(1, 2))
    def fault_of_the_cloud(self, fault: tuple[str, f.Fault], nth: int) -> None:
        self._strike(f"cloud.{fault[0]}", fault[1], nth)

    @rule(point=st.sampled_from(AT_A_POINT), kind=st.sampled_from(OF_A_PROCESS), nth=st.integers(1, 3))
    def fault_of_a_process(self, point: str, kind: Kind, nth: int) -> None:
        if kind not in _KUBE_ONLY or point.startswith("kube."):
            self._strike(point, kind, nth)

    @rule(seconds=st.sampled_from([20.0, 200.0, 900.0]), whose=st.sampled_from(["cloud", "kubernetes"]))
    def outage(self, seconds: float, whose: str) -> None:
        TOLD["outages"] += 1
        self._close(whose, closed=True)
        self.pass_by(seconds)
        self._close(whose, closed=False)

    @rule(lags=st.sampled_from([(0.0, 0.0), (30.0, 0.0), (0.0, 55.0), (55.0, 55.0)]))
    def lag(self, lags: tuple[float, float]) -> None:
        self.world.cloud.change_settings(list_lag=lags[0], log_lag=lags[1])

    # People at the console

    @precondition(lambda self: self.mine() is not None)
    @rule(count=st.integers(1, 2), role=st.sampled_from(CHANGED_ROLES))
    def add_outside(self, count: int, role: Any) -> None:
        """By a job, as the console does: what leaves no trace in the log is seen by no look that costs nothing."""
        if self._outside(Change(add_nodes=MoreNodes(count, role), by="job")):
            self.witness.bounds[role].added += count

    @precondition(lambda self: self.mine() is not None)
    @rule(role=st.sampled_from(CHANGED_ROLES))
    def remove_outside(self, role: str) -> None:
        cluster = self.witness.cluster(None)
        nodes = [node.node_id for node in cluster.nodes if node.role == role] if cluster is not None else []
        self.witness.bounds[role].removed += 1
        if not self._outside(Change(remove_nodes=tuple(nodes[-1:]), by="job")):
            self.witness.bounds[role].removed -= 1

    @precondition(lambda self: self.mine() is not None)
    @rule(
        change=st.sampled_from(
            [
                *(Change(resize=Size(role, 8, 24576), by="job") for role in ("login", "compute")),
                *(Change(power=power, by="job") for power in ("stop", "start")),
                *(Change(power="suspend", by="job"), Change(name="theirs")),
                *(Change(job_counts={"running": count, "pending": 0}) for count in (0, 1)),
            ]
        )
    )
    def change_outside(self, change: Change) -> None:
        self._outside(change)

    # At rest

    @precondition(lambda self: self.here())
    @rule()
    def rest(self) -> None:
        """Nothing goes wrong for a while: what is said then must be so."""
        self._calm()
        if self.play(self.world.until(self._rests, 3000.0, step=5.0)):
            self.pass_by(max(200.0, self.witness.outside + SHOWS - self.world.loop.time()))
            if self._rests():
                self._judge()
                self.witness.settled()

    @invariant()
    def nothing_that_must_never_be(self) -> None:
        self.world.cloud.catch_up()
        self.witness.look()
        twice = [i for i in self.world.alive() if i not in self.person.ordered()]
        found = [*self.witness.found, *oracles.hot(self.world), *self.witness.over_budget()]
        if len(twice) > 1 and self.world.kube.get("demo") is not None and not self._left(twice):
            found.append(f"TWO CLUSTERS: {twice}")
        self._assert(found == [], found)
        TOLD["steps"] += 1

    def teardown(self) -> None:
        try:
            if not self.broken and self.world.processes:
                self._end()
        finally:
            TOLD["faults"] += self.faults
            TOLD["crashes"] += self.world.crashes
            TOLD["calls"] += len(self.world.cloud.calls)
            TOLD["effects"] += sum(self.world.effects(call) for call in CALLS[:7])
            self._close_loop()

    def _end(self) -> None:
        """The faults stop, a person follows the advice, and all is as wished."""
        self._calm()
        if self.world.kube.get("demo") is None:
            self.apply_again()
        if not self.here():
            self._set({("deletionProtection",): None})
            gone = self.play(self.world.until(lambda: self._advised() and self.world.gone(), 6000.0, step=5.0))
            self._assert(gone, f"STUCK in deletion: {self.world.reason()}: {self.world.message()}")
            self.apply_again()
        self.act(lambda: self.world.people.annotate(paused=None))
        self._outside(Change(job_counts={"running": 0, "pending": 0}))
        good = {path: wishing.values(path)[0] for path in wishing.changeable() if wishing.bad(path) is not None}
        self._set({**{p: v for p, v in good.items() if p[0] != "credentialsSecretRef"}, ("managementPolicy",): None})
        ended = self.play(self.world.until(lambda: self._advised() and self._well(), 9000.0, step=5.0))
        self._assert(ended, f"STUCK: {self.world.reason()}: {self.world.message()} {self.answers}")
        self.pass_by(max(200.0, self.witness.outside + SHOWS - self.world.loop.time()))
        ended = self.play(self.world.until(lambda: self._advised() and self._well(), 9000.0, step=5.0))
        self._assert(ended, f"STUCK: {self.world.reason()}: {self.world.message()} {self.answers}")
        self._judge()
        self._set({("deletionProtection",): None, ("deletionPolicy",): "Delete"})
        self.act(self.world.people.delete)
        gone = self.play(self.world.until(lambda: self._advised() and self.world.gone(), 6000.0, step=5.0))
        self._assert(gone, f"STUCK in deletion: {self.world.reason()}: {self.world.message()}")
        self._assert(self.witness.found == [], self.witness.found)
        self._assert(self.foreign in self.world.cloud.world.clusters, "FOREIGN: the other's cluster is gone")

    # Parts

    def _assert(self, claim: object, message: object) -> None:
        if not claim:
            self.broken = True
            raise AssertionError(message)

    def _set(self, moves: dict[Path, Any]) -> None:
        if self.world.kube.get("demo") is not None:
            spec = wishing.edited(self.raw()["spec"], moves)
            self.act(lambda: self.world.kube.change("demo", lambda raw: raw.__setitem__("spec", spec)))

    def _strike(self, point: str, fault: f.Fault | Kind, nth: int) -> None:
        self.faults += 1
        self.world.injector.on(point, fault, nth=nth)

    def _close(self, whose: str, *, closed: bool) -> None:
        if whose == "cloud":
            self.world.cloud.change_settings(tap_closed=closed)
        else:
            self.world.injector.chance = _down if closed else None

    def _calm(self) -> None:
        self.world.injector.named.clear()
        self.world.cloud.faults.clear()

    def _outside(self, change: Change) -> bool:
        cluster_id = self.mine()
        if cluster_id is None:
            return False
        try:
            self.world.cloud.change_cluster(cluster_id, change)
        except ValueError:
            return False
        self.witness.outside = self.world.loop.time()
        TOLD["outside changes"] += 1
        return True

    def _left(self, alive: list[str]) -> bool:
        """Those beside the recorded one were left behind when an earlier resource went, as its policy said."""
        return all(any(i in note for note in self.world.told("Left")) for i in alive[:-1])

    def _advised(self) -> bool:
        self.person.answer("demo")
        return True

    def _rests(self) -> bool:
        if self.world.kube.get("demo") is None:
            return False
        raw = self.raw()
        seen = raw["status"]["observedGeneration"] == raw["metadata"]["generation"]
        return seen and "operation" not in raw["status"] and self.world.reason() in RESTS

    def _well(self) -> bool:
        return self._rests() and self.world.reason() in WELL and self.world.is_true("Ready")

    def _judge(self) -> None:
        """What a settled resource says, is so."""
        reason, where = self.world.reason(), f"{self.world.reason()}: {self.world.message()}"
        if self.mine() is None:
            return
        has, spec = truth(self.world), self.raw()["spec"]
        available = self.world.kube.condition("Available", "demo").get("status") == "True"
        self._assert(available is (has.status == "active"), f"AVAILABLE is {available}, the cluster {has.status}")
        if reason == "WaitingForJobs":
            self._assert(self.witness._jobs(self.mine() or ""), f"no job runs: {where}")
        if reason not in WELL:
            return
        self._assert(has.status == ("stopped" if reason == "Stopped" else "active"), f"{has} {where}")
        self._assert(has.name == (spec.get("cluster_name") or got(spec, _INNER) or "demo"), f"{has} {where}")
        if reason == "Ready":
            counts = {role: got(spec, ("cluster_conf", "cluster", role, "count")) for role in CHANGED_ROLES}
            self._assert(all(wish in (None, has.counts[role]) for role, wish in counts.items()), f"{has} {where}")
            self._assert({role: size(spec, role) for role in ROLES} == has.sizes, f"{has} {where}")

    def _close_loop(self) -> None:
        import asyncio  # noqa: PLC0415 - as the harness does at the end of a run

        loop = self.world.loop
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
        assert self.world.leaks() == []


_INNER = ("cluster_conf", "cluster", "name")


def _start() -> dict[str, Any]:
    from faults.harness.people import EHPC  # noqa: PLC0415

    return {**EHPC, "deletionPolicy": "Delete"}


def _down(index: int, point: str) -> Strike | None:
    """Kubernetes answers nobody."""
    return Strike(index, Kind.UNAVAILABLE) if point.startswith("kube.") else None


def test_lives(tell: Callable[[str], None]) -> None:
    TOLD.clear()
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            derandomize=not THOROUGH,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.shrink) if THOROUGH else (Phase.generate,),
        ),
    )
    tell(f"life machine: {dict(TOLD)}")
