"""Who has a case: offered and accepted, never passed on into nothing (首诉负责制); which department leads and which help."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db.complaints import HELPER, LEAD, Case, CaseDepartment
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import complaints as rules
from feedback_app.domain.periods import local_day
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, case_clock, case_history, case_people, case_steps

STAFF = "staff:"


def offer(session: Session, number: str, to: str, *, seen: int, by: str, now: datetime) -> Case:
    """Offer the case to somebody (login or ``staff:D01``). Whoever has it now keeps it until they accept.

    Raises Conflict ``complaints.moved``, ``complaints.not_possible``; NotFound ``complaints.nobody_there``.
    """
    case = case_steps.lock(session, number, seen)
    rules.after(case.state, case.kind, rules.ASSIGN)
    if not case_people.exists(session, to):
        raise NotFound("complaints.nobody_there", who=to[:60])
    case.offered_to = to
    case_history.write(session, case, rules.ASSIGN, actor=by, now=now, details={"to": to})
    audit.write(session, actor=by, action="case.assigned", subject=number, now=now, to=to)
    case_people.tell_offered(session, case, now)
    return case


def accept(session: Session, number: str, *, seen: int, by: str, now: datetime) -> Case:
    """Take it: the owner from now on. What was offered to somebody else can be taken too; it is written down.

    Raises Conflict ``complaints.moved``, ``complaints.not_possible``.
    """
    case = case_steps.lock(session, number, seen)
    rules.after(case.state, case.kind, rules.ACCEPT)
    details = {"from": case.owner, "offered_to": case.offered_to}
    case.owner, case.offered_to = by, ""
    case_history.write(session, case, rules.ACCEPT, actor=by, now=now, details=details)
    audit.write(session, actor=by, action="case.accepted", subject=number, now=now)
    return case


def involve(
    session: Session, number: str, key: str, role: str, *, seen: int, by: str, now: datetime, zone: ZoneInfo
) -> Case:
    """A department leads or helps from today; with a second one there are ten working days (S46).

    Raises NotFound ``complaints.no_department``, Refused ``complaints.bad_choice``, Conflict as the others.
    """
    case = case_steps.lock(session, number, seen)
    rules.after(case.state, case.kind, rules.DEPARTMENTS)
    if role not in {LEAD, HELPER}:
        raise Refused("complaints.bad_choice", chosen=role[:20])
    unit, today = case_people.department(session, key), local_day(now, zone)
    if role == LEAD:
        for other in case.departments:
            other.role = HELPER if other.role == LEAD else other.role
        case.department_id = unit.id
    _take_part(session, case, unit, role, now, zone)
    _changed(session, case, now)
    case_history.write(
        session, case, rules.DEPARTMENTS, actor=by, now=now, details={"department": key, "role": role, "on": str(today)}
    )
    audit.write(session, actor=by, action="case.departments", subject=number, now=now, department=key, role=role)
    return case


def release(session: Session, number: str, key: str, *, seen: int, by: str, now: datetime, zone: ZoneInfo) -> Case:
    """A department helps no longer; the leading one can only be replaced.

    Raises Refused ``complaints.lead_stays``, NotFound ``complaints.no_department``, Conflict as the others.
    """
    case = case_steps.lock(session, number, seen)
    rules.after(case.state, case.kind, rules.DEPARTMENTS)
    unit = case_people.department(session, key)
    row = next((one for one in case.departments if one.department_id == unit.id and one.until is None), None)
    if row is None:
        raise NotFound("complaints.no_department", key=key[:20])
    if row.role == LEAD:
        raise Refused("complaints.lead_stays")
    row.until = local_day(now, zone)
    _changed(session, case, now)
    details = {"department": key, "role": "", "on": str(row.until)}
    case_history.write(session, case, rules.DEPARTMENTS, actor=by, now=now, details=details)
    audit.write(session, actor=by, action="case.departments", subject=number, now=now, department=key, role="")
    return case


def _take_part(session: Session, case: Case, unit: ServicePoint, role: str, now: datetime, zone: ZoneInfo) -> None:
    row = next((one for one in case.departments if one.department_id == unit.id), None)
    if row is None:
        session.add(CaseDepartment(case_id=case.id, department_id=unit.id, role=role, since=local_day(now, zone)))
    else:
        row.role, row.until = role, None
    session.flush()
    session.expire(case, ["departments", "department"])


def _changed(session: Session, case: Case, now: datetime) -> None:
    session.flush()
    case_clock.joint_days(session, case, sum(one.until is None for one in case.departments), now)
