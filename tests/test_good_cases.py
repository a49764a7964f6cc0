"""Good cases: with consent, without names, for colleagues at once and for everybody after a second person."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.errors import Conflict, NotAllowed, Refused
from feedback_app.services import complaints, good_cases
from feedback_app.services.complaints import Filing
from feedback_app.services.good_cases import Told
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit
from tests.security.people import sign_in_staff

Lookup = Callable[[str], ServicePoint]
STORY = Told("雨夜送药", "夜里下雨，值班的同事把药送到了楼下，还讲清楚了怎么吃。", "多走一步", "11 月 20 日电话里同意")


@pytest.fixture
def praised(runtime: Runtime, point: Lookup) -> str:
    with runtime.transaction() as session:
        filing = Filing("谢谢你们雨夜送药", "letter", "praise", kind="praise", point_id=point("D01").id)
        return complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number or ""


def written(runtime: Runtime, number: str, told: Told = STORY, by: str = "office") -> int:
    with runtime.transaction() as session:
        return good_cases.write(session, number, told, by=by, now=runtime.now()).id


def shown(runtime: Runtime) -> tuple[int, int]:
    """On how many lines of the library and of the wall."""
    with runtime.reading() as session:
        return len(good_cases.library(session)), len(good_cases.wall(session))


def test_from_draft_to_the_wall_by_two_people_and_back(runtime: Runtime, praised: str) -> None:
    number = written(runtime, praised)
    assert shown(runtime) == (0, 0)
    with runtime.transaction() as session, pytest.raises(Conflict):
        good_cases.publish(session, number, by="quality", now=runtime.now())
    with runtime.transaction() as session:
        good_cases.share(session, number, by="office", now=runtime.now())
    assert shown(runtime) == (1, 0)
    with runtime.transaction() as session, pytest.raises(NotAllowed):
        good_cases.publish(session, number, by="office", now=runtime.now())
    with runtime.transaction() as session:
        good_cases.publish(session, number, by="quality", now=runtime.now())
    assert shown(runtime) == (1, 1)
    with runtime.transaction() as session:
        session.query(Case).filter_by(number=praised).one().card_consent = False
    assert shown(runtime) == (0, 0)  # at once, on every page


def test_without_consent_nothing_is_written(runtime: Runtime, praised: str) -> None:
    with pytest.raises(NotAllowed):
        written(runtime, praised, Told("好", "很好的一件事"))
    with runtime.transaction() as session:
        session.query(Case).filter_by(number=praised).one().card_consent = True
    assert written(runtime, praised, Told("好事", "很好的一件事"))
    with runtime.transaction() as session:
        session.query(Case).filter_by(number=praised).one().card_consent = False
    with pytest.raises(NotAllowed):
        written(runtime, praised)


@pytest.mark.parametrize("story", ["张伟医生送来了药", "我叫王小明，住12床", "电话13800138000", "字" * 801, "  "])
def test_names_and_numbers_are_refused(runtime: Runtime, praised: str, story: str) -> None:
    with pytest.raises(Refused):
        written(runtime, praised, Told("标题", story, "", "电话里同意"))


def test_a_complaint_is_no_good_case(runtime: Runtime, point: Lookup) -> None:
    with runtime.transaction() as session:
        filing = Filing("等了很久", "form", "c", point_id=point("D01").id)
        number = complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number or ""
    with pytest.raises(Conflict):
        written(runtime, number)


def test_pages_newsletter_and_search(client: FlaskClient, runtime: Runtime, praised: str) -> None:
    sign_in(client, runtime, "office")
    assert praised in client.get("/admin/good-cases").text
    fields = {
        "action": "write",
        "number": praised,
        "title": "雨夜<b>送药",
        "story": STORY.story,
        "consent": "电话里同意",
    }
    assert submit(client, "/admin/good-cases", {**fields, "story": "张伟送药"}).status_code == 400
    assert submit(client, "/admin/good-cases", fields).status_code == 303
    page = client.get("/admin/good-cases").text
    assert "雨夜&lt;b&gt;送药" in page
    number = page.split('name="id" value="')[1].split('"')[0]
    assert "雨夜" not in client.get("/good-cases").text
    submit(client, "/admin/good-cases", {"action": "share", "id": number})
    assert "雨夜" in client.get("/admin/good-cases/newsletter.txt").text
    assert client.get("/admin/good-cases/newsletter.docx").data[:2] == b"PK"
    assert client.get("/admin/good-cases/newsletter.exe").status_code == 404
    assert submit(client, "/admin/good-cases", {"action": "publish", "id": number}).status_code == 400
    sign_in(client, runtime, "quality")
    assert submit(client, "/admin/good-cases", {"action": "publish", "id": number}).status_code == 303
    wall = client.get("/good-cases").text
    assert "雨夜&lt;b&gt;送药" in wall
    assert praised not in wall
    sign_in_staff(client, runtime, "D01")
    assert "送到了楼下" in client.get("/staff/good-cases?q=送到").text
    assert "没有找到" in client.get("/staff/good-cases?q=100%25_").text
