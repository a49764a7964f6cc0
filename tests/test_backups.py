"""Copies of the database: whole while ratings arrive, refused when damaged, never over an existing one."""

import hashlib
import json
import os
import random
import sqlite3
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from feedback_app.cli import backup as cli_backup
from feedback_app.cli.main import program
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.errors import Conflict, Refused, Unavailable
from feedback_app.services import backups, ratings, schema, verification, visits
from feedback_app.services.backup_proofs import row_digest
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime, opened
from feedback_app.services.vault import Vault
from feedback_app.services.visits import Arrival
from feedback_app.settings import Settings, load
from tests import postgres
from tests.conftest import NOON
from tests.people import directory

pytestmark = pytest.mark.sqlite_only("its own online copy of a file; copies of a server are in test_copying")


def rate(runtime: Runtime, point: ServicePoint, number: int) -> None:
    with runtime.transaction() as session:
        made = Submission(
            point_id=point.id, score=number % 5 + 1, channel="form", idempotency_key=f"k{number}", comment="好"
        )
        ratings.submit(session, made, zone=runtime.zone, now=runtime.now())


def test_a_copy_made_while_ratings_arrive_is_whole(
    runtime: Runtime, point: Callable[[str], ServicePoint], tmp_path: Path
) -> None:
    doctor = point("D01")

    def keep_rating() -> None:
        for number in range(60):
            rate(runtime, doctor, number)

    writing = Thread(target=keep_rating)
    writing.start()
    taken = [backups.take(runtime.database, tmp_path / f"{turn}.backup", runtime.vault, NOON) for turn in range(5)]
    writing.join()
    assert stat.S_IMODE((tmp_path / "0.backup").stat().st_mode) == 0o600
    for turn, copy in enumerate(taken):
        assert backups.restore(tmp_path / f"{turn}.backup", tmp_path / f"{turn}.db", runtime.vault).rows == copy.rows
        restored = Database(f"sqlite:///{tmp_path / f'{turn}.db'}")
        with restored.reading() as session:
            assert session.query(Rating).count() == copy.rows["ratings"]
            assert list(verification.problems(session, runtime.vault, runtime.now())) == []
        restored.close()


def test_nothing_is_written_over(runtime: Runtime, tmp_path: Path) -> None:
    backups.take(runtime.database, tmp_path / "a.backup", runtime.vault, NOON)
    with pytest.raises(Conflict):
        backups.take(runtime.database, tmp_path / "a.backup", runtime.vault, NOON)
    for name in ("there.db", "other.db-wal"):
        (tmp_path / name).write_bytes(b"precious")
        with pytest.raises(Conflict):
            backups.restore(tmp_path / "a.backup", tmp_path / name.removesuffix("-wal"), runtime.vault)
        assert (tmp_path / name).read_bytes() == b"precious"


def test_every_damaged_copy_is_refused_and_leaves_nothing(runtime: Runtime, tmp_path: Path) -> None:
    dice = random.Random(7)
    backups.take(runtime.database, tmp_path / "good.backup", runtime.vault, NOON)
    good = (tmp_path / "good.backup").read_bytes()
    for attempt in range(100):
        where = dice.randrange(len(good))
        damaged = (
            good[:where]
            if attempt % 2
            else good[:where] + bytes([good[where] ^ (1 << dice.randrange(8))]) + good[where + 1 :]
        )
        (tmp_path / "bad.backup").write_bytes(damaged)
        made = tmp_path / "bad.db"
        with pytest.raises(Refused):
            backups.restore(tmp_path / "bad.backup", made, runtime.vault)
        assert not made.exists()
        assert not list(tmp_path.glob("*.restoring"))


def test_another_hospitals_backup_is_told_from_a_bad_one(runtime: Runtime, tmp_path: Path) -> None:
    file, target = tmp_path / "a.backup", tmp_path / "elsewhere" / "made.db"
    backups.take(runtime.database, file, runtime.vault, NOON)
    stranger = Vault("another hospital's secret, long enough 0123456789")
    with pytest.raises(Refused, match="other_key"):
        backups.restore(file, target, stranger)
    assert not target.parent.exists()
    assert backups.restore(file, target, stranger, other_key=True).rows["ratings"] == 0


def test_nobody_without_the_secret_key_can_make_one(runtime: Runtime, tmp_path: Path) -> None:
    """Neither by summing an edited heading anew, nor by saying that an older release wrote it with what it did not know."""
    backups.take(runtime.database, tmp_path / "a.backup", runtime.vault, NOON)
    line, _, database = (tmp_path / "a.backup").read_bytes().partition(b"\n")
    told = {**json.loads(line), "taken_at": "2026-01-01T00:00:00+00:00"}
    said = {name: value for name, value in told.items() if name not in {"sha256", "seal"}}
    told["sha256"] = hashlib.sha256(json.dumps(said, sort_keys=True).encode() + database).hexdigest()
    (tmp_path / "forged.backup").write_bytes(json.dumps(told).encode() + b"\n" + database)
    with pytest.raises(Refused, match="forged"):
        backups.restore(tmp_path / "forged.backup", tmp_path / "made.db", runtime.vault)


def test_a_backup_of_release_0_1_0_can_be_restored(runtime: Runtime, tmp_path: Path) -> None:
    backups.take(runtime.database, tmp_path / "a.backup", runtime.vault, NOON)
    line, _, database = (tmp_path / "a.backup").read_bytes().partition(b"\n")
    told = {name: json.loads(line)[name] for name in ("taken_at", "bytes", "rows")} | {"service-star backup": 1}
    told["sha256"] = hashlib.sha256(json.dumps(told, sort_keys=True).encode() + database).hexdigest()
    (tmp_path / "old.backup").write_bytes(json.dumps(told).encode() + b"\n" + database)
    with pytest.raises(Refused, match="no_seal"):  # anybody could write such a heading
        backups.restore(tmp_path / "old.backup", tmp_path / "made.db", runtime.vault)
    made = backups.restore(tmp_path / "old.backup", tmp_path / "made.db", runtime.vault, other_key=True)
    assert made.rows == told["rows"]


def test_a_newer_one_an_archive_and_nothing_are_told_apart(runtime: Runtime, tmp_path: Path) -> None:
    for content, code in (
        (b'{"service-star backup": 3}\n', "newer"),
        (b"PK\x03\x04", "not_a_backup"),
        (b"", "not_a_backup"),
    ):
        (tmp_path / "x.backup").write_bytes(content)
        with pytest.raises(Refused, match=code):
            backups.restore(tmp_path / "x.backup", tmp_path / "made.db", runtime.vault)


def test_without_room_nothing_is_written(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backups.take(runtime.database, tmp_path / "a.backup", runtime.vault, NOON)
    monkeypatch.setattr(backups, "_SPARE", 2**60)
    with pytest.raises(Unavailable, match="no_room"):
        backups.take(runtime.database, tmp_path / "b.backup", runtime.vault, NOON)
    with pytest.raises(Unavailable, match="no_room"):
        backups.restore(tmp_path / "a.backup", tmp_path / "made.db", runtime.vault)
    assert not (tmp_path / "b.backup").exists() and not (tmp_path / "made.db").exists()


@pytest.mark.parametrize(
    "change",
    ["UPDATE t SET a = '1' WHERE b IS NULL", "UPDATE t SET b = '' WHERE b IS NULL", "DELETE FROM t WHERE a = 2"],
)
def test_the_digest_sees_every_change_of_a_row_and_no_change_of_order(change: str) -> None:
    def digest(*statements: str) -> str:
        with closing(sqlite3.connect(":memory:")) as opened:
            opened.execute("CREATE TABLE t (a, b)")
            for one in statements:
                opened.execute(one)
            return row_digest(opened)

    first, second = "INSERT INTO t VALUES (1, NULL)", "INSERT INTO t VALUES (2, x'00')"
    assert digest(first, second) == digest(second, first) != digest(first, second, change)


def test_what_waited_for_its_place_when_it_was_taken_is_no_problem_later(settings: Settings, tmp_path: Path) -> None:
    """A backup of this minute, restored tomorrow: its newest ratings had no place in the evidence log yet."""
    with opened(settings) as runtime:
        schema.migrate(runtime.database, NOON)
        with runtime.transaction() as session:
            session.add_all(directory(NOON))
            session.flush()
            doctor = session.query(ServicePoint).filter_by(key="D01").one()
            sent = Submission(doctor.id, 5, "form", "k1", answers={"overall": 5})
            visits.accept(session, runtime.vault, sent, Arrival(device="phone"), zone=runtime.zone, now=NOON)
        backups.take(runtime.database, tmp_path / "a.backup", runtime.vault, NOON)
        config = configured(runtime, tmp_path)
    restored = CliRunner().invoke(program, ["--config", str(config), "restore", str(tmp_path / "a.backup")])
    assert restored.exit_code == 0, restored.output
    with opened(load(config)) as made, made.reading() as session:
        found = verification.problems(session, made.vault, NOON + timedelta(days=1))
        assert [one.what for one in found] == ["entry_waiting"]


def configured(runtime: Runtime, folder: Path) -> Path:
    """The configuration of the same hospital with another, empty place for its database."""
    config = folder / "elsewhere.toml"
    config.write_text(
        f'[hospital]\nname = "青山医院"\n[database]\nurl = "sqlite:///{folder / "elsewhere.db"}"\n'
        '[complaints]\nphone = "0571"\nplace = "一楼"\nhours = "8-17"\nroutes = "法院"\n'
        f'[security]\nsecret_key = "{runtime.settings.security.secret_key.get_secret_value()}"\n',
        "utf-8",
    )
    return config


def test_the_commands(settings: Settings, tmp_path: Path) -> None:
    runtime = Runtime.open(settings)
    schema.migrate(runtime.database, NOON)
    runtime.close()
    config = tmp_path / "config.toml"
    tables = runtime.settings.model_dump(mode="json")
    config.write_text(
        f'[hospital]\nname = "青山医院"\n[database]\nurl = "{tables["database"]["url"]}"\n'
        '[complaints]\nphone = "0571"\nplace = "一楼"\nhours = "8-17"\nroutes = "法院"\n'
        f'[security]\nsecret_key = "{runtime.settings.security.secret_key.get_secret_value()}"\n',
        "utf-8",
    )
    run = CliRunner()
    drilled = run.invoke(program, ["--config", str(config), "drill"])
    assert drilled.exit_code == 0, drilled.output
    assert json.loads(drilled.stdout)["ok"] is True
    taken = run.invoke(program, ["--config", str(config), "backup", str(tmp_path / "x.backup")])
    assert taken.exit_code == 0 and json.loads(taken.stdout)["rows"] > 0
    with opened(settings) as looking, looking.reading() as session:
        assert backups.last_written(session, runtime.now()) is not None
    refused = run.invoke(program, ["--config", str(config), "restore", str(tmp_path / "x.backup")])
    assert isinstance(refused.exception, Conflict)
    moved = tmp_path / "moved.toml"
    moved.write_text(config.read_text("utf-8").replace("stars.db", "moved.db"), "utf-8")
    restored = run.invoke(program, ["--config", str(moved), "restore", str(tmp_path / "x.backup")])
    assert restored.exit_code == 0 and (tmp_path / "moved.db").exists(), restored.output


def test_of_two_at_the_same_place_the_second_refuses_and_the_first_is_whole(runtime: Runtime, tmp_path: Path) -> None:
    target = tmp_path / "night.backup"
    with backups._alone_at(target):  # the first one, in the middle of it
        (tmp_path / "night.backup.copying").write_bytes(b"half of it")
        with pytest.raises(Conflict) as refused:
            backups.take(runtime.database, target, runtime.vault, NOON)
        assert refused.value.code == "backup.running"
        assert (tmp_path / "night.backup.copying").read_bytes() == b"half of it"
    backups.take(runtime.database, target, runtime.vault, NOON)
    assert {one.name for one in tmp_path.glob("night*")} == {"night.backup"}


def test_a_backup_is_good_where_nothing_can_be_written(runtime: Runtime, tmp_path: Path) -> None:
    """A standby, or a role that may only read: whoever copies from there is not told that it failed."""
    url = postgres.url_for(tmp_path / "live")
    live = Database(url)
    schema.migrate(live, NOON)
    with live.transaction() as session:
        session.execute(text("CREATE ROLE reader LOGIN"))
        session.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    reader = Database(url.replace("postgres@", "reader@"))
    assert sum(backups.take(reader, tmp_path / "night.backup", runtime.vault, NOON).rows.values()) > 0
    assert not backups.remember(reader, NOON)
    assert backups.remember(live, NOON)
    reader.close()
    live.close()


def test_a_group_is_backed_up_and_drilled_hospital_by_hospital(tmp_path: Path) -> None:
    run, folder, nights = CliRunner(), tmp_path / "hospitals", tmp_path / "nights"
    nights.mkdir()
    for name in ("dong", "xi"):
        made = ["--database", f"sqlite:///{tmp_path / name}.db", "--base-url", f"http://{name}.example"]
        assert run.invoke(program, ["--config", str(folder / f"{name}.toml"), "init", *made]).exit_code == 0
    group = ["--config", str(folder)]
    assert run.invoke(program, [*group, "drill"]).exit_code == 0
    taken = run.invoke(program, [*group, "backup", str(nights / "stars-2026-11-22.backup")])
    assert taken.exit_code == 0, taken.output
    assert {one.name for one in nights.iterdir()} == {"stars-2026-11-22-dong.backup", "stars-2026-11-22-xi.backup"}
    (tmp_path / "dong.db").write_bytes(b"no database at all" * 1000)
    (folder / "a.toml").write_text("nonsense", "utf-8")
    for words in (["drill"], ["backup", str(nights / "next.backup")]):
        broken = run.invoke(program, [*group, *words])
        assert broken.exit_code == 2 and "== a\n" in broken.stderr and "== dong" in broken.stderr
        assert len(broken.stdout.splitlines()) == 1, "the other one has its turn"


def test_a_drill_clears_away_what_one_that_was_killed_has_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, age in (("old", 90_000), ("running", 60)):
        (tmp_path / f"service-star-drill-{name}").mkdir()
        (tmp_path / f"service-star-drill-{name}" / "drill.backup").touch()
        moment = time.time() - age
        os.utime(tmp_path / f"service-star-drill-{name}", (moment, moment))
    cli_backup._clear_away()
    assert [one.name for one in tmp_path.iterdir()] == ["service-star-drill-running"]
