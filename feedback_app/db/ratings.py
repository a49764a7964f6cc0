"""Ratings as they were accepted. A row is never deleted and its answers are never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import JSON, ForeignKey, Index, String, Table, Text, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import KEYED_HASH, Base, Instant
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import lock
from feedback_app.db.writing import Prepared, Unit, unit_of

CANARY = "canary"
"""Status of a test that the service sends itself: in no total and on no list."""


class Rating(Base):
    __tablename__ = "ratings"
    __table_args__ = (Index("ix_ratings_month", "period", "service_point_id", "status", "verified", "score"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt: Mapped[str] = mapped_column(String(20), unique=True)
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    on_duty_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))  # window ratings: who sat there
    code_id: Mapped[int | None] = mapped_column(ForeignKey("codes.id"))
    questionnaire_version_id: Mapped[int | None] = mapped_column(ForeignKey("questionnaire_versions.id"))
    score: Mapped[int] = mapped_column()  # 1..5
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the whole form, question key -> value
    comment: Mapped[str] = mapped_column(Text, default="")
    answers_salt: Mapped[str] = mapped_column(String(32), default="")  # empty once the texts have been erased by law
    answers_digest: Mapped[str] = mapped_column(String(64), default="")
    language: Mapped[str] = mapped_column(String(12), default="zh")
    channel: Mapped[str] = mapped_column(String(12))  # form | bot | paper
    # Who sent it, as far as anybody knows, until the month's key is destroyed (services.visits.forget).
    rater_hash: Mapped[str | None] = mapped_column(KEYED_HASH, index=True)
    device_hash: Mapped[str | None] = mapped_column(KEYED_HASH)  # of one browser on one day
    network_hash: Mapped[str | None] = mapped_column(KEYED_HASH)  # of one address on one day, never the hospital's own
    staff_sign: Mapped[str] = mapped_column(String(12), default="")  # domain.stuffing.STAFF | COLLEAGUE; not who
    verified: Mapped[bool] = mapped_column(default=False)  # a visit stands behind it
    verified_how: Mapped[str] = mapped_column(
        String(12), default=""
    )  # slip | screen | visit_wechat | visit_sms | visit_slip
    replaces: Mapped[str | None] = mapped_column(String(20), unique=True)  # receipt of the version before this one
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    day: Mapped[date] = mapped_column()  # in the hospital's zone, decided once at acceptance
    period: Mapped[str] = mapped_column(String(7))  # "2026-11", likewise
    status: Mapped[str] = mapped_column(
        String(12), default="counted"
    )  # counted | repeat | held | excluded | withdrawn | replaced | canary
    why_not: Mapped[str] = mapped_column(String(200), default="")
    made_up: Mapped[bool] = mapped_column(default=False)
    late: Mapped[bool] = mapped_column(default=False)  # came after its own period was closed: counts in the next
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))  # the department at that minute

    service_point: Mapped[ServicePoint] = relationship(foreign_keys=[service_point_id])


@dataclass(frozen=True, kw_only=True)
class NewRating:
    """A row of ratings before it is written, without the mapping's weight: a field for each column but ``id``."""

    receipt: str
    idempotency_key: str
    service_point_id: int
    on_duty_id: int | None
    code_id: int | None
    questionnaire_version_id: int | None
    score: int
    answers: dict[str, Any]
    comment: str
    answers_salt: str
    answers_digest: str
    language: str
    channel: str
    rater_hash: str | None
    device_hash: str | None
    network_hash: str | None
    staff_sign: str
    verified: bool
    verified_how: str
    replaces: str | None
    received_at: datetime
    day: date
    period: str
    status: str
    why_not: str
    made_up: bool
    late: bool
    unit_id: int | None


_TABLE = cast(Table, Rating.__table__)
_INSERT = Prepared(
    _TABLE.insert()
    .values({one.name: bindparam(one.name, type_=one.type) for one in _TABLE.columns if one.name != "id"})
    .returning(_TABLE.c.id)
)
_KNOWN = Prepared(select(_TABLE.c.id).where(_TABLE.c.idempotency_key == bindparam("sent", type_=String())))


def insert(unit: Unit, new: NewRating) -> int:
    """Write it; its id."""
    return int(_INSERT.run(unit_of(unit), **vars(new)).fetchone()[0])


def is_known(unit: Unit, idempotency_key: str) -> bool:
    return _KNOWN.run(unit_of(unit), sent=idempotency_key).fetchone() is not None


def by_idempotency_key(session: Session, key: str) -> Rating | None:
    return session.scalar(select(Rating).where(Rating.idempotency_key == key))


def by_receipt(session: Session, receipt: str) -> Rating | None:
    return session.scalar(select(Rating).where(Rating.receipt == receipt))


def versions(session: Session, rating: Rating) -> list[Rating]:
    """The rating and those that replaced one another after it, oldest first."""
    found = [rating]
    while newer := session.scalar(select(Rating).where(Rating.replaces == found[-1].receipt)):
        found.append(newer)
    return found


def latest_version(session: Session, rating: Rating) -> Rating:
    """What the rating says today."""
    return versions(session, rating)[-1]


_AT_ONCE = 500


def still_counted(session: Session, ids: Sequence[int]) -> set[int]:
    """Those of these that count in this moment; nobody changes them until this transaction ends."""
    found: set[int] = set()
    for start in range(0, len(ids), _AT_ONCE):
        query = select(Rating.id).where(
            Rating.id.in_(sorted(ids)[start : start + _AT_ONCE]), Rating.status == "counted"
        )
        found.update(session.scalars(query.order_by(Rating.id).with_for_update(key_share=True)))
    return found


def lock_month(unit: Unit, period: str, *, to_close: bool = False) -> None:
    """Everything that adds or changes a rating of the month takes this first; whoever closes the month takes it alone.

    With ``to_close`` it waits for every rating of that month that is being written, and sees them all afterwards.
    """
    lock(unit, f"month:{period}", shared=not to_close)
