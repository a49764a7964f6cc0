"""Running and looking after: serve, work, check."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from feedback_app import app, group, jobs
from feedback_app.cli import _check
from feedback_app.cli._common import Session, say
from feedback_app.cli._gunicorn import Server
from feedback_app.cli._logs import set_up
from feedback_app.services.runtime import opened
from feedback_app.settings import Settings

BEHIND_PAGES = 5
"""Niceness of the worker: counting a busy day must not make patients wait."""
_LONGEST_STATEMENT = 1800.0
"""Seconds the worker waits for one answer of a database server: nobody waits for it, but it must not stand still for ever."""


@click.command(epilog="Example: service-star serve --host 127.0.0.1 --port 8000")
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 64), help="processes (default: server.workers of the configuration)")
@click.pass_obj
def serve(session: Session, host: str, port: int, workers: int | None) -> None:
    """Serve the web pages and the platforms' callbacks."""
    make: Callable[[], Any]
    if session.is_group:
        hospitals = group.read(session.config)
        settings, make = hospitals[0].settings, partial(group.application, hospitals)
        workers = workers or max(one.settings.server.workers for one in hospitals)
    else:
        settings = session.settings()
        make = partial(app.create_app, settings, create=False)
    Server(settings, host, port, workers or settings.server.workers, make, of_group=session.is_group).run()


@click.command(epilog="Example: service-star work")
@click.pass_obj
def work(session: Session) -> None:
    """Close months, deliver messages, keep house. Any number may run."""
    hospitals = group.read(session.config) if session.is_group else ()
    set_up((hospitals[0].settings if hospitals else session.settings()).server.log_format)
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    os.setpriority(os.PRIO_PROCESS, 0, max(BEHIND_PAGES, os.getpriority(os.PRIO_PROCESS, 0)))
    say("worker is running")
    if hospitals:
        group.at_once(hospitals, lambda one: _work(one.settings, stop), stop)
    else:
        _work(session.settings(), stop)
    say("worker has stopped")


def _work(settings: Settings, stop: threading.Event) -> None:
    with opened(settings, _LONGEST_STATEMENT, create=False) as runtime:
        probes, media = app.open_probes(runtime), app.open_media(runtime)
        jobs.run_worker(runtime, app.open_channels(runtime), stop, probes, media)


@click.command(epilog="Example: service-star check")
@click.pass_obj
def check(session: Session) -> None:
    """Tell what is wrong with configuration, database, clock, platforms, fonts and disk; exit status 1 if anything is."""
    findings = []
    hospitals = group.read(session.config) if session.is_group else [group.Hospital("", session.settings())]
    for one in hospitals:
        if one.name:
            click.echo(f"== {one.name}")
        with opened(one.settings, one.settings.database.answer_seconds, create=False) as runtime:
            found = list(_check.examine(runtime))
        for finding in found:
            click.echo(f"{finding.level:8}{finding.subject}: {finding.detail}")
        findings += found
    sys.exit(1 if any(finding.level == _check.WRONG for finding in findings) else 0)


COMMANDS = [serve, work, check]
