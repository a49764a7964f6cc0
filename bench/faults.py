"""Pushes through four worker processes while the platform fails 30 % of calls in eight ways, tokens die at random, and
workers are killed with kill -9 and started again.

Each push is delivered once, or listed with its reason; no push is delivered twice; all processes together fetch at most one
token a second. The clock of all processes is moved ahead while everything only waits for its next try.

python -m bench.faults [--pushes 10000] [--workers 4] [--kills 20]
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import requests

from bench.callback import AES_KEY
from bots.sandbox.client import SandboxClient
from feedback_app import clock, settings
from feedback_app.db.outbox import OutboxMessage
from feedback_app.services import outbox, schema
from feedback_app.services.runtime import Runtime

ROOT = Path(__file__).parent.parent
KINDS = (
    "busy", "busy_done", "timeout_done", "bad_gateway", "slow", "text_errcode", "no_errcode", "token_invalidated",
)  # fmt: skip
SECONDS = {"slow": 1.0, "timeout_done": 11.0}  # a call waits 10 s for an answer
SHARE = 0.3
PURPOSE = "star_result"  # the hospital's IT is told of stuck deliveries by pushes of another purpose
_CONFIG = """
[hospital]
name = "青山医院"
[server]
base_url = "http://127.0.0.1:1"
[database]
url = "sqlite:///{folder}/stars.db"
[wechat]
enabled = true
app_id = "wx-faults"
app_secret = "faults-app-secret"
token = "faultstoken"
encoding_aes_key = "{aes_key}"
api_base = "{platform}"
open_base = "{platform}"
result_template = "tpl"
[wecom]
enabled = true
corp_id = "ww-faults"
agent_id = 1000002
secret = "faults-agent-secret"
api_base = "{platform}"
[complaints]
phone = "000"
place = "一楼"
hours = "8-17"
routes = "法院"
[sandbox]
enabled = true
clock_file = "{folder}/clock"
[security]
secret_key = "a-secret-for-benchmarks-only-0123456789"
"""


BEGIN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday morning in Shanghai: results go out in working hours only


@dataclass
class Result:
    pushes: int
    states: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    twice: int = 0
    sent_but_not_received: int = 0
    without_reason: int = 0
    fetches: int = 0
    most_fetches_in_a_second: int = 0
    closest_fetches: float = 0.0  # seconds between two of one account
    seconds: float = 0.0


def run(folder: Path, port: int, pushes: int, workers: int = 4, seed: int = 1, kills: int = 0) -> Result:
    """Everything on fresh ground in ``folder``; the sandbox listens on ``port``."""
    platform = f"http://127.0.0.1:{port}"
    config = folder / "config.toml"
    config.write_text(_CONFIG.format(folder=folder, aes_key=AES_KEY, platform=platform), "utf-8")
    runtime = Runtime.open(settings.load(config))
    clock.move(folder / "clock", BEGIN)
    schema.migrate(runtime.database, runtime.now())
    result, began = Result(pushes), time.monotonic()
    with processes(config, port) as running:
        phones = running.phones
        _fill(runtime, phones, pushes)
        for _ in range(workers):
            running.start("work")
        _Shaking(runtime, running, folder, random.Random(seed), pushes, kills, result).until_done()
        phones.clear_faults()
        _judge(runtime, phones, result)
    runtime.close()
    result.seconds = time.monotonic() - began
    return result


@dataclass
class Running:
    """The sandbox and the workers, each a process of its own."""

    config: Path
    phones: SandboxClient
    started: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    workers: list[int] = field(default_factory=list)

    def start(self, *words: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_STAR_")}
        environment["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-m", "feedback_app.cli.main", "--config", str(self.config), *words]
        folder = self.config.parent
        with (folder / f"{words[0]}.log").open("ab") as log:
            made = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        self.started[made.pid] = made
        if words[0] == "work":
            self.workers.append(made.pid)

    def kill_one(self, chance: random.Random) -> None:
        """As a power cut would; another one takes its place."""
        gone = self.workers.pop(chance.randrange(len(self.workers)))
        self.started[gone].kill()
        self.started.pop(gone).wait()
        self.start("work")

    def stop(self) -> None:
        for process in self.started.values():
            process.terminate()
        for process in self.started.values():
            process.wait(30)
        self.phones.close()


@contextmanager
def processes(config: Path, port: int) -> Iterator[Running]:
    running = Running(config, SandboxClient(f"http://127.0.0.1:{port}"))
    try:
        running.start("sandbox", "--port", str(port))
        _wait_for(running.phones)
        running.phones.template("tpl", {"thing1": "评选", "thing2": "结果"})
        yield running
    finally:
        running.stop()


def _wait_for(phones: SandboxClient) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            phones.counts()
            return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise TimeoutError("the sandbox did not start")


def _fill(runtime: Runtime, phones: SandboxClient, pushes: int) -> None:
    """One push for each member or patient, half by WeCom and half by template."""
    phones.members([{"userid": f"m{number}", "name": f"m{number}"} for number in range(0, pushes, 2)])
    for number in range(1, pushes, 2):
        phones.patient(f"o{number}")
    for kind in KINDS:
        phones.fault(kind, share=SHARE / len(KINDS), times=0, seconds=SECONDS.get(kind, 0.0))
    with runtime.transaction() as session:
        for number in range(pushes):
            member = number % 2 == 0
            outbox.put(
                session,
                dedupe_key=f"push-{number}",
                purpose=PURPOSE,
                channel="wecom" if member else "official_account",
                recipient=runtime.vault.seal(f"m{number}" if member else f"o{number}"),
                payload={"title": "本月结果", "text": f"第 {number} 条"},
                now=runtime.now(),
            )


STALLED = 15.0
PATIENCE = 1200.0
"""Real seconds without any change after which whoever still holds a message must be dead: no call takes as long."""


@dataclass
class _Shaking:
    """Revokes tokens, kills workers, and moves the time on while all wait; until nothing is open."""

    runtime: Runtime
    running: Running
    folder: Path
    chance: random.Random
    pushes: int
    kills: int
    result: Result
    _seen: Counter[str] = field(default_factory=Counter)
    _changed: float = field(default_factory=time.monotonic)

    def until_done(self) -> None:
        until = time.monotonic() + PATIENCE
        while self._look():
            if time.monotonic() > until:
                raise TimeoutError(f"still open after {PATIENCE / 60:.0f} minutes: {self._seen}")
            if self.chance.random() < 0.1:
                self.running.phones.another_system_renews(self.chance.choice(("wecom", "wechat")))
            time.sleep(0.15)

    def _look(self) -> bool:
        """Whether there is still something to do."""
        with self.runtime.reading() as session:
            rows = session.query(OutboxMessage.state, OutboxMessage.not_before).filter_by(purpose=PURPOSE).all()
        states = Counter(row.state for row in rows)
        held, now = states["leased"] + states["sending"], self.runtime.now()
        if not held + states["queued"]:
            return False
        self._kill_on_the_way(len(rows) - held - states["queued"])
        if states != self._seen:
            self._seen, self._changed = states, time.monotonic()
        due = [row.not_before for row in rows if row.state == "queued"]
        if due and min(due) > now and not held:
            clock.move(self.folder / "clock", min(min(due), now + timedelta(seconds=60)))
        elif held and time.monotonic() - self._changed > STALLED:  # the killed ones' messages: their lease runs out
            clock.move(self.folder / "clock", now + timedelta(seconds=61))
            self._changed = time.monotonic()
        return True

    def _kill_on_the_way(self, done: int) -> None:
        """Evenly over the run."""
        if self.result.kills < self.kills and done >= (self.result.kills + 1) * self.pushes // (self.kills + 1):
            self.running.kill_one(self.chance)
            self.result.kills += 1


def _judge(runtime: Runtime, phones: SandboxClient, result: Result) -> None:
    counts = phones.counts()
    received = counts.received
    _judge_fetches(list(counts.token_calls.values()), result)
    with runtime.reading() as session:
        for message in session.query(OutboxMessage).filter_by(purpose=PURPOSE):
            member = message.channel == "wecom"
            who = runtime.vault.unseal(message.recipient)
            got = received.get("userid" if member else "openid", {}).get(who, 0)
            result.states[message.state] += 1
            result.twice += got > 1
            result.sent_but_not_received += message.state == "sent" and got == 0
            result.without_reason += message.state != "sent" and not message.last_error


def _judge_fetches(accounts: list[list[float]], result: Result) -> None:
    """By the moments the platform itself wrote down: each account has its own token."""
    result.fetches = sum(map(len, accounts))
    result.most_fetches_in_a_second = max(sum(at <= other < at + 1 for other in one) for one in accounts for at in one)
    result.closest_fetches = min((b - a for one in accounts for a, b in pairwise(one)), default=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pushes", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--port", type=int, default=18_100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(Path(folder), arguments.port, arguments.pushes, arguments.workers, kills=arguments.kills)
    print(f"{result.pushes} pushes in {result.seconds:.0f} s, {result.kills} workers killed: {dict(result.states)}")
    print(
        f"received twice {result.twice}, sent but not received {result.sent_but_not_received}, not sent and without a "
        f"reason {result.without_reason}; {result.fetches} token fetches, at most {result.most_fetches_in_a_second} "
        f"of one account in a second, the closest two {result.closest_fetches:.2f} s apart"
    )


if __name__ == "__main__":
    main()
