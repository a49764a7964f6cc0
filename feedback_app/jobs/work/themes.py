"""Comments are read for what they are about, in small parts: a few minutes after they came, and again when words change."""

from datetime import datetime

from feedback_app.jobs.duties import Duty, InParts
from feedback_app.services import themes
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _has_work(session: Session, runtime: Runtime, now: datetime) -> bool:
    return themes.has_work(session)


MINUTELY = (Duty("themes", _has_work, InParts(themes.look, themes.write)),)
