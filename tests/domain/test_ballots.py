"""Counting, drawing by lot, agreement between reviewers, choosing winners."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import ballots
from feedback_app.errors import Refused

SHEETS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.dictionaries(st.integers(1, 6), st.integers(0, 100).map(float), min_size=2),
    min_size=2,
)


def test_every_ballot_is_as_long_as_every_other() -> None:
    known = range(1, 201)
    lengths = {len(ballots.written(choice, known, 20)) for choice in ([1], [200], list(range(100, 120)))}
    assert lengths == {ballots.WIDTH}


@pytest.mark.parametrize(
    ("choice", "code"),
    [([], "no_choice"), ([1, 2], "too_many_choices"), ([9], "no_candidate"), ([0], "no_candidate")],
)
def test_what_is_no_vote(choice: list[int], code: str) -> None:
    with pytest.raises(Refused) as error:
        ballots.written(choice, [1, 2, 3], 1)
    assert error.value.code == f"rounds.{code}"


@given(st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True)), st.randoms(use_true_random=False))
def test_a_tally_does_not_depend_on_the_order(votes: list[list[int]], chance: object) -> None:
    shuffled = sorted(votes, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert ballots.tally(votes, range(1, 6)) == ballots.tally(shuffled, range(1, 6))
    assert sum(ballots.tally(votes, range(1, 6)).values()) == sum(map(len, votes))


@given(st.sets(st.text(max_size=8), max_size=30), st.integers(0, 40), st.text(max_size=8))
def test_a_lot_is_fair_to_order_and_repeatable(pool: set[str], places: int, seed: str) -> None:
    drawn = ballots.drawn(pool, places, seed)
    assert drawn == ballots.drawn(sorted(pool, reverse=True), places, seed)
    assert len(drawn) == min(places, len(pool)) and set(drawn) <= pool


def test_another_seed_gives_others() -> None:
    pool = [f"visit-{number}" for number in range(200)]
    seats = [set(ballots.drawn(pool, 20, f"seed {number}")) for number in range(30)]
    assert len(set.union(*seats)) > 180  # everybody has a chance
    assert all(len(one & other) < 12 for one, other in itertools.combinations(seats, 2))


def test_agreement_of_a_worked_example() -> None:
    """Three judges, six essays; sums of ranks and their spread by hand."""
    ranks = {"a": [1, 6, 3, 2, 5, 4], "b": [1, 5, 6, 4, 2, 3], "c": [6, 3, 2, 5, 4, 1]}
    sheets = {name: {place: float(rank) for place, rank in enumerate(row)} for name, row in ranks.items()}
    sums = [sum(column) for column in zip(*ranks.values(), strict=True)]  # 8, 14, 11, 11, 11, 8
    spread = sum((one - 10.5) ** 2 for one in sums)  # 25.5
    assert (sums, spread) == ([8, 14, 11, 11, 11, 8], 25.5)
    found = ballots.agreement(sheets)
    assert found.w == pytest.approx(12 * 25.5 / (9 * (216 - 6)))  # 0.162
    assert found.words == "weak"


def test_full_agreement_is_one_and_recusals_do_not_count_as_low_places() -> None:
    sheets = {"a": {1: 90.0, 2: 80.0, 3: 70.0}, "b": {1: 60.0, 2: 50.0, 3: 40.0}, "c": {1: 99.0, 3: 98.0}}
    assert ballots.agreement(sheets) == ballots.Agreement(1.0, 3, 2, "strong")


def test_nothing_to_compare_is_said_in_words() -> None:
    assert ballots.agreement({}).words == "too_few"
    assert ballots.agreement({"a": {1: 5.0, 2: 4.0}}).words == "too_few"
    assert ballots.agreement({"a": {1: 5.0, 2: 5.0}, "b": {1: 4.0, 2: 4.0}}).words == "no_difference"


@given(SHEETS)
def test_agreement_lies_between_nothing_and_one(sheets: dict[str, dict[int, float]]) -> None:
    found = ballots.agreement(sheets)
    assert found.w is None or 0 <= found.w <= 1 + 1e-9


RANKED = st.lists(
    st.tuples(st.integers(1, 50), st.sampled_from(["XN", "EK", "SF"]), st.integers(0, 5).map(float)),
    unique_by=lambda one: one[0],
)


@given(RANKED, st.integers(1, 6))
def test_nobody_left_out_is_better_than_or_equal_to_a_winner(
    ranked: list[tuple[int, str, float]], winners: int
) -> None:
    won = ballots.chosen(ranked, winners)
    points = {number: value for number, _, value in ranked}
    out = [points[number] for number in points if number not in won]
    assert all(points[number] > value for number in won for value in out)
    assert len(won) >= min(winners, len(ranked))


@given(RANKED, st.integers(1, 6), st.integers(1, 3))
def test_no_department_has_more_than_its_places(ranked: list[tuple[int, str, float]], winners: int, limit: int) -> None:
    units = {number: unit for number, unit, _ in ranked}
    won = ballots.chosen(ranked, winners, limit)
    assert all(sum(units[one] == unit for one in won) <= limit for unit in set(units.values()))
