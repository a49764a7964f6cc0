"""Staff at the browser: signing in, binding, and what they must not get."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app import clock
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.errors import Refused
from feedback_app.services import bindings, slips
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import settings_for
from tests.console import sign_in as console_sign_in
from tests.console import submit

Lookup = Callable[[str], ServicePoint]
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


class FrontDesk:
    """An identity provider whose codes are ``code-<userid>``, each good once."""

    def __init__(self) -> None:
        self.spent: set[str] = set()

    def authorize_url(self, redirect_to: str, state: str) -> str:
        return f"https://platform.example/authorize?redirect_uri={redirect_to}&state={state}"

    def identify(self, code: str) -> str:
        if code in self.spent or not code.startswith("code-"):
            raise Refused("staff.code_used")
        self.spent.add(code)
        return code.removeprefix("code-")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, mail={"enabled": True, "host": "127.0.0.1", "sender": "stars@qingshan.example"})


@pytest.fixture
def desk(app: Flask) -> Iterator[FrontDesk]:
    app.extensions["staff_identity"] = FrontDesk()
    yield app.extensions["staff_identity"]


def slip_of(runtime: Runtime, person: ServicePoint) -> str:
    with runtime.transaction() as session:
        [slip] = slips.make(session, runtime.vault, [person], by="liu", now=runtime.now())
    return slip.code


def post(client: FlaskClient, path: str, page: str, **fields: str) -> tuple[int, str]:
    found = _CSRF.search(client.get(page).text)
    assert found, page
    answer = client.post(path, data={"csrf_token": found[1], **fields})
    return answer.status_code, answer.headers.get("Location", "") or answer.text


def through_wecom(client: FlaskClient, userid: str, slip: str = "") -> tuple[int, str]:
    away = client.get("/staff/wecom", query_string={"slip": slip})
    state = parse_qs(urlsplit(away.headers["Location"]).query)["state"][0]
    answer = client.get("/staff/wecom/back", query_string={"code": f"code-{userid}", "state": state})
    return answer.status_code, answer.headers.get("Location", "") or answer.text


def test_without_signing_in_the_own_page_leads_to_the_sign_in_page(client: FlaskClient) -> None:
    answer = client.get("/staff/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/sign-in?next=/staff/")
    assert client.get(answer.headers["Location"]).status_code == 200


def test_wecom_signs_in_whom_the_directory_knows(client: FlaskClient, desk: FrontDesk) -> None:
    assert through_wecom(client, "d01") == (303, "/staff/")
    page = client.get("/staff/").text
    assert "张伟" in page
    assert "李建国" not in page


def test_inside_wecom_the_sign_in_page_goes_straight_on_but_not_in_circles(
    client: FlaskClient, desk: FrontDesk
) -> None:
    phone = {"User-Agent": "Mozilla/5.0 wxwork/4.1.38 MicroMessenger/7.0.1"}
    assert client.get("/staff/sign-in?next=/staff/bind", headers=phone).headers["Location"] == (
        "/staff/wecom?next=/staff/bind"
    )
    assert client.get("/staff/sign-in", headers=phone).status_code == 200


def test_a_state_is_good_once_and_only_in_the_browser_that_asked(
    app: Flask, client: FlaskClient, desk: FrontDesk
) -> None:
    away = client.get("/staff/wecom")
    state = parse_qs(urlsplit(away.headers["Location"]).query)["state"][0]
    back = {"code": "code-d01", "state": state}
    other = app.test_client()
    assert other.get("/staff/wecom/back", query_string=back).status_code == 400
    assert client.get("/staff/wecom/back", query_string={**back, "state": "guessed"}).status_code == 400
    assert client.get("/staff/wecom/back", query_string=back).status_code == 400, "spent by the wrong guess"
    assert "staff=" not in client.get("/staff/wecom/back", query_string=back).headers.get("Set-Cookie", "")


def test_a_stranger_is_told_kindly(client: FlaskClient, desk: FrontDesk) -> None:
    status, page = through_wecom(client, "stranger")
    assert (status, "绑定条" in page) == (403, True)


def test_a_slip_is_typed_looked_at_and_used_once(
    client: FlaskClient, app: Flask, runtime: Runtime, point: Lookup
) -> None:
    code = slip_of(runtime, point("D01"))
    typed = f"{code[:4]}-{code[4:8]} {code[8:]}".lower()
    status, to = post(client, "/staff/sign-in", "/staff/sign-in", code=typed)
    assert (status, to) == (303, f"/staff/bind/{code}")
    for _ in range(2):
        assert "张伟" in client.get(to).text
    assert post(client, to, to) == (303, "/staff/bind")
    assert client.get("/staff/").status_code == 200
    late = app.test_client().get(to)
    assert (late.status_code, "张伟" in late.text) == (410, False)


@pytest.mark.parametrize("typed", ["", "0000-0000-0000", "评价", "x" * 5000, "\x00"])
def test_a_wrong_code_is_answered_in_words_and_kept(client: FlaskClient, typed: str) -> None:
    status, page = post(client, "/staff/sign-in", "/staff/sign-in", code=typed)
    assert (status, "绑定码不能用了" in page) == (410, True)


def test_a_colleague_cannot_bind_with_somebody_elses_slip(
    client: FlaskClient, runtime: Runtime, point: Lookup, desk: FrontDesk
) -> None:
    code = slip_of(runtime, point("D01"))
    status, page = through_wecom(client, "d02", slip=code)
    assert (status, "不是发给您的" in page) == (400, True)
    assert client.get("/staff/").status_code == 302
    assert through_wecom(client, "d01", slip=code) == (303, "/staff/bind")
    with runtime.reading() as session:
        assert [one.channel for one in bindings.of_point(session, point("D01").id)] == ["wecom"]
        assert bindings.of_point(session, point("D02").id) == []


def test_a_leaver_and_an_idle_browser_are_out(client: FlaskClient, runtime: Runtime, desk: FrontDesk) -> None:
    through_wecom(client, "d01")
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(minutes=31))
    assert client.get("/staff/").status_code == 302
    through_wecom(client, "d01")
    with runtime.transaction() as session:
        session.query(ServicePoint).filter_by(key="D01").one().active = False
    assert client.get("/staff/").status_code == 302


def test_mail_is_bound_only_by_who_reads_the_letter(
    client: FlaskClient, app: Flask, runtime: Runtime, point: Lookup, desk: FrontDesk
) -> None:
    through_wecom(client, "d01")
    status, page = post(client, "/staff/bind/mail", "/staff/bind", address="zhang wei@")
    assert (status, "zhang wei@" in page) == (400, True)
    assert post(client, "/staff/bind/mail", "/staff/bind", address=" zw@qingshan.example ")[0] == 303
    with runtime.reading() as session:
        letter = session.query(OutboxMessage).one()
        assert [one.channel for one in bindings.of_point(session, point("D01").id)] == ["wecom"]
    assert runtime.vault.unseal(letter.recipient) == "zw@qingshan.example"
    link = urlsplit(runtime.vault.unseal(letter.payload["url_sealed"])).path
    elsewhere = app.test_client()
    assert "zw@qingshan.example" in elsewhere.get(link).text
    assert post(elsewhere, link, link)[0] == 303
    with runtime.reading() as session:
        assert [one.channel for one in bindings.of_point(session, point("D01").id)] == ["wecom", "mail"]
    assert client.get("/staff/mail/forged").status_code == 410
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(hours=2))
    assert client.get(link).status_code == 410


def test_a_bound_mail_address_opens_the_page_and_tells_nobody_whether_it_is_bound(
    client: FlaskClient, app: Flask, runtime: Runtime, point: Lookup
) -> None:
    with runtime.transaction() as session:
        person = session.get_one(ServicePoint, point("D01").id)
        bindings.bind(session, runtime.vault, person, "mail", "zw@qingshan.example", now=runtime.now())
    answers = set()
    for address in ("ZW@qingshan.example", "nobody@qingshan.example", "", "zw@qingshan.example"):
        post(client, "/staff/sign-in/mail", "/staff/sign-in", address=address)
        answers.add("如果这个邮箱绑定过" in client.get("/staff/sign-in").text)
    assert answers == {True}
    with runtime.reading() as session:
        [letter] = session.query(OutboxMessage).all()
    link = urlsplit(runtime.vault.unseal(letter.payload["url_sealed"])).path
    assert post(client, link, link) == (303, "/staff/bind")
    assert app.test_client().get(link).status_code == 410
    assert "张伟" in client.get("/staff/").text


def test_one_ends_only_ones_own_binding(client: FlaskClient, app: Flask, runtime: Runtime, point: Lookup) -> None:
    app.extensions["staff_identity"] = FrontDesk()
    through_wecom(app.test_client(), "d02")
    through_wecom(client, "d01")
    with runtime.reading() as session:
        mine, hers = (bindings.of_point(session, point(key).id)[0].id for key in ("D01", "D02"))
    assert post(client, f"/staff/bindings/{hers}/end", "/staff/bind")[0] == 404
    assert post(client, f"/staff/bindings/{mine}/end", "/staff/bind")[0] == 303
    with runtime.reading() as session:
        assert [len(bindings.of_point(session, point(key).id)) for key in ("D01", "D02")] == [0, 1]


def test_signing_out_ends_it_on_the_server_too(client: FlaskClient, desk: FrontDesk) -> None:
    through_wecom(client, "d01")
    cookie = client.get_cookie("staff", path="/staff")
    assert cookie is not None
    assert post(client, "/staff/sign-out", "/staff/")[0] == 303
    client.set_cookie("staff", cookie.value, path="/staff")
    assert client.get("/staff/").status_code == 302


def test_the_administrator_prints_slips_that_work(
    client: FlaskClient, app: Flask, runtime: Runtime, point: Lookup
) -> None:
    console_sign_in(client, runtime, "admin")
    listed = client.get("/admin/bindings").text
    assert "心血管内科" in listed
    nobody = submit(client, "/admin/bindings/slips", {}, follow_redirects=True)
    assert nobody.request.path == "/admin/bindings"
    assert "请先勾选要打印的人" in nobody.text
    page = submit(client, "/admin/bindings/slips", {"person": [str(point("D01").id), str(point("N01").id)]}).text
    codes = re.findall(r"<code>([0-9A-Z-]{14})</code>", page)
    assert len(codes) == 2
    browser = app.test_client()
    status, to = post(browser, "/staff/sign-in", "/staff/sign-in", code=codes[0])
    assert status == 303
    assert "张伟" in browser.get(to).text or "孙丽" in browser.get(to).text
    with runtime.transaction() as session:
        person = session.get_one(ServicePoint, point("D01").id)
        binding = bindings.bind(session, runtime.vault, person, "wecom", "d01", now=runtime.now())
    assert submit(client, f"/admin/bindings/{binding.id}/end").status_code == 303
    with runtime.reading() as session:
        assert bindings.of_point(session, point("D01").id) == []


def test_only_the_administrator_manages_bindings(client: FlaskClient, runtime: Runtime) -> None:
    console_sign_in(client, runtime, "quality")
    assert client.get("/admin/bindings").status_code == 403
