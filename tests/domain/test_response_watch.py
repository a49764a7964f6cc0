"""The watch points at somebody far above the others, and at nobody where people merely differ."""

import random

from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain.response_watch import Share, alarms, excess

shares = st.dictionaries(st.text("abcdefgh", min_size=1), st.builds(Share, st.integers(0, 50), st.integers(50, 500)))


def test_one_who_has_everybody_rate_stands_out() -> None:
    dice = random.Random(1)
    usual = {f"d{n}": Share(sum(dice.random() < 0.3 for _ in range(200)), 200) for n in range(40)}
    assert alarms(usual) == []
    assert alarms({**usual, "coached": Share(110, 200), "worse": Share(150, 200)}) == ["worse", "coached"]
    assert alarms({**usual, "few": Share(9, 10)}) == []  # of ten nobody can tell


def test_people_who_differ_a_lot_widen_what_is_usual() -> None:
    dice = random.Random(2)
    spread = {f"d{n}": Share(round(200 * min(0.9, max(0.05, dice.gauss(0.3, 0.1)))), 200) for n in range(40)}
    assert alarms(spread) == []


@given(shares)
def test_it_never_fails_and_needs_no_order(known: dict[str, Share]) -> None:
    assert excess(dict(reversed(known.items()))).keys() == excess(known).keys()
    assert set(alarms(known)) <= known.keys()


def test_all_or_nothing_says_nothing() -> None:
    assert excess({}) == excess({"a": Share(0, 100)}) == excess({"a": Share(100, 100)}) == {}
