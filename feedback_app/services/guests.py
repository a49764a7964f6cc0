"""Patients are invited to symposia and lectures; accepting takes two taps and tells nothing about the person (S28, S31)."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.activities import Activity, ActivityGuest
from feedback_app.domain.identity import readable, tidy
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services.activities import PLANNED, kind_of

MOST = 500  # guests of one activity
LENGTH = 8


def open_now(session: Session, now: datetime) -> Sequence[Activity]:
    """What patients are invited to and that has not begun, the nearest first."""
    query = select(Activity).where(Activity.state == PLANNED, Activity.starts_at > now)
    found = session.scalars(query.order_by(Activity.starts_at).limit(200)).all()
    return [one for one in found if kind_of(one).has("guests")]


def get(session: Session, activity_id: int, now: datetime) -> Activity:
    """Raises NotFound ``guests.over``."""
    one = session.get(Activity, activity_id)
    if one is None or one.state != PLANNED or one.starts_at <= now or not kind_of(one).has("guests"):
        raise NotFound("guests.over")
    return one


def accept(session: Session, activity_id: int, form_key: str, *, now: datetime) -> str:
    """A number that says at the door: I am expected. The same form sent again gives the same one.

    Raises NotFound ``guests.over``, Refused ``guests.bad_form``, Conflict ``guests.full``.
    """
    one = get(session, activity_id, now)
    if not 16 <= len(form_key) <= 64:
        raise Refused("guests.bad_form")
    number = readable(hashlib.sha256(f"guest:{one.id}:{form_key}".encode()).digest(), LENGTH)
    if session.scalar(select(ActivityGuest.id).where(ActivityGuest.form_key == form_key)) is not None:
        return number
    if count(session, one.id) >= MOST:
        raise Conflict("guests.full")
    session.add(ActivityGuest(activity_id=one.id, number_hash=_hash(number), form_key=form_key, at=now))
    session.flush()
    return number


def guest(session: Session, activity_id: int, number: str) -> tuple[Activity, ActivityGuest]:
    """Raises NotFound ``guests.no_number``."""
    row = session.scalar(select(ActivityGuest).where(ActivityGuest.number_hash == _hash(tidy(number))))
    one = session.get(Activity, activity_id)
    if row is None or one is None or row.activity_id != one.id:
        raise NotFound("guests.no_number")
    return one, row


def withdraw(session: Session, activity_id: int, number: str, *, now: datetime) -> None:
    """Not coming after all. Raises NotFound ``guests.no_number``."""
    _, row = guest(session, activity_id, number)
    row.withdrawn_at = row.withdrawn_at or now
    session.flush()


def count(session: Session, activity_id: int) -> int:
    """How many are expected."""
    query = select(func.count()).select_from(ActivityGuest)
    query = query.where(ActivityGuest.activity_id == activity_id, ActivityGuest.withdrawn_at.is_(None))
    return session.scalar(query) or 0


def shown(number: str) -> str:
    """As it is written on the page, however it was typed."""
    return tidy(number)[:LENGTH]


def new_form() -> str:
    return secrets.token_urlsafe(18)


def _hash(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()
