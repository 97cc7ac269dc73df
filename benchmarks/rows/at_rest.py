"""From `kubectl apply` to the createCluster request, one resource at a time, the operator quiet before each.

The clock starts when the API server has accepted the create (its audit log) and stops when the request reached the
simulator (its log of calls): one machine, one clock, and nothing of the measuring in between.
"""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stage.manifests import ehpc
from stage.operators import Operator
from stage.waiting import until

from benchmarks.audit import Request
from benchmarks.figures import percentile
from benchmarks.load import names
from benchmarks.row import Figure, Goal, Row
from benchmarks.stage import Ground, Scene, quiet

_WARM = 5
_CALM = {"POLL": "3600"}  # what was created before is not looked at again while the next one is measured


@dataclass(frozen=True, slots=True)
class Sample:
    """One creation. Milliseconds from the API server's acceptance: of createCluster, and of each step before it."""

    posted: float
    steps: Mapping[str, float]


def measure(ground: Ground) -> list[Row]:
    """One row: the median and the 99th percentile."""
    with ground.scene("at-rest") as scene:
        operator = scene.operator(**_CALM)
        for name in names("warm", _WARM):
            _once(scene, operator, name)
        samples = [_once(scene, operator, name) for name in names("one", ground.size.at_rest)]
    return [_row(samples)]


def _row(samples: Sequence[Sample]) -> Row:
    posted = [sample.posted for sample in samples]
    steps = _medians(samples)
    return Row(
        "apply → createCluster, at rest",
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


def _once(scene: Scene, operator: Operator, name: str) -> Sample:
    quiet(operator)
    mark = scene.mark()
    scene.kube.create(ehpc(name))
    quiet(operator)
    until(f"{name} has an id", lambda: scene.kube.status(name).get("hpc_cluster_id"))
    calls = scene.cloud.calls(since=mark.call)
    accepted = next(r.answered for r in scene.asked(mark, None) if (r.verb, r.kind) == ("create", "hpcclusters"))
    posted = next(call["time"] for call in calls if call["call"] == "createCluster")
    steps = {f"call {call['call']}": call["time"] for call in reversed(calls) if call["time"] <= posted}
    steps |= _asked([r for r in scene.asked(mark) if r.received <= posted])
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
