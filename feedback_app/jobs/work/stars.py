"""Months are closed, boards are released by those schemes that release by themselves, kind words are passed on."""

from datetime import datetime

from feedback_app.jobs.duties import Duty
from feedback_app.services import leaderboards, publications, stuffing, thanks_today
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _look(session: Session, runtime: Runtime, now: datetime) -> object:
    """In a transaction of its own: while a month is being closed nobody waits for thousands of ratings to be weighed."""
    return stuffing.watch_open(session, runtime, now)


def _close(session: Session, runtime: Runtime, now: datetime) -> object:
    periods = leaderboards.all_due(session, now=now, zone=runtime.zone)
    if periods:
        stuffing.watch_closing(session, runtime, periods, now)
    return [f"{award} {month}" for award, month in leaderboards.close_due(session, now=now, zone=runtime.zone)]


def _waits(session: Session, runtime: Runtime, now: datetime) -> bool:
    return any(board.scheme.publish_after_hours is not None for board in leaderboards.waiting(session))


def _publish(session: Session, runtime: Runtime, now: datetime) -> object:
    return publications.publish_due(session, now=now, settings=runtime.settings)


def _thanks_are_due(session: Session, runtime: Runtime, now: datetime) -> bool:
    return thanks_today.is_due(session, now, runtime.settings)


def _thank(session: Session, runtime: Runtime, now: datetime) -> object:
    return thanks_today.send(session, now, runtime.settings)


DAILY = {"look": _look, "close": _close}
MINUTELY = (
    Duty("publish", _waits, _publish),
    Duty("thanks", _thanks_are_due, _thank, leased=False),
)
