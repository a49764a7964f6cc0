"""A SQLite file that is deleted, moved away or put back under a running service: nobody is thanked for what is lost."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from feedback_app.app import create_app
from feedback_app.cli import _check
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.db.same_file import SameFile
from feedback_app.errors import Unavailable
from feedback_app.services import schema
from feedback_app.services.runtime import Runtime
from tests.conftest import settings_for

pytestmark = pytest.mark.sqlite_only("a server keeps its files to itself")


def file_of(runtime: Runtime) -> Path:
    return Path(runtime.database.url.database or "")


def move(file: Path, folder: Path) -> None:
    """As the runbook does it: the file and all beside it."""
    folder.mkdir(exist_ok=True)
    for one in file.parent.glob(f"{file.name}*"):
        shutil.move(one, folder / one.name)


def rate(client: FlaskClient, path: str, key: str) -> int:
    return client.post(path, data={"key": key * 24, "overall": "5"}).status_code


def test_nobody_is_thanked_by_a_file_that_has_gone(
    app: Flask, client: FlaskClient, runtime: Runtime, code: Callable[[str], str], tmp_path: Path
) -> None:
    path, file = f"/s/{code('D01')}", file_of(runtime)
    assert rate(client, path, "a") == 303
    move(file, tmp_path / "away")
    assert rate(client, path, "b") == 503
    assert client.get("/readyz").status_code == 503
    assert not file.exists(), "an empty file would look like a hospital without anybody"
    move(tmp_path / "away" / file.name, file.parent)
    assert rate(client, path, "b") == 303
    with runtime.reading() as session:
        assert session.query(Rating).count() == 2


def test_another_file_in_its_place_is_used_from_there_on(
    app: Flask, client: FlaskClient, runtime: Runtime, code: Callable[[str], str], tmp_path: Path
) -> None:
    path, file, copy = f"/s/{code('D01')}", file_of(runtime), tmp_path / "copy.db"
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    assert rate(client, path, "a") == 303
    move(file, tmp_path / "away")
    shutil.move(copy, file)
    assert rate(client, path, "b") == 303
    with closing(sqlite3.connect(file)) as now:
        assert now.execute("SELECT count(*) FROM ratings").fetchone() == (1,)


def test_what_is_missing_at_the_start_is_not_made(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, database={"url": f"sqlite:///{tmp_path}/not-mounted/stars.db"})
    app = create_app(settings, create=False)
    assert app.test_client().get("/readyz").status_code == 503
    runtime: Runtime = app.extensions["service_star"]
    found = {one.subject: one for one in _check.examine(runtime)}
    assert "不在" in found["database"].detail and "database-down.md" in found["database"].detail
    with pytest.raises(Unavailable), runtime.reading():
        pass
    assert not (tmp_path / "not-mounted").exists()
    runtime.close()


def test_check_tells_a_file_that_another_program_keeps_locked(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_check, "_PATIENCE", 0.01)
    with closing(sqlite3.connect(file_of(runtime), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = next(one for one in _check.examine(runtime) if one.subject == "database")
        assert found.level == _check.WRONG and "被锁住" in found.detail
        other.execute("ROLLBACK")
    found = next(one for one in _check.examine(runtime) if one.subject == "database")
    assert found.level == _check.OK


def test_an_address_that_depends_on_the_folder_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = settings_for(tmp_path, database={"url": "sqlite:///var/stars.db"})
    app = create_app(settings)
    opened: Runtime = app.extensions["service_star"]
    schema.migrate(opened.database, opened.now())
    assert any("四条斜杠" in one.detail for one in _check.examine(opened))
    opened.close()


def test_nobody_is_thanked_by_a_file_that_was_replaced_while_it_was_written_to(
    runtime: Runtime, tmp_path: Path
) -> None:
    file, copy = file_of(runtime), tmp_path / "copy.db"
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)

    def put_copy_there(_: object = None) -> None:
        move(file, tmp_path / "away")
        shutil.copy(copy, file)

    with pytest.raises(Unavailable), runtime.transaction() as session:
        session.execute(update(ServicePoint).values(name="改"))
        put_copy_there()
    shutil.rmtree(tmp_path / "away")
    with pytest.raises(Unavailable):
        runtime.database.together(put_copy_there)
    with runtime.transaction() as session:
        assert session.query(ServicePoint).filter_by(name="改").count() == 0
        session.execute(update(ServicePoint).values(name="新"))
    with closing(sqlite3.connect(file)) as now:
        assert now.execute("SELECT count(*) FROM service_points WHERE name = '新'").fetchone() != (0,)


def test_nobody_goes_on_with_another_file_before_the_old_one_is_given_up(tmp_path: Path) -> None:
    path, order = tmp_path / "stars.db", list[str]()
    path.touch()
    watched = SameFile(path)
    (tmp_path / "new.db").touch()
    (tmp_path / "new.db").replace(path)

    def give_up() -> None:
        second.start()
        second.join(0.2)
        order.append("given up")

    def look() -> None:
        watched.must_be_there(lambda: order.append("given up twice"))
        order.append("went on")

    second = threading.Thread(target=look)
    watched.must_be_there(give_up)
    second.join()
    assert order == ["given up", "went on"]
