"""Rows as a table for people. Pure: rows in, text out; `__main__` prints it."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.row import Figure, Row

_WIDTH = 118


def rendered(rows: Iterable[Row]) -> str:
    """The table, then the notes of each row below it."""
    rows = tuple(rows)
    table = Table("row", "measured", "goal", "", box=SIMPLE_HEAD, width=_WIDTH, pad_edge=False)
    for row in rows:
        measured = "\n".join(f"{figure.name} {shown(figure)}" for figure in row.figures)
        table.add_row(row.name, measured, goals(row) or row.meaning, row.verdict)
    return f"{_text(table)}{_notes(rows)}"


def goals(row: Row) -> str:
    """The goals, one a line; empty without one."""
    units = {figure.name: figure.unit for figure in row.figures}
    return "\n".join(f"{goal.figure} {goal.sign} {_number(goal.limit)} {units[goal.figure]}" for goal in row.goals)


def shown(figure: Figure) -> str:
    """A value with its unit, three digits that count."""
    return f"{_number(figure.value)} {figure.unit}".rstrip()


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _notes(rows: tuple[Row, ...]) -> str:
    said = [f"{row.name}\n" + "".join(f"  {note}\n" for note in row.notes) for row in rows if row.notes]
    return "\n".join(said)


def _text(table: Table) -> str:
    console = Console(width=_WIDTH, color_system=None, highlight=False)
    with console.capture() as captured:
        console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
