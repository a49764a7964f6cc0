"""Which cases somebody may see, and which words of them: one rule for the inbox, the search and the page of a case."""

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from feedback_app.db.accounts import Account
from feedback_app.db.assessments import PersonRecord
from feedback_app.db.case_privacy import CaseGuard, CaseRelease
from feedback_app.db.complaints import Case, CaseDepartment
from feedback_app.domain.roles import ADMIN, DIRECTOR, HEAD, OFFICE, PROTECTION, Viewer

STAFF = "staff"
EVERYTHING = frozenset({OFFICE, ADMIN, DIRECTOR})
FIRST_READERS = frozenset({OFFICE, PROTECTION})
"""Roles that read sexual and threatening words before a protection officer let them pass."""


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on cases. What is about a person themself is never theirs to handle, whatever their role."""
    if viewer.role in EVERYTHING:
        return _not_about(viewer)
    if viewer.role == PROTECTION:
        return and_(Case.id.in_(select(CaseGuard.case_id)), _not_about(viewer))
    if viewer.role == HEAD and viewer.department_id is not None:
        return and_(_released(), _of_department(viewer.department_id), _not_about(viewer))
    if viewer.role == STAFF and viewer.person_id is not None:
        return and_(_released(), or_(Case.service_point_id == viewer.person_id, _found_against(viewer.person_id)))
    return false()


def sees(session: Session, viewer: Viewer, number: str) -> bool:
    """Whether the case with this number is theirs to see."""
    return session.scalar(select(Case.id).where(Case.number == number, visible(viewer))) is not None


def is_veiled(session: Session, viewer: Viewer, case: Case) -> bool:
    """Whether the patient's words of a case they see must wait for a protection officer."""
    return viewer.role not in FIRST_READERS and _waits(session, case)


def readable(viewer: Viewer) -> list[ColumnElement[bool]]:
    """What must hold besides :func:`visible` for the words to be searched: a search must not tell what a page hides."""
    return [] if viewer.role in FIRST_READERS else [~_guarded()]


def _waits(session: Session, case: Case) -> bool:
    found = guard(session, case)
    return found is not None and found.cleared_at is None


def guard(session: Session, case: Case) -> CaseGuard | None:
    return session.get(CaseGuard, case.id)


def released(session: Session, case: Case) -> CaseRelease | None:
    """What staff may read of the case now."""
    query = select(CaseRelease).where(CaseRelease.case_id == case.id, CaseRelease.withdrawn_at.is_(None))
    return session.scalar(query)


def has_protection(session: Session) -> bool:
    """Whether anybody works as protection officer; without one the complaints office does it."""
    return session.scalar(select(Account.id).where(Account.role == PROTECTION, Account.active).limit(1)) is not None


def _released() -> ColumnElement[bool]:
    let = select(CaseRelease.case_id).where(CaseRelease.withdrawn_at.is_(None)).scalar_subquery()
    return and_(Case.id.in_(let), ~_guarded())


def _found_against(person_id: int) -> ColumnElement[bool]:
    """At a window it is about who served there, once that is found; it stays theirs to read when it has fallen."""
    found = select(PersonRecord.case_id).where(
        PersonRecord.service_point_id == person_id, PersonRecord.case_id.is_not(None)
    )
    return Case.id.in_(found.scalar_subquery())


def _guarded() -> ColumnElement[bool]:
    return Case.id.in_(select(CaseGuard.case_id).where(CaseGuard.cleared_at.is_(None)).scalar_subquery())


def _of_department(department_id: int) -> ColumnElement[bool]:
    helping = select(CaseDepartment.case_id).where(
        CaseDepartment.department_id == department_id, CaseDepartment.until.is_(None)
    )
    return or_(Case.department_id == department_id, Case.id.in_(helping.scalar_subquery()))


def _not_about(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.person_id is None:
        return Case.id.is_not(None)
    return or_(Case.service_point_id.is_(None), Case.service_point_id != viewer.person_id)
