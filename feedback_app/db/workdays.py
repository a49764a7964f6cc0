"""Days that an administrator entered into the working calendar, over the published table."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant


class WorkdayOverride(Base):
    __tablename__ = "workday_overrides"

    day: Mapped[date] = mapped_column(primary_key=True)
    worked: Mapped[bool] = mapped_column()
    note: Mapped[str] = mapped_column(String(60), default="")
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(String(60))


class CalendarYear(Base):
    """A year all of whose holidays and moved workdays have been entered."""

    __tablename__ = "calendar_years"

    year: Mapped[int] = mapped_column(primary_key=True)
    complete_since: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(String(60))


def overrides(session: Session) -> Mapping[date, bool]:
    return {row.day: row.worked for row in session.execute(select(WorkdayOverride.day, WorkdayOverride.worked))}


def complete_years(session: Session) -> frozenset[int]:
    return frozenset(session.scalars(select(CalendarYear.year)))
