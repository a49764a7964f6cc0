"""The phases of selections begin, end and are reminded of."""

from datetime import datetime

from feedback_app.jobs.duties import Duty
from feedback_app.services import round_clock
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _has_work(session: Session, runtime: Runtime, now: datetime) -> bool:
    return round_clock.has_work(session, now=now, settings=runtime.settings)


def _advance(session: Session, runtime: Runtime, now: datetime) -> object:
    return round_clock.advance(session, runtime.vault, now=now, settings=runtime.settings)


MINUTELY = (Duty("rounds", _has_work, _advance),)
