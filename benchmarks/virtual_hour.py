"""A settled fleet in virtual time: an operator that begins among it, an hour of rest, and what people do outside.

The clusters are created for real first, with the quota lifted; then that process is killed and another one goes on
under the real quota. Imported by the row `hour` and by the test of scale.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.virtual import LIFTED, REAL, Meter, Name, Played, Span, apply, is_ready, names, played, settle
from faults.harness.people import Raw
from faults.harness.world import World
from hpc_simulator.log import CallRecord
from hpc_simulator.outside import Change

HOUR = 3600.0
_SETTLED, _CALM = 900.0, 120.0
"""Seconds of rest before the kill, so that nothing of the creation is news to the next process; and after it."""
_MET = 25.0
"""Less than a staleness: what a restart costs is counted before the second sweep."""
_LAST = 300.0
CHANGING = ("createCluster", "deleteCluster", "modifyCluster")
LOOKS = ("list", "operation")


@dataclass(frozen=True, slots=True)
class Hour:
    """`restart`: until each resource was met; `met_after`: when that was, seconds after the start; `rest`: the hour.

    `told`: by kind of change, the seconds until Kubernetes said it; `untold`: kinds of those that it never said;
    `by_id`: calls that asked for one cluster, in that hour; `busiest`: most calls in any 3600 s of all that was played
    under the real quota.
    """

    restart: Span
    met_after: float
    rest: Span
    told: Mapping[str, tuple[float, ...]]
    untold: tuple[str, ...]
    by_id: int
    busiest: int
    unready: int


def hour(clusters: int, changes: int, seed: int = 1) -> Played[Hour]:
    """Play it. `changes` happen outside at random moments of an hour of their own, after the hour of rest."""
    return played(
        lambda world: _Hour(world, clusters, changes, random.Random(f"hour/{seed}")).play(),
        seed=str(seed),
        create_seconds=60.0,
        quota=LIFTED,
        call_quota=LIFTED,
    )


class _Hour:
    def __init__(self, world: World, clusters: int, changes: int, chance: random.Random) -> None:
        self.world, self.changes, self.chance = world, changes, chance
        self.fleet = names("settled", clusters)
        self.told = _Told(world)

    async def play(self) -> Hour:
        world = self.world
        first = world.process()
        apply(world, self.fleet)
        await settle(world, self.fleet, 4 * HOUR)
        await world.wait(_SETTLED)
        world.restart_after = None
        first.crash()
        world.quota, since = REAL, len(world.cloud.calls)
        restart, met_after = await self._restart()
        await world.wait(_CALM)
        meter = Meter(world)
        await world.wait(HOUR)
        rest = meter.span()
        changed = len(world.cloud.calls)
        await self._change_outside()
        by_id = sum(for_one(record) for record in world.cloud.calls[changed:])
        busiest = most_within([record.time for record in world.cloud.calls[since:]], HOUR)
        unready = sum(not is_ready(world, which) for which in self.fleet if which[1] not in self.told.marred)
        untold = tuple(kind for _, kind, _ in self.told.waiting.values())
        return Hour(restart, met_after, rest, dict(self.told.took), untold, by_id, busiest, unready)

    async def _restart(self) -> tuple[Span, float]:
        """An operator begins with an empty memory: counted until each resource was met, the first sweep long over."""
        world, meter, began = self.world, Meter(self.world), self.world.loop.time()
        process = world.process()
        if not await world.until(lambda: len(process.passes) >= len(self.fleet), 600.0, step=0.1):
            raise TimeoutError(f"only {len(process.passes)} passes in 600 virtual seconds")
        met_after = world.loop.time() - began
        await world.wait(max(0.0, _MET - met_after))
        return meter.span(), met_after

    async def _change_outside(self) -> None:
        world, chance, began = self.world, self.chance, self.world.loop.time()
        chosen = chance.sample(self.fleet, min(self.changes, len(self.fleet) // 2))
        planned = sorted((chance.uniform(0.0, HOUR), number, which) for number, which in enumerate(chosen))
        for at, number, which in planned:
            await world.wait(max(0.0, began + at - world.loop.time()))
            self._change(which, _KINDS[number % len(_KINDS)])
        await world.wait(max(_LAST, began + HOUR + _LAST - world.loop.time()))

    def _change(self, which: Name, kind: str) -> None:
        world, told, name = self.world, self.told, which[1]
        cluster = world.kube.objects[which]["status"]["hpc_cluster_id"]
        match kind:
            case "renamed":
                called = f"chemistry-{name}"
                told.expect(name, kind, lambda status: status.get("cluster_name") == called)
                world.cloud.change_cluster(cluster, Change(name=called))
            case "deleted":
                told.marred.add(name)
                told.expect(name, kind, lambda status: _ready(status)["reason"] == "ClusterVanished")
                world.cloud.change_cluster(cluster, Change(delete="at-once"))
            case _:
                told.expect(name, kind, lambda status: _ready(status)["reason"] == _REASONS[kind])
                world.cloud.change_cluster(cluster, Change(status=kind))
                world.loop.call_later(self.chance.uniform(60.0, 200.0), self._recover, name, cluster)

    def _recover(self, name: str, cluster: str) -> None:
        if name in self.told.waiting:  # the first change is not said yet, and counts as never said
            return
        self.told.expect(name, "active again", lambda status: _ready(status)["status"] == "True")
        self.world.cloud.change_cluster(cluster, Change(status="active"))


_KINDS = ("renamed", "suspended") * 8 + ("deleted",)
"""What happens outside, in turn. Seldom a deletion: its proof costs two calls, and a thousand leave few to spare."""
_REASONS = {"suspended": "AccountInArrears"}
"""What Ready says of a cluster with this status."""
AT_ONE_LOOK = ("renamed", "suspended", "active again")
"""What one look proves; a deletion needs two, and a question by id, before it may be said."""


def _ready(status: Raw) -> Raw:
    return next(each for each in status["conditions"] if each["type"] == "Ready")


class _Told:
    """Watches Kubernetes for what it is to say. `marred`: resources whose clusters are gone for good."""

    def __init__(self, world: World) -> None:
        self._now = world.loop.time
        self.waiting: dict[str, tuple[float, str, Callable[[Raw], bool]]] = {}
        self.took: defaultdict[str, tuple[float, ...]] = defaultdict(tuple)
        self.marred: set[str] = set()
        world.kube.watchers.append(self._seen)

    def expect(self, name: str, kind: str, says: Callable[[Raw], bool]) -> None:
        self.waiting[name] = (self._now(), kind, says)

    def _seen(self, _: str, raw: dict[str, Any]) -> None:
        name = raw["metadata"]["name"]
        if name in self.waiting and self.waiting[name][2](raw["status"]):
            since, kind, _says = self.waiting.pop(name)
            self.took[kind] += (self._now() - since,)


def for_one(record: CallRecord) -> bool:
    """Whether a look asks for one cluster, instead of for all."""
    return record.call in LOOKS and ("cluster_id=" in record.detail or "resource_ids=" in record.detail)


def most_within(times: list[float], span: float) -> int:
    """The most of these ascending times that lie within any window of `span`."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - span:
            first += 1
        most = max(most, last - first + 1)
    return most


def looks(calls: Counter[str]) -> int:
    """List and log pages."""
    return sum(calls[name] for name in LOOKS)


def changing(calls: Counter[str]) -> int:
    """Calls that change something."""
    return sum(calls[name] for name in CHANGING)
