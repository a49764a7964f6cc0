"""What may be done with a case in which state, by whom, and how near its date is.

The moves are one table; everything else asks it. A case is answered before it is closed, and whoever complained says
whether it is settled: a refusal goes one level higher (R3: department, complaints office, head of the hospital), and
after the director's written answer only new facts open it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from feedback_app.errors import Conflict

OPEN, PAUSED, ANSWERED, CLOSED = "open", "paused", "answered", "closed"
FINAL = "final"  # refused after the director's answer: mediation and court remain
WITHDRAWN = "withdrawn"
MERGED = "merged"  # lives on in another case
STATES = (OPEN, PAUSED, ANSWERED, CLOSED, FINAL, WITHDRAWN, MERGED)

NOTE = "noted"  # for colleagues only; the patient never sees it
ADD = "added"  # the patient's words
ASSIGN = "assigned"  # offered to somebody, who has to accept it
ACCEPT = "accepted"
DEPARTMENTS = "departments"  # who leads, who helps
ABOUT = "about"  # category and severity
PAUSE = "paused"
RESUME = "resumed"
ESCALATE = "escalated"
ANSWER = "answered"  # what the patient reads
CLOSE = "closed"  # by the office
SETTLE = "settled"  # the patient: yes, it is settled
REFUSE = "refused"  # the patient: no, it is not
SILENT = "silent"  # nobody answered the question whether it is settled
REOPEN = "reopened"
WITHDRAW = "withdrawn"  # by the patient
MERGE = "merged"
SPLIT = "split"
FIND = "found"  # whether it is justified, and against whom it counts

_ALWAYS = (NOTE, ADD, ABOUT, FIND)
_WORK = (*_ALWAYS, ASSIGN, ACCEPT, DEPARTMENTS, ESCALATE, SPLIT)


def _staying(state: str, actions: tuple[str, ...], **moving: str) -> Mapping[str, str]:
    return {**dict.fromkeys(actions, state), **moving}


MOVES: Mapping[str, Mapping[str, str]] = {
    OPEN: _staying(OPEN, _WORK, answered=ANSWERED, paused=PAUSED, withdrawn=WITHDRAWN, merged=MERGED),
    PAUSED: _staying(PAUSED, _WORK, answered=ANSWERED, resumed=OPEN, withdrawn=WITHDRAWN, merged=MERGED),
    ANSWERED: _staying(
        ANSWERED,
        (*_ALWAYS, ASSIGN, ACCEPT, ANSWER),
        settled=CLOSED,
        refused=OPEN,
        silent=CLOSED,
        closed=CLOSED,
        reopened=OPEN,
        withdrawn=WITHDRAWN,
    ),
    CLOSED: _staying(CLOSED, (NOTE, ADD, FIND), reopened=OPEN, refused=OPEN),
    FINAL: _staying(FINAL, (NOTE, ADD, FIND), reopened=OPEN),
    WITHDRAWN: _staying(WITHDRAWN, (NOTE,), reopened=OPEN),
    MERGED: _staying(MERGED, (NOTE,)),
}
"""state -> action -> state after it (a refusal at the last level ends in FINAL instead)."""

BY_PATIENT = frozenset({ADD, SETTLE, REFUSE, WITHDRAW, REOPEN})
BY_SYSTEM = frozenset({SILENT})
BY_STAFF = frozenset({action for moves in MOVES.values() for action in moves}) - {ADD, SETTLE, SILENT, WITHDRAW}
"""Staff may write down a refusal or a new beginning that reached them by telephone; never that somebody is content."""

CLOSABLE_UNANSWERED = frozenset({"praise", "suggestion"})
"""Nobody waits for an answer to these."""

KINDS = ("complaint", "suggestion", "praise", "question", "repair", "supply")
LETTERS = {"complaint": "T", "praise": "B", "suggestion": "J", "question": "Z", "repair": "X", "supply": "W"}
"""What a number begins with, by kind."""
SOURCES = ("form", "bot", "rating", "phone", "paper", "letter", "window")
CATEGORIES = ("attitude", "waiting", "fees", "treatment", "communication", "environment", "privacy", "ethics", "other")
SEVERITIES = ("minor", "normal", "serious", "grave")
PAUSES = ("complainant_asked", "complainant_papers", "outside_examination", "mediation_or_court", "public_event")
"""The only reasons for which the clock stands still; each is shown to the patient."""

FINDINGS = ("justified", "partly", "unfounded", "unclear")
AGAINST = frozenset({"justified", "partly"})
"""Findings that can count against somebody; a fault of the house alone counts against nobody."""

DEPARTMENT, OFFICE, DIRECTOR = 1, 2, 3
"""Who has to answer: a refusal leads one level up."""

OVERDUE, TODAY, SOON, LATER, NONE = "overdue", "today", "soon", "later", "none"
_SOON_DAYS = 2


@dataclass(frozen=True)
class Nearness:
    """How near the date to answer is: ``word`` and whole calendar ``days`` to it (since it, when overdue)."""

    word: str
    days: int = 0


def moves(state: str, kind: str) -> frozenset[str]:
    """The actions that are possible now."""
    possible = set(MOVES[state])
    if state == OPEN and kind in CLOSABLE_UNANSWERED:
        possible.add(CLOSE)
    if kind != "complaint":
        possible.discard(FIND)
    return frozenset(possible)


def after(state: str, kind: str, action: str, level: int = DEPARTMENT) -> str:
    """The state after ``action``. Raises Conflict ``complaints.not_possible``."""
    if action not in moves(state, kind):
        raise Conflict("complaints.not_possible", action=action, state=state)
    if action == REFUSE and level >= DIRECTOR:
        return FINAL
    return MOVES[state].get(action, CLOSED)


def level_after(level: int, action: str) -> int:
    """One higher after a refusal or when somebody takes it up; never past the director."""
    return min(level + 1, DIRECTOR) if action in {REFUSE, ESCALATE} else level


def asked_until(answered_on: date, days: int) -> date:
    """The last day on which the patient can say whether it is settled, before that is taken as no answer."""
    return answered_on + timedelta(days=days)


def nearness(state: str, due_on: date | None, today: date) -> Nearness:
    """Only an open case with a date can be late."""
    if state != OPEN or due_on is None:
        return Nearness(NONE)
    days = (due_on - today).days
    if days < 0:
        return Nearness(OVERDUE, -days)
    return Nearness(TODAY if days == 0 else SOON if days <= _SOON_DAYS else LATER, days)
