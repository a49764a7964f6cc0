"""Assisted rating on a shared tablet (S44): many patients on one device, none of the helper's own department."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from feedback_app.db.directory import ServicePoint
from feedback_app.services import tablets
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.console import sign_in, submit
from tests.pages import faults, press
from tests.test_patient_pages import hidden, send, stored


@pytest.fixture
def made(runtime: Runtime) -> str:
    """The secret of a tablet that the cardiology department carries."""
    with runtime.transaction() as session:
        unit = session.query(ServicePoint).filter_by(key="XN").one()
        return tablets.make(session, "门诊大厅", unit.id, by="admin", now=NOON)[1]


def test_the_console_makes_a_tablet_shows_its_link_once_and_ends_it(app: Flask, runtime: Runtime) -> None:
    console, tablet = app.test_client(), app.test_client()
    sign_in(console, runtime)
    assert "起个名字" in submit(console, "/admin/tablets", {"name": "  "}).text
    page = submit(console, "/admin/tablets", {"name": "门诊大厅", "department": ""}).text
    link = re.search(r'value="http://127.0.0.1:8000(/tablet/[\w-]+)"', page)
    assert link and link[1] not in console.get("/admin/tablets").text
    assert tablet.get(link[1]).status_code == 303 and tablet.get("/tablet").status_code == 200
    assert submit(console, "/admin/tablets/1/end").status_code == 303
    assert tablet.get("/tablet").status_code == 410 and tablet.get(link[1]).status_code == 410
    assert tablet.get("/tablet/guessed").status_code == 410


def test_one_patient_after_another_counts_and_is_marked(
    app: Flask, runtime: Runtime, code: Callable[[str], str], made: str
) -> None:
    tablet, phone, path = app.test_client(), app.test_client(), f"/s/{code('W03')}"
    tablet.get(f"/tablet/{made}")
    for level in "15":
        answer = send(tablet, path, overall=level)
        assert answer.status_code == 303 and "Set-Cookie" not in answer.headers
        receipt = tablet.get(answer.location).text
        assert "不满意" not in receipt and "/change" not in receipt
    send(phone, path, overall="4")
    assert [(one.channel, one.score, one.status) for one in stored(runtime)] == [
        ("assisted", 1, "counted"),
        ("assisted", 5, "counted"),
        ("form", 4, "counted"),
    ]


def test_helpers_of_the_rated_department_are_refused(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], made: str
) -> None:
    """D01 belongs to it, the department itself too; neither opens, nor takes a form that was opened elsewhere."""
    other = hidden(client.get(f"/s/{code('D01')}").text)
    client.get(f"/tablet/{made}")
    code("W03")
    assert "张伟" not in client.get("/tablet").text and "3号收费窗口" in client.get("/tablet").text
    for key in ("D01", "XN"):
        page = client.get(f"/s/{code(key)}")
        assert page.status_code == 400 and "本科室" in page.text
    assert client.post(f"/s/{code('D01')}", data={**other, "overall": "5"}).status_code == 400
    assert stored(runtime) == []


def test_what_one_patient_chose_is_forgotten_for_the_next(
    client: FlaskClient, code: Callable[[str], str], made: str
) -> None:
    client.get(f"/tablet/{made}")
    switch = re.search(r'href="(/language/en[^"]+)"', client.get("/tablet").text)
    assert switch
    assert "What would you like to rate?" in client.get(switch[1].replace("&amp;", "&"), follow_redirects=True).text
    assert "Very satisfied" in client.get(f"/s/{code('W03')}").text
    assert "您要评价哪里" in client.get("/tablet", follow_redirects=True).text
    assert "非常满意" in client.get(f"/s/{code('W03')}").text


@pytest.mark.browser
def test_the_tablet_goes_back_to_the_start_after_thirty_seconds_and_keeps_nothing(
    phone: Page, server: str, code: Callable[[str], str], made: str
) -> None:
    code("W03")
    phone.clock.install()
    phone.goto(f"{server}/tablet/{made}")
    assert faults(phone) == []
    press(phone.get_by_role("link", name="3号收费窗口"))
    phone.locator("textarea").first.fill("别人不该看到")
    phone.clock.run_for(20_000)
    phone.locator("label.level").first.tap()
    phone.clock.run_for(20_000)
    expect(phone.locator("textarea").first).to_have_value("别人不该看到")
    with phone.expect_navigation():
        phone.clock.run_for(11_000)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("您要评价哪里")
    assert phone.evaluate("localStorage.length") == 0
    press(phone.get_by_role("link", name="3号收费窗口"))
    expect(phone.locator("textarea").first).to_have_value("")
    assert phone.locator("#rate :checked").count() == 0
