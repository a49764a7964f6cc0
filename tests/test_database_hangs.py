"""A database server that is there and does not answer: words in bounded time, nothing lost, nothing twice, and on it goes."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from feedback_app.app import create_app
from feedback_app.db.engine import Database
from feedback_app.db.patience import Door
from feedback_app.db.ratings import Rating
from feedback_app.errors import Unavailable
from feedback_app.services.runtime import Runtime
from tests import postgres
from tests.conftest import database_url, settings_for
from tests.stalled import Line, line
from tests.waiting import until

SHORT = 2  # seconds: far more than any statement of these tests takes
on_a_server = pytest.mark.parametrize("database_kind", [postgres.KIND], indirect=True)


@pytest.fixture
def stalling(tmp_path: Path, runtime: Runtime) -> Iterator[tuple[Line, FlaskClient]]:
    """The hospital of ``runtime`` by way of a line that can be stopped."""
    with line(database_url(tmp_path, postgres.KIND)) as (held, url):
        url = f"{url}?connect_timeout={SHORT}"
        made = create_app(settings_for(tmp_path, database={"url": url, "answer_seconds": SHORT}))
        yield held, made.test_client()
        held.go()
        made.extensions["service_star"].close()


def _form(number: int) -> dict[str, str]:
    return {"key": f"key{number:021}", "overall": "1", "comment": "等了很久"}


def _ratings(runtime: Runtime) -> int:
    with runtime.reading() as session:
        return session.query(Rating).count()


@on_a_server
def test_nobody_waits_for_ever_and_all_goes_on(
    stalling: tuple[Line, FlaskClient], runtime: Runtime, code: Callable[[str], str]
) -> None:
    held, client = stalling
    path = f"/s/{code('D01')}"
    assert client.post(path, data=_form(0)).status_code == 303
    held.stop()
    kept = client.post(path, data=_form(1))
    assert kept.status_code == 503 and "还没有收下" in kept.text and kept.headers["Retry-After"]
    assert dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', kept.text)) == _form(1)
    assert client.get(path).status_code == 503
    asked = client.get("/readyz")
    assert (asked.status_code, asked.json) == (503, {"status": "database does not answer"})
    assert client.get("/healthz").status_code == 200
    held.go()
    until(lambda: client.post(path, data=_form(1)).status_code == 303, "all goes on by itself", Path())
    for number in (0, 1):
        assert client.post(path, data=_form(number)).status_code == 303
    assert _ratings(runtime) == 2


@on_a_server
def test_what_was_stored_but_not_heard_is_there_once(
    stalling: tuple[Line, FlaskClient], runtime: Runtime, code: Callable[[str], str]
) -> None:
    held, client = stalling
    path = f"/s/{code('D01')}"
    assert client.post(path, data=_form(0)).status_code == 303
    held.stop_after = b"COMMIT"
    assert client.post(path, data=_form(1)).status_code == 503
    assert _ratings(runtime) == 2  # it is there, and nobody was thanked
    held.go()
    until(lambda: client.post(path, data=_form(1)).status_code == 303, "all goes on by itself", Path())
    assert _ratings(runtime) == 2


@on_a_server
def test_a_lock_that_is_held_is_not_waited_for_and_the_waiting_is_ended(
    stalling: tuple[Line, FlaskClient], runtime: Runtime, code: Callable[[str], str]
) -> None:
    _, client = stalling
    path = f"/s/{code('D01')}"
    assert client.post(path, data=_form(0)).status_code == 303
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with runtime.transaction() as holder:
        holder.execute(text("LOCK TABLE ratings"))
        assert client.post(path, data=_form(1)).status_code == 503
        assert client.get("/healthz").status_code == 200
        until(lambda: holder.scalar(waiting) == 0, "the server notices that nobody waits any more", Path())
    assert client.post(path, data=_form(1)).status_code == 303
    assert _ratings(runtime) == 2


def test_commands_wait_as_long_as_it_takes(tmp_path: Path) -> None:
    url, slow = database_url(tmp_path, postgres.KIND), text("SELECT pg_sleep(1.5)")
    patient, hurried = Database(url), Database(url, patience=1)
    with patient.reading() as session:
        session.execute(slow)
    with pytest.raises(Unavailable), hurried.reading() as session:
        session.execute(slow)
    for one in (patient, hurried):
        one.close()


def test_one_knocks_while_nobody_is_let_in() -> None:
    now = [100.0]
    door = Door(clock=lambda: now[0])
    assert door.enter() and door.enter()  # side by side, while all is well
    door.tried(failed=True)
    door.tried(failed=True)
    assert not door.enter()  # so soon
    now[0] += 1
    assert door.enter() and not door.enter()
    door.tried(failed=False)
    assert door.enter() and door.enter()


@on_a_server
def test_a_server_that_refuses_one_more_leaves_the_others_at_work(runtime: Runtime) -> None:
    """As many connections as this role may have are open: one more is refused, and those that rest are used as before."""
    with runtime.transaction() as session:
        session.execute(text("CREATE ROLE few LOGIN CONNECTION LIMIT 2"))
        session.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO few"))
    few = Database(runtime.database.url.set(username="few").render_as_string(), patience=SHORT)
    backend = text("SELECT pg_backend_pid()")
    with few.reading() as one, few.reading() as two:
        open_before = {one.scalar(backend), two.scalar(backend)}
        with pytest.raises(Unavailable), few.reading() as third:
            third.scalar(backend)
    with few.reading() as one, few.reading() as two:
        assert {one.scalar(backend), two.scalar(backend)} == open_before
    few.close()


def test_after_one_got_no_answer_the_others_wait_for_who_asks() -> None:
    door = Door()
    door.doubt()
    assert door.enter()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(door.enter)
        door.tried(failed=False)
        assert other.result()
