"""How much is measured. One frozen value for each name that `--size` takes; the rows read it, nothing decides it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Size:
    """Counts of resources and repetitions, and lengths of windows in seconds."""

    listed: tuple[int, ...]
    """Clusters that a pure decision is made over."""
    burst: int
    """Creations in one apply."""
    repetitions: int
    """Of the burst, each once with the operator, with the floor, with the peer."""
    settled: int
    """Settled resources that most rows are about."""
    restarts: int
    """Among them."""
    rest_window: float
    """Of rest among them; some stalenesses (30 s) long."""
    changed: int
    """Clusters that are changed outside, at random moments of `change_window`."""
    change_window: float
    newcomers: int
    """Creations among the settled, one at a time."""
    grown: int
    """Settled resources of another scene, to see what grows with them."""
    grown_window: float
    """Of rest among them."""
    grown_changed: int
    grown_change_window: float
    polled: int
    """Settled resources for which the calls of `polled_window` are counted, of the operator and of the peer."""
    polled_window: float
    kills: int
    """During creations, of the operator and of the peer."""


TINY = Size(
    listed=(10, 100, 1000),
    burst=20,
    repetitions=1,
    settled=40,
    restarts=1,
    rest_window=5,
    changed=5,
    change_window=5,
    newcomers=5,
    grown=80,
    grown_window=5,
    grown_changed=5,
    grown_change_window=5,
    polled=5,
    polled_window=32,
    kills=3,
)
SMALL = Size(
    listed=(10, 100, 1000, 5000),
    burst=100,
    repetitions=2,
    settled=1000,
    restarts=1,
    rest_window=60,
    changed=120,
    change_window=45,
    newcomers=40,
    grown=2000,
    grown_window=31,
    grown_changed=40,
    grown_change_window=15,
    polled=50,
    polled_window=60,
    kills=20,
)
FULL = Size(
    listed=(10, 100, 1000, 5000),
    burst=1000,
    repetitions=3,
    settled=1000,
    restarts=5,
    rest_window=300,
    changed=500,
    change_window=150,
    newcomers=200,
    grown=10_000,
    grown_window=300,
    grown_changed=200,
    grown_change_window=75,
    polled=50,
    polled_window=300,
    kills=20,
)
SIZES: Mapping[str, Size] = MappingProxyType({"tiny": TINY, "small": SMALL, "full": FULL})
