"""A PostgreSQL that stays connected and answers nothing, under load, and answers again: nothing acknowledged is lost or there twice.

python -m bench.hanging [--seconds 30] [--patients 16] [--rounds 2]

A line between the product and its server stands still for so many seconds, as when its disk hangs. Beside it ``/healthz`` and
``/readyz`` are asked; afterwards nobody does anything, and it goes on.
"""

import argparse
import http.client
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.running import PATIENCE, Patients, Product
from feedback_app.db.ratings import Rating
from feedback_app.services import verification
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests import postgres
from tests.stalled import line


@dataclass
class Looks:
    """What was answered while the server stood still: seconds of ``/healthz``, statuses of ``/readyz``."""

    health: list[float] = field(default_factory=list)
    ready: Counter[int] = field(default_factory=Counter)
    again: list[float] = field(default_factory=list)  # seconds until the next receipt, from the moment it answers again


@dataclass(frozen=True)
class Outcome:
    acknowledged: int
    refused: int
    lost: int
    doubled: int
    problems: int
    looks: Looks

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.problems)


def hanging(folder: Path, *, seconds: float, patients: int, rounds: int = 1) -> Outcome:
    with line(postgres.url_for(folder, durable=True)) as (held, url):
        product, looks = Product(folder, postgres.KIND, url=url), Looks()
        people = Patients(product, count=patients)
        try:
            for name in ("serve", "work"):
                product.start(name)
            product.wait()
            people.start()
            for _ in range(rounds):
                _receipts(people, seconds=2)
                held.stop()
                _look(product.port, looks, seconds)
                held.go()
                looks.again.append(_receipts(people, seconds=0))
        finally:
            people.stop()
            product.stop()
        return _compared(product, people, looks)


def _receipts(people: Patients, *, seconds: float) -> float:
    """Until somebody got one, and for so long; seconds until the first."""
    began, known = time.monotonic(), len(people.accepted)
    while len(people.accepted) == known or time.monotonic() - began < seconds:
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError("nobody was served again")
        time.sleep(0.02)
    return people.moments[known] - began


def _look(port: int, looks: Looks, seconds: float) -> None:
    ends = time.monotonic() + seconds
    with ThreadPoolExecutor(1) as pool:
        ready = pool.submit(_readiness, port, ends)
        while time.monotonic() < ends:
            began = time.monotonic()
            if _status(port, "/healthz") != 200:
                raise RuntimeError("/healthz must answer as long as the process does")
            looks.health.append(time.monotonic() - began)
            time.sleep(0.2)
        looks.ready += ready.result()


def _readiness(port: int, ends: float) -> Counter[int]:
    found: Counter[int] = Counter()
    while time.monotonic() < ends:
        found[_status(port, "/readyz")] += 1
        time.sleep(0.2)
    return found


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def _compared(product: Product, people: Patients, looks: Looks) -> Outcome:
    with opened(load(product.config)) as runtime, runtime.reading() as session:
        keys = Counter(one.idempotency_key for one in session.query(Rating))
        receipts = {one.receipt for one in session.query(Rating)}
        found = verification.problems(session, runtime.vault, runtime.now())
        problems = sum(one.what != "entry_waiting" for one in found)
    lost = sum(receipt not in receipts for receipt in people.accepted.values())
    doubled = sum(count - 1 for count in keys.values())
    return Outcome(len(people.accepted), people.refused, lost, doubled, problems, looks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--patients", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = hanging(Path(name), seconds=chosen.seconds, patients=chosen.patients, rounds=chosen.rounds)
    looks = found.looks
    print(
        f"{chosen.rounds} times {chosen.seconds:.0f} s without an answer, {chosen.patients} patients: acknowledged "
        f"{found.acknowledged}, lost {found.lost}, doubled {found.doubled}, problems of the evidence log {found.problems}; asked to "
        f"send again {found.refused}; /healthz 200 {len(looks.health)} times, slowest {max(looks.health):.2f} s; /readyz "
        f"{dict(looks.ready)}; next receipt {max(looks.again):.2f} s after it answered again"
    )
    raise SystemExit(not found.clean)


if __name__ == "__main__":
    main()
