"""A tenth of ``bench.cuts``: the line is cut at random moments of a sending; and what happens without the script."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from bench import cuts
from bench.cut_line import CutLine, cut_line
from bench.cuts import Way
from feedback_app.db.case_secrets import CaseSecret
from feedback_app.db.complaints import Case
from feedback_app.db.ratings import Rating
from feedback_app.services.runtime import Runtime
from tests.pages import press

pytestmark = pytest.mark.browser


@pytest.fixture
def line(server: str) -> Iterator[CutLine]:
    with cut_line(urlsplit(server).port or 0) as opened:
        yield opened


def test_a_rating_survives_a_cut_at_any_moment_once(
    browser: Browser, line: CutLine, runtime: Runtime, code: Callable[[str], str]
) -> None:
    way = Way(f"/s/{code('W03')}", cuts.fill_rating, cuts.ratings_of)
    tally = cuts.cut_rounds(browser, line, runtime, way, rounds=7, seed=3)
    assert (tally.rounds, tally.lost, tally.doubled, tally.unseen) == (7, 0, 0, 0)


def test_a_complaint_survives_a_cut_at_any_moment_once(browser: Browser, line: CutLine, runtime: Runtime) -> None:
    tally = cuts.cut_rounds(browser, line, runtime, Way("/feedback", cuts.fill_feedback, cuts.cases_of), 3, seed=5)
    assert (tally.rounds, tally.lost, tally.doubled, tally.unseen) == (3, 0, 0, 0)


def counted(runtime: Runtime) -> list[tuple[int, str]]:
    with runtime.reading() as session:
        return [(one.score, one.comment) for one in session.query(Rating) if one.status == "counted"]


def test_without_the_script_going_back_and_sending_again_counts_once(
    old_phone: Page, server: str, code: Callable[[str], str], runtime: Runtime
) -> None:
    old_phone.goto(f"{server}/s/{code('W03')}")
    old_phone.locator("label.level").nth(3).tap()
    press(old_phone.get_by_role("button", name="提交"))
    expect(old_phone.get_by_role("heading", level=1)).to_contain_text("收到了")
    old_phone.go_back()
    old_phone.locator("label.level").nth(3).tap()
    press(old_phone.get_by_role("button", name="提交"))
    expect(old_phone.get_by_role("heading", level=1)).to_contain_text("收到了")
    assert counted(runtime) == [(2, "")]


def test_without_the_script_the_same_page_sent_twice_is_one_row(
    old_phone: Page, line: CutLine, code: Callable[[str], str], runtime: Runtime
) -> None:
    """The answer got lost, the browser shows its own page of error, and the person reloads it: the hidden key holds."""
    old_phone.goto(f"http://127.0.0.1:{line.port}/s/{code('W03')}")
    old_phone.locator("label.level").nth(4).tap()
    key = old_phone.locator("input[name=key]").input_value()
    version = old_phone.locator("input[name=version]").input_value()
    line.arm(1 << 30, reset=False)
    press(old_phone.get_by_role("button", name="提交"))
    first = urlsplit(old_phone.url).path
    line.mend()
    form: dict[str, str | float | bool] = {"key": key, "version": version, "overall": "1"}
    sent = old_phone.context.request.post(f"http://127.0.0.1:{line.port}/s/{code('W03')}", form=form, max_redirects=0)
    assert sent.status == 303 and urlsplit(sent.headers["location"]).path == first
    with runtime.reading() as session:
        assert session.query(Rating).count() == 1


def test_a_draft_of_a_complaint_stays_while_the_page_is_closed(phone: Page, server: str, runtime: Runtime) -> None:
    phone.goto(f"{server}/feedback")
    phone.locator("#text").fill("三楼厕所没有纸")
    phone.goto(f"{server}/c")
    phone.goto(f"{server}/feedback")
    expect(phone.locator("#text")).to_have_value("三楼厕所没有纸")
    press(phone.get_by_role("button", name="提交"))
    expect(phone.get_by_role("heading", level=1)).to_contain_text("收到了")
    phone.goto(f"{server}/feedback")
    expect(phone.locator("#text")).to_have_value("")
    with runtime.reading() as session:
        assert [one.text for one in session.query(Case)] == ["三楼厕所没有纸"]


@pytest.mark.parametrize("script", [True, False])
def test_a_complaint_survives_every_refusal(
    phone: Page, old_phone: Page, server: str, runtime: Runtime, script: bool
) -> None:
    """Too long, a contact too long, a number in the text: each time the words are still there."""
    page = phone if script else old_phone
    page.goto(f"{server}/feedback")
    page.locator("#text").fill("等了很久。" * 500)
    press(page.get_by_role("button", name="提交"))
    expect(page.get_by_role("alert")).to_contain_text("2000")
    expect(page.locator("#text")).to_have_value("等了很久。" * 500)
    page.locator("#text").fill("请打 13800001111，身份证 110101199003071234")
    press(page.get_by_role("button", name="提交"))
    expect(page.get_by_role("alert")).to_contain_text("联系方式")
    expect(page.locator("#contact")).to_have_value("13800001111")
    for box in page.get_by_role("checkbox").all():
        expect(box).not_to_be_checked()
    page.locator("#contact").fill("1" * 101)
    press(page.get_by_role("button", name="提交"))
    expect(page.get_by_role("alert")).to_contain_text("101")
    expect(page.locator("#text")).to_have_value("请打 13800001111，身份证 110101199003071234")
    page.locator("#contact").fill("")
    press(page.get_by_role("button", name="提交"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("收到了")
    with runtime.reading() as session:
        [case] = session.query(Case)
        assert "13800001111" not in case.text and "199003071234" not in case.text
        assert session.query(CaseSecret).filter_by(kind="contact").count() == 0
