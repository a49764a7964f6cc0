"""Whether something is better than before, with how sure that is. Pure.

Difference of two means with Welch's interval (normal quantile: with FEWEST or more on either side it differs from Student's t
by less than the rounding of the figures shown). Fewer answers: no difference is told at all, because a handful swings by itself.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

FEWEST = 30
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Summary:
    """``n`` observations, their mean and sample variance."""

    n: int = 0
    mean: float = 0.0
    variance: float = 0.0

    @classmethod
    def of_levels(cls, counts: tuple[int, ...]) -> "Summary":
        """Of ratings: how many of 1, 2, 3, 4, 5."""
        n = sum(counts)
        if not n:
            return cls()
        mean = sum(level * count for level, count in enumerate(counts, 1)) / n
        squares = sum(count * (level - mean) ** 2 for level, count in enumerate(counts, 1))
        return cls(n, mean, squares / (n - 1) if n > 1 else 0.0)


@dataclass(frozen=True)
class Change:
    """``verdict``: better | worse | unclear | too_few. The interval is of the difference, after minus before."""

    before: Summary
    after: Summary
    difference: float | None
    low: float | None
    high: float | None
    verdict: str


def compare(before: Summary, after: Summary, *, fewest: int = FEWEST, confidence: float = CONFIDENCE) -> Change:
    """Only an interval that leaves zero out says better or worse."""
    if before.n < fewest or after.n < fewest:
        return Change(before, after, None, None, None, "too_few")
    difference = after.mean - before.mean
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * sqrt(before.variance / before.n + after.variance / after.n)
    low, high = difference - reach, difference + reach
    verdict = "better" if low > 0 else "worse" if high < 0 else "unclear"
    return Change(before, after, difference, low, high, verdict)
