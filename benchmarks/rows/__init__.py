"""What is measured: each name of `--only`, and the function from the ground to its rows. A new row is one more line."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from benchmarks.row import Row
from benchmarks.rows import burst, deciding, peers, settled
from benchmarks.stage import Ground

MEASUREMENTS: Mapping[str, Callable[[Ground], list[Row]]] = MappingProxyType(
    {
        "deciding": deciding.measure,
        "burst": burst.measure,
        "settled": settled.measure,
        "peers": peers.measure,
    }
)
