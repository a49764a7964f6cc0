"""Accepting ratings at the service: once, whole, and a case for low ones."""

from collections.abc import Callable
from datetime import date

import pytest

from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.errors import NotFound, Refused
from feedback_app.services import complaints, ratings
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime


def submission(point: ServicePoint, **changes: object) -> Submission:
    fields: dict[str, object] = {"point_id": point.id, "score": 5, "channel": "form", "idempotency_key": "k1"}
    return Submission(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_same_key_is_one_rating_with_one_receipt(runtime: Runtime, point: Callable[[str], ServicePoint]) -> None:
    with runtime.transaction() as session:
        first = ratings.submit(session, submission(point("D01")), zone=runtime.zone, now=runtime.now())
    with runtime.transaction() as session:
        second = ratings.submit(session, submission(point("D01"), score=1), zone=runtime.zone, now=runtime.now())
    with runtime.reading() as session:
        stored = session.query(Rating).all()
    assert (second.receipt, second.score, second.again) == (first.receipt, 5, True)
    assert [(one.period, one.day) for one in stored] == [("2026-11", date(2026, 11, 20))]


def test_a_low_rating_opens_a_case_with_a_date(runtime: Runtime, point: Callable[[str], ServicePoint]) -> None:
    with runtime.transaction() as session:
        accepted = ratings.submit(
            session, submission(point("W03"), score=1, comment="等太久"), zone=runtime.zone, now=runtime.now()
        )
    with runtime.reading() as session:
        rating = session.query(Rating).one()
        case = complaints.of_rating(session, rating.id)
        assert case is not None
        assert (case.number, case.due_on, case.text) == (accepted.case_number, date(2026, 11, 27), "等太久")
    assert accepted.case_number == "T-2611-0001"


def test_refusals(runtime: Runtime, point: Callable[[str], ServicePoint]) -> None:
    with runtime.transaction() as session, pytest.raises(Refused):
        ratings.submit(session, submission(point("D01"), score=6), zone=runtime.zone, now=runtime.now())
    with runtime.transaction() as session, pytest.raises(NotFound):
        ratings.submit(session, submission(point("D01"), point_id=99_999), zone=runtime.zone, now=runtime.now())
