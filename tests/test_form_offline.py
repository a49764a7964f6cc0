"""A bad connection: nothing written is lost, nothing is counted twice, and the page says honestly what has not gone out."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from feedback_app.db.ratings import Rating
from feedback_app.services.runtime import Runtime

pytestmark = pytest.mark.browser


def stored(runtime: Runtime) -> list[tuple[int, str]]:
    with runtime.reading() as session:
        return [(one.score, one.comment) for one in session.query(Rating)]


def fill(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_text("不满意", exact=True).tap()
    page.get_by_label("还想说点什么").fill("等了两个小时")


def lose_the_answer(route: Route) -> None:
    """The request arrives and is worked on; its answer never comes back."""
    route.fetch(max_redirects=0)
    route.abort()


def cut(context: BrowserContext, how: Callable[[Route], None]) -> None:
    context.route("**/s/*", lambda route: how(route) if route.request.method == "POST" else route.continue_())


@pytest.mark.parametrize("arrives", [True, False])
def test_what_was_cut_goes_out_by_itself_once(
    phone: Page, server: str, code: Callable[[str], str], runtime: Runtime, arrives: bool
) -> None:
    cut(phone.context, lose_the_answer if arrives else lambda route: route.abort())
    fill(phone, f"{server}/s/{code('W03')}")
    phone.get_by_role("button", name="提交").tap()
    expect(phone.get_by_role("status")).to_contain_text("还没有送出去")
    assert len(stored(runtime)) == int(arrives)
    phone.context.unroute("**/s/*")
    phone.evaluate("dispatchEvent(new Event('online'))")
    expect(phone.get_by_role("heading", level=1)).to_contain_text("收到了")
    assert stored(runtime) == [(2, "等了两个小时")]


@pytest.mark.parametrize("arrives", [True, False])
def test_a_page_that_was_closed_sends_when_it_is_opened_again(
    phone: Page, server: str, code: Callable[[str], str], runtime: Runtime, arrives: bool
) -> None:
    address = f"{server}/s/{code('W03')}"
    cut(phone.context, lose_the_answer if arrives else lambda route: route.abort())
    fill(phone, address)
    phone.get_by_role("button", name="提交").tap()
    expect(phone.get_by_role("status")).to_be_visible()
    context = phone.context
    phone.close()
    context.unroute("**/s/*")
    again = context.new_page()
    again.goto(address)
    expect(again.get_by_role("heading", level=1)).to_contain_text("收到了")
    assert stored(runtime) == [(2, "等了两个小时")]
    again.goto(address)
    assert again.get_by_label("还想说点什么").input_value() == ""
    assert again.locator(":checked").count() == 0


def test_a_draft_stays_while_the_page_is_closed(
    phone: Page, server: str, code: Callable[[str], str], runtime: Runtime
) -> None:
    address = f"{server}/s/{code('W03')}"
    fill(phone, address)
    phone.get_by_text("希望医院回复您吗").tap()
    phone.get_by_label("手机号").fill("13800001111")
    phone.goto(f"{server}/c")
    phone.goto(address)
    assert phone.get_by_label("还想说点什么").input_value() == "等了两个小时"
    assert phone.locator(":checked").get_attribute("value") == "2"
    assert "13800001111" not in str(phone.evaluate("JSON.stringify(localStorage)"))  # a phone may be lent
    phone.goto(f"{server}/s/{code('D01')}")
    assert phone.get_by_label("还想说点什么").input_value() == ""
    assert stored(runtime) == []


def test_a_page_put_in_between_is_not_taken_for_ours(
    phone: Page, server: str, code: Callable[[str], str], runtime: Runtime
) -> None:
    """The sign-in page of a hotel's network answers 200 to everything."""
    cut(phone.context, lambda route: route.fulfill(status=200, body="<h1>Welcome to our network</h1>"))
    fill(phone, f"{server}/s/{code('W03')}")
    phone.get_by_role("button", name="提交").tap()
    expect(phone.get_by_role("status")).to_contain_text("还没有送出去")
    assert stored(runtime) == []
