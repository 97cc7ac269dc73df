"""What happens on a soak's day: what people do, at keyboard and console, and the faults that strike. Seeded.

Imported by `virtual_soak` only, which decides when. Points and faults are those of the fault suite's single faults.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from faults.harness.advice import Person
from faults.harness.injection import Kind, Strike
from faults.harness.life import Course
from faults.harness.singles import CLOUD, PORTS, kinds
from faults.harness.world import World
from hpc_simulator.faults import Fault as CloudFault
from hpc_simulator.outside import Change

SPEC: dict[str, Any] = {"deletionPolicy": "Delete"}
"""What every resource says beside the usual: also an adopted cluster goes with its resource."""
_FEW_OTHERS = 5
_KUBE = ("kube.GET list", "kube.GET object", "kube.GET secret", "kube.POST secret", "kube.POST event")
_THOROUGH = Course("soak", thorough=True)


class Town:
    """The people, and what they remember: clusters of others, stopped ones, pauses."""

    def __init__(self, world: World, person: Person, chance: Random) -> None:
        self.world, self.person, self.chance = world, person, chance
        self.others: list[str] = []
        self.stopped: set[str] = set()

    def cluster(self, name: str) -> str | None:
        """The cluster that a resource records, while it exists."""
        raw = self.world.kube.objects.get(("default", name))
        found = raw["status"].get("hpc_cluster_id") if raw else None
        return found if found in self.world.cloud.world.clusters else None

    def later(self, act: Callable[[], None]) -> None:
        """Within half an hour."""
        self.world.loop.call_later(self.chance.uniform(60.0, 1800.0), act)

    def start(self, cluster: str) -> None:
        """Start what was stopped."""
        self.stopped.discard(cluster)
        found = self.world.cloud.world.clusters.get(cluster)
        if found is not None and found.status == "stopped":
            self.world.cloud.change_cluster(cluster, Change(status="active"))

    def restore(self) -> None:
        """The end of the day: all is started, nothing is paused, the weather is fine."""
        for cluster in sorted(self.stopped):
            self.start(cluster)
        for _, name in list(self.world.kube.objects):
            self.world.people.annotate(name, paused=None)
        self.world.cloud.change_settings(list_lag=2.0, log_lag=2.0, tap_closed=False)


@dataclass(frozen=True, slots=True)
class Act:
    """`do` is asked with the name of a resource; whether it did anything. `weight`: how often, compared with others.

    `deletes`: a resource or its cluster goes by it.
    """

    name: str
    weight: float
    do: Callable[[Town, str], bool]
    deletes: bool = False


def _here(town: Town, name: str) -> bool:
    raw = town.world.kube.objects.get(("default", name))
    return raw is not None and "deletionTimestamp" not in raw["metadata"]


def _describe(town: Town, name: str) -> bool:
    if here := _here(town, name):
        town.world.people.edit(name, description=f"for team {town.chance.randrange(9)}")
    return here


def _rename(town: Town, name: str) -> bool:
    if here := _here(town, name):
        town.world.people.edit(name, cluster_name=f"{town.chance.choice(['chem', 'bio', 'phys'])}-{name[-2:]}")
    return here


def _delete(town: Town, name: str) -> bool:
    """It is applied again once it is gone."""
    if here := _here(town, name):
        town.world.people.delete(name)
    return here


def _touch(town: Town, name: str) -> bool:
    if here := _here(town, name):
        town.world.touch(name)
    return here


def _pause(town: Town, name: str) -> bool:
    def go_on() -> None:
        if _here(town, name):
            town.world.people.annotate(name, paused=None)

    if here := _here(town, name):
        town.world.people.annotate(name, paused="true")
        town.later(go_on)
    return here


def _look_now(town: Town, name: str) -> bool:
    if here := _here(town, name):
        town.world.people.annotate(name, reconcile_at=f"{town.world.loop.time():.0f}")
    return here


def _rename_outside(town: Town, name: str) -> bool:
    if cluster := town.cluster(name):
        town.world.people.rename(cluster, f"outside-{town.chance.randrange(9)}")
    return bool(cluster)


def _describe_outside(town: Town, name: str) -> bool:
    if cluster := town.cluster(name):
        found = town.world.cloud.world.clusters[cluster]
        town.world.people.describe(cluster, f"{found.shown_description(town.world.cloud.settings)} seen")
    return bool(cluster)


def _stop_outside(town: Town, name: str) -> bool:
    cluster = town.cluster(name)
    if cluster is None or town.world.cloud.world.clusters[cluster].status != "active":
        return False
    town.stopped.add(cluster)
    town.world.cloud.change_cluster(cluster, Change(status="stopped"))
    town.later(lambda: town.start(cluster))
    return True


def _destroy_outside(town: Town, name: str) -> bool:
    if cluster := town.cluster(name):
        town.world.people.destroy(cluster)
    return bool(cluster)


def _others(town: Town, _: str) -> bool:
    """Other people of the account buy, and give back."""
    if len(town.others) < _FEW_OTHERS:
        town.others.append(town.world.people.buy(f"theirs-{len(town.others)}"))
    else:
        town.world.people.destroy(town.others.pop(0))
    return True


def _lag(town: Town, _: str) -> bool:
    """News takes longer, for a while; never longer than the policy allows for."""
    town.world.cloud.change_settings(
        list_lag=town.chance.choice([0.0, 2.0, 30.0, 55.0]), log_lag=town.chance.choice([0.0, 2.0, 30.0, 55.0])
    )
    return True


def _outage(town: Town, _: str) -> bool:
    """The service cannot be reached for some minutes."""
    town.world.cloud.change_settings(tap_closed=True)
    town.world.loop.call_later(
        town.chance.uniform(30.0, 900.0), lambda: town.world.cloud.change_settings(tap_closed=False)
    )
    return True


ACTS = (
    Act("describe", 6, _describe),
    Act("rename", 4, _rename),
    Act("delete and apply", 4, _delete, deletes=True),
    Act("touch", 1, _touch),
    Act("pause", 1, _pause),
    Act("look now", 1, _look_now),
    Act("rename outside", 2, _rename_outside),
    Act("describe outside", 2, _describe_outside),
    Act("stop outside", 2, _stop_outside),
    Act("delete outside", 1, _destroy_outside, deletes=True),
    Act("others buy or give back", 1, _others),
    Act("lag", 1, _lag),
    Act("outage", 0.5, _outage),
)


def _kills(fault: Kind | CloudFault) -> bool:
    return fault in (Kind.CRASH_BEFORE, Kind.CRASH_AFTER)


class Faults:
    """Faults that are due strike at a point drawn for each, so that rare ones get as many as the common ones.

    `crashes`: whether a process may die of one.
    """

    def __init__(self, world: World, chance: Random, *, crashes: bool) -> None:
        self._chance, self._crashes = chance, crashes
        self._wanted: list[str] = []
        self._on = True
        self.struck: Counter[str] = Counter()
        world.injector.chance = self._strike

    def due(self) -> None:
        """One more is to strike, when its point is reached."""
        self._wanted.append(self._chance.choice([*PORTS, *(f"cloud.{call}" for call in CLOUD), *_KUBE]))

    def pause(self) -> None:
        """None strikes for now."""
        self._on = False

    def go_on(self) -> None:
        """They strike again."""
        self._on = True

    def end(self) -> None:
        """None strikes any more."""
        self._wanted.clear()
        self._on = False

    def _strike(self, index: int, point: str) -> Strike | None:
        if not self._on or point not in self._wanted:
            return None
        self._wanted.remove(point)
        possible = [each for each in kinds(_THOROUGH, point) if self._crashes or not _kills(each)]
        fault = self._chance.choice(possible)
        self.struck[str(fault) if isinstance(fault, Kind) else type(fault).__name__] += 1
        return Strike(index, fault, seconds=self._chance.choice([14.0, 100.0, 300.0]))
