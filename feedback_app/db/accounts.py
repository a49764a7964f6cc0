"""Who may sign in to the consoles, and who is signed in now."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import KEYED_HASH, Base, Instant


class Account(Base):
    """A console user: administrator, complaints office or quality office."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(20))  # admin | office | quality
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_login_at: Mapped[datetime | None] = mapped_column(Instant)


class SignIn(Base):
    """A signed-in browser, of an account or of a bound member of staff. Only a hash of its token is here."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(10))  # account | staff
    subject_id: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)


class SetupLink(Base):
    """A one-time link to make an account."""

    __tablename__ = "setup_links"

    token_hash: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
