"""A patient's words on their way in: screened for everybody, and as they were written for the vault alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.case_secrets import CONTACT, WORDS, CaseSecret
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import screening
from feedback_app.domain.questions.text import clean
from feedback_app.services import vault


@dataclass(frozen=True)
class Words:
    """``shown`` may be read by whoever may read the case; ``original`` is "" when nothing had to be masked."""

    shown: str
    original: str = ""


def taken_in(session: Session, text: str) -> Words:
    """Clean and screen. Names of staff stand: whom it is about must be known, unless it says that it is the writer's."""
    words = clean(text)
    shown = screening.screened(words, staff_among(session, screening.candidates(words))) if words else ""
    return Words(shown, words if shown != words else "")


def staff_among(session: Session, names: set[str]) -> set[str]:
    """Those of the names that somebody of the staff has."""
    if not names:
        return set()
    known = select(ServicePoint.name).where(ServicePoint.kind == "staff", ServicePoint.name.in_(names))
    return set(session.scalars(known))


def keep(session: Session, case: Case, words: Words, now: datetime, event_id: int | None = None) -> None:
    """Seal the words as they were written, if they say more than what is shown."""
    if words.original:
        _seal(session, case, WORDS, vault.of(session).seal(words.original), now, event_id)


def keep_contact(session: Session, case: Case, sealed: str, now: datetime) -> None:
    """A contact, sealed by the door that received it; a later one stands beside an earlier one."""
    if sealed:
        case.has_contact = True
        _seal(session, case, CONTACT, sealed, now, None)


def _seal(session: Session, case: Case, kind: str, sealed: str, now: datetime, event_id: int | None) -> None:
    session.add(CaseSecret(case_id=case.id, event_id=event_id, kind=kind, sealed=sealed, at=now))
    session.flush()
