"""Large type (关怀模式), the first page, and the ways on from a page that went wrong."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page

from tests.test_patient_pages import send

_SMALL = """() => [...document.querySelectorAll("main *, .ease *, footer *")]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
  .filter((one) => one.checkVisibility() && parseFloat(getComputedStyle(one).fontSize) < 24)
  .map((one) => one.outerHTML.slice(0, 80))"""
_LOW = """() => [...document.querySelectorAll("a, button, summary, .level, .chip, .tick, input[type=text]")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 60)
  .map((one) => one.outerHTML.slice(0, 80))"""


def test_large_type_is_remembered_until_it_is_given_up(client: FlaskClient, code: Callable[[str], str]) -> None:
    path = f"/s/{code('W03')}"
    assert f"/care/on?next={path}" in client.get(path).text
    back = client.get("/care/on", query_string={"next": path})
    assert (back.status_code, back.headers["Location"]) == (303, path)
    assert f"/care/off?next={path}" in client.get(path).text
    client.get("/care/off", query_string={"next": path})
    assert f"/care/on?next={path}" in client.get(path).text


@pytest.mark.parametrize("foreign", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_the_switch_sends_nobody_elsewhere(client: FlaskClient, foreign: str) -> None:
    assert client.get("/care/on", query_string={"next": foreign}).headers["Location"] == "/"


def test_the_language_chosen_stays_through_the_receipt(client: FlaskClient, code: Callable[[str], str]) -> None:
    path = f"/s/{code('D01')}"
    assert f"/language/en?next={path}" in client.get(f"{path}?lang=zh").text
    client.get("/language/en", query_string={"next": path})
    assert "Very satisfied" in client.get(path).text
    page = client.get(send(client, path, overall="2").headers["Location"]).text
    assert "(November)" in page and "Fri 27 November" in page


def test_the_bare_address_says_what_can_be_done(client: FlaskClient) -> None:
    page = client.get("/", follow_redirects=True)
    assert page.status_code == 200 and 'name="code"' in page.text
    for path in ("/feedback", "/evidence/", "/stars/", "/staff/"):
        assert f'href="{path}' in page.text


@pytest.mark.parametrize("path", ["/s/forged", "/nothing-here"])
def test_a_page_that_went_wrong_offers_a_way_on(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert 'href="/c"' in page and 'href="/feedback"' in page


def test_a_mistyped_receipt_comes_back_in_the_field(client: FlaskClient) -> None:
    page = client.get("/evidence/check/AAAAABBBBB")
    assert page.status_code == 404
    assert "没有找到回执" in page.text and 'value="AAAAABBBBB"' in page.text


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_is_large(phone: Page, server: str, code: Callable[[str], str], width: int, language: str) -> None:
    phone.context.add_cookies([{"name": "care", "value": "1", "url": server}])
    phone.set_viewport_size({"width": width, "height": 640})
    for path in (f"/s/{code('W03')}", "/feedback", "/c", "/evidence/", "/s/nothing"):
        phone.goto(f"{server}{path}?lang={language}")
        assert phone.evaluate(_SMALL) == [], path
        assert phone.evaluate(_LOW) == [], path
        assert phone.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.browser
@pytest.mark.parametrize("care", [True, False])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 640)])
def test_no_level_is_hidden_while_another_is_seen(
    phone: Page, server: str, code: Callable[[str], str], care: bool, width: int, height: int
) -> None:
    """All five are on the first screen, under nothing: nobody is shown only the happy faces."""
    if care:
        phone.context.add_cookies([{"name": "care", "value": "1", "url": server}])
    phone.set_viewport_size({"width": width, "height": height})
    phone.goto(f"{server}/s/{code('W03')}")
    last = phone.locator("label.level").last.bounding_box()
    assert last is not None
    button = phone.get_by_role("button", name="提交").bounding_box()
    assert button is not None
    assert last["y"] + last["height"] <= min(height, button["y"])
