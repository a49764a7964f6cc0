"""Hostile text in every field: shown as text on every page, in every list, to everybody; run by nobody."""

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from feedback_app.db.ratings import Rating
from feedback_app.domain.questions.text import clean
from feedback_app.services import exports
from feedback_app.services.exports import KINDS, Span
from feedback_app.services.runtime import Runtime
from feedback_app.web.access import CONSOLE, PUBLIC, STAFF
from tests.console import sign_in
from tests.security import judging, payloads
from tests.security.people import sign_in_staff
from tests.security.planting import HOSTILE, pages, plant, walk

pytestmark = pytest.mark.sqlite_only(
    "plants texts longer than a server's columns take: about what is shown, not what is stored"
)
QUERIES = ("q", "name", "receipt", "code", "department", "next", "subject", "typed", "search")


def enter(app: Flask, runtime: Runtime, role: str) -> FlaskClient:
    client = app.test_client()
    if role in CONSOLE:
        sign_in(client, runtime, role)
    if role == STAFF:
        sign_in_staff(client, runtime, "D01")
    return client


def test_nothing_that_leaves_us_holds_it_as_anything_but_text(
    app: Flask, client: FlaskClient, runtime: Runtime
) -> None:
    """Pages, drawings, lists, workbooks and papers; routes are found by themselves, and so is what pages lead to."""
    told = plant(runtime, client)
    live, mangled, kinds = [], [], Counter[str]()
    for role in (PUBLIC, STAFF, *CONSOLE):
        asking = enter(app, runtime, role)
        for address, answer in walk(app, asking, told, role):
            judged = judging.answer(answer)
            if judged is None:
                continue
            assert answer.status_code != 500, address
            live += [(role, address, sign) for sign in judged.live]
            mangled += [(role, address, sign) for sign in judged.mangled]
            kinds[answer.mimetype or ""] += judged.seen
    print(dict(kinds))
    assert live == []
    assert mangled == [], mangled
    assert kinds["text/html"] > 300 and kinds["application/pdf"] > 3  # or nothing was planted


def test_questions_in_addresses_stay_text(app: Flask, client: FlaskClient, runtime: Runtime) -> None:
    told = plant(runtime, client)
    live, seen = [], 0
    for role in (PUBLIC, STAFF, "admin"):
        asking = enter(app, runtime, role)
        for address in pages(app, told, role):
            judged = judging.answer(asking.get(address, query_string=dict.fromkeys(QUERIES, HOSTILE)))
            if judged is not None:
                live += [(role, address, sign) for sign in judged.live]
                seen += judged.seen
    assert live == []
    assert seen > 30


def test_lists_for_spreadsheets_hold_no_formula(client: FlaskClient, runtime: Runtime, tmp_path: Path) -> None:
    """What ``service-star export`` writes; and what patients wrote is stored to the letter."""
    plant(runtime, client)
    for kind, listed in KINDS.items():
        written, book = io.StringIO(), tmp_path / f"{kind}.xlsx"
        with runtime.reading() as session:
            rows = list(listed.rows(session, Span(runtime.zone)))
        exports.write_csv(listed.columns, iter(rows), written)
        exports.write_xlsx(listed.columns, iter(rows), book)
        cells = list(csv.reader(io.StringIO(written.getvalue())))
        for judged in (judging.table(cells), judging.workbook(book.read_bytes())):
            assert (kind, judged.live, judged.mangled) == (kind, [], [])
        assert rows
    with runtime.reading() as session:
        kept = {
            one.idempotency_key.split(":")[1]: one.comment
            for one in session.query(Rating)
            if "form:" in one.idempotency_key
        }
    assert [kept[f"payload-{number:016}"] for number in range(len(payloads.ALL))] == [
        clean(one) for one in payloads.ALL
    ]


@pytest.mark.browser
def test_no_browser_runs_it_even_without_our_policy(
    app: Flask, client: FlaskClient, runtime: Runtime, server: str, browser: Browser
) -> None:
    told = plant(runtime, client)
    hits, seen = [], 0
    for role in (PUBLIC, STAFF, "admin", "office"):
        asking = enter(app, runtime, role)
        context = browser.new_context(bypass_csp=True, locale="zh-CN")
        for name, path in (("stars", "/"), ("staff", "/staff")):
            cookie = asking.get_cookie(name, path=path)
            if cookie:
                context.add_cookies([{"name": name, "value": cookie.value, "domain": "127.0.0.1", "path": path}])
        page = context.new_page()
        for address, answer in walk(app, asking, told, role, alike=1):
            if answer.mimetype not in {"text/html", "image/svg+xml"}:
                continue
            if answer.headers.get("Content-Disposition", "").startswith("attachment"):
                page.goto("about:blank")
                page.set_content(answer.text, wait_until="load")  # a page to keep, opened from a folder
            else:
                page.goto(server + address, wait_until="load")
            seen += 1
            if page.evaluate("window.__hit"):
                hits.append((role, address))
        context.close()
    assert hits == []
    assert seen > 40
