"""Justified complaints per 1,000 patients served (S25), drawn towards the league: (c + 1) / (visits + 1 / rate).

Only what was found justified counts. No complaint among few patients is no better than none among many: the league's own
rate is mixed in, as if everybody had served so many more patients that one complaint would be usual.
"""

import math
from collections.abc import Mapping

from feedback_app.domain.criteria._base import Asked, Criterion, Facts, Measure, Measured

WORST = 10.0
"""Complaints per 1,000 patients from which there are no points left."""
FEWEST_PER_1000 = 0.1  # a league without any complaint must not divide by zero


class Complaints(Criterion):
    options = {"worst": (int, float)}

    def accepts(self, options: Mapping[str, object]) -> bool:
        worst = options.get("worst", WORST)
        return super().accepts(options) and isinstance(worst, int | float) and worst > 0

    def measure(self, league: Mapping[str, Facts], asked: Asked) -> Measured:
        worst = float(asked.option("worst", WORST))
        served = math.fsum(facts.visits for facts in league.values())
        found = sum(facts.complaints for facts in league.values())
        rate = max(found / served if served else 0.0, FEWEST_PER_1000 / 1000)
        measures = {key: Measure(_points(facts, rate, worst)) for key, facts in league.items()}
        return Measured(measures, {"rate": rate * 1000, "worst": worst})


def _points(facts: Facts, rate: float, worst: float) -> float:
    shrunk = 1000 * (facts.complaints + 1) / (facts.visits + 1 / rate)
    return min(100.0, max(0.0, 100.0 * (1 - shrunk / worst)))


CRITERION = Complaints()
