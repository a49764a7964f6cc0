"""Praise: deeds that patients thanked for, each once whatever the channels (感谢信, 锦旗, 留言). ``full`` deeds are all points.

Counted and capped, never averaged: whoever writes few letters must not decide a ranking.
"""

from collections.abc import Mapping

from feedback_app.domain.criteria._base import Asked, Criterion, Facts, Measure, Measured

FULL = 5


class Praise(Criterion):
    of_patients = True
    options = {"full": int}

    def accepts(self, options: Mapping[str, object]) -> bool:
        full = options.get("full", FULL)
        return super().accepts(options) and isinstance(full, int) and full >= 1

    def measure(self, league: Mapping[str, Facts], asked: Asked) -> Measured:
        full = int(asked.option("full", FULL))
        measures = {key: Measure(100.0 * min(facts.praise, full) / full) for key, facts in league.items()}
        return Measured(measures, {"full": float(full)})


CRITERION = Praise()
