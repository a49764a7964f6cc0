"""The form and the receipt as a phone sees them, over the real application and a real database."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.services import codes
from feedback_app.services.runtime import Runtime
from tests.secrets_of_cases import contacts, sealed


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def stored(runtime: Runtime) -> list[Rating]:
    with runtime.reading() as session:
        return session.query(Rating).all()


def send(client: FlaskClient, path: str, **answers: str) -> TestResponse:
    fields = hidden(client.get(path).text)
    return client.post(path, data={**fields, **answers})


def test_the_form_says_what_is_rated_and_where_to_complain(client: FlaskClient, code: Callable[[str], str]) -> None:
    page = client.get(f"/s/{code('W03')}").text
    for words in (
        "3号收费窗口",
        "收费处",
        "门诊楼",
        "1 楼",
        "07:30-17:00",
        "0571-8888 0120",
        "投诉接待室",
        "周一至周五",
        "人民调解",
    ):
        assert words in page
    assert not re.search(r"<input[^>]* (checked|required)", page)
    assert re.findall(r'type="radio" name="overall" value="(\d)"', page) == ["5", "4", "3", "2", "1"]


@pytest.mark.parametrize("level", "12345")
def test_every_level_takes_the_same_way_to_the_same_page(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, level: str
) -> None:
    answer = send(client, f"/s/{code('D01')}", overall=level)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "收到了，已记入张伟（11 月）。" in page
    outside_details = re.sub(r"<details.*?</details>", "", page, flags=re.S)
    assert "满意" not in outside_details and "T-" not in outside_details
    assert [one.score for one in stored(runtime)] == [int(level)]


def test_sending_the_same_form_again_gives_the_same_receipt(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    path = f"/s/{code('D01')}"
    fields = {**hidden(client.get(path).text), "overall": "4"}
    answers = [client.post(path, data=fields) for _ in range(3)]
    assert {one.location for one in answers} == {answers[0].location}
    assert len(stored(runtime)) == 1


def test_the_level_is_shown_only_to_the_browser_that_sent_it(
    client: FlaskClient, code: Callable[[str], str], app: object
) -> None:
    answer = send(client, f"/s/{code('D01')}", overall="1")
    assert "非常不满意" in client.get(answer.location).text
    client.delete_cookie("own", path=answer.location)
    assert "非常不满意" not in client.get(answer.location).text


def test_a_missing_level_keeps_what_was_written(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    answer = send(client, f"/s/{code('D01')}", comment="讲得很清楚 <b>", aspects="waiting")
    assert answer.status_code == 400
    assert "还没有选满意程度" in answer.text and "讲得很清楚 &lt;b&gt;" in answer.text
    assert re.search(r'value="waiting" checked', answer.text)
    assert stored(runtime) == []


def test_too_long_a_comment_is_counted_and_kept(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    long = "长" * 612
    answer = send(client, f"/s/{code('D01')}", overall="5", comment=long)
    assert "这里最多 500 字，您写了 612 字。已为您保留原文。" in answer.text
    assert long in answer.text and stored(runtime) == []


def test_odd_characters_are_stored_without_harm(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    answer = send(client, f"/s/{code('D01')}", overall="5", comment="好\x00的\u202e👍🏻\ufeff，谢谢")
    assert answer.status_code == 303
    assert [one.comment for one in stored(runtime)] == ["好的👍🏻，谢谢"]


@pytest.mark.parametrize(
    "answers", [{"overall": "6"}, {"overall": "5 "}, {"overall": "5", "aspects": "forged"}, {"overall": "五"}]
)
def test_answers_that_were_not_offered_are_refused(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, answers: dict[str, str]
) -> None:
    assert send(client, f"/s/{code('D01')}", **answers).status_code == 400
    assert stored(runtime) == []


def test_a_body_of_ten_megabytes_is_refused_in_words(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    answer = client.post(f"/s/{code('D01')}", data={"overall": "5", "comment": "a" * 10_000_000})
    assert answer.status_code == 413 and "内容太大了" in answer.text
    assert stored(runtime) == []


@pytest.mark.parametrize("wrong", ["0001-AAAA-AAAA", "hello", "%00", "😀", "A" * 3000, "0001"])
def test_forged_codes_are_explained(client: FlaskClient, wrong: str, runtime: Runtime) -> None:
    for answer in (client.get(f"/s/{wrong}"), client.post(f"/s/{wrong}", data={"overall": "5"})):
        assert answer.status_code == 400 and "不是本院的" in answer.text
    assert stored(runtime) == []


def test_a_retired_code_offers_its_successor_and_keeps_the_words(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    old = code("W03")
    fields = {**hidden(client.get(f"/s/{old}").text), "overall": "2", "comment": "排了两个小时"}
    with runtime.transaction() as session:
        codes.retire(session, codes.open_code(session, runtime.vault, old), why="换新", actor="test", now=runtime.now())
    new = code("W03")
    page = client.get(f"/s/{old}")
    assert page.status_code == 410 and "这个码已经停用了" in page.text and f"/s/{new}" in page.text
    sent = client.post(f"/s/{old}", data=fields)
    assert sent.status_code == 410 and "排了两个小时" in sent.text
    assert stored(runtime) == []


def test_contact_is_kept_sealed_and_only_with_consent(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    path = f"/s/{code('D01')}"
    send(client, path, overall="1", contact="13800001111", comment="没人理")
    send(client, path, overall="1", contact="13900002222", wants_answer="1")
    with runtime.reading() as session:
        assert [case.has_contact for case in session.query(Case).order_by(Case.id)] == [False, True]
    assert contacts(runtime) == ["13900002222"]
    assert "13900002222" not in sealed(runtime)[0]


def test_writing_without_a_code_gets_a_number_and_a_date(client: FlaskClient, runtime: Runtime) -> None:
    assert "还没有写内容" in send(client, "/feedback", text="  ").text
    page = client.get(send(client, "/feedback", text="三楼厕所没有纸").location).text
    assert "T-2611-0001" in page and "11 月 27 日（周五）" in page


def test_english_is_one_tap_away(client: FlaskClient, code: Callable[[str], str]) -> None:
    page = client.get(f"/s/{code('D01')}?lang=en").text
    assert "Very satisfied" in page and 'lang="en"' in page


def test_an_unknown_receipt_is_explained(client: FlaskClient) -> None:
    answer = client.get("/r/ABCDE12345")
    assert answer.status_code == 404 and "没有找到回执" in answer.text


def test_the_bare_address_leads_to_the_field_for_a_code(client: FlaskClient) -> None:
    answer = client.get("/", follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, "/c")


def test_numbers_in_a_comment_are_masked_and_the_person_is_told(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    """At every level; the bank card, the old identity number and full-width digits too. Prices and times stay."""
    words = "电话13800001111，卡6222 0212 3456 7890 123，身份证110101199003071234，１３９００００２２２２，挂号费 120 元 8:30"
    for level in ("1", "5"):
        client.delete_cookie("device", path="/s/")
        page = client.get(send(client, f"/s/{code('D01')}", overall=level, comment=words).location).text
        assert "已经遮住" in page
    for one in stored(runtime):
        text = one.comment + str(one.answers)
        assert not {"13800001111", "13900002222", "199003071234", "3456"} & set(re.findall(r"\d+", text))
        assert "挂号费 120 元 8:30" in one.comment
    assert (
        "已经遮住"
        not in client.get(send(client, f"/s/{code('D02')}", overall="1", comment="等了 40 分钟").location).text
    )


@pytest.mark.parametrize("lang", ["zh", "en", "ug"])
def test_the_length_of_the_receipt_does_not_tell_the_level(app: Flask, code: Callable[[str], str], lang: str) -> None:
    """An encrypted line still shows how long an answer is; a low rating has a case and more words about it."""
    lengths = set()
    for level in ("1", "2", "3", "4", "5"):
        phone = app.test_client()
        sent = send(phone, f"/s/{code('D01')}?lang={lang}", overall=level)
        lengths.add((len(sent.data), sent.status_code, len(phone.get(sent.headers["Location"]).data)))
    assert len(lengths) == 1, lengths


def test_what_is_written_from_a_form_is_about_its_place_unless_the_person_says_otherwise(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, point: Callable[[str], ServicePoint]
) -> None:
    text = code("W03")
    assert f'href="/feedback?code={text}"' in client.get(f"/s/{text}").text
    page = client.get(f"/feedback?code={text}").text
    assert "说的是3号收费窗口" in page and f'value="{text}" checked' in page
    assert "说的是" not in client.get("/feedback?code=nothing-like-it").text
    again = client.post(f"/feedback?code={text}", data={"text": ""})
    assert again.status_code == 400 and f'value="{text}">' in again.text, "the tick that was taken away stays away"
    for number, about in enumerate(({"about": text}, {}, {"about": "nothing-like-it"})):
        sent = {"key": f"about-the-window-{number}", "text": "找错了零钱", **about}
        assert client.post(f"/feedback?code={text}", data=sent).status_code == 303
    with runtime.reading() as session:
        assert [one.service_point_id for one in session.query(Case).order_by(Case.id)] == [point("W03").id, None, None]
