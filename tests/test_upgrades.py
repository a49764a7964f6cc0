"""Issue 8, shown by 1: what a released version made is upgraded whole, also by whoever is killed on the way."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from feedback_app import clock
from feedback_app.cli import _check
from feedback_app.db import schema
from feedback_app.db.base import Base
from feedback_app.db.engine import Database
from feedback_app.errors import Refused
from feedback_app.services import backups, verification, visits
from feedback_app.services import schema as installed
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.vault import Vault
from feedback_app.services.visits import Arrival
from tests import postgres, releases
from tests.conftest import NOON, SQLITE, database_url, settings_for

EVERY = int(os.environ.get("SERVICE_STAR_KILL_EVERY", "4"))
"""1: a process is killed before every statement that writes (a minute); else before every n-th and the last two."""
OLD, TABLES = "0.1.0", 126
LATER = NOON.replace(day=21)

A_LATER_RELEASE = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade() -> None:
    op.create_table("leaflets", sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("point_id", sa.Integer, sa.ForeignKey("service_points.id", name="fk_leaflets_point"), nullable=False))
    with op.batch_alter_table("ratings") as ratings:
        ratings.add_column(sa.Column("weekday", sa.Integer, nullable=True))
    op.execute("UPDATE ratings SET weekday = score + 100")
    with op.batch_alter_table("ratings") as ratings:
        ratings.alter_column("weekday", existing_type=sa.Integer, nullable=False)
    with op.batch_alter_table("service_points") as points:
        points.alter_column("name", existing_type=sa.String(60), type_=sa.String(90), existing_nullable=False)
    op.execute("INSERT INTO leaflets (id, point_id) SELECT id, id FROM service_points")
"""
"""Fills a column of the largest table, and rebuilds (on SQLite) two tables that many others point to."""


@pytest.fixture
def old(tmp_path: Path, database_kind: str) -> Iterator[Database]:
    database = Database(database_url(tmp_path, database_kind))
    releases.make(database, OLD)
    yield database
    database.close()


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """Our migrations, and one more that changes much."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = max(file.name[:4] for file in (folder / "versions").glob("*.py"))
    (folder / "versions" / "9999_later.py").write_text(A_LATER_RELEASE.format(head=head), "utf-8")
    return folder


def runtime_over(database: Database, folder: Path) -> Runtime:
    opened = Runtime.open(settings_for(folder, database={"url": database.url.render_as_string(hide_password=False)}))
    clock.move(Path(opened.settings.sandbox.clock_file), LATER)
    return opened


def without_new(now: dict[str, list[dict[str, Any]]], before: dict[str, list[dict[str, Any]]]) -> Any:
    """What there is now of the tables and columns that were there before."""
    return {
        table: [{name: row[name] for name in rows[0]} for row in now[table]] if rows else now[table]
        for table, rows in before.items()
    }


@pytest.mark.both_databases
def test_the_release_is_upgraded_whole_and_goes_on(old: Database, tmp_path: Path, database_kind: str) -> None:
    before = releases.contents(old)
    assert len(before) == TABLES and all(before.values()), "every table of the release has rows"
    schema.upgrade(old)
    assert without_new(releases.contents(old), before) == before
    assert releases.shape(old) == releases.shape(fresh(tmp_path, database_kind))
    runtime = runtime_over(old, tmp_path)
    installed.migrate(runtime.database, NOON)
    with runtime.reading() as session:
        assert [
            one for one in verification.problems(session, runtime.vault, LATER) if one.what != "entry_waiting"
        ] == []
    found = list(_check.examine(runtime))
    assert [one.level for one in found if one.subject == "migrations"] == [_check.OK]
    assert [
        one for one in found if one.level == _check.WRONG and one.subject in {"database", "migrations", "worker"}
    ] == []
    with runtime.transaction() as session:
        marks = len(before["tally_marks"])
        sent = Submission(1, 5, "form", "after", comment="", answers={"overall": 5})
        visits.accept(session, runtime.vault, sent, Arrival(device="browser-after"), zone=runtime.zone, now=LATER)
    after = releases.contents(old)
    assert len(after["ratings"]) == len(before["ratings"]) + 1
    assert len(after["tally_marks"]) > marks, "the triggers are there"
    runtime.close()


def fresh(tmp_path: Path, kind: str) -> Database:
    """A database made from the models alone."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    made = Database(database_url(folder, kind))
    schema.metadata_is_complete()
    with made.transaction() as session:
        Base.metadata.create_all(session.connection())
    made.close()  # opens again when it is asked
    return made


def statements(database: Database, migrations: Path, kill_at: int) -> int:
    """Upgrade; the process is killed before the writing statement of that number, the last of them the COMMIT. 0: how many there are."""
    count = 0

    def next_one(_connection: Any, _cursor: Any = None, statement: str = "COMMIT", *_: object) -> None:
        nonlocal count
        if statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            return
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", next_one)
    event.listen(database.engine, "commit", next_one)
    schema.upgrade(database, migrations=migrations)
    return count


def in_a_process(database: Database, migrations: Path, kill_at: int) -> int:
    """The status with which a process of its own ends that upgrades."""
    url = database.url.render_as_string(hide_password=False)
    database.close()
    child = os.fork()
    if child == 0:
        try:
            statements(Database(url), migrations, kill_at)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.both_databases
def test_killed_at_any_statement_it_begins_again_and_loses_nothing(old: Database, later: Path, tmp_path: Path) -> None:
    before, shape, exactly = releases.contents(old), releases.shape(old), releases.snapshot(old)
    rehearsal = tmp_path / "rehearsal"
    rehearsal.mkdir()
    again = Database(database_url(rehearsal, old.engine.dialect.name))
    releases.make(again, OLD)
    steps = statements(again, later, 0)
    expected = releases.contents(again), releases.shape(again)
    again.close()
    killed = sorted({*range(1, steps, EVERY), steps - 1, steps})
    for number in killed:
        assert in_a_process(old, later, number) == -signal.SIGKILL
        assert releases.snapshot(old) == exactly, number
    print(f"killed before {len(killed)} of {steps} writing statements: 0 rows lost, 0 tables half made")
    schema.upgrade(old, migrations=later)
    now = releases.contents(old)
    filled = without_new(expected[0], before)
    marks = [len(one.pop("tally_marks")) for one in (now, expected[0])]  # a server's numbers have gaps after a kill
    assert (now, releases.shape(old), marks[0]) == (*expected, marks[1])
    assert len(filled.pop("tally_marks")) == len(before.pop("tally_marks")) + len(before["ratings"]), "by its triggers"
    assert filled == before
    assert [row["weekday"] for row in expected[0]["ratings"]] == [row["score"] + 100 for row in before["ratings"]]
    assert expected[1]["triggers"] == shape["triggers"]


def test_a_row_that_points_nowhere_stops_the_upgrade(old: Database, later: Path) -> None:
    broken = (later / "versions" / "9999_later.py").read_text("utf-8") + (
        '    op.execute("INSERT INTO leaflets (id, point_id) VALUES (987654, 987654)")\n'
    )
    (later / "versions" / "9999_later.py").write_text(broken, "utf-8")
    shape = releases.shape(old)
    with pytest.raises((RuntimeError, IntegrityError)):
        schema.upgrade(old, migrations=later)
    assert releases.shape(old) == shape


@pytest.mark.parametrize(
    "database_kind", [SQLITE], indirect=True
)  # a backup is such a file, whatever it was taken from
@pytest.mark.parametrize("into", [SQLITE, postgres.KIND])
def test_a_backup_of_the_release_is_restored_by_this_version(old: Database, into: str, tmp_path: Path) -> None:
    before = releases.contents(old)
    vault = Vault("a-secret-for-tests-0123456789-0123456789")
    backups.take(old, tmp_path / "old.backup", vault, NOON)
    old.close()
    folder = tmp_path / "restored"
    folder.mkdir()
    target = Database(database_url(folder, into))
    if target.is_sqlite:
        target.close()
        Path(target.url.database or "").unlink()
    backups.restore_into(target, tmp_path / "old.backup", vault)
    assert schema.is_at_head(target)
    after = releases.contents(target)
    assert {name: len(rows) for name, rows in before.items()} == {name: len(after[name]) for name in before}
    target.close()


def test_what_a_newer_version_made_is_refused(old: Database, later: Path) -> None:
    schema.upgrade(old, migrations=later)
    with pytest.raises(Refused) as refused:
        schema.upgrade(old)
    assert refused.value.code == "database.newer"
    assert not schema.is_at_head(old)
