"""How much is measured. One frozen value for each name that `--size` takes; the rows read it, nothing decides it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Size:
    """Counts of resources and repetitions, and lengths of windows in seconds."""

    at_rest: int
    """Creations, one at a time."""
    burst: int
    """Creations in one apply."""
    repetitions: int
    """Of the burst, each once with the operator and once with the floor."""
    listed: tuple[int, ...]
    """Clusters that a pure decision is made over."""
    settled: tuple[int, ...]
    """Settled resources at which memory is read, ascending."""
    idle_window: float
    """At rest without resources."""
    settled_window: float
    """At rest with the most settled resources; longer than a staleness (30 s), so that each is looked at."""
    restarts: int


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "tiny": Size(5, 20, 1, (10, 100, 1000), (20, 40), 3.0, 5.0, 1),
        "small": Size(60, 200, 3, (10, 100, 1000, 5000), (200, 500), 20.0, 60.0, 3),
        "full": Size(200, 200, 5, (10, 100, 1000, 5000), (200, 500, 1000, 2000), 60.0, 120.0, 5),
    }
)
