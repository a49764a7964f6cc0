"""The demo's hospital: complete, marked as made up, the same rules as for real ratings, and made once."""

import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedback_app.cli import _demo
from feedback_app.cli._demo import Folder
from feedback_app.db.complaints import Case
from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.people import Binding
from feedback_app.db.ratings import Rating
from feedback_app.services import demo_hospital, schema, verification
from feedback_app.services.demo_hospital import Size
from feedback_app.services.runtime import Runtime
from feedback_app.settings import load
from tests.conftest import NOON, settings_for

SIZE = Size(ratings=400, months=2)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    settings = settings_for(tmp_path_factory.mktemp("demo"), sandbox={"clock_file": ""})
    runtime = Runtime.open(settings)
    schema.migrate(runtime.database, NOON)
    told: list[int] = []
    with runtime.transaction() as session:
        assert demo_hospital.is_empty(session)
        demo_hospital.seed(session, runtime.vault, settings, now=NOON, progress=told.append, size=SIZE)
        assert not demo_hospital.is_empty(session)
    assert sum(told) == SIZE.ratings
    yield runtime
    runtime.close()


def test_it_has_everybody_and_everything(seeded: Runtime) -> None:
    with seeded.reading() as session:
        kinds = Counter(point.kind for point in session.query(ServicePoint))
        assert (kinds["department"], kinds["window"], kinds["logistics"]) == (14, 24, 8)
        assert 130 <= kinds["staff"] <= 160
        userids = [point.wecom_userid for point in session.query(ServicePoint).filter_by(kind="staff")]
        assert len(set(userids)) == len(userids)
        assert session.query(DutySlot).count() > 1000
        assert session.query(Binding).count() == (kinds["staff"] + 1) // 2
        assert session.query(OutboxMessage).count() == 0


def test_all_of_it_is_marked_and_none_of_it_is_in_the_future(seeded: Runtime) -> None:
    with seeded.reading() as session:
        ratings = session.query(Rating).all()
        assert len(ratings) == SIZE.ratings
        assert all(rating.made_up and rating.received_at < NOON for rating in ratings)
        assert all(point.made_up for point in session.query(ServicePoint))
        assert all(case.made_up for case in session.query(Case))
        assert {rating.period for rating in ratings} == {"2026-09", "2026-10", "2026-11"}


def test_low_ratings_opened_cases_as_they_do_for_real(seeded: Runtime) -> None:
    with seeded.reading() as session:
        low = {rating.id for rating in session.query(Rating) if rating.score <= 2}
        assert low
        assert {case.rating_id for case in session.query(Case) if case.source == "rating"} == low


def test_past_months_are_closed_and_the_last_waits_for_its_publication(seeded: Runtime) -> None:
    with seeded.reading() as session:
        boards = session.query(Leaderboard).order_by(Leaderboard.period).all()
    assert [(board.period, board.published_at is not None) for board in boards] == [
        ("2026-09", True),
        ("2026-10", False),
    ]


def test_its_evidence_holds(seeded: Runtime) -> None:
    with seeded.reading() as session:
        assert list(verification.problems(session, seeded.vault, NOON)) == []


def test_the_configuration_is_valid_and_keeps_its_secrets(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "demo")
    _demo.write_config(folder, 8123)
    first = load(folder.config)
    _demo.write_config(folder, 8200)
    second = load(folder.config)
    assert (first.server.base_url, second.server.base_url) == ("http://127.0.0.1:8123", "http://127.0.0.1:8200")
    assert (second.sandbox.port, second.wecom.api_base) == (8300, "http://127.0.0.1:8300")
    assert first.security.secret_key == second.security.secret_key
    assert (first.wechat.token, first.wechat.encoding_aes_key) == (
        second.wechat.token,
        second.wechat.encoding_aes_key,
    )


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert _demo.taken(port) == port
    assert _demo.taken(port) is None
