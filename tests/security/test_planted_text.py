"""Hostile text in every field: shown as text on every page, in every list, to everybody; run by nobody."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from feedback_app.services.runtime import Runtime
from feedback_app.web.access import CONSOLE, PUBLIC, STAFF
from tests.console import sign_in
from tests.security.people import sign_in_staff
from tests.security.planting import HOSTILE, pages, plant

LIVE = ("<img src=x", "<script>window", "<svg/onload", "{0.__class__}'", "%(x)s'")
QUERIES = ("q", "name", "receipt", "code", "department", "next", "subject", "typed", "search")


def enter(app: Flask, runtime: Runtime, role: str) -> FlaskClient:
    client = app.test_client()
    if role in CONSOLE:
        sign_in(client, runtime, role)
    if role == STAFF:
        sign_in_staff(client, runtime, "D01")
    return client


def test_no_page_holds_it_as_anything_but_text(app: Flask, client: FlaskClient, runtime: Runtime) -> None:
    told = plant(runtime, client)
    live, shown = [], 0
    for role in (PUBLIC, STAFF, *CONSOLE):
        asking = enter(app, runtime, role)
        for page in pages(app, told, role):
            for query in ({}, dict.fromkeys(QUERIES, HOSTILE)):
                answer = asking.get(page, query_string=query)
                if answer.mimetype not in {"text/html", "image/svg+xml"}:
                    continue
                shown += "&lt;img src=x" in answer.text
                live += [(page, sign) for sign in LIVE[:3] if sign in answer.text]
                assert "{{7*7}}" in answer.text or "49{" not in answer.text, page
    assert live == []
    assert shown > 30  # or nothing was planted


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
        for address in pages(app, told, role):
            answer = asking.get(address)
            if answer.mimetype not in {"text/html", "image/svg+xml"}:
                continue
            if answer.headers.get("Content-Disposition", "").startswith("attachment"):
                page.set_content(answer.text, wait_until="load")  # a page to keep, opened from a folder
            else:
                page.goto(server + address, wait_until="load")
            seen += 1
            if page.evaluate("window.__hit"):
                hits.append((role, address))
        context.close()
    assert hits == []
    assert seen > 40
