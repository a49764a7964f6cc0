"""Daily counts kept ready: equal to a full recount whatever happens, of points, departments and the hospital alike."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from feedback_app.db import tallies
from feedback_app.db.day_counts import DayCount, UnitDay
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain import day_bodies
from feedback_app.domain.day_bodies import Body, Counted
from feedback_app.domain.periods import Month
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaires import type_of
from feedback_app.services import day_counts, own_ratings, questionnaires, ratings, tallying
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.star_ratings import october, rate

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
OCTOBER = Month(2026, 10)
Look = Callable[[str], ServicePoint]
COUNTED = st.builds(
    Counted,
    st.integers(1, 5),
    st.sampled_from(["form", "bot"]),
    st.integers(0, 23),
    st.integers(0, 2),
    st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from([0.0, 25.0, 100.0])),
)


@given(st.lists(COUNTED, max_size=20), st.lists(COUNTED, max_size=20))
def test_bodies_are_sums_and_can_be_taken_away_again(some: list[Counted], more: list[Counted]) -> None:
    one, other, both = made(some), made(more), made(more + some)
    assert day_bodies.together([one, other]) == both
    day_bodies.add(both, other, -1)
    assert both == one
    day_bodies.add(both, one, -1)
    assert both == {}


def made(several: list[Counted]) -> Body:
    body: Body = {}
    for one in several:
        day_bodies.put(body, one)
    return body


def by_hand(runtime: Runtime, point_id: int | None = None) -> dict[date, list[int]]:
    """Levels of each October day, by plain loops over the ratings."""
    found: dict[date, list[int]] = {}
    with runtime.reading() as session:
        for one in session.scalars(select(Rating).where(Rating.period == "2026-10", Rating.status == "counted")):
            if point_id in (None, one.service_point_id):
                found.setdefault(one.day, [0] * 5)[one.score - 1] += 1
    return found


def read(runtime: Runtime, point_id: int | None = None) -> dict[date, list[int]]:
    with runtime.reading() as session:
        if point_id is None:
            days = day_counts.of_unit(session, day_counts.HOSPITAL, FIRST, LAST)
        else:
            days = day_counts.of_point(session, point_id, FIRST, LAST)
    return {day: day_bodies.levels(body) for day, body in days.items() if day_bodies.n(body)}


@pytest.mark.both_databases
def test_right_before_and_after_folding_and_after_every_change(runtime: Runtime, point: Look) -> None:
    doctor = point("D01").id
    with runtime.transaction() as session:
        october(session)
    assert read(runtime) == by_hand(runtime)
    with runtime.transaction() as session:
        tallying.fold(session)
    assert read(runtime) == by_hand(runtime)
    with runtime.transaction() as session:
        rate(session, "D01", (3, 0, 0, 0, 4))
        session.execute(update(Rating).where(Rating.score == 1).values(status="excluded", why_not="t"))
        session.execute(delete(Rating).where(Rating.score == 3))
    for _ in range(2):  # what is marked, then what is folded
        assert read(runtime) == by_hand(runtime)
        assert read(runtime, doctor) == by_hand(runtime, doctor)
        with runtime.transaction() as session:
            while tallying.is_needed(session):
                tallying.fold(session, 40)
    with runtime.transaction() as session:
        assert day_counts.rebuild(session, OCTOBER, LAST) == []


@pytest.mark.both_databases
def test_departments_are_their_points_and_the_hospital_its_departments(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        tallying.fold(session)
    with runtime.reading() as session:
        units = day_counts.of_all_units(session, FIRST, LAST)
        whole = day_bodies.together(day_counts.of_unit(session, day_counts.HOSPITAL, FIRST, LAST).values())
        parts = {unit: day_counts.of_points_of_unit(session, unit, FIRST, LAST) for unit in units}
    assert [sum(column) for column in zip(*units.values(), strict=True)] == day_bodies.levels(whole)
    for unit, points in parts.items():
        assert [sum(column) for column in zip(*points.values(), strict=True)] == units[unit]
    assert day_bodies.n(whole) == sum(sum(levels) for levels in by_hand(runtime).values())


def test_what_was_altered_is_found_in_the_night_and_put_right(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        tallying.fold(session)
        session.execute(
            update(DayCount)
            .where(DayCount.day == date(2026, 10, 2))
            .values(body={"l": [9, 9, 9, 9, 9]}, levels=[9, 9, 9, 9, 9])
        )
        session.execute(delete(DayCount).where(DayCount.day == date(2026, 10, 3)))
        assert {one.day for one in day_counts.rebuild(session, OCTOBER, LAST)} == {date(2026, 10, 2), date(2026, 10, 3)}
    assert read(runtime) == by_hand(runtime)
    with runtime.transaction() as session:
        older = Month(2026, 12)
        session.execute(delete(DayCount))
        assert day_counts.rebuild(session, older, LAST), "older months are compared in turn"
        assert not session.scalars(select(UnitDay).where(UnitDay.unit_id == day_counts.NO_UNIT)).all()


def test_channel_hour_and_questions_of_a_rating_as_it_was_sent(runtime: Runtime, point: Look) -> None:
    at = datetime(2026, 10, 9, 6, 30, tzinfo=UTC)
    target = point("W03").id
    with runtime.transaction() as session:
        sent = Submission(target, 4, "bot", "one", rater_hash="a" * 64)
        ratings.submit(session, sent, zone=runtime.zone, now=at)
        ratings.submit(session, Submission(target, 1, "form", "two", rater_hash="a" * 64), zone=runtime.zone, now=at)
        tallying.fold(session)
    with runtime.reading() as session:
        body = day_counts.of_point(session, target, FIRST, LAST)[date(2026, 10, 9)]
    assert body["c"] == {"bot": [0, 0, 0, 1, 0]}, "of one person, point and day the first counts"
    assert body["h"] == {"6": [0, 0, 0, 1, 0]}
    assert body["x"] == 1
    with runtime.transaction() as session:
        first = session.scalars(select(Rating).where(Rating.idempotency_key == "one")).one()
        own_ratings.withdraw(session, first, why="t", now=at + timedelta(hours=1))
    with runtime.reading() as session:
        body = day_counts.of_point(session, target, FIRST, LAST)[date(2026, 10, 9)]
    assert body["c"] == {"form": [1, 0, 0, 0, 0]}, "taken back: the second one counts now, unfolded too"


@pytest.mark.both_databases
def test_ratings_that_arrive_while_days_are_counted_are_counted_afterwards(
    runtime: Runtime, point: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, read_repeats = point("W03").id, tallies.repeats
    arriving = [("two", "a"), ("three", "b"), ("four", "b"), ("five", "c")]

    def submit(key: str, rater: str) -> None:
        sent = Submission(target, 2, "form", key, rater_hash=rater * 64)
        with runtime.transaction() as session:
            ratings.submit(session, sent, zone=runtime.zone, now=datetime(2026, 10, 9, 6, 30, tzinfo=UTC))

    def repeats(*given: Any, **named: Any) -> list[tallies.Repeat]:
        """Two ratings arrive before it is known who rated twice, and two after it."""
        for one in arriving[:2]:
            submit(*one)
        found = list(read_repeats(*given, **named))
        for one in arriving[2:]:
            submit(*one)
        arriving.clear()
        return found

    submit("one", "a")
    monkeypatch.setattr(tallies, "repeats", repeats)
    with runtime.reading() as session:
        meanwhile = day_counts.of_point(session, target, FIRST, LAST)[date(2026, 10, 9)]
    assert not arriving, "they came while somebody looked"
    assert day_bodies.n(meanwhile) >= 1, "what was there before is not taken away by what comes"
    with runtime.transaction() as session:
        tallying.fold(session)
    with runtime.reading() as session:
        body = day_counts.of_point(session, target, FIRST, LAST)[date(2026, 10, 9)]
    assert (day_bodies.levels(body), body["x"]) == ([0, 3, 0, 0, 0], 2)


@pytest.mark.both_databases
def test_the_database_counts_what_plain_loops_over_the_ratings_count(runtime: Runtime) -> None:
    chance, at = random.Random(5), datetime(2026, 10, 8, 22, 30, tzinfo=UTC)
    with runtime.transaction() as session:
        versions = [questionnaires.latest(session, key) for key in ("doctor", "inpatient", "fft")]
        forms = {one.id: from_body(one.body) for one in versions}
        points = list(session.scalars(select(ServicePoint.id).limit(4)))
        for number in range(300):
            version = chance.choice([*forms, None])
            answers: dict[str, Any] = {
                "overall": chance.choice([4, None]),
                "comment": f"话{number}",
                "gone": [1, {"a": 2}],
            }
            for asked in forms[version].questions if version else ():
                possible = type_of(asked).possible(asked)
                if possible is not None and chance.random() < 0.8:
                    answers[asked.key] = chance.choice(list(possible))
            who = f"{chance.randrange(40):064d}"
            sent = Submission(chance.choice(points), chance.randrange(1, 6), "form", f"s{number}", answers=answers, version_id=version, rater_hash=who)  # fmt: skip
            ratings.submit(session, sent, zone=runtime.zone, now=at + timedelta(hours=chance.randrange(50)))
        session.execute(update(Rating).where(Rating.id % 11 == 0).values(status="held", why_not="t"))
        tallying.fold(session)
    expected: dict[tuple[int, date], Body] = {}
    with runtime.reading() as session:
        not_counted = day_counts.repeated(session, ["2026-10"])
        assert len(not_counted) > 20
        for one in session.scalars(select(Rating)):
            body = expected.setdefault((one.service_point_id, one.day), {})
            if one.status != "counted" or one.id in not_counted:
                day_bodies.put_uncounted(body)
                continue
            questions = forms[one.questionnaire_version_id].questions if one.questionnaire_version_id else ()
            known = [
                (each, one.answers.get(each.key)) for each in questions if type_of(each).possible(each) is not None
            ]
            worth = {each.key: type_of(each).score(each, value) for each, value in known if value is not None}
            scores = {key: score for key, score in worth.items() if score is not None}
            hour, version = one.received_at.astimezone(UTC).hour, one.questionnaire_version_id or 0
            day_bodies.put(body, Counted(one.score, one.channel, hour, version, scores))
        stored = session.execute(select(DayCount.service_point_id, DayCount.day, DayCount.body)).all()
    assert {(point_id, day): body for point_id, day, body in stored} == expected
