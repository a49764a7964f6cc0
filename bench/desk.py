"""The complaints desk with 10,000 open cases against the same pages of an empty hospital, SQLite, one process.

python -m bench.desk [--cases 10000] [--rounds 9]

Budget: the first page of the inbox takes at most 4 times, a search at most 4 times, one case at most 4 times as long as the
empty inbox. Pages are asked for in turn within each round; medians of the ratios are printed, and how many queries each takes.
"""

import argparse
import logging
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event

from bench.measure import ratio
from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.schema import metadata_is_complete
from feedback_app.services import complaints
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON, settings_for
from tests.console import sign_in
from tests.people import directory

BUDGET = 4.0
WORDS = ("排队", "等了", "两个小时", "态度", "不耐烦", "收费", "窗口", "叫号", "护士", "医生", "药房", "检查", "没人理", "厕所", "床单", "电梯", "停车", "开药", "解释", "退费")  # fmt: skip
PAGES = {
    "inbox": "/admin/complaints",
    "inbox, page 5": "/admin/complaints?page=5",
    "inbox of one department, overdue": "/admin/complaints?department=1&near=overdue",
    "search, two words": "/admin/complaints?q=%E5%8E%95%E6%89%80%20%E5%BA%8A%E5%8D%95",
    "search, one frequent word": "/admin/complaints?q=%E6%8E%92%E9%98%9F",
    "search, nothing found": "/admin/complaints?q=%E7%81%AB%E6%98%9F%E4%BA%BA",
    "one case": "/admin/complaints/T-2611-0001",
    "workload": "/admin/workload",
}


@contextmanager
def hospital(cases: int) -> Iterator[tuple[FlaskClient, Runtime]]:
    """Signed in as the complaints office of a hospital with that many open cases."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(Path(folder))
        clock.move(Path(settings.sandbox.clock_file), NOON)
        runtime = Runtime.open(settings)
        metadata_is_complete()
        with runtime.transaction() as session:
            Base.metadata.create_all(session.connection())
        with runtime.transaction() as session:
            session.add_all(directory(NOON))
        fill(runtime, cases)
        app = create_app(settings)
        app.testing = True
        client = app.test_client()
        sign_in(client, runtime, "office")
        yield client, runtime
        app.extensions["service_star"].close()
        runtime.close()


def fill(runtime: Runtime, cases: int) -> None:
    chance = random.Random(5)
    with runtime.reading() as session:
        ids = [one for (one,) in session.query(ServicePoint.id).order_by(ServicePoint.id)]
    for start in range(0, cases, 500):
        with runtime.transaction() as session:
            for number in range(start, min(start + 500, cases)):
                text = "，".join(chance.sample(WORDS, 6))
                filing = Filing(text, "form", f"bench {number}", point_id=ids[number % len(ids)], made_up=True)
                at = NOON - timedelta(minutes=3 * (cases - number))
                complaints.file(session, filing, zone=runtime.zone, now=at)
    with runtime.transaction() as session:
        session.connection().exec_driver_sql("ANALYZE")


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    assert work().status_code == 200
    return time.perf_counter() - started


def queries(runtime_app: FlaskClient, path: str) -> int:
    """How many statements a page takes."""
    engine, seen = runtime_app.application.extensions["service_star"].database.engine, []
    note = lambda *told: seen.append(told[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    runtime_app.get(path)
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def measure(cases: int, rounds: int) -> dict[str, float]:
    """Median ratio of each page to the empty inbox, printed on the way."""
    medians: dict[str, float] = {}
    with hospital(0) as (empty, _), hospital(cases) as (full, _runtime):
        baseline: list[float] = []
        ours: dict[str, list[float]] = {name: [] for name in PAGES}
        for path in PAGES.values():
            full.get(path)
        empty.get(PAGES["inbox"])
        for _ in range(rounds):
            baseline.append(timed(lambda: empty.get(PAGES["inbox"])))
            for name, path in PAGES.items():
                ours[name].append(timed(lambda path=path: full.get(path)))  # type: ignore[misc]
        base = queries(empty, PAGES["inbox"])
        print(f"{cases:,} open cases; empty inbox {statistics.median(baseline) * 1000:.1f} ms, {base} queries")
        for name, times in ours.items():
            medians[name] = statistics.median(a / b for a, b in zip(times, baseline, strict=True))
            verdict = "within" if medians[name] <= BUDGET else "OVER"
            n = queries(full, PAGES[name])
            print(f"{name}: {statistics.median(times) * 1000:.1f} ms, {n} queries; / empty inbox {ratio(times, baseline)} ({verdict} {BUDGET:g})")  # fmt: skip
    return medians


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=9)
    chosen = options.parse_args()
    logging.disable(logging.CRITICAL)
    medians = measure(chosen.cases, chosen.rounds)
    raise SystemExit(1 if max(medians.values()) > BUDGET else 0)


if __name__ == "__main__":
    main()
