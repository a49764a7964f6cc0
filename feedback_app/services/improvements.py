"""Putting things right after a case: a task with owner, date and evidence, and its effect looked at three months later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from feedback_app.db import improvements
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.improvements import CaseTask
from feedback_app.db.ratings import Rating
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, case_history, case_people, case_steps
from feedback_app.settings import Settings
from feedback_app.texts import text

KINDS = ("rectify", "training", "visit")
OPEN, DONE, LOOKED, DROPPED = "open", "done", "looked", "dropped"
LOOK_AFTER = timedelta(days=91)
FEWEST = 5
"""With fewer ratings only their number is told."""
LONGEST = 1000
ATTACHED = "task"


@dataclass(frozen=True)
class Wanted:
    kind: str
    what: str
    owner: str
    due_on: date


def make(session: Session, number: str, wanted: Wanted, *, by: str, now: datetime, zone: ZoneInfo) -> CaseTask:
    """Attach a task to a case; how the place is rated until today is kept as the figure before.

    Raises NotFound ``complaints.no_case``, ``complaints.nobody_there``; Refused ``complaints.bad_choice``,
    ``complaints.words_needed``, ``complaints.too_long``, ``complaints.due_before_receipt``.
    """
    case, today = case_steps.get(session, number), local_day(now, zone)
    if wanted.kind not in KINDS:
        raise Refused("complaints.bad_choice", chosen=wanted.kind[:20])
    if wanted.due_on < today:
        raise Refused("complaints.due_before_receipt", day=today)
    if not case_people.exists(session, wanted.owner):
        raise NotFound("complaints.nobody_there", who=wanted.owner[:60])
    task = CaseTask(
        case_id=case.id,
        kind=wanted.kind,
        what=_words(wanted.what),
        owner=wanted.owner,
        due_on=wanted.due_on,
        made_at=now,
        made_on=today,
        made_by=by,
        before=figures(session, case, today - LOOK_AFTER, today),
    )
    session.add(task)
    session.flush()
    details = {"task": task.id, "kind": task.kind, "owner": task.owner, "due_on": task.due_on.isoformat()}
    case_history.write(session, case, ATTACHED, actor=by, now=now, text=task.what, details=details)
    audit.write(session, actor=by, action="task.made", subject=number, now=now, kind=task.kind, to=task.owner)
    way = case_people.way(session, case_people.staff(session, task.owner))
    words = text("complaints.task.new", number=number, what=task.what, due_on=task.due_on)
    case_people.send(session, way, f"task:{task.id}:new", text("complaints.task.new_title"), words, now)
    return task


def finish(session: Session, task_id: int, evidence: str, *, by: str, now: datetime, zone: ZoneInfo) -> CaseTask:
    """Done, with what shows it; three months later somebody looks whether it helped.

    Raises NotFound ``complaints.no_task``, Conflict ``complaints.task_not_open``, Refused ``complaints.words_needed``.
    """
    task = _open(session, task_id)
    task.evidence, task.state = _words(evidence), DONE
    task.done_on = local_day(now, zone)
    task.look_on = task.done_on + LOOK_AFTER
    _note(session, task, "task.done", task.evidence, by, now)
    return task


def drop(session: Session, task_id: int, why: str, *, by: str, now: datetime) -> CaseTask:
    """Not done after all, with the reason. Raises as :func:`finish`."""
    task = _open(session, task_id)
    task.evidence, task.state = _words(why), DROPPED
    _note(session, task, "task.dropped", task.evidence, by, now)
    return task


def look(session: Session, task_id: int, finding: str, *, by: str, now: datetime, zone: ZoneInfo) -> CaseTask:
    """What has come of it: the figures since it was done, and a finding in words.

    Raises NotFound ``complaints.no_task``, Conflict ``complaints.task_not_done``, Refused ``complaints.words_needed``.
    """
    task = get(session, task_id)
    if task.state != DONE or task.done_on is None:
        raise Conflict("complaints.task_not_done")
    task.after = figures(session, task.case, task.done_on, local_day(now, zone))
    task.finding, task.state = _words(finding), LOOKED
    _note(session, task, "task.looked", task.finding, by, now)
    return task


def get(session: Session, task_id: int) -> CaseTask:
    task = session.get(CaseTask, task_id)
    if task is None:
        raise NotFound("complaints.no_task")
    return task


def listed(session: Session) -> Sequence[CaseTask]:
    return improvements.tasks(session)


def of_case(session: Session, case: Case) -> Sequence[CaseTask]:
    return session.scalars(select(CaseTask).where(CaseTask.case_id == case.id).order_by(CaseTask.id)).all()


def figures(session: Session, case: Case, since: date, until: date) -> dict[str, Any]:
    """How the place of the case was rated after ``since`` up to and with ``until``: counted ratings alone, n and mean of
    1 to 5; no mean below FEWEST."""
    span = {"since": since.isoformat(), "until": until.isoformat()}
    place = _place(case)
    if place is None:
        return {**span, "n": 0, "mean": None}
    counted = select(func.count(), func.avg(Rating.score)).join(
        ServicePoint, ServicePoint.id == Rating.service_point_id
    )
    counted = counted.where(place, Rating.status == "counted", Rating.day > since, Rating.day <= until)
    n, mean = session.execute(counted).one()
    return {**span, "n": n, "mean": round(float(mean), 2) if n >= FEWEST else None}


def remind(session: Session, settings: Settings, now: datetime) -> int:
    """Each morning: tasks whose date is over, and those whose effect is to be looked at; once each. How many messages."""
    today = local_day(now, settings.hospital.zone)
    late = (CaseTask.state == OPEN) & (CaseTask.due_on < today)
    to_look = (CaseTask.state == DONE) & (CaseTask.look_on <= today)
    sent = 0
    for task in session.scalars(select(CaseTask).where(late | to_look).order_by(CaseTask.id)).all():
        word = "late" if task.state == OPEN else "look"
        words = text(f"complaints.task.{word}", number=task.case.number, what=task.what, due_on=task.due_on)
        title = text(f"complaints.task.{word}_title")
        for way in {case_people.way(session, case_people.staff(session, task.owner)), case_people.OFFICE}:
            sent += case_people.send(session, way, f"task:{task.id}:{word}", title, words, now)
    return sent


def _place(case: Case) -> ColumnElement[bool] | None:
    if case.service_point_id is not None:
        return ServicePoint.id == case.service_point_id
    if case.department_id is not None:
        return or_(ServicePoint.id == case.department_id, ServicePoint.department_id == case.department_id)
    return None


def _open(session: Session, task_id: int) -> CaseTask:
    task = get(session, task_id)
    if task.state != OPEN:
        raise Conflict("complaints.task_not_open")
    return task


def _note(session: Session, task: CaseTask, action: str, words: str, by: str, now: datetime) -> None:
    details = {"task": task.id, "state": task.state}
    case_history.write(session, task.case, ATTACHED, actor=by, now=now, text=words, details=details)
    audit.write(session, actor=by, action=action, subject=task.case.number or "", now=now)


def _words(typed: str) -> str:
    words = clean(typed)
    if not words:
        raise Refused("complaints.words_needed")
    if len(words) > LONGEST:
        raise Refused("complaints.too_long", most=LONGEST, length=len(words))
    return words
