"""The history of a case: each entry holds the hash of the one before, and once an hour all new ones are sealed into the
evidence log, so that none can be changed, slipped in or taken away unseen.

Not one entry of the log for each event: then the places of the receipts around it would tell which rating was a low one.
The words themselves are only committed to by a salted digest, so that they can be erased by law and the history still holds.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.evidence import Evidence
from feedback_app.domain.evidence import canonical, commitment
from feedback_app.services import case_words, evidence
from feedback_app.services.case_words import Words

KIND = "cases"
FIRST = "filed"
PATIENT = "patient"
SETTLED_AFTER = timedelta(minutes=5)  # no transaction that is older than this can still bring an event with a lower id
_BATCH = 2000


def write(
    session: Session,
    case: Case,
    action: str,
    *,
    actor: str,
    now: datetime,
    text: str = "",
    details: Mapping[str, Any] | None = None,
) -> CaseEvent:
    """Append one entry in the caller's transaction; the only way one comes into being.

    A patient's words are screened here, so that no door can forget it; as they were written they go to the vault.
    """
    words = case_words.taken_in(session, text) if actor == PATIENT or action == FIRST else Words(text)
    text = words.shown
    salt = secrets.token_hex(16)
    event = CaseEvent(
        case_id=case.id,
        at=now,
        actor=actor,
        action=action,
        text=text,
        details=dict(details or {}),
        salt=salt,
        digest=commitment(salt, {"text": text}),
    )
    event.hash = _hash("" if action == FIRST else _last_hash(session, case.id), event)
    session.add(event)
    session.flush()
    case_words.keep(session, case, words, now, event.id)
    session.expire(case, ["events"])
    return event


def seal(session: Session, now: datetime) -> int:
    """Commit to all events that are not sealed yet; how many. Called by the worker, at most once an hour."""
    sealed = _sealed_to(session)
    fresh = select(CaseEvent.id, CaseEvent.hash).where(CaseEvent.id > sealed, CaseEvent.at <= now - SETTLED_AFTER)
    rows = session.execute(fresh.order_by(CaseEvent.id)).all()
    if rows:
        hidden = _seal(sealed, rows[-1].id, (row.hash for row in rows))
        evidence.write(session, KIND, f"cases:{sealed}:{rows[-1].id}", shown={}, hidden=hidden, now=now)
        session.flush()
    return len(rows)


def altered(session: Session) -> Iterator[tuple[str, str]]:
    """(what, where) of the first thing in each case, and in each seal, that does not fit. Words: ``evidence.problems``."""
    previous: dict[int, str] = {}
    broken: set[int] = set()
    for event in session.scalars(select(CaseEvent).order_by(CaseEvent.id).execution_options(yield_per=_BATCH)):
        holds = event.hash == _hash(previous.get(event.case_id, ""), event) and _text_holds(event)
        if not holds and event.case_id not in broken:
            broken.add(event.case_id)
            yield "case_altered", f"case-event:{event.id}"
        previous[event.case_id] = event.hash
    for entry in session.scalars(select(Evidence).where(Evidence.kind == KIND).order_by(Evidence.id)).all():
        if not _seal_holds(session, entry):
            yield "case_events_removed", entry.subject


def _last_hash(session: Session, case_id: int) -> str:
    """Whoever adds to a case waits for whoever is adding: two entries cannot follow the same one."""
    session.execute(select(Case.id).where(Case.id == case_id).with_for_update())
    last = select(CaseEvent.hash).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id.desc()).limit(1)
    return session.scalar(last) or ""


def _hash(previous: str, event: CaseEvent) -> str:
    content = {
        "case": event.case_id,
        "at": int(event.at.timestamp()),
        "actor": event.actor,
        "action": event.action,
        "text": event.digest,
        "details": event.details,
    }
    return hashlib.sha256(previous.encode() + b"." + canonical(content)).hexdigest()


def _text_holds(event: CaseEvent) -> bool:
    if not event.salt:  # the words were erased; their digest is still the one committed to
        return not event.text
    return event.digest == commitment(event.salt, {"text": event.text})


def _sealed_to(session: Session) -> int:
    last = select(Evidence.subject).where(Evidence.kind == KIND).order_by(Evidence.id.desc()).limit(1)
    subject = session.scalar(last)
    return int(subject.rpartition(":")[2]) if subject else 0


def _seal(after: int, to: int, hashes: Iterator[str]) -> dict[str, Any]:
    return {"after": after, "to": to, "events": hashlib.sha256("\n".join(hashes).encode()).hexdigest()}


def _seal_holds(session: Session, entry: Evidence) -> bool:
    try:
        after, to = (int(part) for part in entry.subject.split(":")[1:])
    except ValueError:
        return False
    rows = select(CaseEvent.hash).where(CaseEvent.id > after, CaseEvent.id <= to).order_by(CaseEvent.id)
    return entry.hidden == commitment(entry.salt, _seal(after, to, iter(session.scalars(rows))))


def has_work(session: Session, now: datetime) -> bool:
    """Whether a seal would hold anything."""
    newest = session.scalar(select(func.max(CaseEvent.id)).where(CaseEvent.at <= now - SETTLED_AFTER))
    return newest is not None and newest > _sealed_to(session)
