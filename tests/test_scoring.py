"""Properties of the score that must hold whatever the ratings are."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.domain.scoring import (
    Parameters,
    ScoringRules,
    Tally,
    add_up,
    adjusted_means,
    paule_mandel,
    score,
    score_league,
    shrunk,
    weighed,
)

RULES = ScoringRules()
TALLY = st.builds(Tally, st.integers(0, 2), st.integers(1, 5), st.integers(1, 400))
TARGET = st.lists(TALLY, max_size=12)
LEAGUE = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), TARGET, max_size=8)


@given(LEAGUE, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_facts_does_not_matter(league: dict[str, list[Tally]], chance: object) -> None:
    keys = list(league)
    chance.shuffle(keys)  # type: ignore[attr-defined]
    mixed = {key: sorted(league[key], key=lambda _: chance.random()) for key in keys}  # type: ignore[attr-defined]
    assert score_league(mixed, RULES) == score_league(league, RULES)


ONE_MONTH = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.lists(st.builds(Tally, st.just(0), st.integers(1, 5), st.integers(1, 400)), max_size=8),
    max_size=8,
)


@given(ONE_MONTH, st.sampled_from((1, 5)))
@settings(max_examples=60)
def test_one_more_five_star_never_lowers_and_one_more_one_star_never_raises(
    league: dict[str, list[Tally]], stars: int
) -> None:
    parameters, _ = score_league(league, RULES)
    for tallies in league.values():
        before = _frozen(tallies, parameters)
        after = _frozen([*tallies, Tally(0, stars, 1)], parameters)
        assert after >= before - 1e-9 if stars == 5 else after <= before + 1e-9


@given(LEAGUE, st.integers(0, 2), st.integers(1, 4))
@settings(max_examples=60)
def test_a_better_rating_in_place_of_another_never_lowers(
    league: dict[str, list[Tally]], month: int, stars: int
) -> None:
    parameters, _ = score_league(league, RULES)
    for tallies in league.values():
        worse, better = ([*tallies, Tally(month, level, 1)] for level in (stars, stars + 1))
        assert _frozen(better, parameters) >= _frozen(worse, parameters) - 1e-9


def test_over_several_months_one_more_rating_may_lower_the_effective_number_but_not_the_shown_score() -> None:
    """(Σw)²/Σw² falls when a full weight joins many quarter weights: the study's formula, kept, and bounded here."""
    mostly_old = [Tally(0, 5, 30), Tally(1, 5, 400), Tally(2, 5, 400)]
    parameters, _ = score_league({"a": mostly_old, "b": [Tally(0, 4, 100)], "c": [Tally(0, 3, 100)]}, RULES)
    fall = _frozen(mostly_old, parameters) - _frozen([*mostly_old, Tally(0, 5, 1)], parameters)
    assert 0 < fall < 0.01


def _frozen(tallies: list[Tally], parameters: Parameters) -> float:
    weights = weighed(tallies, RULES)
    return score(weights, adjusted_means({"x": weights}).get("x"), parameters, RULES).value


@given(LEAGUE)
@settings(max_examples=60)
def test_scores_stay_between_the_own_mean_and_the_leagues(league: dict[str, list[Tally]]) -> None:
    parameters, scores = score_league(league, RULES)
    for one in scores.values():
        ends = sorted((parameters.mu, parameters.mu if one.mean is None else one.mean))
        assert ends[0] - 1e-9 <= one.value <= ends[1] + 1e-9
        assert one.variance >= 0
        assert math.isfinite(one.value)


def test_shrinkage_limits() -> None:
    assert shrunk(100, 0, 80, 30) == 80
    assert shrunk(100, 30, 80, 30) == 90
    assert shrunk(100, 1e9, 80, 30) == pytest.approx(100, abs=1e-5)


def test_zero_ratings_nobody_is_listed_and_no_figure_is_invented() -> None:
    parameters, scores = score_league({"a": [], "b": []}, RULES)
    assert parameters.targets == 0
    assert {one.value for one in scores.values()} == {parameters.mu}
    assert not any(one.enough for one in scores.values())
    assert scores["a"].missing == 117  # 50 * 0.7 / 0.3


def test_everyone_equal_gives_everyone_the_same_score() -> None:
    _, scores = score_league({str(i): [Tally(0, 5, 200)] for i in range(30)}, RULES)
    assert {(one.value, one.enough) for one in scores.values()} == {(100.0, True)}


def test_one_candidate_has_the_own_mean() -> None:
    parameters, scores = score_league({"a": [Tally(0, 5, 90), Tally(0, 4, 60)]}, RULES)
    assert parameters.k == 50
    assert scores["a"].value == pytest.approx(90.0)
    assert scores["a"].enough


def test_older_months_count_half_and_a_quarter() -> None:
    sums = add_up(weighed([Tally(0, 5, 100), Tally(1, 4, 100), Tally(2, 3, 100)], RULES))
    assert sums.weight == 175
    assert sums.n == pytest.approx(175**2 / (100 + 25 + 6.25))
    assert sums.mean == pytest.approx((100 * 100 + 50 * 75 + 25 * 50) / 175)


def test_ratings_of_older_months_do_not_fulfil_the_minimum() -> None:
    league = {"a": [Tally(0, 5, 29), Tally(1, 5, 800)], "b": [Tally(0, 5, 30), Tally(1, 5, 800)]}
    _, scores = score_league(league, RULES)
    assert (scores["a"].enough, scores["a"].missing, scores["b"].enough) == (False, 1, True)


@pytest.mark.parametrize(
    ("mode", "weight"), [("none", 160.0), ("mixed", 100 + 18), ("verified", 100.0)], ids=["none", "mixed", "verified"]
)
def test_verification_modes(mode: str, weight: float) -> None:
    tallies = [Tally(0, 5, 100, verified=True), Tally(0, 1, 60)]
    assert add_up(weighed(tallies, ScoringRules(verification=mode))).weight == pytest.approx(weight)


def test_unverified_ratings_never_exceed_a_quarter_of_the_verified_weight() -> None:
    tallies = [Tally(0, 5, 100, verified=True), Tally(0, 1, 10_000)]
    assert add_up(weighed(tallies, ScoringRules(verification="mixed"))).weight == pytest.approx(125)


def test_unverified_praise_and_blame_weigh_the_same() -> None:
    rules = ScoringRules(verification="mixed")
    base = Tally(0, 3, 500, verified=True)
    low, high = (add_up(weighed([base, Tally(0, stars, 40)], rules)).weight for stars in (1, 5))
    assert low == high


def test_case_mix_does_not_punish_harder_patients() -> None:
    easy = [Tally(0, 5, 900, stratum="old"), Tally(0, 4, 100, stratum="old")]
    hard = [Tally(0, 5, 700, stratum="young"), Tally(0, 4, 300, stratum="young")]
    means = adjusted_means({"a": [(one, 1.0) for one in easy], "b": [(one, 1.0) for one in hard]})
    assert means["a"] == pytest.approx(means["b"]) == pytest.approx(95.0)


def test_paule_mandel_solves_its_equation() -> None:
    means, counts, within = (97.5, 96.25, 92.8, 85.5), (20.0, 120.0, 150.0, 400.0), 412.0
    mu, between = paule_mandel(means, counts, within)
    left = sum((m - mu) ** 2 / (between + within / n) for m, n in zip(means, counts, strict=True))
    assert left == pytest.approx(len(means) - 1, abs=1e-6)
