"""Complaints and other cases: their morning, the seal of their histories, news by template."""

from datetime import datetime

from feedback_app.jobs.duties import Duty, InSteps, Step, Whole
from feedback_app.services import case_duties, periodic
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _whole(name: str) -> Whole:
    return lambda session, runtime, now: case_duties.DAILY[name](session, runtime.settings, now)


def _steps(name: str) -> Step:
    return lambda session, runtime, now, after: case_duties.STEPWISE[name](session, runtime.settings, now, after).after


def _hour(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H}"


def _seal_is_due(session: Session, runtime: Runtime, now: datetime) -> bool:
    return not periodic.is_done(session, "case_seal", _hour(now)) and case_duties.has_seal_to_make(session, now)


def _seal(session: Session, runtime: Runtime, now: datetime) -> object:
    return periodic.take(session, "case_seal", _hour(now), now) and case_duties.seal(session, now)


def _has_template(session: Session, runtime: Runtime, now: datetime) -> bool:
    return bool(runtime.settings.wechat.case_template)


def _tell(session: Session, runtime: Runtime, now: datetime) -> object:
    return case_duties.tell_by_template(session, now)


DAILY = {
    "case_dates": _whole("case_dates"),
    "case_silent": _whole("case_silent"),
    "case_reminders": InSteps(_steps("case_reminders")),  # a date that has moved is not reminded of
    "case_digest": _whole("case_digest"),  # and the digest ends the morning
    "case_tasks": _whole("case_tasks"),
}
MINUTELY = (
    Duty("case_seal", _seal_is_due, _seal, leased=False),
    Duty("case_news", _has_template, _tell),
)
