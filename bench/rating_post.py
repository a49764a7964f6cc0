"""Goals G1 and G2: durable rating POSTs with all real features, against bare Flask with one raw INSERT on the same database.

python -m bench.rating_post [--database sqlite|postgresql] [--rounds 5] [--seconds 3] [--connections 16]

SQLite at synchronous FULL, PostgreSQL with fsync. Every rating comes from another address on the internet, as told by a
trusted proxy, so that limits and marks of networks are at work. CPU of PostgreSQL's own processes is not counted.
"""

import argparse
import secrets
import sqlite3
import tempfile
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request

from bench.measure import Load, Request, fire, gunicorn, ratio
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.services import codes, schema
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests import postgres

CONFIG = """
[hospital]
name = "青山医院"
[database]
url = "{url}"
[server]
trusted_proxies = 1
[complaints]
phone = "000"
place = "一楼"
hours = "8-17"
routes = "法院"
[security]
secret_key = "{secret}"
"""


def bare() -> Flask:
    """The baseline: one INSERT, one commit, a redirect."""
    app = Flask(__name__)
    local = threading.local()
    import os

    path = os.environ["BARE_DATABASE"]
    if path.startswith("postgresql:"):
        return bare_on_a_server(path)

    @app.post("/rate")
    def rate() -> tuple[str, int] | Response:
        connection = getattr(local, "connection", None)
        if connection is None:
            connection = local.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "INSERT INTO rating (key, score, comment) VALUES (?, ?, ?)",
            (request.form["key"], request.form["overall"], request.form["comment"]),
        )
        return redirect("/done", 303)  # type: ignore[return-value]

    return app


def bare_on_a_server(url: str) -> Flask:
    """The same on PostgreSQL: a connection for each thread, committed by the statement itself."""
    import psycopg

    app = Flask(__name__)
    local = threading.local()

    @app.post("/rate")
    def rate() -> tuple[str, int] | Response:
        connection = getattr(local, "connection", None)
        if connection is None:
            connection = local.connection = psycopg.connect(url, autocommit=True)
        connection.execute(
            "INSERT INTO rating (key, score, comment) VALUES (%s, %s, %s)",
            (request.form["key"], int(request.form["overall"]), request.form["comment"]),
        )
        return redirect("/done", 303)  # type: ignore[return-value]

    return app


def ours() -> Flask:
    """The product."""
    from feedback_app.app import create_app
    from feedback_app.settings import default_path

    return create_app(load(default_path()))


def form(path: str, levels: str) -> Request:
    body = urlencode(
        {"key": secrets.token_urlsafe(18), "overall": secrets.choice(levels), "comment": "讲得很清楚，谢谢"}
    ).encode()
    address = ".".join(str(secrets.choice(range(20, 120))) for _ in range(4))
    return "POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": address}


def bare_table(folder: Path, on_sqlite: bool) -> str:
    columns = "key TEXT UNIQUE, score INTEGER, comment TEXT"
    if on_sqlite:
        with closing(sqlite3.connect(folder / "bare.db")) as made:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute(f"CREATE TABLE rating (id INTEGER PRIMARY KEY, {columns})")
        return str(folder / "bare.db")
    import psycopg

    url = postgres.url_for(folder / "bare", durable=True)
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE TABLE rating (id BIGSERIAL PRIMARY KEY, {columns})".encode())
    return url


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--levels", default="5555443", help="the levels sent, drawn at random (low ones open cases)")
    parser.add_argument("--database", choices=("sqlite", postgres.KIND), default="sqlite")
    arguments = parser.parse_args()
    on_sqlite = arguments.database == "sqlite"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/stars.db" if on_sqlite else postgres.url_for(folder / "ours", durable=True)
        (folder / "config.toml").write_text(CONFIG.format(url=url, secret=secrets.token_urlsafe(32)), "utf-8")
        bare_database = bare_table(folder, on_sqlite)
        now = datetime.now(UTC)
        with opened(load(folder / "config.toml")) as runtime:
            schema.migrate(runtime.database, now)
            with runtime.transaction() as session:
                point = ServicePoint(kind="window", key="W1", name="1号窗口", changed_at=now)
                session.add(point)
                session.flush()
                code = codes.issue(session, runtime.vault, point, now).text
        environment = {"BARE_DATABASE": bare_database, "SERVICE_STAR_CONFIG": str(folder / "config.toml")}
        baseline: list[Load] = []
        product: list[Load] = []
        with (
            gunicorn("bench.rating_post:bare()", environment) as bare_at,
            gunicorn("bench.rating_post:ours()", environment) as ours_at,
        ):
            for _ in range(arguments.rounds):
                for (port, pid), path, into in ((bare_at, "/rate", baseline), (ours_at, f"/s/{code}", product)):
                    into.append(
                        fire(
                            port,
                            pid,
                            lambda *_, path=path: form(path, arguments.levels),
                            connections=arguments.connections,
                            seconds=arguments.seconds,
                            good=frozenset({303}),
                        )
                    )
        with opened(load(folder / "config.toml")) as runtime, runtime.reading() as session:
            rows = session.query(Rating).count()
    accepted = sum(one.requests - one.errors for one in product)
    print(
        f"rating POST, {arguments.database}, {arguments.connections} connections, {arguments.rounds} rounds, ratio to bare Flask + 1 raw INSERT"
    )
    goal = 0.9 if on_sqlite else 0.75
    print(f"  requests/s   {ratio([one.rate for one in product], [one.rate for one in baseline])}   goal >= {goal}")
    print(f"  p50          {ratio([one.p50_ms for one in product], [one.p50_ms for one in baseline])}")
    print(f"  p99          {ratio([one.p99_ms for one in product], [one.p99_ms for one in baseline])}   goal <= 0.15")
    print(f"  CPU/request  {ratio([one.cpu_us for one in product], [one.cpu_us for one in baseline])}   goal <= 1.2")
    print(
        f"  errors {sum(one.errors for one in product)} (baseline {sum(one.errors for one in baseline)}), accepted {accepted}, rows {rows}"
    )


if __name__ == "__main__":
    main()
