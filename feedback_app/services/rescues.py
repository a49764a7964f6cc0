"""Rescue: somebody dissatisfied who left a way to reach them, while they may still be in the house.

The service desk is told at once, without the words and without naming whoever was rated; it goes to a group robot or members,
never to the person rated. What counts as settled before they left: settled within two hours of the rating (nobody tells us when
a patient leaves the building; half of all outpatient visits are over by then).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.intervals import Share, share
from feedback_app.services import outbox
from feedback_app.texts import text

IN_THE_HOUSE = timedelta(hours=2)
DESK = "desk"
"""Name of the group robot of the service desk; without one, the complaints office's."""
SETTLED = ("settled", "closed")


@dataclass(frozen=True)
class Standing:
    """``asked``: low ratings with a contact; ``settled`` of them in time; ``open`` still can be. ``share`` of those over."""

    asked: int
    settled: int
    share: Share


def call(session: Session, case: Case, now: datetime) -> None:
    """Queue the message, due now. The place is told (window, department), not the person."""
    point = session.get(ServicePoint, case.service_point_id) if case.service_point_id else None
    place = point.department if point is not None and point.kind == "staff" else point
    outbox.put(
        session,
        dedupe_key=f"rescue:{case.id}",
        purpose="rescue",
        channel="wecom_group",
        recipient=DESK,
        payload={
            "title": text("dashboards.rescue.title"),
            "text": text("dashboards.rescue.text", number=case.number, place=place.name if place else ""),
        },
        now=now,
    )


def standing(session: Session, first: date, last: date) -> Standing:
    """Of these days."""
    query = select(Case.received_at, Case.closed_at, Case.closed_how).where(
        Case.source == "rating", Case.kind == "complaint", Case.has_contact, Case.day.between(first, last)
    )
    rows = session.execute(query).all()
    settled = sum(
        closed is not None and how in SETTLED and closed - received <= IN_THE_HOUSE for received, closed, how in rows
    )
    return Standing(len(rows), settled, share(settled, len(rows)))
