"""Goal G6: closing a month and reading its board over many stored ratings, against the same engine's scan of that month.

python -m bench.closing [--ratings 1000000] [--rounds 5] [--people 2000] [--windows 300] [--months 24] [--database sqlite]
python -m bench.closing --ratings 10000000 --database postgresql

One database is filled once, by the engine itself; every round measures the baseline and our own steps one after the other;
medians of the ratios, and the fastest of each, which a busy machine disturbs least. PostgreSQL is started for the measurement, with its stock settings.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, text

from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.db.schema import metadata_is_complete
from feedback_app.domain.cycles import month_period
from feedback_app.domain.periods import Month
from feedback_app.services import leaderboards, own_results, publications, star_facts, tallying
from feedback_app.settings import Settings
from tests import postgres

ZONE = ZoneInfo("Asia/Shanghai")
LAST = Month(2026, 10)
PERIOD = month_period(LAST)
NOW = LAST.ends(ZONE) + timedelta(seconds=1)
CATEGORIES = ("医师", "护理", "护理", "医技", "收费", "药学")
SCAN = (
    "SELECT service_point_id, count(*), sum(score), sum(CASE WHEN score = 5 THEN 1 ELSE 0 END) FROM ratings {plain} "
    "WHERE period = '{month}' GROUP BY service_point_id ORDER BY 1.0 * sum(score) / count(*) DESC, service_point_id"
)
NO_INDEX = ("enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan")
# Skewed to a few busy points; one in three verified; who rated is known for the last three months only, as it is kept.
FILL = (
    "INSERT INTO ratings (receipt, idempotency_key, service_point_id, score, answers, comment, answers_salt, "
    "answers_digest, language, channel, rater_hash, verified, verified_how, received_at, day, period, status, why_not, "
    "made_up, late{more}) SELECT 'R' || i, 'K' || i, {first} + CAST({points} * u * u - 0.5 AS INTEGER), "
    "CASE WHEN v < 0.78 THEN 5 WHEN v < 0.92 THEN 4 WHEN v < 0.97 THEN 3 WHEN v < 0.985 THEN 2 ELSE 1 END, "
    "'{{\"overall\": 5}}', CASE WHEN i % 20 = 0 THEN '讲得很清楚' ELSE '' END, '', '', 'zh', 'form', {rater}, "
    "i % 3 = 0, '', '{at}', '{day}', '{month}', 'counted', '', {true}, {false}{blank} FROM ({numbers}) AS made"
)
SQLITE_NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT {start} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {stop}) "
    "SELECT i, (random() & 1048575) / 1048576.0 AS u, (random() & 1048575) / 1048576.0 AS v FROM n"
)
POSTGRES_NUMBERS = "SELECT i, random() AS u, random() AS v FROM generate_series({start}, {stop} - 1) AS i"


def points(people: int, windows: int) -> Iterator[dict[str, Any]]:
    common = {"aliases": [], "status": "在岗", "changed_at": NOW}
    for number in range(people):
        category = CATEGORIES[number % len(CATEGORIES)]
        yield {"kind": "staff", "key": f"S{number}", "name": f"员工{number}", "category": category, **common}
    for number in range(windows):
        yield {"kind": "window", "key": f"W{number}", "name": f"{number}号窗口", "category": "收费", **common}


def fill(database: Database, count: int, people: int, windows: int, months: int) -> None:
    metadata_is_complete()
    with database.transaction() as session:
        Base.metadata.create_all(session.connection())
        session.execute(insert(ServicePoint), list(points(people, windows)))
    with database.transaction() as session:
        first = session.query(ServicePoint.id).order_by(ServicePoint.id).limit(1).scalar()
        _without_triggers(session.connection(), database.is_sqlite)
    each = count // months
    for number in range(months):
        month = LAST.shifted(number + 1 - months)
        values = {
            "first": first,
            "points": people + windows,
            "month": month,
            "day": f"{month}-15",
            "at": f"{month}-15 08:00:00",
            "rater": "NULL" if number < months - 3 else "'p' || i",
            "true": "TRUE",
            "false": "FALSE",
            **_whatever_else(),
        }
        numbers = SQLITE_NUMBERS if database.is_sqlite else POSTGRES_NUMBERS
        with database.transaction() as session:
            made = numbers.format(start=number * each, stop=(number + 1) * each)
            session.connection().execute(text(FILL.format(numbers=made, **values).replace(":", "\\:")))
    with database.transaction() as session:
        tallying.rebuild(session)
    _analyze(database)


def _whatever_else() -> dict[str, str]:
    """Columns that must have something and are not written above: all of them texts."""
    told = FILL.partition(" SELECT")[0]
    wanted = [
        one.name for one in Rating.__table__.columns if not one.nullable and one.name not in told and one.name != "id"
    ]
    return {"more": "".join(f", {name}" for name in wanted), "blank": ", ''" * len(wanted)}


def _without_triggers(connection: Connection, is_sqlite: bool) -> None:
    """Filling is not what is measured; the tallies are built at its end."""
    if is_sqlite:
        for what in ("insert", "update", "delete"):
            connection.execute(text(f"DROP TRIGGER ratings_{what}"))
    else:
        connection.execute(text("ALTER TABLE ratings DISABLE TRIGGER ratings_marked"))


def _analyze(database: Database) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"))


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _scan(database: Database) -> object:
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            for name in NO_INDEX:
                connection.execute(text(f"SET LOCAL {name} = off"))
        plain = "NOT INDEXED" if database.is_sqlite else ""
        return connection.execute(text(SCAN.format(month=LAST, plain=plain))).fetchall()


def board_of_the_month(session: Any) -> list[tuple[float, int]]:
    """Everybody of the month, sorted by mean: what the scan answers, from the counts kept ready."""
    found = []
    for (_, point_id), (plain, verified, _) in tallying.bodies(session, [str(LAST)]).items():
        (a, b, c, d, e), (f, g, h, i, j) = plain, verified
        stars = a + f + 2 * (b + g) + 3 * (c + h) + 4 * (d + i) + 5 * (e + j)
        found.append((-stars / (a + b + c + d + e + f + g + h + i + j), point_id))
    return sorted(found)


def steps(database: Database, point_id: int) -> dict[str, Callable[[], object]]:
    """What is measured; each opens its own transaction, as a door would."""

    def reading(work: Callable[[Any], object]) -> Callable[[], object]:
        def run() -> object:
            with database.reading() as session:
                return work(session)

        return run

    return {
        "board of the month, all, sorted": reading(board_of_the_month),
        "facts of three months": reading(lambda session: star_facts.facts_by_point(session, PERIOD, 3)),
        "whole closing (dry run)": reading(
            lambda session: leaderboards.preview(session, "monthly", PERIOD, now=NOW, zone=ZONE)
        ),
        "frozen board, every row": reading(lambda session: leaderboards.load(session, "monthly", PERIOD)),
        "public page, frozen": reading(lambda session: leaderboards.load(session, "monthly", PERIOD, public_only=True)),
        "one person's page": reading(lambda session: own_results.own_results(session, point_id)),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("ratings", 1_000_000), ("rounds", 5), ("people", 2000), ("windows", 300), ("months", 24)):
        options.add_argument(f"--{name}", type=int, default=default)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        database = Database(postgres.url_for(Path(folder)) if chosen.database == "postgresql" else url)
        took = timed(lambda: fill(database, chosen.ratings, chosen.people, chosen.windows, chosen.months))
        print(
            f"{chosen.database}: {chosen.ratings:,} ratings over {chosen.months} months made in {took:.0f} s",
            flush=True,
        )
        with database.transaction() as session:
            freeze = timed(lambda: leaderboards.close(session, "monthly", PERIOD, now=NOW, zone=ZONE))
        with database.transaction() as session:
            publish = timed(
                lambda: publications.publish(
                    session, "monthly", PERIOD, by="bench", now=NOW, settings=_settings(database)
                )
            )
        print(f"closing with its rows written: {freeze:.2f} s; publishing (nobody bound): {publish:.2f} s", flush=True)
        gc.collect()
        gc.freeze()  # what filling left behind is not walked through again in what is measured
        measure(database, chosen.rounds)
        database.close()


def measure(database: Database, rounds: int) -> None:
    with database.reading() as session:
        point_id = session.query(ServicePoint.id).filter_by(key="S0").scalar()
    work = steps(database, point_id)
    baseline: list[float] = []
    ours: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        baseline.append(timed(lambda: _scan(database)))
        for name, step in work.items():
            ours[name].append(timed(step))
    print(f"baseline, month scan without index: {sorted(baseline)[rounds // 2] * 1000:.1f} ms")
    for name, times in ours.items():
        print(
            f"{name}: {sorted(times)[rounds // 2] * 1000:.1f} ms; / month scan {percent(times, baseline)}; "
            f"fastest of each {min(times) * 1000:.1f} / {min(baseline) * 1000:.1f} ms = {100 * min(times) / min(baseline):.2f} %",
            flush=True,
        )


def percent(times: list[float], baseline: list[float]) -> str:
    """The median of the ratios of each round, in per cent, with its range."""
    shares = sorted(100 * one / other for one, other in zip(times, baseline, strict=True))
    return f"{shares[len(shares) // 2]:.2f} % [{shares[0]:.2f}-{shares[-1]:.2f}]"


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
