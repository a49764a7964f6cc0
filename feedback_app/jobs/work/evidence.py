"""New entries of the evidence log get their place and a signature; writers never wait for it. Once a day the head goes outside."""

from datetime import datetime

from feedback_app.jobs.duties import Duty, InSteps
from feedback_app.services import evidence, outside_heads
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

AT_ONCE = 500


def _has_work(session: Session, runtime: Runtime, now: datetime) -> bool:
    return evidence.has_work(session, now)


def _keep(session: Session, runtime: Runtime, now: datetime, after: int) -> int | None:
    """A few hundred at a time, so that ratings never wait long; the head when there are no more."""
    if evidence.give_places(session, AT_ONCE) == AT_ONCE:
        return after + AT_ONCE
    evidence.sign_head(session, runtime.vault, now)
    return None


EVERY_TICK = (Duty("evidence", _has_work, InSteps(_keep)),)


def _heads(session: Session, runtime: Runtime, now: datetime) -> object:
    return f"{outside_heads.queue(session, runtime, now)} messages"


DAILY = {"tree_heads": _heads}
