"""Goal G6: closing a month and reading its board, against a plain scan of that month by the same engine, SQLite.

python -m bench.closing [--ratings 200000] [--rounds 5] [--people 2000] [--windows 300] [--months 24]

One file is filled once; every round measures the baseline and our own steps one after the other; medians of the ratios.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert

from bench.measure import ratio
from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.db.schema import metadata_is_complete
from feedback_app.domain.cycles import month_period
from feedback_app.domain.periods import Month
from feedback_app.services import leaderboards, own_results, publications, star_facts
from feedback_app.services.awards import scheme
from feedback_app.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
LAST = Month(2026, 10)
PERIOD = month_period(LAST)
NOW = LAST.ends(ZONE) + timedelta(seconds=1)
CATEGORIES = ("医师", "护理", "护理", "医技", "收费", "药学")
SCAN = (
    "SELECT service_point_id, count(*), sum(score), sum(score = 5) FROM ratings NOT INDEXED WHERE period = '{month}' "
    "GROUP BY service_point_id ORDER BY 1.0 * sum(score) / count(*) DESC, service_point_id LIMIT 2000"
)


def points(people: int, windows: int) -> Iterator[dict[str, Any]]:
    common = {"aliases": [], "status": "在岗", "changed_at": NOW}
    for number in range(people):
        category = CATEGORIES[number % len(CATEGORIES)]
        yield {"kind": "staff", "key": f"S{number}", "name": f"员工{number}", "category": category, **common}
    for number in range(windows):
        yield {"kind": "window", "key": f"W{number}", "name": f"{number}号窗口", "category": "收费", **common}


def ratings(count: int, ids: list[int], months: int) -> Iterator[list[dict[str, Any]]]:
    """In order of time, skewed to a few busy points, one in six hundred by somebody who has rated there that day."""
    chance = random.Random(7)
    begin = LAST.shifted(1 - months).starts(ZONE)
    step = (LAST.ends(ZONE) - begin) / count
    batch: list[dict[str, Any]] = []
    for number in range(count):
        at = begin + number * step
        local = at.astimezone(ZONE)
        repeat = batch and chance.random() < 1 / 600
        batch.append(
            {
                "receipt": f"R{number}",
                "idempotency_key": f"K{number}",
                "service_point_id": batch[-1]["service_point_id"]
                if repeat
                else ids[int(len(ids) * chance.random() ** 1.7)],
                "score": max(1, 5 - int(chance.expovariate(1.1))),
                "answers": {"overall": 5},
                "comment": "讲得很清楚" if number % 20 == 0 else "",
                "language": "zh",
                "channel": "form",
                "rater_hash": batch[-1]["rater_hash"] if repeat else f"{chance.getrandbits(256):064x}",
                "received_at": at,
                "day": local.date(),
                "period": f"{local.year:04d}-{local.month:02d}",
                "status": "counted",
                "why_not": "",
                "made_up": True,
            }
        )
        if len(batch) == 20_000:
            yield batch
            batch = []
    if batch:
        yield batch


def fill(database: Database, count: int, people: int, windows: int, months: int) -> None:
    metadata_is_complete()
    with database.transaction() as session:
        Base.metadata.create_all(session.connection())
        session.execute(insert(ServicePoint), list(points(people, windows)))
        ids = [one for (one,) in session.query(ServicePoint.id).order_by(ServicePoint.id)]
    for batch in ratings(count, ids, months):
        with database.transaction() as session:
            session.execute(insert(Rating), batch)
    with database.transaction() as session:
        session.connection().exec_driver_sql("ANALYZE")


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _scan(connection: Connection) -> object:
    return connection.exec_driver_sql(SCAN.format(month=LAST)).fetchall()


def steps(database: Database, point_id: int) -> dict[str, Callable[[], object]]:
    """What is measured; each opens its own transaction, as a door would."""

    def reading(work: Callable[[Any], object]) -> Callable[[], object]:
        def run() -> object:
            with database.reading() as session:
                return work(session)

        return run

    return {
        "facts of three months": reading(
            lambda session: star_facts.gather(session, scheme(session, "monthly"), PERIOD)
        ),
        "whole closing (dry run)": reading(
            lambda session: leaderboards.preview(session, "monthly", PERIOD, now=NOW, zone=ZONE)
        ),
        "public page, frozen": reading(lambda session: leaderboards.load(session, "monthly", PERIOD, public_only=True)),
        "one person's page": reading(lambda session: own_results.own_results(session, point_id)),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    for name, default in (("ratings", 200_000), ("rounds", 5), ("people", 2000), ("windows", 300), ("months", 24)):
        options.add_argument(f"--{name}", type=int, default=default)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        took = timed(lambda: fill(database, chosen.ratings, chosen.people, chosen.windows, chosen.months))
        print(f"{chosen.ratings:,} ratings over {chosen.months} months made in {took:.0f} s")
        with database.transaction() as session:
            freeze = timed(lambda: leaderboards.close(session, "monthly", PERIOD, now=NOW, zone=ZONE))
        with database.transaction() as session:
            publish = timed(
                lambda: publications.publish(
                    session, "monthly", PERIOD, by="bench", now=NOW, settings=_settings(database)
                )
            )
        print(f"closing with its rows written: {freeze:.2f} s; publishing (nobody bound): {publish:.2f} s")
        measure(database, chosen.rounds)
        database.close()


def measure(database: Database, rounds: int) -> None:
    with database.reading() as session:
        point_id = session.query(ServicePoint.id).filter_by(key="S0").scalar()
    work = steps(database, point_id)
    baseline: list[float] = []
    ours: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        with database.engine.connect() as connection:
            baseline.append(timed(lambda: _scan(connection)))
        for name, step in work.items():
            ours[name].append(timed(step))
    print(f"baseline, month scan without index: {sorted(baseline)[rounds // 2] * 1000:.1f} ms")
    for name, times in ours.items():
        print(f"{name}: {sorted(times)[rounds // 2] * 1000:.1f} ms; / month scan {ratio(times, baseline)}")


def _settings(database: Database) -> Settings:
    contact = {"phone": "000", "place": "一楼", "hours": "8-17", "routes": "法院"}
    return Settings(
        hospital={"name": "青山医院"},  # type: ignore[arg-type]
        database={"url": str(database.url)},  # type: ignore[arg-type]
        complaints=contact,  # type: ignore[arg-type]
        security={"secret_key": "for-this-measurement-only-0123456789"},  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    main()
