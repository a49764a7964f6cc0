"""The published vectors of the platform's pages (token AAAAA, EncodingAESKey 43 x A)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.sandbox import wire
from bots.sandbox.wire import Envelope, WireError
from tests.bots.sandbox.product import AES_KEY, APP_ID

TOKEN = "AAAAA"
KEY = "A" * 43
APP = "wxba5fad812f8e6fb9"
REPLY = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="


@pytest.mark.parametrize(
    ("stamp", "nonce", "expected"),
    [
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
    ],
)
def test_signature_of_the_published_examples(stamp: str, nonce: str, expected: str) -> None:
    assert wire.signature(TOKEN, stamp, nonce) == expected


def test_the_published_encrypted_reply_byte_for_byte() -> None:
    envelope = Envelope(KEY, APP)
    assert envelope.seal('{"demo_resp":"good luck"}', b"707722b803182950") == REPLY
    assert envelope.open(REPLY) == '{"demo_resp":"good luck"}'
    assert wire.signature(TOKEN, "1713424427", "415670741", REPLY) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


@given(st.text())
def test_what_was_sealed_opens(text: str) -> None:
    envelope = Envelope(AES_KEY, APP_ID)
    assert envelope.open(envelope.seal(text)) == text


def test_another_app_id_and_another_key_are_refused() -> None:
    sealed = Envelope(AES_KEY, APP_ID).seal("<xml/>")
    with pytest.raises(WireError, match="another app id"):
        Envelope(AES_KEY, "wx-other").open(sealed)
    with pytest.raises(WireError):
        Envelope("B" * 43, APP_ID).open(sealed)


@given(st.binary())
def test_anything_else_is_refused_and_never_breaks(raw: bytes) -> None:
    with pytest.raises(WireError):
        Envelope(AES_KEY, APP_ID).open(base64.b64encode(raw).decode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "<html/>",
        "<xml><a>",
        '<!DOCTYPE x [<!ENTITY e "e">]><xml><a>&e;</a></xml>',
        "<xml><MsgType>text</MsgType><MsgType>image</MsgType></xml>",
    ],
)
def test_not_the_xml_of_an_answer(text: str) -> None:
    with pytest.raises(WireError):
        wire.from_xml(text)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_words_survive_the_xml(words: str) -> None:
    assert wire.value(wire.from_xml(wire.to_xml({"Content": words, "MsgId": 7})), "Content") == words.replace(
        "\r", "\n"
    )
