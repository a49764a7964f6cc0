"""Queueing of messages: part of the transaction that causes them. Sending them is ``services.deliveries``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.writing import Prepared, unit_of
from feedback_app.services import pilot

_KNOWN = Prepared(select(OutboxMessage.id).where(OutboxMessage.dedupe_key == bindparam("dedupe", type_=String())))


def put(
    session: Session,
    *,
    dedupe_key: str,
    purpose: str,
    channel: str,
    recipient: str,
    payload: Mapping[str, Any],
    now: datetime,
    not_before: datetime | None = None,
    service_point_id: int | None = None,
) -> bool:
    """Queue one message. False, and nothing queued, when ``dedupe_key`` has been used before, or when it is for somebody in a
    department that has no part yet in the trial that runs (``pilot.wants_quiet``)."""
    if pilot.wants_quiet(session, purpose, service_point_id) or is_known(session, dedupe_key):
        return False
    message = OutboxMessage(
        dedupe_key=dedupe_key,
        purpose=purpose,
        channel=channel,
        recipient=recipient,
        payload=dict(payload),
        created_at=now,
        not_before=not_before or now,
        service_point_id=service_point_id,
    )
    try:
        with session.begin_nested():
            session.add(message)
    except IntegrityError:  # another process queued it at the same moment
        return False
    return True


def is_known(session: Session, dedupe_key: str) -> bool:
    """Whether a message with this key has been queued before."""
    return _KNOWN.run(unit_of(session), dedupe=dedupe_key).fetchone() is not None
