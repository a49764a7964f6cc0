"""The form in a real browser at phone size, with and without JavaScript."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from feedback_app.db.ratings import Rating
from feedback_app.services.runtime import Runtime
from tests.console import PASSWORD, account
from tests.pages import faults, press

pytestmark = pytest.mark.browser


def rate(page: Page, address: str, level: str) -> None:
    page.goto(address)
    page.get_by_text(level, exact=True).click()
    page.get_by_role("button", name="提交").click()


def test_two_taps_with_javascript(phone: Page, server: str, code: Callable[[str], str], runtime: Runtime) -> None:
    rate(phone, f"{server}/s/{code('W03')}", "不满意")
    expect(phone.get_by_role("heading", level=1)).to_have_text("收到了，已记入3号收费窗口（11 月）。")
    with runtime.reading() as session:
        assert [one.score for one in session.query(Rating)] == [2]


def test_two_taps_without_javascript(
    old_phone: Page, server: str, code: Callable[[str], str], runtime: Runtime
) -> None:
    rate(old_phone, f"{server}/s/{code('D01')}", "非常满意")
    expect(old_phone.get_by_role("heading", level=1)).to_have_text("收到了，已记入张伟（11 月）。")
    with runtime.reading() as session:
        assert [one.score for one in session.query(Rating)] == [5]


def test_the_level_row_is_large_and_nothing_overflows(phone: Page, server: str, code: Callable[[str], str]) -> None:
    for width in (390, 320):
        phone.set_viewport_size({"width": width, "height": 844})
        phone.goto(f"{server}/s/{code('W03')}")
        heights = [row.bounding_box() for row in phone.locator("label.level").all()]
        assert len(heights) == 5 and all(box and box["height"] >= 44 for box in heights)
        assert phone.evaluate("document.documentElement.scrollWidth") <= width
        assert phone.get_by_role("button", name="提交").is_visible()


def test_going_back_keeps_the_text(phone: Page, server: str, code: Callable[[str], str]) -> None:
    phone.goto(f"{server}/s/{code('W03')}")
    phone.get_by_label("还想说点什么").fill("等了很久，但是讲得很清楚")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("alert")).to_contain_text("还没有选满意程度")
    expect(phone.get_by_label("还想说点什么")).to_have_value("等了很久，但是讲得很清楚")


@pytest.mark.parametrize("care", [False, True])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_accessibility_fault_is_found(
    phone: Page, server: str, code: Callable[[str], str], language: str, care: bool
) -> None:
    """WCAG 2.2 AA on every page a patient can meet, also in large type."""
    if care:
        phone.context.add_cookies([{"name": "care", "value": "1", "url": server}])
    phone.context.add_cookies([{"name": "lang", "value": language, "url": server}])
    form = f"/s/{code('W03')}"
    paths = (form, "/feedback", "/s/nothing", "/c", "/c?code=12", "/evidence/", "/evidence/check/AAAAA", "/stars/")
    for path in (*paths, "/stars/monthly/rules"):
        phone.goto(f"{server}{path}")
        assert faults(phone) == [], path
    phone.goto(f"{server}{form}")
    phone.locator("button[type=submit]").tap()
    expect(phone.get_by_role("alert")).to_be_visible()
    assert faults(phone) == [], "the form again"
    phone.locator(".level").first.tap()
    phone.locator("button[type=submit]").tap()
    phone.wait_for_url("**/r/**")
    phone.locator("summary").tap()
    assert faults(phone) == [], "the receipt"


@pytest.mark.parametrize("with_javascript", [True, False])
def test_a_rating_stands_in_the_console_at_once(
    phone: Page,
    old_phone: Page,
    desk: Page,
    server: str,
    code: Callable[[str], str],
    runtime: Runtime,
    with_javascript: bool,
) -> None:
    rate(phone if with_javascript else old_phone, f"{server}/s/{code('W03')}", "不满意")
    expect((phone if with_javascript else old_phone).get_by_role("heading", level=1)).to_contain_text("收到了")
    who = account(runtime)
    desk.goto(f"{server}/admin/ratings")
    desk.get_by_label("登录名").fill(who.login)
    desk.get_by_label("密码").fill(PASSWORD)
    press(desk.get_by_role("button", name="登录"))
    row = desk.locator("table tbody tr", has_text="3号收费窗口")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("不满意")
