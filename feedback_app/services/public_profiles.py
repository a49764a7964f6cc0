"""The public page of stars (S55): only who was honoured on a published board and agreed; by name, never by score.

A public board names those at its top for one period. This page stands longer and leads to appointments, so it needs the
person's own consent (个人信息保护法 Art. 25), taken back at any time with effect at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db import assessments
from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaderboards import Leaderboard, LeaderboardRow
from feedback_app.db.public_profiles import PublicProfile
from feedback_app.domain.cycles import Period
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, awards


@dataclass(frozen=True)
class Honour:
    title: Mapping[str, str]
    period: Period


@dataclass(frozen=True)
class Shown:
    person: ServicePoint
    honours: Sequence[Honour]
    appointment_url: str


def agree(session: Session, point: ServicePoint, agrees: bool, *, now: datetime) -> PublicProfile:
    """The person's own decision."""
    one = session.get(PublicProfile, point.id)
    if one is None:
        one = PublicProfile(service_point_id=point.id)
        session.add(one)
    one.agreed_at, one.withdrawn_at = (now, None) if agrees else (one.agreed_at, now)
    session.flush()
    audit.write(session, actor=f"staff:{point.key}", action="profile.agreed", subject=point.key, now=now, agrees=agrees)
    return one


def agrees(session: Session, point: ServicePoint) -> bool:
    one = session.get(PublicProfile, point.id)
    return one is not None and one.agreed_at is not None and one.withdrawn_at is None


def agreed(session: Session) -> Sequence[PublicProfile]:
    """Who agreed, in the order of their names."""
    query = select(PublicProfile).where(PublicProfile.agreed_at.is_not(None), PublicProfile.withdrawn_at.is_(None))
    wide = query.options(joinedload(PublicProfile.service_point).joinedload(ServicePoint.department))
    found = session.scalars(wide).all()
    return sorted(found, key=lambda one: (one.service_point.sort_key, one.service_point.key))


def set_appointment(session: Session, key: str, url: str, *, by: str, now: datetime) -> None:
    """The hospital's page for appointments with this member of staff who agreed; "" for none.

    Raises NotFound ``leaflets.not_agreed``, Refused ``leaflets.bad_url``.
    """
    told = url.strip()
    parts = urlsplit(told)
    if told and (parts.scheme != "https" or not parts.hostname or len(told) > 400 or parts.username):
        raise Refused("leaflets.bad_url")
    one = next((each for each in agreed(session) if each.service_point.key == key), None)
    if one is None:
        raise NotFound("leaflets.not_agreed")
    one.appointment_url = told
    session.flush()
    audit.write(session, actor=by, action="profile.linked", subject=key, now=now)


def shown(session: Session) -> list[tuple[str, list[Shown]]]:
    """Department -> its people, both in the order of their names. Whoever left, was never honoured, or whose honour was taken
    back is not among them."""
    profiles = [one for one in agreed(session) if one.service_point.active]
    honours = _honours(session, [one.service_point_id for one in profiles])
    by_unit: dict[tuple[str, str], list[Shown]] = {}
    for one in profiles:
        person = one.service_point
        if person.id in honours:
            unit = person.department
            place = (unit.sort_key or unit.key, unit.name) if unit else ("", "")
            by_unit.setdefault(place, []).append(Shown(person, honours[person.id], one.appointment_url))
    return [(name, people) for (_, name), people in sorted(by_unit.items(), key=lambda each: each[0])]


def _honours(session: Session, point_ids: Sequence[int]) -> dict[int, list[Honour]]:
    query = (
        select(LeaderboardRow, Leaderboard)
        .join(Leaderboard, Leaderboard.id == LeaderboardRow.leaderboard_id)
        .where(Leaderboard.published_at.is_not(None), LeaderboardRow.service_point_id.in_(point_ids))
    )
    schemes, found = awards.schemes(session), dict[int, list[Honour]]()
    for row, board in session.execute(query.order_by(Leaderboard.published_at.desc())):
        if not row.body.get("won") or board.award_key not in schemes:
            continue
        if row.service_point_id in assessments.revoked(session, board.award_key, board.period):
            continue
        honour = Honour(schemes[board.award_key].title, Period.parse(board.period))
        found.setdefault(row.service_point_id, []).append(honour)
    return found


def department(session: Session, key: str) -> ServicePoint | None:
    return session.scalar(select(ServicePoint).where(ServicePoint.kind == "department", ServicePoint.key == key))
