"""Patients ask, staff answer (the communication platform): a question is a case of its own kind, with a promise of when.

Whoever answers sees the screened words and the day, never who asked. Medical advice is not given here: the chat says so and
sends people to a doctor or the emergency room before anything is passed on.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import complaints as rules
from feedback_app.errors import NotFound
from feedback_app.services import case_people, case_steps, complaints
from feedback_app.services.case_steps import Step
from feedback_app.services.complaints import Filing
from feedback_app.texts import text

KIND = "question"
MOST = 50


def ask(session: Session, filing: Filing, *, zone: ZoneInfo, now: datetime) -> Case:
    """File the question and tell whoever is to answer it; of a department its heads. Raises what ``complaints.file`` raises."""
    case = complaints.file(session, filing, zone=zone, now=now)
    point = case.service_point
    asked: list[ServicePoint | None] = [point] if point is not None and point.kind == "staff" else []
    asked = asked or [*case_people.heads(session, case.department_id)]
    words = text("complaints.push.question", number=case.number, due_on=case.due_on)
    for way in {case_people.way(session, one) for one in asked or [None]}:
        title = text("complaints.push.question_title")
        case_people.send(session, way, f"case:{case.id}:question", title, words, now, purpose="case_offered")
    return case


def of_staff(session: Session, me: ServicePoint) -> Sequence[Case]:
    """Questions to me or to my department as such: those that wait first."""
    mine = or_(Case.service_point_id == me.id, Case.service_point_id == me.department_id)
    query = select(Case).where(Case.kind == KIND, mine, Case.state.in_((rules.OPEN, rules.ANSWERED, rules.CLOSED)))
    order = ((Case.state == rules.OPEN).desc(), Case.due_on, Case.id.desc())
    return session.scalars(query.order_by(*order).limit(MOST)).all()


def answer(
    session: Session, me: ServicePoint, number: str, words: str, seen: int, *, now: datetime, zone: ZoneInfo
) -> Case:
    """Answer one's own question. Raises NotFound ``complaints.no_case`` for anybody else's, and what ``case_steps.take`` raises."""
    case = case_steps.get(session, number)
    if case.kind != KIND or case.service_point_id not in {me.id, me.department_id}:
        raise NotFound("complaints.no_case", number=number[:20])
    return case_steps.take(session, number, Step(rules.ANSWER, words, seen, f"staff:{me.key}", "staff"), now, zone)
