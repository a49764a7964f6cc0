"""What arrived as patients' ratings do not arrive is held until a person has looked; tallies follow what was written."""

import logging
from datetime import datetime, timedelta

from feedback_app.domain.periods import local_day
from feedback_app.jobs.duties import Beforehand, Duty
from feedback_app.services import periodic, stuffing, tallying
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

_log = logging.getLogger(__name__)


def _hour(runtime: Runtime, now: datetime) -> str:
    return f"{local_day(now, runtime.zone)} {now:%H}"


def _hour_is_new(session: Session, runtime: Runtime, now: datetime) -> bool:
    return not periodic.is_done(session, "arrivals", _hour(runtime, now))


def _watch(session: Session, runtime: Runtime, now: datetime) -> object:
    """Only where somebody was rated since yesterday."""
    if not periodic.take(session, "arrivals", _hour(runtime, now), now):
        return None
    return stuffing.watch_open(session, runtime, now, since=local_day(now - timedelta(days=1), runtime.zone))


def _tallies_are_old(session: Session, runtime: Runtime, now: datetime) -> bool:
    return tallying.is_needed(session)


def _look(session: Session, _runtime: Runtime, _now: datetime) -> tallying.Looked | None:
    return tallying.look(session)


def _write(session: Session, _runtime: Runtime, _now: datetime, looked: tallying.Looked) -> bool:
    return tallying.write(session, looked)


def _fold(session: Session, runtime: Runtime, now: datetime) -> object:
    return tallying.fold(session)


def _recount(session: Session, runtime: Runtime, now: datetime) -> object:
    wrong = tallying.rebuild(session)
    if wrong:
        _log.error("tallies that differed from a full recount, put right: %s", wrong[:20])
    return f"{len(wrong)} tallies differed"


DAILY = {"tallies": _recount}
MINUTELY = (Duty("arrivals", _hour_is_new, _watch, leased=False),)
EVERY_TICK = (Duty("tallies", _tallies_are_old, Beforehand(_look, _write, _fold)),)
