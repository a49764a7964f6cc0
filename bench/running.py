"""The product as it runs in a hospital, for measurements that kill it: web processes and a worker, on either database."""

import http.client
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from bench.forking import Forge, Forked
from bench.measure import free_port
from feedback_app.db.directory import ServicePoint
from feedback_app.services import codes, schema
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests import postgres

ROOT = Path(__file__).parent.parent
CONFIG = """
[hospital]
name = "青山医院"
[server]
base_url = "http://127.0.0.1:{port}"
workers = {workers}
[database]
url = "{url}"
[complaints]
phone = "000"
place = "一楼"
hours = "8-17"
routes = "法院"
[canary]
enabled = false
[limits]
ratings_per_minute = 100000
[security]
secret_key = "a-secret-for-the-bench-0123456789abcdef"
"""
PATIENCE = 120.0


@dataclass
class Product:
    """One small hospital. ``serve`` and ``work`` are process groups of their own, so that all of one dies at once."""

    folder: Path
    kind: str
    workers: int = 2
    places: int = 20
    template: str = CONFIG  # of the configuration: with {port}, {workers}, {url}
    port: int = field(default_factory=free_port)
    url: str = ""  # of the database; "": one of its own
    groups: dict[str, "subprocess.Popen[bytes] | Forked"] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)
    forge: Forge | None = None  # processes are copies of its; otherwise each one starts anew

    def __post_init__(self) -> None:
        url = self.url or f"sqlite:///{self.folder / 'stars.db'}"
        if self.kind == postgres.KIND and not self.url:
            url = postgres.url_for(self.folder, durable=True)
        self.config.write_text(self.template.format(port=self.port, url=url, workers=self.workers), "utf-8")
        now = datetime.now(UTC)
        with opened(load(self.config)) as runtime:
            schema.migrate(runtime.database, now)
            with runtime.transaction() as session:
                points = self.points(now)
                session.add_all(points)
                session.flush()
                self.printed = [codes.issue(session, runtime.vault, point, now).text or "" for point in points]

    def points(self, now: datetime) -> list[ServicePoint]:
        """What can be rated there."""
        return [ServicePoint(kind="window", key=f"W{n}", name=f"{n}号窗口", changed_at=now) for n in range(self.places)]

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def start(self, name: str) -> None:
        """``serve`` or ``work``; what ran under that name before must be dead."""
        more = ["--port", str(self.port)] if name == "serve" else []
        self.groups[name] = started(
            ["--config", str(self.config), name, *more], self.folder / f"{name}.log", self.forge
        )

    def stop(self) -> None:
        ended(self.groups.values(), self.forge)

    def web_workers(self) -> list[int]:
        """The processes that answer, without their master."""
        return children(self.groups["serve"].pid)

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait(self) -> float:
        """Until the web answers; how many seconds that took."""
        began = time.monotonic()
        while not self.is_ready():
            if time.monotonic() - began > PATIENCE:
                raise RuntimeError((self.folder / "serve.log").read_text("utf-8")[-3000:])
            if self.groups["serve"].poll() is not None:  # an orphan of the old master held the port a moment longer
                self.start("serve")
            time.sleep(0.02)
        return time.monotonic() - began


PROGRAM = ("feedback_app.cli.main",)


def started(
    arguments: Sequence[str], log: Path, forge: Forge | None = None, *, module: Sequence[str] = PROGRAM
) -> "subprocess.Popen[bytes] | Forked":
    """A command of the product as leader of a process group of its own, a copy of the forge's where there is one.

    ``module``: what is run instead of the program, with its own words before the arguments.
    """
    if forge is not None and module == PROGRAM:
        return forge.start(list(arguments), log)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SERVICE_STAR_")}
    with log.open("ab") as told:
        return subprocess.Popen(
            [sys.executable, "-m", *module, *arguments],
            stdout=told,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )


def ended(groups: Collection["subprocess.Popen[bytes] | Forked"], forge: Forge | None = None) -> None:
    """All of them, in order or after half a minute by force; then the forge."""
    for process in groups:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    for process in groups:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if forge is not None:
        forge.close()


def children(pid: int) -> list[int]:
    """Direct children of a process. Linux only."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


@dataclass(frozen=True)
class Sent:
    """One rating somebody tried to send, as often as it took."""

    key: str
    place: int
    level: int
    comment: str


@dataclass
class Patients:
    """Several threads that send ratings until stopped; a patient whose answer was lost sends the same form again."""

    product: Product
    count: int = 8
    attempted: dict[str, Sent] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)  # key -> receipt
    moments: list[float] = field(default_factory=list)  # of the monotonic clock, when somebody was acknowledged
    waits: list[float] = field(default_factory=list)  # seconds from the first try to the receipt
    refused: int = 0  # answers other than 303: nobody was thanked
    over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self.threads = [threading.Thread(target=self._send_all, args=(number,)) for number in range(self.count)]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _send_all(self, number: int) -> None:
        turn = 0
        connection = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=20)
        while not self.over.is_set():
            turn += 1
            sent = Sent(
                secrets.token_urlsafe(18), (number + turn) % self.product.places, turn % 5 + 1, f"{number}/{turn}"
            )
            self.attempted[sent.key], began = sent, time.monotonic()
            while not self.over.is_set():
                receipt, connection = self._once(connection, sent)
                if receipt:
                    self.accepted[sent.key] = receipt
                    self.moments.append(time.monotonic())
                    self.waits.append(self.moments[-1] - began)
                    break
                self.over.wait(0.05)
        connection.close()

    def _once(self, connection: http.client.HTTPConnection, sent: Sent) -> tuple[str, http.client.HTTPConnection]:
        try:
            status, receipt = post(connection, self.product.printed[sent.place], sent)
        except (OSError, http.client.HTTPException):
            connection.close()
            return "", http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=20)
        self.refused += status != 303
        return receipt, connection


_RECEIPT = re.compile(r"/r/([0-9A-Z]+)")


def post(connection: http.client.HTTPConnection, code: str, sent: Sent, **more: str) -> tuple[int, str]:
    """Send the form; the status, and the receipt where there is one. Raises OSError, HTTPException."""
    body = urlencode({"key": sent.key, "overall": str(sent.level), "comment": sent.comment, **more})
    connection.request("POST", f"/s/{code}", body, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    answer.read()
    found = _RECEIPT.search(answer.getheader("Location") or "") if answer.status == 303 else None
    return answer.status, found[1] if found else ""
