"""A check, and walking a table of them: what depends on a failed one is not tried.

`cloud` and `kubernetes` fill tables with it. Never comes in: what a check is about. One failure is one error: without
the rule that dependents wait, a closed firewall would be told ten times.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hpc_operator.doctor.finding import Finding, Line, not_tried

Reads = TypeVar("Reads")
Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Check(Generic[Reads]):
    """One row. `needs` are names of checks above it."""

    name: str
    needs: tuple[str, ...]
    look: Callable[[Reads], Awaitable[Finding]]


def check(
    name: str,
    read: Callable[[Reads], Awaitable[Facts]],
    judge: Callable[[Facts], Finding],
    *needs: str,
) -> Check[Reads]:
    """A row of a table: `read` does the I/O, `judge` is pure."""

    async def look(reads: Reads) -> Finding:
        return judge(await read(reads))

    return Check(name, needs, look)


def _going() -> str | None:
    """Nothing halts the walk."""
    return None


async def walk(
    part: str,
    table: Sequence[Check[Reads]],
    reads: Reads,
    tell: Callable[[Line], None],
    halted: Callable[[], str | None] = _going,
) -> list[Line]:
    """Look at each row in order; every line is told as soon as it is there.

    `halted` is asked after each error: a sentence when nothing further can be tried at all.
    """
    lines: list[Line] = []
    failed: set[str] = set()
    halt: str | None = None
    for row in table:
        wanting = [name for name in row.needs if name in failed]
        why = f"it needs {wanting[0]}, see above" if wanting else halt
        finding = not_tried(why) if why else await row.look(reads)
        if not finding.holds:
            failed.add(row.name)
            halt = halt or halted()
        lines.append(Line(part, row.name, finding))
        tell(lines[-1])
    return lines
