"""The command line: `python -m chaos [--only NAME …] [--markdown FILE] [--json FILE]`. `make chaos` calls it.

Exit code: 0 when every scenario went exactly as expected, 1 when one did not, 2 for a name that is none.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from chaos.running import play
from chaos.scenarios import Scenario, load
from chaos.table import Row, as_json, markdown, rich_table, summed_up

console = Console(highlight=False, width=None if sys.stdout.isatty() else 180)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    only: Annotated[
        list[str] | None, typer.Option(help="Scenario to run; may be repeated, or parted by commas.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Scenarios at a time.")] = 2,
    markdown_file: Annotated[Path | None, typer.Option("--markdown", help="Write the table to this file.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all numbers to this file.")] = None,
    names: Annotated[bool, typer.Option("--list", help="Only list the scenarios.")] = False,
) -> None:
    """Put real processes through chaos and print what became of it."""
    scenarios = load()
    if names:
        for each in scenarios.values():
            console.print(f"{each.name:24} {each.what}", markup=False, soft_wrap=True)
        return
    began, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="hpc-chaos-"))
    rows = _played(_chosen(scenarios, only or []), folder, jobs)
    summary = summed_up(rows, time.monotonic() - began)
    _print(rows, summary)
    _write(markdown_file, markdown(rows, summary))
    _write(json_file, json.dumps(as_json(rows, summary), indent=2, ensure_ascii=False))
    if not all(row.good for row in rows):
        console.print(f"the logs are in {folder}", style="red")
        raise typer.Exit(1)
    shutil.rmtree(folder)


def _chosen(scenarios: dict[str, Scenario], only: Sequence[str]) -> list[Scenario]:
    wanted = [name for word in only for name in word.split(",") if name]
    if unknown := [name for name in wanted if name not in scenarios]:
        console.print(f"no such scenario: {', '.join(unknown)}; there are {', '.join(scenarios)}", style="red")
        raise typer.Exit(2)
    return [scenarios[name] for name in wanted or scenarios]


def _played(chosen: Sequence[Scenario], folder: Path, jobs: int) -> list[Row]:
    """A line for each scenario that is over; the rows in the order of the table."""
    rows: dict[str, Row] = {}
    with console.status(f"0 of {len(chosen)}") as status:
        for row in play(chosen, folder, jobs):
            rows[row.name] = row
            sign = "[green]✓[/]" if row.good else "[red]✗[/]"
            console.print(f"{sign} {row.name} [dim]({row.seconds:.0f} s)[/] {escape('' if row.good else row.verdict)}")
            status.update(f"{len(rows)} of {len(chosen)}")
    return [rows[each.name] for each in chosen]


def _print(rows: Sequence[Row], summary: str) -> None:
    console.print(rich_table(rows))
    for row in rows:
        for note in row.notes:
            console.print(f"{row.name}: {note}", markup=False)
    console.print(summary)


def _write(file: Path | None, text: str) -> None:
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    sys.exit(app())
