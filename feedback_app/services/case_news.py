"""Whoever wrote is told what happens to their case: in the chat, by template, or at the top of the next reply; once.

What is told: an answer, a new date and why, a clock that stands still and why, and an end that nobody asked for. Words for
colleagues never are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import complaints
from feedback_app.db.complaints import Case, CaseEvent, CaseTold
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.people import Person
from feedback_app.domain.complaints import ANSWER, PAUSE, SILENT
from feedback_app.services import conversations, outbox
from feedback_app.services.conversations import Step
from feedback_app.texts import text

__all__ = ["WINDOW", "News", "Person", "by_template", "of_event", "said_day", "tell", "untold"]

WINDOW = timedelta(hours=48)
"""After a person's last message the platform takes customer-service messages that long."""
DUE = "due_changed"
TOLD = (ANSWER, DUE, PAUSE, SILENT)
_YIELD = frozenset({"case", "settled", "rate_handling", "card_consent"})
"""Open steps of an earlier answer; a half-told complaint or rating stays open."""
_OUT = ("sent", "sending")
_WAITING = ("queued", "leased")


@dataclass(frozen=True)
class News:
    """``title`` and ``words`` are finished sentences; ``asks`` when the person is asked whether it is settled."""

    number: str
    title: str
    words: str
    answer: str = ""

    @property
    def asks(self) -> bool:
        return bool(self.answer)


def tell(session: Session, case: Case, event: CaseEvent, now: datetime) -> None:
    """Queue it for the chats of all who wrote, while their window is open; in any case it waits for their next message.

    A systemic case answers for every case that lives on in it.
    """
    if event.action not in TOLD:
        return
    for one in (case, *complaints.merged_into(session, case.id)):
        _tell(session, one, event, now)


def _tell(session: Session, case: Case, event: CaseEvent, now: datetime) -> None:
    person = session.get(Person, case.complainant_hash) if case.complainant_hash else None
    if person is None or case.made_up:
        return
    person.news = True
    if not person.following or not person.openid_sealed or now - person.last_seen_at >= WINDOW:
        return
    _queue(session, case, person, event, now)
    step = conversations.current(session, person.hash, now)
    if step is None or step.name in _YIELD:
        waits = "settled" if event.action == ANSWER else "case"
        conversations.remember(session, person.hash, Step(waits, {"number": case.number}), now)


def _queue(session: Session, case: Case, person: Person, event: CaseEvent, now: datetime) -> bool:
    news = of_event(case, event, person.language)
    ask = f"\n{text('bot.news.ask', person.language)}" if news.asks else ""
    return outbox.put(
        session,
        dedupe_key=_key(case, event),
        purpose="case_answer",
        channel="official_account",
        recipient=person.openid_sealed,
        payload={"title": news.title, "text": f"{news.words}{ask}"},
        now=now,
    )


def of_event(case: Case, event: CaseEvent, language: str) -> News:
    """What a patient is told about this entry, in their language."""
    number = case.number or ""
    if event.action == ANSWER:
        return News(number, text("bot.news.title", language, number=number), event.text, answer=event.text)
    title = text("bot.news.other_title", language, number=number)
    if event.action == PAUSE:
        why = text(f"complaints.pauses.{event.details['reason']}", language)
        return News(number, title, text("bot.news.paused", language, why=why))
    if event.action == DUE:
        why = text(f"complaints.due_why.{event.details['why']}", language)
        day = said_day(event.details.get("to") or "", language)
        return News(number, title, text("bot.news.due", language, day=day, why=why))
    return News(number, title, text(f"bot.news.{event.action}", language, number=number))


def said_day(iso: str, language: str) -> str:
    """12 月 2 日（周三） or 2026-12-02."""
    if not iso or language != "zh":
        return iso
    day = date.fromisoformat(iso)
    return f"{day.month} 月 {day.day} 日（周{'一二三四五六日'[day.weekday()]}）"


def untold(session: Session, person: Person, now: datetime) -> Sequence[News]:
    """What this person has not been told; from now on it counts as told. What still waits to be sent is called off."""
    found = [
        of_event(case, event, person.language)
        for case, event in _waiting(session, person)
        if not _is_out(session, case, event) and _is_told_now(session, case, event, now)
    ]
    person.news = False
    session.flush()
    return found


def by_template(session: Session, now: datetime) -> int:
    """Queue the news of the last two days for people outside of their window; for accounts that have a template for it,
    which the channel then takes. How many were queued."""
    lately = select(CaseEvent).where(CaseEvent.action.in_(TOLD), CaseEvent.at > now - WINDOW)
    queued = 0
    for event in session.scalars(lately.order_by(CaseEvent.id)).all():
        case = session.get_one(Case, event.case_id)
        for one in (case, *complaints.merged_into(session, case.id)):
            person = session.get(Person, one.complainant_hash) if one.complainant_hash else None
            if person is not None and person.news and person.following and now - person.last_seen_at >= WINDOW:
                queued += _queue(session, one, person, event, now)
    return queued


def _waiting(session: Session, person: Person) -> list[tuple[Case, CaseEvent]]:
    """What has happened to the cases of this person and was not told in a reply, oldest first."""
    found: list[tuple[Case, CaseEvent]] = []
    for case in session.scalars(select(Case).where(Case.complainant_hash == person.hash).order_by(Case.id)).all():
        told = select(CaseTold.event_id).where(CaseTold.case_id == case.id)
        story = select(CaseEvent).where(CaseEvent.case_id == (case.merged_into_id or case.id))
        story = story.where(CaseEvent.action.in_(TOLD), CaseEvent.id.not_in(told))
        if case.merged_into_id and case.closed_at:
            story = story.where(CaseEvent.at >= case.closed_at)
        found += [(case, event) for event in session.scalars(story.order_by(CaseEvent.id))]
    return found


def _is_told_now(session: Session, case: Case, event: CaseEvent, now: datetime) -> bool:
    session.add(CaseTold(case_id=case.id, event_id=event.id, at=now))
    return True


def _is_out(session: Session, case: Case, event: CaseEvent) -> bool:
    message = session.scalar(select(OutboxMessage).where(OutboxMessage.dedupe_key == _key(case, event)))
    if message is not None and message.state in _WAITING:
        message.state, message.last_error = "failed", "told in the chat instead"
    return message is not None and message.state in _OUT


def _key(case: Case, event: CaseEvent) -> str:
    return f"case:{case.id}:news:{event.id}"
