"""Goal G5: callbacks of the official account in secure mode, against WeRoBot doing the same job in the same run.

In process: verify, decrypt, parse, answer with one sentence, encrypt, sign (``wire``); the same with the message's key, the
person and the answer stored durably, so that a repeated push gets the same answer (``durable``), against WeRoBot with its
SQLite session. Ratios are CPU per message, theirs by ours: above 1 we are faster.

With ``--server``: behind the same gunicorn, the product with everything it has.

python -m bench.callback [--rounds 5] [--messages 400] [--server] [--seconds 3]
"""

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from werobot import WeRoBot
from werobot.crypto import MessageCrypt
from werobot.session.sqlitestorage import SQLiteStorage
from werobot.utils import get_signature

from bench.measure import Load, Request, fire, gunicorn, ratio
from bots import webhook
from bots.messages import Inbound, Reply
from bots.wechat.callback import Callback
from feedback_app.clock import system_clock
from feedback_app.db.conversations import InboundMessage
from feedback_app.services import schema
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session
from feedback_app.settings import Settings

TOKEN = "token-for-benchmarks"
APP_ID = "wx0123456789abcdef"
AES_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
SENTENCE = "收到了，谢谢您。已记入 2 号窗口（11 月）。"
Push = tuple[dict[str, str], bytes]
_numbers = itertools.count(int(time.time()) * 1_000_000)


def push() -> Push:
    """One new message, encrypted and signed by WeRoBot's code."""
    number, seconds, nonce = next(_numbers), str(int(time.time())), "486452656"
    plain = (
        f"<xml><ToUserName><![CDATA[gh_hospital0001]]></ToUserName><FromUserName><![CDATA[oPatient{number % 200:020d}]]>"
        f"</FromUserName><CreateTime>{seconds}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[给张伟医生5星，讲得很清楚]]></Content><MsgId>{number}</MsgId></xml>"
    )
    envelope = MessageCrypt(TOKEN, AES_KEY, APP_ID).encrypt_message(plain, seconds, nonce)
    sealed = envelope.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    query = {
        "signature": get_signature(TOKEN, seconds, nonce),
        "timestamp": seconds,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": get_signature(TOKEN, seconds, nonce, sealed),
    }
    body = f"<xml><ToUserName><![CDATA[gh_hospital0001]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    return query, body.encode()


def settings(folder: Path) -> Settings:
    return Settings(
        hospital={"name": "青山医院"},  # type: ignore[arg-type]
        database={"url": f"sqlite:///{folder / 'stars.db'}"},  # type: ignore[arg-type]
        wechat={"enabled": True, "app_id": APP_ID, "token": TOKEN, "encoding_aes_key": AES_KEY, "mode": "secure"},  # type: ignore[arg-type]
        complaints={"phone": "000", "place": "一楼", "hours": "8-17", "routes": "法院"},  # type: ignore[arg-type]
        security={"secret_key": "a-secret-for-benchmarks-only-0123456789"},  # type: ignore[arg-type]
    )


def robot(session_file: str = "") -> Any:
    made = WeRoBot(token=TOKEN, app_id=APP_ID, encoding_aes_key=AES_KEY, SESSION_STORAGE=False)
    if session_file:
        made.config["SESSION_STORAGE"] = SQLiteStorage(session_file)
    made.handler(lambda message: SENTENCE)
    return made


def by_werobot(robot: Any, one: Push) -> str:
    query, body = one
    if not robot.check_signature(query["timestamp"], query["nonce"], query["signature"]):
        raise ValueError("signature")
    message = robot.parse_message(
        body, timestamp=query["timestamp"], nonce=query["nonce"], msg_signature=query["msg_signature"]
    )
    return str(robot.get_encrypted_reply(message))


def say(session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> Reply:
    return Reply(SENTENCE)


def in_process(rounds: int, messages: int, folder: Path) -> None:
    runtime = Runtime.open(settings(folder))
    schema.migrate(runtime.database, runtime.now())
    callback, plain, stored = Callback(runtime.settings.wechat), robot(), robot(str(folder / "werobot.db"))

    def wire(one: Push) -> bytes:
        now = system_clock()
        return callback.close(callback.open(*one, now), Reply(SENTENCE), one[0]["nonce"], now)

    def durable(one: Push) -> bytes:
        inbound = callback.open(*one, system_clock())
        return callback.close(inbound, webhook.answer_once(runtime, say, inbound), one[0]["nonce"], system_clock())

    cases: dict[str, Callable[[Push], object]] = {
        "WeRoBot": lambda one: by_werobot(plain, one),
        "ours, wire": wire,
        "WeRoBot with its SQLite session": lambda one: by_werobot(stored, one),
        "ours, durable and deduplicated": durable,
    }
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, answer in cases.items():
            pushes = [push() for _ in range(messages)]
            began = time.process_time()
            for one in pushes:
                answer(one)
            spent[name].append((time.process_time() - began) / messages * 1e6)
    runtime.close()
    for name, values in spent.items():
        print(f"{name:34} {statistics.median(values):8.0f} µs CPU a message")
    print("wire:    WeRoBot / ours", ratio(spent["WeRoBot"], spent["ours, wire"]))
    print(
        "durable: WeRoBot with session / ours",
        ratio(spent["WeRoBot with its SQLite session"], spent["ours, durable and deduplicated"]),
    )


def werobot_app() -> Any:
    """Served by gunicorn as the baseline."""
    from flask import Flask
    from werobot.contrib.flask import make_view

    app = Flask(__name__)
    app.add_url_rule(
        "/wechat", "wechat", make_view(robot(os.environ.get("ROBOT_SESSION", ""))), methods=["GET", "POST"]
    )
    return app


def our_app() -> Any:
    """The whole product; the answering function is replaced by one sentence, as in the baseline."""
    from bots import dispatch
    from feedback_app.app import create_app

    dispatch.answer = say
    return create_app(settings(Path(os.environ["BENCH_FOLDER"])))


@contextmanager
def served(folder: Path) -> Iterator[dict[str, tuple[int, int]]]:
    kinds = {"workers": 2, "threads": 2}
    with (
        gunicorn("bench.callback:werobot_app()", {}, **kinds) as theirs,
        gunicorn("bench.callback:werobot_app()", {"ROBOT_SESSION": str(folder / "robot.db")}, **kinds) as stored,
        gunicorn("bench.callback:our_app()", {"BENCH_FOLDER": str(folder)}, **kinds) as ours,
    ):
        yield {"WeRoBot": theirs, "WeRoBot with its SQLite session": stored, "ours": ours}


def on_server(rounds: int, seconds: float, folder: Path) -> None:
    runtime = Runtime.open(settings(folder))
    schema.migrate(runtime.database, runtime.now())
    loads: dict[str, list[Load]] = {}
    with served(folder) as servers:
        for number in range(rounds + 1):
            for name, (port, pid) in servers.items():
                pushes = [push() for _ in range(int(seconds * 2500))]

                def make(connection: int, count: int, pushes: list[Push] = pushes) -> Request:
                    query, body = pushes[(count * 8 + connection) % len(pushes)]
                    return "POST", f"/wechat?{urlencode(query)}", body, {"Content-Type": "text/xml"}

                load = fire(port, pid, make, connections=8, seconds=seconds, good=frozenset({200}))
                if number:  # the first round only wakes the workers
                    loads.setdefault(name, []).append(load)
    sent = sum(one.requests for one in loads["ours"])
    with runtime.reading() as session:
        print(
            f"ours: {sent} answered, {session.query(InboundMessage).count()} stored (a push sent again is stored once)"
        )
    runtime.close()
    for name, values in loads.items():
        print(
            f"{name:34} {statistics.median(one.rate for one in values):7.0f}/s "
            f"{statistics.median(one.cpu_us for one in values):7.0f} µs CPU "
            f"p99 {statistics.median(one.p99_ms for one in values):6.1f} ms, {sum(one.errors for one in values)} errors"
        )
    for name in ("WeRoBot", "WeRoBot with its SQLite session"):
        print(f"rate, ours / {name}:", ratio([one.rate for one in loads["ours"]], [one.rate for one in loads[name]]))
        print(f"CPU, ours / {name}:", ratio([one.cpu_us for one in loads["ours"]], [one.cpu_us for one in loads[name]]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--server", action="store_true")
    parser.add_argument("--seconds", type=float, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if arguments.server:
            on_server(arguments.rounds, arguments.seconds, Path(name))
        else:
            in_process(arguments.rounds, arguments.messages, Path(name))


if __name__ == "__main__":
    main()
