"""What is measured: each name of `--only`, and the function from the ground to its rows. A new row is one more line."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from benchmarks.row import Row
from benchmarks.rows import burst, creations, deciding, hour, peers, settled, soak
from benchmarks.sizes import Size
from benchmarks.stage import Ground

MEASUREMENTS: Mapping[str, Callable[[Ground], list[Row]]] = MappingProxyType(
    {
        "deciding": deciding.measure,
        "burst": burst.measure,
        "settled": settled.measure,
        "peers": peers.measure,
    }
)

VIRTUAL: Mapping[str, Callable[[Size], list[Row]]] = MappingProxyType(
    {
        "hour": hour.measure,
        "creations": creations.measure,
        "soak": soak.measure,
    }
)
"""The same for what is played in virtual time: it needs no ground, and comes back from another process."""
