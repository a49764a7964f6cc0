"""Intervals of shares, and what is drawn towards the usual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import intervals

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
def test_an_interval_holds_its_share_and_stays_between_nothing_and_all(counts: tuple[int, int]) -> None:
    hits, n = counts
    sure = intervals.wilson(hits, n)
    assert 0 <= sure.low <= hits / n + 1e-12
    assert hits / n - 1e-12 <= sure.high <= 1
    assert sure.low < sure.high


@given(COUNTS, st.integers(2, 50))
def test_ten_times_as_many_people_make_it_narrower(counts: tuple[int, int], times: int) -> None:
    hits, n = counts
    few, many = intervals.wilson(hits, n), intervals.wilson(hits * times, n * times)
    assert many.high - many.low < few.high - few.low


def test_wilson_as_in_the_books() -> None:
    """Newcombe 1998, table I: 81 of 263, and 0 of 20."""
    one, none = intervals.wilson(81, 263), intervals.wilson(0, 20)
    assert (round(one.low, 4), round(one.high, 4)) == (0.2553, 0.3662)
    assert (round(none.low, 4), round(none.high, 4)) == (0.0, 0.1611)


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (3, 2), (-1, 4)])
def test_a_share_of_nobody_is_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="somebody"):
        intervals.wilson(hits, n)


def test_one_rating_and_none() -> None:
    assert intervals.satisfied([0, 0, 0, 0, 0]) == intervals.Share(None, 0)
    assert intervals.points([0, 0, 0, 0, 0]) is None
    one = intervals.satisfied([0, 0, 0, 0, 1])
    assert (one.value, one.n) == (100.0, 1)
    assert one.low is not None
    assert 20 < one.low < 21
    assert intervals.points([1, 0, 0, 0, 1]) == 50.0


@given(COUNTS, st.floats(0, 1))
def test_shrinking_lies_between_the_own_and_the_usual_share(counts: tuple[int, int], usual: float) -> None:
    hits, n = counts
    low, high = sorted((hits / n, usual))
    assert low - 1e-9 <= intervals.shrunk(hits, n, usual) <= high + 1e-9
