"""What colleagues think of colleagues (S18, P13, P15): each from their own page, under a pseudonym nobody can turn back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import assessments
from feedback_app.db import leaderboards as boards
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.cycles import Period
from feedback_app.domain.eligibility import Member, league_of
from feedback_app.domain.identity import keyed_hash
from feedback_app.errors import NotFound, Refused
from feedback_app.services import assessing, awards, leaderboards
from feedback_app.services.vault import Vault

KIND = "peer_review"
LEVELS = (5, 4, 3, 2, 1)
POINTS_A_LEVEL = 25  # as patients' stars: five are 100, one is 0


@dataclass(frozen=True)
class Asked:
    """One award and period that asks somebody about their colleagues; ``given``: colleague -> level so far."""

    scheme: Scheme
    period: Period
    share: str
    colleagues: Sequence[ServicePoint]
    given: Mapping[int, int]


def asked(session: Session, vault: Vault, person: ServicePoint, now: datetime, zone: ZoneInfo) -> list[Asked]:
    """Whatever asks this person now: periods that run, and those over whose days for giving points are not."""
    found = []
    for scheme in awards.schemes(session).values():
        share = next((one.name for one in scheme.shares if one.kind == KIND), "")
        if not share:
            continue
        colleagues = _colleagues(session, scheme, person)
        for period in _open(session, scheme, now, zone) if colleagues else ():
            found.append(
                Asked(scheme, period, share, colleagues, _given(session, vault, scheme, period, share, person))
            )
    return found


def _open(session: Session, scheme: Scheme, now: datetime, zone: ZoneInfo) -> list[Period]:
    running = leaderboards.running_period(scheme, now, zone)
    over = [one for one in leaderboards.periods_over(session, scheme, now, zone) if _still(one, scheme, now, zone)]
    known = [*over, *([running] if running else [])]
    return [one for one in known if boards.find(session, scheme.key, str(one)) is None]


def _still(period: Period, scheme: Scheme, now: datetime, zone: ZoneInfo) -> bool:
    return now < period.ends(zone) + timedelta(days=scheme.assess_days)


def _colleagues(session: Session, scheme: Scheme, person: ServicePoint) -> list[ServicePoint]:
    """Those of the own department who take part, never oneself."""
    if person.department_id is None:
        return []
    query = select(ServicePoint).where(
        ServicePoint.kind == "staff",
        ServicePoint.active,
        ServicePoint.department_id == person.department_id,
        ServicePoint.id != person.id,
    )
    return [one for one in session.scalars(query.order_by(ServicePoint.sort_key, ServicePoint.key)) if _takes_part(one, scheme)]  # fmt: skip


def _takes_part(one: ServicePoint, scheme: Scheme) -> bool:
    return league_of(Member(one.id, one.key, one.name, one.kind, one.category), scheme.leagues) is not None


def _given(
    session: Session, vault: Vault, scheme: Scheme, period: Period, share: str, person: ServicePoint
) -> dict[int, int]:
    mine = pseudonym(vault, scheme, period, person)
    return {
        one.service_point_id: round(one.points / POINTS_A_LEVEL) + 1
        for one in assessments.of_period(session, scheme.key, str(period))
        if one.given_by == mine and one.share == share
    }


def pseudonym(vault: Vault, scheme: Scheme, period: Period, person: ServicePoint) -> str:
    """The same person in the same period, and nobody knows who; another one in the next period."""
    return f"peer:{keyed_hash(vault.key('peers'), f'{scheme.key}:{period}:{person.id}')[:40]}"


def give(
    session: Session,
    vault: Vault,
    person: ServicePoint,
    award: str,
    period: str,
    levels: Mapping[int, int],
    *,
    now: datetime,
    zone: ZoneInfo,
) -> int:
    """Keep levels 1 to 5 of colleagues; given again they replace what this person gave before. Returns how many.

    Raises NotFound ``peers.not_asked`` when the period does not ask this person now or somebody is no colleague of theirs,
    Refused ``stars.bad_points``.
    """
    found = next(
        (o for o in asked(session, vault, person, now, zone) if (o.scheme.key, str(o.period)) == (award, period)), None
    )
    known = {one.id: one for one in found.colleagues} if found else {}
    if found is None or not set(levels) <= set(known):
        raise NotFound("peers.not_asked")
    if not set(levels.values()) <= set(LEVELS):
        raise Refused("stars.bad_points")
    by = pseudonym(vault, found.scheme, found.period, person)
    for point_id in sorted(levels):
        points = float(POINTS_A_LEVEL * (levels[point_id] - 1))
        assessing.give(session, found.scheme, found.period, found.share, known[point_id], points, by=by, now=now)
    return len(levels)
