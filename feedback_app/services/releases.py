"""Figures for departments and persons: given once, month by month, when nothing more can change them from outside.

Everything that is ever given is a sum of the same pieces: the months of one service point in one department that together have
at least five ratings (``domain.groups.blocks``). A person's figure is the sum of their own pieces of the month, a department's
the sum of its members' pieces. However many people put their pages together, whatever they add and subtract, what is left is
always a number of whole pieces, and never one to four patients. What is given is frozen: a rating that is set aside or taken
back later changes no figure that somebody has seen, because the difference would be that one patient's answer.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import day_counts as stored
from feedback_app.db import released_figures, tallies
from feedback_app.db.directory import ServicePoint
from feedback_app.db.released_figures import ATOM, OWN, UNIT, ReleasedFigure, ReleasedMonth
from feedback_app.domain import day_bodies, groups, intervals
from feedback_app.domain.day_bodies import Body
from feedback_app.domain.intervals import Share
from feedback_app.domain.periods import Month, local_day
from feedback_app.services import day_counts, release_bodies
from feedback_app.services.dashboards import STAFF, Part
from feedback_app.services.release_bodies import Atom, Question, ThemeCell

FROM_DAY = 4
"""Day of the month on which the month before is given: later than a rating can be taken back (72 hours)."""
REMEMBERED = 24
"""Months after which what has not become five ratings is no longer waited for."""


@dataclass(frozen=True)
class Given:
    """One piece of a row: ``first`` and ``last`` are months. From ``parts`` on: of departments only. ``questions``: words,
    points of 100, answers. ``themes``: what was written about."""

    first: str
    last: str
    share: Share
    points: float
    levels: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()
    channels: tuple[Part, ...] = ()
    hours: tuple[Part, ...] = ()
    questions: tuple[Question, ...] = ()
    themes: tuple[ThemeCell, ...] = ()

    @property
    def label(self) -> str:
        """2026-09; 2026-07–09; 2025-11–2026-01."""
        if self.first == self.last:
            return self.last
        return f"{self.first}–{self.last[5:] if self.first[:4] == self.last[:4] else self.last}"

    @property
    def choice(self) -> tuple[str, str]:
        """Value and words, for a list to choose from."""
        return self.last, self.label


def ripe(now: datetime, zone: ZoneInfo) -> Month:
    """The newest month that may be given."""
    today = local_day(now, zone)
    return Month(today.year, today.month).shifted(-1 if today.day >= FROM_DAY else -2)


def is_due(session: Session, now: datetime, zone: ZoneInfo) -> bool:
    return not released_figures.is_done(session, str(ripe(now, zone)))


def release(session: Session, *, now: datetime, zone: ZoneInfo) -> int:
    """Give everything that is due and has not been given, month after month; how many figures. Twice gives nothing more."""
    newest = ripe(now, zone)
    if released_figures.is_done(session, str(newest)):
        return 0
    first = tallies.first_period(session)
    if first is None or first > str(newest):
        session.add(ReleasedMonth(month=str(newest), released_at=now))
        return 0
    months = [str(one) for one in _months(Month.parse(first), newest)][-REMEMBERED:]
    bodies = _bodies(session, months)
    done, given = released_figures.months_done(session), 0
    last_done = max((one for one in done if one <= str(newest)), default="")
    for month in (one for one in months if one > last_done):
        session.add(ReleasedMonth(month=month, released_at=now))
        given += _give(session, bodies, [one for one in months if one <= month], now, zone)
        session.flush()
    return given


def _months(first: Month, last: Month) -> list[Month]:
    made = [first]
    while made[-1] < last:
        made.append(made[-1].shifted(1))
    return made


_Key = tuple[int, int, str]  # service point, department at that time, month


def _bodies(session: Session, months: Sequence[str]) -> dict[_Key, Body]:
    """What every service point has in each month, by department, as of now."""
    found: dict[_Key, Body] = defaultdict(dict)
    for row in session.execute(
        select(
            stored.DayCount.service_point_id, stored.DayCount.unit_id, stored.DayCount.day, stored.DayCount.body
        ).where(stored.DayCount.day >= date.fromisoformat(f"{months[0]}-01"))
    ):
        day_bodies.add(found[row[0], row[1], f"{row[2]:%Y-%m}"], row[3])
    for (day, unit), several in day_counts.changed(session).items():
        for point_id, body in several:
            day_bodies.add(found[point_id, unit, f"{day:%Y-%m}"], body)
    return {key: body for key, body in found.items() if key[2] in months and day_bodies.n(body)}


def _give(session: Session, bodies: Mapping[_Key, Body], months: Sequence[str], now: datetime, zone: ZoneInfo) -> int:
    """Everything that is complete with the last of these months."""
    points = {one.id: one for one in session.scalars(select(ServicePoint))}
    fresh = list(_atoms(session, bodies, months))
    _keep(session, fresh, months[-1], now)
    made = [_own(several) for point_id, several in _by_point(fresh).items() if points[point_id].kind == STAFF]
    made += list(_of_units(session, points, months[-1], zone))
    session.add_all(
        ReleasedFigure(
            scope=scope,
            service_point_id=key,
            first_month=months[-1],
            last_month=months[-1],
            released_at=now,
            body={"first": first, **body},
        )
        for scope, key, first, body in made
    )
    return len(made)


def _atoms(session: Session, bodies: Mapping[_Key, Body], months: Sequence[str]) -> Iterator[Atom]:
    told = _told(session)
    by_place: dict[tuple[int, int], dict[str, Body]] = defaultdict(dict)
    for (point_id, unit, month), body in bodies.items():
        if month in months:
            by_place[point_id, unit][month] = body
    for (point_id, unit), by_month in sorted(by_place.items()):
        row = [month for month in months if month > told.until(point_id, unit)]
        blocks = groups.blocks([[day_bodies.n(by_month.get(month, {}))] for month in row])
        if blocks:  # one, unless months were missed: then together
            inside = row[blocks[0].first : blocks[-1].last + 1]
            whole = day_bodies.together(by_month.get(month, {}) for month in inside)
            yield Atom(point_id, unit, inside[0], inside[-1], whole)


@dataclass(frozen=True)
class _Told:
    """How far each service point has come in each department; ``old``: what was given before there were pieces."""

    by_point: Mapping[int, Mapping[str, str]]
    old: str

    def until(self, point_id: int, unit: int) -> str:
        return max(self.by_point.get(point_id, {}).get(str(unit), ""), self.old)


def _told(session: Session) -> _Told:
    before = released_figures.first_atom_at(session)
    old = [
        month for scope in (OWN, UNIT) for month in released_figures.told_until(session, scope, before=before).values()
    ]
    newest = released_figures.newest_atoms(session)
    return _Told({key: one.body["told"] for key, one in newest.items()}, max(old, default=""))


def _by_point(atoms: Sequence[Atom]) -> dict[int, list[Atom]]:
    found: dict[int, list[Atom]] = defaultdict(list)
    for one in atoms:
        found[one.point_id].append(one)
    return found


def _keep(session: Session, atoms: Sequence[Atom], month: str, now: datetime) -> None:
    """A service point has at most one piece in each department with one month, because earlier ones were given earlier."""
    known = _told(session).by_point
    for point_id, several in _by_point(atoms).items():
        told = {**known.get(point_id, {}), **{str(one.unit_id): one.last for one in several}}
        units = {str(one.unit_id): {"first": one.first, "last": one.last, **one.body} for one in several}
        row = ReleasedFigure(
            scope=ATOM, service_point_id=point_id, first_month=month, last_month=month, released_at=now
        )
        row.body = {"units": units, "told": told}
        session.add(row)
    session.flush()


_Made = tuple[str, int, str, dict[str, Any]]


def _own(several: Sequence[Atom]) -> _Made:
    whole = day_bodies.together(one.body for one in several)
    return OWN, several[0].point_id, min(one.first for one in several), {"l": day_bodies.levels(whole)}


def _of_units(session: Session, points: Mapping[int, ServicePoint], month: str, zone: ZoneInfo) -> Iterator[_Made]:
    """The pieces that have not gone into a department's figure, where no single one could be subtracted from the rest."""
    told = released_figures.told_until(session, UNIT)
    waiting: dict[int, list[Atom]] = defaultdict(list)
    for row in released_figures.atoms(session):
        for atom in atoms_of(row):
            if row.first_month > told.get(atom.unit_id, ""):
                waiting[atom.unit_id].append(atom)
    for unit, several in sorted(waiting.items()):
        sizes = [sum(day_bodies.n(one.body) for one in mine) for mine in _by_point(several).values()]
        if unit in points and groups.is_safe(sizes):
            yield (
                UNIT,
                unit,
                min(one.first for one in several),
                release_bodies.unit(session, several, points, month, zone),
            )


def atoms_of(row: ReleasedFigure) -> Iterator[Atom]:
    for unit, told in row.body["units"].items():
        body = {key: value for key, value in told.items() if key not in ("first", "last")}
        yield Atom(row.service_point_id, int(unit), told["first"], told["last"], body)


def of_person(session: Session, point_id: int) -> list[Given]:
    """Oldest first."""
    return [_given(one) for one in released_figures.of_point(session, OWN, point_id)]


def unit(session: Session, unit_id: int | None) -> ServicePoint | None:
    """The department of an account."""
    return session.get(ServicePoint, unit_id) if unit_id else None


def of_unit(session: Session, unit_id: int) -> list[Given]:
    """Oldest first."""
    return [_given(one) for one in released_figures.of_point(session, UNIT, unit_id)]


def newest_of_unit(session: Session, unit_id: int, month: str = "") -> Given | None:
    """The last figure of the department, or the one in which this month is."""
    given = of_unit(session, unit_id)
    if month:
        return next((one for one in given if one.first <= month <= one.last), None)
    return given[-1] if given else None


def _given(one: ReleasedFigure) -> Given:
    levels, body = one.body["l"], one.body
    parts, channels, hours = (
        tuple(_part(cell) for cell in body.get(name, ())) for name in ("parts", "channels", "hours")
    )
    return Given(
        body.get("first", one.first_month),
        one.last_month,
        intervals.satisfied(levels),
        intervals.points(levels) or 0.0,
        tuple(levels),
        parts,
        channels,
        hours,
        questions=tuple(Question(*cell) for cell in body.get("questions", ())),
        themes=tuple(
            ThemeCell(theme, total, bad, good, tuple(quotes))
            for theme, total, bad, good, quotes in body.get("themes", ())
        ),
    )


def _part(cell: Sequence[Any]) -> Part:
    key, name, n, good = cell
    return Part(key, name, None if good is None else intervals.share(good, n), n)
