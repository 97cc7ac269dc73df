"""The tables of docs/metrics.md, as rows; and an exposition as the same rows, so that the two can be compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
_OWN = ("process_", "python_")
"""What the client library exposes of itself."""


@dataclass(frozen=True, slots=True)
class Row:
    """Name, type and labels are compared; the rest is for people."""

    name: str
    kind: str
    labels: tuple[str, ...]
    unit: str = field(default="", compare=False)
    advice: str = field(default="", compare=False)


def rows() -> list[Row]:
    """Each row of each table, in order. AssertionError for a row that is not of the six columns."""
    found = []
    for line in PAGE.read_text().splitlines():
        if not line.startswith("| `hpc_operator_"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        assert len(cells) == 6, line
        name, kind, unit, labels, _, advice = cells
        found.append(Row(name.strip("`"), kind, tuple(re.findall(r"`([a-z]+)`", labels)), unit, advice.strip("| ")))
    return found


def exposed(text: str) -> Mapping[str, tuple[str, set[tuple[str, ...]]]]:
    """Of an answer of /metrics: by name, its type and the sets of labels that its samples have (sorted, without le)."""
    found = {}
    for family in text_string_to_metric_families(text):
        if family.name.startswith(_OWN):
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {tuple(sorted(set(sample.labels) - {"le"})) for sample in family.samples}
        found[name] = (str(family.type), labels)
    return found
