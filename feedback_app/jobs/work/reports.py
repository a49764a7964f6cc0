"""The last month's report is announced on the first working day."""

from datetime import datetime

from feedback_app.jobs.duties import Duty
from feedback_app.services import report_sending
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _is_due(session: Session, runtime: Runtime, now: datetime) -> bool:
    return report_sending.is_due(session, now, runtime.settings)


def _send(session: Session, runtime: Runtime, now: datetime) -> object:
    return report_sending.send(session, now, runtime.settings)


MINUTELY = (Duty("report", _is_due, _send, leased=False),)
