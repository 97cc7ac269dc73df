"""Many creations under the real quota, in virtual time: no call is wasted, and nobody waits for another namespace."""

from benchmarks.row import Figure, Goal, Row
from benchmarks.sizes import Size
from benchmarks.virtual import REAL, Played, scale
from benchmarks.virtual_creations import LATER, Creations, accounted, creations


def measure(size: Size) -> list[Row]:
    """Two rows out of one world. A fraction of the creations gets the same fraction of the quota."""
    number = scale(size).creations
    quota = REAL * number // 1000
    told = creations(number, quota=quota)
    return [_wasted(told, number, quota), _fair(told, number)]


def _wasted(played: Played[Creations], number: int, quota: int) -> Row:
    result = played.result
    return Row(
        f"{number} creations under a quota of {quota} an hour",
        (
            Figure("calls wasted", sum(result.wasted.values())),
            Figure("clusters", result.clusters),
            Figure("not Ready", result.unready),
            Figure("Kubernetes writes each", result.writes / number),
            Figure("all ready after", result.took / 60, "min"),
            Figure("last create after", result.posted / 60, "min"),
            Figure("calls in the busiest hour", result.busiest),
            Figure("factor", played.factor, "×"),
        ),
        "wasted: refused, repeated, or neither of a create's own three calls nor a look that all share",
        goals=(
            Goal("calls wasted", "≤", 0),
            Goal("clusters", "≤", number),
            Goal("not Ready", "≤", 0),
            Goal("calls in the busiest hour", "≤", quota),
        ),
        notes=(
            f"calls: {dict(result.calls)}; needed: {dict(accounted(number))}; wasted: {dict(result.wasted) or 'none'}",
            f"{played.virtual:.0f} virtual seconds in {played.wall:.0f} s",
        ),
        details={"calls": dict(result.calls), "wasted": dict(result.wasted)},
    )


def _fair(played: Played[Creations], number: int) -> Row:
    result = played.result
    return Row(
        f"one in namespace b, {LATER:.0f} s after {number - 1} in a",
        (
            Figure("created after", result.lone_post, "s"),
            Figure("creates of a before it", result.before_it),
            Figure("ready after", result.lone_ready / 60, "min"),
        ),
        "virtual time from its apply on; a create itself takes 6 minutes",
        details={"created_s": result.lone_post, "ready_s": result.lone_ready},
    )
