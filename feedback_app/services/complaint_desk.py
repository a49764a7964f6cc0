"""The complaints office at work: the inbox, one case, and what can be done with it. The history only grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.case_secrets import CONTACT, CaseSecret
from feedback_app.db.complaints import Case
from feedback_app.domain import complaints as rules
from feedback_app.services import audit
from feedback_app.services.case_steps import Step, get, take, version
from feedback_app.services.paging import Page, cut
from feedback_app.services.vault import Vault

__all__ = ["KINDS", "STATES", "URGENCIES", "Step", "Wanted", "contact", "counts", "get", "inbox", "moves", "nearness"]
__all__ += ["reach", "take", "version"]

STATES, KINDS = rules.STATES, rules.KINDS
URGENCIES = ("urgent", "normal")


@dataclass(frozen=True)
class Wanted:
    """Which cases; an empty field does not narrow."""

    state: str = ""
    kind: str = ""
    urgency: str = ""
    department_id: int | None = None
    words: str = ""


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
    return "answered_contact" if case.has_contact else "answered_number"


def nearness(case: Case, today: date) -> rules.Nearness:
    return rules.nearness(case.state, case.due_on, today)


def contact(session: Session, vault: Vault, number: str, *, by: str, now: datetime) -> str:
    """How the complainant wants to be reached; looking is written to the audit log. "" when nothing was left."""
    case = get(session, number)
    if case.has_contact:
        audit.write(session, actor=by, action="case.contact_seen", subject=case.number or "", now=now)
    query = select(CaseSecret.sealed).where(CaseSecret.case_id == case.id, CaseSecret.kind == CONTACT)
    return "\n".join(vault.unseal(sealed) for sealed in session.scalars(query.order_by(CaseSecret.id)))


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
