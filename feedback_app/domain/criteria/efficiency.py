"""A figure from another system, imported per period: waiting minutes, share of appointments kept … (S12 a, S48, S54).

Between ``worst`` (0 points) and ``best`` (100) on a straight line; ``best`` below ``worst`` means that less is better.
Who has no figure in this period cannot be placed by it.
"""

from collections.abc import Mapping

from feedback_app.domain.criteria._base import Asked, Criterion, Facts, Measure, Measured


class Efficiency(Criterion):
    options = {"figure": str, "worst": (int, float), "best": (int, float)}

    def accepts(self, options: Mapping[str, object]) -> bool:
        complete = set(options) == set(self.options)
        return super().accepts(options) and complete and bool(options["figure"]) and options["worst"] != options["best"]

    def measure(self, league: Mapping[str, Facts], asked: Asked) -> Measured:
        name = str(asked.option("figure", ""))
        worst, best = float(asked.option("worst", 0.0)), float(asked.option("best", 100.0))
        measures = {key: _measure(facts.figures.get(name), worst, best) for key, facts in league.items()}
        return Measured(measures, {"worst": worst, "best": best})


def _measure(figure: float | None, worst: float, best: float) -> Measure:
    if figure is None:
        return Measure(0.0, enough=False, missing=1)
    return Measure(min(100.0, max(0.0, 100.0 * (figure - worst) / (best - worst))), mean=figure)


CRITERION = Efficiency()
