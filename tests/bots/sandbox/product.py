"""A tiny product on loopback that answers callbacks as a test wants; keeps what it was sent."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from flask import Flask, Response, request

from bots.sandbox import wire
from bots.sandbox.server import running
from bots.sandbox.wire import Envelope
from feedback_app.settings import Settings
from tests.conftest import settings_for

APP_ID, SECRET, TOKEN = "wx5a7d0b0c5a7d0b0c", "s3cret-of-the-account", "token-of-the-callback"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP_ID, CORP_SECRET, AGENT = "ww5a7d0b0c5a7d0b0c", "s3cret-of-the-app", 1000002
GROUP_KEY = "693a91f6-7d0b-4bc4-97a0-0ec2sifa5aaa"


def sandbox_settings(folder: Path, *, base_url: str = "http://127.0.0.1:1", mode: str = "plain") -> Settings:
    """Settings with the sandbox on, the official account and WeCom configured."""
    return settings_for(
        folder,
        server={"base_url": base_url},
        sandbox={"enabled": True},
        wechat={
            "enabled": True,
            "app_id": APP_ID,
            "app_secret": SECRET,
            "token": TOKEN,
            "encoding_aes_key": AES_KEY,
            "mode": mode,
            "result_template": "tpl-result",
        },
        wecom={
            "enabled": True,
            "corp_id": CORP_ID,
            "agent_id": AGENT,
            "secret": CORP_SECRET,
            "webhooks": {"心血管内科": GROUP_KEY},
        },
    )


Answer = Callable[["Callback"], Response | str]


@dataclass
class Callback:
    """One push as it arrived: query, outer XML, opened XML."""

    query: dict[str, str]
    outer: dict[str, str]
    inner: dict[str, str]

    def reply(self, content: str, **changes: str) -> str:
        """The XML of a text reply."""
        fields: dict[str, Any] = {
            "ToUserName": self.inner["FromUserName"],
            "FromUserName": self.inner["ToUserName"],
            "CreateTime": int(time.time()),
            "MsgType": "text",
            "Content": content,
        }
        return wire.to_xml({**fields, **changes})

    def sealed(self, content: str, **changes: str) -> str:
        """An encrypted text reply; ``changes``: elements of the envelope, or ``app_id``."""
        app_id = changes.pop("app_id", APP_ID)
        sealed = Envelope(AES_KEY, app_id).seal(self.reply(content))
        stamp, nonce = str(int(time.time())), self.query["nonce"]
        signed = {"Encrypt": sealed, "MsgSignature": wire.signature(TOKEN, stamp, nonce, sealed), "TimeStamp": stamp}
        return wire.to_xml({**signed, "Nonce": nonce, **changes})


@dataclass
class Product:
    answer: Answer = lambda callback: "success"
    callbacks: list[Callback] = field(default_factory=list)
    url: str = ""

    def app(self) -> Flask:
        app = Flask("product")

        @app.get("/wechat")
        def verify() -> str:
            return request.args["echostr"]

        @app.post("/wechat")
        def callback() -> Response | str:
            arrived = _opened(request.args.to_dict(), request.get_data(as_text=True))
            self.callbacks.append(arrived)
            return self.answer(arrived)

        return app


def _opened(query: dict[str, str], body: str) -> Callback:
    outer = _flat(ElementTree.fromstring(body))
    if "msg_signature" not in query:
        assert query["signature"] == wire.signature(TOKEN, query["timestamp"], query["nonce"])
        return Callback(query, outer, outer)
    assert query["msg_signature"] == wire.signature(TOKEN, query["timestamp"], query["nonce"], outer["Encrypt"])
    return Callback(query, outer, _flat(ElementTree.fromstring(Envelope(AES_KEY, APP_ID).open(outer["Encrypt"]))))


def _flat(root: ElementTree.Element) -> dict[str, str]:
    return {child.tag: child.text or "" for child in root}


@contextmanager
def product_running() -> Iterator[Product]:
    product = Product()
    with running(product.app()) as url:
        product.url = url
        yield product
