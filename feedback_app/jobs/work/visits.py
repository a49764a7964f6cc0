"""What need not be known of visits any longer is forgotten; answers to other programs too."""

from datetime import datetime

from feedback_app.jobs.duties import InSteps
from feedback_app.services import api_keys, visit_feed
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _forget(session: Session, runtime: Runtime, now: datetime, after: int) -> int | None:
    """A thousand contacts at a time."""
    done = visit_feed.forget(session, zone=runtime.zone, now=now)
    return after + done if done else None


def _sweep(session: Session, runtime: Runtime, now: datetime) -> object:
    return api_keys.sweep(session, now)


DAILY = {"visit_contacts": InSteps(_forget), "api_answers": _sweep}
