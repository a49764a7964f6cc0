"""Boards that are frozen while facts go on: what people must look at again (S50). Nothing here decides anything.

Found at fault after the board was closed: shall the honour stay? Taken back for a complaint that has fallen: shall it be given
back? Left out for one that has fallen: the person is owed a word. Each is asked once.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.assessments import HonourReview, PersonRecord, Revocation
from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.domain import eligibility
from feedback_app.domain.award_parts import League
from feedback_app.domain.cycles import Period
from feedback_app.errors import Conflict, Refused
from feedback_app.services import assessing, audit
from feedback_app.services import leaderboards as closing
from feedback_app.services.leaderboards import Board

REVOKE, GIVE_BACK, LEFT_OUT = "revoke", "give_back", "left_out"
LEAVE = "leave"
_REASONS = {
    "complaint": eligibility.COMPLAINT,
    "accident": eligibility.INCIDENT,
    "dispute": eligibility.INCIDENT,
    "discipline": eligibility.THIS_TIME,
}
KINDS = tuple(_REASONS)
_WITH_UNIT = (joinedload(ServicePoint.department),)
Key = tuple[str, str, int, int]  # award, period, service point, record


@dataclass(frozen=True)
class Question:
    """``what``: shall the honour be revoked, given back; or was somebody left out for what is not so."""

    what: str
    award: str
    period: Period
    point: ServicePoint
    record: PersonRecord

    @property
    def key(self) -> Key:
        return self.award, str(self.period), self.point.id, self.record.id


def waiting(session: Session, kinds: Collection[str] = KINDS) -> list[Question]:
    """What nobody has decided yet, the board closed last first. ``kinds``: what the reader may know of."""
    stored = session.scalars(select(Leaderboard).order_by(Leaderboard.closed_at.desc())).all()
    records = _changed(session, min(one.closed_at for one in stored), kinds) if stored else []
    if not records:
        return []
    looked = {
        (one.award_key, one.period, one.service_point_id, one.record_id)
        for one in session.scalars(select(HonourReview))
    }
    found = (question for one in stored for question in _of_board(session, one, records))
    return [one for one in found if one.key not in looked]


def _changed(session: Session, since: datetime, kinds: Collection[str]) -> Sequence[PersonRecord]:
    """Put on file, or taken off it, after the first board was closed."""
    changed = (PersonRecord.made_at > since) | (PersonRecord.ended_at > since)
    return session.scalars(
        select(PersonRecord).where(PersonRecord.kind.in_(kinds), changed).order_by(PersonRecord.id)
    ).all()


def _of_board(session: Session, stored: Leaderboard, records: Sequence[PersonRecord]) -> Iterator[Question]:
    period = Period.parse(stored.period)
    touching = [one for one in records if _touches(one, period, stored.closed_at)]
    if not touching:
        return
    board, taken = closing.load(session, stored.award_key, period), _taken_back(session, stored)
    for one in touching:
        point = session.get_one(ServicePoint, one.service_point_id, options=_WITH_UNIT, populate_existing=True)
        what = _asked(one, point, board, taken)
        if what:
            yield Question(what, stored.award_key, period, point, one)


def _touches(one: PersonRecord, period: Period, closed_at: datetime) -> bool:
    """Whether it is about this period and came, or went, after the board was closed."""
    if one.made_at <= closed_at and (one.ended_at is None or one.ended_at <= closed_at):
        return False
    if one.kind == "complaint":  # an event of one day
        return period.first <= one.since <= period.last
    return eligibility.Record(one.kind, one.since, one.until).holds(period.first, period.last)


def _asked(one: PersonRecord, point: ServicePoint, board: Board, taken: Mapping[int, int | None]) -> str:
    if one.ended_at is None:
        row = board.row_of(point.id)
        honoured = row is not None and row.won and point.id not in taken
        return REVOKE if honoured and row and _bars(one, _league(board, row.league)) else ""
    if point.id in taken:
        return GIVE_BACK if taken[point.id] == one.id else ""
    return LEFT_OUT if (point.key, _REASONS[one.kind]) in {(out.key, out.reason) for out in board.left_out} else ""


def _league(board: Board, key: str) -> League:
    return next(one for one in board.scheme.leagues if one.key == key)


def _bars(one: PersonRecord, league: League) -> bool:
    """Whether the rules the board was frozen with would have left the person out."""
    return {"complaint": league.no_complaint, "discipline": True}.get(one.kind, league.no_incident)


def _taken_back(session: Session, stored: Leaderboard) -> dict[int, int | None]:
    """Service point to the record because of which its honour is taken back now."""
    query = select(Revocation).where(Revocation.award_key == stored.award_key, Revocation.period == stored.period)
    return {one.service_point_id: one.record_id for one in session.scalars(query.where(Revocation.ended_at.is_(None)))}


def revoke(session: Session, told: Question, *, why: str, by: str, now: datetime) -> None:
    """Raises what ``assessing.revoke`` raises."""
    assessing.revoke(session, told.award, told.period, told.point, why=why, by=by, now=now, record_id=told.record.id)


def give_back(session: Session, told: Question, *, why: str, by: str, now: datetime) -> None:
    assessing.give_back(session, told.award, told.period, told.point.id, why=why, by=by, now=now)


def leave(session: Session, told: Question, *, why: str, by: str, now: datetime) -> None:
    """The board stays as it is, for this reason. Raises Refused ``stars.needs_reason``."""
    if not why.strip():
        raise Refused("stars.needs_reason")
    session.add(
        HonourReview(
            award_key=told.award,
            period=str(told.period),
            service_point_id=told.point.id,
            record_id=told.record.id,
            why=why.strip()[:2000],
            made_by=by,
            made_at=now,
        )
    )
    session.flush()
    subject = f"{told.award} {told.period} {told.point.key}"
    audit.write(session, actor=by, action="honour.looked_at", subject=subject, now=now)


def decide(
    session: Session, asked: Key, answer: str, *, kinds: Collection[str], why: str, by: str, now: datetime
) -> Question:
    """``answer``: ``leave``, or what is asked. Raises Conflict ``stars.decided_already`` when it is not asked any more,
    Refused ``stars.needs_reason``."""
    told = next((one for one in waiting(session, kinds) if one.key == asked), None)
    if told is None or answer not in {LEAVE, told.what}:
        raise Conflict("stars.decided_already")
    {REVOKE: revoke, GIVE_BACK: give_back}.get(answer, leave)(session, told, why=why, by=by, now=now)
    return told
