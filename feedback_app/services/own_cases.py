"""A person's own complaints, by message: looked up, added to, withdrawn, opened again. Nobody else's are ever shown."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import complaints as rules
from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotAllowed, NotFound, Refused
from feedback_app.services import audit, case_consent, case_history, case_media, case_words, duty_swaps
from feedback_app.services.complaints import LONGEST_TEXT
from feedback_app.texts import text as sentence

__all__ = [
    "Case",
    "add",
    "add_checked",
    "any_filed",
    "by_number",
    "last_answer",
    "leave_contact",
    "of_person",
    "own",
    "point_at",
    "raise_urgency",
    "reopen",
    "withdraw",
]

CONSENT = "bot-1"
"""Version of the question in bot.toml ``intake.ask_contact`` that a contact was given to."""

LISTED = 5


def of_person(session: Session, person_hash: str) -> Sequence[Case]:
    """The newest cases of this person, newest first."""
    query = select(Case).where(Case.complainant_hash == person_hash).order_by(Case.id.desc())
    return session.scalars(query.limit(LISTED)).all()


def by_number(session: Session, number: str) -> Case | None:
    """The case of that number; the letter may be wrong, because it is often left out."""
    typed = session.scalar(select(Case).where(Case.number == number))
    if typed is not None:
        return typed
    spellings = [f"{letter}{number[1:]}" for letter in rules.LETTERS.values()]
    return session.scalar(select(Case).where(Case.number.in_(spellings)).order_by(Case.id))


def own(session: Session, person_hash: str, number: str) -> Case:
    """Raises NotFound ``complaints.unknown_number``, NotAllowed ``complaints.not_yours``."""
    case = by_number(session, number)
    if case is None:
        raise NotFound("complaints.unknown_number", number=number)
    if case.complainant_hash != person_hash:
        raise NotAllowed("complaints.not_yours", number=number)
    return case


def add(session: Session, case: Case, text: str, now: datetime, **details: object) -> None:
    """Append what the person says later; a picture or voice (``kind``, ``media_id``) is fetched by the worker.

    What is said about a case that lives on in another one stands there too, so that whoever handles it reads it.
    """
    target = case_consent.living(session, case)
    kept = {**details, "of": case.number} if target.id != case.id else details
    event = _event(session, target, "added", text, now, kept)
    if details.get("media_id"):
        case_media.want(session, target.id, event.id, str(details.get("kind", "")), str(details["media_id"]), now)


def add_checked(session: Session, case: Case, text: str, now: datetime) -> None:
    """What the person writes on the page of the case. Raises Refused ``complaints.words_needed``, ``complaints.too_long``,
    Conflict ``complaints.not_possible`` for one that was taken back."""
    words, target = clean(text), case_consent.living(session, case)
    rules.after(target.state, target.kind, rules.ADD)
    if not words:
        raise Refused("complaints.words_needed")
    if len(words) > LONGEST_TEXT:
        raise Refused("complaints.too_long", most=LONGEST_TEXT, length=len(words))
    add(session, case, words, now)


def point_at(session: Session, case: Case, point_id: int) -> None:
    """Whom or what the case is about, learnt or put right later."""
    point = session.get(ServicePoint, point_id)
    if point is None:
        return
    case.service_point_id = point.id
    case.department_id = point.id if point.kind == "department" else point.department_id
    session.flush()


def note_duty(session: Session, case: Case, at: datetime, now: datetime) -> None:
    """Who served at the window the case is about, at the moment it speaks of: an internal note, once for each person."""
    point = case.service_point
    if point is None or point.kind != "window":
        return
    served = [session.get_one(ServicePoint, one) for one in duty_swaps.who_served(session, point.id, at)]
    noted = {event.text for event in case.events if event.action == "noted"}
    for staff in served:
        words = sentence("complaints.on_duty", window=point.name, name=staff.name)
        if words not in noted:
            case_history.write(session, case, "noted", actor="system", now=now, text=words)


def leave_contact(session: Session, case: Case, sealed: str, now: datetime) -> None:
    """How the person wants to be reached, given when asked for this purpose (separate consent, PIPL Art. 29)."""
    case_words.keep_contact(session, case, sealed, now)
    _event(session, case, "added", "", now, {"slots": ["contact"], "consent": CONSENT})


def raise_urgency(session: Session, case: Case, now: datetime) -> None:
    """What was added cannot wait."""
    if case.urgency != "urgent":
        case.urgency = "urgent"
        audit.write(session, actor="system", action="case.urgent", subject=case.number or "", now=now)
    session.flush()


def withdraw(session: Session, case: Case, text: str, now: datetime) -> bool:
    """The person takes it back; False when it was already over, or lives on in a case of several people."""
    if rules.WITHDRAW not in rules.moves(case.state, case.kind):
        return False
    case.state, case.closed_how, case.answered_on = rules.WITHDRAWN, rules.WITHDRAWN, None
    case.closed_at = now
    _event(session, case, "withdrawn", text, now, {})
    audit.write(session, actor="patient", action="case.withdrawn", subject=case.number or "", now=now)
    return True


def reopen(session: Session, case: Case, text: str, now: datetime, zone: ZoneInfo) -> str:
    """The person is not content. What became of it: ``added`` (it is being handled anyway), ``reopened`` (at the same
    level), ``higher`` (one level up), ``final`` (nobody above: the ways outside remain), ``ended`` (had been final before:
    the words are kept, new facts would open it).
    """
    state = case_consent.living(session, case).state
    if state in {rules.OPEN, rules.PAUSED}:
        add(session, case, text, now)
        return "added"
    if state == rules.FINAL:
        add(session, case, text, now)
        return "ended"
    if state == rules.WITHDRAWN:
        case_consent.new_facts(session, case, text, now, zone)
        return "reopened"
    refused = case_consent.refuse(session, case, text, now, zone)
    return "final" if refused.state == rules.FINAL else "higher"


def last_answer(session: Session, case: Case) -> str:
    """What the hospital said last; empty before it did."""
    said = CaseEvent.action.in_(["answered", "closed"]) & (CaseEvent.text != "")  # closing may add nothing
    story = case_consent.living(session, case).id
    query = select(CaseEvent.text).where(CaseEvent.case_id == story, said)
    return session.scalar(query.order_by(CaseEvent.id.desc()).limit(1)) or ""


def _event(session: Session, case: Case, action: str, text: str, now: datetime, details: object) -> CaseEvent:
    kept = dict(details) if isinstance(details, dict) else {}
    return case_history.write(session, case, action, actor="patient", now=now, text=clean(text), details=kept)


def any_filed(session: Session) -> bool:
    """Whether the hospital has any case at all."""
    return session.scalar(select(Case.id).limit(1)) is not None
