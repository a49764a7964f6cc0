"""Reading the audit log."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from feedback_app.db.audit import AuditEntry
from feedback_app.services.paging import Page, cut


@dataclass(frozen=True)
class Wanted:
    """Which entries; ``area`` is the first part of the action, such as ``account``."""

    actor: str = ""
    area: str = ""
    subject: str = ""


def page(session: Session, wanted: Wanted, number: int) -> Page[AuditEntry]:
    """Newest first."""
    query = select(AuditEntry).where(*_conditions(wanted)).order_by(AuditEntry.id.desc())
    return cut(session, query, number, size=100)


def actors(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.actor).distinct().order_by(AuditEntry.actor)))


def areas(session: Session) -> list[str]:
    actions = session.scalars(select(AuditEntry.action).distinct())
    return sorted({action.partition(".")[0] for action in actions})


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.actor:
        conditions.append(AuditEntry.actor == wanted.actor)
    if wanted.area:
        conditions.append(AuditEntry.action.startswith(wanted.area, autoescape=True))
    if wanted.subject:
        conditions.append(AuditEntry.subject.contains(wanted.subject, autoescape=True))
    return conditions
