"""Learning silently, inside WeChat, whether two forms come from one person. Over real HTTP, against the sandbox."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from feedback_app.db.ratings import Rating
from tests.bots.town import Town, town

WECHAT = "Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile Safari/537.36 MicroMessenger/8.0.50"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, form_sign_in=True) as opened:
        opened.phones.switch(phone_openid="oWang")
        yield opened


class Phone:
    """A browser without JavaScript."""

    def __init__(self, place: Town, agent: str = WECHAT) -> None:
        self.place = place
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["User-Agent"] = agent

    def opens(self, path: str) -> requests.Response:
        return self.http.get(self.place.address + path, timeout=20)

    def rates(self, path: str, level: str = "4") -> requests.Response:
        page = self.opens(path)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return self.http.post(self.place.address + path, data={**fields, "overall": level}, timeout=20)


def at(page: requests.Response) -> str:
    """Its address; the fragment belongs to the platform's page and goes along through redirects."""
    return page.url.partition("#")[0]


def raters(place: Town) -> list[str | None]:
    return [one.rater_hash for one in place.all(Rating)]


def test_inside_wechat_a_rating_has_a_rater_and_a_clean_address(place: Town) -> None:
    phone, path = Phone(place), f"/s/{place.code('D01')}"
    page = phone.opens(path)
    assert page.status_code == 200 and at(page) == place.address + path
    assert len(page.history) == 3  # to WeChat, back with a code, to the clean address
    assert phone.opens(path).history == []  # known by now
    assert phone.rates(path).status_code == 200
    assert raters(place) == [place.person("oWang")]
    cookie = phone.http.cookies.get("stars", "")
    assert cookie and "oWang" not in cookie and place.person("oWang") not in cookie


def test_elsewhere_and_in_the_companys_app_nobody_is_asked(place: Town) -> None:
    path = f"/s/{place.code('D01')}"
    for agent in ("Mozilla/5.0 Safari", f"{WECHAT} wxwork/4.1"):
        phone = Phone(place, agent)
        assert phone.opens(path).history == []
        phone.rates(path)
    assert raters(place) == [None, None]


def test_it_is_off_unless_the_hospital_wants_it(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        phone, path = Phone(place), f"/s/{place.code('D01')}"
        assert phone.opens(path).history == []
        phone.rates(path)
        assert raters(place) == [None]


def test_a_snapshot_page_rates_unverified(place: Town) -> None:
    place.phones.patient("oWang", "王芳", snapshot=True)
    phone, path = Phone(place), f"/s/{place.code('D01')}"
    page = phone.opens(path)
    assert page.status_code == 200 and at(page).endswith("?as=guest")
    assert phone.rates(path).status_code == 200
    assert raters(place) == [None]


@pytest.mark.parametrize("fault", ["busy", "bad_gateway", "no_errcode", "text_errcode"])
def test_a_platform_in_trouble_holds_nobody_up(place: Town, fault: str) -> None:
    place.phones.fault(fault, path="/sns/*", times=0)
    phone, path = Phone(place), f"/s/{place.code('D01')}"
    assert phone.opens(path).status_code == 200
    assert phone.rates(path).status_code == 200
    known = fault in {"no_errcode", "text_errcode"}
    assert raters(place) == [place.person("oWang") if known else None]
    if not known:  # and the next one is not even sent round
        assert Phone(place).opens(path).history == []


def test_a_browser_without_cookies_is_not_sent_in_circles(place: Town) -> None:
    path, went = f"{place.address}/s/{place.code('D01')}", 0
    address = path
    while went < 8:
        answer = requests.get(address, headers={"User-Agent": WECHAT}, allow_redirects=False, timeout=20)
        if answer.status_code == 200:
            break
        address = requests.compat.urljoin(address, answer.headers["Location"])
        went += 1
    assert went == 3 and address.endswith("?as=guest")


def test_the_state_is_bound_to_the_browser_and_spent_once(place: Town) -> None:
    path = f"/s/{place.code('D01')}"
    mine, other = Phone(place), Phone(place)
    away = mine.http.get(place.address + path, allow_redirects=False, timeout=20).headers["Location"]
    back = mine.http.get(away, allow_redirects=False, timeout=20).headers["Location"]
    assert "code=" in back and "state=" in back
    assert at(other.http.get(back, timeout=20)).endswith("?as=guest")  # somebody else's address, sent to me: nobody
    other.rates(path + "?as=guest")
    assert at(mine.http.get(back, timeout=20)) == place.address + path
    again = mine.http.get(back, timeout=20)  # the same address once more, as after a reload
    assert (again.status_code, at(again)) == (200, place.address + path)
    mine.rates(path)
    assert sorted(raters(place), key=str) == sorted([None, place.person("oWang")], key=str)


def test_the_language_survives_the_way(place: Town) -> None:
    page = Phone(place).opens(f"/s/{place.code('D01')}?lang=en")
    assert at(page).endswith("?lang=en") and '<html lang="en"' in page.text
