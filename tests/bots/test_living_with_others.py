"""The three ways a hospital lives with its official account, over real HTTP: ours alone, ours in front, none at all."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from flask.testing import FlaskClient

from feedback_app import clock
from feedback_app.db.complaints import Case
from feedback_app.db.conversations import InboundMessage
from feedback_app.db.people import Person
from feedback_app.db.ratings import Rating
from feedback_app.services.runtime import Runtime
from tests.bots.town import Town, town
from tests.bots.vendor import Vendor, vendor
from tests.bots.wire import AES_KEY, MODES, TOKEN, push, text
from tests.conftest import NOON, settings_for
from tests.test_patient_pages import send

THEIR_TOKEN = "the-vendors-own-token"
THEIR_KEY = "ZWRmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWZnaGk"
NOW = int(NOON.timestamp())
CASES = [
    *((mode, "as it came") for mode in MODES),
    *((mode, again) for mode in ("plain", "secure") for again in ("signed anew", "sealed anew")),
]
THEIRS = [
    "挂号",
    "预约张伟医生的号",
    "张伟",
    "1",
    "你好",
    "人工",
    "几点上班",
    "缴费",
    "啊啊啊",
    "https://x.example",
    "谢谢",
]
OURS = ["给张伟5星", "我要投诉，收费窗口骂人", "投诉", "我的投诉到哪了"]


@contextmanager
def both(folder: Path, mode: str, how: str = "as it came") -> Iterator[tuple[Town, Vendor]]:
    token, key = {
        "as it came": (TOKEN, AES_KEY if mode != "plain" else ""),
        "signed anew": (THEIR_TOKEN, ""),
        "sealed anew": (THEIR_TOKEN, THEIR_KEY),
    }[how]
    with vendor(token, key) as behind:
        own = {} if how == "as it came" else {"upstream_token": token, "upstream_aes_key": key}
        with town(folder, mode, role="front", upstream=behind.address, **own) as place:
            yield place, behind


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[Town, Vendor]]:
    with both(tmp_path, "secure") as made:
        yield made


@pytest.mark.parametrize(("mode", "how"), CASES)
def test_each_message_gets_one_answer_from_the_right_side(tmp_path: Path, mode: str, how: str) -> None:
    with both(tmp_path, mode, how) as (place, behind):
        phones = place.phones
        assert phones.verifies()
        theirs = phones.say("oWang", "挂号 &<b>👍")
        assert (theirs.kind, theirs.shown, theirs.tries) == ("text", "挂号：挂号 &<b>👍", 1)
        assert place.all(Person) == place.all(InboundMessage) == []  # what is not ours leaves no trace here
        ours = phones.say("oWang", "给张伟5星")
        assert "张伟" in ours.shown and not ours.shown.startswith("挂号")
        assert behind.texts() == ["挂号 &<b>👍"] and behind.refused == []
        assert [one.shown for one in phones.repeat(2)] == [ours.shown] * 2
        assert len(place.all(Rating)) == 1 and len(behind.got) == 1


@pytest.mark.parametrize("mode", MODES)
def test_as_it_came_is_byte_for_byte(tmp_path: Path, mode: str) -> None:
    with both(tmp_path, mode) as (place, behind):
        one = push(mode, text("挂号"), timestamp=NOW)
        query = urlencode({**one.query, "openid": "oPatient", "odd": "a b%2F\u4e2d"})
        answer = requests.post(f"{place.address}/wechat?{query}", data=one.body, timeout=10)
        assert (behind.got[0].query, behind.got[0].body) == (query, one.body)
        assert (answer.content, answer.status_code) == (behind.sent[0], 200)
        assert answer.headers["Content-Type"] == "text/xml; charset=gbk"
        behind.status = 503
        again = requests.post(f"{place.address}/wechat?{query}", data=one.body, timeout=10)
        assert (again.status_code, len(behind.got)) == (503, 2)  # repeats and errors are theirs to see, too


@pytest.mark.parametrize("said", THEIRS)
def test_what_is_not_ours_goes_to_them(house: tuple[Town, Vendor], said: str) -> None:
    place, behind = house
    assert place.phones.say("oWang", said).shown == f"挂号：{said}"
    assert behind.texts() == [said]
    assert (place.all(Rating), place.all(Case)) == ([], [])


@pytest.mark.parametrize("said", OURS)
def test_what_is_ours_stays_here(house: tuple[Town, Vendor], said: str) -> None:
    place, behind = house
    shown = place.phones.say("oWang", said)
    assert shown.kind == "text" and not shown.shown.startswith("挂号")
    assert behind.got == []


def test_an_open_question_of_ours_is_answered_here_and_then_it_is_theirs_again(house: tuple[Town, Vendor]) -> None:
    place, behind = house
    phones = place.phones
    phones.click("oWang", "stars.complain")
    assert "投诉" in phones.say("oWang", "今天等了很久，窗口一直没有人，问谁都不理").shown or place.all(Case)
    assert len(place.all(Case)) == 1 and behind.got == []
    phones.patient("oLi", "李雷")
    assert phones.say("oLi", "今天天气不错").shown.startswith("挂号")
    clock.move(Path(place.runtime.settings.sandbox.clock_file), NOON + timedelta(hours=1))
    assert phones.say("oWang", "挂号").shown == "挂号：挂号"
    assert len(place.all(Case)) == 1


def test_events_go_where_they_belong(house: tuple[Town, Vendor]) -> None:
    place, behind = house
    phones, code = place.phones, place.code("W03")
    assert "3号收费窗口" in phones.scan("oWang", code).shown
    assert phones.say("oWang", "5").kind == "text" and len(place.all(Rating)) == 1
    assert behind.got == []
    phones.scan("oWang", "vendor-scene-7")
    phones.click("oWang", "rate")  # their key, although ours ends the same
    phones.click("oWang", "stars.unknown")
    phones.picture("oWang")
    phones.event("oWang", "LOCATION", Latitude="1", Longitude="2", Precision="3")
    assert phones.follow("oWang").kind == "nothing"
    assert behind.texts() == ["SCAN", "CLICK", "CLICK", "", "LOCATION", "subscribe"]
    assert phones.click("oWang", "stars.mine").kind == "text"
    phones.unfollow("oWang")
    assert behind.texts()[-1] == "unsubscribe" and place.all(Person) == []
    assert {one.rater_hash for one in place.all(Rating)} != {place.person("oWang")}


def test_forgeries_reach_nobody(house: tuple[Town, Vendor]) -> None:
    place, behind = house
    one = push("secure", text("挂号"), timestamp=NOW)
    for query, body in (
        ({**one.query, "msg_signature": "0" * 40}, one.body),
        (one.query, one.body.replace(b"Encrypt><![CDATA[", b"Encrypt><![CDATA[A")),
        ({}, one.body),
    ):
        assert requests.post(f"{place.address}/wechat", params=query, data=body, timeout=10).status_code == 403
    assert behind.got == []


def test_they_have_their_five_seconds_and_a_dead_server_is_not_answered_for(house: tuple[Town, Vendor]) -> None:
    place, behind = house
    behind.seconds = 3.0
    slow = place.phones.say("oWang", "挂号")
    assert (slow.shown, slow.tries) == ("挂号：挂号", 1)  # the platform waits five seconds for us both
    behind.seconds, behind.got = 0.0, []
    behind.spoil = lambda body: b"<broken"
    assert place.phones.say("oWang", "挂号").kind == "failure"  # theirs, shown as it would be without us


def test_no_one_behind(tmp_path: Path) -> None:
    with both(tmp_path, "secure") as (place, behind):
        address = place.runtime.settings.wechat.upstream
    assert behind.address == address
    (tmp_path / "b").mkdir()
    with town(tmp_path / "b", role="front", upstream="http://127.0.0.1:9/none") as place:
        one = push("secure", text("挂号"), timestamp=NOW)
        answer = requests.post(f"{place.address}/wechat", params=one.query, data=one.body, timeout=10)
        assert (answer.status_code, answer.content) == (504, b"")
        assert "张伟" in place.phones.say("oWang", "给张伟5星").shown


def test_an_answer_that_their_key_did_not_make_is_not_forwarded(tmp_path: Path) -> None:
    with both(tmp_path, "secure", "sealed anew") as (place, behind):
        behind.spoil = lambda body: body.replace(b"<MsgSignature><![CDATA[", b"<MsgSignature><![CDATA[0")
        assert place.phones.say("oWang", "挂号").kind == "nothing"
        behind.spoil = lambda body: b"success"
        assert place.phones.say("oWang", "挂号").kind == "nothing"


def test_alone_everything_is_ours(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        for said in ("挂号", "1", "张伟"):
            assert place.phones.say("oWang", said).kind == "text"


def test_without_an_account_the_web_alone_does_it_all(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    path = f"/s/{code('D01')}"
    accepted = send(client, path, overall="1", comment="等了很久")
    pages = [client.get(path).text, client.get(accepted.headers["Location"]).text, client.get("/feedback").text]
    filed = send(client, "/feedback", text="地太滑")
    pages += [filed.text, client.get("/stars").text, client.get("/c").text]
    with runtime.reading() as session:
        assert (session.query(Rating).count(), session.query(Case).count()) == (1, 2)
    for page in pages:
        assert not re.search(r"(?<!企业)微信|公众号|WeChat|Official account", page, re.I)
    assert client.get("/wechat").status_code == client.post("/wechat", data=b"<xml/>").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "front"},
        {"role": "front", "upstream": "vendor.example/wechat"},
        {"upstream_token": "t", "upstream_aes_key": "short"},
        {"upstream_aes_key": "k" * 43},
        {"role": "elsewhere"},
    ],
)
def test_a_half_told_upstream_is_refused_at_the_start(tmp_path: Path, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        settings_for(tmp_path, wechat=changes)
