"""Copies of the database: whole while ratings arrive, refused when damaged, never over an existing one."""

import json
import random
import stat
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from feedback_app.cli.main import program
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.errors import Conflict, Refused
from feedback_app.services import backups, ratings, schema, verification
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import NOON

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
    taken = [backups.take(runtime.database, tmp_path / f"{turn}.backup", NOON) for turn in range(5)]
    writing.join()
    assert stat.S_IMODE((tmp_path / "0.backup").stat().st_mode) == 0o600
    for turn, copy in enumerate(taken):
        assert backups.restore(tmp_path / f"{turn}.backup", tmp_path / f"{turn}.db").rows == copy.rows
        restored = Database(f"sqlite:///{tmp_path / f'{turn}.db'}")
        with restored.reading() as session:
            assert session.query(Rating).count() == copy.rows["ratings"]
            assert list(verification.problems(session, runtime.vault, runtime.now())) == []
        restored.close()


def test_nothing_is_written_over(runtime: Runtime, tmp_path: Path) -> None:
    backups.take(runtime.database, tmp_path / "a.backup", NOON)
    with pytest.raises(Conflict):
        backups.take(runtime.database, tmp_path / "a.backup", NOON)
    for name in ("there.db", "other.db-wal"):
        (tmp_path / name).write_bytes(b"precious")
        with pytest.raises(Conflict):
            backups.restore(tmp_path / "a.backup", tmp_path / name.removesuffix("-wal"))
        assert (tmp_path / name).read_bytes() == b"precious"


def test_every_damaged_copy_is_refused_and_leaves_nothing(runtime: Runtime, tmp_path: Path) -> None:
    dice = random.Random(7)
    backups.take(runtime.database, tmp_path / "good.backup", NOON)
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
            backups.restore(tmp_path / "bad.backup", made)
        assert not made.exists()
        assert not list(tmp_path.glob("*.restoring"))


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
    refused = run.invoke(program, ["--config", str(config), "restore", str(tmp_path / "x.backup")])
    assert isinstance(refused.exception, Conflict)
    moved = tmp_path / "moved.toml"
    moved.write_text(config.read_text("utf-8").replace("stars.db", "moved.db"), "utf-8")
    restored = run.invoke(program, ["--config", str(moved), "restore", str(tmp_path / "x.backup")])
    assert restored.exit_code == 0 and (tmp_path / "moved.db").exists(), restored.output
