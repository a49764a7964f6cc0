"""Issue 9, shown by 6: the screen in the lobby turns its pages by itself, reads from five metres, holds on, leaks nothing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from bench.screen_day import held, turn
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.improvements import ChangeCard
from feedback_app.domain.cycles import Period
from feedback_app.services import complaints, leaderboards, publications
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from feedback_app.web.boards import SCREEN_SECONDS
from tests.pages import faults
from tests.star_ratings import october

pytestmark = pytest.mark.browser
FIVE_METRES = 34
"""Pixels of 1920: 22 mm on a screen of 55 inches, more than the 0.25° that a line of words needs at five metres."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """The screen in the lobby."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    yield context.new_page()
    context.close()


@pytest.fixture
def published(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        month = Period.parse("2026-10")
        leaderboards.close(session, "monthly", month, now=runtime.now(), zone=runtime.zone)
        publications.publish(session, "monthly", month, by="王芳", now=runtime.now(), settings=runtime.settings)
        filing = Filing("等得太久", "form", "card", point_id=session.scalars(select(ServicePoint.id)).first())
        complaints.file(session, filing, zone=runtime.zone, now=runtime.now())
        case = session.scalars(select(Case)).one()
        session.add(
            ChangeCard(
                case_id=case.id, said="早上缴费排队太长，老人站不住。", did="七点半起多开两个窗口，旁边放了椅子。",
                state="published", written_by="liu", written_at=runtime.now(), published_at=runtime.now() - timedelta(days=3),
            )
        )  # fmt: skip


def at_the_screen(page: Page, server: str) -> Page:
    page.clock.install()
    page.goto(f"{server}/stars/screen")
    return page


def test_it_reads_from_five_metres_and_nothing_is_cut_off(published: None, page: Page, server: str) -> None:
    at_the_screen(page, server)
    for heading in ("医生", "您说"):
        expect(page.locator("main")).to_contain_text(heading)
        small = page.evaluate(
            """least => [...document.querySelectorAll('body *')].filter(one => [...one.childNodes].some(
            node => node.nodeType === 3 && node.textContent.trim()) && one.getClientRects().length &&
            parseFloat(getComputedStyle(one).fontSize) < least).map(one => one.outerHTML)""",
            FIVE_METRES,
        )
        assert small == []
        fits = page.evaluate(
            "[...document.querySelectorAll('section, footer')].every(one => one.getBoundingClientRect().bottom <= innerHeight"
            " && one.scrollHeight <= one.clientHeight + 1)"
        )
        assert fits
        assert faults(page) == []
        turn(page, 1)


def test_an_hour_of_pages_leaks_nothing(published: None, page: Page, server: str) -> None:
    at_the_screen(page, server)
    turn(page, 6)
    before = held(page.context, page)
    turn(page, 24)
    after = held(page.context, page)
    assert after.documents <= before.documents + 1
    assert after.nodes <= before.nodes * 1.2
    assert after.listeners <= before.listeners + 2
    assert after.heap <= before.heap * 1.3


def test_while_the_server_is_away_the_page_stays_and_then_goes_on(published: None, page: Page, server: str) -> None:
    at_the_screen(page, server)
    page.route("**/stars/screen?part=*", lambda route: route.abort())
    for _ in range(3):
        with page.expect_event("requestfailed"):
            page.clock.fast_forward(SCREEN_SECONDS * 1000)
    expect(page.locator("ol li").first).to_be_visible()
    page.unroute("**/stars/screen?part=*")
    turn(page, 1)


def test_before_anything_is_published_the_screen_says_so_calmly(page: Page, server: str) -> None:
    at_the_screen(page, server)
    expect(page.locator("main p")).to_be_visible()
