"""People who talk to the official account: met, followed, gone."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from feedback_app.db.people import Person
from feedback_app.services.vault import Vault

_SEEN_STEP = timedelta(minutes=1)  # a chat of many messages is one visit: not a write for each


def meet(session: Session, vault: Vault, openid: str, *, app_id: str, now: datetime, following: bool = True) -> Person:
    """Remember that this person was here; returns the row whose ``hash`` other tables use."""
    name = vault.person(openid, app_id)
    person = session.get(Person, name)
    if person is None:
        person = Person(hash=name, first_seen_at=now, last_seen_at=now)
        session.add(person)
    if not person.openid_sealed:
        person.openid_sealed = vault.seal(openid)
    if person.following != following:
        person.following = following
    if now - person.last_seen_at >= _SEEN_STEP:
        person.last_seen_at = now
    if session.is_modified(person) or person in session.new:
        session.flush()
    return person


def forget(session: Session, vault: Vault, openid: str, *, app_id: str) -> None:
    """Unfollowed: the address goes, nameless ratings stay (platform rule: delete that user's information)."""
    person = session.get(Person, vault.person(openid, app_id))
    if person is not None:
        person.openid_sealed = ""
        person.following = False
        session.flush()
