"""What an award is decided from, read with three queries however many ratings there are."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from feedback_app.db.directory import ServicePoint
from feedback_app.db.tally_marks import Key
from feedback_app.domain.award_parts import League
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.criteria._base import Facts
from feedback_app.domain.cycles import Period
from feedback_app.domain.deciding import Known
from feedback_app.domain.directory_cells import is_away
from feedback_app.domain.eligibility import Member
from feedback_app.domain.scoring import Tally
from feedback_app.services import other_facts, tallying
from feedback_app.services.other_facts import VISITS, OtherFacts


def gather(session: Session, scheme: Scheme, period: Period) -> list[Known]:
    """Everybody of the scheme's kinds at the end of the period, with their valid ratings of it and of the ones before that
    still count, and with everything else that the scheme asks for."""
    facts = facts_by_point(session, period, len(scheme.month_weights))
    other = other_facts.gather(session, scheme, period)
    return [
        Known(_on_file(member, other), _whole(facts.get(member.point_id, Facts()), other, member.point_id), invented)
        for member, invented in _members(session, scheme.leagues)
    ]


def _whole(known: Facts, other: OtherFacts, point_id: int) -> Facts:
    """The ratings' facts with everything else that is known of this candidate."""
    figures = other.figures.get(point_id, {})
    rated = sum(one.count for one in known.ratings if one.months_back == 0)
    return dataclasses.replace(
        known,
        marks=other.marks.get(point_id, {}),
        figures=figures,
        taken=other.taken.get(point_id),
        praise=other.praise.get(point_id, 0),
        complaints=other.complaints.get(point_id, 0),
        visits=max(rated, int(figures.get(VISITS, 0))),
    )


def _on_file(member: Member, other: OtherFacts) -> Member:
    return dataclasses.replace(
        member,
        records=other.records.get(member.point_id, ()),
        complaints=other.complaints.get(member.point_id, 0),
        starred=member.point_id in other.starred,
    )


def members(session: Session, scheme: Scheme) -> list[Member]:
    """Everybody of the scheme's kinds as the directory has them, without what is on file."""
    return [member for member, _ in _members(session, scheme.leagues)]


def _members(session: Session, leagues: Sequence[League]) -> list[tuple[Member, bool]]:
    unit = aliased(ServicePoint)
    columns = (
        ServicePoint.id,
        ServicePoint.key,
        ServicePoint.name,
        ServicePoint.kind,
        ServicePoint.category,
        unit.name,
        ServicePoint.duty,
        ServicePoint.hire_date,
        ServicePoint.active,
        ServicePoint.status,
        unit.key,
        unit.category,
        ServicePoint.made_up,
    )
    query = select(*columns).outerjoin(unit, ServicePoint.department_id == unit.id)
    query = query.where(ServicePoint.kind.in_({league.kind for league in leagues})).order_by(ServicePoint.key)
    return [(_member(row), bool(row[-1])) for row in session.execute(query)]


def _member(row: Sequence[Any]) -> Member:
    point_id, key, name, kind, category, department, duty, hired, active, status, unit, unit_category, _ = row
    return Member(
        point_id=point_id,
        key=key,
        name=name,
        kind=kind,
        category=category,
        department=department or "",
        duty=duty,
        hire_date=hired,
        active=active,
        away=is_away(status),
        unit=unit or "",
        unit_category=unit_category or "",
    )


def facts_by_point(session: Session, period: Period, periods: int) -> dict[int, Facts]:
    """Valid ratings of every service point by period and level, and how many of the period do not count, by reason."""
    back = _months_back(period, periods)
    valid: Counter[tuple[int, int, int, bool]] = Counter()  # point, periods back, score, verified
    dropped: Counter[tuple[int, str]] = Counter()  # point, reason
    for (month, point_id), (plain, verified, reasons) in _bodies(session, period, back).items():
        distance = back[month]
        for known, levels in ((False, plain), (True, verified)):
            for score, ratings in enumerate(levels, start=1):
                if ratings:
                    valid[point_id, distance, score, known] += ratings
        if distance == 0:
            for reason, ratings in reasons.items():
                dropped[point_id, reason] += ratings
    return _by_point(valid, dropped)


def _bodies(session: Session, period: Period, back: Mapping[str, int]) -> dict[Key, tallying.Body]:
    """The counts of all months; of a campaign's broken months only its own days."""
    broken = {str(month) for month in period.broken_months}
    found = tallying.bodies(session, [month for month in back if month not in broken])
    return found | tallying.of_days(session, period) if broken else found


def _months_back(period: Period, periods: int) -> dict[str, int]:
    """Calendar month -> how many periods before this one it belongs to (0: to this one)."""
    found: dict[str, int] = {}
    for distance in range(periods):
        earlier = period.shifted(-distance) if distance else period
        if earlier is not None:
            found.update({str(month): distance for month in earlier.months})
    return found


def _by_point(valid: Counter[tuple[int, int, int, bool]], dropped: Counter[tuple[int, str]]) -> dict[int, Facts]:
    ratings: dict[int, list[Tally]] = {}
    reasons: dict[int, dict[str, int]] = {}
    for (point_id, distance, score, verified), count in sorted(valid.items()):
        if count:
            ratings.setdefault(point_id, []).append(Tally(distance, score, count, verified))
    for (point_id, reason), count in sorted(dropped.items()):
        reasons.setdefault(point_id, {})[reason] = count
    return {
        point_id: Facts(tuple(ratings.get(point_id, ())), reasons.get(point_id, {}))
        for point_id in {*ratings, *reasons}
    }
