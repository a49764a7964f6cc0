"""Callbacks as the platform sends them, and its verdict on every kind of answer."""

import json
from collections.abc import Callable, Iterator
from threading import Event

import pytest
from flask import Response

from bots.sandbox.client import SandboxClient, SandboxRefused
from bots.sandbox.state import ACCOUNT, FAILURE_TEXT
from tests.bots.sandbox.product import Callback, Product

MODES = ["plain", "compatible", "secure"]


@pytest.mark.parametrize("mode", MODES)
def test_a_text_arrives_signed_and_its_answer_is_shown(phones: SandboxClient, product: Product, mode: str) -> None:
    phones.mode(mode)
    product.answer = lambda callback: callback.reply("好") if mode == "plain" else callback.sealed("好")
    shown = phones.say("o-wang", "给张伟医生5星")
    assert (shown.shown, shown.kind, shown.tries, shown.statuses) == ("好", "text", 1, [200])
    (arrived,) = product.callbacks
    assert arrived.inner["Content"] == "给张伟医生5星"
    assert arrived.inner["FromUserName"] == arrived.query["openid"] == "o-wang"
    assert arrived.inner["ToUserName"] == ACCOUNT
    assert (
        set(arrived.outer)
        >= {
            "plain": {"Content"},
            "compatible": {"Content", "Encrypt"},
            "secure": {"ToUserName", "Encrypt"},
        }[mode]
    )
    assert ("Content" in arrived.outer) == (mode != "secure")
    assert [message.text for message in phones.chat("o-wang")] == ["给张伟医生5星", "好"]


def test_the_check_with_echostr(phones: SandboxClient) -> None:
    assert phones.verifies()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("body", ["success", ""])
def test_success_and_the_empty_body_show_nothing(phones: SandboxClient, product: Product, mode: str, body: str) -> None:
    phones.mode(mode)
    product.answer = lambda callback: body
    assert phones.say("o-wang", "你好").kind == "nothing"
    assert len(phones.chat("o-wang")) == 1


WRONG: dict[str, tuple[str, Callable[[Callback], Response | str], str]] = {
    "JSON": ("plain", lambda c: json.dumps({"text": "hi"}), "not XML"),
    "an HTML page": ("plain", lambda c: "<html><body>ok</body></html>", "not <xml>"),
    "an error status": ("plain", lambda c: Response("success", 500), "500"),
    "empty Content": ("plain", lambda c: c.reply(""), "empty Content"),
    "blank Content": ("plain", lambda c: c.reply(" \n"), "empty Content"),
    "2,049 bytes": ("plain", lambda c: c.reply("好" * 683), "2049 bytes"),
    "names not swapped": ("plain", lambda c: c.reply("x", ToUserName=c.inner["ToUserName"]), "not swapped"),
    "a forged second type": (
        "plain",
        lambda c: c.reply("x").replace("</xml>", "<MsgType>image</MsgType></xml>"),
        "repeated element: MsgType",
    ),
    "a control character": ("plain", lambda c: c.reply("a\x08b"), "not XML"),
    "not UTF-8": ("plain", lambda c: Response("<xml>好</xml>".encode("gbk")), "UTF-8"),
    "unknown type": ("plain", lambda c: c.reply("x", MsgType="hologram"), "unknown MsgType"),
    "encrypted in plain mode": ("plain", lambda c: c.sealed("x") if c.query else "", "encrypted reply"),
    "plain in secure mode": ("secure", lambda c: c.reply("x"), "plain reply in secure mode"),
    "wrong MsgSignature": ("secure", lambda c: c.sealed("x", MsgSignature="0" * 40), "wrong MsgSignature"),
    "wrong app id": ("secure", lambda c: c.sealed("x", app_id="wx-other"), "another app id"),
    "milliseconds": ("secure", lambda c: c.sealed("x", TimeStamp="1713424427123"), "not in seconds"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_answer_shows_wechats_own_failure_text(phones: SandboxClient, product: Product, case: str) -> None:
    mode, answer, why = WRONG[case]
    phones.mode(mode)
    product.answer = answer
    shown = phones.say("o-wang", "你好")
    assert (shown.shown, shown.kind) == (FAILURE_TEXT, "failure")
    assert why in shown.why
    assert phones.chat("o-wang")[-1].side == "system"


def test_exactly_2048_bytes_are_shown(phones: SandboxClient, product: Product) -> None:
    product.answer = lambda callback: callback.reply("好" * 682 + "ab")
    assert phones.say("o-wang", "你好").kind == "text"


@pytest.fixture
def held() -> Iterator[Event]:
    """An answer may wait for it; let go when the test is over."""
    event = Event()
    yield event
    event.set()


def test_three_tries_of_the_same_message_then_the_failure_text(
    phones: SandboxClient, product: Product, held: Event
) -> None:
    def never(callback: Callback) -> str:
        held.wait(20)
        return "success"

    product.answer = never
    phones.switch(cut_seconds=0.6)
    shown = phones.say("o-wang", "你好")
    assert (shown.shown, shown.tries, shown.statuses) == (FAILURE_TEXT, 3, [0, 0, 0])
    assert all(0.55 < seconds < 5 for seconds in shown.seconds)
    assert len({(one.inner["MsgId"], one.inner["CreateTime"]) for one in product.callbacks}) == 1
    assert len({one.query["nonce"] for one in product.callbacks}) == 3


def test_the_second_try_can_still_succeed(phones: SandboxClient, product: Product, held: Event) -> None:
    def slow_once(callback: Callback) -> str:
        if len(product.callbacks) == 1:
            held.wait(20)
        return callback.reply("收到了")

    product.answer = slow_once
    phones.switch(cut_seconds=1.5)
    shown = phones.say("o-wang", "你好")
    assert (shown.shown, shown.statuses) == ("收到了", [0, 200])


def test_repeating_pushes_the_same_message_again(phones: SandboxClient, product: Product) -> None:
    product.answer = lambda callback: callback.reply("收到了")
    first = phones.say("o-wang", "你好")
    assert [one.shown for one in phones.repeat(2)] == ["收到了", "收到了"]
    assert {one.inner["MsgId"] for one in product.callbacks} == {str(first.msg_id)}
    assert len(phones.chat("o-wang")) == 2


def test_events_of_following_scanning_and_leaving(phones: SandboxClient, product: Product) -> None:
    phones.scan("o-li", "W03")  # not following yet
    phones.scan("o-li", "W03")
    phones.click("o-li", "progress")
    phones.unfollow("o-li")
    events = [(one.inner["Event"], one.inner["EventKey"]) for one in product.callbacks]
    assert events == [("subscribe", "qrscene_W03"), ("SCAN", "W03"), ("CLICK", "progress"), ("unsubscribe", "")]
    assert all("MsgId" not in one.inner for one in product.callbacks)
    with pytest.raises(SandboxRefused, match="follow the account first"):
        phones.say("o-li", "你好")


def test_voice_comes_with_and_without_recognition(phones: SandboxClient, product: Product) -> None:
    phones.voice("o-li", "医生很好")
    phones.voice("o-li")
    with_words, without = product.callbacks
    assert with_words.inner["Recognition"] == "医生很好"
    assert "Recognition" not in without.inner
    assert without.inner["MediaId"].startswith("voice_")


def test_news_drops_all_but_one_article_after_a_message(phones: SandboxClient, product: Product) -> None:
    items = "".join(f"<item><Title>第{n}篇</Title><Url>http://a/{n}</Url></item>" for n in (1, 2))

    def news(callback: Callback) -> str:
        reply = callback.reply("-", MsgType="news")
        return reply.replace("</xml>", f"<ArticleCount>2</ArticleCount><Articles>{items}</Articles></xml>")

    product.answer = news
    assert phones.say("o-li", "你好").shown == "第1篇"
    assert phones.follow("o-li").shown == "第1篇\n第2篇"


def test_what_the_control_interface_cannot_do_it_says(phones: SandboxClient) -> None:
    with pytest.raises(SandboxRefused, match="mode"):
        phones.mode("loud")
    with pytest.raises(SandboxRefused, match="unknown fault"):
        phones.fault("earthquake")
    with pytest.raises(SandboxRefused, match="nothing was pushed"):
        phones.repeat()
