"""Hostile words in what is pushed: read as words by WeChat, WeCom and mail programs, and by nobody as a link or a command."""

import email
import email.policy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bots.channels import open_channels
from bots.channels.kept_file import KeptFileChannel
from bots.messages import Reply
from bots.wechat import xml
from feedback_app.domain.questions.text import clean
from feedback_app.services.deliveries import SENT, Channel, Outgoing
from feedback_app.services.runtime import Runtime
from tests.bots.doubles import MailDouble, PlatformDouble, mail_server, platform
from tests.bots.wire import wechat
from tests.conftest import settings_for
from tests.security import payloads

URL = "http://127.0.0.1/stars"
TAG = re.compile(r"<[A-Za-z/!?@]")
LIVE = {"text": TAG, "markdown": re.compile(TAG.pattern + r"|\]\((?!http://127\.0\.0\.1/stars\))")}


@pytest.fixture
def double() -> Iterator[PlatformDouble]:
    with platform() as started:
        yield started


@pytest.fixture
def post() -> Iterator[MailDouble]:
    with mail_server() as started:
        yield started


@pytest.fixture
def channels(
    runtime: Runtime, double: PlatformDouble, post: MailDouble, tmp_path: Path
) -> Iterator[dict[str, Channel]]:
    settings = settings_for(
        tmp_path,
        wechat=wechat("secure", api_base=double.address, open_base=double.address),
        wecom={
            "enabled": True, "corp_id": "corp1", "agent_id": 1_000_002, "secret": "the-corp-secret",
            "api_base": double.address, "webhooks": {"内科": "key-1"},
        },
        mail={"enabled": True, "host": "127.0.0.1", "port": post.port, "security": "none", "sender": "s@example.org"},
    )  # fmt: skip
    opened = Runtime.open(settings)
    yield open_channels(opened)
    opened.close()


def pushed(channel: Channel, name: str, recipient: str, words: str, number: int, url: str = "") -> None:
    payload: dict[str, Any] = {"title": f"新消息 {words}", "text": words, "url": url}
    made = Outgoing(number, f"{name}|{number}|{bool(url)}", "complaint_new", name, recipient, payload)
    assert channel.deliver(made).state == SENT, words


def as_read(text: str) -> str:
    """As the eye reads it: a full-width bracket is a bracket, and blanks at the ends are none."""
    return re.sub(r"\s+", " ", text.replace("＜", "<").replace("] (", "](").replace("＊", "*")).strip()


@pytest.mark.parametrize(
    ("name", "recipient"), [("wecom", "d01"), ("wecom_group", "内科"), ("official_account", "oWang0123456789")]
)
def test_words_stay_words_on_every_platform(
    channels: dict[str, Channel], double: PlatformDouble, name: str, recipient: str
) -> None:
    for url in ("", URL):
        for number, words in enumerate(payloads.ALL[bool(url) :: 2]):
            double.calls.clear()
            pushed(channels[name], name, recipient, words, number, url)
            body = next(call.body for call in reversed(double.calls) if call.body and "msgtype" in call.body)
            content = body[body["msgtype"]]["content"]
            assert not LIVE[body["msgtype"]].search(content), (words, content)
            assert as_read(clean(words)) in as_read(content), (words, content)


def test_a_mail_is_one_mail_to_one_person_with_these_words(channels: dict[str, Channel], post: MailDouble) -> None:
    for number, words in enumerate(payloads.ALL[::3]):
        post.mails.clear()
        pushed(channels["mail"], "mail", "d01@example.org", words, number)
        [raw] = post.mails
        read = email.message_from_bytes(raw, policy=email.policy.default)
        assert read["To"] == "d01@example.org" and read["Bcc"] is None and read["Set-Cookie"] is None
        assert read.get_content_type() == "text/plain"
        assert as_read(clean(words)) in as_read(read.get_content())


def test_a_reply_in_the_chat_keeps_its_structure(runtime: Runtime) -> None:
    for words in payloads.ALL:
        said = Reply.of(f"您说：{words}").text
        assert not TAG.search(said), words
        told = xml.read(f"<xml><Content>{xml.cdata(said)}</Content><End>1</End></xml>".encode())
        assert told == {"Content": said, "End": "1"}
        assert as_read(clean(words)) in as_read(said)


def test_a_kept_file_gets_one_line(tmp_path: Path) -> None:
    channel = KeptFileChannel(tmp_path / "kept")
    for number, words in enumerate(payloads.ALL[:20]):
        channel.deliver(Outgoing(number, str(number), "tree_head", "kept_file", "kept_file", {"line": words}))
    assert len((tmp_path / "kept").read_text("utf-8").split("\n")) <= 21
