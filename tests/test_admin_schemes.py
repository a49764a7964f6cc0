"""Award schemes in the console: from a preset over a dry run to a start that nothing can change any more."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from feedback_app.db.award_schemes import SchemeVersion
from feedback_app.domain import scheme_forms
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit
from tests.star_ratings import october


@pytest.fixture
def admin(runtime: Runtime, client: FlaskClient) -> FlaskClient:
    with runtime.transaction() as session:
        october(session)
    sign_in(client, runtime, "admin")
    return client


def only_version(runtime: Runtime) -> SchemeVersion:
    with runtime.reading() as session:
        return session.query(SchemeVersion).one()


def fields(page: str) -> dict[str, str]:
    """What a browser would send back of the long form."""
    form = page[page.index("<fieldset>") : page.index("</form>", page.index("<fieldset>"))]
    found = dict(re.findall(r'<input name="([^"]+)"(?: inputmode="\w+")? value="([^"]*)"', form))
    found |= dict.fromkeys(re.findall(r'<input type="checkbox" name="([^"]+)" checked', form), "on")
    for name, options in re.findall(r'<select name="([^"]+)">(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]+)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def test_from_a_preset_to_a_start(runtime: Runtime, admin: FlaskClient) -> None:
    listed = admin.get("/admin/schemes/").text
    assert "优质服务明星" in listed and "星级服务窗口" in listed
    begun = submit(admin, "/admin/schemes/", {"source": "quarterly", "key": ""})
    address = begun.headers["Location"]
    page = admin.get(address).text
    sent = fields(page)
    assert sent["share.0.weight"] == "60" and sent["period"] == "quarter" and "league.0.no_complaint" in sent

    submit(admin, address, {**sent, "share.0.weight": "70"})
    assert "合计 110" in (page := admin.get(address).text)
    assert "合计正好 100" in page
    assert "disabled" in page.split("/start")[1][:250], "what is not right cannot start"

    submit(admin, address, {**sent, "share.0.weight": "50", "share.1.weight": "30", "league.0.winners": "5"})
    refused = submit(admin, f"{address}/start", follow_redirects=True)
    assert "还没有用这份规则试算过" in refused.text
    tried = submit(admin, f"{address}/try")
    assert tried.status_code == 200 and "2026 年第三季度" in tried.text
    started = submit(admin, f"{address}/start", follow_redirects=True)
    assert "已启用" in started.text
    version = only_version(runtime)
    assert (version.state, version.valid_from, version.body["shares"][0]["weight"]) == ("started", "2026-Q4", 50)

    page = admin.get(address).text
    assert "不能再改" in page and version.rules_hash in page
    changed = submit(admin, address, {**sent, "share.0.weight": "60"}, follow_redirects=True)
    assert "规则不能再改" in changed.text
    assert only_version(runtime).body == version.body


def test_a_change_of_mode_shows_names_before_it_starts(runtime: Runtime, admin: FlaskClient) -> None:
    address = submit(admin, "/admin/schemes/", {"source": "monthly"}).headers["Location"]
    sent = fields(admin.get(address).text)
    submit(admin, address, {**sent, "verification": "verified"})
    tried = submit(admin, f"{address}/try").text
    assert "会掉出榜单" in tried and "张伟" in tried
    submit(admin, f"{address}/start")
    assert only_version(runtime).valid_from == "2026-12"


def test_the_whole_text_and_what_is_wrong_with_it(runtime: Runtime, admin: FlaskClient) -> None:
    address = submit(admin, "/admin/schemes/", {"source": "star_window", "key": "our-windows"}).headers["Location"]
    broken = submit(admin, f"{address}/text", {"text": "key = "})
    assert broken.status_code == 422 and "读不懂" in broken.text and "key = " in broken.text
    page = admin.get(address).text
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    assert text is not None
    submit(admin, f"{address}/text", {"text": unescape(text[1]).replace("least = 90.0", "least = 92.0")})
    assert only_version(runtime).body["tiers"][0]["least"] == 92.0
    submit(admin, f"{address}/text", {"text": 'key = "our-windows"\nnonsense = 1979-05-27'})
    assert only_version(runtime).body["tiers"][0]["least"] == 92.0, "what cannot be read changes nothing"
    assert admin.get(address).status_code == 200
    assert submit(admin, f"{address}/discard", follow_redirects=True).status_code == 200
    with runtime.reading() as session:
        assert session.query(SchemeVersion).count() == 0


def test_bad_sources_are_told(admin: FlaskClient) -> None:
    for data in ({"source": "x" * 300}, {"source": "monthly", "key": "../x"}, {}):
        assert submit(admin, "/admin/schemes/", data, follow_redirects=True).status_code == 200
    assert admin.get("/admin/schemes/999").status_code == 404


def test_numbers_that_are_none_are_kept_as_typed() -> None:
    assert scheme_forms.number("abc") == "abc"
    assert scheme_forms.number("0012") == 12
    assert scheme_forms.decimal("9.5") == 9.5
    assert scheme_forms.decimal("1e9") == "1e9"
    assert scheme_forms.decimal("²") == "²"
