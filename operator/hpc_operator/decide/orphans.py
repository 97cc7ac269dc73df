"""Which clusters of a list look have no resource: marks of our fleet that no resource bears. Pure; deletes nothing.

Imported by `measuring` (a gauge, at each scrape) and `orphans` (the command). A mark holds hashes only: whose it was
can be told where a resource of that namespace and name exists, and nothing more. So a cluster of a namespace that is
not served here, one that was left behind on purpose (`Retain`) and one that was lost look alike.

What goes wrong without the window: a cluster is listed before its answer is written, and a resource that was forced
away leaves a create in flight; neither is lost.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hpc_operator.decide import guards
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import Mark, fleet_of, marks_in, object_of, stem
from hpc_operator.domain.observed import Cluster, ListLook
from hpc_operator.domain.record import Resource


class What(StrEnum):
    """What an orphan is, as far as its mark tells."""

    RESOURCE_GONE = "resource gone"
    UNKNOWN_OBJECT = "unknown object"


@dataclass(frozen=True, slots=True)
class Orphan:
    """A cluster without a resource. `namesake`: the resource that now bears the namespace and name it was made for."""

    cluster: Cluster
    mark: Mark
    what: What
    namesake: Ref | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A cluster of a resource beside the one that it records (`recorded`), or beside another when it records none."""

    cluster: Cluster
    ref: Ref
    recorded: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the resources of a fleet record: whose a mark is, who has a namespace and name, who records a cluster."""

    fleet: str
    stems: Mapping[str, Ref]
    objects: Mapping[str, Ref]
    holders: Mapping[str, Ref]
    recorded: Mapping[str, str] = field(default_factory=dict)
    strays: Mapping[str, Ref] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Every line of a look in one place. `young`: may still be somebody's; `kept`: a resource's own."""

    kept: tuple[Cluster, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    young: tuple[Orphan, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    foreign: tuple[Cluster, ...] = ()
    unmarked: tuple[Cluster, ...] = ()


def known(resources: Iterable[Resource], fleet: str) -> Known:
    """What these resources record; `fleet` is the setting."""
    stems: dict[str, Ref] = {}
    objects: dict[str, Ref] = {}
    holders: dict[str, Ref] = {}
    strays: dict[str, Ref] = {}
    recorded: dict[str, str] = {}
    for resource in resources:
        ref = resource.ref
        own = stem(fleet, ref)
        stems |= dict.fromkeys((own, *guards.recorded_marks(resource)), ref)
        objects[object_of(own)] = ref
        strays |= dict.fromkeys(resource.memory.strays, ref)
        ids = (resource.memory.hpc_cluster_id, resource.record.id if resource.record else None)
        holders |= {each: ref for each in ids if each}
        if resource.id is not None:
            recorded[ref.uid] = resource.id
    return Known(fleet_of(fleet), stems, objects, holders, recorded, strays)


def sort(look: ListLook, known: Known, window: float) -> Sorted:
    """Put each line of the look where it belongs; `window` seconds must lie between its creation and the look."""
    found: defaultdict[str, list[Cluster]] = defaultdict(list)
    orphans: list[Orphan] = []
    bearers: defaultdict[Ref, list[Cluster]] = defaultdict(list)
    for cluster in look.clusters:
        marks = tuple(marks_in(*cluster.texts))
        bearer = _bearer(cluster, marks, known)
        ours = [mark for mark in marks if mark.fleet == known.fleet]
        if bearer is not None:
            bearers[bearer].append(cluster)
        elif cluster.id in known.holders:
            found["kept"].append(cluster)
        elif ours:
            orphans.append(_orphan(cluster, ours[0], known))
        else:
            found["foreign" if marks else "unmarked"].append(cluster)
    kept, duplicates = _parted(bearers, known)
    young = [each for each in orphans if _young(each.cluster, look, window)]
    return Sorted(
        kept=(*found["kept"], *kept),
        orphans=tuple(each for each in orphans if each not in young),
        young=tuple(young),
        duplicates=tuple(duplicates),
        foreign=tuple(found["foreign"]),
        unmarked=tuple(found["unmarked"]),
    )


def _bearer(cluster: Cluster, marks: Collection[Mark], known: Known) -> Ref | None:
    """Whose mark it bears, or to whom it was answered beside another; nobody's when another one records it."""
    bearer = known.strays.get(cluster.id) or next((known.stems[m.stem] for m in marks if m.stem in known.stems), None)
    holder = known.holders.get(cluster.id)
    return bearer if holder is None or bearer is None or holder.uid == bearer.uid else None


def _orphan(cluster: Cluster, mark: Mark, known: Known) -> Orphan:
    namesake = known.objects.get(mark.object)
    return Orphan(cluster, mark, What.RESOURCE_GONE if namesake else What.UNKNOWN_OBJECT, namesake)


def _parted(bearers: Mapping[Ref, list[Cluster]], known: Known) -> tuple[list[Cluster], list[Duplicate]]:
    """The one that a resource records, and those beside it. Who records none yet may have one."""
    kept: list[Cluster] = []
    duplicates: list[Duplicate] = []
    for ref, clusters in bearers.items():
        recorded = known.recorded.get(ref.uid)
        own = recorded or min(cluster.id for cluster in clusters)
        kept += [cluster for cluster in clusters if cluster.id == own]
        duplicates += [Duplicate(cluster, ref, recorded) for cluster in clusters if cluster.id != own]
    return kept, duplicates


def _young(cluster: Cluster, look: ListLook, window: float) -> bool:
    """Whether its answer may still be on its way. One that does not say when it was created is judged as it stands."""
    return cluster.created_at is not None and look.begun < cluster.created_at + window
