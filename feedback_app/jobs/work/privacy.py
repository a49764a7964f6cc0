"""What need not be known any longer is forgotten."""

from datetime import datetime

from feedback_app.jobs.duties import Duty, InSteps
from feedback_app.services import bindings, housekeeping, retention, visits
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _forget_links(session: Session, runtime: Runtime, now: datetime) -> object:
    return visits.forget(session, link_days=runtime.settings.privacy.link_days, zone=runtime.zone, now=now)


def _end_outdated(session: Session, runtime: Runtime, now: datetime) -> object:
    return bindings.end_outdated(session, runtime.vault, now)


def _erase_cases(session: Session, runtime: Runtime, now: datetime) -> object:
    return retention.erase_cases(session, runtime.settings.privacy, runtime.zone, now)


def _sweep(session: Session, runtime: Runtime, now: datetime) -> object:
    return housekeeping.sweep(session, now)


def _months(session: Session, runtime: Runtime, now: datetime) -> list[str]:
    return retention.months_due(session, runtime.settings.privacy, runtime.zone, now)


def _words_are_due(session: Session, runtime: Runtime, now: datetime) -> bool:
    return bool(_months(session, runtime, now))


def _erase_words(session: Session, runtime: Runtime, now: datetime, after: int) -> int | None:
    """The oldest month due, a few hundred ratings at a time."""
    months = _months(session, runtime, now)
    if not months:
        return None
    last = retention.erase_words(session, months[0], after)
    if last is None:
        retention.month_done(session, months[0], runtime.zone, now)
    return last


DAILY = {
    "links": _forget_links,
    "bindings": _end_outdated,
    "privacy": _erase_cases,
    "housekeeping": _sweep,
}
MINUTELY = (Duty("words", _words_are_due, InSteps(_erase_words)),)
