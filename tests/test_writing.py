"""The short way of writing does what the plain way does, on both databases, mixed and undone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.base import Base
from feedback_app.db.conversations import InboundMessage, NotUnderstood
from feedback_app.db.writing import Writing
from feedback_app.services import inbox
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON, settings_for


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    opened = Runtime.open(settings_for(tmp_path))
    with opened.transaction() as session:
        Base.metadata.create_all(session.connection())
    yield opened
    opened.close()


def rows(runtime: Runtime) -> list[InboundMessage]:
    with runtime.reading() as session:
        return list(session.scalars(select(InboundMessage)))


def test_a_prepared_statement_writes_what_the_plain_one_writes(runtime: Runtime) -> None:
    with runtime.writing() as unit:
        assert inbox.claim(unit, "one", kind="text", now=NOON)
        inbox.record(unit, "one", {"text": "收到“]]>\u2028", "options": ("1",)})
    with runtime.transaction() as session:
        session.add(
            InboundMessage(
                key="plain", received_at=NOON, kind="text", reply='{"text": "收到“]]>\u2028", "options": ["1"]}'
            )
        )
    short, plain = sorted(rows(runtime), key=lambda one: one.key == "plain")
    assert (short.received_at, short.kind, short.reply) == (plain.received_at, plain.kind, plain.reply)
    with runtime.reading() as session:
        assert inbox.seen(session, "one") == {"text": "收到“]]>\u2028", "options": ["1"]}


def test_what_was_claimed_before_is_not_claimed_again(runtime: Runtime) -> None:
    with runtime.writing() as unit:
        assert inbox.claim(unit, "one", kind="text", now=NOON)
    with runtime.writing() as unit:
        assert not inbox.claim(unit, "one", kind="text", now=NOON + timedelta(days=1))
        with pytest.raises(LookupError):
            inbox.record(unit, "another", {})
    assert [one.received_at for one in rows(runtime)] == [NOON]


def test_a_session_joins_what_was_begun(runtime: Runtime) -> None:
    with runtime.writing() as unit:
        inbox.claim(unit, "one", kind="text", now=NOON)
        seen = runtime.session_of(unit).scalar(select(func.count()).select_from(InboundMessage))
        unit.session.add(NotUnderstood(at=NOON, text="嗯"))
    assert (seen, len(rows(runtime))) == (1, 1)
    with runtime.reading() as session:
        assert session.query(NotUnderstood).count() == 1


@pytest.mark.parametrize("with_session", [True, False])
def test_all_of_it_or_nothing(runtime: Runtime, with_session: bool) -> None:
    def fail(unit: Writing, session: Session | None) -> None:
        inbox.claim(unit, "one", kind="text", now=NOON)
        if session is not None:
            session.add(NotUnderstood(at=NOON, text="嗯"))
            session.flush()
        raise OSError("in the middle")

    with pytest.raises(OSError, match="in the middle"), runtime.writing() as unit:
        fail(unit, runtime.session_of(unit) if with_session else None)
    assert rows(runtime) == []
    with runtime.writing() as unit:  # and the connection is good for the next
        assert inbox.claim(unit, "one", kind="text", now=NOON)
    assert len(rows(runtime)) == 1


def test_one_inside_another_is_refused(runtime: Runtime) -> None:
    with runtime.writing(), pytest.raises(RuntimeError), runtime.transaction():
        pass
