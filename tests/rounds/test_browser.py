"""The pages of a selection in a real browser: nothing in the way of anybody, nothing wider than a phone."""

from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from feedback_app import clock
from feedback_app.db.award_schemes import SchemeVersion
from feedback_app.db.directory import DutySlot
from feedback_app.domain.awards import to_body
from feedback_app.domain.cycles import Period
from feedback_app.services import bindings, bodies, leaderboards, publications, reviews
from feedback_app.services.bodies import Entry
from feedback_app.services.runtime import Runtime
from tests.awards import preset
from tests.console import PASSWORD, account
from tests.pages import faults, press, width
from tests.rounds.selection import ALL, FIRST, KEY, after, noon, propose, start, tick
from tests.star_ratings import id_of, october

pytestmark = pytest.mark.browser


def move(runtime: Runtime, now: datetime) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), now)
    tick(runtime, now)


def sign_in(page: Page, server: str, runtime: Runtime) -> None:
    account(runtime, "quality")
    page.goto(f"{server}/admin/sign-in")
    page.fill("[name=login]", "quality")
    page.fill("[name=password]", PASSWORD)
    press(page.locator("main button.primary").first)


def proposed(runtime: Runtime) -> None:
    start(runtime, theme="做五星级医生", basis="方案", contact="党办")
    move(runtime, noon("nomination"))
    with runtime.transaction() as session:
        for number, key in enumerate(("D01", "D02", "D03")):
            propose(session, runtime, key, f"p{number}", runtime.now())


def test_public_pages_of_every_phase_have_no_faults(runtime: Runtime, server: str, phone: Page) -> None:
    proposed(runtime)
    found = []
    for kind, pages in (("nomination", ("", "/nominate")), ("vote", ("", "/vote")), ("publication", ("", "/object"))):
        move(runtime, noon(kind))
        for path in pages:
            phone.goto(f"{server}/stars/rounds/{KEY}{path}")
            assert width(phone) <= 390, path
            found += faults(phone)
    for path in ("/stars/rounds/", "/stars/check/", "/stars/check/0000AAAABBBB"):
        phone.goto(server + path)
        found += faults(phone)
    assert found == []


def test_the_office_and_an_expert_meet_no_faults(runtime: Runtime, server: str, desk: Page) -> None:
    proposed(runtime)
    move(runtime, noon("expert_review"))
    with runtime.transaction() as session:
        _, token = reviews.invite(session, runtime.vault, KEY, "王教授", by="lin", now=runtime.now(), zone=runtime.zone)
    sign_in(desk, server, runtime)
    found = []
    for path in (
        "/admin/rounds/", "/admin/rounds/new", f"/admin/rounds/{KEY}", "/admin/deeds/", f"/stars/review/{token}",
    ):  # fmt: skip
        desk.goto(server + path)
        found += faults(desk)
    for kind in ("publication", ""):
        move(runtime, noon(kind) if kind in ALL else after())
        sign_in(desk, server, runtime)
        desk.goto(f"{server}/admin/rounds/{KEY}")
        found += faults(desk)
    assert found == []


def test_staff_pages_and_what_leaves_the_house_have_no_faults(
    runtime: Runtime, server: str, phone: Page, desk: Page
) -> None:
    now = runtime.now()
    scheme = preset("bimonthly", leagues=preset("monthly").leagues)
    with runtime.transaction() as session:
        october(session)
        session.add(
            SchemeVersion(
                award_key=scheme.key,
                number=1,
                state="started",
                body=to_body(scheme),
                valid_from="2026-11..12",
                changed_at=now,
                changed_by="admin",
            )
        )
        seat = Entry(scheme.bodies[0].key, "D02", "head", FIRST)
        bodies.seat(session, scheme, seat, by="admin", now=now)
        leaderboards.close_due(session, now=now, zone=runtime.zone)
        october_period = Period.parse("2026-10")
        publications.publish(session, "monthly", october_period, by="王", now=now, settings=runtime.settings)
        slot = DutySlot(window_id=id_of(session, "W03"), staff_id=id_of(session, "C01"), starts_at=now, ends_at=after())
        session.add(slot)
        session.flush()
        slot_id = slot.id
        clerk = bindings.person(session, id_of(session, "C01"))
        assert clerk is not None
        token = bindings.sign_in(session, clerk, now)
    phone.context.add_cookies([{"name": "staff", "value": token, "url": f"{server}/staff"}])
    found = []
    public = ("/stars/monthly/2026-10", "/stars/bimonthly/rules")
    staff = ("/staff/", "/staff/duty", f"/staff/duty/{slot_id}", "/staff/deeds", "/staff/propose", "/staff/peers")
    for path in (*public, *staff):
        phone.goto(server + path)
        assert width(phone) <= 390, path
        found += faults(phone)
    sign_in(desk, server, runtime)
    work = [f"/admin/awards/bimonthly/2026-11..12/{page}" for page in ("points", "coverage")]
    console = ("/admin/stars/monthly/2026-10/kit", "/admin/awards/bimonthly/bodies", "/admin/records/", *work)
    for path in (*console, "/stars/monthly/2026-10", "/stars/monthly/rules", "/stars/screen"):
        desk.goto(server + path)
        found += faults(desk)
    assert found == []
