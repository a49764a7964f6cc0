"""The released schemas: their migrations never change again; and a small hospital as each release left it."""

import base64
import gzip
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, delete, insert, inspect, select, text

from feedback_app.db import schema
from feedback_app.db.engine import Database

VERSIONS = schema.MIGRATIONS / "versions"
RELEASED = {
    "0001_initial.py": ("0.1.0", "7ad473c08fdd2a89875047d7dabbbba058a8febc70f36125a40691f391ce33e8"),
}
"""Migration -> the release that made its tables known to the world, and the SHA-256 of the file."""
NEXT = f"{len(RELEASED) + 1:04d}"
"""The migration of what is not released yet."""
KEPT = Path(__file__).parent / "golden" / "releases"
_LAST = "tally_marks"  # written by triggers while ratings are put in


def digest(name: str) -> str:
    return hashlib.sha256((VERSIONS / name).read_bytes()).hexdigest()


def make(database: Database, release: str) -> None:
    """The database as that release left it, with rows in every table; ``security.secret_key`` is that of all tests."""
    revision = next(name[:4] for name, (version, _) in RELEASED.items() if version == release)
    schema.upgrade(database, revision)
    with database.rebuilding() as connection:
        tables = _tables(connection)
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no triggers, no order
        rows = sorted(kept(release), key=lambda row: row[0] == _LAST)
        for name in dict.fromkeys(name for name, _ in rows):
            connection.execute(delete(tables[name]))
            own = [_fit(tables[name], row) for table, row in rows if table == name]
            connection.execute(insert(tables[name]), own)
            _go_on_counting(connection, tables[name])


def kept(release: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(table, row) of everything in it."""
    with gzip.open(KEPT / f"{release}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            name, row = json.loads(line)
            yield name, {column: _read(value) for column, value in row.items()}


_READERS = {
    "$moment": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$time": time.fromisoformat,
    "$bytes": base64.b64decode,
}


def _read(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        [(kind, said)] = value.items()
        return _READERS[kind](said) if kind in _READERS else value
    return value


def _fit(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    aware = {column.name for column in table.columns if getattr(column.type, "timezone", False)}
    return {
        name: value.replace(tzinfo=UTC) if name in aware and value is not None else value for name, value in row.items()
    }


def _go_on_counting(connection: Connection, table: Table) -> None:
    if connection.dialect.name == "postgresql" and (key := table.autoincrement_column) is not None:
        connection.execute(
            text(
                f"SELECT setval(s, (SELECT max({key.name}) FROM {table.name})) "
                f"FROM pg_get_serial_sequence('{table.name}', '{key.name}') AS s WHERE s IS NOT NULL"
            )
        )


def _tables(connection: Connection) -> dict[str, Table]:
    found = MetaData()
    found.reflect(connection)
    return {table.name: table for table in found.sorted_tables if table.name != "alembic_version"}


def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Table -> its rows by primary key, as the database tells them, whatever the models say."""
    with database.engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for name, table in _tables(connection).items()
        }


def snapshot(database: Database) -> list[Any]:
    """Everything in it, cheaply: only to be compared with another of the same database."""
    if database.is_sqlite:
        with closing(sqlite3.connect(database.url.database or "")) as opened:
            return list(opened.iterdump())
    columns = "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'"
    with database.engine.connect() as connection:
        names = connection.execute(text("SELECT relname, relkind FROM pg_class WHERE relname !~ '^pg_' ORDER BY 1, 2"))
        found: list[Any] = [sorted(connection.execute(text(columns)).all()), names.all()]
        for name in inspect(connection).get_table_names():
            found.append((name, connection.execute(text(f'SELECT t::text FROM "{name}" AS t ORDER BY 1')).all()))
    return found


def shape(database: Database) -> dict[str, Any]:
    """Tables, columns, keys, indexes and triggers as the database tells them; without the order and defaults of columns."""
    with database.engine.connect() as connection:
        look = inspect(connection)
        names = sorted(set(look.get_table_names()) - {"alembic_version"})
        triggers = "SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        if not database.is_sqlite:
            triggers = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"
        return {
            "triggers": list(connection.execute(text(triggers)).scalars()),
            **{name: _of_table(look, name) for name in names},
        }


def _of_table(look: Any, name: str) -> dict[str, Any]:
    def plain(found: Any) -> list[str]:
        return sorted(json.dumps(one, default=str, sort_keys=True) for one in found)

    columns = ({**one, "type": repr(one["type"]), "default": None} for one in look.get_columns(name))
    return {
        "columns": plain(columns),
        "key": look.get_pk_constraint(name),
        "references": plain(look.get_foreign_keys(name)),
        "unique": plain(look.get_unique_constraints(name)),
        "indexes": plain(look.get_indexes(name)),
        "checks": plain(look.get_check_constraints(name)),
    }
