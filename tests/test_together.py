"""Group commit: alone at once, together by one flush, each with its own answer or error."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from feedback_app.db import visits
from feedback_app.db.base import Base
from feedback_app.db.conversations import NotUnderstood
from feedback_app.db.visits import Nullifier
from feedback_app.db.writing import Writing
from feedback_app.errors import Refused, Unavailable
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON, settings_for

both_databases = pytest.mark.both_databases


@pytest.fixture
def runtime(settings: Any) -> Iterator[Runtime]:
    opened = Runtime.open(settings)
    with opened.transaction() as session:
        Base.metadata.create_all(session.connection())
    yield opened
    opened.close()


def kept(runtime: Runtime) -> set[str]:
    with runtime.reading() as session:
        return set(session.scalars(select(Nullifier.mark)))


def claim(unit: Writing, key: str) -> str:
    assert visits.first(unit, key, "2026-11")
    return key


def side_by_side(runtime: Runtime, count: int, work: Any) -> dict[int, object]:
    """``work(unit, number)`` from so many threads, all of them waiting until the first one's transaction is open."""
    results: dict[int, object] = {}
    first_is_in, all_wait = threading.Event(), threading.Event()

    def one(number: int) -> None:
        def doing(unit: Writing) -> object:
            if number == 0:
                first_is_in.set()
                all_wait.wait(60)
            return work(unit, number)

        try:
            results[number] = runtime.together(doing)
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    threads[0].start()
    assert first_is_in.wait(60)
    for thread in threads[1:]:
        thread.start()
    all_wait.set()
    for thread in threads:
        thread.join(120)
    return results


@both_databases
def test_alone(runtime: Runtime) -> None:
    assert runtime.together(lambda unit: claim(unit, "one")) == "one"
    assert kept(runtime) == {"one"}


@both_databases
def test_each_gets_its_own_result(runtime: Runtime) -> None:
    results = side_by_side(runtime, 12, lambda unit, number: claim(unit, f"m{number}"))
    assert results == {number: f"m{number}" for number in range(12)}
    assert kept(runtime) == {f"m{number}" for number in range(12)}


@both_databases
def test_what_one_fails_at_is_undone_alone(runtime: Runtime) -> None:
    def work(unit: Writing, number: int) -> str:
        done = claim(unit, f"m{number}")
        if number % 4 == 1:
            unit.session.add(NotUnderstood(at=NOON, text=str(number)))
        if number % 4 == 2:
            raise Refused("ratings.bad_score", score=9)
        if number % 4 == 3:
            unit.session.add(NotUnderstood(at=NOON, text=str(number)))
            unit.session.flush()
            raise OSError("in the middle")
        return done

    results = side_by_side(runtime, 12, work)
    good = {number for number in range(12) if number % 4 < 2}
    assert {number for number, result in results.items() if result == f"m{number}"} == good
    assert {type(results[number]) for number in (2, 6, 10)} == {Refused}
    assert {type(results[number]) for number in (3, 7, 11)} == {OSError}
    assert kept(runtime) == {f"m{number}" for number in good}
    with runtime.reading() as session:
        assert set(session.scalars(select(NotUnderstood.text))) == {"1", "5", "9"}


@pytest.mark.sqlite_only("a server has no queue of writers")
def test_one_inside_another_is_refused(runtime: Runtime) -> None:
    with runtime.transaction(), pytest.raises(RuntimeError):
        runtime.together(lambda unit: claim(unit, "one"))
    assert runtime.together(lambda unit: claim(unit, "two")) == "two"


@pytest.mark.sqlite_only("a full disk rolls its transactions back")
def test_when_the_transaction_is_lost_nobody_is_thanked(tmp_path: Path) -> None:
    """A full disk rolls all of it back: those before and after the piece that met it hear so, and the next try works."""
    opened = Runtime.open(settings_for(tmp_path))
    with opened.transaction() as session:
        Base.metadata.create_all(session.connection())

    def work(unit: Writing, number: int) -> str:
        done = claim(unit, f"m{number}")
        if number == 0:
            unit.driver.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")
        return done

    results = side_by_side(opened, 1, work)
    assert isinstance(results[0], Unavailable)
    assert kept(opened) == set()
    assert opened.together(lambda unit: claim(unit, "again")) == "again"
    opened.close()
