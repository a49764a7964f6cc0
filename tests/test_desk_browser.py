"""Issue 5, shown by 5: the desk with the keyboard alone in a real browser, without JavaScript too; axe on every page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from feedback_app.db.accounts import Account
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.roles import HEAD, OFFICE, Viewer
from feedback_app.services import appeals, case_identity, case_releases, case_steps, complaints, desk_tools
from feedback_app.services.case_releases import Release
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from tests.console import account, sign_in
from tests.pages import faults, press, width
from tests.security.people import sign_in_staff

TEXTS = (
    ("D01", "医生问一句就不耐烦，我叫王小明"),
    ("W03", "排队等了两个小时"),
    ("N01", "打针很疼"),
    ("D01", "你等着，我知道你家住哪"),
)
PAGES = (
    (OFFICE, "/admin/complaints"),
    (OFFICE, "/admin/complaints/T-2611-0001"),
    (OFFICE, "/admin/complaints/T-2611-0004"),
    (OFFICE, "/admin/workload"),
    (OFFICE, "/admin/prepared-answers"),
    (OFFICE, "/admin/complaint-register"),
    (OFFICE, "/admin/complaint-summary"),
    ("protection", "/admin/complaints/T-2611-0004"),
    (HEAD, "/admin/complaints/T-2611-0001"),
    ("quality", "/admin/appeals"),
    ("quality", "/admin/appeals/1"),
    ("director", "/admin/unlocks"),
    ("admin", "/admin/accounts"),
    (OFFICE, "/admin/complaints/join?number=T-2611-0001+T-2611-0002+T-2611-0003"),
    (OFFICE, "/admin/improvements"),
    ("admin", "/admin/workdays"),
)


@pytest.fixture
def cover(runtime: Runtime) -> str:
    """Four complaints, one released, contested and asked about; where its release stands for 张伟."""
    for role in (OFFICE, HEAD):
        account(runtime, role)
    office = Viewer(OFFICE, OFFICE)
    with runtime.transaction() as session:
        points = {one.key: one for one in session.query(ServicePoint)}
        session.query(Account).filter_by(login=HEAD).one().department_id = points["XN"].id
        for place, (key, text) in enumerate(TEXTS):
            at = runtime.now() - timedelta(days=len(TEXTS) - place)
            filing = Filing(text, "form", f"desk {place}", point_id=points[key].id)
            complaints.file(session, filing, zone=runtime.zone, now=at)
        case = session.query(Case).order_by(Case.id).limit(1).one()
        desk_tools.prepare(session, "已加开窗口", "{编号}：已加开窗口，{经办人}。", by=OFFICE, now=runtime.now())
        words = Release(case.text, case_steps.version(case), care_over=True)
        row = case_releases.release(session, case.number or "", words, office, runtime.now())
        appeals.file(session, row, points["D01"], "当时在抢救，张伟请求核实", runtime.now())
        case_identity.ask(session, case.number or "", "要回电话核实", office, runtime.now())
        return case_releases.covered(session, row)


def enter(context: BrowserContext, app: Flask, runtime: Runtime, role: str, server: str) -> Page:
    client = app.test_client()
    sign_in(client, runtime, role)
    cookie = client.get_cookie("stars")
    assert cookie is not None
    context.add_cookies([{"name": "stars", "value": cookie.value, "url": server}])
    return context.new_page()


@pytest.mark.browser
def test_a_complaint_is_answered_with_the_keyboard_alone(
    desk: Page, app: Flask, runtime: Runtime, server: str, cover: str
) -> None:
    page = enter(desk.context, app, runtime, OFFICE, server)
    page.goto(f"{server}/admin/complaints")
    page.keyboard.press("?")
    expect(page.locator("[data-keys] dl")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("input[type=search]")).to_be_focused()
    page.keyboard.type("两个小时")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(1)
    with page.expect_navigation():
        page.goto(f"{server}/admin/complaints")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-row]").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("[data-row]").nth(0)).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.keyboard.press("r")
    expect(page.locator("[data-write=answered]")).to_be_focused()
    page.keyboard.type("您好，已经核实，向您道歉。")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.locator(".said.answer")).to_contain_text("已经核实")
    page.keyboard.press("n")
    expect(page.locator("[data-write=noted]")).to_be_focused()
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("u")
    expect(page.locator("h1")).to_have_text("投诉与意见")


@pytest.mark.browser
def test_a_colleague_at_the_same_case_is_seen_and_two_answers_do_not_cross(
    browser: Browser, app: Flask, runtime: Runtime, server: str, cover: str
) -> None:
    account(runtime, OFFICE, login="other")
    first, second = browser.new_context(locale="zh-CN"), browser.new_context(locale="zh-CN")
    mine = enter(first, app, runtime, OFFICE, server)
    theirs = enter(second, app, runtime, "director", server)
    mine.goto(f"{server}/admin/complaints/T-2611-0002")
    theirs.goto(f"{server}/admin/complaints/T-2611-0002")
    expect(theirs.locator("#others")).to_contain_text("也开着这件")
    mine.locator("[data-write=answered]").fill("我先答复了")
    press(mine.get_by_role("button", name="保存答复"))
    theirs.locator("[data-write=answered]").fill("我写了很久的答复")
    press(theirs.get_by_role("button", name="保存答复"))
    expect(theirs.get_by_role("alert")).to_contain_text("别人更新了")
    expect(theirs.locator("[data-write=answered]")).to_have_value("我写了很久的答复")
    expect(theirs.locator(".said.answer")).to_contain_text("我先答复了")
    first.close()
    second.close()


@pytest.mark.browser
def test_without_javascript_a_prepared_answer_joins_what_is_written(
    browser: Browser, app: Flask, runtime: Runtime, server: str, cover: str
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = enter(context, app, runtime, OFFICE, server)
    page.goto(f"{server}/admin/complaints/T-2611-0002")
    page.locator("[data-write=answered]").fill("您好。")
    press(page.get_by_role("button", name="放进答复"))
    expect(page.locator("[data-write=answered]")).to_have_value("您好。\nT-2611-0002：已加开窗口，王芳。")
    press(page.get_by_role("button", name="保存答复"))
    expect(page.locator(".said.answer")).to_contain_text("已加开窗口")
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize(("wide", "high"), [(1440, 900), (390, 844)])
def test_nothing_stands_in_the_way_on_any_page_about_complaints(
    browser: Browser, app: Flask, runtime: Runtime, server: str, cover: str, wide: int, high: int
) -> None:
    found: list[str] = []
    for role, address in PAGES:
        context = browser.new_context(viewport={"width": wide, "height": high}, locale="zh-CN")
        page = enter(context, app, runtime, role, server)
        page.goto(server + address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert width(page) <= wide, address
        found += faults(page)
        context.close()
    assert found == []


@pytest.mark.browser
def test_nothing_stands_in_the_way_of_staff(
    phone: Page, app: Flask, runtime: Runtime, server: str, cover: str, code: Callable[[str], str]
) -> None:
    client = app.test_client()
    sign_in_staff(client, runtime, "D01")
    cookie = client.get_cookie("staff", path="/staff")
    assert cookie is not None
    phone.context.add_cookies([{"name": "staff", "value": cookie.value, "domain": "127.0.0.1", "path": "/staff"}])
    found: list[str] = []
    for address in ("/staff/cases", f"/staff/cases/{cover}"):
        phone.goto(server + address)
        found += faults(phone)
    expect(phone.locator("body")).not_to_contain_text("王小明")
    expect(phone.locator("body")).not_to_contain_text("2026-11-1")
    assert found == []
