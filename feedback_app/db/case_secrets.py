"""The vault of complaints: what tells who complained, sealed and apart from the words that others read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant

CONTACT, WORDS = "contact", "words"


class CaseSecret(Base):
    """A contact somebody left, or words as they were written where something in them had to be masked."""

    __tablename__ = "case_secrets"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("case_events.id"))  # of which words; None: of the case
    kind: Mapped[str] = mapped_column(String(10))  # contact | words
    sealed: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)


def sealed(session: Session, case_id: int, kind: str) -> Sequence[str]:
    """What is kept of that kind about a case, oldest first."""
    query = select(CaseSecret.sealed).where(CaseSecret.case_id == case_id, CaseSecret.kind == kind)
    return session.scalars(query.order_by(CaseSecret.id)).all()
