"""What people at the hospital do with one case: each step is checked against the table of moves, done and written down.

Whoever takes a step says which version of the case it was decided on; a step on an older one changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import complaints
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.domain import complaints as rules
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, case_clock, case_history, case_news
from feedback_app.services.complaints import LONGEST_TEXT

WORDS_NEEDED = frozenset({rules.NOTE, rules.ANSWER, rules.REOPEN, rules.REFUSE, rules.ESCALATE})
ANSWERS_AT: Mapping[int, frozenset[str]] = {
    rules.OFFICE: frozenset({"office", "director"}),
    rules.DIRECTOR: frozenset({"director"}),
}
"""Roles that may answer a case that has gone up; at the first level everybody who may see it."""


@dataclass(frozen=True)
class Step:
    """Something to be done with a case. ``seen`` is the version of the page it was decided on."""

    action: str
    text: str
    seen: int
    by: str  # login or "staff:D01"
    role: str = ""
    reason: str = ""  # PAUSE: one of ``domain.complaints.PAUSES``
    category: str = ""  # ABOUT
    severity: str = ""  # ABOUT
    new_facts: bool = False  # REOPEN of a case that had come to its end


def get(session: Session, number: str) -> Case:
    """Raises NotFound ``complaints.no_case``."""
    case = complaints.by_number(session, number)
    if case is None:
        raise NotFound("complaints.no_case", number=number[:20])
    return case


def version(case: Case) -> int:
    """Changes whenever anything is added to the case."""
    return case.events[-1].id if case.events else 0


def lock(session: Session, number: str, seen: int) -> Case:
    """The case, nobody else's until the transaction ends. Raises Conflict ``complaints.moved`` when it is newer than seen."""
    case = get(session, number)
    session.refresh(case, with_for_update=True)
    check_version(case, seen)
    return case


def check_version(case: Case, seen: int) -> None:
    """Raises Conflict ``complaints.moved`` when the case is newer than ``seen``."""
    if version(case) != seen:
        raise Conflict("complaints.moved", number=case.number)


def take(session: Session, number: str, step: Step, now: datetime, zone: ZoneInfo) -> Case:
    """Do one step and write it down.

    Raises NotFound ``complaints.no_case``; Conflict ``complaints.moved`` when somebody added something meanwhile, or
    ``complaints.not_possible``; NotAllowed ``complaints.higher_answers``; Refused ``complaints.words_needed``,
    ``complaints.too_long``, ``complaints.bad_choice``, ``complaints.new_facts_needed``.
    """
    case = lock(session, number, step.seen)
    words = clean(step.text)
    if step.action not in _STEPS:
        raise Conflict("complaints.not_possible", action=step.action, state=case.state)
    state = rules.after(case.state, case.kind, step.action, case.level)
    _check(case, step, words)
    done = _Taking(session, case, step, words, now, zone)
    details = _STEPS[step.action](done)
    case.level = rules.level_after(case.level, step.action)
    move(case, state, step.action, now, zone)
    event = case_history.write(session, case, step.action, actor=step.by, now=now, text=words, details=details)
    audit.write(session, actor=step.by, action=f"case.{step.action}", subject=case.number or "", now=now)
    case_news.tell(session, case, event, now)
    session.refresh(case)
    return case


def move(case: Case, state: str, action: str, now: datetime, zone: ZoneInfo) -> None:
    """Put the case into ``state`` as ``action`` left it; what belongs to the state before goes."""
    if action == rules.ANSWER:
        case.answered_on = local_day(now, zone)
    elif state == rules.OPEN:
        case.answered_on = None
    if state != case.state:
        over = state in {rules.CLOSED, rules.FINAL, rules.WITHDRAWN, rules.MERGED}
        case.closed_at = now if over else None
        case.closed_how = ("final" if state == rules.FINAL else action) if over else ""
    case.state = state


def _check(case: Case, step: Step, words: str) -> None:
    if step.action in WORDS_NEEDED and not words:
        raise Refused("complaints.words_needed")
    if len(words) > LONGEST_TEXT:
        raise Refused("complaints.too_long", most=LONGEST_TEXT, length=len(words))
    allowed = ANSWERS_AT.get(case.level)
    if step.action == rules.ANSWER and allowed is not None and step.role not in allowed:
        raise NotAllowed("complaints.higher_answers", level=case.level)
    if step.action == rules.REOPEN and case.state == rules.FINAL and not step.new_facts:
        raise Refused("complaints.new_facts_needed")


@dataclass(frozen=True)
class _Taking:
    session: Session
    case: Case
    step: Step
    words: str
    now: datetime
    zone: ZoneInfo
    nothing: Mapping[str, Any] = field(default_factory=dict)


def _plain(taking: _Taking) -> Mapping[str, Any]:
    return taking.nothing


def _answer(taking: _Taking) -> Mapping[str, Any]:
    """A pause ends with the answer; who answered at which level can be seen later."""
    case_clock.end_pause(taking.session, taking.case, local_day(taking.now, taking.zone))
    return {"level": taking.case.level}


def _again(taking: _Taking) -> Mapping[str, Any]:
    case = taking.case
    case_clock.began_anew(taking.session, case, local_day(taking.now, taking.zone))
    return {"due_on": case.due_on.isoformat() if case.due_on else ""}


def _refuse(taking: _Taking) -> Mapping[str, Any]:
    return taking.nothing if taking.case.level >= rules.DIRECTOR else _again(taking)


def _pause(taking: _Taking) -> Mapping[str, Any]:
    if taking.step.reason not in rules.PAUSES:
        raise Refused("complaints.bad_choice", chosen=taking.step.reason[:20])
    case_clock.stop(taking.session, taking.case, taking.step.reason, local_day(taking.now, taking.zone))
    return {"reason": taking.step.reason}


def _resume(taking: _Taking) -> Mapping[str, Any]:
    case = taking.case
    case_clock.go_on(taking.session, case, local_day(taking.now, taking.zone), taking.now)
    return {"due_on": case.due_on.isoformat() if case.due_on else ""}


def _about(taking: _Taking) -> Mapping[str, Any]:
    case, step = taking.case, taking.step
    if step.category not in ("", *rules.CATEGORIES) or step.severity not in ("", *rules.SEVERITIES):
        raise Refused("complaints.bad_choice", chosen=(step.category or step.severity)[:20])
    case.category, case.severity = step.category, step.severity
    return {"category": step.category, "severity": step.severity}


_STEPS: Mapping[str, Callable[[_Taking], Mapping[str, Any]]] = {
    rules.NOTE: _plain,
    rules.ABOUT: _about,
    rules.ANSWER: _answer,
    rules.CLOSE: _plain,
    rules.REOPEN: _again,
    rules.REFUSE: _refuse,
    rules.PAUSE: _pause,
    rules.RESUME: _resume,
    rules.ESCALATE: _plain,
}
"""Steps of one case alone; who owns it is ``case_owners``, several cases at once ``case_bundles``."""


def last(case: Case, action: str) -> CaseEvent | None:
    """The newest entry of that action."""
    return next((event for event in reversed(case.events) if event.action == action), None)
