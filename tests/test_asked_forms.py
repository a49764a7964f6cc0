"""Pictures and conditions on the real form: no script, forged fields, odd files; and the script in a real browser."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Page

from feedback_app.db.pictures import Picture
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.services import questionnaires
from feedback_app.services.runtime import Runtime
from tests.console import sign_in

REASONS = [{"value": "a", "text": {"zh": "态度"}}, {"value": "z", "text": {"zh": "其他"}, "other": True}]
ASKED: list[dict[str, Any]] = [
    {"key": "overall", "kind": "level", "text": {"zh": "总的"}},
    {"key": "bad", "kind": "choices", "text": {"zh": "哪里不好？"}, "options": REASONS, "show_if": "overall <= 2"},
    {"key": "wait", "kind": "number", "text": {"zh": "等了多久？"}, "unit": {"zh": "分钟"}, "least": 0, "most": 600},
    {"key": "why", "kind": "short_text", "text": {"zh": "为什么这么久？"}, "show_if": "wait >= 30"},
    {"key": "photo", "kind": "picture", "text": {"zh": "有照片吗？"}, "most": 2},
]


@pytest.fixture(autouse=True)
def asked(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        version = session.query(QuestionnaireVersion).filter_by(key="short").one()
        version.body = {**version.body, "question": ASKED}


def file(kind: str = "JPEG", side: int = 40, **more: Any) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(data, kind, **more)
    return data.getvalue()


def send(client: FlaskClient, path: str, **fields: Any) -> Any:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', client.get(path).text))
    return client.post(path, data={**hidden, **fields}, content_type="multipart/form-data")


def only(runtime: Runtime) -> Rating:
    with runtime.reading() as session:
        return session.query(Rating).one()


def test_a_picture_is_kept_without_what_was_hidden_in_it(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif[0x8825] = {1: "N", 2: (30.0, 15.0, 0.0)}
    sent = file(exif=exif.tobytes(), comment=b"SECRET-NOTE")
    assert b"SECRET-CAMERA" in sent and b"SECRET-NOTE" in sent
    assert send(client, f"/s/{code('D01')}", overall="5", photo=(io.BytesIO(sent), "IMG_1234.jpg")).status_code == 303
    (picture_id,) = only(runtime).answers["photo"]
    sign_in(client, runtime)
    shown = client.get(f"/admin/pictures/{picture_id}")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert b"SECRET" not in shown.data and not Image.open(io.BytesIO(shown.data)).getexif()
    assert f"/admin/pictures/{picture_id}" in client.get(f"/admin/ratings/{runtime.vault.cover(1)}").text
    assert client.get("/admin/pictures/nothing").status_code == 404


@pytest.mark.parametrize(
    "data",
    [b"<svg onload=alert(1)>", b"GIF89a", b"%PDF-1.4", b"\xff\xd8\xff" + b"\0" * 99, file()[:200]],
    ids=["svg", "gif", "pdf", "jpeg", "half"],
)
def test_what_is_no_picture_is_said_and_nothing_else_is_lost(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, data: bytes
) -> None:
    answer = send(client, f"/s/{code('D01')}", overall="5", wait="45", why="人多", photo=(io.BytesIO(data), "a.jpg"))
    assert answer.status_code == 400 and "其余内容已为您保留" in answer.text
    assert 'value="45"' in answer.text and 'value="人多"' in answer.text
    with runtime.reading() as session:
        assert (session.query(Rating).count(), session.query(Picture).count()) == (0, 0)


@pytest.mark.parametrize(("size", "status"), [(7_000_000, 400), (25_000_000, 413)])
def test_too_large_a_picture_is_said(client: FlaskClient, code: Callable[[str], str], size: int, status: int) -> None:
    parts = (b'name="overall"\r\n\r\n5', b'name="photo"; filename="a.jpg"\r\n\r\n' + b"x" * size)
    body = b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--b--\r\n"
    answer = client.post(f"/s/{code('D01')}", data=body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == status and "太大了" in answer.text


def test_pictures_survive_a_refused_form_and_belong_to_it_alone(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    path = f"/s/{code('D01')}"
    refused = send(client, path, wait="999", overall="5", photo=(io.BytesIO(file()), "a.jpg"))
    assert refused.status_code == 400 and "已收下 1 张图片" in refused.text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', refused.text))
    stolen = send(client, path, overall="4", photo=hidden["photo"])  # a forged id in somebody else's form
    assert stolen.status_code == 303 and "photo" not in only(runtime).answers
    assert client.post(path, data={**hidden, "overall": "5", "wait": "10"}).status_code == 303
    with runtime.reading() as session:
        assert session.query(Rating).order_by(Rating.id.desc()).first().answers["photo"] == [hidden["photo"]]  # type: ignore[union-attr]
        assert [one.kept for one in session.query(Picture)] == [True]


def test_too_many_pictures_are_refused(client: FlaskClient, code: Callable[[str], str]) -> None:
    files = [(io.BytesIO(file(side=10 + n)), f"{n}.jpg") for n in range(3)]
    answer = send(client, f"/s/{code('D01')}", overall="5", photo=files)
    assert answer.status_code == 400 and "最多传 2 张" in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {"wait": "-1"},
        {"wait": "601"},
        {"wait": "1e3"},
        {"wait": "半小时"},
        {"wait": "45", "why": "长" * 20_000},
        {"overall": "1", "bad": "forged"},
        {"overall": "1", "bad": "z", "bad.other": "长" * 300},
    ],
)
def test_what_was_not_offered_is_refused_and_kept(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, fields: dict[str, str]
) -> None:
    answer = send(client, f"/s/{code('D01')}", **{"overall": "5", **fields})
    assert answer.status_code == 400 and 'role="alert"' in answer.text
    with runtime.reading() as session:
        assert session.query(Rating).count() == 0


def test_a_hundred_thousand_characters_are_refused_in_words(client: FlaskClient, code: Callable[[str], str]) -> None:
    answer = send(client, f"/s/{code('D01')}", overall="5", wait="45", why="长" * 100_000)
    assert answer.status_code in {400, 413} and "Traceback" not in answer.text


def test_what_is_not_asked_is_not_stored(client: FlaskClient, code: Callable[[str], str], runtime: Runtime) -> None:
    sent = send(
        client, f"/s/{code('D01')}", overall="5", bad="a", wait="10", why="x", nowhere="y", **{"bad.other": "z"}
    )
    assert sent.status_code == 303 and only(runtime).answers == {"overall": 5, "wait": 10}


def test_a_version_retired_while_the_page_was_open_is_still_read_by_its_own_questions(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    path = f"/s/{code('D01')}"
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', client.get(path).text))
    with runtime.transaction() as session:
        old = session.query(QuestionnaireVersion).filter_by(key="short").one()
        old.state = "retired"
        body = {**old.body, "question": ASKED[:1]}
        new = {"key": "short", "number": 2, "state": "published", "body": body, "created_at": runtime.now()}
        session.add(QuestionnaireVersion(**new))
    assert client.post(path, data={**hidden, "overall": "2", "bad": "a"}).status_code == 303
    rating = only(runtime)
    assert rating.answers == {"overall": 2, "bad": ["a"]} and rating.questionnaire_version_id == old.id
    with runtime.reading() as session:
        assert len(questionnaires.current(session)[1].questions) == 1


@pytest.mark.parametrize("version", ["999999", "0", "-1", "abc", "9" * 40, "１"])
def test_a_forged_version_is_read_by_todays_questions(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, version: str
) -> None:
    assert send(client, f"/s/{code('D01')}", overall="4", version=version).status_code == 303
    assert only(runtime).score == 4


@pytest.mark.browser
def test_questions_appear_when_their_answer_calls_for_them(
    server: str, code: Callable[[str], str], phone: Page
) -> None:
    problems: list[str] = []
    phone.on("pageerror", lambda error: problems.append(str(error)))
    phone.on("console", lambda said: problems.append(said.text))
    phone.goto(f"{server}/s/{code('D01')}")
    bad, why = phone.get_by_text("哪里不好？"), phone.get_by_text("为什么这么久？")
    assert not bad.is_visible() and not why.is_visible()
    phone.get_by_text("非常不满意", exact=True).click()
    assert bad.is_visible()
    assert not phone.get_by_label("想补充的话").is_visible()
    phone.get_by_text("其他", exact=True).click()
    assert phone.get_by_label("想补充的话").is_visible()
    phone.get_by_label("等了多久？").fill("４５")
    assert why.is_visible()
    phone.get_by_label("等了多久？").fill("5")
    assert not why.is_visible()
    phone.get_by_text("非常满意", exact=True).click()
    assert not bad.is_visible()
    assert problems == []


@pytest.mark.browser
def test_without_script_every_question_is_there_and_says_when_it_matters(
    server: str, code: Callable[[str], str], old_phone: Page, runtime: Runtime
) -> None:
    old_phone.goto(f"{server}/s/{code('D01')}")
    assert old_phone.get_by_text("哪里不好？").is_visible()
    assert old_phone.get_by_text("如果“总的”答了：不满意 / 非常不满意").is_visible()
    old_phone.get_by_text("非常满意").click()
    old_phone.get_by_text("态度", exact=True).click()
    old_phone.get_by_role("button", name="提交").click()
    old_phone.wait_for_url("**/r/**")
    assert only(runtime).answers == {"overall": 5}


def test_the_script_is_small_and_absent_where_nothing_depends(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    scripts = re.findall(r"<script nonce=[^>]*>(.*?)</script>", client.get(f"/s/{code('D01')}").text, re.S)
    assert [len(one.encode()) < 1500 for one in scripts if "data-if" in one] == [True]
    with runtime.transaction() as session:
        version = session.query(QuestionnaireVersion).filter_by(key="short").one()
        version.body = {**version.body, "question": ASKED[:1]}
    assert "data-if" not in client.get(f"/s/{code('D01')}").text
