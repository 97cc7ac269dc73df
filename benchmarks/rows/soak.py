"""A simulated day of edits, faults and kills, and the verdict at its end. The seed decides everything but the time.

Two runs side by side: in one the process is killed at random points all day long, in the other it lives from begin to
end and is weighed. The verdict is over both.
"""

from collections import Counter

from benchmarks.row import Figure, Goal, Row
from benchmarks.sizes import Size
from benchmarks.virtual import Played, scale
from benchmarks.virtual_soak import Plan, Soaked, soak
from faults.harness.cores import on_all_cores

_SEED = 1
_WALL = 300


def measure(size: Size) -> list[Row]:
    """The verdict, and the weight of the process that was not killed."""
    wanted = scale(size)
    plans = [Plan(_SEED, wanted.fleet, wanted.hours), Plan(_SEED, wanted.fleet, wanted.hours, kills=0.0, churn=0.25)]
    killed, weighed = on_all_cores(soak, plans)
    return [_verdict([killed, weighed], wanted.hours), _memory(weighed)]


def _verdict(both: list[Played[Soaked]], hours: float) -> Row:
    runs = [each.result for each in both]
    wall = max(each.wall for each in both)
    found = {
        "duplicates": [each for run in runs for each in run.duplicates],
        "orphans": [each for run in runs for each in run.orphans],
        "stuck": [each for run in runs for each in run.stuck],
        "errors": [each for run in runs for each in run.errors],
    }
    return Row(
        f"soak, {hours:.0f} simulated hours",
        (
            *(Figure(name, len(each)) for name, each in found.items()),
            Figure("wall", wall, "s"),
            Figure("factor", min(each.factor for each in both), "×"),
            Figure("seed", _SEED),
        ),
        "two runs, one of them killed all day long",
        goals=(*(Goal(name, "≤", 0) for name in found), Goal("wall", "≤", _WALL)),
        notes=(
            *(_lived(run) for run in runs),
            *(f"{name}: {one}" for name, each in found.items() for one in each[:10]),
        ),
        details={**found, "acts": [dict(run.acts) for run in runs], "faults": [dict(run.faults) for run in runs]},
    )


def _lived(run: Soaked) -> str:
    acts, faults = run.acts.total(), run.faults.total()
    answers = Counter(answer.split(":")[0].split()[-1] for answer in run.answers)
    return (
        f"{run.plan.fleet} resources, {run.created} clusters created, {acts} acts of people, {faults} faults, "
        f"{run.kills} kills, answered: {dict(answers) or 'nothing'}; "
        f"calls: {dict(run.calls)}, most in an hour {run.busiest}"
    )


def _memory(played: Played[Soaked]) -> Row:
    run = played.result
    each = (run.late - run.early) / max(1, run.created - run.created_early)
    return Row(
        "soak, memory of a process that lives through it",
        (
            Figure("growth", run.growth, "%"),
            Figure("early", run.early / 1000, "KB"),
            Figure("late", run.late / 1000, "KB"),
            Figure("for each cluster created meanwhile", each, "B"),
        ),
        "bytes of all objects that its engine, cache, queue, looks and clients keep, at rest with the same fleet",
        goals=(Goal("growth", "<", 5),),
        notes=(f"early: after {run.early_at / 3600:.1f} simulated hours; late: after {played.virtual / 3600:.1f}",),
        details={"early": run.early, "late": run.late},
    )
