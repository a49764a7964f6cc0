"""One's own case as its writer sees it: where it stands, every step that concerns them, and what they can do now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.domain import complaints as rules
from feedback_app.domain.periods import local_day
from feedback_app.services import case_consent, case_identity, case_news, own_cases
from feedback_app.services.case_identity import Look

SEEN = frozenset(
    {"filed", rules.ADD, rules.ANSWER, rules.PAUSE, rules.RESUME, rules.SETTLE, rules.REFUSE, rules.SILENT}
    | {rules.CLOSE, rules.REOPEN, rules.WITHDRAW, case_consent.RATED, case_news.DUE, rules.MERGE}
)
"""Entries that concern the writer. Who handles the case, notes and reminders are the hospital's own."""
_THEIRS = frozenset({"filed", rules.ADD, rules.REFUSE, rules.REOPEN, case_consent.RATED})


@dataclass(frozen=True)
class Entry:
    day: date
    action: str
    text: str
    why: str = ""  # key of a reason: complaints.pauses.* or complaints.due_why.*
    to: str = ""  # ISO date the answer has been promised for since


@dataclass(frozen=True)
class Story:
    number: str
    kind: str
    state: str
    level: int
    text: str
    received: date
    due_on: date | None
    provisional: bool
    paused_why: str
    closed_how: str
    answer: str
    entries: Sequence[Entry]
    version: int
    score: int | None
    consent: bool | None
    looks: Sequence[Look]  # who has seen who wrote it

    @property
    def can_settle(self) -> bool:
        return self.state == rules.ANSWERED

    @property
    def can_refuse(self) -> bool:
        return rules.REFUSE in rules.moves(self.state, self.kind)

    @property
    def can_add(self) -> bool:
        return rules.ADD in rules.moves(self.state, self.kind)

    @property
    def can_withdraw(self) -> bool:
        return rules.WITHDRAW in rules.moves(self.state, self.kind)

    @property
    def is_over(self) -> bool:
        return self.state in {rules.CLOSED, rules.FINAL}


def of(session: Session, case: Case, zone: ZoneInfo) -> Story:
    """Of a case that lives on in another one, what is done there is told too; nobody else's words are."""
    living = case_consent.living(session, case)
    return Story(
        number=case.number or "",
        kind=case.kind,
        state=living.state,
        level=living.level,
        text=case.text,
        received=case.day,
        due_on=living.due_on,
        provisional=living.due_provisional,
        paused_why=next((one.reason for one in reversed(living.pauses) if one.until is None), ""),
        closed_how=living.closed_how,
        answer=own_cases.last_answer(session, case),
        entries=_entries(case, living, zone),
        version=living.events[-1].id if living.events else 0,
        score=case.handling_score,
        consent=case.card_consent,
        looks=case_identity.looks(session, case, zone),
    )


def _entries(case: Case, living: Case, zone: ZoneInfo) -> list[Entry]:
    own = [event for event in case.events if event.action in SEEN]
    if living.id == case.id:
        return [_entry(event, zone) for event in own]
    since = case.closed_at
    shared = [
        event
        for event in living.events
        if event.action in SEEN - _THEIRS - {rules.MERGE} or event.details.get("of") == case.number
    ]
    return [_entry(event, zone) for event in (*own, *(one for one in shared if since is None or one.at >= since))]


def _entry(event: CaseEvent, zone: ZoneInfo) -> Entry:
    details = event.details
    why = f"pauses.{details['reason']}" if event.action == rules.PAUSE else ""
    if event.action == case_news.DUE:
        why = f"due_why.{details['why']}"
    return Entry(day_of(event.at, zone), event.action, event.text, why, str(details.get("to") or ""))


def day_of(at: datetime, zone: ZoneInfo) -> date:
    return local_day(at, zone)
