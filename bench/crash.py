"""Kill -9 under load, on both databases; a full disk; and whether every thank-you was written to the disk before it was said.

python -m bench.crash [--kills 200] [--acknowledged 20000] [--database sqlite|postgresql|both] [--full 40] [--traced 200]

60 % of the kills take everything at once (web master, its workers, the work process), 30 % one web worker, 10 % the master
alone. Patients whose answer was lost send the same form again. Afterwards, what is stored is compared with what was sent and
with what was acknowledged, and ``service-star verify`` must find nothing. PostgreSQL runs with fsync on.
"""

import argparse
import http.client
import os
import random
import secrets
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench.forking import Forge
from bench.running import Patients, Product, Sent, children, post
from bench.tracing import ASKED, FLUSHED, THANKED, Event, Tracer
from feedback_app.db.ratings import Rating
from feedback_app.services import verification
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests import postgres

SQLITE = "sqlite"
LONGEST_LOAD = 20.0  # seconds until the next kill, however slow the machine


@dataclass(frozen=True)
class Outcome:
    """What a run showed; every figure but the first two should be 0."""

    acknowledged: int
    kills: dict[str, int]
    lost: int
    doubled: int
    altered: int
    invented: int
    problems: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.altered or self.invented or self.problems)


def crash(
    folder: Path, kind: str, *, kills: int, acknowledged: int, seed: int = 1, count: int = 16, cold: bool = False
) -> Outcome:
    """``count`` patients at once. ``cold``: what was killed imports everything anew, as in a hospital; takes long."""
    dice, done, ready = random.Random(seed), Counter[str](), []
    product = Product(folder, kind, forge=None if cold else Forge())
    patients = Patients(product, count)
    for name in ("serve", "work"):
        product.start(name)
    product.wait()
    patients.start()
    try:
        while sum(done.values()) < kills:
            _let_pass(patients, len(patients.accepted) + dice.uniform(0, 2 * acknowledged / kills))
            time.sleep(dice.uniform(0, 0.1))  # else every kill would come right after an answer
            done[_kill(product, dice)] += 1
            ready.append(product.wait())
        while len(patients.accepted) < acknowledged:
            time.sleep(0.2)
    finally:
        patients.stop()
        product.stop()
    found = compare(product, patients, dict(done))
    slowest = f"ready again: median {median(ready):.1f} s, longest {max(ready):.1f} s" if ready else ""
    print(
        f"{kind}: {found}\n  {slowest}; {len(patients.attempted) - len(patients.accepted)} never answered", flush=True
    )
    return found


def _let_pass(patients: Patients, accepted: float) -> None:
    """Until so many have been thanked, so that the kills are spread over the whole run."""
    ends = time.monotonic() + LONGEST_LOAD
    while len(patients.accepted) < accepted and time.monotonic() < ends:
        time.sleep(0.01)


def _kill(product: Product, dice: random.Random) -> str:
    """Kill something as a power cut would; what. Whatever has no master any more is started again."""
    what = dice.choices(("all", "worker", "master"), (60, 30, 10))[0]
    serve = product.groups["serve"]
    if what == "worker":
        workers = product.web_workers()
        if workers:
            with suppress(ProcessLookupError):
                os.kill(dice.choice(workers), signal.SIGKILL)
            return what
    if what == "master":
        os.kill(serve.pid, signal.SIGKILL)
        serve.wait()
        product.start("serve")
        return what
    for name in ("serve", "work"):
        with suppress(ProcessLookupError):
            os.killpg(product.groups[name].pid, signal.SIGKILL)
        product.groups[name].wait()
    for name in ("serve", "work"):
        product.start(name)
    return "all"


def compare(product: Product, patients: Patients, kills: dict[str, int]) -> Outcome:
    """What is stored, against what was sent and what was acknowledged."""
    by_key = {f"form:{key}:": sent for key, sent in patients.attempted.items()}
    with opened(load(product.config)) as runtime, runtime.reading() as session:
        stored = [(one.idempotency_key, one.receipt, one.score, one.comment) for one in session.query(Rating)]
        later = runtime.now() + timedelta(seconds=1)
        problems = [one for one in verification.problems(session, runtime.vault, later) if one.what != "entry_waiting"]
    for problem in problems[:5]:
        print("  PROBLEM", problem)
    keys = Counter(key for key, *_ in stored)
    receipts = {key.split(":")[1]: receipt for key, receipt, *_ in stored}
    known = [by_key.get(key[: key.rindex(":") + 1]) for key, *_ in stored]
    return Outcome(
        acknowledged=len(patients.accepted),
        kills=kills,
        lost=sum(receipts.get(key) != receipt for key, receipt in patients.accepted.items()),
        doubled=sum(count - 1 for count in keys.values()) + len(stored) - len({receipt for _, receipt, *_ in stored}),
        altered=sum(
            sent is not None and (sent.level, sent.comment) != (score, comment)
            for sent, (_, _, score, comment) in zip(known, stored, strict=True)
        ),
        invented=sum(sent is None for sent in known),
        problems=len(problems),
    )


def full_disk(rounds: int) -> int:
    """SQLite on a small disk that is filled to the brim again and again; how many were thanked for what is not there."""
    with tempfile.TemporaryDirectory() as name, _small_disk(Path(name) / "disk") as disk:
        product = Product(disk, SQLITE, workers=1, places=2)
        product.start("serve")
        product.wait()
        thanked: dict[str, tuple[Sent, str]] = {}
        answers: Counter[int] = Counter()
        came_back = 0
        try:
            for number in range(rounds):
                _fill(disk)
                answers += _send(product, 12, number, thanked)
                (disk / "filler").unlink()
                back = _send(product, 2, number, thanked)
                came_back += back[303] == 2
                answers += back
        finally:
            product.stop()
        with opened(load(product.config)) as runtime, runtime.reading() as session:
            stored = {one.receipt: (one.score, one.comment) for one in session.query(Rating)}
            broken = [
                one
                for one in verification.problems(session, runtime.vault, runtime.now())
                if one.what != "entry_waiting"
            ]
        false = sum(stored.get(receipt) != (sent.level, sent.comment) for sent, receipt in thanked.values())
        print(
            f"full disk: {rounds} rounds, answers {dict(answers)}, thanked {len(thanked)}, false thanks {false}, "
            f"served again at once when there was room {came_back} of {rounds}, problems {len(broken)}",
            flush=True,
        )
        return false + len(broken) + (rounds - came_back) + (0 if answers[503] else 1)


def _send(product: Product, count: int, number: int, thanked: dict[str, tuple[Sent, str]]) -> Counter[int]:
    answers: Counter[int] = Counter()
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=30)
    for turn in range(count):
        sent = Sent(secrets.token_urlsafe(18), turn % 2, turn % 5 + 1, f"{number}/{turn} " + "满" * 300)
        status, receipt = post(connection, product.printed[sent.place], sent)
        answers[status] += 1
        if receipt:
            thanked[sent.key] = sent, receipt
    connection.close()
    return answers


@contextmanager
def _small_disk(place: Path) -> Iterator[Path]:
    """Needs root, for mounting."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def _fill(disk: Path) -> None:
    with (disk / "filler").open("ab", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"\0" * 4096)


def traced(folder: Path, kind: str, wanted: int) -> tuple[int, int]:
    """So many acknowledgements, each system call watched: how many were seen, and how many left before a flush had ended.

    Raises OSError where this machine does not let a process be watched.
    """
    product = Product(folder, kind, workers=1, forge=Forge())
    product.start("serve")
    product.wait()
    patients = Patients(product, count=1)  # one at a time: whatever was flushed in between was flushed for this one
    tracer = None
    try:
        tracer = Tracer([*product.web_workers(), *(_postgres_processes() if kind == postgres.KIND else ())])
        patients.start()
        ends = time.monotonic() + 300
        while len(patients.accepted) < wanted and time.monotonic() < ends:
            time.sleep(0.1)
    finally:
        patients.stop()
        if tracer is not None:
            tracer.stop()
        product.stop()
    seen, early = flushed_first(tracer.events)
    print(
        f"{kind}: {seen} acknowledgements watched, {early} sent before a flush between request and answer", flush=True
    )
    return seen, early


def flushed_first(events: Iterable[Event]) -> tuple[int, int]:
    """Acknowledgements, and those without a flush that began after the request came and ended before the answer left."""
    flushes: list[Event] = []
    asked: dict[tuple[int, int], float] = {}  # connection -> when its last request came
    seen = early = 0
    for event in events:
        if event.what == FLUSHED:
            flushes.append(event)
        elif event.what == ASKED:
            asked[event.connection] = event.at
        elif event.what == THANKED and event.connection in asked:
            seen += 1
            came = asked.pop(event.connection)
            early += not any(one.began >= came and one.at <= event.began for one in flushes[-200:])
    return seen, early


def _postgres_processes() -> list[int]:
    """The server of this process and what it has started."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and f"-p\0{postgres.server(durable=True)}\0" in (entry / "cmdline").read_text():
                found.append(int(entry.name))
    return [pid for master in found for pid in (master, *children(master))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--acknowledged", type=int, default=20_000)
    parser.add_argument("--database", choices=(SQLITE, postgres.KIND, "both"), default="both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cold", action="store_true", help="let each process import everything anew")
    parser.add_argument("--full", type=int, default=40)
    parser.add_argument("--traced", type=int, default=200)
    chosen = parser.parse_args()
    wrong = 0
    for kind in (SQLITE, postgres.KIND) if chosen.database == "both" else (chosen.database,):
        if chosen.traced:
            with tempfile.TemporaryDirectory() as name:
                seen, early = traced(Path(name), kind, chosen.traced)
                wrong += early + (seen == 0)
        if chosen.kills:
            with tempfile.TemporaryDirectory() as name:
                found = crash(
                    Path(name),
                    kind,
                    kills=chosen.kills,
                    acknowledged=chosen.acknowledged,
                    seed=chosen.seed,
                    cold=chosen.cold,
                )
                wrong += not found.clean or found.acknowledged < chosen.acknowledged
    if chosen.full:
        wrong += full_disk(chosen.full)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
