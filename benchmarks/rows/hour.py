"""A settled fleet in a simulated hour: what watching costs, how stale it may get, and what a restart among it costs."""

from benchmarks.figures import percentile
from benchmarks.row import Figure, Goal, Row
from benchmarks.sizes import Size
from benchmarks.virtual import Played, scale
from benchmarks.virtual_hour import AT_ONE_LOOK, Hour, changing, hour, looks

_CALLS, _STALENESS, _RESTART = 1400, 30, 13


def measure(size: Size) -> list[Row]:
    """Three rows out of one world."""
    wanted = scale(size)
    told = hour(wanted.clusters, wanted.changes)
    return [_rest(told, wanted.clusters), _staleness(told, wanted.clusters), _restart(told, wanted.clusters)]


def _rest(played: Played[Hour], clusters: int) -> Row:
    rest = played.result.rest
    return Row(
        f"{clusters} settled, a simulated hour",
        (
            Figure("API calls", rest.calls.total()),
            Figure("Kubernetes writes", rest.writes + rest.events),
            Figure("passes", rest.passes),
            Figure("factor", played.factor, "×"),
        ),
        "calls of the HPC API and writes, events among them, while nothing happens",
        goals=(Goal("API calls", "≤", _CALLS), Goal("Kubernetes writes", "≤", 0)),
        notes=(
            f"calls: {dict(rest.calls)}; requests to Kubernetes: {dict(rest.requests)}",
            f"{played.virtual:.0f} virtual seconds in {played.wall:.0f} s; "
            f"most calls in any hour under the real quota: {played.result.busiest}",
        ),
        details={"calls": dict(rest.calls), "requests": dict(rest.requests), "busiest": played.result.busiest},
    )


def _staleness(played: Played[Hour], clusters: int) -> Row:
    result = played.result
    seen = [each for kind in AT_ONE_LOOK for each in result.told.get(kind, ())]
    gone = result.told.get("deleted", ())
    kinds = {kind: len(times) for kind, times in sorted(result.told.items())}
    return Row(
        f"a change outside at {clusters}, until status says it",
        (
            Figure("p50", percentile(seen, 0.5), "s"),
            Figure("p99", percentile(seen, 0.99), "s"),
            Figure("slowest", max(seen), "s"),
            Figure("deleted, p99", percentile(gone, 0.99) if gone else 0.0, "s"),
            Figure("calls for one cluster", result.by_id),
            Figure("never said", len(result.untold) + result.unready),
        ),
        "virtual seconds; a deletion is proved by two lists and a question by id, so it is counted apart",
        goals=(Goal("p99", "≤", _STALENESS), Goal("never said", "≤", 0)),
        notes=(f"{len(seen) + len(gone)} changes at random moments of a simulated hour: {kinds}",),
        details={"seconds": {kind: list(times) for kind, times in result.told.items()}, "untold": list(result.untold)},
    )


def _restart(played: Played[Hour], clusters: int) -> Row:
    span = played.result.restart
    return Row(
        f"restart with {clusters} settled, counted",
        (
            Figure("changing calls", changing(span.calls)),
            Figure("list and log calls", looks(span.calls)),
            Figure("Kubernetes writes", span.writes + span.events),
            Figure("each resource met after", played.result.met_after, "s"),
        ),
        f"counts of the first {span.seconds:.0f} virtual seconds after a kill",
        goals=(
            Goal("changing calls", "≤", 0),
            Goal("list and log calls", "≤", _RESTART),
            Goal("Kubernetes writes", "≤", 0),
        ),
        notes=(f"calls: {dict(span.calls)}; requests to Kubernetes: {dict(span.requests)}",),
        details={"calls": dict(span.calls), "requests": dict(span.requests), "passes": span.passes},
    )
