"""A thousand creations under the real quota in virtual time: every call is accounted for, and who waits for whom.

Imported by the row `creations` and by the test of scale.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.virtual import REAL, Name, Played, apply, is_ready, names, played
from benchmarks.virtual_hour import HOUR, LOOKS, for_one, most_within
from faults.harness.world import EPOCH, World
from hpc_simulator.log import CallRecord

LATER = 60.0
"""The one resource of the other namespace comes so much later than the many."""
_ONCE = ("createCluster", "modifyCluster", "listNodes")
_ID = re.compile(r"\be?hpc-[a-z0-9]+\b")
_LIMIT = 24 * HOUR
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Creations:
    """`took`: virtual seconds until all were Ready with their nodes counted, `posted`: until the last create was sent.

    `wasted`: what was called for nothing, by name and why. `lone_post`, `lone_ready`: how long after its apply the one
    resource of the other namespace was created, and Ready; `before_it`: creates of the many in between.
    """

    took: float
    posted: float
    calls: Counter[str]
    wasted: Mapping[str, int]
    lone_post: float
    lone_ready: float
    before_it: int
    clusters: int
    writes: int
    busiest: int
    unready: int


def creations(number: int, *, quota: int = REAL, create_seconds: float = 360.0, seed: int = 1) -> Played[Creations]:
    """`number` resources: all but one in namespace `a` at once, the last one in `b` a minute later."""
    return played(
        lambda world: _play(world, number),
        seed=str(seed),
        create_seconds=create_seconds,
        quota=quota,
        call_quota=quota,
    )


async def _play(world: World, number: int) -> Creations:
    many, lone = names("many", number - 1, "a"), ("b", "lone")
    world.process()
    began = world.loop.time()
    apply(world, many)
    await world.wait(LATER)
    applied, before = world.now(), len(world.made())
    apply(world, [lone])
    left, ready = [*many, lone], {}

    def all_ready() -> bool:
        ready.update({which: world.now() for which in left if is_ready(world, which) and _counted(world, which)})
        left[:] = [which for which in left if which not in ready]
        return not left

    await world.until(all_ready, _LIMIT, step=5.0)
    posts = [record for record in world.cloud.calls if record.effect == "created"]
    its = next((number for number, record in enumerate(posts) if "lone" in record.detail), None)
    return Creations(
        took=world.loop.time() - began,
        posted=posts[-1].time - EPOCH - began,
        calls=Counter(record.call for record in world.cloud.calls),
        wasted=Counter(wasted(world.cloud.calls)),
        lone_post=posts[its].time - applied if its is not None else _NEVER,
        lone_ready=ready.get(lone, _NEVER) - applied,
        before_it=(its if its is not None else len(posts)) - before,
        clusters=len(world.alive()),
        writes=len(world.kube.writes),
        busiest=most_within([record.time for record in world.cloud.calls], HOUR),
        unready=len(left),
    )


def _counted(world: World, which: Name) -> bool:
    """Whether the nodes stand in the status: a chore that may come after Ready where calls are scarce."""
    return bool(world.kube.objects[which]["status"].get("nodes"))


def wasted(records: Iterable[CallRecord]) -> Iterator[str]:
    """Each call that is neither a create, a new cluster's description, its one node list, nor a look that all share."""
    done: Counter[tuple[str, str]] = Counter()
    for record in records:
        if record.ret_code != 0:
            yield f"{record.call} refused with {record.ret_code}"
        elif record.call in LOOKS:
            if for_one(record):
                yield f"{record.call} for one cluster"
        else:
            about = (record.call, _about(record))
            done[about] += 1
            if done[about] > 1:
                yield f"{record.call} repeated"
            elif record.call not in (*_ONCE, "permission"):
                yield record.call


def _about(record: CallRecord) -> str:
    """The cluster that a call is about; a create is about the names that it sends."""
    if record.call == "createCluster":
        return record.detail
    found = _ID.search(record.detail)
    return found[0] if found else ""


def accounted(number: int) -> Mapping[str, int]:
    """The calls that so many creations cannot do without; list and log come besides."""
    return {**dict.fromkeys(_ONCE, number), "permission": 1}
