"""How sure a figure is: intervals of shares and means, and small numbers drawn towards what is usual. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SURE = 1.959964
"""Standard deviations to each side of a 95 % interval."""
SATISFIED = 4  # stars and more
LEVELS = 5


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """``value`` of ``n`` in percent, 0 to 100; None without anybody."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None


def wilson(hits: float, n: int, z: float = SURE) -> Interval:
    """Wilson's score interval of a share (E. B. Wilson 1927; recommended by Brown, Cai & DasGupta 2001), 0 to 1. Never leaves
    0 to 1, and says something sensible at 0 of 5 and 5 of 5. Raises ValueError without anybody or beyond ``n``."""
    if n <= 0 or not 0 <= hits <= n:
        raise ValueError("a share needs somebody")
    p, z2 = hits / n, z * z
    middle, half = p + z2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Interval(max(0.0, (middle - half) / (1 + z2 / n)), min(1.0, (middle + half) / (1 + z2 / n)))


def share(hits: float, n: int) -> Share:
    """In percent, with its 95 % interval."""
    if n <= 0:
        return Share(None, 0)
    sure = wilson(hits, n)
    return Share(100 * hits / n, n, 100 * sure.low, 100 * sure.high)


def satisfied(levels: Sequence[int]) -> Share:
    """The share of four and five stars among counts of one to five stars."""
    return share(sum(levels[SATISFIED - 1 :]), sum(levels))


def points(levels: Sequence[int]) -> float | None:
    """The mean of 25 × (stars − 1), 0 to 100; None without anybody (the points of the boards)."""
    n = sum(levels)
    return sum(25 * place * count for place, count in enumerate(levels)) / n if n else None


def shrunk(hits: float, n: int, usual: float, weight: float = 30) -> float:
    """A share as if ``weight`` people had said what is ``usual`` as well (0 to 1): few ratings prove little."""
    return (hits + weight * usual) / (n + weight)
