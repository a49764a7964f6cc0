"""Who is at the phone, and parametric codes."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from bots.sandbox.client import SandboxClient, SandboxRefused
from tests.bots.sandbox.calls import Calls
from tests.bots.sandbox.product import APP_ID, CORP_ID, SECRET, Product

MoveClock = Callable[[timedelta], None]
BACK = "http://127.0.0.1:8000/s/X?lang=en"


def authorize(address: str, cookies: dict[str, str] | None = None, **changes: str) -> requests.Response:
    query = {
        "appid": APP_ID,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "abc123",
        **changes,
    }
    with requests.Session() as session:
        session.trust_env = False
        return session.get(
            f"{address}/connect/oauth2/authorize", params=query, cookies=cookies, allow_redirects=False, timeout=5
        )


def code(address: str, cookies: dict[str, str] | None = None, **changes: str) -> str:
    """The code the browser comes back with."""
    answer = authorize(address, cookies, **changes)
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def exchange(calls: Calls, given: str, secret: str = SECRET) -> dict[str, object]:
    query = {"appid": APP_ID, "secret": secret, "code": given, "grant_type": "authorization_code"}
    return calls.get("/sns/oauth2/access_token", **query)


def test_the_browser_comes_back_with_code_and_state(address: str, phones: SandboxClient) -> None:
    phones.patient("o-wang")
    target = urlsplit(authorize(address).headers["Location"])
    assert (target.netloc, target.path) == ("127.0.0.1:8000", "/s/X")
    query = parse_qs(target.query)
    assert (query["lang"], query["state"]) == (["en"], ["abc123"])


def test_a_code_is_good_once(address: str, phones: SandboxClient, calls: Calls) -> None:
    phones.patient("o-wang")
    given = code(address)
    assert exchange(calls, given, secret="wrong")["errcode"] == 40125
    assert exchange(calls, given)["openid"] == "o-wang"
    assert exchange(calls, given)["errcode"] == 40163
    assert exchange(calls, "made-up")["errcode"] == 40029


def test_a_code_lives_five_minutes(address: str, phones: SandboxClient, calls: Calls, later: MoveClock) -> None:
    phones.patient("o-wang")
    given = code(address)
    later(timedelta(seconds=400))
    assert exchange(calls, given)["errcode"] == 42003


def test_the_cookie_of_the_phone_says_who_it_is(address: str, phones: SandboxClient, calls: Calls) -> None:
    phones.patient("o-wang")
    phones.patient("o-li")
    assert exchange(calls, code(address, {"sandbox_openid": "o-li"}))["openid"] == "o-li"
    phones.switch(phone_openid="o-li")
    assert exchange(calls, code(address))["openid"] == "o-li"


def test_a_snapshot_user_has_a_made_up_openid(address: str, phones: SandboxClient, calls: Calls) -> None:
    phones.patient("o-wang", snapshot=True)
    told = exchange(calls, code(address))
    assert told["is_snapshotuser"] == 1
    assert told["openid"] != "o-wang"


@pytest.mark.parametrize(
    "wrong",
    [
        {"appid": "wx-other"},
        {"redirect_uri": "http://elsewhere.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"response_type": "token"},
        {"scope": "everything"},
        {"state": "with-hyphen"},
        {"state": "a" * 129},
    ],
)
def test_wrong_requests_stay_on_the_platforms_page(address: str, phones: SandboxClient, wrong: dict[str, str]) -> None:
    phones.patient("o-wang")
    assert authorize(address, None, **wrong).status_code == 400


@pytest.mark.parametrize(
    ("path", "name"), [("/cgi-bin/auth/getuserinfo", "userid"), ("/cgi-bin/user/getuserinfo", "UserId")]
)
def test_wecom_tells_the_userid_once(address: str, phones: SandboxClient, calls: Calls, path: str, name: str) -> None:
    phones.members([{"userid": "D01"}, {"userid": "D02"}])
    given = code(address, {"sandbox_userid": "D02"}, appid=CORP_ID)
    token = calls.corp()
    assert calls.get(path, access_token=token, code=given)[name] == "D02"
    assert calls.get(path, access_token=token, code=given)["errcode"] == 40029


def qr(calls: Calls, action: str, scene: dict[str, object], **more: object) -> dict[str, object]:
    body = {"action_name": action, "action_info": {"scene": scene}, **more}
    return calls.post("/cgi-bin/qrcode/create", body, access_token=calls.classic())


def test_a_made_code_opens_the_chat_with_its_scene(phones: SandboxClient, calls: Calls, product: Product) -> None:
    made = qr(calls, "QR_LIMIT_STR_SCENE", {"scene_str": "W03"})
    assert "expire_seconds" not in made
    phones.scan("o-li", str(made["url"]))
    phones.scan("o-li", str(made["ticket"]))
    first, second = product.callbacks
    assert (first.inner["EventKey"], second.inner["EventKey"]) == ("qrscene_W03", "W03")
    assert first.inner["Ticket"] == second.inner["Ticket"] == made["ticket"]


def test_temporary_codes_expire(phones: SandboxClient, calls: Calls, product: Product, later: MoveClock) -> None:
    made = qr(calls, "QR_STR_SCENE", {"scene_str": "W03"}, expire_seconds=60)
    assert made["expire_seconds"] == 60
    assert qr(calls, "QR_STR_SCENE", {"scene_str": "W03"}, expire_seconds=9_999_999)["expire_seconds"] == 2_592_000
    later(timedelta(seconds=150))
    with pytest.raises(SandboxRefused, match="expired"):
        phones.scan("o-li", str(made["url"]))


@pytest.mark.parametrize("scene", [{}, {"scene_str": ""}, {"scene_str": "a" * 65}])
def test_scenes_of_a_wrong_length_are_refused(calls: Calls, scene: dict[str, object]) -> None:
    assert qr(calls, "QR_LIMIT_STR_SCENE", scene)["errcode"] == 40053


def test_user_info_knows_followers_only(calls: Calls, phones: SandboxClient) -> None:
    phones.patient("o-wang")
    phones.patient("o-gone", following=False)
    token = calls.classic()
    follower = calls.get("/cgi-bin/user/info", access_token=token, openid="o-wang")
    assert follower["subscribe"] == 1 and "nickname" not in follower
    assert calls.get("/cgi-bin/user/info", access_token=token, openid="o-gone") == {"subscribe": 0, "openid": "o-gone"}


def test_the_menu_is_kept_and_checked(calls: Calls) -> None:
    token = calls.classic()

    def create(*buttons: dict[str, object]) -> object:
        return calls.post("/cgi-bin/menu/create", {"button": list(buttons)}, access_token=token)["errcode"]

    click: dict[str, object] = {"type": "click", "name": "进度", "key": "progress"}
    assert calls.get("/cgi-bin/menu/get", access_token=token)["errcode"] == 46003
    assert create(click, {"name": "更多", "sub_button": [click] * 5}) == 0
    assert calls.get("/cgi-bin/menu/get", access_token=token)["menu"]["button"][0] == click
    assert create(*[click] * 4) == 40017
    assert create({"name": "更多", "sub_button": [click] * 6}) == 40023
    assert create({**click, "name": "很长很长很长的名字"}) == 40018
    assert create({"type": "view", "name": "看", "url": "/s/1"}) == 40055
    assert calls.get("/cgi-bin/menu/delete", access_token=token)["errcode"] == 0
    assert calls.get("/cgi-bin/menu/get", access_token=token)["errcode"] == 46003


def test_media_comes_back_as_it_was_sent_for_three_days(
    calls: Calls, phones: SandboxClient, product: Product, address: str, later: MoveClock
) -> None:
    phones.picture("o-wang")
    media = product.callbacks[0].inner["MediaId"]
    token = calls.classic()
    got = calls.session.get(f"{address}/cgi-bin/media/get", params={"access_token": token, "media_id": media})
    assert got.content.startswith(b"\xff\xd8")
    assert calls.get("/cgi-bin/media/get", access_token=token, media_id="gone")["errcode"] == 40007
    later(timedelta(days=3, minutes=1))
    assert calls.get("/cgi-bin/media/get", access_token=calls.classic(), media_id=media)["errcode"] == 40007
