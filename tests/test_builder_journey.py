"""An administrator tunes the set and takes it back, patients answer all the while, and their ratings compare by the rule."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from feedback_app.db.ratings import Rating
from feedback_app.services import evidence, verification
from feedback_app.services import question_publishing as publishing
from feedback_app.services.runtime import Runtime
from tests.building import Builder
from tests.console import PASSWORD, account
from tests.pages import faults, press, width

pytestmark = pytest.mark.browser
BEFORE, AFTER = "这次服务，您觉得怎么样？", "今天办事顺利吗？"
ASPECTS, AGAIN = "您的感受主要来自哪方面？可以不选", "还会再来吗？"


def enter(page: Page, server: str, runtime: Runtime) -> None:
    account(runtime, "admin")
    page.goto(f"{server}/admin/sign-in")
    page.get_by_label("登录名").fill("admin")
    page.get_by_label("密码").fill(PASSWORD)
    press(page.get_by_role("button", name="登录"))


def rate(page: Page, address: str, *answers: str, asked: str) -> None:
    """A patient with a phone of their own answers what the form asks."""
    page.context.clear_cookies(name="device")
    page.goto(address)
    expect(page.locator("legend").first).to_have_text(asked)
    for answer in answers:
        page.locator("label", has=page.get_by_text(answer, exact=True)).click()
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/r/**")


def tune(page: Page, builder: Builder) -> str:
    """Another wording, one answer less, and a question that only follows a low or a high level; gives its key."""
    page.goto(f"{builder.server}/admin/questions?q=overall")
    builder.fill("overall.text.zh", AFTER)
    builder.press("open:aspects")
    last = page.locator('button[value^="option-remove:aspects:"]').last.get_attribute("value")
    builder.press(str(last))
    key = builder.add("single")
    builder.fill(f"{key}.text.zh", AGAIN)
    builder.paste(key, "option", [["会", 100], ["不会", 0]])
    builder.keys["overall"] = "overall"
    builder.condition(key, "overall <= 2 or overall >= 4")
    return key


def publish(page: Page) -> list[str]:
    """On the page that says what publishing does; gives what it says of the trends."""
    said = page.locator("main table tbody tr").all_inner_texts()
    press(page.get_by_role("button", name="现在发布"))
    expect(page.get_by_text("版已发布")).to_be_visible()
    return [" ".join(one.split()) for one in said]


def seen(page: Page, server: str, version: int) -> list[list[str]]:
    """The questions beside the other versions, as the results of this version show them."""
    page.goto(f"{server}/admin/question-sets/{version}/results")
    press(page.get_by_role("link", name="和其他版本比一比"))
    rows = page.locator("#versions ~ table tbody tr").all()
    return [[" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()] for row in rows]


def test_a_set_is_tuned_and_taken_back_while_patients_answer(
    desk: Page, server: str, runtime: Runtime, code: Callable[[str], str]
) -> None:
    address, builder = f"{server}/s/{code('W03')}", Builder(desk, server)
    enter(desk, server, runtime)
    rate(desk, address, "非常满意", "态度", asked=BEFORE)
    rate(desk, address, "不满意", asked=BEFORE)

    tune(desk, builder)
    press(desk.get_by_role("button", name="去发布"))
    told = publish(desk)
    assert told == [
        f"{AFTER} 接着走，做个记号 文字改了",
        f"{ASPECTS} 从这里断开 选项变了、分值变了",
        "还想说点什么？可以不写 接着走",
        f"{AGAIN} 从这里开始",
    ]
    rate(desk, address, "满意", "态度", "会", asked=AFTER)
    rate(desk, address, "非常不满意", "不会", asked=AFTER)

    desk.goto(f"{server}/admin/questions/versions")
    press(desk.get_by_role("button", name="回到这一版"))
    told = publish(desk)
    assert told[0].endswith("做个记号 文字改了") and told[3] == f"{AGAIN} 到此为止"
    rate(desk, address, "非常满意", "态度", asked=BEFORE)

    with runtime.transaction() as session:
        versions = [one.id for one in reversed(publishing.history(session))]
        rows = session.query(Rating).order_by(Rating.id).all()
        assert [(one.score, one.status, one.questionnaire_version_id) for one in rows] == [
            (5, "counted", versions[0]), (2, "counted", versions[0]),
            (4, "counted", versions[1]), (1, "counted", versions[1]),
            (5, "counted", versions[2]),
        ]  # fmt: skip
        evidence.give_places(session)
        assert list(verification.problems(session, runtime.vault, runtime.now())) == []
    assert seen(desk, server, versions[2]) == [
        [BEFORE, "62.5（2 人答）", "37.5（2 人答） 记号：文字改了", "100.0（1 人答）", "60.0（5 人答）"],
        [ASPECTS, "1 人答", "1 人答 断开：选项变了、分值变了", "1 人答", "2 人答"],
    ]
    assert faults(desk) == []
    desk.set_viewport_size({"width": 390, "height": 844})
    assert width(desk) == 390
    assert seen(desk, server, versions[1])[2] == [AGAIN, "没有这道题", "50.0（2 人答）", "没有这道题", "50.0（2 人答）"]
