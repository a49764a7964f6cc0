"""Control charts: few false alarms, real changes noticed, the past never judged by the future."""

import random

from hypothesis import given
from hypothesis import strategies as st

from bench import signals as bench
from feedback_app.domain import signals
from feedback_app.domain.groups import LEAST
from feedback_app.domain.signals import Sample

SAMPLES = st.lists(
    st.integers(0, 200).flatmap(lambda n: st.builds(Sample, st.integers(0, n), st.just(n), st.booleans())), max_size=60
)


@given(SAMPLES, st.integers(0, 60))
def test_what_comes_later_changes_no_judgement(samples: list[Sample], earlier: int) -> None:
    assert signals.judge(samples)[:earlier] == signals.judge(samples[:earlier])


@given(SAMPLES)
def test_limits_hold_the_usual_and_few_people_are_told_nothing_of(samples: list[Sample]) -> None:
    for one, judged in zip(samples, signals.judge(samples), strict=True):
        assert (judged.share is None) == (one.n < LEAST)
        if judged.centre is not None and judged.least is not None and judged.most is not None:
            assert 0 <= judged.least <= judged.most <= 1
        if judged.signal == signals.LOW:
            assert judged.share is not None
            assert judged.least is not None
            assert judged.share < judged.least


@given(SAMPLES)
def test_after_a_break_everything_is_learnt_anew(samples: list[Sample]) -> None:
    judged = signals.judge(samples)
    for place, one in enumerate(samples):
        if one.broken:
            assert all(later.centre is None for later in judged[place : place + signals.LEARN])


def test_no_month_without_ratings_and_no_unit_is_too_small() -> None:
    assert signals.judge([]) == []
    assert [one.share for one in signals.judge([Sample(0, 0), Sample(1, 1), Sample(4, 5)])] == [None, None, 0.8]


def test_a_quiet_unit_stays_quiet_and_a_bad_week_does_not() -> None:
    quiet = [Sample(47, 50)] * 30
    assert not any(one.signal for one in signals.judge(quiet))
    assert signals.judge([*quiet, Sample(30, 50)])[-1].signal == signals.LOW
    # A share of 100 % week after week is not off its own centre.
    assert not any(one.signal for one in signals.judge([Sample(50, 50)] * 40))


def test_eight_weeks_a_little_lower_are_a_change_and_then_the_new_usual() -> None:
    judged = signals.judge([*[Sample(94, 100), Sample(92, 100)] * 13, *[Sample(87, 100)] * 40])
    found = [(place, one.signal) for place, one in enumerate(judged) if one.signal]
    assert found == [(30, signals.DOWN)]  # seven of the eight weeks lie below
    assert judged[-1].centre is not None
    assert abs(judged[-1].centre - 0.87) < 0.01


def test_false_alarms_and_delays_of_a_simulated_year() -> None:
    """A tenth of bench/signals.py, always the same draw."""
    calm = bench.years(60, 40, 0.0, 0, 0, random.Random(4))
    assert bench.false_alarms(bench.ours, calm) < 0.2 < bench.false_alarms(bench.plain_p, calm)
    fallen = bench.years(60, 150, 0.0, -0.08, 99, random.Random(4))
    median, within_four, within_twelve = bench.delays(bench.ours, fallen)
    assert median <= 2
    assert within_four > 0.8
    assert within_twelve == 1


def test_a_unit_beside_its_like() -> None:
    like = [Sample(93, 100), Sample(94, 100), Sample(92, 100), Sample(95, 100), Sample(60, 100), Sample(2, 3)]
    assert signals.beside_others(like) == ["", "", "", "", signals.LOW, ""]
    assert signals.beside_others(like[:3]) == ["", "", ""]
