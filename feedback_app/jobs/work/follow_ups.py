"""Follow-up of discharged patients: their dates, the questions by message, the list of calls; a hundred at a time."""

from datetime import datetime

from feedback_app.jobs.duties import Duty, InSteps
from feedback_app.services import follow_ups
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _has_work(session: Session, runtime: Runtime, now: datetime) -> bool:
    return follow_ups.has_work(session, runtime, now)


def _step(session: Session, runtime: Runtime, now: datetime, after: int) -> int | None:
    done = follow_ups.work(session, runtime, now)
    return None if done is None else after + done


def _forget(session: Session, runtime: Runtime, now: datetime) -> object:
    return follow_ups.forget(session)


MINUTELY = (Duty("follow_ups", _has_work, InSteps(_step)),)
DAILY = {"follow_up_answers": _forget}
