"""Work that must happen once a period, whoever does it; and which worker processes are alive."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback_app.db.platform import JobRun, Lease, WorkProcess

ALIVE = timedelta(minutes=1)
_FORGOTTEN = timedelta(days=7)
_SKEW = timedelta(seconds=10)  # between the clocks of two machines, and while one waited for the other's row


def is_done(session: Session, kind: str, period: str) -> bool:
    """Whether somebody has done this already; cheap, for a reading transaction."""
    return session.get(JobRun, (kind, period)) is not None


def take(session: Session, kind: str, period: str, now: datetime) -> bool:
    """Claim the work inside the transaction that does it. False: another process has done it.

    On PostgreSQL a second process waits here until the first one commits (then False) or fails (then True).
    """
    if is_done(session, kind, period):
        return False
    try:
        with session.begin_nested():
            session.add(JobRun(kind=kind, period=period, done_at=now))
    except IntegrityError:
        return False
    return True


def hold(session: Session, name: str, owner: str, now: datetime) -> bool:
    """Whether ``owner`` is the one who does this work now: taken when free or run out, prolonged when already held.

    The row stays locked until the caller's transaction ends, so that two holders cannot overlap on PostgreSQL either.
    """
    lease = session.get(Lease, name, with_for_update=True, populate_existing=True)
    if lease is None:
        try:
            with session.begin_nested():
                session.add(Lease(name=name, owner=owner, until=now + ALIVE))
        except IntegrityError:
            return False
        return True
    if lease.owner != owner and now < lease.until <= now + ALIVE + _SKEW:
        return False
    lease.owner, lease.until = owner, now + ALIVE
    session.flush()
    return True


def beat(session: Session, name: str, now: datetime) -> None:
    """This worker process is alive. Another one may just have taken this one for gone, after a long standstill."""
    mine = update(WorkProcess).where(WorkProcess.name == name).values(seen_at=now)
    known = cast(CursorResult[Any], session.execute(mine.execution_options(synchronize_session=False)))
    if not known.rowcount:
        session.add(WorkProcess(name=name, seen_at=now))
    session.execute(delete(WorkProcess).where(WorkProcess.seen_at < now - _FORGOTTEN))
    session.flush()


def gone(session: Session, name: str) -> None:
    """This worker process ended in an orderly way."""
    session.execute(delete(WorkProcess).where(WorkProcess.name == name))


def alive(session: Session, now: datetime) -> list[str]:
    """Names of the worker processes seen within the last minute."""
    seen = select(WorkProcess.name).where(WorkProcess.seen_at > now - ALIVE, WorkProcess.seen_at <= now + ALIVE)
    return list(session.scalars(seen.order_by(WorkProcess.name)))
