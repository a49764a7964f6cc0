"""Closing by consent: whoever complained says whether it is settled; nobody else closes in their name.

A refusal goes one level higher with a new date (R3). After the director's written answer a further one ends the way through
the hospital: mediation, the authority and the court remain, and only new facts open the case again. Who says nothing for
some days finds the case closed as such, listed apart, and one word opens it again.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.domain import complaints as rules
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, Refused
from feedback_app.services import audit, case_clock, case_history, case_news, case_steps, change_cards
from feedback_app.services.complaints import LONGEST_TEXT

PATIENT = "patient"
RATED, CONSENTED = "rated", "consented"


def living(session: Session, case: Case) -> Case:
    """The case itself, or the one it lives on in."""
    while case.merged_into_id is not None:
        case = session.get_one(Case, case.merged_into_id)
    return case


def settle(session: Session, case: Case, now: datetime, zone: ZoneInfo) -> Case:
    """Yes, it is settled. One of several who wrote is content: that is written down, the common case goes on.

    Raises Conflict ``complaints.not_settled_open`` unless an answer waits for just that.
    """
    target = living(session, case)
    if target.state != rules.ANSWERED:
        raise Conflict("complaints.not_settled_open", number=case.number, state=target.state)
    if target.id != case.id:
        _write(session, target, rules.ADD, now, details={"settled": case.number})
        return target
    case_steps.move(case, rules.after(case.state, case.kind, rules.SETTLE), rules.SETTLE, now, zone)
    _write(session, case, rules.SETTLE, now)
    audit.write(session, actor=PATIENT, action="case.settled", subject=case.number or "", now=now)
    return case


def refuse(session: Session, case: Case, words: str, now: datetime, zone: ZoneInfo) -> Case:
    """No, it is not settled: one level higher with a new date, or the end of the way through the hospital.

    Raises Conflict ``complaints.not_possible``, Refused ``complaints.too_long``.
    """
    target = living(session, case)
    state = rules.after(target.state, target.kind, rules.REFUSE, target.level)
    said = _short_enough(words)
    if state != rules.FINAL:
        case_clock.began_anew(session, target, local_day(now, zone))
    target.level = rules.level_after(target.level, rules.REFUSE)
    case_steps.move(target, state, rules.REFUSE, now, zone)
    details = {"level": target.level, "by": case.number} if target.id != case.id else {"level": target.level}
    _write(session, target, rules.REFUSE, now, text=said, details=details)
    audit.write(session, actor=PATIENT, action="case.refused", subject=target.number or "", now=now, state=state)
    return target


def new_facts(session: Session, case: Case, words: str, now: datetime, zone: ZoneInfo) -> Case:
    """What ended in the hospital is opened again by new facts, which have to be told. Also for what was withdrawn.

    Raises Refused ``complaints.new_facts_needed``, ``complaints.too_long``, Conflict ``complaints.not_possible``.
    """
    target = living(session, case)
    said = _short_enough(words)
    state = rules.after(target.state, target.kind, rules.REOPEN)
    if target.state == rules.FINAL and not said:
        raise Refused("complaints.new_facts_needed")
    case_clock.began_anew(session, target, local_day(now, zone))
    case_steps.move(target, state, rules.REOPEN, now, zone)
    _write(session, target, rules.REOPEN, now, text=said, details={"level": target.level})
    audit.write(session, actor=PATIENT, action="case.reopened", subject=target.number or "", now=now)
    return target


def close_silent(session: Session, days: int, now: datetime, zone: ZoneInfo) -> int:
    """Close what was answered more than ``days`` days ago and nobody said a word about; how many."""
    last = local_day(now, zone) - timedelta(days=days)
    waiting = select(Case).where(Case.state == rules.ANSWERED, Case.answered_on < last).order_by(Case.id)
    closed = session.scalars(waiting).all()
    for case in closed:
        case_steps.move(case, rules.after(case.state, case.kind, rules.SILENT), rules.SILENT, now, zone)
        event = _write(session, case, rules.SILENT, now, actor="system")
        case_news.tell(session, case, event, now)
    return len(closed)


def rate(session: Session, case: Case, score: int, words: str, now: datetime) -> None:
    """How the handling was, 1 to 5; of the case, not of anybody's stars. The last one counts.

    Raises Refused ``complaints.bad_score``, Conflict ``complaints.not_settled_open`` while it is being handled.
    """
    if score not in range(1, 6):
        raise Refused("complaints.bad_score")
    if living(session, case).state not in {rules.CLOSED, rules.FINAL}:
        raise Conflict("complaints.not_settled_open", number=case.number, state=case.state)
    event = _write(session, case, RATED, now, text=_short_enough(words), details={"score": score})
    case.handling_score, case.handling_words = score, event.text


def consent(session: Session, case: Case, agrees: bool, now: datetime) -> None:
    """Whether the matter may be told without names as "you said, we did" (separate consent; can be taken back)."""
    case.card_consent = agrees
    if not agrees:
        change_cards.consent_withdrawn(session, case, now)
    _write(session, case, CONSENTED, now, details={"agrees": agrees})


def _short_enough(words: str) -> str:
    said = clean(words)
    if len(said) > LONGEST_TEXT:
        raise Refused("complaints.too_long", most=LONGEST_TEXT, length=len(said))
    return said


def _write(
    session: Session, case: Case, action: str, now: datetime, *, actor: str = PATIENT, text: str = "", **more: Any
) -> CaseEvent:
    return case_history.write(session, case, action, actor=actor, now=now, text=text, details=more.get("details"))
