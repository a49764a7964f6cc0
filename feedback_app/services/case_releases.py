"""Letting the department and the person concerned read a case: by the complaints office, in words that tell nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.case_privacy import CaseGuard, CaseRelease
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.domain import screening
from feedback_app.domain.questions.text import clean
from feedback_app.domain.roles import PROTECTION, Viewer
from feedback_app.errors import NotAllowed, NotFound, Refused
from feedback_app.services import audit, case_history, case_people, case_sight, case_words, vault
from feedback_app.services.case_steps import lock
from feedback_app.services.complaints import LONGEST_TEXT
from feedback_app.texts import text as sentence

RELEASED, HELD, STATED, CLEARED = "released", "held_back", "stated", "cleared"


@dataclass(frozen=True)
class Release:
    """``care_over``: the patient is no longer treated there, or agreed. ``checked``: what looks like a name is none."""

    text: str
    seen: int
    care_over: bool = False
    checked: bool = False


def release(session: Session, number: str, wanted: Release, viewer: Viewer, now: datetime) -> CaseRelease:
    """Let them read ``wanted.text``. Released again, the new words take the place of the old ones.

    Raises Conflict ``complaints.moved``; Refused ``complaints.words_needed``, ``complaints.too_long``,
    ``desk.care_first``, ``desk.still_tells``; NotAllowed ``desk.protection_first``.
    """
    case = lock(session, number, wanted.seen)
    words = clean(wanted.text)
    _check(session, case, words, wanted, viewer)
    guard = case_sight.guard(session, case)
    if guard is not None and guard.cleared_at is None:
        guard.cleared_at, guard.cleared_by = now, viewer.login
    row = session.scalar(select(CaseRelease).where(CaseRelease.case_id == case.id))
    if row is None:
        row = CaseRelease(case_id=case.id, month=f"{case.day:%Y-%m}")
        session.add(row)
    row.text, row.by, row.at, row.withdrawn_at = words, viewer.login, now, None
    case_history.write(session, case, RELEASED, actor=viewer.login, now=now, text=words)
    audit.write(session, actor=viewer.login, action="case.released", subject=number, now=now, checked=wanted.checked)
    _tell_heads(session, case, now)
    session.flush()
    return row


def hold_back(session: Session, number: str, *, seen: int, viewer: Viewer, now: datetime) -> None:
    """Take a release back: from now on they see nothing of it."""
    case = lock(session, number, seen)
    row = case_sight.released(session, case)
    if row is None:
        return
    row.withdrawn_at = now
    case_history.write(session, case, HELD, actor=viewer.login, now=now)
    audit.write(session, actor=viewer.login, action="case.held_back", subject=number, now=now)


def clear(session: Session, number: str, *, seen: int, viewer: Viewer, now: datetime) -> None:
    """The words may be read by everybody who sees the case; nothing is released by it. Raises as :func:`release`."""
    case = lock(session, number, seen)
    guard = case_sight.guard(session, case)
    if guard is None or guard.cleared_at is not None:
        return
    _may_pass(session, viewer)
    guard.cleared_at, guard.cleared_by = now, viewer.login
    case_history.write(session, case, CLEARED, actor=viewer.login, now=now)
    audit.write(session, actor=viewer.login, action="case.cleared", subject=number, now=now)


def state(session: Session, case: Case, words: str, viewer: Viewer, now: datetime) -> CaseEvent:
    """What the department or the person concerned has to say about a released case: for the complaints office.

    Raises Refused ``complaints.words_needed``, ``complaints.too_long``.
    """
    told = clean(words)
    _check_length(told)
    event = case_history.write(session, case, STATED, actor=viewer.login, now=now, text=told)
    audit.write(session, actor=viewer.login, action="case.stated", subject=case.number or "", now=now)
    return event


def about(session: Session, person_id: int) -> Sequence[CaseRelease]:
    """What one person may read about themself, in an order that tells nothing about days."""
    viewer = Viewer(case_sight.STAFF, person_id=person_id)
    query = select(CaseRelease).join(Case, Case.id == CaseRelease.case_id).where(case_sight.visible(viewer))
    query = query.where(CaseRelease.withdrawn_at.is_(None)).options(joinedload(CaseRelease.case))
    return session.scalars(query.order_by(CaseRelease.month.desc(), CaseRelease.text)).all()


def covered(session: Session, row: CaseRelease) -> str:
    """How a release stands in addresses that staff see: nothing in it tells when it came."""
    return vault.of(session).cover(row.id)


def of_cover(session: Session, cover: str, person_id: int) -> CaseRelease:
    """Raises NotFound ``desk.no_release`` for whatever is not about this person."""
    number = vault.of(session).uncover(cover)
    found = next((row for row in about(session, person_id) if row.id == number), None)
    if found is None:
        raise NotFound("desk.no_release")
    return found


def statements(case: Case, actors: Sequence[str]) -> list[CaseEvent]:
    """What these people have said about the case."""
    return [event for event in case.events if event.action == STATED and event.actor in actors]


def _check(session: Session, case: Case, words: str, wanted: Release, viewer: Viewer) -> None:
    _check_length(words)
    guard = case_sight.guard(session, case)
    if guard is not None and guard.cleared_at is None:
        _may_pass(session, viewer)
    if not wanted.care_over:
        raise Refused("desk.care_first")
    found = case_words.found(session, words)
    if found and not wanted.checked:
        told = "、".join(dict.fromkeys(words[span.start : span.end] for span in found))
        raise Refused("desk.still_tells", found=told[:100])


def _check_length(words: str) -> None:
    if not words:
        raise Refused("complaints.words_needed")
    if len(words) > LONGEST_TEXT:
        raise Refused("complaints.too_long", most=LONGEST_TEXT, length=len(words))


def _may_pass(session: Session, viewer: Viewer) -> None:
    if viewer.role != PROTECTION and case_sight.has_protection(session):
        raise NotAllowed("desk.protection_first")


def _tell_heads(session: Session, case: Case, now: datetime) -> None:
    """At the next full hour, without a word of the patient; never the person it is about."""
    later = now.replace(minute=0, second=0, microsecond=0)
    for head in case_people.heads(session, case.department_id):
        if head.id == case.service_point_id:
            continue
        case_people.send(
            session,
            case_people.way(session, head),
            f"case:{case.id}:released",
            sentence("desk.push.released_title"),
            sentence("desk.push.released"),
            now,
            purpose="case_released",
            not_before=later,
        )


def guards(session: Session) -> Sequence[CaseGuard]:
    """What waits for a protection officer."""
    return session.scalars(select(CaseGuard).where(CaseGuard.cleared_at.is_(None))).all()


def masked(text: str) -> list[str]:
    """Kinds that were masked in a screened text, each once."""
    return list(dict.fromkeys(screening.labels_in(text)))
