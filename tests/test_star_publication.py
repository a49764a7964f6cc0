"""Publishing: everyone who can be reached gets exactly one message, about themself, in working hours."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from feedback_app.db.audit import AuditEntry
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain.cycles import Period
from feedback_app.errors import NotFound
from feedback_app.services import leaderboards, own_results, publications
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import settings_for
from tests.star_ratings import bind, id_of, october, rate

OCTOBER = Period.parse("2026-10")
SATURDAY_NIGHT = datetime.fromisoformat("2026-11-21T22:00+08:00")
MONDAY_MORNING = datetime.fromisoformat("2026-11-23T08:30+08:00")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    webhooks = {"EK": "https://group.example/a", "complaints": "https://group.example/b"}
    return settings_for(tmp_path, wecom={"enabled": True, "webhooks": webhooks}, mail={"enabled": True})


@pytest.fixture
def closed(runtime: Runtime) -> Iterator[Runtime]:
    with runtime.transaction() as session:
        october(session)
        rate(session, "D01", (0, 0, 0, 0, 1), comment="讲得很清楚，一点不急")
        rate(session, "D01", (0, 0, 0, 0, 1), comment="比周婷婷耐心多了，谢谢张医生这么久的照顾")
        rate(session, "D02", (1,), comment="态度不好，等了两个小时")
        rate(session, "D01", (0, 0, 0, 40, 60), "2026-09")
        rate(session, "W03", (0, 0, 0, 0, 5), on_duty_id=id_of(session, "C01"), comment="收费的姑娘很耐心")
        for key in ("D01", "D02", "N02", "C01"):
            bind(session, runtime.vault, key)
        leaderboards.close_due(session, now=runtime.now(), zone=runtime.zone)
    yield runtime


def publish(runtime: Runtime) -> int:
    with runtime.transaction() as session:
        return publications.publish(
            session, "monthly", OCTOBER, by="王主任", now=SATURDAY_NIGHT, settings=runtime.settings
        )


def messages(runtime: Runtime) -> dict[str, OutboxMessage]:
    """By the key of the person or department."""
    with runtime.reading() as session:
        query = select(ServicePoint.key, OutboxMessage).join(
            ServicePoint, OutboxMessage.service_point_id == ServicePoint.id
        )
        rows = [(key, message) for key, message in session.execute(query)]
        assert len(rows) == len({key for key, _ in rows})  # one each
        return dict(rows)


def test_exactly_one_message_each_and_none_the_second_time(closed: Runtime) -> None:
    assert publish(closed) == 5
    assert publish(closed) == 0
    assert sorted(messages(closed)) == ["C01", "D01", "D02", "EK", "N02"]
    with closed.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "star.published")).one()
        assert (entry.actor, entry.details["messages"]) == ("王主任", 5)


def test_they_wait_for_working_hours(closed: Runtime) -> None:
    publish(closed)
    assert {one.not_before for one in messages(closed).values()} == {MONDAY_MORNING}


def test_own_result_trend_and_one_thank_you_text(closed: Runtime) -> None:
    publish(closed)
    text = messages(closed)["D01"].payload["text"]
    assert "您在医生榜第 1 名，共 2 个上榜。" in text
    assert "得分" in text
    assert "9 月 " in text
    assert "讲得很清楚，一点不急" in text
    assert "未核验" in text


def test_nobody_reads_about_anybody_else(closed: Runtime) -> None:
    publish(closed)
    names = {"D01": "张伟", "D02": "张敏", "N02": "周婷婷", "C01": "何静"}
    for key, message in messages(closed).items():
        others = [name for other, name in names.items() if other != key]
        if key != "EK":
            assert not any(name in str(message.payload) for name in others)
    assert "等了两个小时" not in str([one.payload for one in messages(closed).values()])


def test_still_collecting_is_told_without_shame_and_window_staff_hear_about_their_windows(closed: Runtime) -> None:
    publish(closed)
    found = messages(closed)
    assert "还在收集：10 月有 0 条有效评价，大约再有 117 条就能看出来" in found["N02"].payload["text"]
    assert "您当班的窗口，10 月收到 5 条评价" in found["C01"].payload["text"]
    assert "收费的姑娘很耐心" in found["C01"].payload["text"]


def test_words_of_fewer_than_five_are_not_passed_on_and_a_score_with_a_small_month_behind_it_is_not_told(
    runtime: Runtime,
) -> None:
    with runtime.transaction() as session:
        october(session)
        rate(session, "N02", (0, 0, 0, 0, 4), comment="打针一点不疼")
        rate(session, "D01", (1, 0, 0, 0, 1), "2026-09")
        for key in ("D01", "D02", "N02"):
            bind(session, runtime.vault, key)
        leaderboards.close_due(session, now=runtime.now(), zone=runtime.zone)
    publish(runtime)
    found = {key: str(one.payload["text"]) for key, one in messages(runtime).items()}
    assert "打针一点不疼" not in found["N02"]
    assert "名次和分数这次先不说" in found["D01"]
    assert "第 " not in found["D01"] and "得分" not in found["D01"]
    assert "第 " in found["D02"]


def test_a_department_hears_counts_and_public_names_only(closed: Runtime) -> None:
    publish(closed)
    summary = messages(closed)["EK"]
    assert (summary.channel, summary.recipient, summary.purpose) == ("wecom_group", "EK", "star_summary")
    assert "1 个上榜，1 个还在收集" in summary.payload["text"]
    assert "张敏" not in summary.payload["text"]  # second of two: not public
    assert summary.payload["url"].endswith("/stars/monthly/2026-10")


def test_the_best_channel_in_use_is_chosen(closed: Runtime) -> None:
    with closed.transaction() as session:
        bind(session, closed.vault, "D01", "mail")
        bind(session, closed.vault, "N01", "official_account")
        bind(session, closed.vault, "N01", "mail", "sun@hospital.example")
    publish(closed)
    found = messages(closed)
    assert found["D01"].channel == "wecom"
    assert (found["N01"].channel, closed.vault.unseal(found["N01"].recipient)) == ("mail", "sun@hospital.example")


def test_leavers_hear_nothing_and_ended_bindings_do_not_count(closed: Runtime) -> None:
    with closed.transaction() as session:
        session.execute(update(ServicePoint).where(ServicePoint.key == "D02").values(active=False))
    publish(closed)
    assert "D02" not in messages(closed)


def test_publishing_needs_a_closed_period(runtime: Runtime) -> None:
    with pytest.raises(NotFound):
        publish(runtime)


def test_own_results_are_only_the_published_ones_and_only_of_the_person(closed: Runtime) -> None:
    with closed.reading() as session:
        assert own_results.own_results(session, id_of(session, "D02")) == []
    publish(closed)
    with closed.reading() as session:
        (own,) = own_results.own_results(session, id_of(session, "D02"))
        (english,) = own_results.own_results(session, id_of(session, "D02"), "en")
    assert (own.league, own.place, own.period) == ("医生", "您在医生榜第 2 名，共 2 个上榜。", OCTOBER)
    assert any("未核验" in line for line in own.lines)
    assert english.place == "Doctors: you are in place 2 of 2."
    assert "张伟" not in str(own)


def test_the_explanation_adds_up(closed: Runtime) -> None:
    publish(closed)
    with closed.reading() as session:
        (own,) = own_results.own_results(session, id_of(session, "D02"))
        board = leaderboards.load(session, "monthly", OCTOBER)
    row, mu = own.row, board.league("doctors").mu
    assert row.mean is not None
    assert row.score == pytest.approx(mu + row.reliability * (row.mean - mu), abs=1e-4)
    assert f"{row.score:.1f}" in "".join(own.lines)
