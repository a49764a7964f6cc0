"""What a selection means for the board of the award that it leads: nothing is released while objections may come."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import rounds as tables
from feedback_app.db.rounds import Round
from feedback_app.domain import phases, round_rules
from feedback_app.domain.phases import PUBLICATION


def _leading(session: Session, award: str, period: str) -> list[Round]:
    """Started selections of this award and period that were not called off."""
    return [
        one
        for one in tables.listed(session)
        if one.started_at is not None
        and one.cancelled_at is None
        and (one.body.get("award"), one.body.get("period")) == (award, period)
    ]


def is_open(session: Session, award: str, period: str, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a selection of it still has days in which one may object, or objections nobody has decided."""
    for found in _leading(session, award, period):
        phase = phases.of_kind(round_rules.parse(found.body).phases, PUBLICATION)
        if phase is not None and phase.state(now, zone) != "over":
            return True
        if any(not one.decision for one in tables.objections(session, found.id)):
            return True
    return False


def struck(session: Session, award: str, period: str) -> frozenset[int]:
    """Service points taken off the list by an objection: the board keeps their figures, they get no honour."""
    return frozenset(
        one.service_point_id
        for found in _leading(session, award, period)
        for one in tables.candidates(session, found.id, states=("left_out",))
        if one.why == "objection"
    )
