"""One life of a resource: applied, Ready, settled, deleted, gone; with a person who answers where the law needs one.

The verdict is a list of findings; none means that all oracles are content.
"""

import itertools
from ast import literal_eval
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from faults.harness import oracles, scene
from faults.harness.injection import Kind, Strike
from faults.harness.oracles import Finding
from faults.harness.past import Past, begin_with
from faults.harness.process import Exchange
from faults.harness.scene import End, Scenario
from faults.harness.world import POLICY, World, run
from hpc_simulator import Answer
from hpc_simulator import faults as f

LIMIT = 4000.0
_CHANGES = ("ChangeRefused", "ChangeFailed")
"""Some of these are tried again by themselves: a person is asked when the resource is stalled."""
_REFUSALS = frozenset(
    {
        "SpecRefused", "AccessDenied", "CredentialsRefused", "LicenceRefused", "NoBalance", "ChangeRefused",
        "ChangeFailed", "AccountInArrears",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
    """How a life goes: `cloud` settings of the simulator, the spec's peculiarities, what is left at the end,
    how many processes act at once, how many clusters of other people stand in the account.

    `meddled`: somebody else writes the resource whenever a create or a delete is answered.
    `thorough`: every look gets every fault, and not only those that make looks differ, at each of its repetitions.
    """

    name: str
    cloud: dict[str, Any] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    retained: bool = False
    leaders: int = 1
    crowd: int = 0
    thorough: bool = False
    meddled: bool = False
    scenario: Scenario | None = None
    """Instead of a life from apply to delete."""
    staleness: float = POLICY.staleness
    """Seconds; with longer ones fewer sweeps come between the points that matter."""

    @property
    def echoes(self) -> bool:
        """Whether a create's name can be seen in the list: then a person is never needed for doubt."""
        return self.cloud.get("name_echo") != "none"


@dataclass(slots=True)
class Verdict:
    """What a life came to. `points`: all that were reached; `states`: how much had been written by then.

    `settled`, `asked`: how many points came before it had settled, and before its deletion was asked for; `answers`:
    what a person had to say; `posts`: calls by name.
    """

    findings: list[Finding]
    points: list[str]
    states: list[int]
    settled: int
    asked: int
    answers: list[str]
    posts: dict[str, int]
    end: End = ()
    effects: dict[str, int] = field(default_factory=dict)


def live(course: Course, plan: tuple[Strike, ...] = (), **settings: Any) -> Verdict:
    """Play one life under a plan of faults."""
    kind = _Life
    if course.scenario is not None:  # what it needs is played before: no world runs inside another
        kind = _Scene
        _past(course)
        if plan:
            alone(course)
    policy = replace(POLICY, staleness=course.staleness)
    return run(
        lambda world: kind(world, course, plan).play(), plan=plan, **{"policy": policy, **course.cloud, **settings}
    )


def _past(course: Course) -> Past | None:
    if course.scenario is None or course.scenario.begins == "nothing":
        return None
    spec = {**course.spec, **literal_eval(course.scenario.spec)}
    return scene.settled(course.name, repr(spec), repr(course.cloud))


_ALONE: dict[str, Verdict] = {}
"""How each scenario goes without faults, by the course's name: what every other run of it is compared with."""


def alone(course: Course) -> Verdict:
    """The run without faults; played once in a process."""
    if course.name not in _ALONE:
        _ALONE[course.name] = live(course)
    return _ALONE[course.name]


class _Life:
    def __init__(self, world: World, course: Course, plan: tuple[Strike, ...]) -> None:
        self.world, self.course, self.plan, self.faults = world, course, plan, [strike.fault for strike in plan]
        self.findings: list[Finding] = []
        self.answers: list[str] = []
        self._numbers = itertools.count(1)

    async def play(self) -> Verdict:
        world = self.world
        world.kube.put_secret("given", {"password": "R2l2ZW4tUGFzc3dvcmQx"})
        world.bend = self._meddle if self.course.meddled else None
        await self._gather_crowd()
        for _ in range(self.course.leaders):
            world.process()
        world.people.apply(spec=self.course.spec)
        settled = 0
        lives = await self._settle("create", self._made)
        if lives:
            self.findings += oracles.early(world)
            self.findings += oracles.clusters(world, expected=1)
            self.findings += await oracles.quiet(world, self._patience)
            settled = len(world.injector.points)
            self.findings += await oracles.restless(world)
        asked = len(world.injector.points)
        settled = settled or asked
        world.people.delete()
        left = tuple(world.alive()) if self._retained() else ()
        if await self._settle("delete", world.gone):
            self.findings += await oracles.restless(world)
        self.findings += [*oracles.clusters(world, expected=0, excused=left), *oracles.foreign(world)]
        self.findings += [*oracles.hot(world), *self._counted()]
        posts = {call: count.calls for call, count in world.cloud.counts().items()}
        return Verdict(
            self.findings, list(world.injector.points), list(world.injector.states), settled, asked, self.answers, posts
        )

    def _meddle(self, exchange: Exchange) -> Answer:
        """What the answer means is then written upon what has been written since."""
        if exchange.call in ("createCluster", "deleteCluster"):
            self.world.touch()
        return exchange.answer

    async def _gather_crowd(self) -> None:
        """People made their clusters a while ago, several in each second, and the log tells of it."""
        for number in range(self.course.crowd):
            self.world.people.buy(f"theirs-{number}", description=f"of team {number}")
            await self.world.wait(number % 3 / 2)
        if self.course.crowd:
            await self.world.wait(600)

    def _patience(self) -> float:
        """Longer than what the faults that struck can put off: a chore each; a frozen process does nothing meanwhile.

        What will strike later counts not yet: up to there a run is the same as without it.
        """
        struck = [each for each in self.plan if each.index < len(self.world.injector.points)]
        frozen = sum(each.seconds for each in struck if each.fault in (Kind.FREEZE_BEFORE, Kind.FREEZE_AFTER))
        return oracles.QUIET * max(1, len(struck)) + frozen

    def _made(self) -> bool:
        return self.world.ready() or self.world.reason() == "CreateFailed"

    async def _settle(self, phase: str, done: Callable[[], bool]) -> bool:
        """Until done; a person answers what the law lets wait for one, anything else that waits is STUCK."""
        world = self.world
        end = world.loop.time() + LIMIT
        while not done() and world.loop.time() < end:
            if (reason := world.reason()) is not None:
                self._answer(reason)
            await world.wait(2.0)
        if not done():
            told = f"{world.reason()}: {world.message()}"
            self.findings.append(Finding("STUCK", f"{phase} after {LIMIT:.0f} s: {told}"))
            return False
        if world.reason() == "CreateFailed" and not any(isinstance(fault, f.JobFails) for fault in self.faults):
            self.findings.append(Finding("STUCK", f"CreateFailed without a failed job: {world.message()}"))
        return world.reason() != "CreateFailed"

    def _answer(self, reason: str) -> None:
        world = self.world
        if reason == "UnresolvedCreate" and not self.course.echoes:
            candidates = world.alive()
            if any(f"adopt:{i}" in self.answers for i in candidates):
                return
            self.answers.append(f"adopt:{candidates[0]}" if candidates else "recreate")
            told = {"adopt": candidates[0]} if candidates else {"recreate": self._attempt()}
            world.people.annotate(**told)
        elif reason in _REFUSALS and (world.stalled() or reason not in _CHANGES) and self._may_ask_again():
            if self._attempt_refused() in self._told_again():
                return
            self.answers.append(f"again:{self._attempt_refused()}")
            world.people.annotate(reconcile_at=str(next(self._numbers)))
        elif world.stalled() and reason not in _REFUSALS | {"UnresolvedCreate"}:
            self.findings.append(Finding("STUCK", f"a person is asked without need: {reason}: {world.message()}"))

    def _may_ask_again(self) -> bool:
        return len(self._told_again()) < len(self.faults)

    def _attempt(self) -> str:
        found = self.world.resource()
        assert found is not None
        assert found.memory.operation is not None
        return found.memory.operation.full_mark

    def _told_again(self) -> set[str]:
        return {answer.removeprefix("again:") for answer in self.answers if answer.startswith("again:")}

    def _attempt_refused(self) -> str:
        found = self.world.resource()
        last = found.memory.last_operation if found else None
        refused = [round(each.at) for each in found.memory.refused] if found else []
        return f"{last.attempt if last else 0} {refused}"

    def _retained(self) -> bool:
        """A cluster that a person adopted is retained when the manifest says nothing."""
        return self.course.retained or any(answer.startswith("adopt") for answer in self.answers)

    def _counted(self) -> Iterator[Finding]:
        """The same count of effects as without the fault."""
        failed = sum(isinstance(fault, f.JobFails) for fault in self.faults)
        if (made := self.world.effects("createCluster")) != 1:
            yield Finding("EFFECTS", f"createCluster took effect {made} times")
        deleted, wanted = self.world.effects("deleteCluster"), 0 if self._retained() else 1
        if not wanted <= deleted <= wanted + failed:
            yield Finding("EFFECTS", f"deleteCluster took effect {deleted} times, not {wanted}")


class _Scene(_Life):
    """A scenario instead of a whole life."""

    async def play(self) -> Verdict:
        world, scenario = self.world, self.course.scenario
        assert scenario is not None
        if (past := _past(self.course)) is not None:
            begin_with(world, past)
        else:
            world.kube.put_secret("given", {"password": "R2l2ZW4tUGFzc3dvcmQx"})
        before, calls = {call: world.effects(call) for call in scenario.counted}, len(world.cloud.calls)
        world.process()
        scenario.act(world)
        over = await self._settle(scenario.name, lambda: scenario.done(world) or world.reason() == "CreateFailed")
        if over:  # nodes are counted once more when what an operation did must show; with two faults that was seen
            shows = world.policy.window + 2 * world.policy.staleness if len(self.plan) < 2 else 0.0
            self.findings += await oracles.quiet(world, lambda: max(self._patience(), shows))
        settled = len(world.injector.points)
        self.findings += scene.bounded(world, len(world.cloud.calls) - calls)
        if over:  # with two faults what would go on for longer than this was found with one
            self.findings += await oracles.restless(world, 100.0 if len(self.plan) < 2 else 40.0)
        end, effects = scene.end_of(world), scene.effects_of(world, scenario, before)
        if over and self.plan:
            reference = alone(self.course)
            failed = sum(isinstance(fault, f.JobFails) for fault in self.faults)
            counted = {
                call: made - min(failed, max(0, made - reference.effects.get(call, 0)))  # a failed job is tried again
                for call, made in effects.items()
            }
            self.findings += scene.compared(scenario, end, counted, (reference.end, reference.effects))
        posts = {call: count.calls for call, count in world.cloud.counts().items()}
        points, states = list(world.injector.points), list(world.injector.states)
        return Verdict(self.findings, points, states, settled, len(points), self.answers, posts, end, effects)
