"""What a rating costs and what grows with their number: bytes, processor time and waiting at each size (docs/scale.md).

    python -m bench.growth [--sizes 100000 1000000 10000000] [--months 36] [--units 40] [--points 400] [--folder DIR] [--backup 1500]

For each size a hospital of its own is filled by the engine itself with rows as the product writes them (random receipts, keys,
salts and hashes; a fifth with words; evidence entries with their tree; one-time marks of the last two months), then the product
works on it: lone ratings over its whole web application, opening the form, a board's preview, the dashboard's first page, and,
up to ``--backup`` megabytes, a backup and its restore. Filled leaves are random: ``verify`` would rightly refuse them. Counts
behind boards and dashboards are folded for the last three months, which is what those pages read.

With ``--postgresql N`` also: N ratings on a real PostgreSQL, with the bytes it writes ahead and keeps.
"""

import argparse
import secrets
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import insert, text

from bench.dashboards import LAST, TODAY, marks, page, points
from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db import tally_marks
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.cycles import Period
from feedback_app.services import backups, codes, day_counts, leaderboards, questionnaires, schema, tallying
from feedback_app.services.runtime import Runtime
from tests import postgres
from tests.conftest import NOON, settings_for
from tests.console import sign_in

FOLDED = 3  # months
LONE = 300
NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT {start} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {stop}) "
    "SELECT i, abs(random()) % 1000 AS u, abs(random()) % 1000 AS v, abs(random()) % {points} AS p, {first} + abs(random()) % {days} AS d FROM n"
)
RATINGS = """
INSERT INTO ratings (receipt, idempotency_key, service_point_id, code_id, questionnaire_version_id, unit_id, score, answers, comment,
 answers_salt, answers_digest, language, channel, device_hash, network_hash, staff_sign, verified, verified_how, received_at, day,
 period, status, why_not, made_up, late)
SELECT substr(hex(randomblob(5)), 1, 10), 'form:' || substr(hex(randomblob(12)), 1, 24) || ':' || ({units} + 1 + p), {units} + 1 + p,
 NULL, 1, 1 + p % {units}, CASE WHEN u < 780 THEN 5 WHEN u < 920 THEN 4 WHEN u < 970 THEN 3 WHEN u < 985 THEN 2 ELSE 1 END,
 '{{"overall": 5, "attitude": 5, "waiting": 4, "clear": 5' || CASE WHEN v < 200 THEN ', "comment": "护士很耐心，就是等的时间有点长，希望快一些"' ELSE '' END || '}}',
 CASE WHEN v < 200 THEN '护士很耐心，就是等的时间有点长，希望快一些' ELSE '' END,
 lower(hex(randomblob(16))), lower(hex(randomblob(32))), 'zh', CASE WHEN v < 900 THEN 'form' ELSE 'bot' END, lower(hex(randomblob(32))),
 CASE WHEN v < 500 THEN lower(hex(randomblob(32))) END, '', v % 5 = 0, CASE WHEN v % 5 = 0 THEN 'slip' ELSE '' END,
 date('{month}-01', '+' || (d - 1) || ' days') || ' ' || printf('%02d', v % 10) || ':30:00.000000', date('{month}-01', '+' || (d - 1) || ' days'),
 '{month}', 'counted', '', 0, 0 FROM ({numbers})
"""
EVIDENCE = """
INSERT INTO evidence (position, kind, subject, shown, salt, hidden, leaf, written_at)
SELECT id - 1, 'rating', 'rating:' || receipt, '{"receipt": "' || receipt || '", "for": "window:W' || service_point_id || '", "month": "' || period || '"}',
 lower(hex(randomblob(16))), lower(hex(randomblob(32))), lower(hex(randomblob(32))), received_at FROM ratings WHERE id > ?
"""
NODES = (
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count) "
    "INSERT INTO evidence_nodes (level, place, hash) SELECT :level, i, lower(hex(randomblob(32))) FROM n"
)
MARKS = "INSERT INTO nullifiers (mark, month) SELECT lower(hex(randomblob(32))), period FROM ratings, (SELECT 1 UNION ALL SELECT 2) WHERE period = ?"


def fill(runtime: Runtime, count: int, units: int, places: int, months: int) -> None:
    """Ratings of ``months`` months, evidence and marks, by SQLite itself; without a journal, because nobody would miss it."""
    schema.migrate(runtime.database, NOON)
    with runtime.transaction() as session:
        questionnaires.install_presets(session, NOON)
        session.execute(insert(ServicePoint), list(points(units, places)))
    path = runtime.database.url.database or ""
    runtime.database.engine.dispose()
    started = time.perf_counter()
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-3000000", "temp_store=MEMORY"):
            raw.execute(f"PRAGMA {pragma}")
        for what in ("insert", "update", "delete"):
            raw.execute(f"DROP TRIGGER ratings_{what}")
        each = count // months
        for number in range(months):
            month = LAST.shifted(number + 1 - months)
            told = {"start": number * each, "stop": (number + 1) * each, "points": places, "first": 1}
            numbers = NUMBERS.format(**told, days=TODAY.day if month == LAST else 28)
            (before,) = raw.execute("SELECT coalesce(max(id), 0) FROM ratings").fetchone()
            raw.execute(RATINGS.format(month=month, units=units, numbers=numbers))
            raw.execute(EVIDENCE, (before,))
            if number >= months - 2:
                raw.execute(MARKS, (str(month),))
        level, left = 0, each * months
        while left:
            raw.execute(NODES, {"level": level, "count": left})
            level, left = level + 1, left // 2
        raw.execute("ANALYZE")
        raw.execute("PRAGMA journal_mode=WAL")
    with runtime.transaction() as session:
        tally_marks.make_triggers_anew(session.connection())
    print(f"{each * months:,} ratings written in {time.perf_counter() - started:.0f} s", flush=True)


def fold(runtime: Runtime, units: int, places: int, months: int) -> None:
    started = time.perf_counter()
    for back in range(min(FOLDED, months)):
        month = LAST.shifted(-back)
        wanted = marks(month, units, places, TODAY.day if month == LAST else 28)
        with runtime.transaction() as session:
            day_counts.fold(session, wanted)
            keys = {(str(month), one.point_id) for one in wanted}
            tally_marks.store(session, tallying.count(session, keys))
    print(f"  the last {FOLDED} months folded in {time.perf_counter() - started:.0f} s", flush=True)


def sizes(runtime: Runtime) -> float:
    """Print bytes on disk of each table with its indexes; all of them together."""
    with closing(sqlite3.connect(runtime.database.url.database or "")) as raw:
        (ratings,) = raw.execute("SELECT count(*) FROM ratings").fetchone()
        query = (
            "SELECT s.tbl_name, sum(b.pgsize) FROM (SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE) b "
            "JOIN sqlite_schema s ON s.name = b.name GROUP BY 1 ORDER BY 2 DESC LIMIT 6"
        )
        for table, size in raw.execute(query):
            print(f"  {table:>16} {size / 2**20:10,.0f} MB {size / ratings:8.0f} bytes a rating", flush=True)
    whole = Path(runtime.database.url.database or "").stat().st_size
    print(f"  {'all':>16} {whole / 2**20:10,.0f} MB {whole / ratings:8.0f} bytes a rating", flush=True)
    return whole


def timed(what: str, times: int, work: Callable[[], object]) -> float:
    """Print medians and the slowest; the median of the processor's milliseconds."""
    cpu, wall = [], []
    for _ in range(times):
        begun, started = time.process_time(), time.perf_counter()
        work()
        cpu.append(1000 * (time.process_time() - begun))
        wall.append(1000 * (time.perf_counter() - started))
    told = f"median {statistics.median(cpu):.2f} ms CPU, {statistics.median(wall):.2f} ms; slowest {max(wall):.1f} ms"
    print(f"  {what:<28} {told}", flush=True)
    return statistics.median(cpu)


def rate(client: FlaskClient, code: str) -> None:
    fields = {"key": secrets.token_urlsafe(18), "overall": secrets.choice("12345"), "comment": ""}
    if client.post(f"/s/{code}", data=fields).status_code != 303:
        raise RuntimeError("a rating was not accepted")
    client.delete_cookie("device")


def work(runtime: Runtime, folder: Path, most_backup: float) -> None:
    """The product on what was filled."""
    with runtime.transaction() as session:
        window = session.query(ServicePoint).filter_by(key="W7").one()
        code = codes.issue(session, runtime.vault, window, NOON).text or ""
    app = create_app(runtime.settings)
    client = app.test_client()
    timed("form, the first", 1, lambda: client.get(f"/s/{code}"))
    timed("form, kept", 100, lambda: client.get(f"/s/{code}"))
    log = Path(f"{runtime.database.url.database}-wal")
    rate(app.test_client(), code)
    before, begun = log.stat().st_size, time.perf_counter()
    timed("rating, alone", LONE, lambda: rate(app.test_client(), code))
    if log.stat().st_size > before:
        written = (log.stat().st_size - before) / LONE / 1024
        print(f"  {'':<28} {written:.1f} KB of WAL a lone rating, {LONE / (time.perf_counter() - begun):.0f} a second")
    with runtime.reading() as session:
        timed("board, preview", 5, lambda: leaderboards.preview(session, "monthly", Period.parse(str(LAST)), now=NOON, zone=runtime.zone))  # fmt: skip
    sign_in(client, runtime, "director")
    page(client)
    timed("dashboard, first page", 10, lambda: page(client))
    whole = Path(runtime.database.url.database or "").stat().st_size / 2**20
    if whole <= most_backup:
        started = time.perf_counter()
        taken = backups.take(runtime.database, folder / "copy.backup", runtime.vault, NOON)
        spent = time.perf_counter() - started
        started = time.perf_counter()
        backups.restore(folder / "copy.backup", folder / "again.db", runtime.vault)
        print(
            f"  backup {taken.bytes / 2**20:,.0f} MB in {spent:.1f} s ({whole / spent:.0f} MB a second), restored and compared in "
            f"{time.perf_counter() - started:.1f} s",
            flush=True,
        )
    app.extensions["service_star"].close()


def on_postgresql(count: int) -> None:
    """Bytes that PostgreSQL writes ahead, and keeps, for each of ``count`` ratings."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime.open(
            settings_for(Path(folder), database={"url": postgres.url_for(Path(folder), durable=True)})
        )
        clock.move(Path(runtime.settings.sandbox.clock_file), NOON)
        schema.migrate(runtime.database, NOON)
        with runtime.transaction() as session:
            questionnaires.install_presets(session, NOON)
            session.execute(insert(ServicePoint), list(points(4, 40)))
            window = session.query(ServicePoint).filter_by(key="W7").one()
            code = codes.issue(session, runtime.vault, window, NOON).text or ""
        app = create_app(runtime.settings)
        rate(app.test_client(), code)

        def told(question: str) -> int:
            with runtime.reading() as session:
                return int(session.execute(text(question)).scalar() or 0)

        at, size = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')", "SELECT pg_database_size(current_database())"
        log, kept = told(at), told(size)
        print(f"PostgreSQL, {count:,} lone ratings", flush=True)
        timed("rating, alone", count, lambda: rate(app.test_client(), code))
        print(
            f"  WAL {(told(at) - log) / count / 1024:.1f} KB a rating, kept {(told(size) - kept) / count:.0f} bytes a rating"
        )
        app.extensions["service_star"].close()
        runtime.close()


def main(arguments: Sequence[str] | None = None) -> list[float]:
    """Bytes a rating at each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    for name, value in (("months", 36), ("units", 40), ("points", 400), ("backup", 1500), ("postgresql", 0)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--folder", help="where the databases lie while it runs: 1.8 GB for each million")
    told = parser.parse_args(arguments)
    found = []
    for size in told.sizes:
        with tempfile.TemporaryDirectory(dir=told.folder) as folder:
            settings = settings_for(Path(folder), limits={"ratings_per_minute": 1_000_000})
            clock.move(Path(settings.sandbox.clock_file), NOON)
            runtime = Runtime.open(settings)
            fill(runtime, size, told.units, told.points, told.months)
            found.append(sizes(runtime) / size)
            fold(runtime, told.units, told.points, told.months)
            work(runtime, Path(folder), told.backup)
            runtime.close()
    if told.postgresql:
        on_postgresql(told.postgresql)
    return found


if __name__ == "__main__":
    main()
