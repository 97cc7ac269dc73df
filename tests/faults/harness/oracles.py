"""The verdict over a run that has settled: DUP, LOST, STUCK, EARLY, FOREIGN, RESTLESS, HOT. Each is a sentence, or nothing."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from faults.harness.world import World
from hpc_operator.kube.codec import parse_resource

PASSES_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One violated oracle."""

    oracle: str
    what: str

    def __str__(self) -> str:
        return f"{self.oracle}: {self.what}"


def recorded(world: World) -> dict[str, list[str]]:
    """Which resources record which cluster, in either memory."""
    found: dict[str, list[str]] = {}
    for raw in world.kube.objects.values():
        resource = parse_resource(raw)
        if resource.id is not None:
            found.setdefault(resource.id, []).append(resource.ref.name)
    return found


def clusters(world: World, *, expected: int, excused: tuple[str, ...] = ()) -> Iterator[Finding]:
    """At most `expected` clusters bill, and each is recorded; `excused` may bill unrecorded (Retain, orphans told)."""
    billing = [i for i in world.alive() if i not in excused]
    known = recorded(world)
    if len(billing) > expected:
        yield Finding("DUP", f"{len(billing)} clusters bill where {expected} should: {billing}")
    for cluster_id in billing:
        if cluster_id not in known:
            yield Finding("LOST", f"{cluster_id} bills and no resource records it (resources: {known})")
    if len(billing) < expected:
        yield Finding("MISSING", f"{len(billing)} clusters where {expected} should be")


def early(world: World) -> Iterator[Finding]:
    """Asked in the moment of Ready: the cloud itself calls the cluster active, whatever its answers say."""
    known = recorded(world)
    for cluster in world.cloud.clusters():
        if cluster.cluster_id in known and cluster.status != "active":
            yield Finding("EARLY", f"{cluster.cluster_id} is {cluster.status} and its resource is Ready")


def foreign(world: World) -> Iterator[Finding]:
    """Nothing was changed or deleted but what createCluster made, or what a person ordered to be taken."""
    orders = (parse_resource(raw).orders for raw in world.kube.objects.values())
    made = {*world.made(), *(cluster for order in orders for cluster in (order.adopt, order.take_over) if cluster)}
    for record in world.cloud.calls:
        if record.effect not in ("", "created") and set(record.ids) - made:
            yield Finding("FOREIGN", f"{record.call} {record.ids}")


def hot(world: World) -> Iterator[Finding]:
    """No process makes more than a bounded number of passes in any minute, and none ends in an unforeseen error."""
    for process in world.processes:
        times = process.passes
        for first, last in zip(times, times[PASSES_A_MINUTE:], strict=False):
            if last - first < 60.0:
                yield Finding(
                    "HOT", f"{process.name}: more than {PASSES_A_MINUTE} passes in the minute from {first:.0f}"
                )
                break
        for error in process.errors:
            yield Finding("ERROR", f"{process.name}: {error}")


QUIET = 65.0
"""Longer than a chore is put off, or a look is shared: what one fault can put off without a write."""


async def quiet(world: World, seconds: Callable[[], float] = lambda: QUIET, limit: float = 1200.0) -> list[Finding]:
    """Wait until nothing was written for so many seconds, asked anew each time: more, when a fault struck meanwhile."""
    end = world.loop.time() + limit
    while world.loop.time() < end:
        before = len(world.kube.writes), len(world.kube.events), (patience := seconds())
        await world.wait(patience)
        if before == (len(world.kube.writes), len(world.kube.events), seconds()):
            return []
    return [Finding("RESTLESS", f"it goes on writing for {limit:.0f} s: {world.kube.writes[-3:]}")]


_PAGES = 12
"""A log in no stable order is read several times over to be whole."""


async def restless(world: World, seconds: float = 100.0) -> list[Finding]:
    """Nothing is written, and only shared looks are made, after all has settled.

    Nodes may be counted once more: an operation that was seen to run may have changed them.
    """
    writes, calls, told = len(world.kube.writes), len(world.cloud.calls), len(world.kube.events)
    await world.wait(seconds)
    found = [Finding("RESTLESS", f"wrote {write}") for write in world.kube.writes[writes:]]
    found += [Finding("RESTLESS", f"told {event['reason']}: {event['note']}") for event in world.kube.events[told:]]
    made = Counter(record.call for record in world.cloud.calls[calls:] if not record.fault)  # those are asked again
    sweeps = 1 + seconds / (0.945 * world.policy.staleness)
    shared = {
        "list": math.inf,
        "listNodes": 1,
        "operation": _PAGES * sweeps * sum(not process.dead for process in world.processes),
    }
    own = [call for call, number in made.items() if number > shared.get(call, 0)]
    return found + [Finding("RESTLESS", f"called {call} {made[call]} times") for call in sorted(own)]
