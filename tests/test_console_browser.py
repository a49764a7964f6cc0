"""The console in a real browser: signing in, answering a complaint, changing the question set; readable by everybody."""

import pytest
from playwright.sync_api import Page, expect

from feedback_app.db.directory import ServicePoint
from feedback_app.services import complaints, conversations, ratings, teaching
from feedback_app.services.complaints import Filing
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.console import PASSWORD, account
from tests.pages import faults, press

pytestmark = pytest.mark.browser

ADMIN_PAGES = (
    "/admin/",
    "/admin/ratings",
    "/admin/complaints",
    "/admin/complaints/T-2611-0001",
    "/admin/question-sets",
    "/admin/questions",
    "/admin/deliveries",
    "/admin/bot?text=呜哩哇啦",
    "/admin/accounts",
    "/admin/audit",
    "/admin/password",
)


@pytest.fixture
def busy(runtime: Runtime) -> None:
    """One rating, one complaint with its notice to the office, words for the bot, an account of each role."""
    for role in ("admin", "office", "quality"):
        account(runtime, role)
    with runtime.transaction() as session:
        point = session.query(ServicePoint).filter_by(key="W03").one()
        given = Submission(point.id, 4, "form", "k1", "等了一会儿", {"overall": 4}, version_id=1)
        ratings.submit(session, given, zone=runtime.zone, now=runtime.now())
        filing = Filing("叫号屏没有显示", "form", "o1", point_id=point.id)
        complaints.file(session, filing, zone=runtime.zone, now=runtime.now())
        conversations.not_understood(session, "给一楼那个大饭厅5星", "", runtime.now())
        teaching.teach_alias(session, "W03", "老窗口", by="wang", now=runtime.now())
        teaching.teach(session, "dialect", "劲抽", meaning="很好", by="wang", now=runtime.now())


def enter(page: Page, server: str, role: str) -> None:
    page.goto(f"{server}/admin/sign-in")
    page.get_by_label("登录名").fill(role)
    page.get_by_label("密码").fill(PASSWORD)
    press(page.get_by_role("button", name="登录"))
    expect(page.get_by_role("heading", level=1)).to_have_text("王芳，您好")


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_readable_by_everybody_and_fits(desk: Page, server: str, runtime: Runtime, scheme: str) -> None:
    found = []
    desk.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    desk.goto(f"{server}/admin/sign-in")
    found += faults(desk)
    enter(desk, server, "admin")
    for path in (*ADMIN_PAGES, f"/admin/ratings/{runtime.vault.cover(1)}"):
        desk.set_viewport_size({"width": 1440, "height": 900})
        desk.goto(f"{server}{path}")
        found += faults(desk)
        for width in (390, 320):
            desk.set_viewport_size({"width": width, "height": 844})
            if desk.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{path} is wider than {width}")
    assert found == []


@pytest.mark.usefixtures("busy")
def test_a_complaint_is_answered_on_a_phone_without_javascript(old_phone: Page, server: str) -> None:
    enter(old_phone, server, "office")
    press(old_phone.get_by_role("link", name="去答复"))
    press(old_phone.locator("a[data-row]"))
    old_phone.get_by_label("答复患者").fill("屏已修好。")
    press(old_phone.get_by_role("button", name="保存答复"))
    expect(old_phone.get_by_role("status")).to_contain_text("答复已保存")
    expect(old_phone.get_by_role("listitem").filter(has_text="屏已修好。")).to_be_visible()


@pytest.mark.usefixtures("busy")
def test_the_menu_opens_on_a_phone(phone: Page, server: str) -> None:
    enter(phone, server, "quality")
    expect(phone.get_by_role("link", name="评价", exact=True)).to_be_hidden()
    phone.get_by_text("菜单", exact=True).click()
    phone.get_by_role("link", name="评价", exact=True).click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("评价")


@pytest.mark.usefixtures("busy")
def test_the_question_set_is_changed_by_keyboard_and_seen_as_on_a_phone(desk: Page, server: str) -> None:
    enter(desk, server, "admin")
    desk.goto(f"{server}/admin/questions?q=overall")
    desk.locator("[name='overall.text.zh']").fill("今天顺利吗？")
    desk.keyboard.press("Tab")
    expect(desk.frame_locator("iframe").get_by_text("今天顺利吗？")).to_be_visible()
    second = desk.get_by_role("button", name="第 2 题上移")
    second.focus()
    second.press("Enter")
    expect(desk.locator(".q").first).to_contain_text("您的感受主要来自哪方面？可以不选")
    press(desk.get_by_role("button", name="去发布"))
    press(desk.get_by_role("button", name="现在发布"))
    expect(desk.get_by_text("第 2 版已发布")).to_be_visible()


@pytest.mark.usefixtures("busy")
def test_the_slash_key_goes_to_the_search(desk: Page, server: str) -> None:
    enter(desk, server, "office")
    desk.goto(f"{server}/admin/complaints")
    desk.keyboard.press("/")
    desk.keyboard.type("叫号屏")
    desk.keyboard.press("Enter")
    expect(desk.locator("a[data-row]")).to_have_attribute("href", "/admin/complaints/T-2611-0001")
    desk.goto(f"{server}/admin/complaints?q=没有这句话")
    expect(desk.get_by_text("没有符合条件的记录")).to_be_visible()
