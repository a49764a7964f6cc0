"""What dashboards read: the counts of each day are compared with the ratings every night; what departments and persons
may see is given once a month; a signal on a control chart is told once a week."""

import logging
from datetime import datetime

from feedback_app.domain.periods import Month, local_day
from feedback_app.jobs.duties import Beforehand, Duty
from feedback_app.services import day_counts, releases, signal_alerts
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

_log = logging.getLogger(__name__)


def _compare(session: Session, runtime: Runtime, now: datetime) -> object:
    wrong = day_counts.rebuild(session, Month.of(now, runtime.zone), local_day(now, runtime.zone))
    if wrong:
        _log.error("days that differed from a full recount, put right: %s", wrong[:20])
    return f"{len(wrong)} days differed"


DAILY = {"days": _compare}


def _is_due(session: Session, runtime: Runtime, now: datetime) -> bool:
    return releases.is_due(session, now, runtime.zone)


def _release(session: Session, runtime: Runtime, now: datetime) -> object:
    return f"{releases.release(session, now=now, zone=runtime.zone)} figures given"


def _is_new_week(session: Session, runtime: Runtime, now: datetime) -> bool:
    return signal_alerts.is_due(session, now, runtime.settings)


def _look_at_week(session: Session, runtime: Runtime, now: datetime) -> signal_alerts.Looked:
    return signal_alerts.look(session, now, runtime.settings)


def _tell_of_week(session: Session, runtime: Runtime, now: datetime, looked: signal_alerts.Looked) -> bool:
    return signal_alerts.tell(session, looked, now, runtime.settings) is not None


def _tell(session: Session, runtime: Runtime, now: datetime) -> object:
    return signal_alerts.send(session, now, runtime.settings)


MINUTELY = (
    Duty("releases", _is_due, _release),
    Duty("signals", _is_new_week, Beforehand(_look_at_week, _tell_of_week, _tell)),
)
