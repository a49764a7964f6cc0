"""What dashboards read: the counts of each day are compared with the ratings every night; what departments and persons
may see is given once a month."""

import logging
from datetime import datetime

from feedback_app.domain.periods import Month, local_day
from feedback_app.jobs.duties import Duty
from feedback_app.services import day_counts, releases
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


MINUTELY = (Duty("releases", _is_due, _release),)
