"""What the rules against stuffing set aside, and what they must never touch."""

import random
from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import stuffing
from feedback_app.domain.stuffing import (
    BURST,
    COLLEAGUE,
    DAY,
    DEVICE,
    NETWORK,
    NIGHT,
    STAFF,
    Seen,
    Usual,
    Weighed,
    alike,
    limit,
    marked,
    usual_by_day,
    weighed,
)

MORNING = datetime(2026, 11, 20, 9, 0)  # noqa: DTZ001 - the hospital's own wall clock

arrivals = st.lists(
    st.builds(
        Seen,
        at=st.integers(0, 3 * 24 * 60).map(lambda minutes: MORNING + timedelta(minutes=minutes)),
        id=st.integers(1, 10_000),
        verified=st.booleans(),
        device=st.sampled_from([None, "a", "b"]),
        network=st.sampled_from([None, "x", "y"]),
        staff=st.sampled_from(["", "", COLLEAGUE]),
        copied=st.booleans(),
        straight=st.booleans(),
    ),
    unique_by=lambda one: one.id,
    max_size=80,
)


usual_days = st.builds(Usual, st.floats(0, 50), st.floats(0, 10))
ONE = Usual(1.0, 0.02)


def every(minutes: float, count: int, start: datetime = MORNING, **more: str) -> list[Seen]:
    return [Seen(start + timedelta(minutes=minutes * n), n, **more) for n in range(count)]  # type: ignore[arg-type]


def test_the_limits_are_those_of_the_study() -> None:
    assert [limit(usual, 3.0) for usual in (0, 0.5, 1, 4)] == [3, 3, 4, 10]
    assert [limit(usual, 5.0) for usual in (0, 1, 9, 100)] == [5, 5, 18, 133]


def test_what_holds_alone() -> None:
    assert len(marked(every(1, 30), ONE)) == 25 and BURST in marked(every(1, 30), ONE).values()
    assert set(marked(every(15, 9), ONE).values()) == {DAY}
    assert set(marked(every(15, 4, device="a"), ONE).values()) == {DEVICE}
    assert set(marked(every(15, 1, staff=STAFF), ONE).values()) == {STAFF}
    assert set(marked([Seen(MORNING, 1, verified=True, staff=STAFF)], ONE).values()) == {STAFF}


def test_weak_signs_hold_only_together() -> None:
    """A family at home, a rating before going to sleep, a colleague who was a patient: each may be honest."""
    late = MORNING.replace(hour=22)
    assert marked(every(15, 4, network="x"), ONE) == {}
    assert marked(every(15, 2, late), ONE) == {}
    assert marked(every(15, 1, staff=COLLEAGUE), ONE) == {}
    assert set(marked(every(15, 4, late, network="x"), ONE).values()) == {NETWORK}
    assert marked(every(15, 4, late, network="x"), ONE, night_duty=True) == {}
    assert weighed(every(15, 1, late, staff=COLLEAGUE), ONE)[0] == Weighed((NIGHT, COLLEAGUE), 1.0)


def test_where_nobody_knows_what_is_usual_a_burst_is_shown_and_not_held() -> None:
    found = weighed(every(1, 30), {})
    assert {one.held for one in found.values()} == {False}
    assert max(one.weight for one in found.values()) == stuffing.NOTICED
    assert len(marked(every(1, 30), {MORNING.date(): ONE})) == 25


def test_usual_is_the_own_mean_then_the_mean_of_the_kind() -> None:
    today = MORNING.date()
    before = [today - timedelta(days=back) for back in range(1, 40)]
    nine, four, two = Usual(9, 3), Usual(4, 1), Usual(2, 2)
    own, kind = dict.fromkeys(before, nine), dict.fromkeys(before, two)
    assert usual_by_day(own, kind, [today]) == {today: nine}
    assert usual_by_day({before[0]: four}, kind, [today]) == {today: Usual(4, 2)}
    assert usual_by_day({}, kind, [today]) == {today: two}
    assert usual_by_day({before[0]: four}, {before[0]: two}, [today]) == {today: None}
    assert usual_by_day(dict.fromkeys(before[28:], nine), {}, [today]) == {today: None}  # four weeks, not more


def test_who_always_gets_them_all_at_once_is_not_odd() -> None:
    """A ward that hands out its codes at noon: ten within a minute, every day."""
    assert stuffing.of_day([one.at for one in every(0.1, 10)] + [MORNING + timedelta(hours=3)]) == Usual(11, 10)
    assert marked(every(0.1, 10), Usual(11, 10)) == {}
    assert set(marked(every(0.1, 10), Usual(11, 1)).values()) == {BURST}


def test_copied_words_are_those_that_nobody_says_twice_by_chance() -> None:
    long = "张医生讲得特别清楚,谢谢您的耐心"
    assert alike([(1, "很好"), (2, "很好"), (3, long), (4, long.replace(",", ",") + " "), (5, long + "。")]) == {4, 5}


@given(arrivals, usual_days, st.randoms())
def test_verified_ones_and_the_order_of_arguments_change_nothing(
    seen: list[Seen], usual: Usual, dice: random.Random
) -> None:
    reasons = marked(seen, usual)
    mixed = list(seen)
    dice.shuffle(mixed)
    assert marked(mixed, usual) == reasons
    assert not {one.id for one in seen if one.verified} & reasons.keys()
    assert marked([one for one in seen if not one.verified], usual) == reasons
    assert set(reasons.values()) <= set(stuffing.REASONS)


@given(arrivals, usual_days, st.integers(0, 80))
def test_later_ones_change_nothing_about_earlier_ones(seen: list[Seen], usual: Usual, count: int) -> None:
    first = sorted(seen)[:count]
    whole = weighed(seen, usual)
    assert weighed(first, usual) == {one.id: whole[one.id] for one in first if one.id in whole}


@given(arrivals, usual_days)
def test_what_stays_keeps_to_the_limits(seen: list[Seen], usual: Usual) -> None:
    reasons = marked(seen, usual)
    stays = [one for one in seen if not one.verified and one.id not in reasons]
    assert all(count <= limit(usual.a_day, 5.0) for count in Counter(one.day for one in stays).values())
    assert all(count <= 3 for count in Counter((one.device, one.day) for one in stays if one.device).values())
    for one in stays:
        window = [other for other in stays if timedelta(0) <= one.at - other.at <= stuffing.WINDOW]
        assert len(window) <= limit(usual.at_once, 3.0)


def test_an_honest_month_is_left_alone() -> None:
    dice = random.Random(7)
    touched = total = 0
    for doctor in range(60):
        a_day = dice.uniform(0.3, 25)
        seen = [
            Seen(
                MORNING.replace(day=day, hour=8) + timedelta(minutes=dice.random() * 540),
                doctor * 10**5 + day * 1000 + n,
            )
            for day in range(1, 29)
            for n in range(max(0, round(dice.gauss(a_day, a_day**0.5))))
        ]
        touched, total = touched + len(marked(seen, Usual(a_day, a_day / 20))), total + len(seen)
    assert total > 15_000
    assert touched / total < 0.005
