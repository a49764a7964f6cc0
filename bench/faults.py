"""Pushes through several worker processes while the platform fails 30 % of calls in seven ways and answers oddly in others,
the daily quota runs out, tokens die at random, and workers are killed with kill -9 and started again.

Each push is delivered once, or listed with its reason; no push is delivered twice; all processes together fetch at most one
token a second. The clock of all processes is moved ahead while everything only waits for its next try.

The honest hard case is a connection that breaks off after the platform did what was asked. Where the platform shows a repeat
once (the WeCom application; a template within ten minutes) the push is repeated. Elsewhere nobody can know: it is listed as
"perhaps arrived", a person decides, and it is never sent again by itself.

python -m bench.faults [--pushes 10000] [--workers 6] [--kills 20]
"""

import argparse
import os
import random
import signal
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
from sqlalchemy import func, select

from bench.callback import AES_KEY
from bench.forking import Forge, Forked
from bench.measure import free_port
from bots.sandbox.client import SandboxClient
from feedback_app import clock, settings
from feedback_app.db.outbox import OutboxMessage
from feedback_app.services import outbox, reasons, schema
from feedback_app.services.runtime import Runtime

ROOT = Path(__file__).parent.parent
FAILURES = {
    "busy": 0.06, "busy_done": 0.05, "bad_gateway": 0.05, "cut": 0.06, "cut_done": 0.06, "timeout_done": 0.005, "token_invalidated": 0.015,
}  # fmt: skip
"""Of all calls; 0.3 together. A call waits 10 s for an answer that comes too late: few do, else the run is mostly waiting."""
ODD = {"slow": 0.01, "text_errcode": 0.02, "no_errcode": 0.02}  # done, said strangely
SECONDS = {"slow": 0.5, "timeout_done": 11.0}
QUOTAS = {"/cgi-bin/message/send": 3, "/cgi-bin/message/template/send": 1}  # how often 45009 is said
RENEWED = 0.02  # chance at each look that another system has renewed a token
PATIENCE = 1380.0  # seconds
TOLD_EVERY = 20.0
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
    """``states``: of the outbox, by channel. ``reasons``: why not sent -> how many."""

    pushes: int
    states: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    faults: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    kills: int = 0
    twice: int = 0
    sent_but_not_received: int = 0
    arrived_although_unsure: int = 0
    failed_but_received: int = 0
    without_reason: int = 0
    fetches: int = 0
    most_fetches_in_a_second: int = 0
    closest_fetches: float = 0.0  # seconds between two of one account
    seconds: float = 0.0

    def of(self, state: str) -> int:
        return sum(number for (_, one), number in self.states.items() if one == state)

    @property
    def clean(self) -> bool:
        told = self.of("sent") + self.of("unknown") + self.of("failed")
        wrong = (self.twice, self.sent_but_not_received, self.failed_but_received, self.without_reason)
        return told == self.pushes and not any(wrong)


def run(folder: Path, port: int, pushes: int, workers: int = 6, seed: int = 1, kills: int = 0) -> Result:
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
            running.start_worker()
        _Shaking(runtime, running, folder, random.Random(seed), pushes, kills, result).until_done()
        result.faults = phones.counts().faults
        phones.clear_faults()
        _judge(runtime, phones, result)
    runtime.close()
    result.seconds = time.monotonic() - began
    return result


@dataclass
class Running:
    """The sandbox and the workers, each a process of its own; workers are copies of one that has imported everything."""

    config: Path
    phones: SandboxClient
    forge: Forge = field(default_factory=Forge)
    sandbox: "subprocess.Popen[bytes] | None" = None
    workers: dict[int, Forked] = field(default_factory=dict)

    def start_sandbox(self, port: int) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_STAR_")}
        words = ["-m", "feedback_app.cli.main", "--config", str(self.config), "sandbox", "--port", str(port)]
        with (self.config.parent / "sandbox.log").open("ab") as log:
            self.sandbox = subprocess.Popen([sys.executable, *words], stdout=log, stderr=log, env=environment, cwd=ROOT)

    def start_worker(self) -> None:
        made = self.forge.start(["--config", str(self.config), "work"], self.config.parent / "work.log")
        self.workers[made.pid] = made

    def kill_one(self, chance: random.Random) -> None:
        """As a power cut would; another one takes its place."""
        gone = self.workers.pop(chance.choice(list(self.workers)))
        os.kill(gone.pid, signal.SIGKILL)
        gone.wait()
        self.start_worker()

    def stop(self) -> None:
        for worker in self.workers.values():
            os.kill(worker.pid, signal.SIGTERM)
        for worker in self.workers.values():
            worker.wait(60)
        self.forge.close()
        if self.sandbox is not None:
            self.sandbox.terminate()
            self.sandbox.wait(30)
        self.phones.close()


@contextmanager
def processes(config: Path, port: int) -> Iterator[Running]:
    running = Running(config, SandboxClient(f"http://127.0.0.1:{port}"))
    try:
        running.start_sandbox(port)
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
    for path, times in QUOTAS.items():
        phones.fault("quota", path=path, share=min(1.0, 200 / pushes), times=times)
    for kind, share in _independent({**FAILURES, **ODD}).items():
        phones.fault(kind, share=share, times=0, seconds=SECONDS.get(kind, 0.0))
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


def _independent(shares: dict[str, float]) -> dict[str, float]:
    """The platform throws a dice for one kind after the other; the shares of what the earlier ones leave over."""
    made, left = {}, 1.0
    for kind, share in shares.items():
        made[kind] = share / left
        left -= share
    return made


STALLED = 30.0
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
        began = time.monotonic()
        told = began
        while self._look():
            now = time.monotonic()
            if now - began > PATIENCE:
                raise TimeoutError(f"still open after {PATIENCE / 60:.0f} minutes: {self._seen}")
            if now - told > TOLD_EVERY:
                told = now
                print(f"  {now - began:4.0f} s, {self.result.kills} killed: {dict(self._seen)}", flush=True)
            if self.chance.random() < RENEWED:
                self.running.phones.another_system_renews(self.chance.choice(("wecom", "wechat")))
            time.sleep(0.1)

    def _look(self) -> bool:
        """Whether there is still something to do."""
        states, due, holders = self._standing()
        held, now = states["leased"] + states["sending"], self.runtime.now()
        if not held + states["queued"]:
            return False
        self._kill_on_the_way(states.total() - held - states["queued"])
        if states != self._seen:
            self._seen, self._changed = states, time.monotonic()
        if held == 0 and due is not None and due > now:
            clock.move(self.folder / "clock", due)
        elif held and (due is None or due > now) and self._nobody_sends(holders):  # their leases run out
            clock.move(self.folder / "clock", now + timedelta(seconds=61))
            self._changed = time.monotonic()
        return True

    def _standing(self) -> tuple[Counter[str], datetime | None, set[int]]:
        """Pushes by state, when the next one is due, and the processes that hold some."""
        ours = OutboxMessage.purpose == PURPOSE
        held = OutboxMessage.state.in_(("leased", "sending"))
        with self.runtime.reading() as session:
            counted = session.execute(
                select(OutboxMessage.state, func.count().label("number")).where(ours).group_by(OutboxMessage.state)
            ).all()
            due = session.scalar(
                select(func.min(OutboxMessage.not_before)).where(ours, OutboxMessage.state == "queued")
            )
            owners = session.scalars(select(OutboxMessage.lease_owner).where(ours, held).distinct()).all()
        return Counter({one.state: one.number for one in counted}), due, {int(one.split(":")[1]) for one in owners}

    def _nobody_sends(self, holders: set[int]) -> bool:
        """Only the dead hold messages; or somebody lives who has done nothing for longer than any call takes."""
        return not holders & set(self.running.workers) or time.monotonic() - self._changed > STALLED

    def _kill_on_the_way(self, done: int) -> None:
        """Evenly over the run."""
        if self.result.kills < self.kills and done >= (self.result.kills + 1) * self.pushes // (self.kills + 1):
            self.running.kill_one(self.chance)
            self.result.kills += 1


def _judge(runtime: Runtime, phones: SandboxClient, result: Result) -> None:
    counts = phones.counts()
    received = counts.received
    result.calls = sum(counts.calls.values())
    _judge_fetches(list(counts.token_calls.values()), result)
    with runtime.reading() as session:
        for message in session.query(OutboxMessage).filter_by(purpose=PURPOSE):
            member = message.channel == "wecom"
            who = runtime.vault.unseal(message.recipient)
            got = received.get("userid" if member else "openid", {}).get(who, 0)
            result.states[message.channel, message.state] += 1
            result.twice += got > 1
            result.sent_but_not_received += message.state == "sent" and got == 0
            result.arrived_although_unsure += message.state == "unknown" and got == 1
            result.failed_but_received += message.state == "failed" and got > 0
            if message.state != "sent":
                result.without_reason += not message.last_error
                result.reasons[reasons.words(message.last_error, "en")] += 1


def _judge_fetches(accounts: list[list[float]], result: Result) -> None:
    """By the moments the platform itself wrote down: each account has its own token."""
    result.fetches = sum(map(len, accounts))
    result.most_fetches_in_a_second = max(sum(at <= other < at + 1 for other in one) for one in accounts for at in one)
    result.closest_fetches = min((b - a for one in accounts for a, b in pairwise(one)), default=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pushes", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=6)
    parser.add_argument("--kills", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(Path(folder), free_port(), arguments.pushes, arguments.workers, kills=arguments.kills)
    tell(result)
    raise SystemExit(not result.clean)


def tell(result: Result) -> None:
    """The table of shown-by 6."""
    print(f"{result.pushes} pushes in {result.seconds:.0f} s, {result.calls} calls, {result.kills} workers killed")
    print(f"faults that happened: {result.faults}")
    print(f"{'channel':<20}{'delivered':>10}{'perhaps':>10}{'failed':>10}")
    for channel in sorted({channel for channel, _ in result.states}):
        row = [result.states[channel, state] for state in ("sent", "unknown", "failed")]
        print(f"{channel:<20}" + "".join(f"{number:>10}" for number in row))
    print(f"received twice {result.twice}; said to be sent but not received {result.sent_but_not_received}")
    print(f"said to have failed but received {result.failed_but_received}; not sent, no reason {result.without_reason}")
    print(
        f"listed as perhaps arrived: {result.of('unknown')}, of which the platform had shown {result.arrived_although_unsure}"
    )
    for reason, number in result.reasons.most_common():
        print(f"{number:>8}  {reason}")
    print(
        f"{result.fetches} token fetches, at most {result.most_fetches_in_a_second} of one account in a second, "
        f"the closest two {result.closest_fetches:.2f} s apart"
    )


if __name__ == "__main__":
    main()
