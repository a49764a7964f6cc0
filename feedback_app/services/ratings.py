"""Accepting a rating: by form, by message or typed in from paper, always through :func:`submit`."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import counting_days, directory, ratings
from feedback_app.db.complaints import Case
from feedback_app.db.directory import Rated, ServicePoint
from feedback_app.db.ratings import NewRating, Rating
from feedback_app.db.writing import Unit, unit_of
from feedback_app.domain.contact_details import shortened
from feedback_app.domain.evidence import commitment
from feedback_app.domain.identity import readable
from feedback_app.domain.periods import Month, local_day
from feedback_app.domain.questionnaires import NO_LEVEL
from feedback_app.errors import NotFound, Refused
from feedback_app.services import complaints, evidence, leaves, own_cases, rescues, set_asides
from feedback_app.services.complaints import Filing

LOW = 2
"""A rating of one or two stars opens a case (R8: bad rating -> put right and answer)."""
RECEIPT_LENGTH = 10


@dataclass(frozen=True)
class Submission:
    """A rating before it is accepted. The same ``idempotency_key`` is the same rating, however often it arrives."""

    point_id: int
    score: int  # 1..5; NO_LEVEL: "don't know", kept and counted in no average
    channel: str  # form | bot | paper
    idempotency_key: str
    comment: str = ""  # as written; stored with its numbers masked (a case's own words go to its vault)
    answers: Mapping[str, Any] = field(default_factory=dict)
    code_id: int | None = None
    version_id: int | None = None
    language: str = "zh"
    rater_hash: str | None = None
    contact_sealed: str = ""
    made_up: bool = False
    # What ``services.visits`` found out about how it arrived.
    verified_how: str = ""  # slip | screen; "" without proof of a visit
    status: str = "counted"  # counted | repeat | canary
    why_not: str = ""
    replaces: str | None = None  # receipt of the same person's earlier version
    device_hash: str | None = None
    network_hash: str | None = None
    staff_sign: str = ""  # staff | colleague: sent from a device of somebody who works here
    served_at: datetime | None = None  # when the service was, as told; None: now


@dataclass(frozen=True)
class Accepted:
    """``receipt`` is the one the person holds; everything else is as it stands today, also after a change."""

    receipt: str
    score: int
    period: Month
    case_number: str | None = None
    due_on: date | None = None
    again: bool = False  # this key had been accepted before; nothing was stored now
    status: str = "counted"
    why_not: str = ""
    verified: bool = False
    replaced: bool = False  # an earlier rating by the same person no longer counts
    received_at: datetime | None = None  # the first version

    @property
    def counted(self) -> bool:
        return self.status == "counted"


@dataclass(frozen=True, kw_only=True)
class Held(Accepted):
    """Looked up again, with what was rated."""

    point: ServicePoint


def submit(unit: Unit, submission: Submission, *, zone: ZoneInfo, now: datetime, is_new: bool = False) -> Accepted:
    """Store the rating, open a case where it is a low one, and give the receipt.

    ``is_new``: somebody has just looked, and no other can have come with this key since. Raises Refused ``ratings.bad_score``, NotFound ``ratings.no_target``.
    """
    again = None if is_new else known(unit, submission.idempotency_key)
    if again is not None:
        return again
    if submission.score not in range(NO_LEVEL, 6):
        raise Refused("ratings.bad_score", score=submission.score)
    point = directory.rated(unit, submission.point_id)
    if point is None:
        raise NotFound("ratings.no_target")
    unit = unit_of(unit)
    earlier = ratings.by_receipt(unit.session, submission.replaces) if submission.replaces else None
    new = _row(unit, submission, point, earlier, zone=zone, now=now)
    ratings.lock_month(unit, new.period)
    rating_id = ratings.insert(unit, new)
    evidence.write_rating(unit, new, point, now)
    if earlier is not None or new.status != "counted":
        _decided(unit.session, rating_id, earlier, now)
    case = None
    asks_for_one = NO_LEVEL < submission.score <= LOW or submission.contact_sealed
    if asks_for_one and submission.status != ratings.CANARY:
        case = _open_case(unit.session, rating_id, submission, earlier, zone=zone, now=now)
    return Accepted(
        receipt=new.receipt,
        score=new.score,
        period=Month.parse(new.period),
        case_number=case.number if case else None,
        due_on=case.due_on if case else None,
        status=new.status,
        why_not=new.why_not,
        verified=new.verified,
        replaced=new.replaces is not None,
        received_at=now,
    )


def _row(
    unit: Unit, submission: Submission, point: Rated, earlier: Rating | None, *, zone: ZoneInfo, now: datetime
) -> NewRating:
    served = _served(unit, point, submission.served_at or now, zone)
    day, late = (earlier.day, earlier.late) if earlier else _counting_day(unit, submission, zone=zone, now=now)
    salt, words = secrets.token_hex(16), shortened(submission.comment)
    answers, levelless = dict(submission.answers), submission.score == NO_LEVEL
    return NewRating(
        receipt=readable(secrets.token_bytes(8), RECEIPT_LENGTH),
        idempotency_key=submission.idempotency_key,
        service_point_id=point.id,
        on_duty_id=earlier.on_duty_id if earlier else served[0] if len(served) == 1 else None,
        code_id=submission.code_id,
        questionnaire_version_id=submission.version_id,
        score=submission.score,
        answers=answers,
        comment=words,
        answers_salt=salt,
        answers_digest=commitment(salt, evidence.answers_of(words, answers)),
        language=submission.language,
        channel=submission.channel,
        rater_hash=submission.rater_hash,
        device_hash=submission.device_hash,
        network_hash=submission.network_hash,
        staff_sign=submission.staff_sign,
        verified=bool(submission.verified_how),
        verified_how=submission.verified_how,
        replaces=submission.replaces,
        # Nobody can count a level that was not given.
        status="excluded" if levelless else submission.status,
        why_not="no level given" if levelless else submission.why_not,
        received_at=now,
        # A later version belongs where the first one was counted.
        day=day,
        period=earlier.period if earlier else str(Month(day.year, day.month)),
        late=late,
        unit_id=earlier.unit_id if earlier else point.unit_id,
        made_up=submission.made_up,
    )


def _decided(session: Session, rating_id: int, earlier: Rating | None, now: datetime) -> None:
    """What was set aside stays so in the next version; a rating that does not count says why in the evidence log."""
    rating = session.get_one(Rating, rating_id)
    if earlier is not None:
        set_asides.follow(session, earlier, rating)
    if rating.status != "counted":
        evidence.write_decision(session, rating, now)
    session.flush()


def _served(unit: Unit, point: Rated, at: datetime, zone: ZoneInfo) -> list[int]:
    """Who sat at the window at that moment: the roster, without those on leave."""
    if point.kind != "window":
        return []
    listed = directory.on_duty(unit, point.id, at)
    away = leaves.away(unit_of(unit).session, listed, local_day(at, zone)) if listed else frozenset()
    return [one for one in listed if one not in away]


def _counting_day(unit: Unit, submission: Submission, *, zone: ZoneInfo, now: datetime) -> tuple[date, bool]:
    """The day on which the rating counts, and whether it came late: what is closed stays closed, and the next day is open.

    A service of an earlier month that is told only now (paper, a phone without a network) counts now, and is marked.
    """
    month = Month.of(now, zone)
    ratings.lock_month(unit, str(month))
    today = max(local_day(now, zone), date(month.year, month.number, 1))
    day = max(today, counting_days.open_from(unit))
    served = submission.served_at
    return day, day > today or (served is not None and Month.of(served, zone) < month)


def _open_case(
    session: Session, rating_id: int, submission: Submission, earlier: Rating | None, *, zone: ZoneInfo, now: datetime
) -> Case | None:
    """A case for this rating; where an earlier version has one, that one gets the new words."""
    known_case = complaints.of_rating(session, earlier.id) if earlier else None
    if known_case is not None:
        if submission.comment:
            own_cases.add(session, known_case, submission.comment, now)
        return None
    low = NO_LEVEL < submission.score <= LOW
    case = complaints.file(
        session,
        Filing(
            # Whole in the rating: long words are no reason to refuse.
            text=submission.comment[: complaints.LONGEST_TEXT],
            source="rating",
            origin_key=f"rating:{rating_id}",
            kind="complaint" if low else "suggestion",
            point_id=submission.point_id,
            rating_id=rating_id,
            complainant_hash=submission.rater_hash,
            contact_sealed=submission.contact_sealed,
            made_up=submission.made_up,
        ),
        zone=zone,
        now=now,
    )
    if low and submission.contact_sealed and not submission.made_up:
        rescues.call(session, case, now)
    return case


def known(unit: Unit, idempotency_key: str) -> Accepted | None:
    """What was accepted under this key before."""
    if not ratings.is_known(unit, idempotency_key):
        return None
    found = ratings.by_idempotency_key(unit_of(unit).session, idempotency_key)
    return None if found is None else _held(unit_of(unit).session, found)


def by_receipt(session: Session, receipt: str) -> Held:
    """Raises NotFound ``ratings.no_receipt``."""
    rating = ratings.by_receipt(session, receipt)
    if rating is None:
        raise NotFound("ratings.no_receipt", receipt=receipt)
    return _held(session, rating)


def id_of(session: Session, receipt: str) -> int:
    """The row of what the receipt stands for today. Raises NotFound ``ratings.no_receipt``."""
    rating = ratings.by_receipt(session, receipt)
    if rating is None:
        raise NotFound("ratings.no_receipt", receipt=receipt)
    return ratings.latest_version(session, rating).id


def _held(session: Session, rating: Rating) -> Held:
    versions = ratings.versions(session, rating)
    latest = versions[-1]
    cases = (complaints.of_rating(session, one.id) for one in reversed(versions))
    case = next((one for one in cases if one is not None), None)
    return Held(
        receipt=rating.receipt,
        score=latest.score,
        point=rating.service_point,
        period=Month.parse(rating.period),
        case_number=case.number if case else None,
        due_on=case.due_on if case else None,
        again=True,
        status=latest.status,
        why_not=latest.why_not,
        verified=latest.verified,
        replaced=rating.replaces is not None,
        received_at=rating.received_at,
    )
