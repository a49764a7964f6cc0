"""Activities in the console, on the phone of staff, and the two taps of a patient, over HTTP."""

import io
import re
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from feedback_app.db.activities import Activity, ActivityFile, ActivityGuest, ActivityMark, ActivityPerson
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.services import activity_kinds, releases, tallying
from feedback_app.services.runtime import Runtime
from tests.console import csrf, sign_in, submit
from tests.security.people import sign_in_staff
from tests.star_ratings import id_of, rate
from tests.test_activities import planned

HALF_PAST = "2026-11-20T11:30"


def picture() -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "PNG")
    out.seek(0)
    return out, "window.png"


def plan(client: FlaskClient, kind: str, **fields: Any) -> int:
    answer = submit(client, "/admin/activities/new", {"kind": kind, "title": "沟通课", "starts_at": HALF_PAST, "key": f"k{kind}", **fields})  # fmt: skip
    assert answer.status_code == 303, answer.text
    return int(answer.headers["Location"].rsplit("/", 1)[1])


def act(client: FlaskClient, activity: int, action: str, **fields: Any) -> Any:
    return submit(client, f"/admin/activities/{activity}", {"action": action, **fields})


def test_a_course_from_plan_to_outcome_in_the_console(client: FlaskClient, runtime: Runtime) -> None:
    """S33: a course with its attendance register."""
    sign_in(client, runtime)
    one = plan(client, "course", about="doctor", minutes="90")
    assert act(client, one, "people", names="D01、D02\n+患者代表王女士").status_code == 303
    page = client.get(f"/admin/activities/{one}").text
    assert "患者代表王女士" in page
    rows = re.findall(r'name="came-(\d+)"', page)
    assert act(client, one, "tick", **{f"came-{rows[0]}": "yes", f"points-{rows[0]}": "91.5"}).status_code == 303
    refused = act(client, one, "close", summary="")
    assert refused.status_code == 400
    assert act(client, one, "attach", file=picture()).status_code == 303
    assert act(client, one, "close", summary="两位都练了开场白").status_code == 303
    page = client.get(f"/admin/activities/{one}").text
    assert "两位都练了开场白" in page
    assert "91.5" in page
    with runtime.reading() as session:
        assert session.query(Activity).one().state == "closed"
        stored = session.query(ActivityFile).one()
        assert stored.content.startswith(b"\xff\xd8")
    assert client.get(f"/admin/activities/{one}/files/{stored.id}").mimetype == "image/jpeg"
    for view in ("list", "calendar"):
        assert "沟通课" in client.get(f"/admin/activities/?month=2026-11&view={view}").text
    assert "沟通课" not in client.get("/admin/activities/?month=2026-12").text


def test_what_was_typed_is_kept_when_it_could_not_be_taken(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    answer = submit(client, "/admin/activities/new", {"kind": "mystery_visit", "title": "看三号窗口", "starts_at": "gestern", "target": "W99"})  # fmt: skip
    assert answer.status_code == 400
    assert 'value="看三号窗口"' in answer.text
    assert 'value="W99"' in answer.text
    one = plan(client, "symposium")
    answer = act(client, one, "issue", issue="没有水", what="加饮水机", owner="nobody", due_on="2026-12-01")
    assert answer.status_code == 400
    assert "加饮水机" in answer.text


def test_a_kind_is_made_in_a_form(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    fields = {"key": "tea", "title": "茶话会", "about": "随便聊聊", "parts": ["people", "checklist"], "items": "准时 | 2\n有茶", "announced": "on"}  # fmt: skip
    assert submit(client, "/admin/activities/kinds/new", {**fields, "feeds": "service_code"}).status_code == 400
    assert submit(client, "/admin/activities/kinds/new", fields).status_code == 303
    with runtime.reading() as session:
        assert [one.points for one in activity_kinds.get(session, "tea").items] == [2, 1]
    assert "茶话会" in client.get("/admin/activities/new").text
    assert submit(client, "/admin/activities/kinds/tea", {**fields, "ended": "on"}).status_code == 303
    assert "茶话会" not in client.get("/admin/activities/new").text


def test_staff_check_in_inspect_with_a_picture_and_send_twice(client: FlaskClient, runtime: Runtime) -> None:
    """S42: the inspection of a window on a phone."""
    course, check = planned(runtime, "course"), planned(runtime, "window_inspection", target="W03")
    with runtime.transaction() as session:
        session.add(ActivityPerson(activity_id=check, service_point_id=id_of(session, "N01"), role="inspector"))
        code = session.query(Activity).filter_by(id=course).one().code
    assert client.get(f"/staff/in/{code}").status_code == 302  # signing in first
    sign_in_staff(client, runtime, "N01")
    assert "签到" in client.get(f"/staff/in/{code}").text
    token = csrf(client, f"/staff/in/{code}")
    assert client.post(f"/staff/in/{code}", data={"csrf_token": token}).status_code == 303
    assert "已签到" in client.get(f"/staff/in/{code}").text
    page = client.get(f"/staff/activities/{check}").text
    items = re.findall(r'name="mark-(\w+)" value="yes"', page)
    assert len(items) == 7
    for _ in range(2):
        fields = {f"mark-{item}": "partly" for item in items}
        sent = client.post(
            f"/staff/activities/{check}",
            data={**fields, "note-tidy": "地上有纸", "file-tidy": picture(), "csrf_token": token},
        )
        assert sent.status_code == 303
    with runtime.reading() as session:
        assert session.query(ActivityMark).count() == 7
        assert [(one.item, one.by) for one in session.query(ActivityFile)] == [("tidy", "staff:N01")]
    sign_in_staff(client, runtime, "D01")
    assert client.post(f"/staff/activities/{check}", data={"csrf_token": token, "mark-tidy": "no"}).status_code == 404


@pytest.mark.parametrize("key", ["symposium", "health_lecture"])
def test_a_patient_accepts_in_two_taps_and_tells_nothing(client: FlaskClient, runtime: Runtime, key: str) -> None:
    """S28, S31: invitations. Tap one opens it, tap two accepts; the same form sent twice is one guest."""
    one = planned(
        runtime, key, at=datetime.fromisoformat("2026-12-01T09:00:00+08:00"), place="门诊三楼", title="聊聊看病那些事"
    )
    assert "聊聊看病那些事" in client.get("/events").text
    page = client.get(f"/events/{one}").text
    fields = re.findall(r"<(?:input|textarea|select)[^>]*>", page.split("<form", 1)[1])
    assert all('type="hidden"' in one for one in fields), fields
    form = re.findall(r'name="key" value="([^"]+)"', page)[0]
    places = [client.post(f"/events/{one}", data={"key": form}).headers["Location"] for _ in range(2)]
    assert places[0] == places[1]
    assert "我们等您" in client.get(places[0]).text
    assert client.post(places[0]).status_code == 303
    assert "已取消" in client.get(places[0]).text
    with runtime.reading() as session:
        assert session.query(ActivityGuest).count() == 1
    assert client.post(f"/events/{one}", data={"key": "short"}).status_code == 400
    assert client.get(f"/events/{planned(runtime, 'course')}").status_code == 404
    assert client.get(f"/events/{one}/ABCDEFGH").status_code == 404


def test_head_and_director_read_what_is_theirs_and_change_nothing(client: FlaskClient, runtime: Runtime) -> None:
    one = planned(runtime, "course")

    sign_in(client, runtime, "director")
    assert client.get(f"/admin/activities/{one}").status_code == 200
    assert act(client, one, "close", summary="x").status_code == 403
    assert client.get("/admin/activities/actions").status_code == 200


def given(runtime: Runtime, day: str) -> None:
    """What is due on this day is given to departments and persons."""
    with runtime.transaction() as session:
        tallying.fold(session)
        releases.release(session, now=datetime.fromisoformat(f"{day}T12:00+08:00"), zone=runtime.zone)


def test_the_weakest_item_and_its_course_are_for_the_person_alone(client: FlaskClient, runtime: Runtime) -> None:
    """S23, S33: the weakest item of the own forms suggests a course; fewer than ten answers say nothing; nobody else sees it."""
    never = {"overall": "5", "book": "never"}
    with runtime.transaction() as session:
        version = session.query(QuestionnaireVersion).filter_by(key="outpatient").one().id
        rate(session, "D01", (0, 0, 0, 0, 9), "2026-10", questionnaire_version_id=version, answers={**never, "doctor_listens": "always"})  # fmt: skip
    planned(runtime, "course", at=datetime.fromisoformat("2026-12-05T09:00:00+08:00"), about="registration", title="预约怎么说清楚")  # fmt: skip
    given(runtime, "2026-11-04")
    sign_in_staff(client, runtime, "D01")
    assert "最值得练的一项" not in client.get("/staff/activities").text
    with runtime.transaction() as session:
        rate(session, "D01", (0, 0, 0, 0, 6), "2026-11", questionnaire_version_id=version, answers=never)
    assert "最值得练的一项" not in client.get("/staff/activities").text, "the month has not been given"
    given(runtime, "2026-12-04")
    page = client.get("/staff/activities").text
    assert "最值得练的一项" in page
    assert "挂号：0 分（15 份答卷）" in page
    assert "预约怎么说清楚" in page.split("最值得练的一项")[1]
    sign_in_staff(client, runtime, "D03")  # the head of the same department
    assert "最值得练的一项" not in client.get("/staff/activities").text
    sign_in(client, runtime)
    page = client.get("/admin/activities/?month=2026-11").text
    assert "挂号" in page
    assert "张伟" not in page
