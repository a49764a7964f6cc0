"""Figures for departments and persons: given once, month by month, when nothing more can change them from outside.

What is given is frozen: a rating that is set aside or taken back later changes no figure that somebody has seen, because the
difference would be that one patient's answer. Who sees whom is arranged in ``domain.groups``.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import day_counts as stored
from feedback_app.db import released_figures, tallies
from feedback_app.db.directory import ServicePoint
from feedback_app.db.released_figures import OWN, UNIT, ReleasedFigure, ReleasedMonth
from feedback_app.domain import day_bodies, groups, intervals
from feedback_app.domain.day_bodies import Body
from feedback_app.domain.intervals import Share
from feedback_app.domain.periods import Month, local_day
from feedback_app.services import dashboards, day_counts
from feedback_app.services.dashboards import STAFF, Part

FROM_DAY = 4
"""Day of the month on which the month before is given: later than a rating can be taken back (72 hours)."""
MonthBodies = Mapping[str, Body]


@dataclass(frozen=True)
class Given:
    """One piece of a row: ``first`` and ``last`` are months. ``parts``, ``channels``, ``hours``: of departments only."""

    first: str
    last: str
    share: Share
    points: float
    parts: tuple[Part, ...] = ()
    channels: tuple[Part, ...] = ()
    hours: tuple[Part, ...] = ()

    @property
    def label(self) -> str:
        return self.last if self.first == self.last else f"{self.first}–{self.last[5:]}"


def ripe(now: datetime, zone: ZoneInfo) -> Month:
    """The newest month that may be given."""
    today = local_day(now, zone)
    return Month(today.year, today.month).shifted(-1 if today.day >= FROM_DAY else -2)


def is_due(session: Session, now: datetime, zone: ZoneInfo) -> bool:
    return not released_figures.is_done(session, str(ripe(now, zone)))


def release(session: Session, *, now: datetime, zone: ZoneInfo) -> int:
    """Give everything that is due and has not been given; how many figures. Twice gives nothing more."""
    newest = ripe(now, zone)
    first = tallies.first_period(session)
    if released_figures.is_done(session, str(newest)):
        return 0
    session.add(ReleasedMonth(month=str(newest), released_at=now))
    if first is None or first > str(newest):
        return 0
    months = [str(one) for one in _months(Month.parse(first), newest)]
    bodies = _bodies(session, months)
    given = [*_of_persons(session, bodies, months), *_of_units(session, bodies, months, zone)]
    session.add_all(
        ReleasedFigure(scope=scope, service_point_id=key, first_month=a, last_month=b, released_at=now, body=body)
        for scope, key, a, b, body in given
    )
    session.flush()
    return len(given)


def _months(first: Month, last: Month) -> list[Month]:
    made = [first]
    while made[-1] < last:
        made.append(made[-1].shifted(1))
    return made


_Key = tuple[int, int, str]  # service point, department at that time, month
_Made = tuple[str, int, str, str, dict[str, Any]]


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


def _of_persons(session: Session, bodies: Mapping[_Key, Body], months: Sequence[str]) -> list[_Made]:
    staff = set(session.scalars(select(ServicePoint.id).where(ServicePoint.kind == STAFF)))
    told = released_figures.told_until(session, OWN)
    by_person: dict[int, dict[str, Body]] = defaultdict(dict)
    for (point_id, _, month), body in bodies.items():
        if point_id in staff:
            day_bodies.add(by_person[point_id].setdefault(month, {}), body)
    made: list[_Made] = []
    for person, by_month in sorted(by_person.items()):
        row = [month for month in months if month > told.get(person, "")]
        for block in groups.blocks([[day_bodies.n(by_month.get(month, {}))] for month in row]):
            inside = day_bodies.together(by_month.get(month, {}) for month in row[block.first : block.last + 1])
            made.append((OWN, person, row[block.first], row[block.last], {"l": day_bodies.levels(inside)}))
    return made


def _of_units(session: Session, bodies: Mapping[_Key, Body], months: Sequence[str], zone: ZoneInfo) -> list[_Made]:
    points = {one.id: one for one in session.scalars(select(ServicePoint))}
    told = released_figures.told_until(session, UNIT)
    by_unit: dict[int, dict[str, dict[int, Body]]] = defaultdict(lambda: defaultdict(dict))
    for (point_id, unit, month), body in bodies.items():
        by_unit[unit][month][point_id] = body
    made: list[_Made] = []
    for unit, by_month in sorted(by_unit.items()):
        members = sorted({point_id for one in by_month.values() for point_id in one})
        row = [month for month in months if month > told.get(unit, "")]
        counts = [[day_bodies.n(by_month[month].get(one, {})) for one in members] for month in row]
        if unit not in points:
            continue
        for block in groups.blocks(counts, alone=False):
            inside = row[block.first : block.last + 1]
            sums = {one: day_bodies.together(by_month[month].get(one, {}) for month in inside) for one in members}
            made.append((UNIT, unit, inside[0], inside[-1], _unit_body(sums, points, inside[-1], zone)))
    return made


def _unit_body(
    sums: Mapping[int, Body], points: Mapping[int, ServicePoint], month: str, zone: ZoneInfo
) -> dict[str, Any]:
    whole = day_bodies.together(sums.values())
    day = date.fromisoformat(f"{month}-01")
    return {
        "l": day_bodies.levels(whole),
        "parts": _cells(_parts(sums, points)),
        "channels": _cells(dashboards.by_channel(whole)),
        "hours": _cells(dashboards.by_hour(whole, day, zone)),
    }


def _parts(sums: Mapping[int, Body], points: Mapping[int, ServicePoint]) -> list[Part]:
    """Windows and places by name and all staff together; none at all where one of the staff could subtract their own."""
    staff = [day_bodies.n(body) for point_id, body in sums.items() if points[point_id].kind == STAFF]
    if any(staff) and not groups.is_safe(staff):
        return []
    cells: dict[tuple[str, str], list[int]] = {}
    for point_id, body in sums.items():
        point = points[point_id]
        key = (STAFF, "") if point.kind == STAFF else (str(point_id), point.name)
        known = cells.get(key, [0] * 5)
        cells[key] = [a + b for a, b in zip(known, day_bodies.levels(body), strict=True)]
    return dashboards.table(cells)


def _cells(parts: Sequence[Part]) -> list[list[Any]]:
    """As they are stored: key, name, how many, how many of them satisfied (None: too few)."""
    return [
        [one.key, one.name, one.n, None if one.share is None or one.share.value is None else round(one.share.value * one.share.n / 100)]
        for one in parts
    ]  # fmt: skip


def of_person(session: Session, point_id: int) -> list[Given]:
    """Oldest first."""
    return [_given(one) for one in released_figures.of_point(session, OWN, point_id)]


def unit(session: Session, unit_id: int | None) -> ServicePoint | None:
    """The department of an account."""
    return session.get(ServicePoint, unit_id) if unit_id else None


def of_unit(session: Session, unit_id: int) -> list[Given]:
    """Oldest first."""
    return [_given(one) for one in released_figures.of_point(session, UNIT, unit_id)]


def _given(one: ReleasedFigure) -> Given:
    levels = one.body["l"]
    return Given(
        one.first_month,
        one.last_month,
        intervals.satisfied(levels),
        intervals.points(levels) or 0.0,
        *(tuple(_part(cell) for cell in one.body.get(name, ())) for name in ("parts", "channels", "hours")),
    )


def _part(cell: Sequence[Any]) -> Part:
    key, name, n, good = cell
    return Part(key, name, None if good is None else intervals.share(good, n), n)
