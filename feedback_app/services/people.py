"""People who talk to the official account: met, followed, gone."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case
from feedback_app.db.conversations import Conversation
from feedback_app.db.people import Person
from feedback_app.db.ratings import Rating
from feedback_app.services.vault import Vault

ANSWERABLE = timedelta(hours=48, minutes=5)  # the platform's two days, and what clocks differ
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


def may_answer(session: Session, vault: Vault, openid: str, *, app_id: str, now: datetime) -> bool:
    """Whether the platform may still take a customer-service message to this person: they wrote within two days.

    Other things somebody does (a scan, following) open it for a minute only. So True is a maybe; False is certain.
    """
    person = session.get(Person, vault.person(openid, app_id))
    return person is not None and now - person.last_seen_at < ANSWERABLE


def set_quiet(session: Session, person_hash: str, *, quiet: bool) -> None:
    """No messages but answers to own complaints; or undo that."""
    person = session.get(Person, person_hash)
    if person is not None:
        person.quiet = quiet
        session.flush()


def forget(session: Session, vault: Vault, openid: str, *, app_id: str) -> None:
    """Unfollowed: everything that leads to this person goes (platform rule: delete that user's information).

    What somebody wrote into a case as their contact, with consent, stays with the case for its own time.
    """
    unlink(session, vault.person(openid, app_id))


def unlink(session: Session, person_hash: str) -> None:
    """Ratings and cases stay without a name: they move to a pseudonym made by chance, so that of two ratings of one day still
    one counts, and nobody, also not the person coming back, can be led to them.
    """
    nobody = secrets.token_hex(32)
    for column, table in ((Rating.rater_hash, Rating), (Case.complainant_hash, Case)):
        session.execute(update(table).where(column == person_hash).values({column.key: nobody}))
    session.execute(delete(Conversation).where(Conversation.person_hash == person_hash))
    session.execute(delete(Person).where(Person.hash == person_hash))
