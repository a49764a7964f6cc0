"""What the first pages of director, quality office and administrators show: of the hospital, a department, a window.

Every figure comes from the daily counts and carries how many people are behind it; figures of fewer than five are not told
(``domain.groups``). Nothing here is about a single member of staff: see ``services.score_looks``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.domain import day_bodies, groups, intervals, signals
from feedback_app.domain.day_bodies import Body
from feedback_app.domain.intervals import Share
from feedback_app.domain.signals import Judged, Sample
from feedback_app.domain.weeks import Week, days_of, whole_weeks
from feedback_app.errors import NotFound
from feedback_app.services import day_counts
from feedback_app.services.day_counts import HOSPITAL
from feedback_app.services.question_lines import QuestionLine, Versions

RANGES = (7, 28, 91, 182)
"""Days one can choose."""
WEEKS = 52
CHANNELS = ("form", "bot", "paper", "assisted", "staff")
OPEN_KINDS = ("window", "place", "logistics", "department")
"""What is shown by name. Staff are together one line: a named person's scores are their own."""
STAFF = "staff"


@dataclass(frozen=True)
class Scope:
    """Of what: the hospital (both None), a department, or one window, place or team."""

    unit: ServicePoint | None = None
    point: ServicePoint | None = None


@dataclass(frozen=True)
class Part:
    """One row of a table. ``share`` None: fewer than five, told in the rest. ``key`` "": the rest itself."""

    key: str
    name: str
    share: Share | None
    n: int
    beside: str = ""  # low | high: far from its like, more than chance


@dataclass(frozen=True)
class WeekFigure:
    """One week of the control chart. ``broken``: the question set with which something else is measured."""

    week: Week
    judged: Judged
    broken: str = ""


@dataclass(frozen=True)
class Overview:
    """``first`` to ``last`` are the days of the tables; ``weeks`` are whole weeks up to yesterday. ``points`` 0 to 100.

    ``received`` are all ratings of these days, ``share.n`` those that count; ``rated`` of ``places`` service points have any.
    """

    scope: Scope
    first: date
    last: date
    today: int
    share: Share
    points: float | None
    received: int
    weeks: tuple[WeekFigure, ...]
    parts: tuple[Part, ...]
    channels: tuple[Part, ...]
    hours: tuple[Part, ...]
    questions: tuple[QuestionLine, ...]
    rated: int = 0
    places: int = 0

    @property
    def is_told(self) -> bool:
        """Whether enough people are behind the figures of the range."""
        return groups.is_enough(self.share.n)

    @property
    def newest_signal(self) -> WeekFigure | None:
        """Of the last four weeks."""
        return next((one for one in reversed(self.weeks[-4:]) if one.judged.signal), None)


def scope(session: Session, unit_id: int | None, point_id: int | None) -> Scope:
    """Raises NotFound ``dashboards.no_unit``, also for members of staff: their scores are theirs."""
    point = session.get(ServicePoint, point_id) if point_id else None
    if point_id and (point is None or point.kind not in OPEN_KINDS):
        raise NotFound("dashboards.no_unit")
    unit = session.get(ServicePoint, unit_id) if unit_id else None
    if unit_id and (unit is None or unit.kind != "department"):
        raise NotFound("dashboards.no_unit")
    return Scope(unit, point)


def overview(session: Session, of: Scope, *, days: int, today: date, zone: ZoneInfo) -> Overview:
    """The whole page; ``days`` up to today."""
    weeks = whole_weeks(today - timedelta(days=1), WEEKS)
    first = today - timedelta(days=days - 1)
    found = _days(session, of, min(first, weeks[0].monday), today)
    inside = day_bodies.together(body for day, body in found.items() if day >= first)
    counted = day_bodies.levels(inside)
    versions = Versions(session)
    sums = _sums(session, of, first, today)
    rated, places = _coverage(session, of, sums)
    return Overview(
        scope=of,
        first=first,
        last=today,
        today=day_bodies.n(found.get(today, {})),
        share=intervals.satisfied(counted),
        points=intervals.points(counted),
        received=sum(counted) + inside.get("x", 0),
        weeks=tuple(control(found, weeks, versions)),
        parts=tuple(_parts(session, of, sums)),
        channels=tuple(by_channel(inside)),
        hours=tuple(by_hour(inside, today, zone)),
        questions=tuple(line for line in versions.lines(inside) if groups.is_enough(line.n)),
        rated=rated,
        places=places,
    )


def standing(session: Session, of: Scope, first: date, last: date) -> tuple[Share, int]:
    """Of these days: the share, and how many ratings were received."""
    whole = day_bodies.together(_days(session, of, first, last).values())
    counted = day_bodies.levels(whole)
    return intervals.satisfied(counted), sum(counted) + whole.get("x", 0)


def _days(session: Session, of: Scope, first: date, last: date) -> dict[date, Body]:
    if of.point is not None:
        return day_counts.of_point(session, of.point.id, first, last)
    return day_counts.of_unit(session, of.unit.id if of.unit else HOSPITAL, first, last)


def control(found: Mapping[date, Body], weeks: Sequence[Week], versions: Versions) -> list[WeekFigure]:
    """The control chart of these weeks; it begins with the first week that has a rating."""
    bodies = [day_bodies.together(found[day] for day in days if day in found) for days in days_of(weeks)]
    begun = next((place for place, body in enumerate(bodies) if day_bodies.n(body)), len(bodies))
    weeks, bodies = weeks[begun:], bodies[begun:]
    broken = versions.breaks(bodies)
    samples = [_sample(body, bool(told)) for body, told in zip(bodies, broken, strict=True)]
    return [WeekFigure(*one) for one in zip(weeks, signals.judge(samples), broken, strict=True)]


def _sample(body: Body, broken: bool = False) -> Sample:
    counted = day_bodies.levels(body)
    return Sample(sum(counted[intervals.SATISFIED - 1 :]), sum(counted), broken)


def _sums(session: Session, of: Scope, first: date, last: date) -> Mapping[int, Sequence[int]]:
    """Levels of each department of the hospital, or of each service point of a department."""
    if of.point is not None:
        return {}
    if of.unit is None:
        return day_counts.of_all_units(session, first, last)
    return day_counts.of_points_of_unit(session, of.unit.id, first, last)


def _parts(session: Session, of: Scope, sums: Mapping[int, Sequence[int]]) -> list[Part]:
    """Departments of the hospital; windows, places, teams and all staff together of a department."""
    if of.point is not None:
        return []
    if of.unit is None:
        names = _names(session, sums)
        order = [*names, *(key for key in sums if key not in names)]
        return table({(str(key), names.get(key, "")): sums[key] for key in order}, like=True)
    query = select(ServicePoint).where(ServicePoint.id.in_(list(sums))).order_by(ServicePoint.sort_key, ServicePoint.id)
    cells: dict[tuple[str, str], list[int]] = {}
    for point in session.scalars(query):
        key = (STAFF, "") if point.kind == STAFF else (str(point.id), point.name)
        known = cells.get(key, [0] * 5)
        cells[key] = [a + b for a, b in zip(known, sums[point.id], strict=True)]
    return table(cells)


def _names(session: Session, units: Iterable[int]) -> dict[int, str]:
    """In pinyin order, so that no list begins with the worst."""
    query = select(ServicePoint.id, ServicePoint.name).where(ServicePoint.id.in_(list(units)))
    return {row[0]: row[1] for row in session.execute(query.order_by(ServicePoint.sort_key, ServicePoint.id))}


def table(cells: Mapping[tuple[str, str], Sequence[int]], *, like: bool = False) -> list[Part]:
    """Levels by (key, name) as rows that may be told, and the rest as one. ``like``: told which are far from the others."""
    told = groups.told({key: sum(levels) for key, levels in cells.items()})
    keys = [key for key in cells if key in told.shown]
    beside = signals.beside_others([_levels_sample(cells[key]) for key in keys]) if like else [""] * len(keys)
    made = [
        Part(key[0], key[1], intervals.satisfied(cells[key]), told.shown[key], sign)
        for key, sign in zip(keys, beside, strict=True)
    ]
    if told.rest:
        rest = [sum(cells[key][place] for key in told.rest) for place in range(5)]
        made.append(Part("", "", intervals.satisfied(rest) if told.rest_is_told else None, told.rest_n))
    return made


def _levels_sample(levels: Sequence[int]) -> Sample:
    return Sample(sum(levels[intervals.SATISFIED - 1 :]), sum(levels))


def by_channel(body: Body) -> list[Part]:
    return table({(channel, ""): levels for channel, levels in body.get("c", {}).items()})


def by_hour(body: Body, day: date, zone: ZoneInfo) -> list[Part]:
    """All hours of the hospital's day in which anybody rated, in order; what is too few is left open (``share`` None)."""
    local = {(local_hour(int(hour), day, zone), ""): levels for hour, levels in body.get("h", {}).items()}
    told = {part.key: part for part in table({(f"{hour:02d}", name): levels for (hour, name), levels in local.items()})}
    hours = sorted(hour for hour, _ in local)
    if not hours:
        return []
    span = range(hours[0], hours[-1] + 1)
    return [told.get(f"{hour:02d}", Part(f"{hour:02d}", "", None, 0)) for hour in span]


def local_hour(utc_hour: int, day: date, zone: ZoneInfo) -> int:
    """The hospital's hour in which an hour of UTC begins."""
    return datetime.combine(day, time(utc_hour), UTC).astimezone(zone).hour


def _coverage(session: Session, of: Scope, sums: Mapping[int, Sequence[int]]) -> tuple[int, int]:
    """Departments (of the hospital) or service points (of a department) with any rating, and how many there are."""
    if of.point is not None:
        return 0, 0
    inside = ServicePoint.kind == "department" if of.unit is None else ServicePoint.department_id == of.unit.id
    active = set(session.scalars(select(ServicePoint.id).where(inside, ServicePoint.active)))
    return len(active.intersection(sums)), len(active)


def listed_units(session: Session) -> Sequence[ServicePoint]:
    """Departments to choose from: those in use, then those that have been (their history stays)."""
    query = select(ServicePoint).where(ServicePoint.kind == "department")
    return session.scalars(query.order_by(ServicePoint.active.desc(), ServicePoint.sort_key)).all()


def listed_points(session: Session, unit: ServicePoint) -> Sequence[ServicePoint]:
    query = select(ServicePoint).where(ServicePoint.department_id == unit.id, ServicePoint.kind.in_(OPEN_KINDS))
    return session.scalars(query.order_by(ServicePoint.active.desc(), ServicePoint.sort_key)).all()
