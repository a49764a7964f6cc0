"""Two PostgreSQL nodes with synchronous replication, two application nodes, nginx before them, patients who rate. In each round
the primary is lost (SIGKILL) and the standby promoted, then one application node is killed; then both come back, with the roles of
the database nodes exchanged. Nothing acknowledged is lost or there twice.

python -m bench.failover [--rounds 5] [--seconds 8] [--patients 8] [--vanish]

Everything an operator does is done as docs/runbook/database-down.md says, at once: the seconds in which a person notices the loss
come on top. Patients whose answer was lost send the same form again. ``--vanish``: before the last round's kill the primary's
address leads nowhere any more, as when a machine loses its power: no connection is refused, nobody answers (root, ip).
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

import psycopg

from bench.measure import free_port
from bench.proxy import nginx
from bench.running import PATIENCE, ROOT, Patients, Product, children
from feedback_app.db.ratings import Rating
from feedback_app.services import verification
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests import postgres

_SETTINGS = """
max_connections = 100
wal_level = replica
max_wal_senders = 5
wal_keep_size = 256MB   # what pg_rewind reads, also after the old primary has put itself in order
wal_log_hints = on      # else pg_rewind refuses
hot_standby = on
wal_retrieve_retry_interval = 200ms
"""
AROUND = 2.0  # seconds after somebody was served again in which a second gap still belongs to the loss


@dataclass
class Pair:
    """A primary and its synchronous standby, each at an address of its own. Both keep on their disks what is acknowledged."""

    home: Path
    hosts: tuple[str, str] = ("127.0.0.2", "127.0.0.3")
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    primary: int = 0
    patience: int = 15  # seconds to connect: who is dead refuses at once, and a busy machine is slow

    def __post_init__(self) -> None:
        self._user = postgres.NOBODY if os.geteuid() == 0 else None
        if self._user:
            os.chown(self.home, self._user, self._user)
        self._programs: Path = postgres.programs_in(self.home)
        self._run("initdb", "-D", self._data(0), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        with (self._data(0) / "pg_hba.conf").open("a") as file:
            file.write("host all all 127.0.0.0/8 trust\nhost replication all 127.0.0.0/8 trust\n")
        with (self._data(0) / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS)
        self._start(0)
        self._run("pg_basebackup", "-d", self._upstream(0, 1), "-D", self._data(1), "-R", "-X", "stream", "-c", "fast")
        self._start(1)
        with self._asking(0) as connection:
            connection.execute("CREATE DATABASE stars")
        self.wait_for(1)

    @property
    def url(self) -> str:
        """Whichever of the two can be written to."""
        both = "&".join(f"host={host}:{port}" for host, port in zip(self.hosts, self.ports, strict=True))
        return f"postgresql://postgres@/stars?{both}&target_session_attrs=read-write&connect_timeout={self.patience}"

    @property
    def standby(self) -> int:
        return 1 - self.primary

    def kill(self, node: int) -> None:
        """All of its processes at once, as when the machine is gone."""
        master = int((self._data(node) / "postmaster.pid").read_text().splitlines()[0])
        for pid in (master, *children(master)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def promote(self) -> float:
        """The standby becomes the primary, and waits for no standby until there is one; seconds that took."""
        began = time.monotonic()
        self._run("pg_ctl", "-D", self._data(self.standby), "-w", "promote")
        self.primary = self.standby
        self._wait_for_nobody()
        return time.monotonic() - began

    def _wait_for_nobody(self) -> None:
        with self._asking(self.primary) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            connection.execute("SELECT pg_reload_conf()")

    def rejoin(self) -> None:
        """What was the primary follows the new one, and acknowledgements wait for both again."""
        old, new = self.standby, self.primary
        (self._data(old) / "postmaster.pid").unlink(missing_ok=True)
        source = (
            f"host={self.hosts[new]} port={self.ports[new]} user=postgres dbname=postgres application_name=node{old}"
        )
        self._run("pg_rewind", "-D", self._data(old), "--source-server", source, "-R", "--no-sync")
        self._start(old)
        self.wait_for(old)

    def wait_for(self, follower: int) -> None:
        """From here on nothing is acknowledged that ``follower`` has not on its disk."""
        with self._asking(self.primary) as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (node{follower})'".encode())
            connection.execute("SELECT pg_reload_conf()")
            ends = time.monotonic() + PATIENCE
            while connection.execute("SELECT sync_state FROM pg_stat_replication").fetchone() != ("quorum",):
                if time.monotonic() > ends:
                    raise TimeoutError((self.home / f"{follower}.log").read_text("utf-8")[-2000:])
                time.sleep(0.1)

    def stop(self) -> None:
        for node in (0, 1):
            command: list[str | Path] = [self._programs / "pg_ctl", "-D", self._data(node), "-m", "immediate", "stop"]
            subprocess.run(command, user=self._user, group=self._user, capture_output=True, cwd="/", check=False)

    def _data(self, node: int) -> Path:
        return self.home / f"node{node}"

    @contextmanager
    def _asking(self, node: int) -> Iterator[psycopg.Connection]:
        address = f"host={self.hosts[node]} port={self.ports[node]} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection

    def _upstream(self, node: int, follower: int) -> str:
        return f"host={self.hosts[node]} port={self.ports[node]} user=postgres application_name=node{follower}"

    def _start(self, node: int) -> None:
        options = f"-p {self.ports[node]} -c listen_addresses={self.hosts[node]} -c unix_socket_directories={self.home}"
        self._run("pg_ctl", "-D", self._data(node), "-o", options, "-l", self.home / f"{node}.log", "-w", "start")

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
            self.start_web(port)
        self._start("work", "work")

    def start_web(self, port: int) -> None:
        self._start(str(port), "serve", "--port", str(port), "--workers", "1")

    def kill(self, port: int) -> None:
        gone = self.running.pop(str(port))
        os.killpg(gone.pid, signal.SIGKILL)
        gone.wait()

    def stop(self) -> None:
        for process in self.running.values():
            with suppress(ProcessLookupError):
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
class Round:
    """Seconds. ``pause``: the longest in which nobody was acknowledged, around the loss of the primary and of a node."""

    how: str
    pauses: tuple[float, float]
    promotion: float
    by_step: tuple[int, int, int]  # acknowledged before, between and after the two losses


@dataclass(frozen=True)
class Outcome:
    acknowledged: int
    lost: int
    doubled: int
    refused: int
    problems: int
    rounds: Sequence[Round]
    longest_wait: float  # of one patient, from the first try to the receipt

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.problems)


@contextmanager
def _cluster(folder: Path, vanish: bool) -> Iterator[tuple[Pair, Nodes, Product]]:
    """Everything up, and the product as patients see it: behind the proxy."""
    home = Path(tempfile.mkdtemp(prefix="pair-"))
    pair = Pair(home, patience=2 if vanish else Pair.patience)
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


def failover(folder: Path, *, seconds: float, patients: int, rounds: int = 1, vanish: bool = False) -> Outcome:
    """Losses after one and after two thirds of each round's time."""
    with _cluster(folder, vanish) as (pair, nodes, product):
        people = Patients(product, count=patients)
        people.start()
        done = []
        try:
            _let(people, seconds / 3)  # caches are filled
            for number in range(rounds):
                last = number == rounds - 1
                made = _round(pair, nodes, people, seconds, gone=vanish and last)
                done.append(made)
                print(
                    f"  round {number + 1} ({made.how}): pause {made.pauses[0]:.2f} s when the primary went (promotion "
                    f"took {made.promotion:.2f} s), {made.pauses[1]:.2f} s when a node went; acknowledged "
                    + " / ".join(map(str, made.by_step)),
                    flush=True,
                )
                if not last:
                    nodes.start_web(nodes.ports[0])
                    pair.rejoin()
        finally:
            people.stop()
        return _compared(product, people, done)


def _round(pair: Pair, nodes: Nodes, people: Patients, seconds: float, *, gone: bool) -> Round:
    counts = [len(people.accepted)]
    with _unreachable_until_killed(pair, gone):
        _let(people, seconds / 3)
        counts.append(len(people.accepted))
        lost_at = time.monotonic()
        if gone:
            _route("add", pair.hosts[pair.primary])
        else:
            pair.kill(pair.primary)
        promotion = pair.promote()
        first = _pause(people, lost_at)
        _let(people, seconds / 3)
        counts.append(len(people.accepted))
        lost_at = time.monotonic()
        nodes.kill(nodes.ports[0])
        second = _pause(people, lost_at)
        _let(people, seconds / 3)
        counts.append(len(people.accepted))
    steps = tuple(after - before for before, after in pairwise(counts))
    return Round(
        "its address leads nowhere" if gone else "killed", (first, second), promotion, (steps[0], steps[1], steps[2])
    )


@contextmanager
def _unreachable_until_killed(pair: Pair, wanted: bool) -> Iterator[None]:
    """Before its address leads somewhere again the old primary is dead: it takes itself for the primary still."""
    old = pair.primary
    try:
        yield
    finally:
        if wanted:
            pair.kill(old)
            _route("del", pair.hosts[old])


def _route(what: str, host: str) -> None:
    """Packets to this address of our own vanish, or arrive again."""
    subprocess.run(["ip", "route", what, "blackhole", f"{host}/32", "table", "local"], check=True)


def _let(people: Patients, seconds: float) -> None:
    """Go on for so long, and until somebody was served at all."""
    ends, patience, known = time.monotonic() + seconds, time.monotonic() + PATIENCE, len(people.accepted)
    while time.monotonic() < ends or (len(people.accepted) == known and time.monotonic() < patience):
        time.sleep(0.05)


def _pause(people: Patients, lost_at: float) -> float:
    """The longest time without an acknowledgement, from the last one before the loss until service is steady again."""
    while not any(at > lost_at for at in people.moments[-50:]):
        if time.monotonic() - lost_at > PATIENCE:
            raise TimeoutError("nobody was served again")
        time.sleep(0.01)
    time.sleep(AROUND)
    moments = list(people.moments)
    around = [at for at in moments if at > lost_at]
    before = [at for at in moments if at <= lost_at][-1:] or [lost_at]
    return max(later - earlier for earlier, later in pairwise([*before, *around, time.monotonic()]))


def _compared(product: Product, people: Patients, rounds: Sequence[Round]) -> Outcome:
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
        rounds=rounds,
        longest_wait=max(people.waits, default=0.0),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--patients", type=int, default=8)
    parser.add_argument("--vanish", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = failover(
            Path(name), seconds=chosen.seconds, patients=chosen.patients, rounds=chosen.rounds, vanish=chosen.vanish
        )
    of_primary, of_node = ([one.pauses[n] for one in found.rounds] for n in (0, 1))
    print(
        f"{len(found.rounds)} rounds, acknowledged {found.acknowledged}: lost {found.lost}, doubled {found.doubled}, problems of "
        f"the evidence log {found.problems}; asked to send again {found.refused}; pause when the primary went: median "
        f"{median(of_primary):.2f} s, longest {max(of_primary):.2f} s; when a node went: median {median(of_node):.2f} s, longest "
        f"{max(of_node):.2f} s; the longest wait of one patient {found.longest_wait:.2f} s"
    )
    raise SystemExit(not found.clean)


if __name__ == "__main__":
    main()
