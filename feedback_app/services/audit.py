"""The audit log: who did what, chained so that no entry can be changed or removed unseen."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import audit
from feedback_app.db.audit import AuditEntry
from feedback_app.db.engine import lock

_START = "0" * 64


def write(session: Session, *, actor: str, action: str, subject: str = "", now: datetime, **details: Any) -> AuditEntry:
    """Append one entry in the caller's transaction. ``details`` must be JSON and without personal data."""
    lock(session, "audit")
    before = audit.last(session)
    previous = before.hash if before else _START
    content = _content(now, actor, action, subject, details)
    entry = AuditEntry(
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        details=details,
        previous_hash=previous,
        hash=_hash(previous, content),
    )
    session.add(entry)
    session.flush()
    return entry


def first_broken(session: Session) -> AuditEntry | None:
    """The first entry that does not follow from the one before it; None when the whole chain holds."""
    previous = _START
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id)):
        content = _content(entry.at, entry.actor, entry.action, entry.subject, entry.details)
        if entry.previous_hash != previous or entry.hash != _hash(previous, content):
            return entry
        previous = entry.hash
    return None


def last_hash(session: Session) -> str | None:
    """What the whole chain so far is summed up in; None while nothing has been written."""
    entry = audit.last(session)
    return entry.hash if entry else None


def _content(at: datetime, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> str:
    return json.dumps([at.timestamp(), actor, action, subject, details], ensure_ascii=False, sort_keys=True)


def _hash(previous: str, content: str) -> str:
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()
