"""What the rules against stuffing set aside, and what they must never touch."""

import random
from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import stuffing
from feedback_app.domain.stuffing import BURST, DAY, DEVICE, NETWORK, NIGHT, Seen, limit, marked

MORNING = datetime(2026, 11, 20, 9, 0)  # noqa: DTZ001 - the hospital's own wall clock

arrivals = st.lists(
    st.builds(
        Seen,
        at=st.integers(0, 3 * 24 * 60).map(lambda minutes: MORNING + timedelta(minutes=minutes)),
        id=st.integers(1, 10_000),
        verified=st.booleans(),
        device=st.sampled_from([None, "a", "b"]),
        network=st.sampled_from([None, "x", "y"]),
    ),
    unique_by=lambda one: one.id,
    max_size=80,
)


def every(minutes: float, count: int, start: datetime = MORNING, **more: str) -> list[Seen]:
    return [Seen(start + timedelta(minutes=minutes * n), n, **more) for n in range(count)]  # type: ignore[arg-type]


def test_the_limits_are_those_of_the_study() -> None:
    assert [limit(usual, 3.0) for usual in (0, 0.5, 1, 4)] == [3, 3, 4, 10]
    assert [limit(usual, 5.0) for usual in (0, 1, 9, 100)] == [5, 5, 18, 133]


def test_each_reason() -> None:
    assert len(marked(every(1, 30), 1.0)) == 25 and BURST in marked(every(1, 30), 1.0).values()
    assert set(marked(every(15, 9), 1.0).values()) == {DAY}
    assert set(marked(every(15, 4, device="a"), 1.0).values()) == {DEVICE}
    assert set(marked(every(15, 4, network="x"), 1.0).values()) == {NETWORK}
    late = every(15, 2, MORNING.replace(hour=22))
    assert set(marked(late, 1.0).values()) == {NIGHT} and marked(late, 1.0, night_duty=True) == {}


@given(arrivals, st.floats(0, 50), st.randoms())
def test_verified_ones_and_the_order_of_arguments_change_nothing(
    seen: list[Seen], usual: float, dice: random.Random
) -> None:
    reasons = marked(seen, usual)
    mixed = list(seen)
    dice.shuffle(mixed)
    assert marked(mixed, usual) == reasons
    assert not {one.id for one in seen if one.verified} & reasons.keys()
    assert marked([one for one in seen if not one.verified], usual) == reasons
    assert set(reasons.values()) <= set(stuffing.REASONS)


@given(arrivals, st.floats(0, 50))
def test_what_stays_keeps_to_the_limits(seen: list[Seen], usual: float) -> None:
    reasons = marked(seen, usual)
    stays = [one for one in seen if not one.verified and one.id not in reasons]
    assert all(count <= limit(usual, 5.0) for count in Counter(one.day for one in stays).values())
    assert all(count <= 3 for count in Counter((one.device, one.day) for one in stays if one.device).values())
    for one in stays:
        window = [other for other in stays if timedelta(0) <= one.at - other.at <= stuffing.WINDOW]
        assert len(window) <= limit(usual / stuffing.WINDOWS_A_DAY, 3.0)


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
        touched, total = touched + len(marked(seen, a_day)), total + len(seen)
    assert total > 15_000
    assert touched / total < 0.005
