"""A database without room, or that is not there: 503 in words, nobody is thanked, and all is well as soon as it can be."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.cli import _check
from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.errors import Unavailable
from feedback_app.services import evidence, verification
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON, settings_for


@pytest.mark.sqlite_only("its limit of pages stands for a full disk; bench/crash.py fills a real one")
def test_without_room_nobody_is_thanked_and_with_room_all_is_well(
    app: Flask, client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    path, opened = f"/s/{code('D01')}", app.extensions["service_star"]

    def make_room(pages: int) -> None:
        opened.together(lambda unit: unit.driver.execute(f"PRAGMA max_page_count={pages}").close())

    make_room(1)  # SQLite: as few as there are already
    answers, keys = [], [f"key{n:021}" for n in range(40)]
    for key in keys:
        form = {"key": key, "overall": "1", "comment": "满" * 400}
        answers.append(client.post(path, data=form))
        if answers[-1].status_code != 303:
            break
    kept = answers[-1]
    assert kept.status_code == 503 and "还没有收下" in kept.text and kept.headers["Retry-After"]
    make_room(100_000)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', kept.text))
    assert fields == {"key": keys[len(answers) - 1], "overall": "1", "comment": "满" * 400}
    again = client.post(re.findall(r'<form method="post" action="([^"]+)"', kept.text)[0], data=fields)
    assert again.status_code == 303
    with runtime.reading() as session:
        assert session.query(Rating).count() == len(answers)  # the refused one is there once, from the second try


@pytest.mark.sqlite_only("a server that may only be read is a standby: bench/failover.py")
def test_a_file_that_may_only_be_read(app: Flask, client: FlaskClient, code: Callable[[str], str]) -> None:
    """A disk that failed is mounted read-only: what is there can be looked at, nobody is thanked."""
    path, opened = f"/s/{code('D01')}", app.extensions["service_star"]
    form = {"key": "k" * 24, "overall": "5"}
    connection = opened.together(lambda unit: unit.driver)
    connection.execute("PRAGMA query_only=ON")
    assert client.get(path).status_code == 200
    assert client.post(path, data=form).status_code == 503
    connection.execute("PRAGMA query_only=OFF")
    assert client.post(path, data=form).status_code == 303


@pytest.mark.parametrize(("hops", "seen"), [(0, "127.0.0.1"), (1, "7.7.7.7"), (2, "8.8.8.8")])
def test_addresses_are_believed_only_from_our_own_proxies(tmp_path: Path, hops: int, seen: str) -> None:
    """What comes before the last ``trusted_proxies`` addresses was written by whoever asked."""
    made = create_app(settings_for(tmp_path, server={"trusted_proxies": hops}))
    met: list[str | None] = []
    made.before_request(lambda: met.append(request.remote_addr))
    made.test_client().get("/healthz", headers={"X-Forwarded-For": "9.9.9.9, 8.8.8.8, 7.7.7.7"})
    made.test_client().get("/healthz", headers={"X-Forwarded-For": "not an address"})
    assert met[0] == seen
    made.extensions["service_star"].close()


def test_a_clock_that_was_set_back_and_forward_costs_nothing(
    app: Flask, client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    """Six hours back, then on again: all are accepted, the evidence log holds, and ``check`` says while the clock is wrong."""
    path, hours = f"/s/{code('D01')}", (0, -6, 6)
    said = []
    for number, hour in enumerate(hours):
        clock.move(Path(runtime.settings.sandbox.clock_file), NOON + timedelta(hours=hour))
        assert client.post(path, data={"key": f"key{number:021}", "overall": "4"}).status_code == 303
        with runtime.transaction() as session:
            evidence.give_places(session)
        said.append({one.level for one in _check.examine(runtime) if one.subject == "clock"})
    assert said == [{_check.OK}, {_check.WRONG}, {_check.OK}]
    with runtime.reading() as session:
        assert session.query(Rating).count() == len(hours)
        assert list(verification.problems(session, runtime.vault, runtime.now())) == []


def test_a_server_that_is_not_there_is_said_plainly() -> None:
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    with pytest.raises(Unavailable) as told, gone.reading() as session:
        session.query(Rating).count()
    assert told.value.code == "database.unavailable"
    with pytest.raises(Unavailable), gone.transaction() as session:
        session.query(Rating).count()
    gone.close()
