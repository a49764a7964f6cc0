"""A copy of the database that is whole, can be proven whole, and never writes over anything.

A backup is one file: a line of JSON (version, moment, size of what follows, rows by table, SHA-256 of all that), then the database
as a SQLite file, consistent while the service runs: SQLite's own online copy, or what ``copying`` read from PostgreSQL. So one
kind of backup can be restored into either, and looked into anywhere.
"""

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db import schema
from feedback_app.db.engine import Database
from feedback_app.db.platform import JobRun
from feedback_app.errors import Conflict, Refused
from feedback_app.services import copying

FORMAT = 1
PROVEN = "backup.proven"
LONGEST_HEADING = 64 * 1024
_PIECE = 1024 * 1024
_PRIVATE = 0o600


@dataclass(frozen=True)
class Copy:
    """What a backup holds. ``rows``: table name -> count."""

    taken_at: str
    bytes: int
    rows: Mapping[str, int]


def take(database: Database, target: Path, now: datetime) -> Copy:
    """Write a backup to ``target`` while the service runs; on disk when this returns.

    Raises Conflict ``backup.exists``, and what ``copying.copy`` raises.
    """
    _must_be_free(target)
    plain = target.with_name(target.name + ".copying")
    try:
        _copy_whole(database, plain)
        rows = _rows(plain)
        size = plain.stat().st_size
        heading: dict[str, Any] = {
            "service-star backup": FORMAT,
            "taken_at": now.isoformat(),
            "bytes": size,
            "rows": rows,
        }
        digest = _begin(heading)
        for piece in _pieces(plain):
            digest.update(piece)
        heading["sha256"] = digest.hexdigest()
        with _Flushed(target) as file:
            file.write(json.dumps(heading, ensure_ascii=False).encode() + b"\n")
            for piece in _pieces(plain):
                file.write(piece)
    finally:
        plain.unlink(missing_ok=True)
    return Copy(now.isoformat(), size, rows)


def restore_into(database: Database, backup: Path) -> Copy:
    """Make the empty ``database`` from a backup of this or an older release, at this version. All of it or nothing.

    Raises Conflict ``backup.exists`` or ``copying.not_empty``, Refused ``backup.damaged``, ``database.newer`` or what
    ``copying.copy`` raises.
    """
    if database.is_sqlite:
        made = restore(backup, _file_of(database))
        schema.upgrade(database)
        return made
    with tempfile.TemporaryDirectory(prefix="service-star-restore-") as folder:
        unpacked = Path(folder) / "unpacked.db"
        made = restore(backup, unpacked)
        source = Database(f"sqlite:///{unpacked}")
        try:
            schema.upgrade(source)  # an older release may have made it
            copying.copy(source, database)
        finally:
            source.close()
    return made


def proven(session: Session, now: datetime) -> None:
    """Write down that a backup made now was restored elsewhere and held."""
    session.add(JobRun(kind=PROVEN, period=f"{now:%Y%m%d%H%M%S%f}"[:20], done_at=now))
    session.flush()


def last_proven(session: Session) -> datetime | None:
    """When a backup was last restored elsewhere and found whole."""
    return session.scalar(select(func.max(JobRun.done_at)).where(JobRun.kind == PROVEN))


def restore(backup: Path, target: Path) -> Copy:
    """Make the database file ``target`` from a backup. Nothing is left behind when the backup is damaged.

    Raises Conflict ``backup.exists`` where there already is a database, Refused ``backup.damaged``.
    """
    _must_be_free(target)
    for beside in ("-wal", "-shm"):
        _must_be_free(target.with_name(target.name + beside))
    making = target.with_name(target.name + ".restoring")
    making.unlink(missing_ok=True)
    try:
        heading = _unpack(backup, making)
        rows = _rows(making)
        if rows != heading["rows"]:
            raise Refused("backup.damaged", file=backup.name)
        making.rename(target)
    finally:
        making.unlink(missing_ok=True)
    return Copy(str(heading["taken_at"]), int(heading["bytes"]), rows)


def _file_of(database: Database) -> Path:
    return Path(database.url.database or "")


def _copy_whole(database: Database, target: Path) -> None:
    if database.is_sqlite:
        return _copy_online(_file_of(database), target)
    copied = Database(f"sqlite:///{target}")
    try:
        copying.copy(database, copied)
    finally:
        copied.close()
        target.with_name(target.name + ".queue").unlink(missing_ok=True)
    with closing(sqlite3.connect(target)) as made:
        made.execute("PRAGMA journal_mode=DELETE")
    return None


def _must_be_free(path: Path) -> None:
    if path.exists():
        raise Conflict("backup.exists", file=str(path))


def _copy_online(source: Path, target: Path) -> None:
    _Flushed(target).close()
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")


def _unpack(backup: Path, target: Path) -> dict[str, Any]:
    with backup.open("rb") as file:
        heading = _heading(file, backup.name)
        digest, size = _begin(heading), 0
        with _Flushed(target) as made:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                made.write(piece)
    if (size, digest.hexdigest()) != (heading["bytes"], heading["sha256"]):
        raise Refused("backup.damaged", file=backup.name)
    return heading


def _heading(file: BinaryIO, name: str) -> dict[str, Any]:
    try:
        heading: dict[str, Any] = json.loads(file.readline(LONGEST_HEADING))
        if heading["service-star backup"] == FORMAT and {"bytes", "sha256", "rows", "taken_at"} <= heading.keys():
            return heading
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise Refused("backup.damaged", file=name)


def _count(opened: sqlite3.Connection, table: str) -> int:
    """How many; the name comes from the file's own catalogue, and is quoted, because a name cannot be a parameter."""
    # nosemgrep: sql-from-text
    (count,) = opened.execute(f'SELECT count(*) FROM "{table.replace(chr(34), chr(34) * 2)}"').fetchone()  # noqa: S608 # nosec B608
    return int(count)


def _rows(path: Path) -> dict[str, int]:
    """Rows by table, after SQLite has looked through the whole file. Raises Refused ``backup.damaged``."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
            if opened.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise Refused("backup.damaged", file=path.name)
            tables = [
                name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            ]
            return {name: _count(opened, name) for name in tables}
    except sqlite3.DatabaseError:
        raise Refused("backup.damaged", file=path.name) from None


def _begin(heading: Mapping[str, Any]) -> "hashlib._Hash":
    """The digest covers what the heading says as well."""
    said = {name: value for name, value in heading.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode())


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


class _Flushed:
    """A new private file that is on disk when it is closed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb")

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def __enter__(self) -> "_Flushed":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
