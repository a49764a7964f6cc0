"""What a report tells, gathered: levels, departments, themes, cases, improvements of one month, of the hospital or one department."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from feedback_app.db import improvements
from feedback_app.db import ratings as rating_rows
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.improvements import CaseTask, ChangeCard
from feedback_app.db.ratings import Rating
from feedback_app.domain import day_bodies, groups, intervals, noise
from feedback_app.domain.intervals import SATISFIED, Share
from feedback_app.domain.periods import Month
from feedback_app.errors import NotFound
from feedback_app.services import change_cards, day_counts, theme_quotes, themes
from feedback_app.services.theme_quotes import Wanted
from feedback_app.services.themes import Overview

MONTHS = 6  # of the trend, this one included
QUOTED, QUOTES_OF = 2, 4  # quotes a theme, themes
COMPLAINT = "complaint"
Levels = list[int]


@dataclass(frozen=True)
class UnitLine:
    """``name`` "": all departments together that are too small for a line of their own."""

    name: str
    levels: Levels
    verdict: str

    @property
    def share(self) -> Share:
        return intervals.satisfied(self.levels)


@dataclass(frozen=True)
class CaseCounts:
    """Cases received in the span; complaints whose date lay in it, and how many of them were answered by then."""

    by_kind: Mapping[str, int]
    dated: int
    on_time: int
    open_now: int
    overdue: int

    @property
    def complaints(self) -> int:
        return self.by_kind.get(COMPLAINT, 0)


@dataclass(frozen=True)
class ThemeQuotes:
    theme: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class MonthFacts:
    """``unit`` None: the whole hospital. ``trend``: oldest first, this month last."""

    month: Month
    unit: ServicePoint | None
    levels: Levels
    trend: Sequence[tuple[Month, Levels]]
    verdict: str
    units: Sequence[UnitLine]
    is_told: bool  # False: so few that nothing of it may be told to a department
    themes: Overview
    theme_verdicts: Mapping[str, str]
    quotes: Sequence[ThemeQuotes]
    cases: CaseCounts
    cases_before: CaseCounts
    tasks: Sequence[CaseTask]
    looked: Sequence[CaseTask]
    cards: Sequence[ChangeCard]
    made_up: bool

    @property
    def n(self) -> int:
        return sum(self.levels)

    @property
    def share(self) -> Share:
        return intervals.satisfied(self.levels)


def unit(session: Session, unit_id: int | None) -> ServicePoint | None:
    """The department; None for the hospital. Raises NotFound ``reports.no_unit``."""
    if unit_id is None:
        return None
    found = session.get(ServicePoint, unit_id)
    if found is None or found.kind != "department":
        raise NotFound("reports.no_unit")
    return found


def of_month(session: Session, month: Month, unit_id: int | None, today: date) -> MonthFacts:
    """Raises NotFound ``reports.no_unit``."""
    place = unit(session, unit_id)
    first, last = span(month)
    trend = [
        (one, levels_of(session, unit_id, *span(one)))
        for one in (month.shifted(-back) for back in range(MONTHS - 1, -1, -1))
    ]
    now, before = trend[-1][1], trend[-2][1]
    said = themes.overview(session, month, unit_id)
    said_before = themes.overview(session, month.shifted(-1), unit_id).comments
    return MonthFacts(
        month=month,
        unit=place,
        levels=now,
        trend=trend,
        verdict=compared(now, before),
        units=_units(session, month) if place is None else (),
        is_told=place is None or _is_told(session, place.id, first, last),
        themes=said,
        theme_verdicts={
            one.theme: noise.counts(one.bad + one.mixed, said.comments, one.bad_before, said_before) for one in said.lines
        },
        quotes=_quotes(session, month, unit_id, said),
        cases=cases(session, first, last, unit_id, today),
        cases_before=cases(session, *span(month.shifted(-1)), unit_id, today),
        tasks=open_tasks(session, unit_id),
        looked=[one for one in _tasks(session, unit_id, ("looked",)) if one.look_on and first <= one.look_on <= last],
        cards=[one for one in change_cards.shown(session) if place is None or one.department_id == place.id][:6],
        made_up=_is_made_up(session, month),
    )  # fmt: skip


def span(month: Month) -> tuple[date, date]:
    """First and last day."""
    following = month.shifted(1)
    return date(month.year, month.number, 1), date(following.year, following.number, 1) - timedelta(days=1)


def levels_of(session: Session, unit_id: int | None, first: date, last: date) -> Levels:
    bodies = day_counts.of_unit(session, unit_id if unit_id is not None else day_counts.HOSPITAL, first, last)
    return day_bodies.levels(day_bodies.together(bodies.values()))


def compared(now: Levels, before: Levels) -> str:
    """more: a larger share is satisfied than before, beyond chance."""
    return noise.counts(sum(now[SATISFIED - 1 :]), sum(now), sum(before[SATISFIED - 1 :]), sum(before))


def _units(session: Session, month: Month) -> list[UnitLine]:
    """In the order of the directory, never by figure; the small ones together, where together they are enough."""
    now, before = (day_counts.of_all_units(session, *span(one)) for one in (month, month.shifted(-1)))
    levels = {unit_id: found for unit_id, found in now.items() if unit_id not in (day_counts.HOSPITAL,)}
    table = groups.told({unit_id: sum(found) for unit_id, found in levels.items()})
    query = select(ServicePoint).where(ServicePoint.id.in_([one for one in table.shown if one > 0]))
    places = session.scalars(query.order_by(ServicePoint.sort_key, ServicePoint.name)).all()
    lines = [
        UnitLine(one.name, levels[one.id], compared(levels[one.id], before.get(one.id, [0] * 5))) for one in places
    ]
    others = [levels[one] for one in (*table.rest, *(key for key in table.shown if key <= 0))]
    rest = [sum(column) for column in zip(*others, strict=True)] if others else []
    return [*lines, UnitLine("", rest, noise.TOO_FEW)] if groups.is_enough(sum(rest)) else lines


def _is_told(session: Session, unit_id: int, first: date, last: date) -> bool:
    parts = [sum(levels) for levels in day_counts.of_points_of_unit(session, unit_id, first, last).values()]
    return groups.is_safe(parts)


def _quotes(session: Session, month: Month, unit_id: int | None, said: Overview) -> list[ThemeQuotes]:
    """Of the themes most blamed; none of a theme that fewer than five spoke of."""
    made = []
    for line in said.lines[:QUOTES_OF]:
        if line.total < theme_quotes.FEWEST:
            continue
        polarity = "bad" if line.bad >= theme_quotes.FEWEST else ""
        wanted = Wanted(line.theme, str(month), unit_id, polarity)
        words = [one.words for one in theme_quotes.listed(session, wanted, most=20)]
        made.append(ThemeQuotes(line.theme, tuple(dict.fromkeys(words))[:QUOTED]))
    return [one for one in made if one.words]


def cases(session: Session, first: date, last: date, unit_id: int | None, today: date) -> CaseCounts:
    mine: list[ColumnElement[bool]] = [Case.state.not_in(("merged", "withdrawn"))]
    if unit_id is not None:
        mine.append(Case.department_id == unit_id)
    kinds = select(Case.kind, func.count()).where(*mine, Case.day.between(first, last)).group_by(Case.kind)
    dated = session.execute(
        select(Case.due_on, Case.answered_on, Case.closed_at).where(*mine, Case.kind == COMPLAINT, Case.due_on.between(first, min(last, today)))
    ).all()  # fmt: skip
    waiting = select(func.count()).select_from(Case).where(
        *mine, Case.kind == COMPLAINT, Case.closed_at.is_(None), Case.answered_on.is_(None)
    )  # fmt: skip
    return CaseCounts(
        by_kind=dict(session.execute(kinds).all()),
        dated=len(dated),
        on_time=sum(bool(answered and due and answered <= due) for due, answered, _ in dated),
        open_now=session.scalar(waiting) or 0,
        overdue=session.scalar(waiting.where(Case.due_on < today)) or 0,
    )


def overdue(session: Session, unit_id: int | None, today: date, most: int = 1000) -> Sequence[Case]:
    """Complaints nobody has answered although their day is over, the oldest first."""
    query = select(Case).where(
        Case.kind == COMPLAINT, Case.closed_at.is_(None), Case.answered_on.is_(None), Case.due_on < today,
        Case.state.not_in(("merged", "withdrawn")),
    )  # fmt: skip
    if unit_id is not None:
        query = query.where(Case.department_id == unit_id)
    return session.scalars(query.order_by(Case.due_on, Case.id).limit(most)).all()


def _tasks(session: Session, unit_id: int | None, states: Sequence[str]) -> list[CaseTask]:
    found = [one for state in states for one in improvements.tasks(session, state)]
    return [one for one in found if unit_id is None or one.case.department_id == unit_id]


def open_tasks(session: Session, unit_id: int | None) -> list[CaseTask]:
    """What is still to be put right, the nearest date first."""
    return _tasks(session, unit_id, ("open",))


def effects(session: Session, unit_id: int | None = None) -> list[CaseTask]:
    """Everything put right whose effect has been looked at, the newest first."""
    return sorted(
        _tasks(session, unit_id, ("looked", "done")), key=lambda one: (one.done_on or date.min, one.id), reverse=True
    )


def _is_made_up(session: Session, month: Month) -> bool:
    query = select(Rating.id).where(Rating.period == str(month), Rating.made_up, Rating.status != rating_rows.CANARY)
    return session.scalar(query.limit(1)) is not None
