"""What comes of a case: a task whose effect is looked at, a card that needs consent and a second pair of eyes, the calendar."""

from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from feedback_app.db.directory import ServicePoint
from feedback_app.db.improvements import CaseTask, ChangeCard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain import complaints as rules
from feedback_app.errors import Conflict, NotAllowed, Refused
from feedback_app.services import case_consent, case_steps, change_cards, improvements, ratings
from feedback_app.services.improvements import Wanted
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.console import account, sign_in, submit
from tests.test_case_services import ME, Desk


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return Desk(runtime)


def closed(desk: Desk, *, agrees: bool | None = True) -> str:
    """A case about window 3, answered and settled by its writer."""
    with desk.runtime.reading() as session:
        window = session.query(ServicePoint).filter_by(key="W03").one().id
    number = desk.file("收费窗口排队太久", complainant_hash=ME, point_id=window)
    desk.take(number, rules.ANSWER, "加开了一个窗口")
    with desk.at_work() as session:
        case = case_steps.get(session, number)
        case_consent.settle(session, case, desk.now, desk.runtime.zone)
        if agrees is not None:
            case_consent.consent(session, case, agrees, desk.now)
    return number


def rate(desk: Desk, scores: list[int], at: datetime) -> None:
    with desk.runtime.transaction() as session:
        window = session.query(ServicePoint).filter_by(key="W03").one().id
        for place, score in enumerate(scores):
            key = f"{at:%m%d}-{place}"
            ratings.submit(session, Submission(window, score, "form", key), zone=desk.runtime.zone, now=at)


def test_a_task_is_reminded_of_done_and_looked_at_after_three_months(desk: Desk) -> None:
    account(desk.runtime, "office", login="li")
    rate(desk, [2, 2, 3, 3, 2, 2], NOON - timedelta(days=20))
    number = closed(desk)
    zone = desk.runtime.zone

    def make(kind: str = "training", due_on: date = date(2026, 12, 4)) -> CaseTask:
        wanted = Wanted(kind, "窗口文明用语", "li", due_on)
        with desk.at_work() as session:
            return improvements.make(session, number, wanted, by="wang", now=desk.now, zone=zone)

    with pytest.raises(Refused):
        make(due_on=date(2026, 11, 1))
    with pytest.raises(Refused):
        make(kind="dance")
    task = make()
    assert (task.before["n"], task.before["mean"]) == (6, 2.33)

    def remind(day: str) -> int:
        with desk.at_work() as session:
            return improvements.remind(session, desk.runtime.settings, datetime.fromisoformat(f"{day}T09:00:00+08:00"))

    assert [remind(day) for day in ("2026-12-04", "2026-12-05", "2026-12-06")] == [0, 1, 0]
    with pytest.raises(Conflict), desk.at_work() as session:
        improvements.look(session, task.id, "好些了", by="wang", now=desk.now, zone=zone)
    done = datetime.fromisoformat("2026-12-07T10:00:00+08:00")
    with desk.at_work() as session:
        improvements.finish(session, task.id, "两次培训，签到表在科室", by="li", now=done, zone=zone)
    rate(desk, [4, 5, 4, 4, 5], done + timedelta(days=30))
    assert [remind(day) for day in ("2027-03-07", "2027-03-08", "2027-03-09")] == [0, 1, 0]
    with desk.at_work() as session:
        looked = improvements.look(session, task.id, "排队短了", by="wang", now=done + timedelta(days=91), zone=zone)
        assert (looked.after["n"], looked.after["mean"], looked.state) == (5, 4.4, "looked")
    with desk.runtime.reading() as session:
        told = sorted(one.payload["title"] for one in session.query(OutboxMessage).filter_by(purpose="case_reminder"))
    assert told == ["整改任务过期了", "有一项整改任务给您", "该看看整改的效果了"]


def test_a_card_needs_consent_a_second_reader_and_nobodys_name(desk: Desk, client: FlaskClient) -> None:
    refused, unasked, number = (closed(desk, agrees=agrees) for agrees in (False, None, True))

    def draft(of: str, said: str = "排队太久", did: str = "加开了一个窗口") -> ChangeCard:
        with desk.at_work() as session:
            return change_cards.draft(session, of, said, did, by="li", now=NOON)

    for without in (refused, unasked):
        with pytest.raises(NotAllowed):
            draft(without)
    for words in ("张伟让我们等了很久", "打 13912345678 找我", "长" * 301, " "):
        with pytest.raises(Refused):
            draft(number, words)
    with pytest.raises(Conflict):
        draft(desk.file("还没办完"))
    card = draft(number)
    assert "加开了一个窗口" not in client.get("/said-and-done").text
    with pytest.raises(NotAllowed), desk.at_work() as session:
        change_cards.publish(session, card.id, by="li", now=NOON)
    with desk.at_work() as session:
        change_cards.publish(session, card.id, by="wang", now=NOON)
    page = client.get("/said-and-done").text
    assert "加开了一个窗口" in page and number not in page
    assert "/said-and-done" in client.get("/stars/").text
    with desk.at_work() as session:
        case_consent.consent(session, case_steps.get(session, number), False, NOON)
    assert "加开了一个窗口" not in client.get("/said-and-done").text


def test_the_page_keeps_what_was_written_when_it_cannot_be_taken(client: FlaskClient, desk: Desk) -> None:
    sign_in(client, desk.runtime, "office")
    number = closed(desk)
    assert number in client.get("/admin/improvements").text
    fields = {"action": "draft", "number": number, "said": "张伟让我们等", "did": "加开窗口"}
    page = submit(client, "/admin/improvements", fields)
    assert (page.status_code, "张伟让我们等" in page.text) == (400, True)
    made = {
        "action": "make",
        "number": "T-2611-9999",
        "kind": "rectify",
        "what": "改标识",
        "owner": "office",
        "due_on": "x",
    }
    page = submit(client, "/admin/improvements", made)
    assert (page.status_code, "改标识" in page.text) == (400, True)
    assert submit(client, "/admin/improvements", {**made, "number": number, "due_on": "2026-12-01"}).status_code == 303
    assert "改标识" in client.get("/admin/improvements").text
    for action in ("finish", "publish", "nothing", "look"):
        assert submit(client, "/admin/improvements", {"action": action, "id": "x", "text": "y"}).status_code in {
            303,
            400,
        }


def test_a_day_entered_in_the_console_moves_the_dates_at_once(client: FlaskClient, desk: Desk) -> None:
    sign_in(client, desk.runtime, "admin")
    number = desk.file()
    assert "2027" in client.get("/admin/workdays").text
    off = {"action": "enter", "first": "2026-11-25", "last": "2026-11-26", "worked": "0"}
    assert submit(client, "/admin/workdays", off).status_code == 303
    assert desk.due(number) == date(2026, 12, 1)
    assert submit(client, "/admin/workdays", {"action": "remove", "first": "2026-11-26"}).status_code == 303
    assert desk.due(number) == date(2026, 11, 30)
    for bad in (
        {"first": "x"},
        {"first": "2026-12-02", "last": "2026-12-01"},
        {"first": "2026-01-01", "last": "2027-01-01"},
    ):
        assert submit(client, "/admin/workdays", {"action": "enter", **bad}).status_code == 400
    assert submit(client, "/admin/workdays", {"action": "complete", "year": "2027"}).status_code == 303
    assert "已手工填好" in client.get("/admin/workdays").text
