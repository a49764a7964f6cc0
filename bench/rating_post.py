"""Goal G1: durable rating POSTs with all real features, against bare Flask with one raw INSERT, SQLite at synchronous FULL.

python -m bench.rating_post [--rounds 5] [--seconds 3] [--connections 16]
"""

import argparse
import secrets
import sqlite3
import tempfile
import threading
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

CONFIG = """
[hospital]
name = "青山医院"
[database]
url = "sqlite:///{folder}/stars.db"
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


def ours() -> Flask:
    """The product."""
    from feedback_app.app import create_app
    from feedback_app.settings import default_path

    return create_app(load(default_path()))


def form(path: str, levels: str) -> Request:
    body = urlencode(
        {"key": secrets.token_urlsafe(18), "overall": secrets.choice(levels), "comment": "讲得很清楚，谢谢"}
    ).encode()
    return "POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--levels", default="5555443", help="the levels sent, drawn at random (low ones open cases)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(CONFIG.format(folder=folder, secret=secrets.token_urlsafe(32)), "utf-8")
        with sqlite3.connect(folder / "bare.db") as made:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("CREATE TABLE rating (id INTEGER PRIMARY KEY, key TEXT UNIQUE, score INTEGER, comment TEXT)")
        made.close()
        now = datetime.now(UTC)
        with opened(load(folder / "config.toml")) as runtime:
            schema.migrate(runtime.database, now)
            with runtime.transaction() as session:
                point = ServicePoint(kind="window", key="W1", name="1号窗口", changed_at=now)
                session.add(point)
                session.flush()
                code = codes.issue(session, runtime.vault, point, now).text
        environment = {"BARE_DATABASE": str(folder / "bare.db"), "SERVICE_STAR_CONFIG": str(folder / "config.toml")}
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
        f"rating POST, {arguments.connections} connections, {arguments.rounds} rounds, ratio to bare Flask + 1 raw INSERT (SQLite FULL)"
    )
    print(f"  requests/s   {ratio([one.rate for one in product], [one.rate for one in baseline])}   goal >= 0.9")
    print(f"  p99          {ratio([one.p99_ms for one in product], [one.p99_ms for one in baseline])}   goal <= 0.15")
    print(f"  CPU/request  {ratio([one.cpu_us for one in product], [one.cpu_us for one in baseline])}   goal <= 1.2")
    print(
        f"  errors {sum(one.errors for one in product)} (baseline {sum(one.errors for one in baseline)}), accepted {accepted}, rows {rows}"
    )


if __name__ == "__main__":
    main()
