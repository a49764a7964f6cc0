"""Who may be on which board, decided from facts at a date, always with a reason (plans P10, P16, P17: tenure, heads)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from feedback_app.domain.awards import League

LEFT = "left"
AWAY = "away"
HEAD = "head"
TENURE = "tenure"
NO_HIRE_DATE = "no_hire_date"
_HEADSHIPS = ("主任", "护士长", "院长", "科长")


@dataclass(frozen=True)
class Member:
    """A service point as the rules see it."""

    point_id: int
    key: str
    name: str
    kind: str  # staff | window | logistics | department
    category: str = ""
    department: str = ""
    duty: str = ""
    hire_date: date | None = None
    active: bool = True
    away: bool = False  # on leave, in training, posted elsewhere: active, but not at work now


def is_head(duty: str) -> bool:
    """Whether the duty is a headship: 科主任, 科副主任, 护士长 … (a title such as 主任医师 is not a duty)."""
    return any(word in duty for word in _HEADSHIPS)


def league_of(member: Member, leagues: Sequence[League]) -> League | None:
    """The one league whose kind and category fit; None when the award is not about this service point."""
    fitting = (one for one in leagues if one.kind == member.kind)
    return next((one for one in fitting if not one.categories or member.category in one.categories), None)


def why_not(member: Member, league: League, on: date, *, rated: bool = True) -> str | None:
    """The first reason that keeps the member off the board on that date; None: eligible.

    Whoever went on leave in the middle of the month competes with what was ``rated`` before.
    """
    if not member.active:
        return LEFT
    if member.away and not rated:
        return AWAY
    if not league.heads and is_head(member.duty):
        return HEAD
    if league.tenure_months:
        if member.hire_date is None:
            return NO_HIRE_DATE
        if _months_later(member.hire_date, league.tenure_months) > on:
            return TENURE
    return None


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day where it is shorter."""
    count = day.year * 12 + day.month - 1 + months
    for last in range(day.day, 27, -1):
        try:
            return date(count // 12, count % 12 + 1, last)
        except ValueError:
            continue
    return date(count // 12, count % 12 + 1, day.day)
