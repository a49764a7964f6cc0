"""Releasing a board: two people where the scheme asks, certificates for the honoured, heads told, nothing sent at night."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from feedback_app.db.certificates import Certificate
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain.cycles import Period
from feedback_app.errors import Conflict
from feedback_app.services import deliveries, leaderboards, publications, reaching
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import settings_for
from tests.star_ratings import bind, id_of, october

OCTOBER = Period.parse("2026-10")
NOON = datetime.fromisoformat("2026-11-20T12:00+08:00")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, wecom={"enabled": True})


def closed(runtime: Runtime, *, second_person: bool = False) -> None:
    with runtime.transaction() as session:
        october(session)
        for key in ("D01", "D02", "D03"):
            bind(session, runtime.vault, key)
        leaderboards.close_due(session, now=runtime.now(), zone=runtime.zone)
        if second_person:
            board = session.scalars(select(Leaderboard).where(Leaderboard.award_key == "monthly")).one()
            board.rules = {**board.rules, "second_person": True}


def publish(runtime: Runtime, by: str, now: datetime = NOON) -> int:
    with runtime.transaction() as session:
        return publications.publish(session, "monthly", OCTOBER, by=by, now=now, settings=runtime.settings)


def test_where_the_scheme_asks_two_people_release_a_board(runtime: Runtime) -> None:
    closed(runtime, second_person=True)
    assert publish(runtime, "王主任") == 0
    with runtime.reading() as session:
        board = leaderboards.load(session, "monthly", OCTOBER)
        assert (board.published_at, board.checked_by) == (None, "王主任")
        assert session.scalars(select(OutboxMessage)).all() == []
    with pytest.raises(Conflict):
        publish(runtime, "王主任")
    assert publish(runtime, "李院长") == 3
    assert publish(runtime, "王主任") == 0


def test_the_honoured_get_a_certificate_each_that_says_unverified(runtime: Runtime) -> None:
    closed(runtime)
    publish(runtime, "王主任")
    with runtime.reading() as session:
        made = session.scalars(select(Certificate).where(Certificate.group == "医生")).all()
        honoured = [row for row in leaderboards.load(session, "monthly", OCTOBER).league("doctors").rows if row.won]
        assert [one.holder for one in made] == [row.name for row in honoured] == ["张伟"]
        assert (made[0].unverified, made[0].period, made[0].source) == (True, "2026-10", "stars:monthly:2026-10")


def test_a_head_reads_about_the_own_unit_and_nobody_elses_figures(runtime: Runtime) -> None:
    closed(runtime)
    publish(runtime, "王主任")
    with runtime.reading() as session:
        told = session.scalars(
            select(OutboxMessage).where(OutboxMessage.service_point_id == id_of(session, "D03"))
        ).one()
        others = session.scalars(
            select(OutboxMessage).where(OutboxMessage.service_point_id == id_of(session, "D02"))
        ).one()
    words = told.payload["text"]
    assert "【科室】心血管内科：10 月收到 355 条有效评价" in words, words
    assert "公布名单里有：张伟" in words, "only what everyone may see"
    assert "还有 1 人没有绑定" in words  # N01
    assert "【科室】" not in others.payload["text"]


def test_what_is_late_waits_for_the_next_working_hours(runtime: Runtime) -> None:
    closed(runtime)
    publish(runtime, "王主任")
    night = NOON + timedelta(hours=10)  # the worker was down all afternoon; now it is Friday, 22:00
    with runtime.transaction() as session:
        taken = deliveries.claim(
            session, runtime.vault, "w", night, 20, opens=lambda moment: reaching.goes_out(moment, runtime.settings)
        )
        assert taken == []
    with runtime.reading() as session:
        waiting = session.scalars(select(OutboxMessage)).all()
        assert {(one.state, one.not_before) for one in waiting} == {
            ("queued", datetime.fromisoformat("2026-11-23T08:30+08:00"))
        }
    with runtime.transaction() as session:
        monday = datetime.fromisoformat("2026-11-23T08:31+08:00")
        taken = deliveries.claim(
            session, runtime.vault, "w", monday, 20, opens=lambda moment: reaching.goes_out(moment, runtime.settings)
        )
        assert len(taken) == 3
