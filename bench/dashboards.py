"""Goal: the first page of the dashboard over ten times as many ratings costs at most 1.3 times as much.

    python -m bench.dashboards [--ratings 1000000] [--rounds 15] [--units 40] [--points 400] [--months 12] [--database postgresql]

Two hospitals alike, one with ``--ratings`` and one with ten times as many in the same months, departments and service points,
filled by the engine itself and folded by the product. Each round fetches the whole page (sign-in, figures, charts, HTML) of
both, one after the other; medians of the processor time and of the ratio. Also printed: folding, the nightly comparison of a
month, and what the same four figures cost when they are read from the ratings.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import insert, text

from bench.closing import POSTGRES_NUMBERS, SQLITE_NUMBERS, _analyze, _without_triggers
from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.day_counts import PointDay
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain.periods import Month
from feedback_app.services import day_counts, schema
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON, database_url, settings_for
from tests.console import sign_in

LAST = Month(2026, 11)
TODAY = date(2026, 11, 20)
FILL = (
    "INSERT INTO ratings (receipt, idempotency_key, service_point_id, unit_id, score, answers, comment, channel, language, "
    "received_at, day, period, status, why_not, verified, made_up, late{more}) SELECT 'R' || i, 'K' || i, "
    "{first} + (i % {points}), 1 + (i % {points}) % {units}, "
    "CASE WHEN u < 0.78 THEN 5 WHEN u < 0.92 THEN 4 WHEN u < 0.97 THEN 3 WHEN u < 0.985 THEN 2 ELSE 1 END, "
    "'{{\"overall\": 5}}', '', CASE WHEN v < 0.9 THEN 'form' WHEN v < 0.97 THEN 'bot' ELSE 'paper' END, 'zh', "
    "{at}, {day}, '{month}', 'counted', '', FALSE, TRUE, FALSE{blank} "
    "FROM (SELECT *, (i / {points}) % {days} AS day FROM ({numbers}) AS made) AS dated"
)
SQLITE_DAY = "date('{month}-01', '+' || day || ' days')"
SQLITE_AT = SQLITE_DAY + " || ' ' || printf('%02d', CAST(v * 10 AS INTEGER)) || ':30:00.000000'"
POSTGRES_DAY = "(DATE '{month}-01' + CAST(day AS INTEGER))"
POSTGRES_AT = "(" + POSTGRES_DAY + " + make_interval(hours => CAST(v * 10 AS INTEGER), mins => 30)) AT TIME ZONE 'UTC'"
SCAN = (
    "SELECT count(*), sum(CASE WHEN score >= 4 THEN 1 ELSE 0 END), avg(25 * (score - 1)) FROM ratings WHERE period >= :month AND day >= :day "
    "AND status = 'counted'"
)


def points(units: int, count: int) -> Iterator[dict[str, Any]]:
    common = {"aliases": [], "status": "", "changed_at": NOON}
    for number in range(units):
        yield {"kind": "department", "key": f"U{number}", "name": f"科室{number}", "department_id": None, **common}
    for number in range(count):
        yield {
            "kind": "window",
            "key": f"W{number}",
            "name": f"{number}号窗口",
            "department_id": 1 + number % units,
            **common,
        }


def fill(runtime: Runtime, count: int, units: int, places: int, months: int) -> float:
    """Returns the seconds of folding it all."""
    schema.migrate(runtime.database, NOON)
    with runtime.transaction() as session:
        session.execute(insert(ServicePoint), list(points(units, places)))
        _without_triggers(session.connection(), runtime.database.is_sqlite)
    each, spent = count // months, 0.0
    for number in range(months):
        month = LAST.shifted(number + 1 - months)
        days = TODAY.day if month == LAST else 28
        sqlite = runtime.database.is_sqlite
        made = (SQLITE_NUMBERS if sqlite else POSTGRES_NUMBERS).format(start=number * each, stop=(number + 1) * each)
        told = {"first": units + 1, "points": places, "units": units, "month": month, "days": days, "numbers": made}
        told["day"] = (SQLITE_DAY if sqlite else POSTGRES_DAY).format(month=month)
        told["at"] = (SQLITE_AT if sqlite else POSTGRES_AT).format(month=month)
        with runtime.transaction() as session:
            session.execute(text(FILL.format(**told, **_whatever_else()).replace(":", "\\:")))
        started = time.perf_counter()
        with runtime.transaction() as session:
            day_counts.fold(session, marks(month, units, places, days))
        spent += time.perf_counter() - started
        print(f"  {month}: {(number + 1) * each:,} ratings", flush=True)
    _analyze(runtime.database)
    return spent


def marks(month: Month, units: int, places: int, days: int) -> list[PointDay]:
    first = date(month.year, month.number, 1)
    return [
        PointDay(str(month), point, first + timedelta(days=day))
        for day in range(days)
        for point in range(units + 1, units + places + 1)
    ]


def _whatever_else() -> dict[str, str]:
    told = FILL.partition(" SELECT")[0]
    wanted = [
        one.name for one in Rating.__table__.columns if not one.nullable and one.name not in told and one.name != "id"
    ]
    return {"more": "".join(f", {name}" for name in wanted), "blank": ", ''" * len(wanted)}


def opened(folder: Path, kind: str) -> Runtime:
    settings = settings_for(folder, database={"url": database_url(folder, kind)})
    clock.move(Path(settings.sandbox.clock_file), NOON)
    return Runtime.open(settings)


def page(client: FlaskClient) -> tuple[float, float]:
    """Milliseconds of processor and of the wall."""
    cpu, wall = time.process_time(), time.perf_counter()
    answer = client.get("/admin/figures")
    spent = 1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall)
    if answer.status_code != 200 or "%" not in answer.text:
        raise RuntimeError(f"the page was not made: {answer.status_code}")
    return spent


def scan(runtime: Runtime) -> float:
    started = time.perf_counter()
    first = TODAY - timedelta(days=27)
    with runtime.reading() as session:
        session.execute(text(SCAN), {"month": f"{first:%Y-%m}", "day": str(first)}).all()
    return 1000 * (time.perf_counter() - started)


def main(arguments: Sequence[str] | None = None) -> float:
    """The ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("ratings", 1_000_000), ("rounds", 15), ("units", 40), ("points", 400), ("months", 12)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    told = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        clients, runtimes = [], []
        for size in (told.ratings, 10 * told.ratings):
            where = Path(folder) / str(size)
            where.mkdir()
            runtime = opened(where, told.database)
            spent = fill(runtime, size, told.units, told.points, told.months)
            print(f"{size:,} ratings: folded in {spent:.1f} s ({size / spent:,.0f} a second)", flush=True)
            started = time.perf_counter()
            with runtime.reading() as session:
                wrong = day_counts.compare(session, str(LAST.shifted(-1)))
            print(f"  a month compared in {time.perf_counter() - started:.1f} s, {len(wrong)} days differ", flush=True)
            client = create_app(runtime.settings).test_client()
            sign_in(client, runtime, "director")
            page(client)
            clients.append(client)
            runtimes.append(runtime)
        rounds = [[page(client) for client in clients] for _ in range(told.rounds)]
        for place, size in enumerate((told.ratings, 10 * told.ratings)):
            cpu, wall = (statistics.median(one[place][what] for one in rounds) for what in (0, 1))
            print(
                f"{size:>12,}: page {cpu:.1f} ms CPU, {wall:.1f} ms; the range read from ratings {scan(runtimes[place]):.0f} ms"
            )
        ratio = statistics.median(one[1][0] / one[0][0] for one in rounds)
        print(f"first page, ten times as many ratings: x {ratio:.2f} (goal: at most 1.3)")
        for runtime in runtimes:
            runtime.close()
    return ratio


if __name__ == "__main__":
    main()
