"""Behind a pooler that gives each transaction another connection: nothing of ours lives in a session of the server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from feedback_app import jobs
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.services import backups, copying, evidence, schema, verification
from feedback_app.services.deliveries import SENT, Outcome, Outgoing
from feedback_app.services.runtime import Runtime
from tests import postgres, releases
from tests.conftest import NOON, SQLITE, database_url, settings_for
from tests.people import directory
from tests.pooler import pooled
from tests.side_by_side import run
from tests.test_side_by_side import TURNS, write_everything

WRITERS = 4


@pytest.fixture
def through(tmp_path: Path) -> Iterator[str]:
    with pooled(database_url(tmp_path, postgres.KIND)) as url:
        yield url


class _Taken:
    def deliver(self, message: Outgoing) -> Outcome:
        return Outcome(SENT)


def test_everything_works_behind_it(through: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, database={"url": through, "prepared_statements": False})
    runtime = Runtime.open(settings)
    schema.migrate(runtime.database, NOON)
    with runtime.transaction() as session:
        session.add_all(directory(NOON))
    with runtime.reading() as session:
        point = session.scalars(select(ServicePoint.id).where(ServicePoint.key == "W03")).one()
    given = [one for writer in run(write_everything, settings, point, processes=WRITERS) for one in writer]
    worker = jobs.Worker(runtime, {"wecom": _Taken(), "wecom_group": _Taken()})
    worker.tick()
    worker.deliver()
    seen = [runtime.database.shown_state() for _ in range(30)]
    with runtime.transaction() as session:
        evidence.give_places(session)
        session.get_one(ServicePoint, point).title = "改了"
    assert runtime.database.shown_state() == seen[-1] + 1
    with runtime.reading() as session:
        assert list(verification.problems(session, runtime.vault, runtime.now())) == []
        assert {one.receipt for one in session.query(Rating)} == set(given)
        assert len(given) == WRITERS * TURNS
    taken = backups.take(runtime.database, tmp_path / "pooled.backup", runtime.vault, NOON)
    assert taken.rows["ratings"] == len(given)
    runtime.close()


def test_copies_arrive_through_it(through: str, tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.mkdir()
    source = Database(database_url(folder, SQLITE))
    releases.make(source, "0.1.0")
    schema.migrate(source, NOON)
    target = Database(through, prepared_statements=False)
    copied = copying.copy(source, target)
    assert copied.rows["ratings"] == 40
    for database in (source, target):
        database.close()


def test_without_the_setting_it_breaks(through: str) -> None:
    """That is what the setting is for, and that each transaction really gets another connection."""
    database = Database(through)
    with (
        pytest.raises(DBAPIError, match="prepared statement"),
        database.engine.connect() as one,
        database.engine.connect() as other,
    ):
        for number in range(40):
            first, second = (one, other) if number % 2 else (other, one)
            with first.begin():  # holds a connection of the server, so that the other gets another one each time
                first.execute(text("SELECT CAST(:number AS integer)"), {"number": number})
                with second.begin():
                    second.execute(text("SELECT CAST(:number AS integer)"), {"number": number})
    database.close()
