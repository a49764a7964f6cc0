"""Printing as a new administrator does it, and typing a code as a patient without a camera does, in a real browser."""

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Page, expect

from feedback_app.services.runtime import Runtime
from tests import reading
from tests.console import sign_in
from tests.pages import faults, press, width
from tests.test_codes_service import code_of, issue_all

pytestmark = pytest.mark.browser


@pytest.fixture
def administrator(desk: Page, server: str, client: FlaskClient, runtime: Runtime) -> Page:
    """Signed in, at the home page."""
    sign_in(client, runtime)
    cookie = client.get_cookie(client.application.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    desk.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server}])
    desk.goto(f"{server}/admin/")
    return desk


def test_window_codes_in_three_clicks(administrator: Page, runtime: Runtime) -> None:
    page = administrator
    press(page.get_by_role("navigation", name="菜单").get_by_role("link", name="二维码"))
    press(page.locator("section.card", has_text="窗口").get_by_role("button", name="生成并打印"))
    with page.expect_download() as download:
        page.get_by_role("button", name="下载 PDF（2 张）").click()
    assert download.value.suggested_filename == "收费处_窗口二维码_2张_立牌.pdf"
    document = download.value.path().read_bytes()
    seen = sorted(text for one in reading.pages(document) for text in reading.read(one))
    assert seen == sorted(f"http://127.0.0.1:8000/s/{code_of(runtime, key)}" for key in ("W01", "W03"))


def test_the_browser_draws_previews_and_pictures(administrator: Page, server: str, runtime: Runtime) -> None:
    issue_all(runtime)
    code = code_of(runtime, "D01")
    administrator.goto(f"{server}/admin/codes/{code}")
    shown = administrator.get_by_role("img", name="张伟的二维码").screenshot()
    assert reading.read(Image.open(io.BytesIO(shown))) == [f"http://127.0.0.1:8000/s/{code}"]
    administrator.goto(f"{server}/admin/codes/preview/stand.svg?code={code}")
    drawn = administrator.locator("svg").screenshot()
    assert reading.read(Image.open(io.BytesIO(drawn))) == [f"http://127.0.0.1:8000/s/{code}"]


def test_no_accessibility_fault_is_found(administrator: Page, server: str, runtime: Runtime) -> None:
    issue_all(runtime)
    code = code_of(runtime, "D01")
    for path in ("", "/print?kind=staff", f"/{code}", f"/{code}/retire", f"/{code}/reissue"):
        administrator.goto(f"{server}/admin/codes{path}")
        assert faults(administrator) == []


def test_nothing_overflows_at_phone_width(administrator: Page, server: str, runtime: Runtime) -> None:
    issue_all(runtime)
    administrator.set_viewport_size({"width": 390, "height": 844})
    for path in ("", "/print?kind=staff", f"/{code_of(runtime, 'D01')}"):
        administrator.goto(f"{server}/admin/codes{path}")
        assert width(administrator) <= 390


def test_typing_the_code_without_javascript(old_phone: Page, server: str, code: Callable[[str], str]) -> None:
    known = code("W03")
    old_phone.goto(f"{server}/c")
    old_phone.get_by_label("编号").fill("0001-7XK2-9QDM")
    press(old_phone.get_by_role("button", name="打开"))
    expect(old_phone.get_by_role("alert")).to_contain_text("没有这个编号")
    old_phone.get_by_label("编号").fill(f"{known[:4]}-{known[4:8]}-{known[8:]}".lower())
    press(old_phone.get_by_role("button", name="打开"))
    expect(old_phone.get_by_role("heading", level=1)).to_contain_text("3号收费窗口")


def test_the_page_for_typing_has_no_accessibility_fault(phone: Page, server: str) -> None:
    for path in ("/c", "/c?code=0001-7XK2-9QDM", "/c?lang=en"):
        phone.goto(f"{server}{path}")
        assert faults(phone) == []
