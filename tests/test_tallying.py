"""Counts kept ready: equal to a full recount whatever writers do, on both databases; closing and stragglers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import delete, select, update

from feedback_app.db import tally_marks
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.db.tally_marks import Tally
from feedback_app.domain.cycles import Period
from feedback_app.services import leaderboards, own_ratings, periodic, ratings, star_facts, tallying
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.side_by_side import Writer, run
from tests.star_ratings import NOVEMBER_BEGINS, id_of, october, rate

WRITERS, TURNS = 8, 8
OCTOBER, NOVEMBER = Period.parse("2026-10"), Period.parse("2026-11")
Look = Callable[[str], ServicePoint]


def full_recount(runtime: Runtime) -> dict[tally_marks.Key, tallying.Body]:
    with runtime.reading() as session:
        keys = {(one.period, one.service_point_id) for one in session.query(Rating)}
        return tallying.count(session, keys)


def kept_ready(runtime: Runtime) -> dict[tally_marks.Key, tallying.Body]:
    with runtime.reading() as session:
        return tallying.bodies(session, [f"2026-{number:02d}" for number in range(1, 13)])


def rate_withdraw_fold(writer: Writer, points: list[int]) -> int:
    """What web workers and worker processes do: rate, take back, count, all at once."""
    runtime, total = writer.runtime, 0
    for turn in range(TURNS):
        writer.meet()
        now = runtime.now()
        with runtime.transaction() as session:
            point_id = points[(turn + writer.number) % len(points)]
            sent = Submission(point_id, turn % 5 + 1, "form", f"{writer.number}-{turn}", rater_hash=f"{turn:064}")
            ratings.submit(session, sent, zone=runtime.zone, now=now)
        if turn % 3 == 2:
            with runtime.transaction() as session:
                earlier = session.scalars(
                    select(Rating).where(Rating.idempotency_key == f"{writer.number}-{turn - 2}")
                ).one()
                own_ratings.withdraw(session, earlier, why="t", now=now)
        with runtime.transaction() as session:
            if periodic.hold(session, "tallies", str(writer.number), now):
                total += tallying.fold(session, 5)
    return total


@pytest.mark.both_databases
def test_eight_writers_with_withdrawals_lose_nothing(runtime: Runtime, point: Look) -> None:
    folded = run(rate_withdraw_fold, runtime.settings, [point(key).id for key in ("D01", "D02", "W03")], processes=8)
    assert sum(folded) > 0
    assert kept_ready(runtime) == full_recount(runtime)
    with runtime.transaction() as session:
        while tallying.is_needed(session):
            tallying.fold(session, 50)
        assert tallying.rebuild(session) == []
    assert kept_ready(runtime) == full_recount(runtime)
    statuses = sum(sum(body[2].values()) for body in full_recount(runtime).values())
    assert statuses > WRITERS * 2, "withdrawn ones and those of the same person and day are counted, with the reason"


@pytest.mark.both_databases
def test_no_change_of_a_rating_goes_unmarked(runtime: Runtime, point: Look) -> None:
    with runtime.transaction() as session:
        october(session)
    with runtime.transaction() as session:
        tallying.fold(session)
    with runtime.transaction() as session:
        session.execute(update(Rating).where(Rating.score == 1).values(status="excluded", why_not="t"))
        session.execute(update(Rating).where(Rating.score == 2).values(verified=True))
        session.execute(delete(Rating).where(Rating.score == 3))
    assert kept_ready(runtime) == full_recount(runtime)


def test_a_tally_that_was_altered_is_found_and_put_right(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        tallying.fold(session)
        session.execute(update(Tally).values(body=[[9, 9, 9, 9, 9], [0] * 5, {}]))
        assert len(tallying.rebuild(session)) == 6, "every service point of that month"
    assert kept_ready(runtime) == full_recount(runtime)


@pytest.mark.both_databases
def test_a_rating_being_written_at_midnight_is_on_the_board_and_a_straggler_on_the_next(
    runtime: Runtime, point: Look
) -> None:
    written, asked = Event(), Event()
    last_moment, point_id = NOVEMBER_BEGINS - timedelta(microseconds=1), point("W03").id

    def write() -> None:
        with runtime.transaction() as session:
            sent = Submission(point_id, 5, "form", "in time")
            ratings.submit(session, sent, zone=runtime.zone, now=last_moment)
            written.set()
            assert asked.wait(30)

    def close() -> int:
        assert written.wait(30)
        asked.set()
        with runtime.transaction() as session:
            board = leaderboards.close(session, "monthly", OCTOBER, now=NOVEMBER_BEGINS, zone=runtime.zone)
        row = board.row_of(point_id)
        return row.valid if row else -1

    with ThreadPoolExecutor(2) as pool:
        writing, closing = pool.submit(write), pool.submit(close)
        writing.result(60)
        assert closing.result(60) == 1
    with runtime.transaction() as session:  # it had looked at the clock before midnight, and comes after the closing
        sent = Submission(point_id, 1, "form", "straggler")
        accepted = ratings.submit(session, sent, zone=runtime.zone, now=last_moment)
    assert str(accepted.period) == "2026-11"
    with runtime.reading() as session:
        late = {one.idempotency_key: one.late for one in session.query(Rating)}
        facts = star_facts.facts_by_point(session, NOVEMBER, 3)[point_id]
        assert leaderboards.is_unaltered(session, "monthly", OCTOBER)
    assert late == {"in time": False, "straggler": True}
    assert [(one.months_back, one.score, one.count) for one in facts.ratings] == [(0, 1, 1), (1, 5, 1)]


def test_a_service_of_last_month_told_today_counts_today_and_is_marked(runtime: Runtime, point: Look) -> None:
    november = datetime(2026, 11, 3, 4, tzinfo=UTC)
    with runtime.transaction() as session:
        sent = Submission(point("D01").id, 4, "paper", "k", served_at=NOVEMBER_BEGINS - timedelta(days=2))
        assert str(ratings.submit(session, sent, zone=runtime.zone, now=november).period) == "2026-11"
    with runtime.reading() as session:
        assert session.query(Rating).one().late


def test_a_campaign_counts_its_own_days_only(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rate(session, "D01", (0, 0, 0, 0, 28), "2026-08")  # one on each of the first 28 days
        rate(session, "D01", (0, 0, 0, 0, 28), "2026-09")
        rate(session, "D01", (0, 0, 0, 0, 28), "2026-10")
    with runtime.reading() as session:
        facts = star_facts.facts_by_point(session, Period.parse("2026-08-11..2026-10-05"), 1)
        [tally] = facts[id_of(session, "D01")].ratings
    assert tally.count == 18 + 28 + 5


def test_a_rating_belongs_to_the_department_of_that_minute(runtime: Runtime, point: Look) -> None:
    doctor = point("D01")
    with runtime.transaction() as session:
        before = ratings.submit(session, Submission(doctor.id, 5, "form", "a"), zone=runtime.zone, now=runtime.now())
        session.execute(
            update(ServicePoint).where(ServicePoint.key == "D01").values(department_id=id_of(session, "EK"))
        )
        session.expire_all()
        ratings.submit(session, Submission(doctor.id, 5, "form", "b"), zone=runtime.zone, now=runtime.now())
    with runtime.reading() as session:
        units = {one.idempotency_key: one.unit_id for one in session.query(Rating)}
        assert units == {"a": id_of(session, "XN"), "b": id_of(session, "EK")}
        assert ratings.by_receipt(session, before.receipt).point.id == doctor.id


@pytest.mark.sqlite_only("on a server nothing is counted before the writer's turn: nobody waits for it there")
def test_what_was_counted_before_others_folded_is_not_stored(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
    with runtime.reading() as session:
        late = tallying.look(session)
    assert late is not None and late.tallies
    with runtime.transaction() as session:
        tallying.fold(session)
        session.execute(update(Rating).where(Rating.score == 1).values(status="excluded", why_not="t"))
    with runtime.transaction() as session:
        assert not tallying.write(session, late)
    with runtime.reading() as session:
        now = tallying.look(session)
    assert now is not None
    with runtime.transaction() as session:
        assert tallying.write(session, now) and not tallying.is_needed(session)
    assert kept_ready(runtime) == full_recount(runtime)
