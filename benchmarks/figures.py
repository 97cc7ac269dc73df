"""Numbers from samples: percentiles, medians of interleaved ratios, growth. Pure; the rows import it."""

import math
import statistics
from collections.abc import Sequence


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` (0 to 1) of all samples do not exceed. ValueError without samples.

    A sample and not an interpolation: the 99th percentile of sixty samples is the slowest one, and says so.
    """
    if not samples or not 0 <= share <= 1:
        raise ValueError("a percentile needs samples, and a share between 0 and 1")
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


def median_ratio(measured: Sequence[float], floor: Sequence[float]) -> float:
    """The median of the ratios of neighbours: both ran one after the other, so the machine was alike for both."""
    return statistics.median(mine / least for mine, least in zip(measured, floor, strict=True))


def growth(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The exponent between the two largest sizes: 1 is proportional to the size, 2 quadratic, 0 does not depend."""
    (small, large), (cheap, dear) = sizes[-2:], costs[-2:]
    return math.log(dear / cheap) / math.log(large / small)


def slope(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """What one more costs, between the two largest sizes."""
    (small, large), (cheap, dear) = sizes[-2:], costs[-2:]
    return (dear - cheap) / (large - small)
