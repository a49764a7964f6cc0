"""The phases of one selection: their order, their days, what may be done in which. Pure; the day and time are arguments.

A phase has a first and a last day in the hospital's zone and lasts from midnight until midnight. Phases follow one another
in the order of the plans (P2: publicity, nomination, first review, public vote, expert review, publication); any may be left
out, none may overlap another, and days between two phases belong to none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from feedback_app.errors import Conflict, Refused

PUBLICITY = "publicity"
RUNNING = "running"
NOMINATION = "nomination"
FIRST_REVIEW = "first_review"
VOTE = "vote"
ON_SITE = "on_site"
EXPERT_REVIEW = "expert_review"
PUBLICATION = "publication"
CEREMONY = "ceremony"
KINDS = (PUBLICITY, RUNNING, NOMINATION, FIRST_REVIEW, VOTE, ON_SITE, EXPERT_REVIEW, PUBLICATION, CEREMONY)
"""In the order of the plans. ``running``: the weeks in which people work and patients rate (P12, P4)."""

ALLOWED: Mapping[str, str] = {
    "nominate": NOMINATION,
    "shortlist": FIRST_REVIEW,
    "vote": VOTE,
    "score": EXPERT_REVIEW,
    "object": PUBLICATION,
}
"""What can be done only within which phase."""

LONGEST_DAYS = 400
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Phase:
    """One phase: from the first day's midnight until the midnight after the last day."""

    kind: str
    first: date
    last: date

    def begins(self, zone: ZoneInfo) -> datetime:
        return _midnight(self.first, zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The first instant that no longer belongs to it."""
        return _midnight(self.last + _DAY, zone)

    def holds(self, now: datetime, zone: ZoneInfo) -> bool:
        return self.begins(zone) <= now < self.ends(zone)

    def state(self, now: datetime, zone: ZoneInfo) -> str:
        """coming | running | over."""
        if now < self.begins(zone):
            return "coming"
        return "running" if now < self.ends(zone) else "over"

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Reminder:
    """Something those responsible should hear on the morning of ``day``; ``about`` is ``begins`` or ``ends``."""

    kind: str
    about: str
    day: date


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def checked(phases: Sequence[Phase]) -> tuple[Phase, ...]:
    """The phases in their order.

    Raises Refused ``rounds.no_phases``, ``rounds.phase_twice`` / ``phase_backwards`` / ``phase_too_long`` (``phase``),
    ``rounds.phase_order`` and ``rounds.phases_overlap`` (``phase``, ``after``, ``day``).
    """
    if not phases:
        raise Refused("rounds.no_phases")
    for one in phases:
        if one.kind not in KINDS or sum(other.kind == one.kind for other in phases) > 1:
            raise Refused("rounds.phase_twice", phase=one.kind)
        if one.last < one.first:
            raise Refused("rounds.phase_backwards", phase=one.kind)
        if one.days > LONGEST_DAYS:
            raise Refused("rounds.phase_too_long", phase=one.kind, most=LONGEST_DAYS)
    in_order = sorted(phases, key=lambda one: KINDS.index(one.kind))
    for before, after in pairwise(in_order):
        if after.first <= before.last:
            backwards = after.last < before.first
            code = "rounds.phase_order" if backwards else "rounds.phases_overlap"
            raise _collision(code, before, after)
    return tuple(in_order)


def _collision(code: str, before: Phase, after: Phase) -> Refused:
    # Two literal calls, so that the guard over error codes finds both.
    if code == "rounds.phase_order":
        return Refused("rounds.phase_order", phase=after.kind, after=before.kind)
    return Refused("rounds.phases_overlap", phase=after.kind, after=before.kind, day=before.last.isoformat())


def proposed(lengths: Sequence[tuple[str, int]], first: date) -> tuple[Phase, ...]:
    """Phases of so many days each, one after another from ``first``."""
    made, day = [], first
    for kind, days in lengths:
        made.append(Phase(kind, day, day + timedelta(days=days - 1)))
        day = made[-1].last + _DAY
    return checked(made)


def current(phases: Sequence[Phase], now: datetime, zone: ZoneInfo) -> Phase | None:
    """The phase that runs now; None before the first, after the last and on days between two."""
    return next((one for one in phases if one.holds(now, zone)), None)


def following(phases: Sequence[Phase], now: datetime, zone: ZoneInfo) -> Phase | None:
    """The next phase that has not begun."""
    return next((one for one in phases if now < one.begins(zone)), None)


def of_kind(phases: Sequence[Phase], kind: str) -> Phase | None:
    return next((one for one in phases if one.kind == kind), None)


def require(phases: Sequence[Phase], action: str, now: datetime, zone: ZoneInfo) -> Phase:
    """The phase in which ``action`` may be done now.

    Raises Conflict ``rounds.not_planned`` where the selection has no such phase, ``rounds.too_early`` and
    ``rounds.too_late`` (``phase``, ``day``) outside its days.
    """
    kind = ALLOWED[action]
    phase = of_kind(phases, kind)
    if phase is None:
        raise Conflict("rounds.not_planned", phase=kind)
    state = phase.state(now, zone)
    if state == "coming":
        raise Conflict("rounds.too_early", phase=kind, day=phase.first.isoformat())
    if state == "over":
        raise Conflict("rounds.too_late", phase=kind, day=phase.last.isoformat())
    return phase


def reminders(phases: Sequence[Phase], ahead: int) -> tuple[Reminder, ...]:
    """For every phase: on its first day, and ``ahead`` days before its last where it is long enough for that."""
    told = []
    for one in phases:
        told.append(Reminder(one.kind, "begins", one.first))
        if one.days > ahead + 1:
            told.append(Reminder(one.kind, "ends", one.last - timedelta(days=ahead)))
    return tuple(told)
