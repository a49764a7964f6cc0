"""A database copied into one of the other kind is the same, row by row, and goes on; whatever fails leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.schema import CreateTable

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.domain.cycles import Period
from feedback_app.errors import Conflict, Refused
from feedback_app.services import backups, copying, evidence, leaderboards, questionnaires, schema, verification, visits
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.visits import Arrival
from tests import postgres
from tests.conftest import NOON, SQLITE, database_url, settings_for
from tests.people import directory

KINDS = (SQLITE, postgres.KIND)


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    """Made by the migrations, with ratings of every level, their cases, evidence and a closed month."""
    folder = tmp_path / "source"
    folder.mkdir()
    opened = Runtime.open(
        settings_for(folder, database={"url": database_url(folder, request.param)}, sandbox={"clock_file": ""})
    )
    schema.migrate(opened.database, NOON)
    with opened.transaction() as session:
        session.add_all(directory(NOON))
    with opened.transaction() as session:
        points = list(session.scalars(select(ServicePoint.id).order_by(ServicePoint.id)))
        # Somebody whose department has a later number: order of rows and order of references differ.
        session.execute(update(ServicePoint).where(ServicePoint.id == points[0]).values(department_id=points[-1]))
    for number in range(30):
        with opened.transaction() as session:
            rate(opened, session, points[number % len(points)], f"k{number}", number % 5 + 1)
    with opened.transaction() as session:
        evidence.give_places(session)
        evidence.sign_head(session, opened.vault, NOON)
        leaderboards.close(session, "monthly", Period.parse("2026-10"), now=NOON, zone=opened.zone)
    yield opened
    opened.close()


def rate(opened: Runtime, session: object, point_id: int, key: str, level: int) -> None:
    sent = Submission(point_id, level, "form", key, comment="讲得很清楚，“谢谢”\n🙂", answers={"overall": level})
    visits.accept(session, opened.vault, sent, Arrival(device=f"browser-{key}"), zone=opened.zone, now=NOON)  # type: ignore[arg-type]


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    folder = tmp_path / "target"
    folder.mkdir()
    opened = Database(database_url(folder, request.param))
    yield opened
    opened.close()


def test_the_copy_is_equal_and_goes_on(source: Runtime, target: Database) -> None:
    told: list[tuple[str, int, int]] = []
    copied = copying.copy(source.database, target, lambda *one: told.append(one))
    assert copied.rows["ratings"] == 30 and copied.rows["cases"] == 12
    assert told[-1][1] == told[-1][2] == sum(copied.rows.values())
    there = Runtime(source.settings, target, source.clock, source.vault)
    with there.reading() as session:
        found = [one for one in verification.problems(session, there.vault, NOON) if one.what != "entry_waiting"]
        assert found == []
        assert session.scalar(select(Case).where(Case.rating_id.is_not(None)).limit(1)) is not None
    with there.transaction() as session:  # numbers go on after the copied ones
        rate(there, session, copied.rows["service_points"], "after", 1)
    with there.reading() as session:
        assert session.query(Rating).count() == 31
    with pytest.raises(Conflict) as refused:
        copying.copy(source.database, target)
    assert refused.value.code == "copying.not_empty"
    own = [key for table in copying.tables() for key in table.foreign_key_constraints if key.referred_table is table]
    assert own
    for key in own:  # a table made later in this process still points into itself
        assert f"REFERENCES {key.table.name} " in str(CreateTable(key.table).compile(dialect=target.engine.dialect))


@pytest.mark.parametrize("source", [SQLITE], indirect=True)  # which keeps texts of any length
@pytest.mark.parametrize("target", [postgres.KIND], indirect=True)
def test_what_does_not_fit_leaves_the_target_empty(source: Runtime, target: Database) -> None:
    with source.transaction() as session:
        session.execute(update(ServicePoint).values(title="长" * 61))
    with pytest.raises(Refused) as refused:
        copying.copy(source.database, target)
    assert (refused.value.code, refused.value.params["table"]) == ("copying.does_not_fit", "service_points")
    with target.transaction() as session:
        questionnaires.install_presets(session, NOON)  # the tables are there, and empty
        assert session.query(ServicePoint).count() == 0


def test_a_backup_of_either_kind_is_restored_into_either(source: Runtime, target: Database, tmp_path: Path) -> None:
    taken = backups.take(source.database, tmp_path / "a.backup", source.vault, NOON)
    if target.is_sqlite:
        target.close()
        Path(target.url.database or "").unlink()
    assert backups.restore_into(target, tmp_path / "a.backup", source.vault).rows == taken.rows
    reopened = Database(target.url.render_as_string(hide_password=False))
    with source.database.engine.connect() as here, reopened.engine.connect() as there:
        ours, theirs = copying.fingerprint(here), copying.fingerprint(there)
    reopened.close()
    del ours["shown_state"], theirs["shown_state"]  # grows with every commit that touches forms
    assert ours == theirs
    with pytest.raises(Conflict):
        backups.restore_into(target, tmp_path / "a.backup", source.vault)


@pytest.mark.parametrize("source", [SQLITE], indirect=True)
def test_a_copy_that_is_broken_off_leaves_nothing_and_begins_again(source: Runtime, target: Database) -> None:
    url = target.url.render_as_string(hide_password=False)
    target.close()
    child = os.fork()
    if child == 0:
        try:
            copying.copy(source.database, Database(url), lambda table, *_: die() if table == "ratings" else None)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with target.reading() as session:
        assert session.query(ServicePoint).count() == 0, "written before it died, and undone"
    copied = copying.copy(source.database, target)
    assert copied.rows["ratings"] == 30
    assert copied.digests.keys() == copied.rows.keys()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_command_copies_and_says_what_it_did(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "feedback_app.cli.main", "--config", str(tmp_path / "config.toml")]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        root = str(Path(__file__).parent.parent)
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": root}
        )

    assert run("init", "--hospital", "青山医院").returncode == 0
    done = run("copy-database", postgres.url_for(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["rows"] == sum(one["rows"] for one in told["by_table"].values()) > 0
    assert told["ok"] is True and "copy-database" not in done.stderr
    again = run("copy-database", postgres.url_for(tmp_path))
    assert again.returncode == 1 and "没有动它" in again.stderr
