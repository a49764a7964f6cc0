"""What is kept about somebody who talks to the official account: to look at, to take away, to erase (个人信息保护法 Art. 45, 47)."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from feedback_app.db.case_secrets import CONTACT, CaseSecret
from feedback_app.db.complaints import Case
from feedback_app.db.people import Person
from feedback_app.db.ratings import Rating
from feedback_app.errors import Gone
from feedback_app.services import audit, people
from feedback_app.services.vault import Vault

LINK_LIVES = timedelta(hours=24)
_PURPOSE = "own-data"


@dataclass(frozen=True)
class OwnRating:
    """Without the level: a page that shows it could be demanded by whoever was rated (docs/decisions/0721)."""

    day: str
    about: str
    receipt: str
    comment: str


@dataclass(frozen=True)
class OwnCase:
    number: str
    day: str
    about: str
    is_open: bool
    words: tuple[str, ...]  # own words, as they were written
    contacts: tuple[str, ...]


@dataclass(frozen=True)
class OwnData:
    known_since: str  # "" when nothing leads to this person
    following: bool
    quiet: bool
    ratings: tuple[OwnRating, ...]
    cases: tuple[OwnCase, ...]

    def __bool__(self) -> bool:
        return bool(self.known_since or self.ratings or self.cases)

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)


def link_ticket(vault: Vault, person_hash: str, now: datetime) -> str:
    """What stands in the address that is sent to this person, and to nobody else; good for a day."""
    return vault.ticket(_PURPOSE, f"{person_hash}:{now.isoformat()}")


def person_of(vault: Vault, ticket: str, now: datetime) -> str:
    """Whose link it is. Raises Gone ``own_data.link_over``."""
    person_hash, _, made = vault.read_ticket(_PURPOSE, ticket).partition(":")
    try:
        age = now - datetime.fromisoformat(made)
    except ValueError:
        raise Gone("own_data.link_over") from None
    if not timedelta(0) <= age < LINK_LIVES:
        raise Gone("own_data.link_over")
    return person_hash


def collect(session: Session, vault: Vault, person_hash: str) -> OwnData:
    """Everything that still leads to this person."""
    person = session.get(Person, person_hash)
    ratings = session.scalars(select(Rating).where(Rating.rater_hash == person_hash).order_by(Rating.id.desc())).all()
    cases = session.scalars(select(Case).where(Case.complainant_hash == person_hash).order_by(Case.id.desc())).all()
    return OwnData(
        known_since=person.first_seen_at.date().isoformat() if person else "",
        following=person.following if person else False,
        quiet=person.quiet if person else False,
        ratings=tuple(
            OwnRating(one.day.isoformat(), one.service_point.name, one.receipt, one.comment) for one in ratings
        ),
        cases=tuple(_own_case(session, vault, one) for one in cases),
    )


def erase(session: Session, person_hash: str, now: datetime) -> None:
    """Nothing leads to this person any more, contacts and unscreened words included; ratings still count, cases stay open.

    The audit log says that somebody's data was erased, not whose.
    """
    mine = select(Case.id).where(Case.complainant_hash == person_hash)
    session.execute(delete(CaseSecret).where(CaseSecret.case_id.in_(mine)))
    for case in session.scalars(select(Case).where(Case.complainant_hash == person_hash)):
        case.has_contact = False
    session.flush()
    people.unlink(session, person_hash)
    audit.write(session, actor="patient", action="privacy.person_erased", now=now)


def _own_case(session: Session, vault: Vault, case: Case) -> OwnCase:
    secrets = session.scalars(select(CaseSecret).where(CaseSecret.case_id == case.id).order_by(CaseSecret.id)).all()
    originals = {one.event_id: vault.unseal(one.sealed) for one in secrets if one.kind != CONTACT}
    own = [event for event in case.events if event.actor == "patient" and event.text]
    first = originals.get(None, case.text)
    said = [originals.get(event.id, event.text) for event in own]
    return OwnCase(
        number=case.number or "",
        day=case.day.isoformat(),
        about=case.service_point.name if case.service_point else "",
        is_open=case.closed_at is None,
        words=tuple(dict.fromkeys(word for word in (first, *said) if word)),
        contacts=tuple(vault.unseal(one.sealed) for one in secrets if one.kind == CONTACT),
    )
