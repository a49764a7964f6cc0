"""Who may sign in to the consoles, and who is signed in now."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from feedback_app.db.base import KEYED_HASH, Base, Instant
from feedback_app.db.directory import ServicePoint


class Account(Base):
    """A console user; the roles are those of ``domain.roles``."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(20))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))  # their own entry of the directory
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_login_at: Mapped[datetime | None] = mapped_column(Instant)
    totp_sealed: Mapped[str] = mapped_column(String(200), default="")  # "" without one-time codes
    totp_step: Mapped[int] = mapped_column(default=0)  # the last time step whose code was taken: none counts twice
    new_browser: Mapped[str] = mapped_column(String(60), default="")  # told at the next visit from elsewhere
    new_browser_at: Mapped[datetime | None] = mapped_column(Instant)

    department: Mapped[ServicePoint | None] = relationship(foreign_keys=[department_id])


class SignInFailures(Base):
    """Wrong passwords in a row for one login, whether an account has that login or not: so nothing tells them apart."""

    __tablename__ = "sign_in_failures"

    login_hash: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(Instant, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)


class SignIn(Base):
    """A signed-in browser, of an account or of a bound member of staff. Only a hash of its token is here."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(10))  # account | staff
    subject_id: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime] = mapped_column(Instant)  # when the password was last entered
    browser: Mapped[str] = mapped_column(String(60), default="")  # "Chrome · Windows": for the list of own sign-ins


class Passkey(Base):
    """A key in a phone or computer that stands for the password and the second factor at once (W3C WebAuthn)."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    credential_id: Mapped[str] = mapped_column(
        String(1400), unique=True
    )  # base64url; at most 1,023 bytes by the standard
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)


class RecoveryCode(Base):
    """One of the ten codes on paper for the day the phone is lost; only its hash is here."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class SetupLink(Base):
    """A one-time link to make an account, or (with ``account_id``) to choose a new password for one."""

    __tablename__ = "setup_links"

    token_hash: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(60), default="system")
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    account: Mapped[Account | None] = relationship()


def by_login(session: Session, login: str) -> Account | None:
    return session.scalar(select(Account).where(Account.login == login))


def listed(session: Session) -> Sequence[Account]:
    """All accounts, working ones first."""
    return session.scalars(
        select(Account)
        .options(joinedload(Account.department))
        .order_by(Account.active.desc(), Account.role, Account.login)
    ).all()


def working_administrators(session: Session) -> int:
    query = select(func.count()).select_from(Account).where(Account.role == "admin", Account.active)
    return session.scalar(query) or 0


def open_links(session: Session, now: datetime) -> Sequence[SetupLink]:
    """Links that still can be used, oldest first."""
    query = select(SetupLink).where(SetupLink.used_at.is_(None), SetupLink.expires_at > now)
    return session.scalars(query.order_by(SetupLink.created_at)).all()
