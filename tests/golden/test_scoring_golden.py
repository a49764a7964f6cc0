"""The worked example of the ranking study: six targets, one month, all weights 1, no case-mix. To the printed digits."""

import pytest

from feedback_app.domain.scoring import ScoringRules, Tally, score_league

COUNTS = {  # ratings with 1, 2, 3, 4, 5 stars
    "A": (0, 0, 0, 2, 18),
    "B": (1, 0, 2, 10, 107),
    "C": (2, 1, 5, 22, 120),
    "D": (16, 6, 30, 90, 258),
    "E": (20, 6, 30, 104, 640),
    "F": (0, 0, 1, 1, 38),
}
LEAGUE = {key: [Tally(0, star, n) for star, n in enumerate(counts, 1) if n] for key, counts in COUNTS.items()}
PARAMETERS, SCORES = score_league(LEAGUE, ScoringRules(small_league=0))


def test_parameters() -> None:
    assert round(PARAMETERS.within, 4) == 412.6408
    assert round(PARAMETERS.between, 4) == 17.8970
    assert round(PARAMETERS.mu, 4) == 92.9317
    assert round(PARAMETERS.ratio, 4) == 23.0564
    assert PARAMETERS.k == 30


@pytest.mark.parametrize(
    ("key", "mean", "reliability", "value"),
    [
        ("A", 97.5, 0.4000, 94.7590),
        ("B", 96.25, 0.8000, 95.5863),
        ("C", 92.8333, 0.8333, 92.8497),
        ("D", 85.5, 0.9302, 86.0185),
        ("E", 91.8125, 0.9639, 91.8530),
        ("F", 98.125, 0.5714, 95.8993),
    ],
)
def test_scores(key: str, mean: float, reliability: float, value: float) -> None:
    found = SCORES[key]
    assert found.mean is not None
    assert (round(found.mean, 4), round(found.reliability, 4), round(found.value, 4)) == (mean, reliability, value)


def test_who_is_on_the_board() -> None:
    listed = sorted((key for key, one in SCORES.items() if one.enough), key=lambda key: -SCORES[key].value)
    assert listed == ["B", "C", "E", "D"]
    assert {key: one.missing for key, one in SCORES.items() if not one.enough} == {"A": 50, "F": 30}


def test_a_small_league_has_a_larger_k() -> None:
    parameters, scores = score_league(LEAGUE, ScoringRules())
    assert parameters.k == 50
    assert [key for key, one in scores.items() if one.enough] == ["B", "C", "D", "E"]
