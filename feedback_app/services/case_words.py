"""A patient's words on their way in: screened for everybody, and as they were written for the vault alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.case_privacy import CaseGuard
from feedback_app.db.case_secrets import CONTACT, WORDS, CaseSecret
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import harm, screening
from feedback_app.domain.questions.text import clean
from feedback_app.services import outbox, vault
from feedback_app.texts import text


@dataclass(frozen=True)
class Words:
    """``shown`` may be read by whoever may read the case; ``original`` is "" when nothing had to be masked."""

    shown: str
    original: str = ""


def taken_in(session: Session, written: str) -> Words:
    """Clean and screen. Names of staff stand: whom it is about must be known, unless it says that it is the writer's."""
    words = clean(written)
    shown = screening.screened(words, staff_among(session, screening.candidates(words))) if words else ""
    return Words(shown, words if shown != words else "")


def found(session: Session, words: str) -> list[screening.Span]:
    """What in these words still tells who somebody is; names of staff do not count."""
    staff = staff_among(session, screening.candidates(words))
    return screening.find(words, lambda name: name in staff)


def staff_among(session: Session, names: set[str]) -> set[str]:
    """Those of the names that somebody of the staff has."""
    if not names:
        return set()
    known = select(ServicePoint.name).where(ServicePoint.kind == "staff", ServicePoint.name.in_(names))
    return set(session.scalars(known))


def keep(session: Session, case: Case, words: Words, now: datetime, event_id: int | None = None) -> None:
    """Seal the words as they were written, if they say more than what is shown; what hurts goes to a protection officer."""
    _guard(session, case, words, now)
    if words.original:
        _seal(session, case, WORDS, vault.of(session).seal(words.original), now, event_id)


def _guard(session: Session, case: Case, words: Words, now: datetime) -> None:
    kind = harm.kind(words.original or words.shown)
    if not kind:
        return
    guard = session.get(CaseGuard, case.id)
    if guard is None:
        guard = CaseGuard(case_id=case.id)
        session.add(guard)
    guard.kind, guard.found_at, guard.cleared_at, guard.cleared_by = kind, now, None, ""
    session.flush()
    if not case.made_up:
        _tell_protection(session, case, now)


def _tell_protection(session: Session, case: Case, now: datetime) -> None:
    """That something waits, without a word of it; once a case."""
    outbox.put(
        session,
        dedupe_key=f"case:{case.id}:guarded",
        purpose="case_guarded",
        channel="wecom_group",
        recipient="complaints",
        payload={"title": text("desk.push.guarded_title"), "text": text("desk.push.guarded")},
        now=now,
    )


def keep_contact(session: Session, case: Case, sealed: str, now: datetime) -> None:
    """A contact, sealed by the door that received it; a later one stands beside an earlier one."""
    if sealed:
        case.has_contact = True
        _seal(session, case, CONTACT, sealed, now, None)


def _seal(session: Session, case: Case, kind: str, sealed: str, now: datetime, event_id: int | None) -> None:
    session.add(CaseSecret(case_id=case.id, event_id=event_id, kind=kind, sealed=sealed, at=now))
    session.flush()
