"""A flood through the real endpoint: many messages from few senders, and what grows with them.

The application as it is served, in one process, secure mode, the real bot. Senders take turns; the shared clock goes on by a
minute with each round, so most messages are heard; one in a thousand writes twenty times as fast and is held. Printed: memory
and the rows of every table that grew, at each tenth, after the nightly tidying of a week later too, and p99 of the last tenth
over that of the second one (in the first, caches fill).

python -m bench.flood [--messages 100000] [--senders 1000]
"""

import argparse
import logging
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select

from bench.callback import settings as callback_settings
from bench.callback_fuzz import sealed
from bench.measure import resident
from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.base import Base
from feedback_app.services import housekeeping, schema
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.people import directory

CROWD, FAST = 1_000, 20  # in each thousand, one writes in the place of twenty
TENTHS = 10
WORDS = (
    "给张伟医生5星，讲得很清楚", "3号收费窗口2分", "你好", "停车场在哪里", "4", "谢谢", "等了150分钟", "呜哩哇啦嘛呢", "我要评价", "取消",
    "护士态度很好", "满分", "抽血排队太久了", "我的投诉到哪了", "食堂怎么样", "1", "怎么挂号", "好的", "人工", "算了",
)  # fmt: skip


@dataclass
class Grown:
    """State after a part of the messages; times in seconds, memory in bytes."""

    messages: int
    memory: int
    p50: float
    p99: float


@dataclass
class Flooded:
    parts: list[Grown] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)  # tables that grew
    tidied: dict[str, int] = field(default_factory=dict)  # the same a week later
    refused: int = 0  # answers that were not 200
    silent: int = 0  # answers without words: held, after being told once
    database_bytes: int = 0

    @property
    def slower(self) -> float:
        """p99 of the last tenth over that of the second."""
        return self.parts[-1].p99 / self.parts[1].p99


def flood(messages: int, senders: int, folder: Path) -> Flooded:
    """On a fresh database in ``folder``."""
    given, shared = _settings(folder), folder / "clock"
    clock.move(shared, clock.system_clock())
    runtime = Runtime.open(given)
    schema.migrate(runtime.database, runtime.now())
    with runtime.transaction() as session:
        session.add_all(directory(runtime.now()))
    before, result = _rows(runtime), Flooded()
    client, size = create_app(given).test_client(), max(1, messages // TENTHS)
    for begin in range(0, messages, size):
        took = sorted(
            _send(client, shared, number, senders, result) for number in range(begin, min(begin + size, messages))
        )
        result.parts.append(
            Grown(begin + len(took), resident(), took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)])
        )
    result.rows = _more(before, _rows(runtime))
    result.database_bytes = (folder / "stars.db").stat().st_size
    with runtime.transaction() as session:
        housekeeping.sweep(session, runtime.now() + timedelta(days=7))
    result.tidied = _more(before, _rows(runtime))
    runtime.close()
    return result


def _settings(folder: Path) -> Settings:
    made = callback_settings(folder)
    sandbox = made.sandbox.model_copy(update={"enabled": True, "clock_file": str(folder / "clock")})
    return made.model_copy(update={"sandbox": sandbox})


def sender(number: int, senders: int) -> str:
    """Who writes the message with this number: in turns, and the fast ones twenty times in a row."""
    who = number % senders
    return f"o{who - who % CROWD if who % CROWD < FAST else who:07d}"


def _send(client: FlaskClient, shared: Path, number: int, senders: int, result: Flooded) -> float:
    if number % senders == 0:
        clock.move(shared, clock.file_clock(shared)() + timedelta(minutes=1))
    words = WORDS[(number * 7 + number // senders) % len(WORDS)]
    seconds = int(time.time())
    query, body = sealed(
        f"<xml><ToUserName><![CDATA[gh]]></ToUserName><FromUserName><![CDATA[{sender(number, senders)}]]></FromUserName>"
        f"<CreateTime>{seconds}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{words}]]></Content>"
        f"<MsgId>{10**17 + number}</MsgId></xml>",
        str(10**8 + number),
    )
    began = time.perf_counter()
    answered = client.post("/wechat", query_string=query, data=body, content_type="text/xml")
    took = time.perf_counter() - began
    result.refused += answered.status_code != 200
    result.silent += b"<Encrypt>" not in answered.data
    return took


def _rows(runtime: Runtime) -> dict[str, int]:
    with runtime.reading() as session:
        counted = {
            table.name: session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
        }
    return {name: number or 0 for name, number in counted.items()}


def _more(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in after.items() if number > before.get(name, 0)}


def main() -> None:
    parser: Any = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--senders", type=int, default=1_000)
    arguments, began = parser.parse_args(), time.monotonic()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        result = flood(arguments.messages, arguments.senders, Path(folder))
    for part in result.parts:
        print(
            f"{part.messages:9,} {part.memory / 2**20:7.1f} MiB  p50 {part.p50 * 1e3:6.2f} ms  p99 {part.p99 * 1e3:6.2f} ms"
        )
    print(f"p99 of the last tenth / of the second {result.slower:.2f}, {time.monotonic() - began:.0f} s in all")
    print(
        f"not answered with 200: {result.refused}; held without a word: {result.silent}; database {result.database_bytes / 2**20:.1f} MiB"
    )
    print("rows:", ", ".join(f"{name} {number:,}" for name, number in result.rows.items()))
    print("after a week's tidying:", ", ".join(f"{name} {number:,}" for name, number in result.tidied.items()))


if __name__ == "__main__":
    main()
