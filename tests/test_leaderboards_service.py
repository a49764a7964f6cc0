"""Closing a month on a real database: frozen, once, the same bytes again."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from feedback_app.db.audit import AuditEntry
from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaderboards import Leaderboard, LeaderboardRow
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating
from feedback_app.domain.cycles import Period
from feedback_app.errors import NotFound, Refused
from feedback_app.services import leaderboards, ratings
from feedback_app.services.leaderboards import Board
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.star_ratings import NOVEMBER_BEGINS, id_of, october, rate

OCTOBER = Period.parse("2026-10")


@pytest.fixture
def rated(runtime: Runtime) -> Iterator[Runtime]:
    with runtime.transaction() as session:
        october(session)
    yield runtime


def close(runtime: Runtime, month: Period = OCTOBER) -> Board:
    with runtime.transaction() as session:
        return leaderboards.close(session, "monthly", month, now=runtime.now(), zone=runtime.zone)


def test_closing_ranks_like_with_like_and_sends_nothing(rated: Runtime) -> None:
    board = close(rated)
    doctors = board.league("doctors")
    assert [(row.key, row.rank) for row in doctors.listed] == [("D01", 1), ("D02", 2)]
    assert [(row.key, row.listed, row.missing) for row in doctors.rows[2:]] == [("D03", False, 105)]
    assert [row.key for row in board.league("nurses").listed] == ["N01"]
    assert [row.key for row in board.league("windows").listed] == ["W01"]
    assert board.league("logistics").listed == ()
    assert board.unverified and not board.provisional
    with rated.reading() as session:
        assert session.scalars(select(OutboxMessage)).all() == []
        assert [one.action for one in session.scalars(select(AuditEntry))] == ["star.closed"]


def test_closing_twice_is_once(rated: Runtime) -> None:
    first = close(rated)
    with rated.transaction() as session:
        rate(session, "D02", (0, 0, 0, 0, 500))
    assert close(rated) == first
    with rated.reading() as session:
        assert len(session.scalars(select(Leaderboard)).all()) == 1
        assert leaderboards.is_unaltered(session, "monthly", OCTOBER)


def test_what_is_computed_again_has_the_same_bytes(rated: Runtime) -> None:
    with rated.reading() as session:
        once, twice = (
            leaderboards.preview(session, "monthly", OCTOBER, now=rated.now(), zone=rated.zone) for _ in range(2)
        )
    assert once == twice
    assert once.result_hash == close(rated).result_hash


def test_an_altered_row_is_noticed(rated: Runtime) -> None:
    close(rated)
    with rated.transaction() as session:
        row = session.scalars(select(LeaderboardRow)).first()
        assert row is not None
        session.execute(
            update(LeaderboardRow).where(LeaderboardRow.id == row.id).values(body={**row.body, "score": 100.0})
        )
    with rated.reading() as session:
        assert not leaderboards.is_unaltered(session, "monthly", OCTOBER)


def test_many_closers_at_once_make_one_board(rated: Runtime) -> None:
    hashes: list[str] = []
    workers = [threading.Thread(target=lambda: hashes.append(close(rated).result_hash)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(hashes) == 4
    assert len(set(hashes)) == 1
    with rated.reading() as session:
        assert len(session.scalars(select(Leaderboard)).all()) == 1


def test_a_month_that_runs_can_only_be_previewed(rated: Runtime) -> None:
    november = Period.parse("2026-11")
    with pytest.raises(Refused) as refused:
        close(rated, november)
    assert refused.value.code == "stars.not_over"
    with rated.reading() as session:
        board = leaderboards.preview(session, "monthly", november, now=rated.now(), zone=rated.zone)
        with pytest.raises(Refused):
            leaderboards.preview(session, "monthly", Period.parse("2026-12"), now=rated.now(), zone=rated.zone)
    assert board.provisional


def test_the_last_microsecond_belongs_to_the_month_and_midnight_to_the_next(runtime: Runtime) -> None:
    for number, moment in enumerate((NOVEMBER_BEGINS - timedelta(microseconds=1), NOVEMBER_BEGINS)):
        with runtime.transaction() as session:
            sent = Submission(id_of(session, "D01"), 5, "form", f"k{number}")
            ratings.submit(session, sent, zone=runtime.zone, now=moment)
    board = close(runtime)
    row = next(row for row in board.league("doctors").rows if row.key == "D01")
    assert (row.valid, row.counts) == (1, (0, 0, 0, 0, 1))


def test_repeats_and_withdrawals_do_not_count_and_are_told(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rate(session, "D01", (0, 0, 0, 0, 60))
        rate(session, "D01", (1,), rater_hash="p" * 64)  # the first of that day counts, and it is a one
        rate(session, "D01", (0, 0, 0, 0, 1), rater_hash="p" * 64)
        rate(session, "D01", (0, 0, 0, 0, 1), rater_hash="q" * 64)
        rate(session, "D01", (2,), status="withdrawn")
    row = close(runtime).row_of(_id(runtime, "D01"))
    assert row is not None
    assert (row.valid, row.counts) == (62, (1, 0, 0, 0, 61))
    assert row.not_counted == {"same_day": 1, "withdrawn": 2}


def _id(runtime: Runtime, key: str) -> int:
    with runtime.reading() as session:
        return id_of(session, key)


def test_earlier_months_count_in_part(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rate(session, "D01", (0, 0, 0, 0, 100))
        rate(session, "D01", (0, 0, 0, 100), "2026-09")
        rate(session, "D01", (0, 0, 100), "2026-08")
        rate(session, "D01", (100,), "2026-07")
    row = close(runtime).row_of(_id(runtime, "D01"))
    assert row is not None
    assert (row.valid, row.earlier) == (100, 200)
    assert row.mean == pytest.approx((10_000 + 3_750 + 1_250) / 175, abs=1e-6)


def test_leavers_are_not_on_the_board(rated: Runtime) -> None:
    with rated.transaction() as session:
        session.execute(update(ServicePoint).where(ServicePoint.key == "D02").values(active=False))
    board = close(rated)
    assert [row.key for row in board.league("doctors").rows] == ["D01", "D03"]
    assert [(one.key, one.reason) for one in board.left_out] == [("D02", "left")]


def test_an_empty_month_closes_with_everyone_collecting(runtime: Runtime) -> None:
    board = close(runtime)
    assert all(not row.listed for result in board.results for row in result.rows)
    assert {row.missing for row in board.league("doctors").rows} == {117}


def test_missed_months_are_caught_up_oldest_first_and_only_once(rated: Runtime) -> None:
    with rated.transaction() as session:
        rate(session, "D01", (0, 0, 0, 0, 5), "2026-08")
    with rated.transaction() as session:
        done = leaderboards.close_due(session, now=rated.now(), zone=rated.zone)
        assert [str(period) for _, period in done] == ["2026-08", "2026-09", "2026-10"]
    with rated.transaction() as session:
        assert leaderboards.close_due(session, now=rated.now(), zone=rated.zone) == []
        listed = leaderboards.periods(session, "monthly", now=rated.now(), zone=rated.zone)
    assert [(str(one.period), one.state) for one in listed][:2] == [("2026-11", "open"), ("2026-10", "closed")]


def test_nothing_is_due_one_second_before_midnight(rated: Runtime) -> None:
    second = timedelta(seconds=1)
    with rated.reading() as session:
        assert leaderboards.due(session, "monthly", NOVEMBER_BEGINS - second, rated.zone) == []
        assert leaderboards.due(session, "monthly", NOVEMBER_BEGINS, rated.zone) == [OCTOBER]


def test_unknown_awards_and_unclosed_months_have_their_own_errors(runtime: Runtime) -> None:
    with runtime.reading() as session:
        with pytest.raises(NotFound) as unknown:
            leaderboards.preview(session, "yearly", OCTOBER, now=runtime.now(), zone=runtime.zone)
        with pytest.raises(NotFound) as unclosed:
            leaderboards.load(session, "monthly", OCTOBER)
        with pytest.raises(NotFound) as unpublished:
            leaderboards.load(session, "monthly", OCTOBER, public_only=True)
    codes = [one.value.code for one in (unknown, unclosed, unpublished)]
    assert codes == ["stars.unknown_award", "stars.not_closed", "stars.not_published"]


def test_a_frozen_board_is_read_back_as_it_was_computed(rated: Runtime) -> None:
    with rated.reading() as session:
        computed = leaderboards.preview(session, "monthly", OCTOBER, now=rated.now(), zone=rated.zone)
    stored = close(rated)
    assert json.dumps([row.__dict__ for row in computed.league("doctors").rows], default=dict) == json.dumps(
        [row.__dict__ for row in stored.league("doctors").rows], default=dict
    )
    assert (stored.counts, stored.left_out, stored.scheme) == (computed.counts, computed.left_out, computed.scheme)


@pytest.mark.sqlite_only("asks the planner of SQLite")
def test_ratings_are_read_from_the_index_alone(rated: Runtime) -> None:
    with rated.reading() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT period, service_point_id, status, score, count(*) FROM ratings "
            "WHERE period IN ('2026-10') GROUP BY period, service_point_id, status, score"
        )
        assert "USING COVERING INDEX ix_ratings_month" in str(plan.all())
        assert session.query(Rating).count() > 0
