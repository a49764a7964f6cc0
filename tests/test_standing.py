"""Places with their uncertainty: repeatable, independent of order, without secret tie-breaks."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.domain.standing import Estimate, ahead, standings

FEW = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=4),
    st.builds(Estimate, st.integers(0, 100).map(float), st.floats(0, 25)),
    max_size=12,
)


@given(FEW)
@settings(max_examples=50)
def test_places_are_coherent_and_do_not_depend_on_order(estimates: dict[str, Estimate]) -> None:
    found = standings(estimates, "monthly:2026-10:doctors", draws=60)
    assert found == standings(dict(reversed(estimates.items())), "monthly:2026-10:doctors", draws=60)
    for key, one in found.items():
        assert 1 <= one.low <= one.rank <= one.high <= len(estimates)
        assert one.band_first <= one.rank <= one.band_last
        assert one.rank == 1 + sum(other.value > estimates[key].value for other in estimates.values())


@given(FEW)
@settings(max_examples=50)
def test_equal_scores_share_rank_and_band(estimates: dict[str, Estimate]) -> None:
    found = standings(estimates, "seed", draws=20)
    for key, one in found.items():
        for other, another in found.items():
            if estimates[key].value == estimates[other].value:
                assert (one.rank, one.band_first) == (another.rank, another.band_first)


def test_a_clear_lead_is_a_band_of_its_own() -> None:
    found = standings({"a": Estimate(95, 0.1), "b": Estimate(90, 0.1), "c": Estimate(89.99, 0.1)}, "seed")
    assert (found["a"].band_first, found["a"].band_last, found["a"].low, found["a"].high) == (1, 1, 1, 1)
    assert (found["b"].band_first, found["b"].band_last) == (found["c"].band_first, found["c"].band_last) == (2, 3)
    assert (found["b"].low, found["b"].high) == (2, 3)


def test_a_long_board_of_small_steps_is_not_one_band() -> None:
    found = standings({f"{i:03d}": Estimate(90 - i * 0.1, 1.0) for i in range(200)}, "seed", draws=100)
    widest = max(one.band_last - one.band_first + 1 for one in found.values())
    assert 2 <= widest < 20


def test_everyone_equal_shares_the_first_place() -> None:
    found = standings({key: Estimate(90, 2) for key in "abcde"}, "seed")
    assert {(one.rank, one.band_first, one.band_last) for one in found.values()} == {(1, 1, 5)}


def test_nobody_and_one() -> None:
    assert standings({}, "seed") == {}
    assert standings({"a": Estimate(90, 4)}, "seed")["a"].top_decile == 1.0


def test_ahead_without_variance() -> None:
    assert [ahead(Estimate(1, 0), Estimate(other, 0)) for other in (0, 1, 2)] == [math.inf, 0.0, -math.inf]
