"""What a run comes to: expectation, measurement and verdict of each scenario, as a table for people and for files.

Pure but for the rich table it builds. Nothing of the stage comes in here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

AS_EXPECTED = "as expected"


@dataclass(frozen=True, slots=True)
class Count:
    """Effects in the cloud, requests for a cluster that left the operators, and reasons of Ready at the end."""

    creates: int = 0
    deletes: int = 0
    posts: int = 0
    ends: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be measured, exactly. `lost`: how many further POSTs may be lost on the way, where chance decides."""

    count: Count
    lost: int = 0

    def missed(self, found: Count) -> list[str]:
        """A sentence for each number that is another one."""
        wanted = self.count
        pairs = (
            ("creates", wanted.creates, found.creates),
            ("deletes", wanted.deletes, found.deletes),
            ("ends", dict(wanted.ends), dict(found.ends)),
        )
        wrong = [f"{name}: {found_} instead of {wanted_}" for name, wanted_, found_ in pairs if wanted_ != found_]
        if not wanted.posts <= found.posts <= wanted.posts + self.lost:
            wrong.append(f"POSTs: {found.posts} instead of {self._posts}")
        return wrong

    @property
    def _posts(self) -> str:
        return f"{self.count.posts} to {self.count.posts + self.lost}" if self.lost else str(self.count.posts)


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario as it went. `problems` empty: as expected. `notes`: what it measured beside the table."""

    name: str
    what: str
    found: Count
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems

    @property
    def verdict(self) -> str:
        """One word, or what was missed."""
        return AS_EXPECTED if self.good else "MISSED: " + "; ".join(self.problems)

    @property
    def ends(self) -> str:
        """`Ready × 3, OwnedElsewhere × 1`, the most frequent first."""
        ordered = sorted(self.found.ends.items(), key=lambda each: (-each[1], each[0]))
        return ", ".join(f"{reason or '(none)'} × {count}" for reason, count in ordered) or "no resource"


HEADINGS = ("scenario", "creates", "deletes", "POSTs of createCluster", "conditions at the end", "verdict")


def cells(row: Row) -> tuple[str, ...]:
    """The row as texts, in the order of `HEADINGS`."""
    found = row.found
    return row.what, str(found.creates), str(found.deletes), str(found.posts), row.ends, row.verdict


def markdown(rows: Sequence[Row], summary: str) -> str:
    """A table for docs/reliability.md, the summary below it."""
    lines = [f"| {' | '.join(HEADINGS)} |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(_escaped(cell) for cell in cells(row))} |" for row in rows]
    notes = [f"- {row.name}: {note}" for row in rows for note in row.notes]
    return "\n".join([*lines, "", summary, *(["", *notes] if notes else []), ""])


def _escaped(cell: str) -> str:
    return " ".join(cell.replace("|", "\\|").split())


def as_json(rows: Sequence[Row], summary: str) -> dict[str, Any]:
    """Everything, for programs."""
    told = [
        {
            "scenario": row.name,
            "what": row.what,
            "creates": row.found.creates,
            "deletes": row.found.deletes,
            "posts": row.found.posts,
            "ends": dict(row.found.ends),
            "as_expected": row.good,
            "problems": list(row.problems),
            "notes": list(row.notes),
            "seconds": round(row.seconds, 1),
        }
        for row in rows
    ]
    return {"scenarios": told, "summary": summary, "as_expected": all(row.good for row in rows)}


def rich_table(rows: Sequence[Row]) -> Table:
    """The table for a terminal."""
    table = Table(show_lines=False, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in ("creates", "deletes") else "left", overflow="fold")
    for row in rows:
        table.add_row(*cells(row), style="" if row.good else "bold red")
    return table


def summed_up(rows: Sequence[Row], seconds: float) -> str:
    """One sentence with the sums."""
    good = sum(row.good for row in rows)
    creates, deletes, posts = (
        sum(getattr(row.found, name) for row in rows) for name in ("creates", "deletes", "posts")
    )
    return (
        f"{len(rows)} scenarios, {good} as expected; {posts} createCluster requests, {creates} clusters created, "
        f"{deletes} deleted, in {seconds:.0f} s"
    )
