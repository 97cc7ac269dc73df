"""Rows as JSON, for comparing runs. The shape is a contract: fields may be added, none renamed."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from benchmarks.machine import Machine
from benchmarks.row import Row
from benchmarks.sizes import Size

FORMAT = 1


def document(rows: Iterable[Row], *, size: Size, machine: Machine, began: str, seconds: float) -> dict[str, object]:
    """`{format, began, seconds, machine, size, rows: [{name, verdict, goals, figures, meaning, notes, details}]}`."""
    return {
        "format": FORMAT,
        "began": began,
        "seconds": round(seconds, 1),
        "machine": asdict(machine),
        "size": asdict(size),
        "rows": [_row(row) for row in rows],
    }


def write(path: Path, made: dict[str, object]) -> None:
    """Write it, folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n")


def _row(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "verdict": row.verdict,
        "goals": [asdict(goal) for goal in row.goals],
        "figures": [asdict(figure) for figure in row.figures],
        "meaning": row.meaning,
        "notes": list(row.notes),
        "details": dict(row.details),
    }
