"""Resources that are all as wished: what watching them costs, and how well it is done. Two scenes, seeded.

In the first, of the size that the goals are about: starts and ends, a window of rest, changes made outside, newcomers.
In the second, larger one: what grows with the number.
"""

from dataclasses import dataclass

from stage.waiting import until

from benchmarks.figures import growth, percentile, slope
from benchmarks.load import is_ready, names
from benchmarks.outside import Told, start_again
from benchmarks.row import Figure, Goal, Row
from benchmarks.rows import newcomer, restarting, resting, staleness
from benchmarks.rows.restarting import Start
from benchmarks.rows.resting import Rest
from benchmarks.seeding import seed, settle_one
from benchmarks.stage import Ground, Scene

_CREATE = 1.0
_QUICK = {"POLL": "1"}
"""For the operator that settles the model."""
_LINEAR = 1.2
"""A power of the number that is taken for linear: two sizes and one machine do not tell more."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What one scene showed of so many settled resources."""

    resources: int
    start: Start
    rest: Rest
    told: Told


def measure(ground: Ground) -> list[Row]:
    """Restart, end, CPU, staleness, newcomers, memory, growth."""
    rows, small = _settled(ground)
    large = _grown(ground)
    return [*rows, _memory(small, large), _growth(small, large)]


def _settled(ground: Ground) -> tuple[list[Row], Watched]:
    size, number = ground.size, ground.size.settled
    with ground.scene("settled", create=_CREATE) as scene:
        model = settle_one(scene, first := scene.operator(**_QUICK), "model")
        restarting.stop(first)
        fleet = seed(scene, model, names("settled", number - 1))
        made, operator = restarting.start(scene, number)
        starts, ends = [made], []
        for _ in range(size.restarts):
            ends.append(restarting.stop(operator))
            made, operator = restarting.start(scene, number)
            starts.append(made)
        rest = resting.rest(scene, operator, size.rest_window)
        chosen = staleness.spread(fleet, size.changed)
        told = staleness.changed(scene, operator, chosen, size.change_window)
        ends.append(restarting.stop(operator))
        start_again(scene, [each.cluster_id for each in chosen])
        _, operator = restarting.start(scene, number, **newcomer.CALM)
        until("all are Ready again", lambda: _all_ready(scene) or None, pause=1.0)
        samples = newcomer.create_some(scene, size.newcomers)
    rows = [
        restarting.started_row(starts, number),
        restarting.ended_row(ends, number),
        resting.row(rest, number),
        staleness.row(told, number, size.change_window),
        newcomer.row(samples, number),
    ]
    return rows, Watched(number, starts[-1], rest, told)


def _grown(ground: Ground) -> Watched:
    size, number = ground.size, ground.size.grown
    with ground.scene("grown", create=_CREATE) as scene:
        model = settle_one(scene, first := scene.operator(**_QUICK), "model")
        restarting.stop(first)
        fleet = seed(scene, model, names("settled", number - 1))
        made, operator = restarting.start(scene, number)
        rest = resting.rest(scene, operator, size.grown_window)
        told = staleness.changed(scene, operator, staleness.spread(fleet, size.grown_changed), size.grown_change_window)
    return Watched(number, made, rest, told)


def _all_ready(scene: Scene) -> bool:
    return all(is_ready(each["status"]) for each in scene.kube.clusters())


def _memory(small: Watched, large: Watched) -> Row:
    each = slope((small.resources, large.resources), (small.rest.memory, large.rest.memory))
    return Row(
        f"resident memory with {small.resources}",
        (
            Figure("resident", small.rest.memory, "MB"),
            Figure("each further", each * 1000, "KB"),
        ),
        "of the process that serves them, after a while of rest",
        goals=(Goal("resident", "≤", 150), Goal("each further", "≤", 20)),
        notes=(
            f"each further: between processes with {small.resources} and {large.resources}, {large.rest.memory:.0f} MB",
        ),
        details={"megabytes": {str(each.resources): each.rest.memory for each in (small, large)}},
    )


def _growth(small: Watched, large: Watched) -> Row:
    both = (small, large)
    numbers = [each.resources for each in both]
    looked, met = [each.start.looked for each in both], [each.start.met for each in both]
    memory, cpu = [each.rest.memory for each in both], [each.rest.cpu for each in both]
    return Row(
        f"{large.resources} settled",
        (
            Figure("first full look after", looked[-1], "s"),
            Figure("each resource met after", met[-1], "s"),
            Figure("memory", memory[-1], "MB"),
            Figure("CPU at rest", cpu[-1], "%"),
            Figure("staleness p50", percentile(large.told.seconds, 0.5), "s"),
            Figure("staleness p99", percentile(large.told.seconds, 0.99), "s"),
            Figure("start grows with the power", growth(numbers, met)),
            Figure("memory grows with the power", growth(numbers, memory)),
            Figure("CPU grows with the power", growth(numbers, [max(each, 0.01) for each in cpu])),
        ),
        f"beside {small.resources}; power 1: with the number",
        goals=(Goal("start grows with the power", "≤", _LINEAR), Goal("memory grows with the power", "≤", _LINEAR)),
        notes=(
            f"at {small.resources}: {looked[0]:.2f} s, {met[0]:.2f} s, {memory[0]:.0f} MB, {cpu[0]:.2f} %",
            f"staleness: {len(large.told.seconds)} changes, {large.told.unseen} never seen; "
            f"calls at rest in {large.rest.window:.0f} s: {dict(large.rest.calls)}; "
            f"at the start: {dict(large.start.calls)}, Kubernetes writes {large.start.writes}",
        ),
        details={"staleness_s": list(large.told.seconds), "resources": numbers, "met_s": met, "cpu_percent": cpu},
    )
