"""Points that colleagues, experts, leaders and inspectors give; score sheets; what is on file; honours taken back."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import leaderboards as boards
from feedback_app.db.assessments import Assessment, PersonRecord, Revocation
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.criteria._base import Taken
from feedback_app.domain.criteria.score_sheet import item_points
from feedback_app.domain.cycles import Period
from feedback_app.domain.eligibility import RECORDS
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, evidence
from feedback_app.services.vault import Vault

GIVEN = ("peer_review", "expert_score", "quality_audit", "service_code")


def give(
    session: Session,
    scheme: Scheme,
    period: Period,
    share: str,
    point: ServicePoint,
    points: float,
    *,
    by: str,
    now: datetime,
    by_unit: int | None = None,
    note: str = "",
) -> Assessment:
    """Points 0..100 for one candidate; given again, they replace what the same person gave before.

    ``by_unit``: the department of whoever gives them; expert points for one's own department are refused (S5). Raises
    Refused ``stars.no_share``, ``stars.bad_points``, ``stars.recused``, ``stars.closed_already``.
    """
    wanted = next((one for one in scheme.shares if one.name == share and one.kind in GIVEN), None)
    if wanted is None:
        raise Refused("stars.no_share", share=share[:40])
    if not 0 <= points <= 100:
        raise Refused("stars.bad_points")
    if wanted.kind == "expert_score" and by_unit is not None and by_unit == point.department_id:
        raise Refused("stars.recused")
    return _put(session, scheme, period, share, point, points, (), by=by, now=now, note=note)


def inspect(
    session: Session,
    scheme: Scheme,
    period: Period,
    share: str,
    point: ServicePoint,
    taken: Sequence[Taken],
    *,
    by: str,
    now: datetime,
    note: str = "",
) -> Assessment:
    """A filled-in score sheet; filled in again, it replaces the earlier one of the same inspector.

    Raises Refused ``stars.no_share``, ``stars.bad_points``, ``stars.closed_already``.
    """
    if not any(one.name == share and one.kind == "score_sheet" for one in scheme.shares):
        raise Refused("stars.no_share", share=share[:40])
    items = {item.key for item in scheme.sheet}
    if any(one.item not in items or one.points <= 0 for one in taken):
        raise Refused("stars.bad_points")
    total = sum(item_points(item, taken) for item in scheme.sheet)
    return _put(session, scheme, period, share, point, total, taken, by=by, now=now, note=note)


def _put(
    session: Session,
    scheme: Scheme,
    period: Period,
    share: str,
    point: ServicePoint,
    points: float,
    taken: Sequence[Taken],
    *,
    by: str,
    now: datetime,
    note: str,
) -> Assessment:
    if boards.find(session, scheme.key, str(period)) is not None:
        raise Refused("stars.closed_already", period=period)
    query = select(Assessment).where(
        Assessment.award_key == scheme.key,
        Assessment.period == str(period),
        Assessment.share == share,
        Assessment.service_point_id == point.id,
        Assessment.given_by == by,
    )
    one = session.scalar(query)
    if one is None:
        one = Assessment(
            award_key=scheme.key, period=str(period), share=share, service_point_id=point.id, given_by=by, given_at=now
        )
        session.add(one)
    one.points, one.note, one.given_at = float(points), note[:2000], now
    one.body = {"taken": [{"item": each.item, "reason": each.reason, "points": each.points} for each in taken]}
    session.flush()
    audit.write(session, actor=by, action="points.given", subject=f"{scheme.key} {period} {share} {point.key}", now=now)
    return one


def put_on_file(
    session: Session,
    vault: Vault,
    point: ServicePoint,
    kind: str,
    since: date,
    until: date | None = None,
    *,
    reference: str = "",
    why: str = "",
    by: str,
    now: datetime,
    today: date | None = None,
) -> PersonRecord:
    """A licence, an accident, a dispute, a justified complaint, or a decision of the discipline office.

    ``today``: the local day, on which a complaint about a period that is closed already counts instead. Why the discipline office says no is sealed and shown on no page but its own (S52). Raises Refused ``stars.bad_record``.
    """
    if kind not in RECORDS or (until is not None and until < since):
        raise Refused("stars.bad_record")
    one = PersonRecord(
        service_point_id=point.id,
        kind=kind,
        since=since,
        until=until,
        reference=reference[:60],
        why_sealed=vault.seal(why) if why else "",
        made_by=by,
        made_at=now,
        told_on=today,
    )
    session.add(one)
    session.flush()
    audit.write(session, actor=by, action="record.made", subject=f"{kind} {one.id}", now=now)
    return one


def take_off_file(session: Session, record_id: int, *, by: str, now: datetime, kinds: Sequence[str] = RECORDS) -> None:
    """It was a mistake: it no longer counts and stays to be seen. Raises NotFound ``stars.no_record``, also for one of another
    kind than ``kinds``."""
    one = session.get(PersonRecord, record_id)
    if one is None or one.kind not in kinds:
        raise NotFound("stars.no_record")
    if one.ended_at is None:
        one.ended_at = now
        session.flush()
        audit.write(session, actor=by, action="record.ended", subject=f"{one.kind} {one.id}", now=now)


def revoke(
    session: Session,
    award: str,
    period: Period,
    point: ServicePoint,
    *,
    why: str,
    by: str,
    now: datetime,
    record_id: int | None = None,
) -> Revocation:
    """Take an honour back after publication (S50). The frozen board stays; every page that shows it says so.

    ``record_id``: what on file it was taken back for; that complaint then counts in no later period. Raises NotFound ``stars.not_closed``, Refused ``stars.not_honoured``, ``stars.needs_reason``.
    """
    stored = boards.find(session, award, str(period))
    if stored is None:
        raise NotFound("stars.not_closed", period=period)
    if not why.strip():
        raise Refused("stars.needs_reason")
    if not any(one.service_point_id == point.id and one.body["won"] for one in boards.rows(session, stored)):
        raise Refused("stars.not_honoured")
    query = select(Revocation).where(
        Revocation.award_key == award, Revocation.period == str(period), Revocation.service_point_id == point.id
    )
    one = session.scalar(query)
    if one is not None and one.ended_at is None:
        return one
    if one is None:
        one = Revocation(award_key=award, period=str(period), service_point_id=point.id)
        session.add(one)
    one.why, one.made_by, one.made_at, one.record_id = why.strip()[:2000], by, now, record_id
    one.ended_at, one.ended_by = None, ""
    session.flush()
    subject = evidence.board_subject(award, str(period))
    shown = {"board": subject, "key": point.key}
    evidence.write(session, "revoked", subject, shown=shown, hidden={"why": one.why}, now=now)
    audit.write(session, actor=by, action="honour.revoked", subject=f"{award} {period} {point.key}", now=now)
    return one


def revoke_row(
    session: Session,
    award: str,
    period: Period,
    point_id: int,
    *,
    why: str,
    by: str,
    now: datetime,
    record_id: int | None = None,
) -> str:
    """The same for a row of the board; the name. Raises NotFound ``stars.no_row`` and what :func:`revoke` raises."""
    point = session.get(ServicePoint, point_id)
    if point is None:
        raise NotFound("stars.no_row")
    revoke(session, award, period, point, why=why, by=by, now=now, record_id=record_id)
    return point.name


def give_back(
    session: Session, award: str, period: Period, point_id: int, *, why: str, by: str, now: datetime
) -> Revocation:
    """It was taken back for something that turned out not to be so. Raises NotFound ``stars.no_row``, Refused
    ``stars.needs_reason``."""
    query = select(Revocation).where(
        Revocation.award_key == award, Revocation.period == str(period), Revocation.service_point_id == point_id
    )
    one = session.scalar(query.where(Revocation.ended_at.is_(None)))
    if one is None:
        raise NotFound("stars.no_row")
    if not why.strip():
        raise Refused("stars.needs_reason")
    one.ended_at, one.ended_by = now, by
    session.flush()
    point, subject = session.get_one(ServicePoint, point_id), evidence.board_subject(award, str(period))
    shown = {"board": subject, "key": point.key}
    evidence.write(session, "given_back", subject, shown=shown, hidden={"why": why.strip()[:2000]}, now=now)
    audit.write(session, actor=by, action="honour.given_back", subject=f"{award} {period} {point.key}", now=now)
    return one
