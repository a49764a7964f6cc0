"""Goal G4: opening the form, against the bare framework's hello, in the same run.

python -m bench.form_get [--rounds 5] [--seconds 3] [--connections 16]
"""

import argparse
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from bench.measure import Load, Request, fire, gunicorn, ratio
from bench.rating_post import CONFIG
from feedback_app.db.directory import ServicePoint
from feedback_app.services import codes, schema
from feedback_app.services.runtime import opened
from feedback_app.settings import load

PHONE = {
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "zh-CN,zh;q=0.9",
    "User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36 MicroMessenger/8.0.50",
}


def hello() -> Flask:
    """The baseline: nothing but the framework."""
    app = Flask(__name__)

    @app.get("/")
    def say() -> str:
        return "hello"

    return app


def ours() -> Flask:
    """The product."""
    from feedback_app.app import create_app
    from feedback_app.settings import default_path

    return create_app(load(default_path()))


def plainly() -> Flask:
    """The product with the page made anew for every visitor."""
    app = ours()
    app.wsgi_app = app.wsgi_app.app.application._plainly  # type: ignore[method-assign,attr-defined]
    return app


def hospital(folder: Path) -> str:
    """A small hospital in ``folder``; the code of its window."""
    (folder / "config.toml").write_text(
        CONFIG.format(url=f"sqlite:///{folder}/stars.db", secret=secrets.token_urlsafe(32)), "utf-8"
    )
    now = datetime.now(UTC)
    with opened(load(folder / "config.toml")) as runtime:
        schema.migrate(runtime.database, now)
        with runtime.transaction() as session:
            point = ServicePoint(kind="window", key="W1", name="1号窗口", changed_at=now)
            session.add(point)
            session.flush()
            return codes.issue(session, runtime.vault, point, now).text or ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        code = hospital(Path(name))
        environment = {"SERVICE_STAR_CONFIG": str(Path(name) / "config.toml")}
        rounds: dict[str, list[Load]] = {"hello": [], "form": [], "plain": []}
        with (
            gunicorn("bench.form_get:hello()", environment) as hello_at,
            gunicorn("bench.form_get:ours()", environment) as ours_at,
            gunicorn("bench.form_get:plainly()", environment) as plain_at,
        ):
            places = {"hello": (hello_at, "/"), "form": (ours_at, f"/s/{code}"), "plain": (plain_at, f"/s/{code}")}
            for count in range(arguments.rounds + 1):  # the first one warms up
                for what, ((port, pid), path) in places.items():
                    request: Request = ("GET", path, b"", PHONE)
                    measured = fire(
                        port,
                        pid,
                        lambda *_, request=request: request,
                        connections=arguments.connections,
                        seconds=arguments.seconds if count else 0.5,
                        good=frozenset({200}),
                    )
                    if count:
                        rounds[what].append(measured)
    print(
        f"form GET, {arguments.connections} connections, {arguments.rounds} rounds, ratio to Flask's hello "
        f"({rounds['hello'][0].cpu_us:.0f} us CPU a request; the load comes from Python on the same machine)"
    )
    base = rounds["hello"]
    for what, goals in (("form", ("   goal >= 0.75", "   goal <= 1.3")), ("plain", ("", ""))):
        mine = rounds[what]
        print(f"  {what:<6} requests/s   {ratio([one.rate for one in mine], [one.rate for one in base])}{goals[0]}")
        print(f"  {what:<6} CPU/request  {ratio([one.cpu_us for one in mine], [one.cpu_us for one in base])}{goals[1]}")
        print(f"  {what:<6} errors       {sum(one.errors for one in mine)} of {sum(one.requests for one in mine)}")


if __name__ == "__main__":
    main()
