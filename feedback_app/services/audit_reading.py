"""Reading the audit log."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from feedback_app.db.audit import AuditEntry
from feedback_app.services.paging import Page, cut


@dataclass(frozen=True)
class Wanted:
    """Which entries; an empty field does not narrow."""

    actor: str = ""
    action: str = ""
    subject: str = ""


def page(session: Session, wanted: Wanted, number: int) -> Page[AuditEntry]:
    """Newest first."""
    query = select(AuditEntry).where(*_conditions(wanted)).order_by(AuditEntry.id.desc())
    return cut(session, query, number, size=100)


def actors(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.actor).distinct().order_by(AuditEntry.actor)))


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action)))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.actor:
        conditions.append(AuditEntry.actor == wanted.actor)
    if wanted.action:
        conditions.append(AuditEntry.action == wanted.action)
    if wanted.subject:
        conditions.append(AuditEntry.subject.contains(wanted.subject, autoescape=True))
    return conditions
