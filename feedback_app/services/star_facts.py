"""What an award is decided from, read with three queries however many ratings there are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from feedback_app.db.directory import ServicePoint
from feedback_app.db.tally_marks import Key
from feedback_app.domain.award_parts import League
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.criteria._base import Facts
from feedback_app.domain.cycles import Period
from feedback_app.domain.directory_cells import is_away
from feedback_app.domain.eligibility import Member, league_of, why_not
from feedback_app.domain.scoring import Tally
from feedback_app.services import tallying


@dataclass(frozen=True)
class LeftOut:
    """Somebody of a league's kind and category who is not on its board, and why."""

    league: str
    key: str
    name: str
    reason: str


@dataclass(frozen=True)
class Gathered:
    candidates: Mapping[str, tuple[tuple[Member, Facts], ...]]  # league key -> its candidates
    left_out: tuple[LeftOut, ...]
    made_up: bool  # some candidate belongs to the made-up hospital


def gather(session: Session, scheme: Scheme, period: Period) -> Gathered:
    """Candidates at the end of the period, with their valid ratings of it and of the ones before that still count."""
    facts = facts_by_point(session, period, len(scheme.month_weights))
    candidates: dict[str, list[tuple[Member, Facts]]] = {league.key: [] for league in scheme.leagues}
    left_out: list[LeftOut] = []
    made_up = False
    for member, invented in _members(session, scheme.leagues):
        league = league_of(member, scheme.leagues)
        if league is None:
            continue
        known = facts.get(member.point_id, Facts())
        rated = any(one.months_back == 0 for one in known.ratings)
        reason = why_not(member, league, period, rated=rated, batches=scheme.batches)
        if reason is None:
            candidates[league.key].append((member, known))
            made_up = made_up or invented
        else:
            left_out.append(LeftOut(league.key, member.key, member.name, reason))
    return Gathered({key: tuple(one) for key, one in candidates.items()}, tuple(left_out), made_up)


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
