"""What keeps the two sides of a complaint apart: release to a department, words kept from whom they hurt, the keys of the vault."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.complaints import Case


class CaseRelease(Base):
    """The words that the complaints office let the department and the person concerned read. No row: they see nothing."""

    __tablename__ = "case_releases"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)
    text: Mapped[str] = mapped_column(Text)
    month: Mapped[str] = mapped_column(String(7))  # in which it was received: all that staff learn about when
    by: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)

    case: Mapped[Case] = relationship()


class CaseGuard(Base):
    """Something in the words of this case is sexual or a threat: a protection officer reads it first."""

    __tablename__ = "case_guards"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))  # sexual | threat
    found_at: Mapped[datetime] = mapped_column(Instant)
    cleared_by: Mapped[str] = mapped_column(String(60), default="")
    cleared_at: Mapped[datetime | None] = mapped_column(Instant)


class IdentityUnlock(Base):
    """Somebody of the complaints office asked to learn who complained; somebody of another role agreed or did not."""

    __tablename__ = "identity_unlocks"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(String(60))
    asked_role: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[str] = mapped_column(String(60), default="")
    decided_role: Mapped[str] = mapped_column(String(20), default="")
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    granted: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)

    case: Mapped[Case] = relationship()


class IdentityLook(Base):
    """Each time somebody really looked; the patient is told role and day."""

    __tablename__ = "identity_looks"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    unlock_id: Mapped[int] = mapped_column(ForeignKey("identity_unlocks.id"))
    login: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant)
