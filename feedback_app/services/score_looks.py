"""Looking at one named person's scores: for a written purpose, with the agreement of a second person, for one day.

What is shown are the figures the person has (``services.releases``), nothing else. The person sees who asked, why, who agreed
and when it was looked at.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import score_looks
from feedback_app.db.accounts import Account
from feedback_app.db.directory import ServicePoint
from feedback_app.db.score_looks import ScoreLook
from feedback_app.domain.roles import DIRECTOR, HEAD, QUALITY
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, releases
from feedback_app.services.releases import Given

OPEN_FOR = timedelta(hours=24)
LEAST_WORDS, MOST_WORDS = 4, 200
MAY_AGREE = frozenset({DIRECTOR, QUALITY})
_LISTED = 20


def ask(session: Session, account: Account, staff_no: str, purpose: str, now: datetime) -> ScoreLook:
    """Raises Refused ``dashboards.no_purpose``, ``dashboards.own_scores``, NotFound ``dashboards.no_person`` (a head's own
    department only)."""
    words = purpose.strip()
    if not LEAST_WORDS <= len(words) <= MOST_WORDS:
        raise Refused("dashboards.no_purpose", least=LEAST_WORDS, most=MOST_WORDS)
    query = select(ServicePoint).where(ServicePoint.kind == "staff", ServicePoint.key == staff_no.strip())
    person = session.scalar(query)
    if person is None or (account.role == HEAD and person.department_id != account.department_id):
        raise NotFound("dashboards.no_person")
    if account.person_id == person.id:
        raise Refused("dashboards.own_scores")
    look = ScoreLook(
        person_id=person.id,
        purpose=words,
        asked_by=account.login,
        asked_name=account.name,
        asked_role=account.role,
        asked_at=now,
    )
    session.add(look)
    audit.write(
        session, actor=account.login, action="scores.asked", subject=f"staff:{person.key}", now=now, purpose=words
    )
    session.flush()
    return look


def decide(session: Session, look_id: int, agreed: bool, account: Account, now: datetime) -> ScoreLook:
    """Raises NotFound ``dashboards.no_look``, Refused ``dashboards.second_person``, Conflict ``dashboards.decided``."""
    look = _find(session, look_id)
    if look.asked_by == account.login or account.role not in MAY_AGREE or account.person_id == look.person_id:
        raise Refused("dashboards.second_person")
    if look.decided_at is not None:
        raise Conflict("dashboards.decided")
    look.decided_by, look.decided_name, look.decided_at, look.agreed = account.login, account.name, now, agreed
    audit.write(
        session,
        actor=account.login,
        action="scores.agreed" if agreed else "scores.refused",
        subject=f"staff:{look.person.key}",
        now=now,
        asked_by=look.asked_by,
    )
    session.flush()
    return look


def open_for(session: Session, look_id: int, account: Account, now: datetime) -> tuple[ScoreLook, list[Given]]:
    """The figures, for whoever asked and while it is open; the first look is noted. Raises NotFound ``dashboards.no_look``."""
    look = _find(session, look_id)
    if look.asked_by != account.login or not is_open(look, now):
        raise NotFound("dashboards.no_look")
    if look.looked_at is None:
        look.looked_at = now
        audit.write(session, actor=account.login, action="scores.read", subject=f"staff:{look.person.key}", now=now)
        session.flush()
    return look, releases.of_person(session, look.person_id)


def is_open(look: ScoreLook, now: datetime) -> bool:
    return look.agreed and look.decided_at is not None and look.decided_at <= now < look.decided_at + OPEN_FOR


def mine(session: Session, account: Account) -> Sequence[ScoreLook]:
    return score_looks.asked_by(session, account.login, _LISTED)


def to_decide(session: Session, account: Account) -> list[ScoreLook]:
    """What waits for this person's word."""
    if account.role not in MAY_AGREE:
        return []
    return [
        one
        for one in score_looks.waiting(session)
        if one.asked_by != account.login and one.person_id != account.person_id
    ]


def of_person(session: Session, person_id: int) -> list[ScoreLook]:
    """Those the person reads about: agreed ones and those that still wait, newest first."""
    return [one for one in score_looks.of_person(session, person_id) if one.agreed or one.decided_at is None]


def _find(session: Session, look_id: int) -> ScoreLook:
    look = session.get(ScoreLook, look_id)
    if look is None:
        raise NotFound("dashboards.no_look")
    return look
