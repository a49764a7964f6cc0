"""Copy the database while it runs, make one from a copy, and try both."""

import sys
import tempfile
from pathlib import Path

import click

from feedback_app.cli._common import Session, put, say
from feedback_app.errors import FeedbackError
from feedback_app.services import backups, schema, verification
from feedback_app.services.backups import Copy
from feedback_app.services.runtime import Runtime, opened
from feedback_app.settings import DatabaseSection

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog="Example: service-star backup /media/disk/stars-2026-11-22.backup")
@click.argument("file", type=_FILE)
@click.pass_obj
def backup(session: Session, file: Path) -> None:
    """Write a consistent copy of the database to FILE; the service may run meanwhile."""
    with session.runtime() as runtime:
        _tell(backups.take(runtime.database, file, runtime.now()), file)
    say("keep config.toml too, and apart from this file: without its secret_key nothing sealed can be read")


@click.command(epilog="Example: service-star restore /media/disk/stars-2026-11-22.backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def restore(session: Session, file: Path) -> None:
    """Make the database named in the configuration from FILE; refuses to write over one that exists."""
    url = session.settings().database.url
    if url.startswith("sqlite:///"):
        target = Path(url.removeprefix("sqlite:///"))
        _tell(backups.restore(file, target), target)
    with session.runtime() as runtime:
        if not runtime.database.is_sqlite:
            _tell(backups.restore_into(runtime.database, file), file)
        schema.migrate(runtime.database, runtime.now())  # a copy may be of an older release
        _must_hold(runtime)


@click.command(epilog="Example: service-star drill")
@click.pass_obj
def drill(session: Session) -> None:
    """Back up, restore elsewhere, verify every entry there and compare the counts; exit status 1 if anything differs."""
    with session.runtime() as runtime, tempfile.TemporaryDirectory(prefix="service-star-drill-") as name:
        folder = Path(name)
        taken = backups.take(runtime.database, folder / "drill.backup", runtime.now())
        made = backups.restore(folder / "drill.backup", folder / "restored.db")
        elsewhere = DatabaseSection(url=f"sqlite:///{folder / 'restored.db'}")
        with opened(runtime.settings.model_copy(update={"database": elsewhere})) as restored:
            _must_hold(restored)
        if taken.rows != made.rows:
            raise FeedbackError("backup.damaged", file="drill.backup")
        with runtime.transaction() as transaction:
            backups.proven(transaction, runtime.now())
    put({"ok": True, "bytes": made.bytes, "tables": len(made.rows), "rows": sum(made.rows.values())})


def _must_hold(runtime: Runtime) -> None:
    with runtime.reading() as transaction:
        found = verification.first_problems(transaction, runtime.vault, runtime.now())
    for one in found:
        say(f"{one.what}: {one.where}")
    if found:
        sys.exit(1)


def _tell(copy: Copy, file: Path) -> None:
    put({"file": str(file), "taken_at": copy.taken_at, "bytes": copy.bytes, "rows": sum(copy.rows.values())})


COMMANDS = [backup, restore, drill]
