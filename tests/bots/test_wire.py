"""Signatures, encryption, XML: against the platform's published vectors and against independent code."""

import base64
import csv
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy import parse_message

from bots.messages import Inbound, Reply, cut
from bots.wechat import parse, signature, xml
from bots.wechat.callback import LONGEST_TEXT, NOTHING, Callback, text_reply
from bots.wechat.crypto import Envelope
from feedback_app.errors import ConfigurationError, FeedbackError, NotAllowed, Refused
from feedback_app.settings import Wechat
from tests import samples
from tests.bots.wire import AES_KEY, APP_ID, MODES, opened, push, text, wechat

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
OFFICIAL_KEY = "A" * 43


def rows(*, kinds: Callable[[str], bool]) -> list[tuple[str, str, dict[str, Any]]]:
    with samples.path("wechat_fixtures/index.tsv").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["file"], row["type"], json.loads(row["expected"])) for row in table if kinds(row["type"])]


def body(name: str) -> bytes:
    return samples.path(f"wechat_fixtures/{name}").read_bytes()


def callback(mode: str = "secure", **changes: Any) -> Callback:
    return Callback(Wechat(**wechat(mode, **changes)))


def inbound(**changes: Any) -> Inbound:
    return Inbound(**{"key": "k", "openid": "oP", "account": "gh", "kind": "text", "created_at": NOW, **changes})


class TestPublishedVectors:
    """developers.weixin.qq.com, message push: token AAAAA, EncodingAESKey = 43 x "A"."""

    def test_address_check(self) -> None:
        query = {
            "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
            "timestamp": "1714036504",
            "nonce": "1514711492",
            "echostr": "4375120948345356249",
        }
        official = callback(token="AAAAA", encoding_aes_key=OFFICIAL_KEY)
        assert official.echo(query) == "4375120948345356249"
        for name in ("signature", "timestamp", "nonce"):
            with pytest.raises(NotAllowed):
                official.echo({**query, name: query[name][:-1] + "0"})

    def test_plain_push(self) -> None:
        assert signature.sign("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"

    def test_reply_is_sealed_and_signed_like_theirs(self) -> None:
        key, app_id = base64.b64decode(OFFICIAL_KEY + "="), "wxba5fad812f8e6fb9"
        message = b'{"demo_resp":"good luck"}'
        sealed = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
        assert Envelope(OFFICIAL_KEY, app_id).open(sealed) == message
        assert signature.sign("AAAAA", "1713424427", "415670741", sealed) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
        plain = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor().update(base64.b64decode(sealed))
        assert plain[:16] == b"707722b803182950"
        assert Envelope(OFFICIAL_KEY, app_id).open(Envelope(OFFICIAL_KEY, app_id).seal(message)) == message


@pytest.mark.parametrize("mode", MODES)
def test_every_shared_message_reads_as_expected(mode: str) -> None:
    found = rows(kinds=lambda kind: kind not in {"hostile", "encrypted", "api"})
    assert len(found) >= 20
    for name, _, expected in found:
        one = push(mode, body(name), timestamp=SECONDS)
        got = callback(mode).open(one.query, one.body, NOW)
        for field, value in expected.items():
            if not field.startswith("_"):
                assert got.fields[field] == _listed(value), (name, field)
        assert got.openid == expected["FromUserName"], name
        assert got.created_at.timestamp() == int(expected["CreateTime"]), name
        if "_scene" in expected:
            assert got.event_key == (expected["_scene"] or ""), name
        if "_kind" in expected:
            assert (expected["_kind"], got.kind) == ("unknown", "other"), name
        if expected.get("_reply") == "success":
            assert callback(mode).close(got, Reply(), "n", NOW) == NOTHING, name


def _listed(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("List"), dict):
        return {**value, "List": [value["List"]]}
    return value


def test_the_parse_agrees_with_wechatpy() -> None:
    for name, _, _ in rows(kinds=lambda kind: kind in {"text", "voice"} or kind.startswith("event/")):
        theirs = parse_message(body(name))
        ours = parse.inbound(xml.read(body(name)))
        assert (theirs.source, theirs.target) == (ours.openid, ours.account), name
        assert theirs._data["MsgType"].lower() == ours.kind, name
        if "MsgId" in theirs._data:
            assert ours.key == f"{ours.account} {theirs.id}", name


def test_invisible_characters_stay_in_the_raw_field_only() -> None:
    got = parse.inbound(xml.read(body("text_controls.xml")))
    assert (got.text, got.fields["Content"] == got.text) == ("张伟5星", False)
    emoji = parse.inbound(xml.read(body("text_emoji.xml")))
    assert emoji.text == "给张伟医生👍🏻5星😊"
    assert parse.visible("👨\u200d👩\u200d👧 好") == "👨\u200d👩\u200d👧 好"
    assert parse.visible("张\u200d伟") == "张伟"


def test_hostile_bodies_are_refused() -> None:
    for mode in MODES:
        for name, _, _ in rows(kinds=lambda kind: kind == "hostile"):
            one = push(mode, body(name), timestamp=SECONDS)
            with pytest.raises(Refused):
                callback(mode).open(one.query, one.body, NOW)


def test_shared_forged_ciphers_are_not_allowed() -> None:
    for name, _, told in rows(kinds=lambda kind: kind == "encrypted"):
        settings = {"token": told["_token"], "encoding_aes_key": told["_encoding_aes_key"], "app_id": told["_appid"]}
        query = {"timestamp": told["_timestamp"], "nonce": told["_nonce"], "msg_signature": told["_msg_signature"]}
        with pytest.raises(NotAllowed):
            callback("secure", **settings).open(query, body(name), NOW)


def test_a_second_subscription_choice_is_a_list_like_the_first() -> None:
    both = parse.inbound(xml.read(body("sub_popup_two.xml"))).fields["SubscribeMsgPopupEvent"]["List"]
    one = parse.inbound(xml.read(body("sub_sent_fail.xml"))).fields["SubscribeMsgSentEvent"]["List"]
    assert [len(both), len(one)] == [2, 1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("<Event>CLICK</Event><EventKey>a</EventKey>", "<Event>CLICK</Event><EventKey>b</EventKey>"),
        ("<Event>subscribe</Event>", "<Event>SCAN</Event><EventKey/>"),
        (
            "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>1</MsgID>",
            "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>2</MsgID>",
        ),
    ],
)
def test_two_events_in_one_second_are_two(first: str, second: str) -> None:
    event = (
        "<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><CreateTime>1767225610</CreateTime>"
        "<MsgType>event</MsgType>{}</xml>"
    )
    keys = {parse.inbound(xml.read(event.format(one).encode())).key for one in (first, second, first)}
    assert len(keys) == 2


def test_events_are_known_however_they_are_spelled() -> None:
    event = (
        b"<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><CreateTime>1767225610</CreateTime>"
        b"<MsgType>event</MsgType><Event>scan</Event><EventKey>s1</EventKey></xml>"
    )
    assert parse.inbound(xml.read(event)).event == "SCAN"


class TestSignature:
    def test_secure_mode_covers_the_body(self) -> None:
        one = push("secure", text("5星"), timestamp=SECONDS)
        other = push("secure", text("1星"), timestamp=SECONDS)
        with pytest.raises(NotAllowed):
            callback().open(one.query, other.body, NOW)

    def test_the_plain_signature_is_not_enough_in_secure_modes(self) -> None:
        for mode in ("compatible", "secure"):
            one = push(mode, text("5星"), timestamp=SECONDS)
            without = {name: value for name, value in one.query.items() if name != "msg_signature"}
            with pytest.raises(NotAllowed):
                callback(mode).open(without, one.body, NOW)
            with pytest.raises(Refused):
                callback(mode).open(one.query, text("5星").encode(), NOW)

    def test_in_compatible_mode_only_the_encrypted_part_counts(self) -> None:
        one = push("compatible", text("5星"), timestamp=SECONDS)
        altered = one.body.replace("5星".encode(), "1星".encode())
        assert callback("compatible").open(one.query, altered, NOW).text == "5星"

    def test_digits_cannot_move_between_timestamp_and_nonce(self) -> None:
        one = push("plain", text("5星"), timestamp=SECONDS, nonce="123456")
        moved = {**one.query, "timestamp": one.query["timestamp"] + "123", "nonce": "456"}
        with pytest.raises(NotAllowed):
            callback("plain").open(moved, one.body, NOW)

    @pytest.mark.parametrize("timestamp", ["", "１７１４０３６５０４", "17140365.4", "-714036504", "9" * 400])
    def test_odd_timestamps(self, timestamp: str) -> None:
        query = {"timestamp": timestamp, "nonce": "1", "signature": signature.sign(AES_KEY, timestamp, "1")}
        with pytest.raises(NotAllowed):
            callback("plain").open(query, b"<xml/>", NOW)

    def test_an_old_push_is_refused_and_the_window_is_a_setting(self) -> None:
        old = push("secure", text("5星"), timestamp=SECONDS - 86_400)
        with pytest.raises(NotAllowed) as refused:
            callback().open(old.query, old.body, NOW)
        assert refused.value.code == "wechat.too_old"
        assert callback(callback_window=90_000).open(old.query, old.body, NOW).text == "5星"

    def test_configuration_that_would_accept_anybody_is_refused(self) -> None:
        with pytest.raises(ConfigurationError):
            Callback(Wechat(token=""))  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError):
            Envelope("中" * 43, APP_ID)


class TestEnvelope:
    @given(st.binary(max_size=300))
    def test_round_trip(self, message: bytes) -> None:
        envelope = Envelope(AES_KEY, APP_ID)
        assert envelope.open(envelope.seal(message)) == message

    @given(st.one_of(st.text(max_size=100), st.binary(max_size=128).map(lambda raw: base64.b64encode(raw).decode())))
    def test_anything_else_is_not_allowed(self, sealed: str) -> None:
        with pytest.raises(NotAllowed):
            Envelope(AES_KEY, APP_ID).open(sealed)

    def test_another_app_id_is_not_allowed(self) -> None:
        with pytest.raises(NotAllowed):
            Envelope(AES_KEY, APP_ID).open(Envelope(AES_KEY, "wxother").seal(b"<xml/>"))


class TestXml:
    @pytest.mark.parametrize(
        "hostile",
        [
            b"",
            b"   ",
            b"<xml>",
            b"<root/>",
            b"<!DOCTYPE xml><xml/>",
            b"<xml>&lol;</xml>",
            b"<xml>\x00</xml>",
            b"<xml>\xff\xfe</xml>",
            b"<xml/><xml/>",
            b"<xml>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</xml>",
            b"<xml>" + b"<a>" * 9 + b"</a>" * 9 + b"</xml>",
            b"<xml>" + b"<a/>" * 600 + b"</xml>",
            b"<xml>" + b" " * xml.LARGEST + b"</xml>",
            '<?xml version="1.0" encoding="utf-16"?><xml/>'.encode("utf-16"),
        ],
    )
    def test_refused(self, hostile: bytes) -> None:
        with pytest.raises(Refused):
            xml.read(hostile)

    @given(st.text(max_size=60))
    def test_whatever_is_echoed_reads_back_as_text(self, words: str) -> None:
        written = text_reply(inbound(), f"您说：{words}。", str(SECONDS))
        assert written is not None
        assert xml.read(written)["Content"] == xml.clean(f"您说：{words}。").strip()

    def test_an_injection_stays_text(self) -> None:
        words = "x]]></Content><MsgType><![CDATA[image]]></MsgType><Content><![CDATA["
        written = text_reply(inbound(), words, str(SECONDS))
        assert written is not None
        assert opened("plain", written)["Content"] == words
        assert opened("plain", written)["MsgType"] == "text"

    @given(st.text(min_size=1, max_size=20), st.integers(1, 200), st.sampled_from([0, 2, 3, 10, LONGEST_TEXT]))
    def test_long_replies_are_cut_at_a_character(self, words: str, times: int, most: int) -> None:
        shown = cut(words * times, most)
        assert len(shown.encode()) <= most
        assert shown == words * times or (words * times).startswith(shown.removesuffix("…"))

    def test_nothing_visible_is_success_in_clear(self) -> None:
        for mode in MODES:
            for words in ("", "  \n", "\x00\x01"):
                assert callback(mode).close(inbound(), Reply(words), "n", NOW) == NOTHING


@pytest.mark.parametrize("mode", MODES)
def test_werobot_opens_our_answers(mode: str) -> None:
    one = push(mode, text("给张伟5星"), timestamp=SECONDS)
    mine = callback(mode)
    answer = mine.close(mine.open(one.query, one.body, NOW), Reply("收到了\n谢谢 & <您> ]]>"), one.query["nonce"], NOW)
    fields = opened(mode, answer)
    assert fields["Content"] == "收到了\n谢谢 & <您> ]]>"
    assert (fields["ToUserName"], fields["FromUserName"]) == ("oPatient", "gh_hospital")
    assert fields["CreateTime"] == str(SECONDS)


@pytest.mark.parametrize("mode", MODES)
def test_five_thousand_mutants_raise_nothing_but_our_errors(mode: str) -> None:
    """A forged one must never be accepted; a genuine one must stay what it was."""
    chance = random.Random(20261120)
    genuine = push(mode, text("给张伟5星"), timestamp=SECONDS)
    mine, accepted = callback(mode), 0
    for _ in range(5000 // len(MODES) + 1):
        mutant = _mutated(chance, genuine.body)
        try:
            got = mine.open(genuine.query, mutant, NOW)
        except FeedbackError:
            continue
        accepted += 1
        if mode != "plain":
            assert (got.text, got.openid) == ("给张伟5星", "oPatient")
    assert accepted < 5000


def _mutated(chance: random.Random, genuine: bytes) -> bytes:
    mutant = bytearray(genuine)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(mutant))
        match chance.randrange(5):
            case 0:
                mutant[place] = chance.randrange(256)
            case 1:
                del mutant[place : place + chance.randint(1, 40)]
            case 2:
                mutant[place:place] = mutant[: chance.randint(1, 40)]
            case 3:
                mutant[place:place] = chance.choice(
                    [b"]]>", b"<a>", b"&x;", b"\x00", b"<!DOCTYPE x>", b"</xml>", b"\xff"]
                )
            case _:
                del mutant[place + 1 :]
        if not mutant:
            return b""
    return bytes(mutant)


_BYTES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"",
            b" ",
            b"\r\n",
            b"]]>",
            b"&amp;",
            b"<a>1</a>",
            "张伟".encode(),
            b"\x7f",
            b"\xef\xbf\xbe",
            b"\xed\xa0\x80",
            b"]",
            b">",
        ]
    ),
)
_FIELDS = st.lists(
    st.tuples(st.sampled_from([b"MsgType", b"Content", b"List", b"a1", b"xml"]), _BYTES, st.booleans()), max_size=5
)


@given(
    _FIELDS,
    st.sampled_from([b"<xml>", b"<xml>\n", b" <xml>", b"<xml a='1'>"]),
    st.sampled_from([b"</xml>", b"</xml>\n", b""]),
)
def test_the_plain_reader_reads_what_the_strict_one_reads(
    fields: list[tuple[bytes, bytes, bool]], opening: bytes, closing: bytes
) -> None:
    inside = b"".join(
        b"<%b>%b</%b>" % (name, b"<![CDATA[%b]]>" % value if quoted else value, name) for name, value, quoted in fields
    )
    plainly = xml._plain(opening + inside + closing)
    if plainly is not None:
        assert plainly == xml._any(opening + inside + closing)


def test_a_callback_as_the_platform_writes_it_is_read_plainly() -> None:
    body = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName>\n<CreateTime>1700000000</CreateTime><Content><![CDATA[五星 ]]></Content></xml>"
    assert (
        xml._plain(body.encode())
        == xml._any(body.encode())
        == {"ToUserName": "gh_1", "CreateTime": "1700000000", "Content": "五星"}
    )
