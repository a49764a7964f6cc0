"""A new administrator imports a list in a real browser, with JavaScript off."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from feedback_app.db.directory import ServicePoint
from feedback_app.services.runtime import Runtime
from tests.console import PASSWORD, account
from tests.pages import faults, press, width

pytestmark = pytest.mark.browser

HR = (
    "某某医院花名册,,,\n职工号,姓名,所在科室,来院时间\n90001,单 晓,眼科,2020.1.5\n90002,,骨科,43835\n90003,解华,儿科,\n"
)


def test_upload_correct_import_without_javascript(
    browser: Browser, server: str, runtime: Runtime, tmp_path: Path
) -> None:
    file = tmp_path / "花名册.csv"
    file.write_bytes(HR.encode("gb18030"))
    who = account(runtime)
    context = browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/admin/directory/import")
    page.locator("input[name=login]").fill(who.login)
    page.locator("input[name=password]").fill(PASSWORD)
    press(page.locator("main button"))
    page.locator("input[type=file]").set_input_files(file)
    press(page.get_by_role("button", name="上传，先看看"))
    expect(page.get_by_text("会同时新建 1 个科室：眼科")).to_be_visible()
    page.get_by_label("第 4 行 姓名").fill("区华")
    press(page.get_by_role("button", name="改好了，再核对"))
    press(page.get_by_role("button", name="确认导入 3 行"))
    expect(page.get_by_role("heading", level=1)).to_have_text("导入好了")
    context.close()
    with runtime.reading() as session:
        names = {point.name for point in session.query(ServicePoint)}
    assert {"单晓", "区华", "解华", "眼科", "骨科"} <= names


def test_the_pages_are_accessible(browser: Browser, server: str, runtime: Runtime, tmp_path: Path) -> None:
    file = tmp_path / "花名册.csv"
    file.write_bytes(HR.encode())
    who = account(runtime)
    context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{server}/admin/directory")
    page.locator("input[name=login]").fill(who.login)
    page.locator("input[name=password]").fill(PASSWORD)
    press(page.locator("main button"))
    for path in ("", "/new/staff", "/import"):
        page.goto(f"{server}/admin/directory{path}")
        assert faults(page) == [], path
    page.locator("input[type=file]").set_input_files(file)
    press(page.get_by_role("button", name="上传，先看看"))
    assert faults(page) == []
    assert width(page) <= 390
    context.close()
