"""Invitations after a visit, what became of them, and reminders; a hundred at a time, so that nobody who rates waits."""

from datetime import datetime

from feedback_app.jobs.duties import Duty, InSteps
from feedback_app.services import visit_invitations
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _has_work(session: Session, runtime: Runtime, now: datetime) -> bool:
    return visit_invitations.has_work(session, now)


def _step(session: Session, runtime: Runtime, now: datetime, after: int) -> int | None:
    done = visit_invitations.work(session, runtime, now)
    return None if done is None else after + done


MINUTELY = (Duty("invitations", _has_work, InSteps(_step)),)
