"""Who may be on which board, decided from facts at a date, always with a reason (plans P10, P16, P17: tenure, heads)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from feedback_app.domain.award_parts import Batch, League
from feedback_app.domain.cycles import Period

LEFT = "left"
AWAY = "away"
HEAD = "head"
TENURE = "tenure"
NO_HIRE_DATE = "no_hire_date"
NO_LICENCE = "no_licence"
COMPLAINT = "complaint"
INCIDENT = "incident"
NOT_STARRED = "not_starred"
NOT_YET = "not_yet"  # the roll-out has not reached this unit
THIS_TIME = "this_time"  # the discipline office says no; why is written nowhere else than in its own list (S52)
_HEADSHIPS = ("主任", "护士长", "院长", "科长")

RECORDS = ("licence", "complaint", "accident", "dispute", "discipline")


@dataclass(frozen=True, order=True)
class Record:
    """Something on file about somebody, from a day until a day (None: still)."""

    kind: str  # one of RECORDS
    since: date
    until: date | None = None

    def holds(self, first: date, last: date) -> bool:
        """Whether it holds on any day from ``first`` to ``last``."""
        return self.since <= last and (self.until is None or self.until >= first)


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
    unit: str = ""  # key of the department
    unit_category: str = ""  # 临床, 医技, 职能 …
    records: tuple[Record, ...] = ()
    complaints: int = 0  # justified complaints of the period
    starred: bool = False  # served at a window that was honoured


def is_head(duty: str) -> bool:
    """Whether the duty is a headship: 科主任, 科副主任, 护士长 … (a title such as 主任医师 is not a duty)."""
    return any(word in duty for word in _HEADSHIPS)


def league_of(member: Member, leagues: Sequence[League]) -> League | None:
    """The one league whose kind and category fit; None when the award is not about this service point."""
    fitting = (one for one in leagues if one.kind == member.kind)
    return next((one for one in fitting if not one.categories or member.category in one.categories), None)


def why_not(
    member: Member, league: League, period: Period, *, rated: bool = True, batches: Sequence[Batch] = ()
) -> str | None:
    """The first reason that keeps the member off the board of that period; None: eligible.

    Judged at the period's last day. Whoever went on leave in the middle competes with what was ``rated`` before.
    """
    if not member.active:
        return LEFT
    if member.away and not rated:
        return AWAY
    if not reached(member, batches, period):
        return NOT_YET
    if any(one.kind == "discipline" and one.holds(period.first, period.last) for one in member.records):
        return THIS_TIME
    return next((reason for reason, bars in _CONDITIONS.items() if bars(member, league, period)), None)


def reached(member: Member, batches: Sequence[Batch], period: Period) -> bool:
    """Whether the roll-out has come to this member's unit; without batches everybody takes part (S4)."""
    begun = [one for one in batches if Period.parse(one.starts) <= period]
    return not batches or any(_in_batch(member, one) for one in begun)


def _in_batch(member: Member, batch: Batch) -> bool:
    everybody = not batch.units and not batch.unit_categories
    return everybody or member.unit in batch.units or member.unit_category in batch.unit_categories


def _no_licence(member: Member, league: League, period: Period) -> bool:
    valid = any(one.kind == "licence" and one.holds(period.last, period.last) for one in member.records)
    return league.licence and not valid


def _incident(member: Member, league: League, period: Period) -> bool:
    found = (one for one in member.records if one.kind in ("accident", "dispute"))
    return league.no_incident and any(one.holds(period.first, period.last) for one in found)


def _too_short(member: Member, league: League, period: Period) -> bool:
    hired = member.hire_date
    return hired is not None and _months_later(hired, league.tenure_months) > period.last


_CONDITIONS: Mapping[str, Callable[[Member, League, Period], bool]] = {
    HEAD: lambda member, league, _: not league.heads and is_head(member.duty),
    NO_HIRE_DATE: lambda member, league, _: bool(league.tenure_months) and member.hire_date is None,
    TENURE: lambda member, league, period: bool(league.tenure_months) and _too_short(member, league, period),
    NO_LICENCE: _no_licence,
    COMPLAINT: lambda member, league, _: league.no_complaint and member.complaints > 0,
    INCIDENT: _incident,
    NOT_STARRED: lambda member, league, _: league.starred_windows_only and not member.starred,
}


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day where it is shorter."""
    count = day.year * 12 + day.month - 1 + months
    for last in range(day.day, 27, -1):
        try:
            return date(count // 12, count % 12 + 1, last)
        except ValueError:
            continue
    return date(count // 12, count % 12 + 1, day.day)
