"""The inspected score sheet (S11, 量化计分标准): every item starts with its maximum, deductions are taken off, never below 0.

The sum is on 0..100; the tiers of a scheme (S10: 90, 85, 75) are judged on it.
"""

import math
from collections.abc import Mapping, Sequence

from feedback_app.domain.award_parts import SheetItem
from feedback_app.domain.criteria._base import Asked, Criterion, Facts, Measure, Measured, Taken


class ScoreSheet(Criterion):
    def measure(self, league: Mapping[str, Facts], asked: Asked) -> Measured:
        measures = {key: _measure(facts.taken, asked.sheet) for key, facts in league.items()}
        return Measured(measures, {"items": float(len(asked.sheet))})


def _measure(taken: Sequence[Taken] | None, sheet: Sequence[SheetItem]) -> Measure:
    if taken is None:
        return Measure(0.0, enough=False, missing=1)
    return Measure(math.fsum(item_points(item, taken) for item in sheet))


def item_points(item: SheetItem, taken: Sequence[Taken]) -> float:
    """What is left of one item."""
    return max(0.0, item.most - math.fsum(one.points for one in taken if one.item == item.key))


CRITERION = ScoreSheet()
