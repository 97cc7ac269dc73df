"""The command line: `python -m benchmarks`, as `make bench` runs it. Prints one table and writes it as JSON.

The exit code does not tell whether goals were met: a shared machine may be slow, and a number is not an assertion.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import machine, results
from benchmarks.row import Row
from benchmarks.rows import MEASUREMENTS, VIRTUAL
from benchmarks.sizes import SIZES, Size
from benchmarks.stage import Ground
from benchmarks.table import rendered
from faults.harness.cores import on_all_cores

_RESULTS = Path("benchmarks/results")
Only = StrEnum("Only", {name: name for name in [*MEASUREMENTS, *VIRTUAL]})  # type: ignore[misc]  # the names are known at run time
Sizes = StrEnum("Sizes", {name: name for name in SIZES})  # type: ignore[misc]  # the same
_SMALL = Sizes("small")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(
    only: Annotated[list[Only] | None, typer.Option(help="Measure this alone; may be repeated.")] = None,
    size: Annotated[Sizes, typer.Option(help="How much: tiny to try it, small in some minutes, full.")] = _SMALL,
    json: Annotated[Path | None, typer.Option(help="Where the JSON goes, instead of benchmarks/results.")] = None,
) -> None:
    """Measure, print one table, write JSON. A goal that is missed is printed as missed; nothing fails by it."""
    began, started, facts = datetime.now(UTC), time.monotonic(), machine.look()
    typer.echo(f"{facts.described()}; size {size.value}")
    rows = _measured(SIZES[size.value], [each.value for each in only] if only else [*MEASUREMENTS, *VIRTUAL])
    seconds = time.monotonic() - started
    typer.echo(f"\n{rendered(rows)}\n{seconds:.0f} s; load {facts.load:.1f} before, {machine.look().load:.1f} after")
    path = json or _RESULTS / f"{began:%Y%m%dT%H%M%SZ}.json"
    made = results.document(
        rows, size=SIZES[size.value], machine=facts, began=began.isoformat(timespec="seconds"), seconds=seconds
    )
    results.write(path, made)
    typer.echo(f"written to {path}")


def _measured(size: Size, wanted: list[str]) -> list[Row]:
    """Real processes first, on one ground for all; it is not even started for what is played in virtual time.

    That is played on all cores: what it counts does not depend on how fast it goes.
    """
    rows: list[Row] = []
    if real := [name for name in wanted if name in MEASUREMENTS]:
        with tempfile.TemporaryDirectory(prefix="hpc-bench-") as folder, Ground(Path(folder), size) as ground:
            for name in real:
                rows += _timed(name, partial(MEASUREMENTS[name], ground))
    for made in on_all_cores(partial(_virtual, size), [name for name in VIRTUAL if name in wanted]):
        rows += made
    return rows


def _virtual(size: Size, name: str) -> list[Row]:
    return _timed(name, partial(VIRTUAL[name], size))


def _timed(name: str, measure: Callable[[], list[Row]]) -> list[Row]:
    began = time.monotonic()
    rows = measure()
    typer.echo(f"  {name}: {time.monotonic() - began:.0f} s", err=True)
    return rows


if __name__ == "__main__":
    sys.exit(app())
