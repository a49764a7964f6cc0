"""The hospital's IT is told once a day of what it must look at."""

from datetime import datetime

from feedback_app.jobs.duties import Duty
from feedback_app.services import alarms
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _is_anything(session: Session, runtime: Runtime, now: datetime) -> bool:
    anybody = runtime.settings.operators_group in runtime.settings.group_names
    return anybody and bool(alarms.to_tell(session, runtime, now))


def _tell(session: Session, runtime: Runtime, now: datetime) -> object:
    return alarms.tell(session, runtime, now)


MINUTELY = (Duty("alarms", _is_anything, _tell),)
