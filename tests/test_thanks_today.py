"""Kind words reach the person the same working day, whatever the rank; letters and banners count once."""

import io
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from feedback_app.db.complaints import Case
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.platform import JobRun
from feedback_app.db.ratings import Rating
from feedback_app.domain.cycles import Period
from feedback_app.services import case_media, complaints, deeds, other_facts, ratings, thanks_today
from feedback_app.services.complaints import Filing
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import settings_for
from tests.console import sign_in, submit
from tests.star_ratings import bind, id_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, wecom={"enabled": True})


def at(told: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{told}+08:00")


def rated(runtime: Runtime, key: str, stars: int, words: str, when: datetime) -> None:
    with runtime.transaction() as session:
        told = Submission(id_of(session, key), stars, "form", f"{key}{words}{when}", comment=words)
        ratings.submit(session, told, zone=runtime.zone, now=when)


def tick(runtime: Runtime, now: datetime) -> int:
    with runtime.reading() as session:
        if not thanks_today.is_due(session, now, runtime.settings):
            return 0
    with runtime.transaction() as session:
        return thanks_today.send(session, now, runtime.settings)


def told(runtime: Runtime, key: str) -> list[str]:
    with runtime.reading() as session:
        query = select(OutboxMessage).where(
            OutboxMessage.purpose == "thanks", OutboxMessage.service_point_id == id_of(session, key)
        )
        return [one.payload["text"] for one in session.scalars(query.order_by(OutboxMessage.id))]


def test_the_same_day_once_and_whatever_the_rank(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        for key in ("D01", "D02"):
            bind(session, runtime.vault, key)
    tick(runtime, at("19T17:50"))
    rated(runtime, "D02", 1, "等了两个小时也没人理", at("20T09:00"))
    rated(runtime, "D02", 5, "讲得很清楚，一点不急", at("20T10:00"))
    rated(runtime, "D02", 5, "我的电话 13800000000 谢谢张医生", at("20T10:01"))
    for minute in range(2):
        rated(runtime, "D02", 4, "", at(f"20T10:1{minute}"))
    rated(runtime, "D01", 3, "一般般吧没什么感觉", at("20T11:00"))
    assert tick(runtime, at("20T12:00")) == 0
    assert tick(runtime, at("20T17:45")) == 1
    assert tick(runtime, at("20T17:46")) == 0
    [words] = told(runtime, "D02")
    assert "讲得很清楚" in words and "138" not in words and "两个小时" not in words and "10:00" not in words
    assert told(runtime, "D01") == []


def test_what_comes_late_or_was_missed_comes_on_the_next_working_day_and_once(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        bind(session, runtime.vault, "D01")
    tick(runtime, at("19T17:50"))
    rated(runtime, "D01", 5, "周五上午说的感谢话", at("20T09:00"))  # no worker ran on Friday evening
    rated(runtime, "D01", 5, "周六晚上说的感谢话", at("21T22:00"))
    for day in ("20", "21"):
        for minute in range(4):
            rated(runtime, "D01", 3, "", at(f"{day}T16:0{minute}"))
    assert tick(runtime, at("21T23:00")) == 0, "nobody is written to at night or on Saturday"
    assert tick(runtime, at("23T08:30")) == 1
    assert tick(runtime, at("23T17:45")) == 1
    first, second = told(runtime, "D01")
    assert "周五上午" in first and "周六晚上" not in first
    assert "周六晚上" in second and "周五上午" not in second


def test_words_wait_until_five_have_rated_whatever_they_said_and_praise_does_not_wait(runtime: Runtime) -> None:
    """Issue 9, shown by 5: with one patient a day, a message of thanks would tell who was content."""
    with runtime.transaction() as session:
        bind(session, runtime.vault, "D01")
    tick(runtime, at("16T17:50"))
    for day, stars in ((17, 5), (18, 1), (19, 5), (20, 2)):
        rated(runtime, "D01", stars, f"讲得真清楚{day}" if stars == 5 else "", at(f"{day}T10:00"))
        assert tick(runtime, at(f"{day}T17:45")) == 0, "fewer than five have rated"
    rated(runtime, "D01", 1, "", at("23T10:00"))
    assert tick(runtime, at("23T17:45")) == 1
    [words] = told(runtime, "D01")
    assert "讲得真清楚17" in words and "讲得真清楚19" in words
    with runtime.transaction() as session:
        filing = Filing("谢谢您连夜陪着我们", "bot", "bot:9", kind="praise", point_id=id_of(session, "D01"))
        complaints.file(session, filing, zone=runtime.zone, now=at("24T10:00"))
    assert tick(runtime, at("24T17:45")) == 1, "praise was sent to the person as such"
    assert "连夜陪着" in told(runtime, "D01")[1]


def test_letters_banners_and_messages_about_one_deed_count_once(runtime: Runtime, client: FlaskClient) -> None:
    photo = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(photo, "JPEG")
    with runtime.transaction() as session:
        filing = Filing("谢谢张伟医生连夜抢救我父亲", "bot", "bot:1", kind="praise", point_id=id_of(session, "D01"))
        message = complaints.file(session, filing, zone=runtime.zone, now=runtime.now())
    sign_in(client, runtime, "office")
    fields = {"name": "张伟", "kind": "banner", "words": "妙手仁心", "day": "2026-11-20", "key": "k" * 20}
    done = submit(
        client,
        "/admin/deeds/",
        {**fields, "photo": (io.BytesIO(photo.getvalue()), "锦旗.jpg")},
        content_type="multipart/form-data",
        follow_redirects=True,
    )
    assert "已登记" in done.text and f"与 {message.number} 是同一件" in done.text
    november = Period.parse("2026-11")
    with runtime.reading() as session:
        banner = session.scalars(select(Case).where(Case.origin_key == f"deed:{'k' * 20}")).one()
        assert [one.kind for one in deeds.listed(session)] == ["banner", "message"]
        [media] = case_media.of_case(session, banner).values()
        assert case_media.file(session, banner.number or "", media.id).content_type == "image/jpeg"
        assert other_facts._praise(session, november) == {id_of(session, "D01"): 2}
    merged = submit(
        client, "/admin/deeds/merge", {"number": banner.number, "into": message.number}, follow_redirects=True
    )
    assert "只算一次" in merged.text
    with runtime.reading() as session:
        assert other_facts._praise(session, november) == {id_of(session, "D01"): 1}


def test_a_name_that_several_have_is_asked_about_and_nothing_is_lost(runtime: Runtime, client: FlaskClient) -> None:
    sign_in(client, runtime, "quality")
    several = submit(client, "/admin/deeds/", {"name": "张", "kind": "letter", "words": "谢谢", "key": "k" * 20})
    assert several.status_code == 400
    assert "张伟" in several.text and "张敏" in several.text and "谢谢" in several.text
    nobody = submit(client, "/admin/deeds/", {"name": "华佗", "kind": "letter", "words": "神医", "key": "k" * 20})
    assert nobody.status_code == 404 and "神医" in nobody.text


def test_what_was_told_stays_told_when_a_rating_of_it_is_held_or_counts_again(runtime: Runtime) -> None:
    """Else the next group would be the old one and one patient more, whose words everybody could tell apart."""
    with runtime.transaction() as session:
        bind(session, runtime.vault, "D01")
    tick(runtime, at("18T17:50"))
    for minute in range(6):
        rated(runtime, "D01", 5, f"第{minute}位说的感谢话", at(f"19T10:0{minute}"))

    def turn(number: int, status: str) -> None:
        with runtime.transaction() as session:
            session.query(Rating).order_by(Rating.id).all()[number].status = status

    turn(5, "held")
    assert tick(runtime, at("19T17:50")) == 1
    turn(0, "held")
    rated(runtime, "D01", 5, "一个人后来说的感谢话", at("20T10:00"))
    assert tick(runtime, at("20T17:50")) == 0
    turn(5, "counted")
    for minute in range(4):
        rated(runtime, "D01", 3, "", at(f"23T10:0{minute}"))
    assert tick(runtime, at("23T17:50")) == 1
    first, second = told(runtime, "D01")
    assert "后来说的" in second and "位说的" not in second and "位说的" in first


def five_in_the_second_month(runtime: Runtime) -> None:
    """Somebody was told in October, so all that was sent of November is remembered; five rated D01 on the 19th."""
    with runtime.transaction() as session:
        bind(session, runtime.vault, "D01")
        session.add(JobRun(kind=f"{thanks_today.TOLD}99", period="2026-10", done_at=at("01T10:00")))
    tick(runtime, at("18T17:50"))
    for minute in range(5):
        rated(runtime, "D01", 5, f"第{minute}位说的感谢话", at(f"19T10:0{minute}"))


def test_a_group_that_became_whole_later_is_told_then(runtime: Runtime) -> None:
    """Of five the last was held when they were collected: five texts wait for whoever has been told nothing of this month."""
    five_in_the_second_month(runtime)
    for status, day, told_then in (("held", 19, 0), ("counted", 20, 1)):
        with runtime.transaction() as session:
            session.query(Rating).order_by(Rating.id).all()[4].status = status
        assert tick(runtime, at(f"{day}T17:50")) == told_then


@pytest.mark.parametrize("is_first_month", [True, False])
def test_a_clock_that_was_ahead_keeps_no_words_back(runtime: Runtime, is_first_month: bool) -> None:
    with runtime.transaction() as session:
        bind(session, runtime.vault, "D01")
        session.add(
            JobRun(kind=f"{thanks_today.TOLD}{id_of(session, 'D01')}", period="2026-11", done_at=at("28T17:45"))
        )
    tick(runtime, at("18T17:50"))
    for minute in range(5):
        rated(runtime, "D01", 5, f"第{minute}位说的感谢话", at(f"19T10:0{minute}"))
    if not is_first_month:
        with runtime.transaction() as session:
            session.add(JobRun(kind=f"{thanks_today.TOLD}99", period="2026-10", done_at=at("01T10:00")))
    assert tick(runtime, at("19T17:50")) == 1
    rated(runtime, "D01", 5, "一个人后来说的感谢话", at("20T10:00"))
    assert tick(runtime, at("20T17:50")) == 0


def test_nobody_is_given_away_after_a_clock_was_ahead(runtime: Runtime) -> None:
    """Told on the 19th; then a row of the 28th, as if another group had been told by then. One more patient is not told alone."""
    five_in_the_second_month(runtime)
    assert tick(runtime, at("19T17:50")) == 1
    with runtime.transaction() as session:
        session.query(JobRun).filter(JobRun.kind == f"{thanks_today.TOLD}{id_of(session, 'D01')}").one().done_at = at(
            "28T17:45"
        )
    rated(runtime, "D01", 5, "一个人后来说的感谢话", at("20T10:00"))
    assert tick(runtime, at("20T17:50")) == 0
