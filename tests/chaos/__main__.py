"""The command line: `python -m chaos [--only NAME …] [--markdown FILE] [--json FILE]`. `make chaos` calls it.

Exit code: 0 when every scenario went exactly as expected, 1 when one did not, 2 for a name that is none.
"""

import json
import shutil
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from stage.manifests import CRD

from chaos import aftermath
from chaos.arena import Arena
from chaos.scenarios import Scenario, load
from chaos.table import Count, Row, as_json, markdown, rich_table, summed_up
from local_control_plane import ControlPlane

console = Console(highlight=False, width=None if sys.stdout.isatty() else 180)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def run(scenario: Scenario, shared: ControlPlane, folder: Path) -> Row:
    """Play one scenario from nothing to its row; whatever it does not clear away is ended."""
    began, found, problems, notes = time.monotonic(), Count(), [], []
    try:
        with ExitStack() as stack:
            arena = Arena(scenario.name, folder / scenario.name, shared, stack)
            notes = arena.notes
            try:
                scenario.play(arena)
                aftermath.settle(arena, scenario.expected)
            except AssertionError as missed:
                problems.append(_one_line(missed))
            found = aftermath.measure(arena)
            problems += scenario.expected.missed(found)
            problems += aftermath.problems(arena)
    except Exception as error:  # noqa: BLE001 - one broken scenario must not end the others
        problems.append(f"{type(error).__name__}: {_one_line(error)}")
    return Row(scenario.name, scenario.what, found, problems, notes, time.monotonic() - began)


def _one_line(error: BaseException) -> str:
    """The message; without one, the line that asserted."""
    text = str(error) or str(traceback.extract_tb(error.__traceback__)[-1].line)
    return " ".join(text.split())[:1500]


def play(chosen: list[Scenario], folder: Path, jobs: int) -> list[Row]:
    """All of them, `jobs` at a time, a line for each that is over; the rows in the order of the table."""
    rows: dict[str, Row] = {}
    with ControlPlane() as shared, ThreadPoolExecutor(jobs) as pool, console.status("") as status:
        shared.kubectl("apply", "--server-side", "-f", str(CRD))
        shared.kubectl("wait", "--for=condition=Established", "crd/hpcclusters.hpc.qingcloud.com", "--timeout=60s")
        running = {pool.submit(run, each, shared, folder): each.name for each in chosen}
        for done in as_completed(running):
            row = rows[running[done]] = done.result()
            sign = "[green]✓[/]" if row.good else "[red]✗[/]"
            console.print(f"{sign} {row.name} [dim]({row.seconds:.0f} s)[/] {escape('' if row.good else row.verdict)}")
            status.update(f"{len(rows)} of {len(chosen)}")
    return [rows[each.name] for each in chosen]


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
    wanted = [name for word in only or [] for name in word.split(",") if name]
    if names or (unknown := [name for name in wanted if name not in scenarios]):
        for each in scenarios.values():
            console.print(f"{each.name:28} {each.what}", markup=False, soft_wrap=True)
        if not names:
            console.print(f"no such scenario: {', '.join(unknown)}", style="red")
        raise typer.Exit(0 if names else 2)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="hpc-chaos-"))
    rows = play([scenarios[name] for name in wanted] or list(scenarios.values()), folder, jobs)
    summary = summed_up(rows, time.monotonic() - began)
    console.print(rich_table(rows))
    for row in rows:
        for note in row.notes:
            console.print(f"{row.name}: {note}", markup=False)
    console.print(summary)
    _write(rows, summary, markdown_file, json_file)
    if not all(row.good for row in rows):
        console.print(f"the logs are in {folder}", style="red")
        raise typer.Exit(1)
    shutil.rmtree(folder)


def _write(rows: list[Row], summary: str, markdown_file: Path | None, json_file: Path | None) -> None:
    for file, text in (
        (markdown_file, markdown(rows, summary)),
        (json_file, json.dumps(as_json(rows, summary), indent=2, ensure_ascii=False)),
    ):
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


if __name__ == "__main__":
    sys.exit(app())
