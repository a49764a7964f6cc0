"""Invitations on paper: printed at the window, with the visit's own address as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.invitations import Invitation
from feedback_app.db.visit_feed import HospitalVisit
from feedback_app.services import tickets
from feedback_app.services.vault import Vault

MOST = 200


@dataclass(frozen=True)
class Slip:
    """``ended_at`` tells the person at the window which patient it is for; no name stands on it."""

    id: int
    place: str
    address: str
    ended_at: datetime


def waiting(session: Session, now: datetime) -> list[tuple[int, str, int]]:
    """Id and name of each place with slips to print, and how many."""
    query = (
        select(ServicePoint.id, ServicePoint.name, func.count())
        .join(HospitalVisit, HospitalVisit.service_point_id == ServicePoint.id)
        .join(Invitation, Invitation.visit_id == HospitalVisit.id)
        .where(Invitation.state == "to_print", Invitation.made_at > now - tickets.VALID)
    )
    rows = session.execute(query.group_by(ServicePoint.id, ServicePoint.name).order_by(ServicePoint.name))
    return [(number, name, count) for number, name, count in rows]


def to_print(session: Session, vault: Vault, point_id: int, base_url: str, now: datetime) -> list[Slip]:
    """The slips of one place, oldest first."""
    query = (
        select(Invitation.id, Invitation.visit_id, ServicePoint.name, HospitalVisit.ended_at)
        .join(HospitalVisit, Invitation.visit_id == HospitalVisit.id)
        .join(ServicePoint, HospitalVisit.service_point_id == ServicePoint.id)
        .where(Invitation.state == "to_print", ServicePoint.id == point_id, Invitation.made_at > now - tickets.VALID)
        .order_by(HospitalVisit.ended_at)
        .limit(MOST)
    )
    return [
        Slip(number, name, f"{base_url}/i/{tickets.of_visit(vault, visit_id)}", ended)
        for number, visit_id, name, ended in session.execute(query)
    ]


def printed(session: Session, ids: Sequence[int]) -> int:
    """They have been handed out; how many were not yet."""
    done = update(Invitation).where(Invitation.id.in_(ids), Invitation.state == "to_print").values(state="printed")
    return len(session.execute(done.returning(Invitation.id)).all())
