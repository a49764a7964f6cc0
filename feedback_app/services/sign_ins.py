"""Signed-in browsers: a random token in the cookie, its hash in the database, revocable at any moment."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from feedback_app.db.accounts import SignIn

LONGEST = timedelta(hours=12)
CONFIRMED_FOR = timedelta(minutes=10)
"""How long the password counts as just entered, for what needs it again: export, publication, accounts."""
_SEEN_STEP = timedelta(minutes=1)


def token_hash(token: str) -> str:
    """How one-time and sign-in tokens are stored: SHA-256, because the tokens themselves are 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    return secrets.token_urlsafe(32)


def start(
    session: Session,
    subject_kind: str,
    subject_id: int,
    now: datetime,
    *,
    longest: timedelta = LONGEST,
    browser: str = "",
) -> str:
    """A new sign-in of an ``account`` or a member of ``staff``; returns the token for the cookie."""
    token = new_token()
    session.add(
        SignIn(
            token_hash=token_hash(token),
            subject_kind=subject_kind,
            subject_id=subject_id,
            created_at=now,
            last_seen_at=now,
            ends_at=now + longest,
            confirmed_at=now,
            browser=browser,
        )
    )
    session.flush()
    return token


def find(session: Session, token: str, now: datetime, *, idle: timedelta) -> SignIn | None:
    """The sign-in of this token while it is valid: not ended, not idle for too long."""
    found = session.get(SignIn, token_hash(token))
    if found is None or found.ends_at <= now or found.last_seen_at + idle <= now:
        return None
    return found


def is_stale(found: SignIn, now: datetime) -> bool:
    """Whether ``last_seen_at`` is worth writing again: once a minute, not at every page."""
    return now - found.last_seen_at >= _SEEN_STEP


def seen(session: Session, token: str, now: datetime) -> None:
    found = session.get(SignIn, token_hash(token))
    if found is not None:
        found.last_seen_at = now


def confirm(session: Session, token: str, now: datetime) -> None:
    """The password was entered again."""
    found = session.get(SignIn, token_hash(token))
    if found is not None:
        found.confirmed_at = now


def is_confirmed(found: SignIn, now: datetime) -> bool:
    """Whether the password was entered a short while ago."""
    return found.confirmed_at <= now < found.confirmed_at + CONFIRMED_FOR


def listed(session: Session, subject_kind: str, subject_id: int, now: datetime) -> Sequence[SignIn]:
    """The sign-ins that still hold, the one seen last first."""
    mine = select(SignIn).where(
        SignIn.subject_kind == subject_kind, SignIn.subject_id == subject_id, SignIn.ends_at > now
    )
    return session.scalars(mine.order_by(SignIn.last_seen_at.desc())).all()


def end_others(session: Session, subject_kind: str, subject_id: int, token: str) -> int:
    """End all sign-ins but the one of ``token``; returns how many."""
    others = [
        one
        for one in session.scalars(
            select(SignIn).where(SignIn.subject_kind == subject_kind, SignIn.subject_id == subject_id)
        )
        if one.token_hash != token_hash(token)
    ]
    for one in others:
        session.delete(one)
    return len(others)


def end(session: Session, token: str) -> None:
    session.execute(delete(SignIn).where(SignIn.token_hash == token_hash(token)))


def end_all(session: Session, subject_kind: str, subject_id: int) -> None:
    """After a password change, or when a member of staff leaves."""
    session.execute(delete(SignIn).where(SignIn.subject_kind == subject_kind, SignIn.subject_id == subject_id))
