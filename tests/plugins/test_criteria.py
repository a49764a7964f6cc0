"""What every criterion must keep to, run over all that are found."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.domain.awards import criterion_kinds
from feedback_app.domain.criteria._base import Criterion, Facts
from feedback_app.domain.scoring import ScoringRules, Tally

TALLIES = st.lists(st.builds(Tally, st.integers(0, 2), st.integers(1, 5), st.integers(1, 300)), max_size=6)
LEAGUE = st.dictionaries(st.text("abcd", min_size=1, max_size=3), st.builds(Facts, TALLIES.map(tuple)), max_size=6)
RULES = ScoringRules()


@pytest.mark.parametrize("criterion", list(criterion_kinds().values()), ids=list(criterion_kinds()))
@given(league=LEAGUE)
@settings(max_examples=30)
def test_a_criterion_measures_everyone_on_the_scale_whatever_the_order(
    criterion: Criterion, league: dict[str, Facts]
) -> None:
    measured = criterion.measure(league, RULES)
    assert set(measured.by_candidate) == set(league)
    for one in measured.by_candidate.values():
        assert -1e-9 <= one.value <= 100 + 1e-9
        assert one.variance >= 0
        assert one.enough == (one.missing == 0)
    assert all(math.isfinite(value) for value in measured.parameters.values())
    assert criterion.measure(dict(reversed(league.items())), RULES) == measured
