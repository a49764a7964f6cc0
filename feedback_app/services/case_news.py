"""The office has answered a complaint: its writer is told in the chat, or at the top of the next reply, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.people import Person
from feedback_app.domain.complaints import ANSWER
from feedback_app.services import conversations, outbox
from feedback_app.services.conversations import Step
from feedback_app.texts import text

__all__ = ["WINDOW", "News", "Person", "tell", "untold"]

WINDOW = timedelta(hours=48)
"""After a person's last message the platform takes customer-service messages that long."""
_OUT = ("sent", "sending")
_WAITING = ("queued", "leased")


@dataclass(frozen=True)
class News:
    number: str
    answer: str


def tell(session: Session, case: Case, answer: CaseEvent, now: datetime) -> None:
    """Queue the answer for the chat while its window is open; in any case it waits for the person's next message."""
    person = session.get(Person, case.complainant_hash) if case.complainant_hash else None
    if person is None or case.made_up:
        return
    person.news = True
    if not person.following or not person.openid_sealed or now - person.last_seen_at >= WINDOW:
        return
    outbox.put(
        session,
        dedupe_key=_key(answer),
        purpose="case_answer",
        channel="official_account",
        recipient=person.openid_sealed,
        payload={
            "title": text("bot.news.title", person.language, number=case.number),
            "text": text("bot.news.text", person.language, answer=answer.text),
        },
        now=now,
    )
    if conversations.current(session, person.hash, now) is None:
        conversations.remember(session, person.hash, Step("case", {"number": case.number}), now)


def untold(session: Session, person: Person, now: datetime) -> Sequence[News]:
    """Answers this person has not been sent; from now on they count as told. What still waits to be sent is called off."""
    query = select(CaseEvent).join(Case, Case.id == CaseEvent.case_id)
    query = query.where(Case.complainant_hash == person.hash, CaseEvent.action == ANSWER).order_by(CaseEvent.id)
    found = []
    for event in session.scalars(query).all():
        if "told_at" in event.details:
            continue
        event.details = {**event.details, "told_at": now.isoformat()}
        if not _is_out(session, event):
            case = session.get_one(Case, event.case_id)
            found.append(News(case.number or "", event.text))
    person.news = False
    session.flush()
    return found


def _is_out(session: Session, answer: CaseEvent) -> bool:
    message = session.scalar(select(OutboxMessage).where(OutboxMessage.dedupe_key == _key(answer)))
    if message is not None and message.state in _WAITING:
        message.state, message.last_error = "failed", "told in the chat instead"
    return message is not None and message.state in _OUT


def _key(answer: CaseEvent) -> str:
    return f"case:{answer.case_id}:answer:{answer.id}"
