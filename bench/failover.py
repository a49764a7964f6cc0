"""Two PostgreSQL nodes with synchronous replication, two application nodes, nginx before them, patients who rate: the primary is
stopped and the standby promoted, then one application node is killed. Nothing acknowledged is lost or there twice.

python -m bench.failover [--seconds 20] [--patients 8]

Patients whose answer was lost send the same form again. The standby is promoted by this script, as a person or Patroni would.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from bench.measure import free_port
from bench.proxy import nginx
from bench.running import PATIENCE, ROOT, Patients, Product
from feedback_app.db.ratings import Rating
from feedback_app.services import verification
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests import postgres

STANDBY = "nodeb"


@dataclass
class Pair:
    """A primary and its synchronous standby. Both keep what is committed on their disks before it is acknowledged."""

    home: Path
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))

    def __post_init__(self) -> None:
        self._user = postgres.NOBODY if os.geteuid() == 0 else None
        if self._user:
            os.chown(self.home, self._user, self._user)
        self._programs: Path = postgres.programs_in(self.home)
        a, b = self.ports
        self._run("initdb", "-D", self._data(a), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self._start(a)
        where = f"host=127.0.0.1 port={a} user=postgres application_name={STANDBY}"
        self._run("pg_basebackup", "-d", where, "-D", self._data(b), "-R", "-X", "stream", "-c", "fast")
        self._start(b)
        with psycopg.connect(self._address(a, "postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ({STANDBY})'".encode())
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE stars")
            while connection.execute("SELECT sync_state FROM pg_stat_replication").fetchone() != ("quorum",):
                time.sleep(0.1)

    @property
    def url(self) -> str:
        """Whichever of the two can be written to."""
        a, b = self.ports
        both = f"host=127.0.0.1:{a}&host=127.0.0.1:{b}"
        return f"postgresql://postgres@/stars?{both}&target_session_attrs=read-write&connect_timeout=2"

    def lose_the_primary(self) -> None:
        """It goes without a word."""
        self._run("pg_ctl", "-D", self._data(self.ports[0]), "-m", "immediate", "stop")

    def promote_the_standby(self) -> None:
        """It has nobody to wait for now."""
        b = self.ports[1]
        self._run("pg_ctl", "-D", self._data(b), "-w", "promote")

    def stop(self) -> None:
        for port in self.ports:
            command: list[str | Path] = [self._programs / "pg_ctl", "-D", self._data(port), "-m", "immediate", "stop"]
            subprocess.run(command, user=self._user, group=self._user, capture_output=True, cwd="/", check=False)

    def _data(self, port: int) -> Path:
        return self.home / str(port)

    def _address(self, port: int, name: str) -> str:
        return f"host=127.0.0.1 port={port} user=postgres dbname={name}"

    def _start(self, port: int) -> None:
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.home} -c max_connections=100 "
            "-c wal_level=replica -c max_wal_senders=5 -c wal_keep_size=256 -c hot_standby=on"
        )
        if port == self.ports[1]:
            options += " -c synchronous_standby_names="
        self._run("pg_ctl", "-D", self._data(port), "-o", options, "-l", self.home / f"{port}.log", "-w", "start")

    def _run(self, name: str, *arguments: str | Path) -> None:
        command: list[str | Path] = [self._programs / name, *arguments]
        postgres.run(command, self._user)


@dataclass
class Nodes:
    """Two machines that serve, in truth two ports of this one, and one that works."""

    config: Path
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        for port in self.ports:
            self._start(str(port), "serve", "--port", str(port), "--workers", "1")
        self._start("work", "work")

    def kill(self, port: int) -> None:
        gone = self.running.pop(str(port))
        os.killpg(gone.pid, signal.SIGKILL)
        gone.wait()

    def stop(self) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.running.values():
            process.wait(60)

    def _start(self, name: str, *words: str) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SERVICE_STAR_")}
        with (self.config.parent / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "feedback_app.cli.main", "--config", str(self.config), *words],
                stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, env=environment, start_new_session=True,
            )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """``pauses``: seconds from each loss until somebody was acknowledged again."""

    acknowledged: int
    lost: int
    doubled: int
    refused: int
    problems: int
    pauses: tuple[float, float]
    by_step: tuple[int, int, int]  # acknowledged before, between and after the two losses


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[Pair, Nodes, Product]]:
    """Everything up, and the product as patients see it: behind the proxy."""
    home = Path(tempfile.mkdtemp(prefix="pair-"))
    pair = Pair(home)
    try:
        nodes = Nodes(folder / "config.toml")
        with nginx(folder, nodes.ports) as port:
            product = Product(folder, postgres.KIND, port=port, url=pair.url)
            nodes.start()
            product.groups["serve"] = nodes.running[str(nodes.ports[0])]
            try:
                product.wait()
                yield pair, nodes, product
            finally:
                nodes.stop()
    finally:
        pair.stop()


def failover(folder: Path, *, seconds: float, patients: int) -> Outcome:
    """Losses after one and after two thirds of the time."""
    with _cluster(folder) as (pair, nodes, product):
        people = Patients(product, count=patients)
        people.start()
        try:
            before = _let(people, seconds / 3)
            lost_at = time.monotonic()
            pair.lose_the_primary()
            pair.promote_the_standby()
            first = _until_next(people, lost_at)
            between = _let(people, seconds / 3)
            lost_at = time.monotonic()
            nodes.kill(nodes.ports[0])
            second = _until_next(people, lost_at)
            after = _let(people, seconds / 3)
        finally:
            people.stop()
        steps = (before, between - before, after - between)
        return _compared(product, people, (first, second), steps)


def _let(people: Patients, seconds: float) -> int:
    """Go on for so long, and until somebody was served at all; how many were acknowledged by then."""
    ends, patience, known = time.monotonic() + seconds, time.monotonic() + PATIENCE, len(people.accepted)
    while time.monotonic() < ends or (len(people.accepted) == known and time.monotonic() < patience):
        time.sleep(0.05)
    return len(people.accepted)


def _until_next(people: Patients, began: float) -> float:
    """Seconds since ``began`` until somebody is acknowledged again."""
    known = len(people.accepted)
    while len(people.accepted) == known:
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError("nobody was served again")
        time.sleep(0.01)
    return time.monotonic() - began


def _compared(product: Product, people: Patients, pauses: tuple[float, float], steps: tuple[int, int, int]) -> Outcome:
    with opened(load(product.config)) as runtime, runtime.reading() as session:
        keys = Counter(one.idempotency_key.split(":")[1] for one in session.query(Rating))
        receipts = {one.receipt for one in session.query(Rating)}
        problems = [
            one for one in verification.problems(session, runtime.vault, runtime.now()) if one.what != "entry_waiting"
        ]
    return Outcome(
        acknowledged=len(people.accepted),
        lost=sum(receipt not in receipts for receipt in people.accepted.values()),
        doubled=sum(count - 1 for count in keys.values()),
        refused=people.refused,
        problems=len(problems),
        pauses=pauses,
        by_step=steps,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--patients", type=int, default=8)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = failover(Path(name), seconds=chosen.seconds, patients=chosen.patients)
    print(
        f"acknowledged {found.acknowledged} ({found.by_step[0]} before, {found.by_step[1]} on the promoted standby, "
        f"{found.by_step[2]} on one node): lost {found.lost}, doubled {found.doubled}, problems of the evidence log {found.problems}; "
        f"asked to send again {found.refused}; pause {found.pauses[0]:.2f} s when the primary went, {found.pauses[1]:.2f} s when a node went"
    )
    raise SystemExit(bool(found.lost or found.doubled or found.problems))


if __name__ == "__main__":
    main()
