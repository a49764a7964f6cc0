"""What our own processes share: access tokens of the platforms, leases, and which periodic work is done."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class PlatformToken(Base):
    __tablename__ = "platform_tokens"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)  # "wechat:<app_id>", "wecom:<corp>:<agent>"
    value_sealed: Mapped[str] = mapped_column(Text)
    fetched_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class PlatformProblem(Base):
    """A call that an account is refused until somebody changes a setting; the newest refusal of each call."""

    __tablename__ = "platform_problems"

    account: Mapped[str] = mapped_column(String(80), primary_key=True)  # as PlatformToken.name
    path: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    reaction: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[str] = mapped_column(String(45), default="")  # of this server, where that is what was refused
    first_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    count: Mapped[int] = mapped_column(default=0)


class Lease(Base):
    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    owner: Mapped[str] = mapped_column(String(60))
    until: Mapped[datetime] = mapped_column(Instant)


class JobRun(Base):
    """Periodic work that has been done once: the row is written in the transaction that does it."""

    __tablename__ = "job_runs"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    period: Mapped[str] = mapped_column(String(20), primary_key=True)
    done_at: Mapped[datetime] = mapped_column(Instant)


class WorkProcess(Base):
    """A running ``service-star work``; rows older than a minute are processes that died."""

    __tablename__ = "work_processes"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Instant)
