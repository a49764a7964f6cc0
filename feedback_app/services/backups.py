"""A copy of the database that is whole, can be proven whole, and never writes over anything.

A backup is one file: a line of JSON (what it says is in ``_proofs``), then the database as a SQLite file, consistent while the
service runs: SQLite's own online copy, or what ``copying`` read from PostgreSQL. So one kind of backup can be restored into either,
and looked into anywhere. Nothing of it is used before all of it has been proven.
"""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from feedback_app.db import schema
from feedback_app.db.engine import Database
from feedback_app.db.platform import JobRun
from feedback_app.errors import Conflict, Refused, Unavailable
from feedback_app.services import copying
from feedback_app.services.backup_proofs import PIECE, proven_heading, row_digest, table_names, write_heading
from feedback_app.services.vault import Vault

PROVEN, WRITTEN, REMEMBERED = "backup.proven", "backup.written", "backup.remembered"
_PRIVATE = 0o600
_SPARE = 16 * 1024 * 1024  # bytes that must stay free beside what is written


@dataclass(frozen=True)
class Copy:
    """What a backup holds. ``rows``: table name -> count; ``digest``: stands for every row, as it was in the live database."""

    taken_at: str
    bytes: int
    rows: Mapping[str, int]
    digest: str


def take(database: Database, target: Path, vault: Vault, now: datetime) -> Copy:
    """Write a backup to ``target`` while the service runs; on disk when this returns.

    Raises Conflict ``backup.exists``, ``backup.running`` while another one writes to the same place, Unavailable ``backup.no_room``, ``database.unavailable``, and what ``copying.copy`` raises.
    """
    _must_be_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone_at(target):
        return _take(database, target, vault, now)


def _take(database: Database, target: Path, vault: Vault, now: datetime) -> Copy:
    _must_be_free(target)
    if database.is_sqlite:
        _must_have_room(target.parent, 2 * _file_of(database).stat().st_size)
    plain, making = (target.with_name(target.name + ending) for ending in (".copying", ".writing"))
    for left_over in (plain, making):  # by somebody whose power was cut
        left_over.unlink(missing_ok=True)
    try:
        with database.said_plainly():
            digest = _copy_whole(database, plain)
        made = Copy(now.isoformat(), plain.stat().st_size, _rows(plain), digest)
        with _flushed(making) as file:
            file.write(write_heading(plain, vault, made.taken_at, made.rows, digest))
            _pour(plain, file)
        _rename(making, target)
    finally:
        plain.unlink(missing_ok=True)
        making.unlink(missing_ok=True)
    return made


def restore_into(database: Database, backup: Path, vault: Vault, *, other_key: bool = False) -> Copy:
    """Make the empty ``database`` from a backup of this or an older release, at this version. All of it or nothing.

    Raises Conflict ``backup.exists`` or ``copying.not_empty``, Refused ``database.newer``, and what :func:`restore` or
    ``copying.copy`` raises.
    """
    if database.is_sqlite:
        made = restore(backup, _file_of(database), vault, other_key=other_key)
        schema.upgrade(database)
        return made
    with tempfile.TemporaryDirectory(prefix="service-star-restore-") as folder:
        unpacked = Path(folder) / "unpacked.db"
        made = restore(backup, unpacked, vault, other_key=other_key)
        source = Database(f"sqlite:///{unpacked}")
        try:
            schema.upgrade(source)  # an older release may have made it
            copying.copy(source, database)
        finally:
            source.close()
    return made


def proven(session: Session, now: datetime) -> None:
    """Write down that a backup made now was restored elsewhere and held."""
    _note(session, PROVEN, now)


def last_proven(session: Session, now: datetime) -> datetime | None:
    """When a backup was last restored elsewhere and found whole."""
    return _last(session, PROVEN, now)


def written(session: Session, now: datetime) -> None:
    """Write down that a backup was written now, to be kept."""
    _note(session, WRITTEN, now)


def last_written(session: Session, now: datetime) -> datetime | None:
    """When a backup was last written to be kept; those of ``drill`` are not."""
    return _last(session, WRITTEN, now)


def nights_count_from(session: Session) -> datetime | None:
    """When this database first met a release that remembers its backups."""
    return session.scalar(select(JobRun.done_at).where(JobRun.kind == REMEMBERED))


def remember_from_now(session: Session, now: datetime) -> None:
    """Safe to repeat."""
    if nights_count_from(session) is None:
        _note(session, REMEMBERED, now)


def remember(database: Database, now: datetime) -> bool:
    """:func:`written`. False where nothing can be written: a full disk, a standby, a role that may only read."""
    try:
        with database.transaction() as session:
            written(session, now)
    except (Unavailable, DBAPIError):
        return False
    return True


def _note(session: Session, kind: str, now: datetime) -> None:
    session.add(JobRun(kind=kind, period=f"{now:%Y%m%d%H%M%S%f}"[:20], done_at=now))
    session.flush()


def _last(session: Session, kind: str, now: datetime) -> datetime | None:
    """What a clock that was ahead has left in the future says nothing."""
    return session.scalar(select(func.max(JobRun.done_at)).where(JobRun.kind == kind, JobRun.done_at <= now))


def restore(backup: Path, target: Path, vault: Vault, *, other_key: bool = False) -> Copy:
    """Make the database file ``target`` from a backup. Nothing is written before the backup has been proven whole.

    ``other_key``: also one that was made with another secret key, or without a seal by release 0.1.0. Raises Conflict ``backup.exists`` where there already is a
    database, Unavailable ``backup.no_room``, Refused ``backup.not_a_backup``, ``backup.newer``, ``backup.cut``, ``backup.damaged``,
    ``backup.other_key``, ``backup.forged``, ``backup.no_seal``.
    """
    for beside in ("", "-wal", "-shm", "-journal"):
        _must_be_free(target.with_name(target.name + beside))
    heading = proven_heading(backup, vault, other_key=other_key)
    target.parent.mkdir(parents=True, exist_ok=True)
    _must_have_room(target.parent, heading.bytes)
    making = target.with_name(target.name + ".restoring")
    making.unlink(missing_ok=True)
    try:
        with _flushed(making) as file:
            _pour(backup, file, skip=heading.length)
        made = Copy(heading.taken_at, heading.bytes, _rows(making), _digest_of(making))
        if not heading.fits(made.rows, made.digest):
            raise Refused("backup.damaged", file=backup.name)
        _rename(making, target)
    finally:
        making.unlink(missing_ok=True)
    return made


def _file_of(database: Database) -> Path:
    return Path(database.url.database or "")


def _copy_whole(database: Database, target: Path) -> str:
    """A digest of every row at the moment of the copy."""
    if database.is_sqlite:
        return _copy_online(_file_of(database), target)
    copied = Database(f"sqlite:///{target}")
    try:
        copying.copy(database, copied)  # which compares both, row by row
    finally:
        copied.close()
        target.with_name(target.name + ".queue").unlink(missing_ok=True)
    with closing(sqlite3.connect(target)) as made:
        made.execute("PRAGMA journal_mode=DELETE")
    return _digest_of(target)


def _copy_online(source: Path, target: Path) -> str:
    """Copy and digest see the same moment: both happen inside one reading transaction, which writers do not wait for."""
    with _flushed(target):
        pass
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, isolation_level=None)) as old:
        old.execute("BEGIN")
        digest = row_digest(old)
        with closing(sqlite3.connect(target)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
    return digest


def _digest_of(path: Path) -> str:
    with _looking_into(path) as opened:
        return row_digest(opened)


@contextmanager
def _looking_into(path: Path) -> Iterator[sqlite3.Connection]:
    """Raises Refused ``backup.damaged`` where it is no database."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
            yield opened
    except sqlite3.DatabaseError:
        raise Refused("backup.damaged", file=path.name) from None


@contextmanager
def _alone_at(target: Path) -> Iterator[None]:
    """Nobody else writes a backup to this place meanwhile: they would clear away each other's unfinished files."""
    path = target.with_name(target.name + ".lock")
    lock = os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not path.exists() or not os.path.samestat(os.fstat(lock), path.stat()):  # somebody has just ended
            raise BlockingIOError
    except BlockingIOError:
        os.close(lock)
        raise Conflict("backup.running", file=str(target)) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _must_be_free(path: Path) -> None:
    if path.exists():
        raise Conflict("backup.exists", file=str(path))


def _must_have_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted + _SPARE:
        raise Unavailable("backup.no_room", folder=str(folder), free=free // 2**20, wanted=(wanted + _SPARE) // 2**20)


def _rows(path: Path) -> dict[str, int]:
    """Rows by table, after SQLite has looked through the whole file. Raises Refused ``backup.damaged``."""
    with _looking_into(path) as opened:
        if opened.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise Refused("backup.damaged", file=path.name)
        return {name: _count(opened, quoted) for name, quoted in table_names(opened)}


def _count(opened: sqlite3.Connection, quoted: str) -> int:
    """How many; the name comes from the file's own catalogue, and is quoted, because a name cannot be a parameter."""
    # nosemgrep: sql-from-text
    (count,) = opened.execute(f"SELECT count(*) FROM {quoted}").fetchone()  # noqa: S608 # nosec B608
    return int(count)


def _pour(source: Path, into: "_Writing", *, skip: int = 0) -> None:
    with source.open("rb") as file:
        file.seek(skip)
        while piece := file.read(PIECE):
            into.write(piece)


def _rename(made: Path, target: Path) -> None:
    """The new name is on disk when this returns."""
    made.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _Writing:
    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb")

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


@contextmanager
def _flushed(path: Path) -> Iterator[_Writing]:
    """A new private file that is on disk when the block ends."""
    made = _Writing(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE))
    try:
        yield made
    finally:
        made.close()
