"""What is too long for `make test`: all pairs of faults of create and of delete, and thousands of walks. `make faults`.

It takes hours on two cores; PART=2/8 plays an eighth. Prints how many runs there were and every finding; the exit code
is 1 when there was one.
"""

import logging
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from faults.harness import pairs, walks
from faults.harness.cores import on_all_cores
from faults.harness.life import Course
from faults.test_pairs import PAIRED
from faults.test_scenarios import PAIRED as SCENARIOS

WALKS = 5000
console = Console(highlight=False, soft_wrap=True)


def _pairs(course: Course, which: int, parts: int) -> list[str]:
    plan, began = pairs.jobs(course)[which - 1 :: parts], time.monotonic()
    with Progress(console=console) as progress:
        task = progress.add_task(course.name, total=len(plan))
        sums = pairs.play_all(plan, lambda done, _all: progress.update(task, completed=done))
    for phase, done in sums.items():
        console.print(f"{course.name}, {phase}: {done.runs} pairs, {len(done.findings)} findings", markup=False)
    console.print(f"{time.monotonic() - began:.0f} s", markup=False)
    return [finding for done in sums.values() for finding in done.findings]


def _walks(which: int, parts: int) -> list[str]:
    seeds = range(which - 1, WALKS, parts)
    outcomes, began = [], time.monotonic()
    with Progress(console=console) as progress:
        task = progress.add_task("walks", total=len(seeds))
        for outcome in on_all_cores(walks.play, seeds, at_once=4):
            outcomes.append(outcome)
            progress.advance(task)
    residue = sum(bool(outcome.residue) for outcome in outcomes)
    found = [f"{o.walk} faults {o.faults} answers {o.answers}: {f}" for o in outcomes for f in o.findings]
    console.print(f"{len(outcomes)} walks, {len(found)} findings, {residue} met the known residue", markup=False)
    console.print(f"{time.monotonic() - began:.0f} s", markup=False)
    return found


def main(
    part: Annotated[str, typer.Option(help="K/N: only every Nth first fault and walk, from the Kth on.")] = "1/1",
    only: Annotated[str, typer.Option(help="`walks`, or courses whose name contains this.")] = "",
) -> None:
    """Play them."""
    logging.disable(logging.CRITICAL)
    which, parts = (int(number) for number in part.split("/"))
    found = [finding for each in (*PAIRED, *SCENARIOS) if only in each.name for finding in _pairs(each, which, parts)]
    found += _walks(which, parts) if only in "walks" else []
    for finding in found:
        console.print(f"  {finding}", markup=False)
    raise typer.Exit(1 if found else 0)


if __name__ == "__main__":
    typer.run(main)
