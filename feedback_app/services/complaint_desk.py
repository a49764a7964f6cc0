"""The complaints desk: the inbox as each role may see it, and what can be done with a case. The history only grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.case_grams import holds
from feedback_app.db.case_privacy import CaseRelease
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import complaints as rules
from feedback_app.domain.roles import HEAD, Viewer
from feedback_app.services import case_sight
from feedback_app.services.case_steps import Step, get, take, version
from feedback_app.services.paging import Page

__all__ = ["KINDS", "STATES", "URGENCIES", "Step", "Wanted", "counts", "get", "inbox", "moves", "nearness"]
__all__ += ["reach", "take", "version"]

STATES, KINDS = rules.STATES, rules.KINDS
URGENCIES = ("urgent", "normal")
WHOSE = ("mine", "offered", "nobody")
NEAR = ("overdue", "today", "soon")
SIZE = 30


@dataclass(frozen=True)
class Wanted:
    """Which cases; an empty field does not narrow."""

    state: str = ""
    kind: str = ""
    urgency: str = ""
    department_id: int | None = None
    words: str = ""
    whose: str = ""
    near: str = ""
    category: str = ""


def inbox(session: Session, wanted: Wanted, number: int, viewer: Viewer, today: date, total: int) -> Page[Case]:
    """Open cases first and among them the one whose date is nearest; others newest first. ``total``: of :func:`counts`.

    Ids are put in order first and only one page of cases is read: sorting thousands of texts would cost more than all else.
    """
    urgent_first = (Case.urgency == "urgent").desc()
    order = ((Case.state == "open").desc(), urgent_first, Case.due_on.is_(None), Case.due_on, Case.id.desc())
    if wanted.state:
        order = order[1:] if wanted.state == "open" else (Case.received_at.desc(), Case.id.desc())  # type: ignore[assignment]
    number = min(max(1, number), max(1, -(-total // SIZE)))
    sorted_ids = select(Case.id).where(*_conditions(wanted, viewer, today)).order_by(*order)
    ids = session.scalars(sorted_ids.limit(SIZE).offset((number - 1) * SIZE)).all()
    shown = (joinedload(Case.service_point), joinedload(Case.department))
    found = {one.id: one for one in session.scalars(select(Case).where(Case.id.in_(ids)).options(*shown))}
    return Page([found[one] for one in ids], number, total, SIZE)


def counts(session: Session, wanted: Wanted, viewer: Viewer, today: date) -> Mapping[str, int]:
    """How many cases in each state, the other filters applied."""
    narrowed = select(Case.state, func.count()).where(*_conditions(replace(wanted, state=""), viewer, today))
    rows = dict(session.execute(narrowed.group_by(Case.state)).all())
    return {state: rows.get(state, 0) for state in STATES}


def words_of(session: Session, cases: Sequence[Case], viewer: Viewer) -> Mapping[int, str | None]:
    """Case id to the words this person may read in a list; None where they wait for a protection officer."""
    ids = [case.id for case in cases]
    if viewer.role == HEAD:
        rows = session.execute(select(CaseRelease.case_id, CaseRelease.text).where(CaseRelease.case_id.in_(ids)))
        told = dict(rows.all())
        return {case.id: told.get(case.id) for case in cases}
    veiled = set[int]()
    if viewer.role not in case_sight.FIRST_READERS:
        readable = select(Case.id).where(Case.id.in_(ids), *case_sight.readable(viewer))
        veiled = set(ids) - set(session.scalars(readable))
    return {case.id: None if case.id in veiled else case.text for case in cases}


def moves(case: Case) -> Sequence[str]:
    """What can be written about the case now, in the order of the page."""
    possible = rules.moves(case.state, case.kind)
    order: tuple[str, ...] = (rules.ANSWER, rules.NOTE, rules.CLOSE, rules.REFUSE, rules.REOPEN)
    if case.state == "answered" and not _awaits_words(case):  # closing is what comes next
        order = (rules.CLOSE, rules.ANSWER, rules.NOTE, rules.REFUSE, rules.REOPEN)
    return [action for action in order if action in possible]


def _awaits_words(case: Case) -> bool:
    """Whether the patient has said something since the last answer."""
    last = next((one for one in reversed(case.events) if one.action in {rules.ANSWER, rules.ADD}), None)
    return last is not None and last.action == rules.ADD and last.actor == "patient"


def reach(case: Case) -> str:
    """How an answer gets to the patient: ``answered`` (asks the account for progress), ``answered_contact`` (left an
    address), ``answered_number`` (calls with the number)."""
    if case.complainant_hash:
        return "answered"
    return "answered_contact" if case.has_contact else "answered_number"


def nearness(case: Case, today: date) -> rules.Nearness:
    return rules.nearness(case.state, case.due_on, today)


def _conditions(wanted: Wanted, viewer: Viewer, today: date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [case_sight.visible(viewer)]
    for column, value in (
        (Case.state, wanted.state),
        (Case.kind, wanted.kind),
        (Case.urgency, wanted.urgency),
        (Case.department_id, wanted.department_id),
        (Case.category, wanted.category),
    ):
        if value:
            conditions.append(column == value)
    if wanted.whose and viewer.role != HEAD:
        conditions.append(_whose(wanted.whose, viewer))
    if wanted.near:
        conditions.append(_near(wanted.near, today))
    if wanted.words:
        conditions.append(_found(wanted.words, viewer))
    return conditions


def _whose(whose: str, viewer: Viewer) -> ColumnElement[bool]:
    if whose == "mine":
        return Case.owner == viewer.login
    if whose == "offered":
        return Case.offered_to == viewer.login
    return (Case.owner == "") & (Case.offered_to == "")


def _near(near: str, today: date) -> ColumnElement[bool]:
    """``soon``: due within two calendar days, not today."""
    soon = date.fromordinal(today.toordinal() + 2)
    spans = {
        "overdue": Case.due_on < today,
        "today": Case.due_on == today,
        "soon": (Case.due_on > today) & (Case.due_on <= soon),
    }
    return (Case.state == "open") & spans[near]


def _found(words: str, viewer: Viewer) -> ColumnElement[bool]:
    """By number, by what the case is about, or in the words; never in words that this person may not read."""
    number = Case.number.startswith(words.strip().upper(), autoescape=True)
    if viewer.role == HEAD:
        let = select(CaseRelease.case_id).where(CaseRelease.text.contains(words, autoescape=True))
        return or_(number, Case.id.in_(let))
    points = select(ServicePoint.id).where(ServicePoint.name.contains(words.strip(), autoescape=True))
    written = select(Case.id).where(*holds(words), *case_sight.readable(viewer))
    about = select(Case.id).where(Case.service_point_id.in_(points))
    return Case.id.in_(union(written, about, select(Case.id).where(number)).scalar_subquery())
