"""Goal G3: many processes that write to one SQLite file without a pause: nobody is told "locked", nobody waits long.

python -m bench.contention [--processes 16] [--seconds 14]

Beside it, in the same run: the same writes with SQLite's own waiting (busy_timeout = 5 s).
"""

import argparse
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback_app.db import visits
from feedback_app.db.base import Base
from feedback_app.db.engine import Database
from feedback_app.db.schema import metadata_is_complete

MONTH = "2026-11"
Write = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    written: int
    locked: int
    worst: float  # seconds


def _ours(path: Path) -> Write:
    database = Database(f"sqlite:///{path}")

    def write(mark: str) -> None:
        database.together(lambda unit: visits.first(unit, mark, MONTH))

    return write


def _plain(path: Path) -> Write:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    connection.execute("PRAGMA synchronous=FULL")

    def write(mark: str) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("INSERT INTO nullifiers (mark, month) VALUES (?, ?)", (mark, MONTH))
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    return write


def _writer(path: Path, ours: bool, number: int, seconds: float, begin: Any, results: Any) -> None:
    write = (_ours if ours else _plain)(path)
    written = locked = 0
    worst = 0.0
    begin.wait()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        began = time.monotonic()
        try:
            write(f"{number}-{written}-{locked}")
            written += 1
        except Exception:
            locked += 1
        worst = max(worst, time.monotonic() - began)
    results.put((written, locked, worst))


def contention(path: Path, *, ours: bool, processes: int, seconds: float) -> Outcome:
    metadata_is_complete()
    made = Database(f"sqlite:///{path}")
    with made.transaction() as session:
        Base.metadata.create_all(session.connection())
    made.close()
    fresh = multiprocessing.get_context("spawn")
    begin, results = fresh.Barrier(processes), fresh.Queue()
    writers = [
        fresh.Process(target=_writer, args=(path, ours, number, seconds, begin, results)) for number in range(processes)
    ]
    for writer in writers:
        writer.start()
    told = [results.get(timeout=600) for _ in writers]
    for writer in writers:
        writer.join()
    with closing(sqlite3.connect(path)) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM nullifiers").fetchone()
    written = sum(one[0] for one in told)
    assert rows == written, (rows, written)
    return Outcome(written, sum(one[1] for one in told), max(one[2] for one in told))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=14)
    chosen = parser.parse_args()
    found = {}
    for ours in (False, True):
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "stars.db"
            found[ours] = contention(path, ours=ours, processes=chosen.processes, seconds=chosen.seconds)
    plain, queued = found[False], found[True]
    print(
        f"{chosen.processes} processes, {chosen.seconds:.0f} s: locked {queued.locked} (SQLite's own waiting {plain.locked}), "
        f"worst wait {queued.worst:.2f} s ({plain.worst:.2f} s): {queued.worst / plain.worst:.2f}, goal <= 0.10; "
        f"written {queued.written} ({plain.written})"
    )
    raise SystemExit(bool(queued.locked))


if __name__ == "__main__":
    main()
