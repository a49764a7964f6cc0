"""Copying a whole database into an empty one, of the same kind or the other, and comparing the two row by row.

What is copied is one moment of the source, however long it takes and whatever is written meanwhile. All of it arrives in one
transaction: a copy that fails leaves the target empty.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.schema import AddConstraint, DropConstraint

from feedback_app.db import schema
from feedback_app.db.base import Base
from feedback_app.db.engine import Database
from feedback_app.errors import Conflict, Refused

BATCH = 1000
_LAST = ("tally_marks",)
"""Written by the database's own triggers while ratings arrive; emptied again and copied at the end."""


@dataclass(frozen=True)
class Copied:
    """``rows``: table -> count and ``digests``: table -> hash, the same on both sides; ``digest``: SHA-256 over all of it."""

    rows: dict[str, int]
    digest: str
    digests: dict[str, str]


Tell = Callable[[str, int, int], None]
"""Called with the table, rows done in all, rows to do in all."""


def copy(source: Database, target: Database, tell: Tell = lambda *_: None) -> Copied:
    """Raises Refused ``copying.not_current``, ``copying.does_not_fit``, ``copying.differs``; Conflict ``copying.not_empty``."""
    if not schema.is_at_head(source):
        raise Refused("copying.not_current")
    schema.upgrade(target)
    with _one_moment(source) as reading, target.transaction() as session:
        writing = session.connection()
        _must_be_empty(writing)
        with _loosely(writing):
            _copy_rows(reading, writing, tell)
        _go_on_counting(writing)
        here, there = fingerprint(reading), fingerprint(writing)
        if here != there:
            differing = [name for name in here if here[name] != there[name]]
            raise Refused("copying.differs", tables=", ".join(differing))
    whole = hashlib.sha256(json.dumps({name: digest for name, (_, digest) in here.items()}).encode()).hexdigest()
    digests = {name: digest for name, (_, digest) in here.items()}
    return Copied({name: count for name, (count, _) in here.items()}, whole, digests)


def tables() -> Sequence[Table]:
    """Every table, in an order in which rows can be written."""
    schema.metadata_is_complete()
    ordered = Base.metadata.sorted_tables
    return [one for one in ordered if one.name not in _LAST] + [one for one in ordered if one.name in _LAST]


def fingerprint(connection: Connection) -> dict[str, tuple[int, str]]:
    """Table -> how many rows, and a digest of their values, which is the same on both kinds of database."""
    return {table.name: _of_table(connection, table) for table in tables()}


def _of_table(connection: Connection, table: Table) -> tuple[int, str]:
    """A sum over the rows: the two kinds of database put texts in different orders."""
    count, total = 0, 0
    for row in connection.execute(select(table), execution_options={"yield_per": BATCH}):
        said = json.dumps([_plain(value) for value in row], ensure_ascii=False, sort_keys=True).encode()
        count, total = count + 1, (total + int.from_bytes(hashlib.sha256(said).digest())) % 2**256
    return count, f"{total:064x}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if isinstance(value, str | int | float | bool | None | list | dict) else str(value)


@contextmanager
def _one_moment(database: Database) -> Iterator[Connection]:
    """A connection that sees nothing of what is committed later."""
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


def _must_be_empty(connection: Connection) -> None:
    for table in tables():
        if connection.execute(select(func.count()).select_from(table)).scalar():
            raise Conflict("copying.not_empty", table=table.name)


@contextmanager
def _loosely(connection: Connection) -> Iterator[None]:
    """Rows may come before those they point to in their own table; at the end every reference must hold again."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        yield
        return
    own = [key for table in tables() for key in table.foreign_key_constraints if key.referred_table is table]
    for key in own:
        connection.execute(DropConstraint(key))
    yield
    for key in own:
        # isolated, the key would be missing from every table this process makes afterwards
        connection.execute(AddConstraint(key, isolate_from_table=False))


def _copy_rows(reading: Connection, writing: Connection, tell: Tell) -> None:
    everything = tables()
    to_do = sum(reading.execute(select(func.count()).select_from(table)).scalar() or 0 for table in everything)
    done = 0
    for table in everything:
        if table.name in _LAST:
            writing.execute(delete(table))
        try:
            for part in _parts(reading, table):
                writing.execute(insert(table), part)
                done += len(part)
                tell(table.name, done, to_do)
        except (DataError, IntegrityError) as error:
            raise Refused("copying.does_not_fit", table=table.name, why=str(error.orig).splitlines()[0]) from error


def _parts(reading: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    ordered = select(table).order_by(*table.primary_key.columns)
    found = reading.execute(ordered, execution_options={"yield_per": BATCH})
    for part in found.mappings().partitions():
        yield [dict(row) for row in part]


def _go_on_counting(connection: Connection) -> None:
    """New rows get numbers after the copied ones."""
    if connection.dialect.name == "sqlite":
        return
    for table in tables():
        column = table.autoincrement_column
        if column is not None:
            connection.execute(
                text(
                    f"SELECT setval(s, (SELECT max({column.name}) FROM {table.name})) "  # noqa: S608 # nosec B608 - our own names
                    f"FROM pg_get_serial_sequence('{table.name}', '{column.name}') AS s "
                    f"WHERE s IS NOT NULL AND EXISTS (SELECT 1 FROM {table.name})"
                )
            )
