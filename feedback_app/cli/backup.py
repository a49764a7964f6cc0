"""Copy the database while it runs, make one from a copy, and try both."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from feedback_app.cli._common import Session, put, say
from feedback_app.cli._explaining import explained, in_both
from feedback_app.clock import system_clock
from feedback_app.errors import FeedbackError
from feedback_app.services import backups, schema, verification
from feedback_app.services.backups import Copy
from feedback_app.services.runtime import Runtime, opened
from feedback_app.services.vault import Vault
from feedback_app.settings import DatabaseSection
from feedback_app.texts import text

_DRILL, _LONG_AGO = "service-star-drill-", 86_400  # seconds
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog="Example: service-star backup /media/disk/stars-2026-11-22.backup")
@click.argument("file", type=_FILE)
@click.pass_obj
def backup(session: Session, file: Path) -> None:
    """Write a consistent copy of the database to FILE; the service may run meanwhile.

    In a group of hospitals one of each, with the hospital's name behind that of FILE.
    """
    _for_each(session, lambda name, one: _back_up(one, file.with_stem(f"{file.stem}-{name}") if name else file))
    say("keep config.toml too, and apart from this file: without its secret_key nothing sealed can be read")


@click.command(epilog="Example: service-star restore /media/disk/stars-2026-11-22.backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--other-key",
    is_flag=True,
    help="also a backup made with another secret_key, when that key is lost for good, or by release 0.1.0, without a seal",
)
@click.pass_obj
def restore(session: Session, file: Path, other_key: bool) -> None:
    """Make the database named in the configuration from FILE; refuses to write over one that exists."""
    settings = session.settings()
    url = settings.database.url
    if url.startswith("sqlite:///"):
        target, vault = Path(url.removeprefix("sqlite:///")), Vault(settings.security.secret_key.get_secret_value())
        made = backups.restore(file, target, vault, other_key=other_key)
        _tell(made, target)
    with session.runtime() as runtime:
        if not runtime.database.is_sqlite:
            made = backups.restore_into(runtime.database, file, runtime.vault, other_key=other_key)
            _tell(made, file)
        schema.migrate(runtime.database, runtime.now())  # a copy may be of an older release
        _must_hold(runtime, datetime.fromisoformat(made.taken_at), file.name)


@click.command(epilog="Example: service-star drill")
@click.pass_obj
def drill(session: Session) -> None:
    """Back up, restore elsewhere, verify every entry there and compare the counts; exit status 1 if anything differs.

    In a group of hospitals each of them.
    """
    _for_each(session, lambda _, one: _drill(one))


def _for_each(session: Session, work: Callable[[str, Session], None]) -> None:
    """What fails for one hospital of a group is said, whatever it is, and the others have their turn."""
    worst = 0
    for name, one in session.each():
        if not name:
            work(name, one)
            continue
        say(f"== {name}")
        try:
            work(name, one)
        except (FeedbackError, OSError) as error:
            worst = max(worst, explained(error))
        except Exception as error:  # a database that is broken in a way nobody has thought of
            say(f"{type(error).__name__}: {error}")
            worst = max(worst, 1)
    if worst:
        sys.exit(worst)


def _back_up(session: Session, file: Path) -> None:
    with session.runtime() as runtime:
        _tell(backups.take(runtime.database, file, runtime.vault, runtime.now()), file)
        if not backups.remember(runtime.database, runtime.now()):  # the backup is good all the same
            in_both("backup.not_remembered")


def _drill(session: Session) -> None:
    _clear_away()
    with session.runtime() as runtime, tempfile.TemporaryDirectory(prefix=_DRILL) as name:
        folder = Path(name)
        taken = backups.take(runtime.database, folder / "drill.backup", runtime.vault, runtime.now())
        made = backups.restore(folder / "drill.backup", folder / "restored.db", runtime.vault)
        elsewhere = DatabaseSection(url=f"sqlite:///{folder / 'restored.db'}")
        with opened(runtime.settings.model_copy(update={"database": elsewhere})) as restored:
            _must_hold(restored, datetime.fromisoformat(taken.taken_at), "drill.backup")
        if (taken.rows, taken.digest) != (made.rows, made.digest):
            raise FeedbackError("backup.damaged", file="drill.backup")
        with runtime.transaction() as transaction:
            backups.proven(transaction, runtime.now())
    put({"ok": True, "bytes": made.bytes, "tables": len(made.rows), "rows": sum(made.rows.values())})


def _clear_away() -> None:
    """What a drill that was killed has left: copies of the whole database."""
    for left in Path(tempfile.gettempdir()).glob(f"{_DRILL}*"):
        if system_clock().timestamp() - left.stat().st_mtime > _LONG_AGO:
            shutil.rmtree(left, ignore_errors=True)


def _must_hold(runtime: Runtime, taken_at: datetime, file: str) -> None:
    """Judged as of the backup's moment: what waited for its place then has not waited too long.

    Raises FeedbackError ``backup.does_not_hold``, when it has said what is wrong.
    """
    with runtime.reading() as transaction:
        found = verification.first_problems(transaction, runtime.vault, taken_at)
    for one in found:
        for language in ("zh", "en"):
            say(f"{text(f'evidence.problems.{one.what}', language)}: {one.where}")
    if found:
        raise FeedbackError("backup.does_not_hold", file=file)


def _tell(copy: Copy, file: Path) -> None:
    put({"file": str(file), "taken_at": copy.taken_at, "bytes": copy.bytes, "rows": sum(copy.rows.values())})


COMMANDS = [backup, restore, drill]
