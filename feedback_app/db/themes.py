"""What comments are about: each reading with its mentions, what administrators corrected, and the words they taught."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, case, delete, func, insert, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant
from feedback_app.db.day_counts import NO_UNIT
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import CANARY, Rating


class CommentReading(Base):
    """One comment as it was read last. Recomputable: when words change it is read again."""

    __tablename__ = "comment_readings"

    rating_id: Mapped[int] = mapped_column(ForeignKey("ratings.id"), primary_key=True, autoincrement=False)
    lexicon: Mapped[str] = mapped_column(String(16), index=True)  # which words it was read by
    polarity: Mapped[str] = mapped_column(String(6))  # good | bad | mixed | plain
    held: Mapped[str] = mapped_column(String(8), default="")  # threat | sexual | abuse: never quoted


class CommentTheme(Base):
    """One theme of one comment; unit and month stand here too, so that months are counted from the index alone."""

    __tablename__ = "comment_themes"
    __table_args__ = (
        UniqueConstraint("rating_id", "theme"),
        Index("ix_comment_themes_count", "period", "theme", "polarity", "unit_id", "rating_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rating_id: Mapped[int] = mapped_column(ForeignKey("ratings.id"))
    theme: Mapped[str] = mapped_column(String(20))
    polarity: Mapped[str] = mapped_column(String(6))
    words: Mapped[str] = mapped_column(String(200), default="")  # what it was told by, with "、" between
    period: Mapped[str] = mapped_column(String(7))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))


class ThemeCorrection(Base):
    """What a person says about one comment and one theme goes before the rules. Taken back: it stays, with the time."""

    __tablename__ = "theme_corrections"
    __table_args__ = (Index("ix_theme_corrections_rating", "rating_id", "theme"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rating_id: Mapped[int] = mapped_column(ForeignKey("ratings.id"))
    theme: Mapped[str] = mapped_column(String(20))
    polarity: Mapped[str] = mapped_column(String(6))  # "": the comment is not about it
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(String(60))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str] = mapped_column(String(60), default="")


class ThemeWord(Base):
    """A word that was taught. Taken back: it stays, with the time."""

    __tablename__ = "theme_words"

    id: Mapped[int] = mapped_column(primary_key=True)
    theme: Mapped[str] = mapped_column(String(20), default="")  # "": a word that judges whatever it is, or is spared
    role: Mapped[str] = mapped_column(String(8))  # about | good | bad | spared
    word: Mapped[str] = mapped_column(String(20))
    taught_at: Mapped[datetime] = mapped_column(Instant)
    taught_by: Mapped[str] = mapped_column(String(60))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str] = mapped_column(String(60), default="")


class Said(NamedTuple):
    """One theme in one counted comment."""

    theme: str
    polarity: str
    point_id: int
    unit_id: int
    period: str
    rating_id: int
    words: str
    may_be_quoted: bool


class ThemeCount(NamedTuple):
    theme: str
    polarity: str
    unit_id: int | None
    comments: int


def words(session: Session) -> Sequence[ThemeWord]:
    """Those that stand, oldest first."""
    return session.scalars(select(ThemeWord).where(ThemeWord.ended_at.is_(None)).order_by(ThemeWord.id)).all()


class Words(NamedTuple):
    """What a rating said, and where it belongs."""

    rating_id: int
    comment: str
    score: int
    period: str
    unit_id: int | None


_WORDS = (Rating.id, Rating.comment, Rating.score, Rating.period, Rating.unit_id)
_LATE = 5_000
"""A server's writers may commit in another order than they took their numbers: so far back it is looked again."""


def unread(session: Session, most: int) -> list[Words]:
    """Of ratings that were not read yet, oldest first."""
    last = session.scalar(select(func.max(CommentReading.rating_id))) or 0
    read = select(CommentReading.rating_id).where(CommentReading.rating_id == Rating.id).exists()
    query = select(*_WORDS).where(Rating.id > last - _LATE, Rating.comment != "", Rating.status != CANARY, ~read)
    return [Words(*row) for row in session.execute(query.order_by(Rating.id).limit(most))]


def outdated(session: Session, lexicon: str, most: int) -> list[Words]:
    """Of ratings that were read by other words, newest first; the words of some may be erased by now."""
    other = or_(CommentReading.lexicon < lexicon, CommentReading.lexicon > lexicon)  # unlike !=, found by the index
    query = select(*_WORDS).join(CommentReading, CommentReading.rating_id == Rating.id).where(other)
    return [Words(*row) for row in session.execute(query.order_by(CommentReading.rating_id.desc()).limit(most))]


def unchanged(session: Session, some: Sequence[Words]) -> list[Words]:
    """Those that still say the same, and go on saying so until this transaction ends: words may be erased, and readings be
    corrected, at any time."""
    query = (
        select(*_WORDS)
        .where(Rating.id.in_([one.rating_id for one in some]))
        .order_by(Rating.id)
        .with_for_update(key_share=True)
    )
    now = {Words(*row) for row in session.execute(query)}
    return [one for one in some if one in now]


def replace(session: Session, readings: Sequence[Mapping[str, Any]], mentions: Sequence[Mapping[str, Any]]) -> None:
    """What was read in these comments takes the place of what was read before. Rows as the two tables have them."""
    ids = [one["rating_id"] for one in readings]
    for table in (CommentTheme, CommentReading):
        gone = delete(table).where(table.rating_id.in_(ids))
        session.execute(gone.execution_options(synchronize_session=False))
    if readings:
        session.execute(insert(CommentReading), list(readings))
    if mentions:
        session.execute(insert(CommentTheme), list(mentions))


def is_outdated(session: Session, lexicon: str) -> bool:
    other = or_(CommentReading.lexicon < lexicon, CommentReading.lexicon > lexicon)
    return session.scalar(select(CommentReading.rating_id).where(other).limit(1)) is not None


def stays_as_read(session: Session, rating_ids: Sequence[int], lexicon: str) -> None:
    """Their words are gone: what was found in them stands."""
    session.execute(update(CommentReading).where(CommentReading.rating_id.in_(rating_ids)).values(lexicon=lexicon))


def counts(session: Session, period: str, unit_id: int | None = None) -> list[ThemeCount]:
    """Counted ratings alone: a repeat, a withdrawn one or one set aside says nothing here."""
    keys = (CommentTheme.theme, CommentTheme.polarity, CommentTheme.unit_id)
    query = select(*keys, func.count()).join(Rating, Rating.id == CommentTheme.rating_id)
    query = query.where(CommentTheme.period == period, Rating.status == "counted").group_by(*keys)
    if unit_id is not None:
        query = query.where(CommentTheme.unit_id == unit_id)
    return [ThemeCount(*row) for row in session.execute(query)]


def said(session: Session, points: Collection[int], first: str, last: str) -> list[Said]:
    """Every theme of every counted comment about these service points in these months, as it was read last."""
    unit = func.coalesce(Rating.unit_id, case((ServicePoint.kind == "department", ServicePoint.id), else_=ServicePoint.department_id), NO_UNIT)  # fmt: skip
    query = (
        select(
            CommentTheme.theme, CommentTheme.polarity, Rating.service_point_id, unit, Rating.period, Rating.id,
            Rating.comment, CommentReading.held,
        )
        .join(Rating, Rating.id == CommentTheme.rating_id)
        .join(CommentReading, CommentReading.rating_id == Rating.id)
        .join(ServicePoint, ServicePoint.id == Rating.service_point_id)
        .where(CommentTheme.period.between(first, last), Rating.status == "counted")
    )  # fmt: skip
    rows = (row for row in session.execute(query) if row[2] in points)
    return [Said(*row[:7], may_be_quoted=bool(row[6]) and row[7] == "") for row in rows]


def comments(session: Session, period: str, unit_id: int | None = None) -> int:
    """How many counted comments of that month have been read."""
    query = select(func.count()).select_from(CommentReading).join(Rating, Rating.id == CommentReading.rating_id)
    query = query.where(Rating.period == period, Rating.status == "counted")
    if unit_id is not None:
        query = query.where(Rating.unit_id == unit_id)
    return session.scalar(query) or 0


def units(session: Session, ids: set[int]) -> dict[int, ServicePoint]:
    return {one.id: one for one in session.scalars(select(ServicePoint).where(ServicePoint.id.in_(ids)))}


def corrections(session: Session, rating_ids: Sequence[int]) -> dict[int, dict[str, ThemeCorrection]]:
    """Rating -> theme -> the correction that stands."""
    query = select(ThemeCorrection).where(ThemeCorrection.rating_id.in_(rating_ids), ThemeCorrection.ended_at.is_(None))
    found: dict[int, dict[str, ThemeCorrection]] = {}
    for one in session.scalars(query.order_by(ThemeCorrection.id)):
        found.setdefault(one.rating_id, {})[one.theme] = one
    return found
