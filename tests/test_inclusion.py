"""The holder of a receipt, the lists for other programs and the board say the same about what counts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain.cycles import Period
from feedback_app.services import inclusion, leaderboards, own_ratings, ratings
from feedback_app.services.exports import KINDS, Span
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.star_ratings import NOVEMBER_BEGINS

Lookup = Callable[[str], ServicePoint]
RAN = NOVEMBER_BEGINS - timedelta(hours=5)  # the evening of 31 October


@pytest.fixture
def twice(runtime: Runtime, point: Lookup) -> list[str]:
    """Receipts of one person's two ratings of one doctor on one day."""
    receipts = []
    for number in range(2):
        sent = Submission(point("D01").id, 5, "bot", f"k{number}", rater_hash="p" * 64)
        with runtime.transaction() as session:
            receipts.append(ratings.submit(session, sent, zone=runtime.zone, now=RAN).receipt)
    return receipts


def told(runtime: Runtime, receipt: str) -> dict[str, Any]:
    with runtime.reading() as session:
        return inclusion.of_receipt(session, receipt)


def test_a_repeated_rating_counts_nowhere(runtime: Runtime, point: Lookup, twice: list[str]) -> None:
    with runtime.transaction() as session:
        board = leaderboards.close(session, "monthly", Period.parse("2026-10"), now=runtime.now(), zone=runtime.zone)
    row = board.row_of(point("D01").id)
    assert row is not None
    assert (row.valid, row.not_counted) == (1, {"same_day": 1})
    with runtime.reading() as session:
        listed = {row[0]: row[-2:] for row in KINDS["ratings"].rows(session, Span(runtime.zone))}
    assert [listed[receipt] for receipt in twice] == [(True, ""), (False, "same_day")]
    first, second = (told(runtime, receipt) for receipt in twice)
    assert (first["counted"], first["why_not"], first["leaderboards"][0]["counted"]) == (True, None, True)
    assert (second["counted"], second["why_not"], second["leaderboards"][0]["counted"]) == (False, "same_day", False)


def test_taken_back_after_the_closing_it_stays_in_the_frozen_board(runtime: Runtime, twice: list[str]) -> None:
    with runtime.transaction() as session:
        leaderboards.close(session, "monthly", Period.parse("2026-10"), now=NOVEMBER_BEGINS, zone=runtime.zone)
    with runtime.transaction() as session:
        mine = session.query(Rating).filter_by(receipt=twice[0]).one()
        own_ratings.withdraw(session, mine, why="taken back", now=NOVEMBER_BEGINS + timedelta(hours=1))
    now = told(runtime, twice[0])
    assert (now["counted"], now["why_not"]) == (False, "taken back")
    assert [one["counted"] for one in now["leaderboards"]] == [True]


def test_taken_back_before_the_closing_it_is_in_no_board(runtime: Runtime, twice: list[str]) -> None:
    with runtime.transaction() as session:
        mine = session.query(Rating).filter_by(receipt=twice[0]).one()
        own_ratings.withdraw(session, mine, why="taken back", now=RAN + timedelta(hours=1))
    with runtime.transaction() as session:
        leaderboards.close(session, "monthly", Period.parse("2026-10"), now=NOVEMBER_BEGINS, zone=runtime.zone)
    assert [one["counted"] for one in told(runtime, twice[0])["leaderboards"]] == [False]
