"""What those who said nothing may have thought, and whether people say something else when they are watched. Pure.

Silence is unknown: no share of the satisfied is told without how many it rests on, and without what it would be if all the
silent were satisfied, or none of them.
"""

import math
from dataclasses import dataclass

from feedback_app.domain.intervals import Interval, Share, share, wilson

LEAST = 30
"""Ratings on each side from which a difference is told."""


@dataclass(frozen=True)
class Heard:
    """``happy`` of ``rated`` people gave four or five stars; ``visits`` is how many were there, None where nobody knows."""

    happy: int = 0
    rated: int = 0
    visits: int | None = None

    @property
    def satisfied(self) -> Share:
        return share(self.happy, self.rated)

    @property
    def coverage(self) -> float | None:
        """Percent of the visits that were rated; None where visits are unknown, or fewer than the ratings."""
        if not self.visits or self.visits < self.rated:
            return None
        return 100 * self.rated / self.visits

    @property
    def bounds(self) -> Interval | None:
        """Percent satisfied of all visits if the silent were all unhappy, and if they were all happy."""
        if self.coverage is None or not self.visits:
            return None
        silent = self.visits - self.rated
        return Interval(100 * self.happy / self.visits, 100 * (self.happy + silent) / self.visits)

    def plus(self, other: "Heard") -> "Heard":
        """Both together; visits are only known when they are on both sides."""
        both = None if self.visits is None or other.visits is None else self.visits + other.visits
        return Heard(self.happy + other.happy, self.rated + other.rated, both)


@dataclass(frozen=True)
class Gap:
    """Percentage points by which more are satisfied on the spot than afterwards, with a 95 % interval."""

    points: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether chance alone would hardly make it, in either direction."""
        return self.low > 0 or self.high < 0


def gap(here: Heard, later: Heard) -> Gap | None:
    """None with fewer than LEAST ratings on a side. Newcombe's hybrid score interval (R. G. Newcombe 1998, method 10)."""
    if min(here.rated, later.rated) < LEAST:
        return None
    first, second = here.happy / here.rated, later.happy / later.rated
    one, other = wilson(here.happy, here.rated), wilson(later.happy, later.rated)
    difference = first - second
    low = difference - math.hypot(first - one.low, other.high - second)
    high = difference + math.hypot(one.high - first, second - other.low)
    return Gap(100 * difference, 100 * low, 100 * high)
