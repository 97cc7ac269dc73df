"""Two faults in one life: what the second can strike is read from a run with the first, since that changes the course.

A pair lies within one phase: both before the cluster has settled (the create), or both after its deletion was asked
for (the delete). Reads that are repeated while nothing changed are struck at their first time only, as in `singles`.
"""

import random  # noqa: TID251 - seeded: a sample of all pairs
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from faults.harness.cores import on_all_cores
from faults.harness.injection import Strike
from faults.harness.life import Course, Verdict, live
from faults.harness.singles import Single, kinds, singles


@dataclass(frozen=True, slots=True)
class Job:
    """All seconds of one first strike, or a sample of them."""

    first: Single
    sample: int | None = None
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What the runs of one job came to. `of`: how many seconds there are; `asked`: runs in which a person resolved.

    `alone`: what was found in the run with the first fault only, which tells what the second can strike.
    """

    phase: str
    alone: tuple[str, ...]
    runs: int
    of: int
    asked: int
    findings: tuple[str, ...]


def phase_of(index: int, verdict: Verdict) -> str:
    """`create`, `delete`, or `between` them."""
    if index >= verdict.asked:
        return "delete"
    return "create" if index < verdict.settled else "between"


def jobs(course: Course, sample: int | None = None, seed: str = "", phase: str | None = None) -> list[Job]:
    """One job for each first strike of create and delete, or of one of them. A scenario is all one phase, `create`."""
    alone = live(course)
    phases = ("create", "delete") if phase is None else (phase,)
    found = [single for single in singles(course, alone) if phase_of(single.strike.index, alone) in phases]
    return [Job(single, sample, f"{seed}/{single}") for single in found]


def spread(course: Course, wanted: int, seed: str, phase: str | None = None) -> list[Job]:
    """So many pairs, spread evenly over all first strikes; drawn ones have one more than the others, or the only one."""
    plan = jobs(course, 0, seed, phase)
    each, over = divmod(wanted, len(plan))
    drawn = set(random.Random(seed).sample(range(len(plan)), over))
    return [replace(job, sample=each + (number in drawn)) for number, job in enumerate(plan)]


def seconds(course: Course, first: Strike, alone: Verdict) -> Iterator[Strike]:
    """What can strike after the first, in its phase of the run `alone` that had only the first."""
    phase = phase_of(first.index, alone)
    times: Counter[tuple[str, int]] = Counter()
    for index, (point, state) in enumerate(zip(alone.points, alone.states, strict=True)):
        times[point, state] += 1
        if index > first.index and times[point, state] == 1 and phase_of(index, alone) == phase:
            yield from (Strike(index, fault) for fault in kinds(course, point))


def play(job: Job) -> Result:
    """Play a job's pairs."""
    course, first = job.first.course, job.first.strike
    alone = live(course, (first,))
    every = list(seconds(course, first, alone))
    chosen = every
    if job.sample is not None and job.sample < len(every):
        chosen = random.Random(job.seed).sample(every, job.sample)
    asked, findings = 0, []
    for second in chosen:
        verdict = live(course, (first, second))
        asked += any(answer.startswith(("adopt", "recreate")) for answer in verdict.answers)
        point = alone.points[second.index]
        findings += [f"{job.first} then {point} {second}: {finding}" for finding in verdict.findings]
    told = tuple(f"{job.first}: {finding}" for finding in alone.findings)
    return Result(phase_of(first.index, alone), told, len(chosen), len(every), asked, tuple(findings))


@dataclass(slots=True)
class Sum:
    """All results of one phase of a course. `firsts`: runs with one fault; `alone`: what was found in those."""

    firsts: int = 0
    alone: tuple[str, ...] = ()
    runs: int = 0
    of: int = 0
    asked: int = 0
    findings: tuple[str, ...] = ()

    def add(self, result: Result) -> None:
        """One more job."""
        self.firsts += 1
        self.alone += result.alone
        self.runs += result.runs
        self.of += result.of
        self.asked += result.asked
        self.findings += result.findings


def play_all(plan: list[Job], progress: Callable[[int, int], None] = lambda _done, _all: None) -> dict[str, Sum]:
    """Play the jobs on all cores; the sums by phase."""
    sums = {"create": Sum(), "delete": Sum()}
    for done, result in enumerate(on_all_cores(play, plan), 1):
        sums[result.phase].add(result)
        progress(done, len(plan))
    return sums
