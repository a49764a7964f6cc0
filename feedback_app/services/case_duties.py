"""What the worker does about cases: each morning's work by name, and what comes up in between. Each of it may run twice."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from feedback_app.services import case_clock, case_consent, case_history, case_news, case_reminders, improvements
from feedback_app.settings import Settings


def _dates(session: Session, settings: Settings, now: datetime) -> object:
    return [case.number for case in case_clock.calendar_changed(session, settings.hospital.zone, now)]


def _silent(session: Session, settings: Settings, now: datetime) -> object:
    return case_consent.close_silent(session, settings.complaints.close_after_days, now, settings.hospital.zone)


DAILY: Mapping[str, Callable[[Session, Settings, datetime], object]] = {
    "case_dates": _dates,
    "case_silent": _silent,
    "case_digest": case_reminders.digest,
    "case_tasks": improvements.remind,
}
"""In this order: what is closed is not counted. A whole one in one transaction."""

STEPWISE: Mapping[str, Callable[[Session, Settings, datetime, int], case_reminders.Reminded]] = {
    "case_reminders": case_reminders.remind_some,
}
"""A few cases in each transaction: from case 0 on, each time after the last case looked at, until there are no more."""


def seal(session: Session, now: datetime) -> int:
    """Hourly."""
    return case_history.seal(session, now)


def has_seal_to_make(session: Session, now: datetime) -> bool:
    return case_history.has_work(session, now)


def tell_by_template(session: Session, now: datetime) -> int:
    """Each minute, where the account has a template for it."""
    return case_news.by_template(session, now)
