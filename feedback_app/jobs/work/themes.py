"""Comments are read for what they are about, in small steps: a few minutes after they came, and again when words change."""

from datetime import datetime

from feedback_app.jobs.duties import Duty, InSteps
from feedback_app.services import themes
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _has_work(session: Session, runtime: Runtime, now: datetime) -> bool:
    return themes.has_work(session)


def _step(session: Session, runtime: Runtime, now: datetime, after: int) -> int | None:
    return after + 1 if themes.work(session) else None


MINUTELY = (Duty("themes", _has_work, InSteps(_step)),)
