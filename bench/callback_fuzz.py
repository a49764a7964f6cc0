"""Mutants of genuine callbacks, and odd messages with genuine signatures, against the endpoint on a real database.

Four sums must be 0: answers >= 500, errors that were not foreseen, forged messages that left a trace, genuine messages lost
or doubled. Genuine pushes go in between, each up to three times, as the platform sends them. Every push takes one of the two
ways in by chance: ahead of Flask (``webhook.ShortWay``) or through it.

python -m bench.callback_fuzz [--count 1000000] [--processes 2] [--seed 1]
"""

import argparse
import logging
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werobot.crypto import MessageCrypt
from werobot.utils import get_signature

from bench.callback import AES_KEY, APP_ID, TOKEN, settings
from bench.measure import resident
from bots import dispatch, webhook
from bots.messages import Inbound, Reply
from feedback_app.services import schema
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

ODD_SHARE = 10  # one in so many is an odd message, genuinely signed, for the real bot
GENUINE_EVERY = 50
_NASTY = (
    b"]]>", b"<![CDATA[", b"<!DOCTYPE x>", b"<!ENTITY a 'b'>", b"&a;", b"\x00", b"\xff\xfe", b"</xml>", b"<xml>", b"<Encrypt>",
    "\u202e".encode(), b"<?xml version='1.0' encoding='utf-16'?>", b"A" * 70_000, b"<a>" * 300, b"%00", b"MsgId", "张伟".encode(),
)  # fmt: skip
_VALUES = ("", "0", "-1", "1e9", "9" * 40, "\x00", "é", "١٢٣", "\ud7ff", "a" * 5000, "<", "]]>", "null", "[]", " ")
_KINDS = (
    "text",
    "image",
    "voice",
    "video",
    "shortvideo",
    "location",
    "link",
    "event",
    "file",
    "music",
    "",
    "TEXT",
    "未知",
)
_EVENTS = ("subscribe", "unsubscribe", "SCAN", "CLICK", "VIEW", "LOCATION", "TEMPLATESENDJOBFINISH", "subscribe_msg_popup_event", "x", "")  # fmt: skip
_FIELDS = ("Content", "EventKey", "MsgId", "MsgID", "MediaId", "PicUrl", "Recognition", "Ticket", "CreateTime", "FromUserName", "ToUserName", "bizmsgmenuid", "List", "Status", "Location_X")  # fmt: skip
_WORDS = ("给张伟5星", "投诉", "人工", "1", "", "进度", "取消", "😀" * 700, "T-2611-0001", "]]></Content>", "我不想活了", "5" * 300, "\u200b", "给" * 3000)  # fmt: skip


@dataclass
class Tally:
    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    unforeseen: int = 0
    forged_stored: int = 0
    lost: int = 0
    doubled: int = 0
    slowest: float = 0.0  # CPU seconds of the slowest answer
    grown: int = 0  # bytes of memory, from the first tenth to the end; of the worst part

    @property
    def broken(self) -> int:
        """Everything that must not happen."""
        errors = sum(n for status, n in self.statuses.items() if status not in {200, 400, 403})
        return errors + self.unforeseen + self.forged_stored + self.lost + self.doubled

    def add(self, other: "Tally") -> None:
        self.statuses += other.statuses
        for name in ("sent", "unforeseen", "forged_stored", "lost", "doubled"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.slowest, self.grown = max(self.slowest, other.slowest), max(self.grown, other.grown)


class _Unforeseen(logging.Handler):
    """Counts what the endpoint reports as a mistake of ours."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


Push = tuple[dict[str, str], bytes]


def sealed(plain: str, nonce: str) -> Push:
    """One push in secure mode, made by WeRoBot's code."""
    seconds = str(int(time.time()))
    envelope = str(MessageCrypt(TOKEN, AES_KEY, APP_ID).encrypt_message(plain, seconds, nonce))
    cipher = envelope.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    query = {"signature": get_signature(TOKEN, seconds, nonce), "timestamp": seconds, "nonce": nonce}
    query |= {"encrypt_type": "aes", "msg_signature": get_signature(TOKEN, seconds, nonce, cipher)}
    return query, f"<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>".encode()


def genuine(number: int) -> Push:
    words = f"<Content><![CDATA[g-{number}]]></Content><MsgId>{10**17 + number}</MsgId>"
    return sealed(_message("text", words, f"o{number % 50}"), str(10**8 + number))


def odd(chance: random.Random, number: int) -> Push:
    """What only the platform could send, and never should."""
    kind = chance.choice(_KINDS)
    inside = f"<Event>{chance.choice(_EVENTS)}</Event>" if kind == "event" or chance.random() < 0.1 else ""
    for _ in range(chance.randrange(5)):
        name, value = chance.choice(_FIELDS), chance.choice((*_VALUES, *_WORDS)).replace("]]>", "")
        inside += chance.choice(("<{0}><![CDATA[{1}]]></{0}>", "<{0}/>", "<{0}><a>{1}</a></{0}>")).format(
            name, value.replace("\x00", "").replace("<", "")
        )
    if chance.random() < 0.7:
        inside += f"<Content><![CDATA[{chance.choice(_WORDS).replace(']]>', '')}]]></Content>"
    if chance.random() < 0.7:
        inside += f"<MsgId>{number}</MsgId>"
    return sealed(_message(kind, inside, f"odd{chance.randrange(40)}"), str(number))


def _message(kind: str, inside: str, openid: str) -> str:
    return (
        f"<xml><ToUserName><![CDATA[gh]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{inside}</xml>"
    )


def mutant(chance: random.Random, push: Push) -> Push:
    """Something of the push changed: a parameter, bytes, the order of its parts, or all of it."""
    query, body = dict(push[0]), bytearray(push[1])
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        how = chance.randrange(8)
        if how == 0:
            query[chance.choice([*query, "openid", "echostr", "msg_signature"])] = chance.choice(_VALUES)
        elif how == 1:
            query.pop(chance.choice([*query, "none"]), None)
        elif how == 2 and body:
            at = chance.randrange(len(body))
            body[at] ^= 1 << chance.randrange(8)
        elif how == 3:
            at = chance.randrange(len(body) + 1)
            body[at:at] = chance.choice(_NASTY)
        elif how == 4:
            del body[chance.randrange(len(body) + 1) :]
        elif how == 5 and body:
            start = chance.randrange(len(body))
            body[start:start] = body[start : start + chance.randrange(200)]
        elif how == 6:
            body = bytearray(chance.randbytes(chance.randrange(400)))
        else:
            value = query.get("timestamp", "")
            query["timestamp"] = chance.choice((value[::-1], value + "0", "-" + value, value[:-1], "0x" + value))
    return query, bytes(body)


def fuzz(count: int, seed: int, folder: Path) -> Tally:
    """``count`` hostile pushes with a seed of their own, on a fresh database in ``folder``."""
    chance, tally, counter = random.Random(seed), Tally(), _Unforeseen()
    house = Runtime.open(settings(folder))
    schema.migrate(house.database, house.now())
    traces: Counter[str] = Counter()

    def answer(session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> Reply:
        if inbound.openid.startswith("odd"):
            return dispatch.answer(session, runtime, inbound, now=now)
        traces[inbound.text] += 1
        return Reply(inbound.text)

    clients, log = _both_ways(webhook.Endpoint(house, answer)), logging.getLogger("bots.webhook")
    log.addHandler(counter)
    logging.disable(logging.WARNING)

    def post(push: Push) -> None:
        began = time.process_time()
        answered = chance.choice(clients).post("/wechat", query_string=push[0], data=push[1], content_type="text/xml")
        tally.slowest = max(tally.slowest, time.process_time() - began)
        tally.statuses[answered.status_code] += 1

    sent = [genuine(seed * 10**9 + number) for number in range(count // GENUINE_EVERY + 1)]
    for number in range(count):
        if number == count // 10:
            tally.grown = -resident()
        base = sent[number // GENUINE_EVERY]
        hostile = odd(chance, seed * 10**9 + number) if number % ODD_SHARE == 0 else mutant(chance, base)
        post(hostile)
        if number % GENUINE_EVERY == GENUINE_EVERY // 2:
            for _ in range(chance.choice((1, 2, 3))):
                post(base)
    for base in sent:
        post(base)
    tally.grown += resident()
    logging.disable(logging.NOTSET)
    log.removeHandler(counter)
    house.close()
    mine = {f"g-{seed * 10**9 + number}" for number in range(len(sent))}
    tally.sent, tally.unforeseen = count, counter.count
    tally.forged_stored = sum(n for text, n in traces.items() if text not in mine)
    tally.lost = len(mine - set(traces))
    tally.doubled = sum(n - 1 for text, n in traces.items() if text in mine)
    return tally


def _both_ways(endpoint: webhook.Endpoint) -> list[FlaskClient]:
    """The plain way through Flask, and the short one ahead of it, into the same endpoint."""
    plain, ahead = Flask("plain"), Flask("ahead")
    for app in (plain, ahead):
        app.register_blueprint(webhook.make_blueprint(endpoint))
    ahead.wsgi_app = webhook.ShortWay(ahead.wsgi_app, endpoint)  # type: ignore[method-assign]
    return [plain.test_client(), ahead.test_client()]


def _alone(count: int, seed: int) -> Tally:
    with tempfile.TemporaryDirectory() as folder:
        return fuzz(count, seed, Path(folder))


def _parts(count: int, size: int, seed: int) -> Iterator[tuple[int, int]]:
    for number in range(0, count, size):
        yield min(size, count - number), seed + number // size


def main() -> None:
    parser: Any = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    total, began = Tally(), time.monotonic()
    with ProcessPoolExecutor(arguments.processes) as pool:
        parts = list(_parts(arguments.count, 20_000, arguments.seed))
        for tally in pool.map(_alone, [size for size, _ in parts], [seed for _, seed in parts]):
            total.add(tally)
    print(f"{total.sent:,} hostile pushes in {time.monotonic() - began:.0f} s, answers {dict(total.statuses)}")
    print(
        f"unforeseen {total.unforeseen}, forged stored {total.forged_stored}, lost {total.lost}, doubled {total.doubled}"
    )
    print(f"slowest answer {total.slowest:.2f} s of CPU; memory grown by {total.grown / 2**20:.0f} MiB at most")
    raise SystemExit(1 if total.broken else 0)


if __name__ == "__main__":
    main()
