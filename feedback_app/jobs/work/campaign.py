"""Activities and reading: each morning who is late with an action, and who has not read what is to be read."""

from datetime import datetime

from feedback_app.services import activity_actions, documents
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _actions(session: Session, runtime: Runtime, now: datetime) -> object:
    return activity_actions.remind(session, runtime.settings, now)


def _reading(session: Session, runtime: Runtime, now: datetime) -> object:
    return documents.remind(session, runtime.settings, now)


DAILY = {"activity_actions": _actions, "reading": _reading}
