"""Cards "You said, we did": written from a closed case whose writer agreed, shown only after a second person has read them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import complaints, improvements
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.improvements import ChangeCard
from feedback_app.domain.complaints import CLOSED
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, case_steps, case_words

LONGEST = 300
PUBLISHED, DRAFT, WITHDRAWN = "published", "draft", "withdrawn"
FEWEST_VOICES = 5
"""From so many cases on the card says how many; fewer could be known by it."""


def draft(session: Session, number: str, said: str, did: str, *, by: str, now: datetime) -> ChangeCard:
    """Write the card of a case, or write it anew (then it has to be read again).

    Raises NotFound ``complaints.no_case``; Conflict ``complaints.card_not_closed``; NotAllowed
    ``complaints.card_not_agreed``; Refused ``complaints.words_needed``, ``complaints.card_too_long``, ``complaints.card_names``.
    """
    case = case_steps.get(session, number)
    if case.state != CLOSED:
        raise Conflict("complaints.card_not_closed", number=number)
    if not agreed(session, case):
        raise NotAllowed("complaints.card_not_agreed", number=number)
    words = [_fit(session, one) for one in (said, did)]
    card = session.scalar(select(ChangeCard).where(ChangeCard.case_id == case.id))
    if card is None:
        card = ChangeCard(case_id=case.id, written_by=by, written_at=now)
        session.add(card)
    card.said, card.did = words
    card.department_id, card.voices = case.department_id, 1 + len(complaints.merged_into(session, case.id))
    card.state, card.written_by, card.written_at = DRAFT, by, now
    card.reviewed_by, card.published_at = "", None
    session.flush()
    audit.write(session, actor=by, action="card.written", subject=number, now=now)
    return card


def publish(session: Session, card_id: int, *, by: str, now: datetime) -> ChangeCard:
    """Show it to everybody. Raises NotFound ``complaints.no_card``, NotAllowed ``complaints.card_second_person`` or
    ``complaints.card_not_agreed`` (the consent was taken back meanwhile)."""
    card = get(session, card_id)
    if card.written_by == by:
        raise NotAllowed("complaints.card_second_person")
    if not agreed(session, card.case):
        raise NotAllowed("complaints.card_not_agreed", number=card.case.number)
    card.state, card.reviewed_by, card.published_at, card.withdrawn_at = PUBLISHED, by, now, None
    audit.write(session, actor=by, action="card.published", subject=card.case.number or "", now=now)
    session.flush()
    return card


def withdraw(session: Session, card_id: int, *, by: str, now: datetime) -> ChangeCard:
    """Take it off the page. Raises NotFound ``complaints.no_card``."""
    card = get(session, card_id)
    _withdraw(session, card, by, now)
    return card


def consent_withdrawn(session: Session, case: Case, now: datetime) -> None:
    """Its writer took the consent back: the card goes at once."""
    for card in session.scalars(select(ChangeCard).where(ChangeCard.case_id.in_((case.id, case.merged_into_id)))).all():
        if card.state != WITHDRAWN and not agreed(session, card.case):
            _withdraw(session, card, "patient", now)


def agreed(session: Session, case: Case) -> bool:
    """Whether its writer agreed; of a common case, somebody who wrote and nobody against it."""
    answers = [one.card_consent for one in (case, *complaints.merged_into(session, case.id))]
    return True in answers and False not in answers


def get(session: Session, card_id: int) -> ChangeCard:
    card = session.get(ChangeCard, card_id)
    if card is None:
        raise NotFound("complaints.no_card")
    return card


def listed(session: Session) -> Sequence[ChangeCard]:
    return improvements.cards(session)


def shown(session: Session) -> Sequence[ChangeCard]:
    """Those everybody may read, newest first."""
    return improvements.cards(session, PUBLISHED)


def candidates(session: Session, most: int = 50) -> Sequence[Case]:
    """Closed cases that may be told and have no card yet, newest first."""
    written = select(ChangeCard.case_id)
    query = select(Case).where(Case.state == CLOSED, Case.card_consent.is_(True), Case.id.not_in(written))
    return session.scalars(query.order_by(Case.id.desc()).limit(most)).all()


def _withdraw(session: Session, card: ChangeCard, by: str, now: datetime) -> None:
    card.state, card.withdrawn_at = WITHDRAWN, now
    audit.write(session, actor=by, action="card.withdrawn", subject=card.case.number or "", now=now)
    session.flush()


def _fit(session: Session, typed: str) -> str:
    """Short, and without anything by which a patient or a colleague could be known."""
    words = clean(typed)
    if not words:
        raise Refused("complaints.words_needed")
    if len(words) > LONGEST:
        raise Refused("complaints.card_too_long", most=LONGEST, length=len(words))
    names = session.scalars(select(ServicePoint.name).where(ServicePoint.kind == "staff"))
    if case_words.taken_in(session, words).original or any(name in words for name in names if len(name) > 1):
        raise Refused("complaints.card_names")
    return words
