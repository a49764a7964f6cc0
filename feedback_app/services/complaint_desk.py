"""The complaints office at work: the inbox, one case, and what can be done with it. The history only grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db import complaints
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.domain import complaints as rules
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, case_news
from feedback_app.services.complaints import LONGEST_TEXT, begin_clock
from feedback_app.services.paging import Page, cut
from feedback_app.services.vault import Vault

STATES = ("open", "answered", "closed", "withdrawn")
KINDS = ("complaint", "suggestion", "praise", "question")
URGENCIES = ("urgent", "normal")
_WORDS_NEEDED = frozenset({rules.NOTE, rules.ANSWER, rules.REOPEN})


@dataclass(frozen=True)
class Wanted:
    """Which cases; an empty field does not narrow."""

    state: str = ""
    kind: str = ""
    urgency: str = ""
    department_id: int | None = None
    words: str = ""


@dataclass(frozen=True)
class Step:
    """Something to be done with a case. ``seen`` is the version of the page it was decided on."""

    action: str
    text: str
    seen: int
    by: str  # login


def inbox(session: Session, wanted: Wanted, number: int) -> Page[Case]:
    """Open cases first and among them the one whose date is nearest; others newest first."""
    query = (
        select(Case).where(*_conditions(wanted)).options(joinedload(Case.service_point), joinedload(Case.department))
    )
    urgent_first = (Case.urgency == "urgent").desc()
    order = ((Case.state == "open").desc(), urgent_first, Case.due_on.is_(None), Case.due_on, Case.id.desc())
    if wanted.state and wanted.state != "open":
        order = (Case.received_at.desc(), Case.id.desc())  # type: ignore[assignment]
    return cut(session, query.order_by(*order), number)


def counts(session: Session, wanted: Wanted) -> Mapping[str, int]:
    """How many cases in each state, the other filters applied."""
    narrowed = select(Case.state, func.count()).where(*_conditions(replace(wanted, state="")))
    rows = session.execute(narrowed.group_by(Case.state)).all()
    return {state: sum(count for found, count in rows if found == state) for state in STATES}


def get(session: Session, number: str) -> Case:
    """Raises NotFound ``complaints.no_case``."""
    case = complaints.by_number(session, number)
    if case is None:
        raise NotFound("complaints.no_case", number=number[:20])
    return case


def version(case: Case) -> int:
    """Changes whenever anything is added to the case."""
    return case.events[-1].id if case.events else 0


def moves(case: Case) -> Sequence[str]:
    """What can be done with the case now, in the order of the page."""
    possible = rules.moves(case.state, case.kind)
    order = (rules.ANSWER, rules.NOTE, rules.CLOSE, rules.REOPEN)
    if case.state == "answered":  # closing is what comes next
        order = (rules.CLOSE, rules.ANSWER, rules.NOTE, rules.REOPEN)
    return [action for action in order if action in possible]


def reach(case: Case) -> str:
    """How an answer gets to the patient: ``answered`` (asks the account for progress), ``answered_contact`` (left an
    address), ``answered_number`` (calls with the number)."""
    if case.complainant_hash:
        return "answered"
    return "answered_contact" if case.contact_sealed else "answered_number"


def nearness(case: Case, today: date) -> rules.Nearness:
    return rules.nearness(case.state, case.due_on, today)


def take(session: Session, number: str, step: Step, now: datetime, zone: ZoneInfo) -> Case:
    """Do one step and write it down. Opened again, a complaint gets a new date.

    Raises NotFound ``complaints.no_case``; Conflict ``complaints.moved`` when somebody added something meanwhile;
    Conflict ``complaints.not_possible``; Refused ``complaints.words_needed`` or ``complaints.too_long``.
    """
    case = get(session, number)
    session.refresh(case, with_for_update=True)
    words = clean(step.text)
    if version(case) != step.seen:
        raise Conflict("complaints.moved", number=case.number)
    state = rules.after(case.state, case.kind, step.action)
    if step.action in _WORDS_NEEDED and not words:
        raise Refused("complaints.words_needed")
    if len(words) > LONGEST_TEXT:
        raise Refused("complaints.too_long", most=LONGEST_TEXT, length=len(words))
    event = CaseEvent(case_id=case.id, at=now, actor=step.by, action=step.action, text=words)
    session.add(event)
    if state != case.state:
        case.closed_at = now if state == "closed" else None
    case.state = state
    if step.action == rules.REOPEN:
        begin_clock(case, local_day(now, zone))
    audit.write(session, actor=step.by, action=f"case.{step.action}", subject=case.number or "", now=now)
    session.flush()
    if step.action == rules.ANSWER:
        case_news.tell(session, case, event, now)
    session.refresh(case)
    return case


def contact(session: Session, vault: Vault, number: str, *, by: str, now: datetime) -> str:
    """How the complainant wants to be reached; looking is written to the audit log. "" when nothing was left."""
    case = get(session, number)
    if case.contact_sealed:
        audit.write(session, actor=by, action="case.contact_seen", subject=case.number or "", now=now)
    return vault.unseal(case.contact_sealed)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state:
        conditions.append(Case.state == wanted.state)
    if wanted.kind:
        conditions.append(Case.kind == wanted.kind)
    if wanted.urgency:
        conditions.append(Case.urgency == wanted.urgency)
    if wanted.department_id:
        conditions.append(Case.department_id == wanted.department_id)
    if wanted.words:
        number = Case.number == wanted.words.upper()
        conditions.append(or_(Case.text.contains(wanted.words, autoescape=True), number))
    return conditions
