"""Complaints and other cases: their morning, the seal of their histories, news by template."""

from datetime import datetime

from feedback_app.jobs.duties import Duty, InSteps
from feedback_app.services import (
    case_clock,
    case_consent,
    case_history,
    case_news,
    case_reminders,
    improvements,
    periodic,
)
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _dates(session: Session, runtime: Runtime, now: datetime) -> object:
    return [case.number for case in case_clock.calendar_changed(session, runtime.zone, now)]


def _silent(session: Session, runtime: Runtime, now: datetime) -> object:
    return case_consent.close_silent(session, runtime.settings.complaints.close_after_days, now, runtime.zone)


def _remind(session: Session, runtime: Runtime, now: datetime, after: int) -> int | None:
    return case_reminders.remind_some(session, runtime.settings, now, after).after


def _digest(session: Session, runtime: Runtime, now: datetime) -> object:
    return case_reminders.digest(session, runtime.settings, now)


def _tasks(session: Session, runtime: Runtime, now: datetime) -> object:
    return improvements.remind(session, runtime.settings, now)


def _hour(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H}"


def _seal_is_due(session: Session, runtime: Runtime, now: datetime) -> bool:
    return not periodic.is_done(session, "case_seal", _hour(now)) and case_history.has_work(session, now)


def _seal(session: Session, runtime: Runtime, now: datetime) -> object:
    return periodic.take(session, "case_seal", _hour(now), now) and case_history.seal(session, now)


def _has_template(session: Session, runtime: Runtime, now: datetime) -> bool:
    return bool(runtime.settings.wechat.case_template)


def _tell(session: Session, runtime: Runtime, now: datetime) -> object:
    return case_news.by_template(session, now)


DAILY = {
    "case_dates": _dates,
    "case_silent": _silent,  # what is closed is not counted
    "case_reminders": InSteps(_remind),  # a date that has moved is not reminded of
    "case_digest": _digest,  # and the digest ends the morning
    "case_tasks": _tasks,
}
MINUTELY = (
    Duty("case_seal", _seal_is_due, _seal, leased=False),
    Duty("case_news", _has_template, _tell),
)
