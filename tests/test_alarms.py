"""What IT is told: no proven backup for eight days, messages that stay, a full disk, no worker; once a day."""

import contextvars
import json
import logging
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from feedback_app import whose
from feedback_app.cli._logs import formatter
from feedback_app.db.outbox import OutboxMessage
from feedback_app.services import alarms, backups, outbox, periodic
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON

DAY = timedelta(days=1)


def names(runtime: Runtime, after: timedelta) -> set[str]:
    with runtime.reading() as session:
        return {one.name for one in alarms.found(session, runtime, NOON + after)} - {"disk", "canary"}


def test_a_backup_must_be_proven_every_eight_days(runtime: Runtime) -> None:
    assert names(runtime, 8 * DAY) == {"worker"}
    assert names(runtime, 9 * DAY) == {"backup", "worker"}
    with runtime.transaction() as session:
        backups.proven(session, NOON + 9 * DAY)
        backups.written(session, NOON + 9 * DAY)
        periodic.beat(session, "one", NOON + 9 * DAY)
    assert names(runtime, 9 * DAY) == set()
    assert "backup" in names(runtime, 18 * DAY)


def test_nights_without_a_backup_are_told_although_the_drill_passes(runtime: Runtime) -> None:
    def rings(days: float) -> bool:
        return "backup_old" in names(runtime, days * DAY)

    assert not rings(7)  # nobody has begun with backups: the first alarm tells them to
    with runtime.transaction() as session:
        backups.proven(session, NOON)
    assert not rings(2) and rings(2.5)  # never written, although the drill passes
    with runtime.transaction() as session:
        backups.written(session, NOON + 2.5 * DAY)
    assert not rings(4.5) and rings(5)
    told = "已经 2 天没有写成新的备份文件"
    with runtime.transaction() as session:
        alarms.tell(session, runtime, NOON + 5 * DAY)
        assert any(told in one.payload["text"] for one in session.query(OutboxMessage).filter_by(purpose="alarm"))


def test_nights_before_they_were_remembered_do_not_count(runtime: Runtime) -> None:
    """A year with release 0.1.0 and its drills, and then this one."""
    with runtime.transaction() as session:
        backups.proven(session, NOON + 364 * DAY)
        for days in (365, 366):  # each time it is migrated
            backups.remember_from_now(session, NOON + days * DAY)
    assert "backup_old" not in names(runtime, 366 * DAY) and "backup_old" in names(runtime, 368 * DAY)


def test_what_a_clock_that_was_ahead_wrote_proves_nothing(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        backups.proven(session, NOON + 365 * DAY)
        backups.written(session, NOON + 365 * DAY)
        backups.written(session, NOON + DAY)
    assert {"backup", "backup_old"} <= names(runtime, 9 * DAY)


def test_who_copies_otherwise_is_not_told(runtime: Runtime) -> None:
    otherwise = replace(
        runtime,
        settings=runtime.settings.model_copy(
            update={"backups": runtime.settings.backups.model_copy(update={"nightly": False})}
        ),
    )
    with runtime.transaction() as session:
        backups.written(session, NOON)
    assert "backup_old" in names(runtime, 5 * DAY) and "backup_old" not in names(otherwise, 5 * DAY)


def test_each_is_told_once_a_day_without_a_word_of_a_patient(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        outbox.put(session, dedupe_key="x", purpose="star_result", channel="wecom", recipient="", payload={}, now=NOON)
    for later, told in ((2 * DAY, 1), (2 * DAY + timedelta(hours=3), 0), (3 * DAY, 1)):
        with runtime.transaction() as session:
            fresh = [one.name for one in alarms.to_tell(session, runtime, NOON + later) if one.name != "disk"]
            assert len(fresh) == told
            alarms.tell(session, runtime, NOON + later)
    with runtime.reading() as session:
        pushed = session.query(OutboxMessage).filter_by(purpose="alarm").all()
        assert {one.recipient for one in pushed} == {"complaints"}
        assert any("没有送到" in one.payload["text"] for one in pushed)


def test_a_full_disk(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "FULL", 0.0)  # as full as it is here is too full
    with runtime.reading() as session:
        assert "disk" in {one.name for one in alarms.found(session, runtime, NOON)}


def test_each_alarm_has_its_page_in_the_runbook() -> None:
    docs = Path(__file__).parent.parent / "docs"
    manual = (docs / "operator.md").read_text("utf-8")
    for name in alarms.NAMES:
        page = re.search(rf"^\| `{name}` \|.*\((runbook/[a-z-]+\.md)\)", manual, re.MULTILINE)
        assert page is not None, name
        words = (docs / page[1]).read_text("utf-8")
        assert "看到什么 · Sign" in words and "1. " in words, page[1]


def test_operators_see_it(client: FlaskClient, runtime: Runtime) -> None:
    told = client.get("/readyz")  # the tables were made without migrations
    assert told.status_code == 503 and "migrate" in told.get_json()["status"]
    text = client.get("/metrics").text
    assert 'service_star_alarm{name="worker"} 1.0' in text and 'service_star_alarm{name="backup"} 0.0' in text
    assert "service_star_backup_proven_at 0.0" in text and "service_star_answer_seconds_bucket" in text


def test_a_log_line_for_machines_is_json() -> None:
    try:
        raise ValueError("“quoted”\nline")
    except ValueError as error:
        record = logging.LogRecord("a.b", logging.ERROR, "f", 1, "it %s", ("broke",), (type(error), error, None))
    told = json.loads(formatter("json").format(record))
    assert (told["level"], told["logger"], told["message"]) == ("error", "a.b", "it broke")
    assert "quoted" in told["traceback"] and "hospital" not in told


def test_log_lines_of_a_group_name_their_hospital() -> None:
    record = logging.LogRecord("a.b", logging.INFO, "f", 1, "done", (), None)

    def lines(name: str) -> tuple[str, str]:
        whose.is_of(name)
        return formatter("text").format(record), json.loads(formatter("json").format(record))["hospital"]

    told = contextvars.copy_context().run(lines, "东院")
    assert told[0].startswith("东院: ") and told[0].endswith("a.b: done") and told[1] == "东院"
