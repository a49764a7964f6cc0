"""Two people at one case: who else has it open, and who has written since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from feedback_app.db.accounts import Account
from feedback_app.db.complaints import Case
from feedback_app.db.desk import CaseWatch

HERE = timedelta(minutes=3)
"""Whoever opened or refreshed a case that recently is taken to be at it."""
AGAIN = timedelta(seconds=45)


@dataclass(frozen=True)
class Colleague:
    name: str
    minutes: int  # since they were last seen there


def others(session: Session, case: Case, login: str, now: datetime) -> Sequence[Colleague]:
    """Who else is at the case now, the latest first."""
    query = select(Account.name, CaseWatch.at).join(Account, Account.login == CaseWatch.login)
    query = query.where(CaseWatch.case_id == case.id, CaseWatch.login != login, CaseWatch.at > now - HERE)
    rows = session.execute(query.order_by(CaseWatch.at.desc()))
    return [Colleague(name, int((now - at).total_seconds() // 60)) for name, at in rows]


def is_stale(session: Session, case: Case, login: str, now: datetime) -> bool:
    """Whether it is time to write down again that somebody is here."""
    row = session.get(CaseWatch, (case.id, login))
    return row is None or not now - AGAIN < row.at <= now


def here(session: Session, case_id: int, login: str, now: datetime) -> None:
    """They have the case open now."""
    row = session.get(CaseWatch, (case_id, login))
    if row is None:
        session.add(CaseWatch(case_id=case_id, login=login, at=now))
    else:
        row.at = now
    session.execute(delete(CaseWatch).where(CaseWatch.at < now - timedelta(days=1)))
