"""For developers, after a change of tables: write the migration of the next release anew.

python -m tests.regenerate_migration

Released migrations stay as they are (``tests.releases``). What the models have beyond them becomes one more; it is written anew
with every change until it is released, too. Rows are moved or filled by a file ``migrations/by_hand/after_0002_topic.py`` with
``upgrade(connection)``, which runs after the tables of that number have changed.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.rewriter import Rewriter
from alembic.operations import ops

from feedback_app.db import schema
from feedback_app.db.engine import Database
from tests.releases import NEXT, RELEASED, VERSIONS

_complete = Rewriter()


@_complete.rewrites(ops.AddColumnOp)
def _fill_old_rows(_context: Any, _revision: Any, step: ops.AddColumnOp) -> ops.AddColumnOp:
    """A column that must have a value gets it in old rows, too, and from programs of the old version that still run."""
    column: sa.Column[Any] = step.column
    if not column.nullable and column.server_default is None:
        column.server_default = sa.DefaultClause(sa.text(_default(step.table_name, column)))
    return step


def _default(table: str, column: sa.Column[Any]) -> str:
    default = column.default
    value = None
    if default is not None and default.is_scalar:
        value = default.arg  # type: ignore[attr-defined]
    elif default is not None and default.is_callable:
        value = {"dict": {}, "list": [], "str": "", "int": 0}.get(default.arg.__name__)  # type: ignore[attr-defined]
    if isinstance(value, bool | int | float | str | dict | list):
        plain = int(value) if isinstance(value, bool) else value  # both kinds of database read '0' as false
        written = json.dumps(plain) if isinstance(plain, dict | list) else str(plain)
        return "'" + written.replace("'", "''") + "'"
    sys.exit(
        f"{table}.{column.name}: rows of the last release need a value. Give the model a default=, or make it nullable."
    )


def main() -> None:
    for old in VERSIONS.glob("*.py"):
        if old.name not in RELEASED:
            old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'released.db'}")
        schema.upgrade(database)
        schema.make_revision(database, NEXT, "unreleased", _complete)
        database.close()


if __name__ == "__main__":
    main()
