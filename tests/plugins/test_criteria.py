"""What every criterion must keep to, run over all that are found."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.domain.award_parts import Deduction, Share, SheetItem
from feedback_app.domain.award_scheme import criterion_kinds
from feedback_app.domain.criteria._base import Asked, Criterion, Facts, Mark, Taken
from feedback_app.domain.scoring import ScoringRules, Tally

TALLIES = st.lists(st.builds(Tally, st.integers(0, 2), st.integers(1, 5), st.integers(1, 300)), max_size=6)
MARKS = st.lists(st.builds(Mark, st.text("xyz", min_size=1, max_size=2), st.integers(0, 100).map(float)), max_size=5)
TAKEN = st.none() | st.lists(st.builds(Taken, st.sampled_from("ab"), st.just("r"), st.integers(1, 60).map(float))).map(
    tuple
)
FACTS = st.builds(
    Facts,
    TALLIES.map(tuple),
    marks=st.fixed_dictionaries({"share": MARKS.map(tuple)}),
    figures=st.dictionaries(st.just("minutes"), st.floats(-1e6, 1e6)),
    taken=TAKEN,
    praise=st.integers(0, 50),
    complaints=st.integers(0, 20),
    visits=st.integers(0, 5000),
)
LEAGUE = st.dictionaries(st.text("abcd", min_size=1, max_size=3), FACTS, max_size=6)
WORDS = {"zh": "甲", "en": "A"}
SHEET = (SheetItem("a", WORDS, 60.0, (Deduction(WORDS, 5.0),)), SheetItem("b", WORDS, 40.0))
OPTIONS = {"efficiency": {"figure": "minutes", "worst": 60, "best": 10}}


def asked(name: str) -> Asked:
    return Asked(Share(name, 100, key="share", options=OPTIONS.get(name, {})), ScoringRules(), SHEET)


@pytest.mark.parametrize("name", list(criterion_kinds()))
@given(league=LEAGUE)
@settings(max_examples=30)
def test_a_criterion_measures_everyone_on_the_scale_whatever_the_order(name: str, league: dict[str, Facts]) -> None:
    criterion: Criterion = criterion_kinds()[name]
    measured = criterion.measure(league, asked(name))
    assert set(measured.by_candidate) == set(league)
    for one in measured.by_candidate.values():
        assert -1e-9 <= one.value <= 100 + 1e-9
        assert one.variance >= 0
        assert one.enough == (one.missing == 0)
    assert all(math.isfinite(value) for value in measured.parameters.values())
    assert criterion.measure(dict(reversed(league.items())), asked(name)) == measured


@pytest.mark.parametrize("name", list(criterion_kinds()))
def test_a_criterion_accepts_its_own_options_and_no_others(name: str) -> None:
    criterion = criterion_kinds()[name]
    assert criterion.accepts(OPTIONS.get(name, {}))
    assert not criterion.accepts({**OPTIONS.get(name, {}), "colour": "red"})
