"""What a month's ratings rest on: how many of those who were here said something, where they said it, and whose share is odd."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from feedback_app.db import assessments
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain import response_watch
from feedback_app.domain.intervals import SATISFIED
from feedback_app.domain.periods import Month
from feedback_app.domain.response_watch import Share
from feedback_app.domain.silence import LEAST, Gap, Heard, gap
from feedback_app.services import visit_feed
from feedback_app.services.other_facts import VISITS

__all__ = ["LEAST"]

LEAST_SHOWN = 5
"""In a smaller group a share would tell what single people said."""
HERE, LATER, UNKNOWN = "here", "later", "unknown"


@dataclass(frozen=True)
class Line:
    """A department, or a service point whose share is odd."""

    name: str
    unit: str
    heard: Heard
    unverified: int = 0


@dataclass(frozen=True)
class Report:
    rated: int  # all that count
    hospital: Heard  # of the places that tell their visits, if any does
    units: list[Line]
    here: Heard
    later: Heard
    gap: Gap | None
    eager: list[Line]  # far more of their visitors rate than of others'
    unproven: list[Line]  # far more of their ratings come without proof of a visit


@dataclass
class _Point:
    name: str
    kind: str
    unit: str
    by_place: dict[str, Heard] = field(default_factory=dict)
    unverified: int = 0
    visits: int | None = None

    @property
    def heard(self) -> Heard:
        happy, rated = (sum(getattr(one, what) for one in self.by_place.values()) for what in ("happy", "rated"))
        return Heard(happy, rated, self.visits)

    @property
    def line(self) -> Line:
        return Line(self.name, self.unit, self.heard, self.unverified)


def where(channel: str, verified_how: str) -> str:
    """On the spot: a tablet, the screen at a window, a printed code. Afterwards: an invitation, or the chat. A slip is
    carried about, and paper is typed in: nobody knows."""
    if verified_how.startswith("visit") or channel == "bot":
        return LATER
    return HERE if channel in {"form", "assisted"} and verified_how in {"", "screen"} else UNKNOWN


def report(session: Session, month: Month) -> Report:
    points = _points(session, month)
    own = [one for one in points.values() if one.kind != "department"]
    here, later = (_together(one.by_place.get(place, Heard()) for one in own) for place in (HERE, LATER))
    answers = {number: Share(one.heard.rated, one.visits) for number, one in points.items() if one.visits}
    unverified = {number: Share(one.unverified, one.heard.rated) for number, one in points.items()}
    return Report(
        rated=sum(one.heard.rated for one in points.values()),
        hospital=_together(one.heard for one in points.values()),
        units=_by_unit(points),
        here=here,
        later=later,
        gap=gap(here, later),
        eager=_odd(points, answers),
        unproven=_odd(points, unverified),
    )


def _odd(points: Mapping[int, _Point], shares: Mapping[int, Share]) -> list[Line]:
    """Compared with others of their kind: windows are rated otherwise than doctors."""
    kinds: defaultdict[str, dict[str, Share]] = defaultdict(dict)
    for number, one in shares.items():
        kinds[points[number].kind][str(number)] = one
    found = (number for _, of_kind in sorted(kinds.items()) for number in response_watch.alarms(of_kind))
    return [points[int(number)].line for number in found]


def _together(parts: Iterable[Heard]) -> Heard:
    """What was said in all of them. Where some tell their visits, only those: the others would pass for the whole."""
    listed = list(parts)
    telling = [one for one in listed if one.visits is not None] or listed
    visits = [one.visits for one in telling if one.visits is not None]
    return Heard(sum(o.happy for o in telling), sum(o.rated for o in telling), sum(visits) if visits else None)


def _by_unit(points: Mapping[int, _Point]) -> list[Line]:
    grouped: defaultdict[str, list[Heard]] = defaultdict(list)
    for one in points.values():
        grouped[one.unit].append(one.heard)
    lines = [Line(name, "", _together(parts)) for name, parts in sorted(grouped.items()) if name]
    return [one for one in lines if one.heard.rated or one.heard.visits]


def _points(session: Session, month: Month) -> dict[int, _Point]:
    unit = aliased(ServicePoint)
    query = select(ServicePoint.id, ServicePoint.name, ServicePoint.kind, unit.name).outerjoin(
        unit, ServicePoint.department_id == unit.id
    )
    found = {
        number: _Point(name, kind, (name if kind == "department" else above or ""))
        for number, name, kind, above in session.execute(query)
    }
    _count(session, month, found)
    visits = {one.service_point_id: int(one.value) for one in assessments.figures(session, {VISITS}, str(month))}
    visits |= visit_feed.served(session, *_days(month))
    for number, count in visits.items():
        found[number].visits = count
    return {number: one for number, one in found.items() if one.by_place or one.visits}


def _days(month: Month) -> tuple[date, date]:
    following = month.shifted(1)
    return date(month.year, month.number, 1), date(following.year, following.number, 1) - timedelta(days=1)


def _count(session: Session, month: Month, found: Mapping[int, _Point]) -> None:
    happy = func.sum(case((Rating.score >= SATISFIED, 1), else_=0))
    columns = (Rating.service_point_id, Rating.channel, Rating.verified_how)
    query = select(*columns, func.count(), happy).where(
        Rating.period == str(month), Rating.status == "counted", Rating.score > 0
    )
    for number, channel, how, count, satisfied in session.execute(query.group_by(*columns)):
        point, place = found[number], where(channel, how)
        known = point.by_place.get(place, Heard())
        point.by_place[place] = Heard(known.happy + int(satisfied), known.rated + count)
        point.unverified += 0 if how else count
