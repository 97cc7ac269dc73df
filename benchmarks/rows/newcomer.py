"""From `kubectl apply` to the createCluster request, one new resource at a time, while many settled ones are watched.

The clock starts when the API server has accepted the create (its audit log) and stops when the request reached the
simulator (its log of calls): one machine, one clock, and nothing of the measuring in between.
"""

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stage.manifests import ehpc
from stage.waiting import until

from benchmarks.audit import Request
from benchmarks.figures import percentile
from benchmarks.load import names
from benchmarks.row import Figure, Goal, Row
from benchmarks.stage import Scene

_WARM = 3
_PAUSE = (0.1, 0.4)
"""Seconds between two, at random, so that the operator has written what follows a create, and sweeps fall anywhere."""
_SEED = 20262
CALM = {"POLL": "60"}
"""Settings under which what was created before is hardly looked at while the next one is measured; sweeps go on."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One creation. Milliseconds from the API server's acceptance: of createCluster, and of each step before it."""

    posted: float
    steps: Mapping[str, float]


def create_some(scene: Scene, number: int) -> list[Sample]:
    """One after the other; an operator with the settings CALM leads."""
    chance = random.Random(_SEED)
    for name in names("warm", _WARM):
        _once(scene, name, chance)
    return [_once(scene, name, chance) for name in names("one", number)]


def row(samples: Sequence[Sample], resources: int) -> Row:
    """The median and the 99th percentile."""
    posted, steps = [sample.posted for sample in samples], _medians(samples)
    return Row(
        f"one new resource while {resources} are watched, apply → POST",
        (
            Figure("p50", percentile(posted, 0.5), "ms"),
            Figure("p99", percentile(posted, 0.99), "ms"),
        ),
        "from the API server's acceptance of the create to the request's arrival at the HPC API",
        goals=(Goal("p50", "<", 50), Goal("p99", "<", 250)),
        notes=(
            f"{len(posted)} creations, one at a time; fastest {min(posted):.0f} ms",
            "where the time goes, median ms after acceptance: " + ", ".join(f"{n} {at:.0f}" for n, at in steps.items()),
        ),
        details={"posted_ms": posted, "steps_ms": steps},
    )


def _once(scene: Scene, name: str, chance: random.Random) -> Sample:
    time.sleep(chance.uniform(*_PAUSE))
    mark = scene.mark()
    scene.kube.create(ehpc(name))
    until(f"{name} has an id", lambda: scene.kube.status(name).get("hpc_cluster_id"))
    calls = scene.cloud.calls(since=mark.call)
    accepted = next(r.answered for r in scene.asked(mark, None) if (r.verb, r.kind) == ("create", "hpcclusters"))
    posted = next(call["time"] for call in calls if call["call"] == "createCluster")
    steps = {f"call {call['call']}": call["time"] for call in reversed(calls) if call["time"] <= posted}
    own = (name, f"{name}-admin", "")  # a create is audited without its name
    steps |= _asked([r for r in scene.asked(mark) if r.received <= posted and r.name in own])
    return Sample(_ms(posted - accepted), {what: _ms(at - accepted) for what, at in steps.items()})


def _asked(requests: Sequence[Request]) -> dict[str, float]:
    """When each request was first received."""
    return {request.what: request.received for request in reversed(requests) if request.kind != "leases"}


def _medians(samples: Sequence[Sample]) -> dict[str, float]:
    """Of the steps that most samples have, in the order of their times."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for sample in samples:
        for what, at in sample.steps.items():
            found[what].append(at)
    usual = {what: statistics.median(at) for what, at in found.items() if 2 * len(at) > len(samples)}
    return dict(sorted(usual.items(), key=lambda item: item[1]))


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
