"""What an activity counts for: checklists in the awards that ask for service-code checks or audits, taking part in figures."""

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.activities import Activity, ActivityPerson
from feedback_app.db.assessments import Figure
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.activities import Kind
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import Month
from feedback_app.errors import Refused
from feedback_app.services import assessing, awards

SOURCE = "activities"


def enter(session: Session, one: Activity, kind: Kind, *, by: str, now: datetime) -> list[str]:
    """Give the points of the checklist under each share of the kind's criterion, in the period that holds its day; entered
    again they replace what was. A period that is closed already stays as it is. Returns "award period share" of each.
    """
    point = session.get(ServicePoint, one.target_id) if one.target_id else None
    if not kind.feeds or one.points is None or point is None:
        return []
    entered = []
    for scheme, period, share in _asking(session, kind.feeds, point, one.day):
        try:
            assessing.give(
                session, scheme, period, share, point, one.points, by=f"{SOURCE}:{one.id}", now=now, note=one.title
            )
        except Refused:
            continue  # closed: what has been published is not changed by a late inspection
        entered.append(f"{scheme.key} {period} {share}")
    return entered


def _asking(session: Session, criterion: str, point: ServicePoint, day: date) -> Iterator[tuple[Scheme, Period, str]]:
    for scheme in awards.schemes(session).values():
        period = scheme.period_holding(Month(day.year, day.month))
        if not period.first <= day <= period.last or not any(_may_win(one, point) for one in scheme.leagues):
            continue
        for share in scheme.shares:
            if share.kind == criterion:
                yield scheme, period, share.name


def _may_win(league: object, point: ServicePoint) -> bool:
    categories = getattr(league, "categories", ())
    return getattr(league, "kind", "") == point.kind and (not categories or point.category in categories)


def count_figure(session: Session, one: Activity, kind: Kind, *, by: str, now: datetime) -> None:
    """How often each person took part, month by month and in every period of a scheme that asks for the figure.

    Counted anew from the activities, so closing another one or importing twice never adds twice. A bonus only (S41): who never
    took part has no figure, and nobody sees a list of them.
    """
    if not kind.figure:
        return
    came = select(ActivityPerson.service_point_id).where(
        ActivityPerson.activity_id == one.id,
        ActivityPerson.came.is_(True),
        ActivityPerson.service_point_id.is_not(None),
    )
    people = [int(point) for point in session.scalars(came) if point]
    for period in _periods(session, kind.figure, one.day):
        for point_id in people:
            _put(session, kind, period, point_id, by, now)


def _periods(session: Session, figure: str, day: date) -> list[Period]:
    month = Month(day.year, day.month)
    found = {Period.parse(str(month))}
    for scheme in awards.schemes(session).values():
        if any(share.options.get("figure") == figure for share in scheme.shares):
            found.add(scheme.period_holding(month))
    return sorted(one for one in found if one.first <= day <= one.last)


def _put(session: Session, kind: Kind, period: Period, point_id: int, by: str, now: datetime) -> None:
    query = select(func.count()).select_from(ActivityPerson).join(Activity, Activity.id == ActivityPerson.activity_id)
    query = query.where(
        ActivityPerson.service_point_id == point_id, ActivityPerson.came.is_(True), Activity.state == "closed",
        Activity.kind_key == kind.key, Activity.day.between(period.first, period.last),
    )  # fmt: skip
    times = float(session.scalar(query) or 0)
    known = session.scalar(
        select(Figure).where(
            Figure.name == kind.figure, Figure.period == str(period), Figure.service_point_id == point_id
        )
    )
    if known is None:
        known = Figure(name=kind.figure, period=str(period), service_point_id=point_id)
        session.add(known)
    known.value, known.source, known.imported_at, known.imported_by = times, SOURCE, now, by
