"""Activities in a real browser: nothing stands in anybody's way, and an inspection outlives a network that is gone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from feedback_app.db.activities import Activity, ActivityMark, ActivityPerson
from feedback_app.db.directory import ServicePoint
from feedback_app.services import (
    activity_actions,
    bindings,
    rewards,
    sign_ins,
)
from feedback_app.services.activity_actions import Wanted
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.console import account
from tests.pages import faults, press, width
from tests.star_ratings import id_of
from tests.test_activities import add, planned
from tests.test_documents import honoured, published

pytestmark = pytest.mark.browser


@pytest.fixture
def enter(server: str, runtime: Runtime) -> Callable[[Page], None]:
    """Sign this browser in: the console as administrator, the staff pages as N01."""

    def sign(page: Page) -> None:
        who = account(runtime)
        with runtime.transaction() as session:
            console = sign_ins.start(session, "account", who.id, runtime.now())
            nurse = session.query(ServicePoint).filter_by(key="N01").one()
            staff = bindings.sign_in(session, nurse, runtime.now())
        cookie = console_cookie(server, runtime, console)
        page.context.add_cookies([{"name": "stars", "value": cookie, "url": server}])
        page.context.add_cookies([{"name": "staff", "value": staff, "url": f"{server}/staff"}])

    return sign


def console_cookie(server: str, runtime: Runtime, token: str) -> str:
    """The signed session cookie of a browser that holds this sign-in."""
    from feedback_app.app import create_app

    app = create_app(runtime.settings)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["console"] = token
    found = client.get_cookie("stars")
    app.extensions["service_star"].close()
    assert found is not None
    return found.value


def filled(runtime: Runtime) -> dict[str, int]:
    """One of each that has a page of its own."""
    honoured(runtime)
    check = planned(runtime, "window_inspection", target="W03", title="三号窗口检查")
    add(runtime, check, "N01", role="inspector")
    course = planned(runtime, "course", at=NOON - timedelta(hours=2), about="doctor", title="沟通课")
    add(runtime, course, "dept:XN", "+患者代表王女士")
    meeting = planned(runtime, "symposium", at=NOON - timedelta(hours=1), title="座谈会")
    with runtime.transaction() as session:
        activity_actions.add(
            session, meeting, Wanted("没有水", "加饮水机", "staff:N01", NOON.date()), by="wang", now=NOON
        )
        money = rewards.make(session, "monthly", "2026-10", by="wang", now=NOON).id
    standard = published(runtime, "standard", items=["先问候", "说明白 | doctor"])
    return {"check": check, "course": course, "meeting": meeting, "money": money, "standard": standard}


def test_the_console_pages_have_no_faults_and_fit(
    desk: Page, phone: Page, server: str, runtime: Runtime, enter: Callable[[Page], None]
) -> None:
    ids = filled(runtime)
    paths = [
        "/admin/activities/", "/admin/activities/?view=calendar", "/admin/activities/new", "/admin/activities/new?kind=mystery_visit",
        f"/admin/activities/{ids['check']}", f"/admin/activities/{ids['course']}", f"/admin/activities/{ids['meeting']}",
        f"/admin/activities/{ids['course']}/door", "/admin/activities/actions", "/admin/activities/kinds/",
        "/admin/activities/kinds/window_inspection", "/admin/documents/", "/admin/documents/new?kind=leaflet",
        f"/admin/documents/{ids['standard']}", "/admin/our-stars/", "/admin/campaign/", "/admin/campaign/effects",
        f"/admin/campaign/rewards/{ids['money']}",
    ]  # fmt: skip
    found, wide = [], []
    for page, most in ((desk, 1440), (phone, 390)):
        enter(page)
        for path in paths:
            page.goto(server + path)
            found += faults(page)
            wide += [(path, width(page))] if width(page) > most else []
    assert (found, wide) == ([], [])


def test_staff_pages_have_no_faults_and_one_tap_checks_in(
    phone: Page, server: str, runtime: Runtime, enter: Callable[[Page], None]
) -> None:
    ids = filled(runtime)
    enter(phone)
    with runtime.reading() as session:
        code = session.query(Activity).filter_by(id=ids["course"]).one().code
    found = []
    for path in ("activities", f"activities/{ids['check']}", f"activities/{ids['course']}", "reading", f"reading/{ids['standard']}", "profile", f"in/{code}"):  # fmt: skip
        phone.goto(f"{server}/staff/{path}")
        found += faults(phone)
        assert width(phone) <= 390, path
    press(phone.get_by_role("button", name="签到"))
    expect(phone.get_by_text("已签到")).to_be_visible()
    assert found == []


def test_an_inspection_without_network_goes_out_when_it_is_back(
    phone: Page, server: str, runtime: Runtime, enter: Callable[[Page], None]
) -> None:
    """S42: nothing that was ticked is lost, and it arrives once."""
    one = planned(runtime, "window_inspection", target="W03")
    with runtime.transaction() as session:
        session.add(ActivityPerson(activity_id=one, service_point_id=id_of(session, "N01"), role="inspector"))
    enter(phone)
    phone.goto(f"{server}/staff/activities/{one}")
    groups = phone.locator("#inspection fieldset")
    for place in range(groups.count()):
        groups.nth(place).get_by_text("做到了", exact=True).tap()
    phone.get_by_label("备注").first.fill("价目表换新了")
    phone.route(
        "**/staff/activities/*", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    phone.get_by_role("button", name="交上去").tap()
    expect(phone.locator("#waiting")).to_contain_text("还没有送出去")
    with runtime.reading() as session:
        assert session.query(ActivityMark).count() == 0
    phone.unroute("**/staff/activities/*")
    phone.evaluate("dispatchEvent(new Event('online'))")
    expect(phone.get_by_text("收到了。还可以再改")).to_be_visible()
    with runtime.reading() as session:
        marks = {row.item: (row.mark, row.note) for row in session.query(ActivityMark)}
        assert len(marks) == 7
        assert marks["posted"] == ("yes", "价目表换新了")
