"""What patients said: the recommended score of ``domain.scoring``."""

import dataclasses
from collections.abc import Mapping

from feedback_app.domain import scoring
from feedback_app.domain.criteria._base import Asked, Criterion, Facts, Measure, Measured


class PatientRatings(Criterion):
    of_patients = True

    def measure(self, league: Mapping[str, Facts], asked: Asked) -> Measured:
        tallies = {key: facts.ratings for key, facts in league.items()}
        parameters, scores = scoring.score_league(tallies, asked.rules)
        measures = {
            key: Measure(
                value=one.value,
                variance=one.variance,
                enough=one.enough,
                missing=one.missing,
                mean=one.mean,
                n=one.n,
                reliability=one.reliability,
            )
            for key, one in scores.items()
        }
        return Measured(measures, dataclasses.asdict(parameters))


CRITERION = PatientRatings()
