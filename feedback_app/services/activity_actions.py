"""Minutes lead to issues, issues to actions with an owner and a date, and somebody looks at what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.activities import Activity, ActivityAction
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import activities, audit, case_people
from feedback_app.settings import Settings
from feedback_app.texts import text

OPEN, DONE, DROPPED = "open", "done", "dropped"
STATES = (OPEN, DONE, DROPPED)


@dataclass(frozen=True)
class Wanted:
    issue: str
    what: str
    owner: str  # login or "staff:D01"
    due_on: date


def add(session: Session, activity_id: int, wanted: Wanted, *, by: str, now: datetime) -> ActivityAction:
    """Raises NotFound ``activities.none``, Refused ``activities.needs_words``, ``activities.no_owner``,
    ``activities.bad_day``."""
    one = activities.get(session, activity_id)
    what, owner = clean(wanted.what)[:500], wanted.owner.strip()[:60]
    if not what:
        raise Refused("activities.needs_words")
    if not case_people.exists(session, owner):
        raise Refused("activities.no_owner")
    if wanted.due_on < one.day or (wanted.due_on - one.day).days > 800:
        raise Refused("activities.bad_day")
    made = ActivityAction(
        activity_id=one.id, issue=clean(wanted.issue)[:500], what=what, owner=owner, due_on=wanted.due_on, made_by=by,
        made_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.write(session, actor=by, action="activity.action_made", subject=f"{one.kind_key} {one.id}", now=now)
    return made


def end(
    session: Session, action_id: int, state: str, effect: str, *, by: str, now: datetime, settings: Settings
) -> ActivityAction:
    """Done or dropped, with what came of it. Raises NotFound ``activities.no_action``, Conflict ``activities.action_over``,
    Refused ``activities.needs_words``."""
    row = session.get(ActivityAction, action_id)
    if row is None:
        raise NotFound("activities.no_action")
    if row.state != OPEN:
        raise Conflict("activities.action_over")
    words = clean(effect)[:1000]
    if not words or state not in (DONE, DROPPED):
        raise Refused("activities.needs_words")
    row.state, row.effect, row.ended_on = state, words, local_day(now, settings.hospital.zone)
    session.flush()
    audit.write(session, actor=by, action="activity.action_ended", subject=f"{row.activity_id} {row.id}", now=now)
    return row


def listed(session: Session, *, department_id: int | None = None, state: str = OPEN) -> Sequence[ActivityAction]:
    """Nearest date first; of one department: those of its activities."""
    query = select(ActivityAction).join(Activity).options(joinedload(ActivityAction.activity))
    if state:
        query = query.where(ActivityAction.state == state)
    if department_id is not None:
        query = query.where(or_(Activity.department_id == department_id, Activity.target_id == department_id))
    return session.scalars(query.order_by(ActivityAction.due_on, ActivityAction.id).limit(500)).all()


def of_owner(session: Session, point: ServicePoint) -> Sequence[ActivityAction]:
    """Open actions of a member of staff."""
    query = select(ActivityAction).where(ActivityAction.state == OPEN, ActivityAction.owner == f"staff:{point.key}")
    return session.scalars(query.options(joinedload(ActivityAction.activity)).order_by(ActivityAction.due_on)).all()


def remind(session: Session, settings: Settings, now: datetime) -> int:
    """Once, on the first morning after the date: the owner, and the complaints office where nobody can be reached."""
    today = local_day(now, settings.hospital.zone)
    late = select(ActivityAction).where(ActivityAction.state == OPEN, ActivityAction.due_on < today)
    sent = 0
    for row in session.scalars(late.order_by(ActivityAction.id)).all():
        way = case_people.way(session, case_people.staff(session, row.owner))
        words = text("activities.push.late", what=row.what, due_on=row.due_on)
        sent += case_people.send(
            session, way, f"action:{row.id}", text("activities.push.late_title"), words, now, purpose="activity"
        )
    return sent
