"""Issue 9, shown by 4: each role's first page and what figures lead to, at both widths: axe finds nothing, nothing runs over."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext

from feedback_app.db.accounts import Account
from feedback_app.db.directory import ServicePoint
from feedback_app.services import bindings, periodic, releases, sign_ins, themes
from feedback_app.services.runtime import Runtime
from tests import hospital
from tests.console import account
from tests.pages import faults, width

PAGES = {
    "director": ("/admin/", "/admin/figures", "/admin/figures/how", "/admin/reports"),
    "quality": ("/admin/", "/admin/figures/comments", "/admin/themes"),
    "head": ("/admin/figures/unit", "/admin/figures/unit/themes/attitude", "/admin/figures/looks", "/admin/good-cases"),
    "it": ("/admin/machines",),
    "staff": ("/staff/",),
    "": ("/stars/", "/good-cases", "/said-and-done"),
}
"""Role -> first page and those behind it."""


@pytest.fixture
def lived_in(runtime: Runtime) -> ServicePoint:
    """Months of ratings, read and given; a member of staff of the department that has most."""
    hospital.seed(runtime, ratings=1500, months=3)
    with runtime.transaction() as session:
        while themes.has_work(session):
            themes.work(session)
        releases.release(session, now=runtime.now(), zone=runtime.zone)
        periodic.beat(session, "node-a:1", runtime.now())
        staff = session.query(ServicePoint).filter_by(kind="staff").all()
        found = max(staff, key=lambda one: (len(releases.of_unit(session, one.department_id or 0)), len(releases.of_person(session, one.id)), one.key))  # fmt: skip
        unit_id = found.department_id
    for role in PAGES:
        if role not in {"staff", ""}:
            account(runtime, role)
    with runtime.transaction() as session:
        session.query(Account).filter_by(login="head").one().department_id = unit_id
    return found


def entered(
    context: BrowserContext, app: Flask, runtime: Runtime, role: str, person: ServicePoint, server: str
) -> None:
    """The browser is signed in as this role."""
    if role == "staff":
        with runtime.transaction() as session:
            token = bindings.sign_in(session, session.get_one(ServicePoint, person.id), runtime.now())
        context.add_cookies([{"name": "staff", "value": token, "url": f"{server}/staff"}])
    elif role:
        client = app.test_client()
        with runtime.transaction() as session:
            who = session.query(Account).filter_by(login=role).one()
            token = sign_ins.start(session, "account", who.id, runtime.now())
        with client.session_transaction() as cookie:
            cookie["console"] = token
        found = client.get_cookie("stars")
        assert found is not None
        context.add_cookies([{"name": "stars", "value": found.value, "url": server}])


@pytest.mark.browser
def test_nothing_stands_in_anybodys_way_and_nothing_runs_over(
    lived_in: ServicePoint, browser: Browser, app: Flask, runtime: Runtime, server: str
) -> None:
    wrong: list[str] = []
    check: Callable[[str], None] = wrong.append
    for size in ({"width": 1440, "height": 900}, {"width": 390, "height": 844}):
        for role, paths in PAGES.items():
            context = browser.new_context(viewport=size, locale="zh-CN")  # type: ignore[arg-type]
            entered(context, app, runtime, role, lived_in, server)
            page = context.new_page()
            for path in paths:
                answer = page.goto(f"{server}{path}")
                assert answer is not None and answer.status == 200, f"{role} {path}"
                for fault in faults(page):
                    check(f"{size['width']} {fault}")
                if width(page) > size["width"]:
                    check(f"{size['width']} {path}: {width(page)} wide")
            context.close()
    assert wrong == []
