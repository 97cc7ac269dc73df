"""A day of a fleet in virtual time: edits, deletions, what people do outside, faults, kills, and the verdict.

A run is a pure function of its plan. `virtual_soak_acts` does what happens, `virtual_memory` weighs the process.
Imported by the row `soak` and by the test of scale.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from benchmarks.virtual import REAL, Played, apply, is_ready, names, played, settle
from benchmarks.virtual_hour import HOUR, most_within
from benchmarks.virtual_memory import kept, life_of
from benchmarks.virtual_soak_acts import ACTS, SPEC, Faults, Town
from faults.harness import oracles
from faults.harness.advice import Person
from faults.harness.world import World
from hpc_operator.domain.mark import marks_in, object_of
from hpc_simulator.log import CallRecord

_ROUND = 60.0
"""How often people look after their resources, seconds."""
_CALM, _PATIENCE = 400.0, 4 * HOUR
_ANSWERED = frozenset(
    {
        *("ClusterVanished", "CreateFailed", "ClusterAbnormal", "UnresolvedCreate", "DuplicateClusters"),
        *("OwnershipMoved", "OwnedElsewhere", "SpecRefused", "AccessDenied", "LicenceRefused", "NoBalance"),
    }
)
"""Reasons that ask a person who then does what the message says; whatever else does not end by itself is stuck."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`fleet` resources for `hours`; acts, faults and kills an hour. Without kills one life is weighed at its end.

    `churn`: how often people delete, compared with what they do otherwise.
    """

    seed: int
    fleet: int
    hours: float
    acts: float = 20.0
    faults: float = 6.0
    kills: float = 1.0
    churn: float = 1.0


@dataclass(slots=True)
class Soaked:
    """What a run came to. `early`, `late`: what the process keeps, bytes, a sixth of the day after the begin, and at
    the end; `early_at`: when that was, seconds; `created_early`: clusters created by then.
    """

    plan: Plan
    acts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    answers: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    busiest: int = 0
    kills: int = 0
    created: int = 0
    duplicates: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    early: int = 0
    early_at: float = 0.0
    created_early: int = 0
    late: int = 0

    @property
    def growth(self) -> float:
        """Of what the process keeps, in percent."""
        return 100.0 * (self.late - self.early) / self.early if self.early else 0.0


def soak(plan: Plan) -> Played[Soaked]:
    """Play a plan."""
    return played(
        lambda world: _Soak(world, plan).play(),
        seed=f"soak/{plan.seed}",
        create_seconds=120.0,
        delete_seconds=60.0,
        list_lag=2.0,
        log_lag=2.0,
        quota=REAL,
        call_quota=REAL,
    )


class _Soak:
    def __init__(self, world: World, plan: Plan) -> None:
        self.world, self.plan, self.out = world, plan, Soaked(plan)
        self.fleet = names("soak", plan.fleet)
        self.town = Town(world, Person(world, self.out.answers), Random(f"acts/{plan.seed}"))
        self.faults = Faults(world, Random(f"faults/{plan.seed}"), crashes=plan.kills > 0)

    async def play(self) -> Soaked:
        world, out = self.world, self.out
        world.process()
        apply(world, self.fleet, SPEC)
        await settle(world, self.fleet, HOUR)
        for at, what in self._day():
            await world.wait(max(0.0, at - world.loop.time()))
            what()
            if not out.early and not self.plan.kills and at >= min(4.0, self.plan.hours / 6) * HOUR:
                out.early = await self._weighed()
                out.early_at, out.created_early = world.loop.time(), len(world.made())
        self.faults.end()
        self.town.restore()
        if not await world.until(self._rests, _PATIENCE, step=_ROUND):
            out.stuck = [f"{name}: {world.reason(name)}: {world.message(name)}" for name in self._unready()]
        await world.wait(_CALM)
        if not self.plan.kills:
            out.late = kept(life_of(world))
        self._judge()
        return out

    def _day(self) -> list[tuple[float, Callable[[], None]]]:
        """All that is going to happen, in order."""
        chance, begin = Random(f"day/{self.plan.seed}"), self.world.loop.time()
        length = self.plan.hours * HOUR

        def spread(rate: float) -> Iterator[float]:
            for _ in range(round(rate * self.plan.hours)):
                yield begin + chance.uniform(0.0, length)

        day: list[tuple[float, Callable[[], None]]] = [(at, self._act) for at in spread(self.plan.acts)]
        day += [(at, self.faults.due) for at in spread(self.plan.faults)]
        day += [(at, self._kill) for at in spread(self.plan.kills)]
        day += [(begin + number * _ROUND, self._round) for number in range(1, int(length / _ROUND) + 1)]
        return sorted(day, key=lambda each: each[0])

    def _act(self) -> None:
        weights = [each.weight * (self.plan.churn if each.deletes else 1.0) for each in ACTS]
        act = self.town.chance.choices(ACTS, weights)[0]
        if act.do(self.town, self.town.chance.choice(self.fleet)[1]):
            self.out.acts[act.name] += 1

    def _kill(self) -> None:
        self.world.processes[0].crash()

    def _round(self) -> None:
        """People apply again what was deleted, and answer what asks them."""
        for which in self.fleet:
            if which not in self.world.kube.objects:
                apply(self.world, [which], SPEC)
            elif self.world.reason(which[1]) in _ANSWERED:
                self.town.person.answer(which[1])

    def _unready(self) -> list[str]:
        return [which[1] for which in self.fleet if not is_ready(self.world, which)]

    def _rests(self) -> bool:
        self._round()
        return not self._unready()

    async def _weighed(self) -> int:
        """What the process keeps when nothing is under way."""
        self.faults.pause()
        await self.world.until(self._rests, _PATIENCE, step=_ROUND)
        await self.world.wait(_CALM)
        self.faults.go_on()
        return kept(life_of(self.world))

    def _judge(self) -> None:
        world, out, known = self.world, self.out, oracles.recorded(self.world)
        out.orphans = [cluster for cluster in world.alive() if cluster not in known]
        out.duplicates = [
            *twice(world.cloud.calls, world.cloud.world.gone),
            *(f"{i} has {two}" for i, two in known.items() if len(two) > 1),
        ]
        out.errors = [*world.processes[0].errors, *map(str, oracles.foreign(world))]
        out.faults, out.kills, out.created = self.faults.struck, world.crashes, len(world.made())
        out.calls = Counter(record.call for record in world.cloud.calls)
        out.busiest = most_within([record.time for record in world.cloud.calls], HOUR)


def twice(calls: Iterable[CallRecord], gone: Mapping[str, float]) -> Iterator[str]:
    """Clusters that were made while another one of the same resource billed: at any time of the day, not only now.

    `gone`: when each cluster that is no more ended.
    """
    billing: dict[str, list[str]] = {}
    for record in calls:
        if record.effect != "created":
            continue
        owner = object_of(next(marks_in(record.detail)).stem)
        before = [each for each in billing.get(owner, ()) if gone.get(each, float("inf")) > record.time]
        if before or len(record.ids) > 1:
            yield f"{', '.join(record.ids)} beside {before}"
        billing[owner] = [*before, *record.ids]
