"""Other systems are told what has happened, in order."""

from datetime import datetime

from feedback_app.jobs.duties import Duty
from feedback_app.services import webhooks_out
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _has_work(session: Session, runtime: Runtime, now: datetime) -> bool:
    return webhooks_out.has_work(session, runtime.zone, now, runtime.settings.deliveries.give_up_hours)


def _collect(session: Session, runtime: Runtime, now: datetime) -> object:
    return webhooks_out.collect(session, runtime.zone, now, runtime.settings.deliveries.give_up_hours)


MINUTELY = (Duty("webhooks", _has_work, _collect),)
