"""The evidence log: one row for each thing that must not vanish, the nodes of the tree over them, and the signed heads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import JSON, Index, String, Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant
from feedback_app.db.writing import Prepared, Unit, unit_of


class Evidence(Base):
    """One entry. ``position`` is its place in the tree, given by the sequencer within a minute of ``written_at``."""

    __tablename__ = "evidence"
    __table_args__ = (Index("ix_evidence_subject", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int | None] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(20))  # rating | withdrawn | rules | closed | published …
    subject: Mapped[str] = mapped_column(String(80))  # "rating:1V3K5R4G5D", "stars:monthly:2026-11"
    shown: Mapped[dict[str, Any]] = mapped_column(JSON)  # what the entry says openly
    salt: Mapped[str] = mapped_column(String(32))
    hidden: Mapped[str] = mapped_column(String(64))  # commitment to what it does not say openly
    leaf: Mapped[str] = mapped_column(String(64))
    written_at: Mapped[datetime] = mapped_column(Instant)


class EvidenceNode(Base):
    """A complete subtree, see ``domain.merkle``."""

    __tablename__ = "evidence_nodes"

    level: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))


class TreeHead(Base):
    """What we have signed: a tree of this size has this root."""

    __tablename__ = "tree_heads"

    size: Mapped[int] = mapped_column(primary_key=True)
    root: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)
    signature: Mapped[str] = mapped_column(String(128))


_TABLE = cast(Table, Evidence.__table__)
_WRITTEN = ("kind", "subject", "shown", "salt", "hidden", "leaf", "written_at")
_INSERT = Prepared(_TABLE.insert().values({name: bindparam(name, type_=_TABLE.c[name].type) for name in _WRITTEN}))


_PLACE = update(_TABLE).where(_TABLE.c.id == bindparam("entry")).values(position=bindparam("place"))


def add(unit: Unit, **values: Any) -> None:
    """One entry, without a place yet."""
    _INSERT.run(unit_of(unit), **values)


def size(session: Session) -> int:
    """How many entries have a place in the tree."""
    last = session.scalar(select(func.max(Evidence.position)))
    return 0 if last is None else last + 1


def pending(session: Session, most: int) -> list[tuple[int, str]]:
    """Id and leaf of the oldest entries without a place."""
    waiting = select(Evidence.id, Evidence.leaf).where(Evidence.position.is_(None)).order_by(Evidence.id).limit(most)
    return [(entry_id, leaf) for entry_id, leaf in session.execute(waiting)]


def place(session: Session, positions: Mapping[int, int], nodes: Mapping[tuple[int, int], bytes]) -> None:
    """Give entries (by id) their positions, and store what has become complete in the tree."""
    if positions:
        rows = [{"entry": entry_id, "place": place} for entry_id, place in positions.items()]
        session.connection().execute(_PLACE, rows)
        made = [{"level": level, "place": place, "hash": value.hex()} for (level, place), value in nodes.items()]
        session.connection().execute(insert(EvidenceNode), made)


def of_subject(session: Session, subject: str) -> Sequence[Evidence]:
    return session.scalars(select(Evidence).where(Evidence.subject == subject).order_by(Evidence.id)).all()


def latest_head(session: Session) -> TreeHead | None:
    return session.scalar(select(TreeHead).order_by(TreeHead.size.desc()).limit(1))
