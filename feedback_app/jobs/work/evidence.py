"""New entries of the evidence log get their place and a signature; writers never wait for it. Once a day the head goes outside."""

from datetime import datetime

from feedback_app.jobs.duties import Duty
from feedback_app.services import evidence, outside_heads
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def _has_work(session: Session, runtime: Runtime, now: datetime) -> bool:
    return evidence.has_work(session, now)


def _keep(session: Session, runtime: Runtime, now: datetime) -> object:
    evidence.give_places(session)
    return evidence.sign_head(session, runtime.vault, now)


EVERY_TICK = (Duty("evidence", _has_work, _keep),)


def _heads(session: Session, runtime: Runtime, now: datetime) -> object:
    return f"{outside_heads.queue(session, runtime, now)} messages"


DAILY = {"tree_heads": _heads}
