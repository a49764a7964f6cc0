"""Points that people give one another: the mean of what several gave, when enough of them did."""

import math
from collections.abc import Mapping, Sequence

from feedback_app.domain.criteria._base import Asked, Criterion, Facts, Mark, Measure, Measured

LEAST = 3
"""Fewer than so many opinions are one person's mood, and tell the candidate whose."""


class MarksByPeople(Criterion):
    """The mean of the points given under this share; ``least``: how many must have given them."""

    options = {"least": int}
    least = LEAST

    def accepts(self, options: Mapping[str, object]) -> bool:
        wanted = options.get("least", 1)
        return super().accepts(options) and isinstance(wanted, int) and wanted >= 1

    def measure(self, league: Mapping[str, Facts], asked: Asked) -> Measured:
        least = asked.option("least", self.least)
        given = {key: facts.marks.get(asked.share.name, ()) for key, facts in league.items()}
        return Measured({key: _mean(marks, least) for key, marks in given.items()}, {"least": float(least)})


def _mean(marks: Sequence[Mark], least: int) -> Measure:
    count = len(marks)
    missing = max(0, least - count)
    if not count:
        return Measure(0.0, enough=False, missing=missing)
    mean = math.fsum(sorted(one.points for one in marks)) / count
    spread = (
        math.fsum(sorted((one.points - mean) * (one.points - mean) for one in marks)) / (count - 1) / count
        if count > 1
        else 0.0
    )
    return Measure(mean, variance=spread, enough=not missing, missing=missing, mean=mean, n=float(count))
