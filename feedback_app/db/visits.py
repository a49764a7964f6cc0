"""One visit, one rating: the tickets that were given out, the monthly keys, and marks that only such a key can read."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import KEYED_HASH, Base, Instant
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.db.writing import Prepared, Unit, unit_of


class LinkKey(Base):
    """The key of one month's marks. Emptied after the appeal time: from then on the marks say nothing to anybody."""

    __tablename__ = "link_keys"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    key_sealed: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    destroyed_at: Mapped[datetime | None] = mapped_column(Instant)


class Nullifier(Base):
    """Something that may happen once has happened. Names neither the person nor the rating."""

    __tablename__ = "nullifiers"

    mark: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    month: Mapped[str] = mapped_column(String(7), index=True)


class TicketBatch(Base):
    """Slips printed together for one service point: numbers 1 to ``count``."""

    __tablename__ = "ticket_batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    count: Mapped[int] = mapped_column()
    month: Mapped[str] = mapped_column(String(7))  # whose key its marks are made with
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(String(60))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)

    service_point: Mapped[ServicePoint] = relationship()


_SEALED = Prepared(select(LinkKey.key_sealed).where(LinkKey.month == bindparam("wanted", type_=String())))
_ONCE = {
    name: insert(Nullifier.__table__)  # type: ignore[arg-type]
    .values(mark=bindparam("mark", type_=KEYED_HASH), month=bindparam("month", type_=String()))
    .on_conflict_do_nothing()
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_MARK = Prepared(_ONCE)


def sealed_key(unit: Unit, month: str) -> str | None:
    """The sealed key of that month: "" once it has been destroyed, None before it was made."""
    found = _SEALED.run(unit_of(unit), wanted=month).fetchone()
    return None if found is None else str(found[0])


def first(unit: Unit, mark: str, month: str) -> bool:
    """Leave this mark; whether it was not there yet. Of two at once, the second waits and hears no."""
    return bool(_MARK.run(unit_of(unit), mark=mark, month=month).rowcount)


def destroy(session: Session, key: LinkKey, now: datetime) -> None:
    """Empty the key, remove its marks, and take the keyed names of people and devices from that month's ratings."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")  # what is freed is overwritten with zeros
    key.key_sealed, key.destroyed_at = "", now
    session.execute(delete(Nullifier).where(Nullifier.month == key.month))
    nameless = {"rater_hash": None, "device_hash": None, "network_hash": None}
    session.execute(update(Rating).where(Rating.period == key.month).values(nameless))
    rated = Case.rating_id.in_(Rating.__table__.select().with_only_columns(Rating.id).where(Rating.period == key.month))
    session.execute(update(Case).where(rated, Case.state != "open").values(complainant_hash=None))
    session.flush()
