"""The page of one's own case on the web: found by number and code, answered, refused, rated; nobody else's is ever shown."""

import re

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain import complaints as rules
from feedback_app.services import case_codes, case_steps
from feedback_app.services.case_steps import Step
from feedback_app.services.runtime import Runtime
from tests.pages import faults, press

_CODE = re.compile(r"/case/([A-Z]-\d{4}-\d{4})/([0-9A-Z]{10})")


def filed(client: FlaskClient, text: str = "收费窗口等了两个小时") -> tuple[str, str]:
    """Number and code, as the page after writing shows them."""
    page = client.post(
        "/feedback", data={"key": f"k{abs(hash(text)):020d}"[:24], "text": text}, follow_redirects=True
    ).text
    found = _CODE.search(page)
    assert found, page
    return found[1], found[2]


def answer(runtime: Runtime, number: str, words: str, role: str = "office") -> None:
    with runtime.transaction() as session:
        seen = case_steps.version(case_steps.get(session, number))
        step = Step(rules.ANSWER, words, seen, "wang", role)
        case_steps.take(session, number, step, runtime.now(), runtime.zone)


def say(client: FlaskClient, number: str, code: str, action: str, **fields: str) -> int:
    return client.post(f"/case/{number}/{code}", data={"action": action, **fields}).status_code


def state(runtime: Runtime, number: str) -> tuple[str, str, int]:
    with runtime.reading() as session:
        case = case_steps.get(session, number)
        return case.state, case.closed_how, case.level


def test_from_writing_to_settled_and_rated_without_wechat(client: FlaskClient, runtime: Runtime) -> None:
    number, code = filed(client)
    page = client.get(f"/case/{number}/{code}").text
    assert "收费窗口等了两个小时" in page and "11 月 27 日" in page
    assert "这样处理" not in page
    assert say(client, number, code, "add", text="是三号窗口") == 303
    assert say(client, number, code, "settle") == 400, "nothing was answered yet"
    answer(runtime, number, "已经加开一个窗口。")
    page = client.get(f"/case/{number}/{code}").text
    assert "已经加开一个窗口。" in page and "这样处理，您看可以了吗" in page
    assert say(client, number, code, "rate", score="5") == 400, "not before it is over"
    assert say(client, number, code, "settle") == 303
    assert say(client, number, code, "rate", score="9", text="很快") == 400
    assert say(client, number, code, "rate", score="4", text="很快") == 303
    assert say(client, number, code, "consent", agrees="yes") == 303
    assert state(runtime, number) == ("closed", "settled", 1)
    with runtime.reading() as session:
        case = case_steps.get(session, number)
        assert (case.handling_score, case.handling_words, case.card_consent) == (4, "很快", True)


def test_refused_three_times_ends_with_the_ways_outside_and_only_new_facts_go_on(
    client: FlaskClient, runtime: Runtime
) -> None:
    number, code = filed(client)
    for role in ("office", "office", "director"):
        answer(runtime, number, f"{role}的答复", role)
        assert say(client, number, code, "refuse", text="还是老样子") == 303
    assert state(runtime, number) == ("final", "final", 3)
    page = client.get(f"/case/{number}/{code}").text
    assert runtime.settings.complaints.routes in page
    assert say(client, number, code, "refuse", text="不服") == 400
    kept = client.post(f"/case/{number}/{code}", data={"action": "new_facts", "text": " "})
    assert (kept.status_code, "新的事实" in kept.text) == (400, True)
    assert say(client, number, code, "new_facts", text="找到了当天的缴费小票") == 303
    assert state(runtime, number) == ("open", "", 3)


@pytest.mark.parametrize("number", ["T-2611-0001", "T-2611-9999", "x", "T-2611-0001 ", "%00"])
@pytest.mark.parametrize("code", ["0000000000", "", "' or 1=1"])
def test_a_wrong_code_an_unknown_number_and_somebody_elses_are_answered_alike(
    client: FlaskClient, runtime: Runtime, number: str, code: str
) -> None:
    filed(client)
    page = client.post("/case", data={"number": number, "code": code})
    assert (page.status_code, "编号或查询码不对" in page.text, "收费窗口" in page.text) == (404, True, False)


def test_number_and_code_are_taken_as_people_type_them(client: FlaskClient, runtime: Runtime) -> None:
    number, code = filed(client)
    typed = f"{code[:5]} {code[5:]}".lower()
    found = client.post("/case", data={"number": f" {number.lower()} ", "code": typed})
    assert found.headers["Location"] == f"/case/{number}/{code}"
    with runtime.reading() as session:
        assert case_codes.open_case(session, runtime.vault, number, code).number == number
    assert client.get(f"/case/{number}/{code[:-1]}0").status_code in {200, 404}
    assert client.get(f"/case/{number}/AAAAAAAAAA").status_code == 404


def test_words_that_are_too_long_are_kept(client: FlaskClient, runtime: Runtime) -> None:
    number, code = filed(client)
    page = client.post(f"/case/{number}/{code}", data={"action": "add", "text": "长" * 2001})
    assert (page.status_code, "长" * 2001 in page.text) == (400, True)


@pytest.mark.parametrize(
    ("kind", "letter", "told"),
    [
        ("complaint", "T", "新的投诉"),
        ("repair", "X", "报修"),
        ("supply", "W", "报修"),
        ("question", "Z", "请在"),
        ("zzz", "T", ""),
    ],
)
def test_one_door_for_complaints_questions_repairs_and_supplies(
    client: FlaskClient, runtime: Runtime, kind: str, letter: str, told: str
) -> None:
    data = {"key": "k" * 20, "text": "二楼卫生间的灯不亮", "kind": kind}
    page = client.post("/feedback", data=data, follow_redirects=True).text
    found = _CODE.search(page)
    assert found and found[1][0] == letter
    with runtime.reading() as session:
        assert [told in one.payload["text"] for one in session.query(OutboxMessage)] == [True]


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone(
    server: str, runtime: Runtime, phone: Page, old_phone: Page, client: FlaskClient, scripts: bool
) -> None:
    page = phone if scripts else old_phone
    number, code = filed(client)
    answer(runtime, number, "已经加开一个窗口。")

    def look() -> None:
        assert not scripts or faults(page) == []

    page.goto(f"{server}/case")
    look()
    page.get_by_label("编号").fill(number)
    page.get_by_label("查询码（10 位）").fill(code)
    press(page.get_by_role("button", name="查看"))
    look()
    press(page.get_by_role("button", name="可以了"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("已经办结")
    page.locator("label.chip", has_text="4").click()
    press(page.get_by_role("button", name="提交"))
    look()
    press(page.get_by_role("button", name="可以", exact=True))
    assert state(runtime, number) == ("closed", "settled", 1)
