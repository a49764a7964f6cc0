"""A database without room, or that is not there: 503 in words, nobody is thanked, and all is well as soon as it can be."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.errors import Unavailable
from feedback_app.services.runtime import Runtime


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


def test_a_server_that_is_not_there_is_said_plainly() -> None:
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    with pytest.raises(Unavailable) as told, gone.reading() as session:
        session.query(Rating).count()
    assert told.value.code == "database.unavailable"
    with pytest.raises(Unavailable), gone.transaction() as session:
        session.query(Rating).count()
    gone.close()
