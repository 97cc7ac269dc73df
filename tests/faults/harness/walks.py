"""Seeded walks: three to five faults wherever they fall, people's acts in between, then a person who follows the advice.

A walk is a pure function of its seed. What is judged at its end: nothing bills twice for one wish, nothing bills that
neither a resource records nor anybody was told of, nothing foreign was touched, every resource is Ready or gone.
"""

import random  # noqa: TID251 - seeded: the walk is made of it
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from faults.harness import oracles
from faults.harness.acts import ACTS, Act
from faults.harness.advice import Person
from faults.harness.injection import Strike
from faults.harness.life import Course
from faults.harness.oracles import Finding
from faults.harness.singles import kinds
from faults.harness.world import POLICY, World, run
from hpc_operator.domain.policy import Policy
from hpc_operator.kube.codec import parse_resource

LIMIT = 12_000.0
CALM = 400.0
_ACCEPTING = replace(POLICY, accept_invisible_marks=True)


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk: what the account is like, how far apart the faults lie (in points), when who does what."""

    seed: int
    cloud: dict[str, Any]
    gaps: tuple[int, ...]
    acts: tuple[tuple[float, Act], ...]
    leaders: int

    @property
    def policy(self) -> Policy:
        """Where no mark can be seen, the settings accept that: else a fleet of one would be all."""
        return _ACCEPTING if self.cloud["name_echo"] == "none" else POLICY

    def __str__(self) -> str:
        acts = ", ".join(f"{act.name} at {at:.0f}" for at, act in self.acts)
        told = ", ".join(f"{name}={value}" for name, value in self.cloud.items())
        return f"walk {self.seed} ({told}; {self.leaders} leading; {acts})"


@dataclass(slots=True)
class Outcome:
    """What a walk came to. `faults`: those that struck; `answers`: what the person was asked for and did.

    `residue`: what the design knows not to hold. A resource forced away before any look could show its cluster's mark
    is remembered by the process that knew it; where that process dies too, or another one goes on, nobody knows. So is
    one of which two acts took both memories before a look could show it.
    """

    walk: Walk
    findings: list[Finding]
    residue: list[Finding] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


def walk(seed: int) -> Walk:
    """The walk of a seed."""
    chance = random.Random(f"walk/{seed}")
    cloud = {
        "name_echo": chance.choice(["top", "top", "conf", "none"]),
        "list_lag": chance.choice([0.0, 0.0, 30.0, 55.0]),
        "log_lag": chance.choice([0.0, 0.0, 30.0, 55.0]),
        "create_seconds": 20.0,
        "delete_seconds": 20.0,
        "id_shows_hidden": chance.random() < 0.7,
    }
    gaps = tuple(chance.choice([1, 2, 3, 5, 8, 13, 21, 34]) for _ in range(chance.randint(3, 5)))
    times = sorted(chance.choice([0.3, 0.7, 1.5, 4.0, 15.0, 60.0, 150.0, 300.0]) for _ in range(chance.randint(1, 3)))
    acts = tuple((at, chance.choice(ACTS)) for at in times)
    return Walk(seed, cloud, gaps, acts, leaders=chance.choice([1, 1, 1, 2]))


def play(seed: int) -> Outcome:
    """Play the walk of a seed."""
    made = walk(seed)
    outcome = Outcome(made, [])
    run(lambda world: _Play(world, made, outcome).play(), seed=str(seed), policy=made.policy, **made.cloud)
    return outcome


class _Play:
    def __init__(self, world: World, walk: Walk, outcome: Outcome) -> None:
        self.world, self.walk, self.outcome = world, walk, outcome
        self.chance = random.Random(f"play/{walk.seed}")
        self.person = Person(world, outcome.answers)
        self._course = Course("walk", walk.cloud)
        self._left = list(walk.gaps)

    async def play(self) -> None:
        world = self.world
        world.injector.chance = self._strike
        for _ in range(self.walk.leaders):
            world.process()
        world.people.apply(spec={"deletionPolicy": "Delete"})
        await self._act()
        world.injector.chance = None
        self.person.restore_account()
        if not await world.until(self._rests, LIMIT, step=5.0):
            told = [f"{name}: {world.reason(name)}: {world.message(name)}" for name in self._names()]
            self.outcome.findings.append(Finding("STUCK", "; ".join(told)))
        await world.wait(CALM)
        self.outcome.findings += [*self._judged(), *oracles.hot(world)]
        if self.person.unseen() & set(world.alive()) and (world.crashes or self.walk.leaders > 1):
            self.outcome.residue = [f for f in self.outcome.findings if f.oracle in ("DUP", "LOST")]
            self.outcome.findings = [f for f in self.outcome.findings if f not in self.outcome.residue]

    async def _act(self) -> None:
        began = self.world.loop.time()
        for at, act in self.walk.acts:
            await self.world.wait(max(0.0, began + at - self.world.loop.time()))
            self.person.restore_account()
            remembered = self._remembered()
            act.do(self.world, self.person, self.chance)
            if remembered and self.world.kube.get("demo") is not None and not self._remembered():
                self.person.forced()

    def _remembered(self) -> bool:
        """Whether either memory of the resource tells what was done for it."""
        raw = self.world.kube.get("demo")
        resource = parse_resource(raw) if raw is not None else None
        return resource is not None and (resource.record is not None or not resource.memory.empty)

    def _strike(self, index: int, point: str) -> Strike | None:
        """The next fault strikes when its gap is over, if anything can strike at this point."""
        if not self._left:
            return None
        self._left[0] -= 1
        possible = kinds(self._course, point) if self._left[0] <= 0 else ()
        if not possible:
            return None
        del self._left[0]
        struck = Strike(index, self.chance.choice(possible), seconds=self.chance.choice([14.0, 100.0, 300.0]))
        self.outcome.faults.append(f"{point} {struck}")
        return struck

    def _names(self) -> list[str]:
        return [name for _, name in self.world.kube.objects]

    def _rests(self) -> bool:
        """Everybody is Ready; a person answers whoever asks."""
        for name in self._names():
            self.person.answer(name)
        return not self.person.busy and all(self.world.ready(name) for name in self._names())

    def _judged(self) -> Iterator[Finding]:
        world, known = self.world, oracles.recorded(self.world)
        told = self.person.told_of()
        for cluster in world.alive():
            if cluster not in known and cluster not in told:
                yield Finding("LOST", f"{cluster} bills, no resource records it, nobody was told")
        for cluster, names in known.items():
            if len(names) > 1:
                yield Finding("SHARED", f"{cluster} is recorded by {names}")
        wanted = len(world.kube.objects)
        spare = [cluster for cluster in world.alive() if cluster not in known and cluster not in self.person.ordered()]
        if len(world.alive()) > wanted + len(self.person.ordered()) or spare:
            yield Finding(
                "DUP", f"{world.alive()} bill for {wanted} resources; a person asked for {self.person.ordered()}"
            )
        yield from self._foreign()

    def _foreign(self) -> Iterator[Finding]:
        mine = {*self.world.made(), *self.person.given}
        for record in self.world.cloud.calls:
            if record.effect in ("deleted", "modified") and set(record.ids) - mine:
                yield Finding("FOREIGN", f"{record.call} {record.ids}")
