"""From which day on ratings still count: periods that have been closed stay as they are."""

from datetime import date

from sqlalchemy import literal_column, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base
from feedback_app.db.engine import lock
from feedback_app.db.writing import Prepared, Unit, unit_of

_ONLY = 1


class CountingDay(Base):
    """One row: the first day that no closed period contains. It only ever moves on."""

    __tablename__ = "counting_days"

    id: Mapped[int] = mapped_column(primary_key=True)
    open_from: Mapped[date] = mapped_column()


_OPEN_FROM = Prepared(select(CountingDay.open_from).where(CountingDay.id == literal_column(str(_ONLY))))


def open_from(unit: Unit) -> date:
    """The first day that a rating can still count on; the beginning of time before anything has been closed."""
    found = _OPEN_FROM.rows(unit_of(unit))
    return found[0][0] if found else date.min


def move_to(session: Session, day: date) -> None:
    """Ratings that come from now on count on ``day`` or later."""
    lock(session, "counting day")
    known = session.scalar(select(CountingDay.open_from).where(CountingDay.id == _ONLY))
    if known is None:
        session.add(CountingDay(id=_ONLY, open_from=day))
        session.flush()
    elif known < day:
        session.execute(update(CountingDay).where(CountingDay.id == _ONLY).values(open_from=day))
