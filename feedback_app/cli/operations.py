"""Starting and keeping: init, migrate, serve, work, check, receipt, verify."""

import itertools
import logging
import signal
import sys
import threading

import click

from feedback_app import app, jobs
from feedback_app.cli import _check, _init
from feedback_app.cli._common import Session, put, say
from feedback_app.cli._gunicorn import Server
from feedback_app.errors import NotFound
from feedback_app.services import accounts, audit, evidence, inclusion, schema, verification
from feedback_app.services.verification import KnownHead
from feedback_app.texts import text

MOST_PROBLEMS = 20


@click.command(epilog="Example: service-star init --hospital 青山医院 --base-url https://stars.qingshan.example")
@click.option("--hospital", default="", help="name of the hospital, as patients know it")
@click.option("--base-url", default="", help="the address patients' phones reach this service under")
@click.pass_obj
def init(session: Session, hospital: str, base_url: str) -> None:
    """Write config.toml with fresh secrets, create the database, print a link to make the first administrator."""
    _init.write_config(session.config, hospital=hospital, base_url=base_url)
    say(f"wrote {session.config} (readable by you only): look through it, it explains itself")
    with session.runtime() as runtime:
        schema.migrate(runtime.database, runtime.now())
        with runtime.transaction() as transaction:
            token = accounts.make_setup_link(transaction, "admin", runtime.now())
        say("the database is ready. Start `service-star serve` and `service-star work`, then open this within a day:")
        click.echo(f"{runtime.settings.server.base_url}/admin/setup/{token}")


@click.command(epilog="Example: service-star migrate")
@click.pass_obj
def migrate(session: Session) -> None:
    """Bring the database to this version."""
    with session.runtime() as runtime:
        schema.migrate(runtime.database, runtime.now())
        say("database is up to date")


@click.command(epilog="Example: service-star serve --host 127.0.0.1 --port 8000")
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 64), help="processes (default: server.workers of the configuration)")
@click.pass_obj
def serve(session: Session, host: str, port: int, workers: int | None) -> None:
    """Serve the web pages and the platforms' callbacks."""
    settings = session.settings()
    Server(settings, host, port, workers or settings.server.workers).run()


@click.command(epilog="Example: service-star work")
@click.pass_obj
def work(session: Session) -> None:
    """Close months, deliver messages, keep house. Any number may run."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    with session.runtime() as runtime:
        say("worker is running")
        jobs.run_worker(runtime, app.open_channels(runtime), stop)
    say("worker has stopped")


@click.command(epilog="Example: service-star check")
@click.pass_obj
def check(session: Session) -> None:
    """Tell what is wrong with configuration, database, clock, platforms, fonts and disk; exit status 1 if anything is."""
    with session.runtime() as runtime:
        findings = list(_check.examine(runtime))
    for finding in findings:
        click.echo(f"{finding.level:8}{finding.subject}: {finding.detail}")
    sys.exit(1 if any(finding.level == _check.WRONG for finding in findings) else 0)


@click.command(epilog="Example: service-star receipt 7XK29QDM3A")
@click.argument("receipt")
@click.pass_obj
def receipt_command(session: Session, receipt: str) -> None:
    """Whether and where the rating of this receipt is included, as JSON."""
    with session.runtime() as runtime, runtime.reading() as transaction:
        try:
            put(inclusion.of_receipt(transaction, receipt))
        except NotFound:
            put({"receipt": receipt, "included": False})
            sys.exit(1)


@click.command(epilog="Example: service-star verify --head 1200:9f86d081884c…")
@click.option("outside", "--head", multiple=True, help="SIZE:ROOT of a signed head that somebody outside has kept")
@click.pass_obj
def verify(session: Session, outside: tuple[str, ...]) -> None:
    """Recompute the whole evidence log and audit chain; exit status 1 and each problem if anything was altered, removed or inserted."""
    kept = tuple(_known_head(one) for one in outside)
    with session.runtime() as runtime, runtime.reading() as transaction:
        problems = verification.problems(transaction, runtime.vault, runtime.now(), kept)
        found = list(itertools.islice(problems, MOST_PROBLEMS))
        newest = evidence.heads(transaction, 1)
        last = audit.last_hash(transaction)
    for one in found:
        say(f"{text(f'evidence.problems.{one.what}')}: {one.where}")
    put(
        {
            "ok": not found,
            "problems": [{"what": one.what, "where": one.where} for one in found],
            "head": newest[0] if newest else None,
            "audit": last,
        }
    )
    if found:
        sys.exit(1)


def _known_head(typed: str) -> KnownHead:
    size, _, root = typed.partition(":")
    if not size.isdigit() or len(root) != 64:
        raise click.BadParameter(f"{typed}: a head is written SIZE:ROOT", param_hint="--head")
    return KnownHead(int(size), root.lower())


receipt_command.name = "receipt"
COMMANDS = [init, migrate, serve, work, check, receipt_command, verify]
