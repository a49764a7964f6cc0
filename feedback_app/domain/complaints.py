"""What may be done with a case, and how near its date is. A case is answered before it is closed."""

from dataclasses import dataclass
from datetime import date

from feedback_app.errors import Conflict

NOTE = "noted"  # for colleagues only; the patient never sees it
ANSWER = "answered"  # what the patient reads
CLOSE = "closed"
REOPEN = "reopened"
WITHDRAW = "withdrawn"  # by the patient

MOVES = {
    "open": {NOTE: "open", ANSWER: "answered", WITHDRAW: "withdrawn"},
    "answered": {NOTE: "answered", ANSWER: "answered", CLOSE: "closed", REOPEN: "open", WITHDRAW: "withdrawn"},
    "closed": {NOTE: "closed", REOPEN: "open"},
    "withdrawn": {NOTE: "withdrawn", REOPEN: "open"},
}
"""state -> action -> state after it."""
CLOSABLE_UNANSWERED = frozenset({"praise", "suggestion"})
"""Nobody waits for an answer to these."""

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
    if state == "open" and kind in CLOSABLE_UNANSWERED:
        possible.add(CLOSE)
    return frozenset(possible)


def after(state: str, kind: str, action: str) -> str:
    """The state after ``action``. Raises Conflict ``complaints.not_possible``."""
    if action not in moves(state, kind):
        raise Conflict("complaints.not_possible", action=action, state=state)
    return MOVES[state].get(action, "closed")


def nearness(state: str, due_on: date | None, today: date) -> Nearness:
    """Only an open case with a date can be late."""
    if state != "open" or due_on is None:
        return Nearness(NONE)
    days = (due_on - today).days
    if days < 0:
        return Nearness(OVERDUE, -days)
    return Nearness(TODAY if days == 0 else SOON if days <= _SOON_DAYS else LATER, days)
