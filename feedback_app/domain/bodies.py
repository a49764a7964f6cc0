"""Bodies of an award: what a full one needs, and who stands aside when it decides about whom (S5: terms, recusal). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from feedback_app.domain.award_parts import Body

HEAD, DEPUTY, MEMBER, PATIENT = "head", "deputy", "member", "patient"
ROLES = (HEAD, DEPUTY, MEMBER, PATIENT)
"""组长, 副组长, 成员, 患者代表."""
TASKS = {
    "expert_score": "expert_review",
    "quality_audit": "on_site",
    "service_code": "on_site",
    "score_sheet": "on_site",
}
"""Criterion -> the phase during which a body gives points for it."""


@dataclass(frozen=True)
class Seat:
    """Somebody's term in a body. ``point_id`` and ``unit_id`` are their own entry and department, None from outside."""

    role: str
    since: date
    until: date | None = None
    point_id: int | None = None
    unit_id: int | None = None

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Lacking:
    """What a body has too few of: ``members`` or ``patients``."""

    what: str
    there: int
    wanted: int


def lacking(body: Body, seats: Sequence[Seat], day: date) -> list[Lacking]:
    """What keeps the body from being complete on that day."""
    sitting = [one for one in seats if one.holds(day)]
    patients = sum(one.role == PATIENT for one in sitting)
    wanted = (("members", len(sitting), body.least_members), ("patients", patients, body.patient_representatives))
    return [Lacking(what, there, least) for what, there, least in wanted if there < least]


def stands_aside(seat: Seat, candidate_id: int, candidate_unit_id: int | None) -> bool:
    """Whether this member must not decide about this candidate: it is they themselves, or somebody of their department."""
    if seat.point_id is not None and seat.point_id == candidate_id:
        return True
    return seat.unit_id is not None and seat.unit_id == candidate_unit_id
