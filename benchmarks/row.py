"""A row of the table: what was measured, in which unit, against which goal. Pure data; every other module imports it.

A row without a goal is `told`: its meaning says how to read it. A goal is judged here and nowhere else, so that a
missed one cannot be printed as anything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Verdict = Literal["met", "missed", "told"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `unit`: ms, s, %, MB, KB, µs, ×, /s, or empty for a count."""

    name: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """The figure of that name is to be below `limit`, or at most `limit`; in the figure's own unit."""

    figure: str
    sign: Literal["<", "≤"]
    limit: float

    def met_by(self, value: float) -> bool:
        """Whether a measured value reaches the goal."""
        return value < self.limit if self.sign == "<" else value <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """`meaning` is one sentence for a reader; `details` is everything that led to the figures, for the JSON.

    ValueError for a goal about a figure that was not measured: it would count as reached.
    """

    name: str
    figures: tuple[Figure, ...]
    meaning: str
    goals: tuple[Goal, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        unknown = {goal.figure for goal in self.goals} - {figure.name for figure in self.figures}
        if unknown:
            raise ValueError(f"{self.name}: goals without a figure: {', '.join(sorted(unknown))}")

    @property
    def verdict(self) -> Verdict:
        """`met` only when every goal is."""
        if not self.goals:
            return "told"
        values = {figure.name: figure.value for figure in self.figures}
        return "met" if all(goal.met_by(values[goal.figure]) for goal in self.goals) else "missed"
