"""All pairs of faults of create and of delete, on all cores: `make faults`. It takes hours; PART=2/8 plays an eighth.

Prints how many runs there were and every finding; the exit code is 1 when there was one.
"""

import logging
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from faults.harness import pairs
from faults.test_pairs import PAIRED

console = Console(highlight=False, soft_wrap=True)


def main(
    part: Annotated[str, typer.Option(help="K/N: only every Nth first fault, from the Kth on.")] = "1/1",
    course: Annotated[str, typer.Option(help="Only courses whose name contains this.")] = "",
) -> None:
    """Play all pairs."""
    logging.disable(logging.CRITICAL)
    which, parts = (int(number) for number in part.split("/"))
    red = 0
    for each in (each for each in PAIRED if course in each.name):
        plan = pairs.jobs(each)[which - 1 :: parts]
        began = time.monotonic()
        with Progress(console=console) as progress:
            task = progress.add_task(each.name, total=len(plan))
            sums = pairs.play_all(plan, lambda done, _all, bar=progress, task=task: bar.update(task, completed=done))
        for phase, done in sums.items():
            console.print(f"{each.name}, {phase}: {done.runs} pairs, {len(done.findings)} findings", markup=False)
            for finding in done.findings:
                console.print(f"  {finding}", markup=False)
            red += len(done.findings)
        console.print(f"{time.monotonic() - began:.0f} s", markup=False)
    raise typer.Exit(1 if red else 0)


if __name__ == "__main__":
    typer.run(main)
