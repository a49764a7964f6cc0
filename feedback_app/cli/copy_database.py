"""Copy everything into an empty database of another kind, and compare."""

import sys

import click

from feedback_app.cli._common import Session, put, say
from feedback_app.db.engine import Database
from feedback_app.services import copying

_EVERY = 5000  # rows between two lines where nobody looks at a bar


@click.command(
    "copy-database",
    epilog="Example: service-star copy-database postgresql://stars@127.0.0.1/stars  (then change database.url)",
)
@click.argument("target")
@click.pass_obj
def copy_database(session: Session, target: str) -> None:
    """Copy the database of the configuration into the empty database TARGET, and compare both, row by row.

    Stop `serve` and `work` first: what is written after the copy began is not in it. A copy that is broken off leaves TARGET
    empty: start it again.
    """
    to = Database(target, prepared_statements=False)  # a pooler may stand before it
    try:
        with session.runtime() as runtime:
            copied = copying.copy(runtime.database, to, _Bar().tell)
    finally:
        to.close()
    say("both sides are equal. Now set database.url in the configuration, and run `service-star check`")
    by_table = {name: {"rows": rows, "digest": copied.digests[name]} for name, rows in copied.rows.items()}
    told = {"ok": True, "tables": len(copied.rows), "rows": sum(copied.rows.values()), "digest": copied.digest}
    put({**told, "by_table": by_table})


class _Bar:
    """How far it is, on standard error: a bar for people, a line now and then for a log."""

    def __init__(self) -> None:
        self._told = 0

    def tell(self, table: str, done: int, to_do: int) -> None:
        if sys.stderr.isatty():
            width = 30 * done // max(to_do, 1)
            click.echo(f"\r{'#' * width:<30} {done}/{to_do} {table:<30}", nl=done == to_do, err=True)
        elif done - self._told >= _EVERY or done == to_do:
            self._told = done
            say(f"{done}/{to_do} {table}")


COMMANDS = [copy_database]
