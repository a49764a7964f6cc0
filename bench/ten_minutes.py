"""Ten minutes of a load no hospital has: 500 durable ratings a second, and the official account's messages at the same time.

The whole product as it runs in production (``service-star serve`` with two web workers, ``service-star work``, the platforms
played by the sandbox in a process of its own): secure mode, SQLite at synchronous FULL, every feature on. Each rating comes from
an address of its own, as a trusted proxy tells it, with a key of its own, for one of 300 places. Ratings and messages leave at
their moment whether or not earlier ones have been answered (``bench.open_loop``). Figures of each ten seconds are printed as
they come; then: rows = accepted, ``service-star verify``, and the baseline of the day, bare Flask with one raw INSERT on the
same machine under the same load.

python -m bench.ten_minutes [--seconds 600] [--rate 500] [--messages 15] [--baseline 60]
"""

import argparse
import asyncio
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from sqlalchemy import func, select

from bench.callback import AES_KEY, APP_ID, TOKEN
from bench.callback_fuzz import sealed
from bench.measure import cpu_seconds, free_port, gunicorn
from bench.open_loop import OpenLoop, Timed
from bench.rating_post import bare_table
from bench.running import Product
from bots.wechat import xml
from bots.wechat.crypto import Envelope
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import CANARY, Rating
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from feedback_app.texts import text

_CONFIG = """
[hospital]
name = "青山医院"
[server]
base_url = "http://127.0.0.1:{port}"
workers = {workers}
THREADS
trusted_proxies = 1
[database]
url = "{url}"
[wechat]
enabled = true
app_id = "APP_ID"
app_secret = "ten-minutes-secret"
token = "TOKEN"
encoding_aes_key = "AES_KEY"
api_base = "PLATFORM"
open_base = "PLATFORM"
result_template = "tpl"
[wecom]
enabled = true
corp_id = "ww-ten-minutes"
agent_id = 1000002
secret = "ten-minutes-agent-secret"
api_base = "PLATFORM"
open_base = "PLATFORM"
[wecom.webhooks]
complaints = "PLATFORM/cgi-bin/webhook/send?key=complaints"
duty = "PLATFORM/cgi-bin/webhook/send?key=duty"
[complaints]
phone = "000"
place = "一楼"
hours = "8-17"
routes = "法院"
[security]
secret_key = "a-secret-for-the-bench-0123456789abcdef"
"""
_SANDBOX = "[sandbox]\nenabled = true\n"
_PART = 10.0
_LEVELS = (5,) * 68 + (4,) * 20 + (3,) * 8 + (2,) * 2 + (1,) * 2
_ASPECTS = ("attitude", "explanation", "skill", "waiting", "process", "environment")
_COMMENTS = (
    "讲得很清楚，谢谢", "等了一个多小时，能不能快一点", "护士很有耐心，打针一点也不疼。", "态度好，看得仔细", "窗口人太多，只开了两个",
    "张医生特别负责，术后每天来看我两次，家里人都很放心。", "厕所希望打扫得勤一点", "指示牌看不懂，绕了三圈才找到。", "很满意", "收费解释得明白",
)  # fmt: skip
_SAID = (
    "给张伟医生5星，讲得很清楚", "3号收费窗口4分", "你好", "停车场在哪里", "5", "谢谢", "我要评价", "取消", "护士态度很好", "满分",
    "抽血排队太久了，我要投诉", "我的投诉到哪了", "怎么挂号", "人工", "李娜护士很好", "光荣榜", "1", "医保怎么报销", "给王芳打3分", "等了150分钟",
)  # fmt: skip
_SURNAMES, _GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"


@dataclass
class Hospital(Product):
    """240 people in 12 departments, 48 windows."""

    places: int = 300

    def points(self, now: datetime) -> list[ServicePoint]:
        chance = random.Random(1)
        units = [ServicePoint(kind="department", key=f"U{n}", name=f"{n + 1}病区", changed_at=now) for n in range(12)]
        people = [
            ServicePoint(
                kind="staff",
                key=f"D{n}",
                name=chance.choice(_SURNAMES) + chance.choice(_GIVEN),
                department=units[n % 12],
                changed_at=now,
            )
            for n in range(240)
        ]
        desks = [
            ServicePoint(
                kind="window", key=f"W{n}", name=f"{n + 1}号收费窗口", department=units[n % 12], changed_at=now
            )
            for n in range(self.places - 252)
        ]
        return [*units, *people, *desks]


@dataclass
class Outcome:
    """What the run showed. ``stored`` should be ``accepted``; ``broken`` messages were answered, but not with words."""

    ratings: Timed
    messages: Timed
    stored: int = 0
    cases: int = 0
    broken: int = 0
    receipts: set[str] = field(default_factory=set)
    verified: bool = False
    cpu: dict[str, float] = field(default_factory=dict)  # seconds of serve, work and the load itself

    @property
    def clean(self) -> bool:
        one_sort = set(self.ratings.statuses) <= {303} and set(self.messages.statuses) <= {200}
        return one_sort and not self.broken and self.verified and self.stored == len(self.receipts) == self.ratings.sent


class Ratings:
    """Makes forms as browsers behind a proxy send them, no two alike, and keeps the receipts."""

    def __init__(self, paths: list[str], receipts: set[str]) -> None:
        self._paths, self._receipts, self._chance = paths, receipts, random.Random(2)
        self._comments = [quote(one) for one in _COMMENTS]

    def make(self, number: int) -> bytes:
        chance = self._chance
        comment = chance.choice(self._comments) if number % 4 == 0 else ""
        aspects = f"&aspects={chance.choice(_ASPECTS)}" if number % 3 == 0 else ""
        body = f"key={secrets.token_urlsafe(18)}&overall={chance.choice(_LEVELS)}&comment={comment}{aspects}"
        return (
            f"POST {chance.choice(self._paths)} HTTP/1.1\r\nHost: stars.example\r\nX-Forwarded-For: {address(number)}\r\n"
            "User-Agent: Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile\r\nAccept-Language: zh-CN,zh;q=0.9\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def take(self, _number: int, status: int, answer: bytes) -> None:
        if status == 303:
            at = answer.find(b"/r/")
            self._receipts.add(answer[at + 3 : at + 13].decode())


def address(number: int) -> str:
    """Another public one for each number, far enough from its neighbours."""
    spread = number * 2_654_435_761 % 2**24
    return f"36.{spread >> 16}.{spread >> 8 & 255}.{spread & 255}"


class Messages:
    """Genuine pushes of many people, encrypted and signed, and what was answered."""

    def __init__(self) -> None:
        self._chance, self._answers = random.Random(3), list[bytes]()

    def make(self, number: int) -> bytes:
        seconds, words = int(time.time()), self._chance.choice(_SAID)
        query, body = sealed(
            f"<xml><ToUserName><![CDATA[gh]]></ToUserName><FromUserName><![CDATA[o{self._chance.randrange(20_000):08d}]]>"
            f"</FromUserName><CreateTime>{seconds}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{words}]]>"
            f"</Content><MsgId>{10**17 + number}</MsgId></xml>",
            str(10**8 + number),
        )
        head = (
            f"POST /wechat?{urlencode(query)} HTTP/1.1\r\nHost: stars.example\r\nX-Forwarded-For: 101.226.103.61\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def take(self, _number: int, _status: int, answer: bytes) -> None:
        self._answers.append(answer.partition(b"\r\n\r\n")[2])

    def broken(self) -> int:
        """Answers that say nothing, or that something went wrong."""
        envelope, sorry = Envelope(AES_KEY, APP_ID), text("wechat.reply.failed")
        wrong = 0
        for one in self._answers:
            inner = envelope.open(str(xml.read(one)["Encrypt"])) if b"<Encrypt>" in one else b""
            wrong += not inner or sorry.encode() in inner
        return wrong


class Sides:
    """CPU seconds spent since the beginning by each side."""

    def __init__(self, groups: dict[str, int]) -> None:
        self._groups, self._began = groups, {name: cpu_seconds(pid) for name, pid in groups.items()}
        self._load = time.process_time()

    def spent(self) -> dict[str, float]:
        spent = {name: cpu_seconds(pid) - self._began[name] for name, pid in self._groups.items()}
        return {**spent, "load": time.process_time() - self._load}


async def _watched(loads: list[tuple[OpenLoop, float]], sides: Sides) -> None:
    """Run them together, and tell every ten seconds how it goes."""
    running = [asyncio.ensure_future(load.run(seconds)) for load, seconds in loads]
    seen, before, began = [0] * len(loads), sides.spent(), time.perf_counter()
    while not all(one.done() for one in running):
        await asyncio.wait(running, timeout=_PART)
        now = sides.spent()
        told = [_part(load.timed, since) for (load, _), since in zip(loads, seen, strict=True)]
        used = ", ".join(f"{name} {now[name] - before[name]:.1f}" for name in now)
        print(f"{time.perf_counter() - began:6.0f} s  {'  |  '.join(told)}  |  CPU s: {used}", flush=True)
        seen, before = [len(load.timed.seconds) for load, _ in loads], now
    for one in running:
        one.result()


def _part(timed: Timed, since: int) -> str:
    p50, p99, most = (timed.percentile(share, since) * 1000 for share in (0.5, 0.99, 1.0))
    wrong = {status: n for status, n in timed.statuses.items() if status not in {200, 303}}
    odd = f" {wrong}" if wrong else ""
    return f"{len(timed.seconds) - since:5} answered, p50 {p50:.0f} p99 {p99:.0f} max {most:.0f} ms{odd}"


def run(folder: Path, *, seconds: float, rate: float, messages: float, threads: int = 0) -> Outcome:
    """Start the product, send, stop, and compare what is stored with what was said."""
    platform = free_port()
    template = _CONFIG
    for name, value in (("APP_ID", APP_ID), ("TOKEN", TOKEN), ("AES_KEY", AES_KEY)):
        template = template.replace(name, value)
    template = template.replace("PLATFORM", f"http://127.0.0.1:{platform}")
    template = template.replace("THREADS", f"threads = {threads}" if threads else "")
    hospital = Hospital(folder, "sqlite", template=template)
    stand_in = _sandbox(folder, hospital, platform)
    try:
        hospital.start("serve")
        hospital.start("work")
        hospital.wait()
        outcome = _send(hospital, seconds, rate, messages)
    finally:
        hospital.stop()
        stand_in.terminate()
        stand_in.wait(20)
    tell_load(outcome, seconds)
    _compare(hospital, outcome)
    return outcome


def _sandbox(folder: Path, hospital: Hospital, port: int) -> "subprocess.Popen[bytes]":
    """WeChat and WeCom, without a look into the hospital's database."""
    own = folder / "platform.toml"
    own.write_text(hospital.config.read_text("utf-8").replace("stars.db", "platform.db") + _SANDBOX, "utf-8")
    command = [sys.executable, "-m", "feedback_app.cli.main", "--config", str(own), "sandbox", "--port", str(port)]
    with (folder / "platform.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


def _send(hospital: Hospital, seconds: float, rate: float, messages: float) -> Outcome:
    receipts: set[str] = set()
    forms, pushes = Ratings([f"/s/{code}" for code in hospital.printed], receipts), Messages()
    ratings = OpenLoop(hospital.port, rate, forms.make, forms.take)
    told = OpenLoop(hospital.port, messages, pushes.make, pushes.take, seed=4)
    sides = Sides({name: group.pid for name, group in hospital.groups.items()})
    asyncio.run(_watched([(ratings, seconds), (told, seconds)], sides))
    outcome = Outcome(ratings.timed, told.timed, broken=pushes.broken(), receipts=receipts)
    outcome.cpu = sides.spent()
    return outcome


def _compare(hospital: Hospital, outcome: Outcome) -> None:
    with opened(load(hospital.config)) as runtime, runtime.reading() as session:
        by_form = select(Rating.receipt).where(Rating.channel == "form", Rating.status != CANARY)
        stored = set(session.scalars(by_form))
        outcome.stored = len(stored) if outcome.receipts <= stored else -1
        outcome.cases = session.scalar(select(func.count()).select_from(Case)) or 0
    command = [sys.executable, "-m", "feedback_app.cli.main", "--config", str(hospital.config), "verify"]
    outcome.verified = subprocess.run(command, capture_output=True, check=False).returncode == 0


def baseline(folder: Path, *, seconds: float, rate: float) -> tuple[Timed, float]:
    """Bare Flask with one raw INSERT under the same load; and its CPU seconds."""
    with gunicorn("bench.rating_post:bare()", {"BARE_DATABASE": bare_table(folder, True)}) as (port, pid):
        forms = Ratings(["/rate"], set())
        loaded = OpenLoop(port, rate, forms.make)
        sides = Sides({"bare": pid})
        asyncio.run(_watched([(loaded, seconds)], sides))
        return loaded.timed, sides.spent()["bare"]


def tell(name: str, timed: Timed, seconds: float, cpu: float) -> None:
    p50, p99, most = (timed.percentile(share) * 1000 for share in (0.5, 0.99, 1.0))
    answered = Counter({status: n for status, n in timed.statuses.items() if n})
    print(
        f"{name:22} offered {timed.sent / seconds:.1f}/s ({timed.sent}), answers {dict(answered)}; p50 {p50:.1f} p99 {p99:.1f} "
        f"max {most:.0f} ms; {cpu / max(timed.sent, 1) * 1e6:.0f} µs CPU each"
    )


def tell_load(found: Outcome, seconds: float) -> None:
    tell("ratings", found.ratings, seconds, found.cpu["serve"])
    tell("messages of the bot", found.messages, seconds, 0.0)
    spent = ", ".join(f"{name} {value / seconds:.2f}" for name, value in found.cpu.items())
    made = found.ratings.connections + found.messages.connections
    print(f"cores used: {spent}; connections opened {made}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=500, help="ratings a second")
    parser.add_argument("--messages", type=float, default=15, help="of the official account, a second")
    parser.add_argument("--threads", type=int, default=0, help="of each web process; 0: as the product does")
    parser.add_argument("--baseline", type=float, default=60, help="seconds of the bare application; 0: none")
    parser.add_argument("--folder", type=Path, help="where the database is left; default: nowhere")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = chosen.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if chosen.baseline:
            bare, cpu = baseline(folder, seconds=chosen.baseline, rate=chosen.rate)
            tell("bare, one raw INSERT", bare, chosen.baseline, cpu)
        found = run(folder, seconds=chosen.seconds, rate=chosen.rate, messages=chosen.messages, threads=chosen.threads)
    print(
        f"accepted {len(found.receipts)}, rows {found.stored}, cases {found.cases}, messages without words {found.broken}, "
        f"verify {'clean' if found.verified else 'FOUND SOMETHING'}"
    )
    raise SystemExit(0 if found.clean else 1)


if __name__ == "__main__":
    main()
