"""Documents that people are to read: standards by version, notices, basis documents, leaflets for patients."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class Document(Base):
    """One version: draft -> published -> replaced | withdrawn. Published by somebody else than wrote it."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("key", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), index=True)
    number: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(10), index=True)  # domain.documents.KINDS
    title: Mapped[dict[str, Any]] = mapped_column(JSON)  # by language
    body: Mapped[dict[str, Any]] = mapped_column(JSON)  # by language; plain text, an empty line between paragraphs
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # of a standard: key, text, dimension
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"), index=True)  # None: everybody
    issued_by: Mapped[str] = mapped_column(String(120), default="")  # the authority of a basis document
    read_by_day: Mapped[date | None] = mapped_column()  # asked to be read until then
    state: Mapped[str] = mapped_column(String(10), default="draft", index=True)
    written_by: Mapped[str] = mapped_column(String(60))
    written_at: Mapped[datetime] = mapped_column(Instant)
    published_by: Mapped[str] = mapped_column(String(60), default="")
    published_at: Mapped[datetime | None] = mapped_column(Instant)

    department: Mapped[ServicePoint | None] = relationship()


class DocumentFile(Base):
    __tablename__ = "document_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    content_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))


class ReadReceipt(Base):
    """Somebody has read and understood this very version."""

    __tablename__ = "read_receipts"

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


def versions(session: Session, key: str) -> Sequence[Document]:
    """All versions, the newest first."""
    return session.scalars(select(Document).where(Document.key == key).order_by(Document.number.desc())).all()


def published(session: Session, *kinds: str) -> Sequence[Document]:
    """What is in force, the newest first."""
    query = select(Document).where(Document.state == "published")
    if kinds:
        query = query.where(Document.kind.in_(kinds))
    return session.scalars(query.order_by(Document.published_at.desc(), Document.id.desc())).all()
