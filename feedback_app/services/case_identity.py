"""Who complained: opened with two keys and a reason, for one day, each look written down and told to the patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.case_privacy import IdentityLook, IdentityUnlock
from feedback_app.db.case_secrets import CONTACT, WORDS, CaseSecret
from feedback_app.db.complaints import Case
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.domain.roles import SECOND_KEY, Viewer
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, case_people, evidence, vault
from feedback_app.services.case_steps import get
from feedback_app.texts import text as sentence

OPEN_FOR = timedelta(hours=24)
LONGEST_REASON = 300


@dataclass(frozen=True)
class Identity:
    """What the vault holds: contacts and words as they were written, oldest first."""

    contacts: Sequence[str]
    words: Sequence[str]


@dataclass(frozen=True)
class Look:
    """What the patient learns about one look."""

    role: str
    day: date


@dataclass(frozen=True)
class Standing:
    """How far the opening of a case's identity is: ``none``, ``nothing`` (to open), ``asked``, ``granted``."""

    word: str
    unlock: IdentityUnlock | None = None


def standing(session: Session, case: Case, viewer: Viewer, now: datetime) -> Standing:
    """For the page of the case, as this person finds it."""
    if session.scalar(select(CaseSecret.id).where(CaseSecret.case_id == case.id).limit(1)) is None:
        return Standing("nothing")
    query = select(IdentityUnlock).where(
        IdentityUnlock.case_id == case.id, IdentityUnlock.asked_by == viewer.login
    )  # fmt: skip
    last = session.scalar(query.order_by(IdentityUnlock.id.desc()).limit(1))
    if last is not None and last.decided_at is None:
        return Standing("asked", last)
    if last is not None and _is_open(last, now):
        return Standing("granted", last)
    return Standing("none", last)


def ask(session: Session, number: str, reason: str, viewer: Viewer, now: datetime) -> IdentityUnlock:
    """Ask for the second key. Raises Refused ``desk.reason_needed``, Conflict ``desk.asked_already``."""
    case, words = get(session, number), clean(reason)[:LONGEST_REASON]
    if not words:
        raise Refused("desk.reason_needed")
    if standing(session, case, viewer, now).word in {"asked", "granted"}:
        raise Conflict("desk.asked_already")
    asked = IdentityUnlock(
        case_id=case.id, reason=words, asked_by=viewer.login, asked_role=viewer.role, asked_at=now
    )  # fmt: skip
    session.add(asked)
    session.flush()
    audit.write(session, actor=viewer.login, action="identity.asked", subject=number, now=now, unlock=asked.id)
    key, title = f"identity:{asked.id}:asked", sentence("desk.push.unlock_title")
    case_people.send(
        session, case_people.OFFICE, key, title, sentence("desk.push.unlock"), now, purpose="identity_asked"
    )
    return asked


def waiting(session: Session) -> Sequence[IdentityUnlock]:
    """What waits for a second key, oldest first."""
    query = select(IdentityUnlock).where(IdentityUnlock.decided_at.is_(None)).options(joinedload(IdentityUnlock.case))
    return session.scalars(query.order_by(IdentityUnlock.id)).all()


def decided(session: Session, most: int = 50) -> Sequence[IdentityUnlock]:
    """The last ones that were decided, newest first."""
    query = select(IdentityUnlock).where(IdentityUnlock.decided_at.is_not(None))
    query = query.options(joinedload(IdentityUnlock.case)).order_by(IdentityUnlock.decided_at.desc())
    return session.scalars(query.limit(most)).all()


def decide(session: Session, unlock_id: int, granted: bool, viewer: Viewer, now: datetime) -> IdentityUnlock:
    """Turn the second key, or not; whoever turns it sees nothing.

    Raises NotFound ``desk.no_unlock``, Conflict ``desk.decided_already``, NotAllowed
    ``desk.second_person`` when the same person or role asks and agrees.
    """
    asked = session.get(IdentityUnlock, unlock_id, with_for_update=True)
    if asked is None:
        raise NotFound("desk.no_unlock")
    if asked.decided_at is not None:
        raise Conflict("desk.decided_already")
    if viewer.role not in SECOND_KEY or viewer.role == asked.asked_role or viewer.login == asked.asked_by:
        raise NotAllowed("desk.second_person")
    asked.decided_by, asked.decided_role, asked.decided_at = viewer.login, viewer.role, now
    asked.granted, asked.expires_at = granted, now + OPEN_FOR if granted else None
    action = "identity.granted" if granted else "identity.denied"
    audit.write(session, actor=viewer.login, action=action, subject=asked.case.number or "", now=now, unlock=asked.id)
    return asked


def look(session: Session, number: str, viewer: Viewer, now: datetime) -> Identity:
    """Open the vault: for whoever asked, within a day. It is written down before anything is shown.

    Raises NotAllowed ``desk.locked``.
    """
    case = get(session, number)
    found = standing(session, case, viewer, now)
    if found.word != "granted" or found.unlock is None:
        raise NotAllowed("desk.locked")
    _write_down(session, case, found.unlock, viewer, now)
    rows = session.scalars(select(CaseSecret).where(CaseSecret.case_id == case.id).order_by(CaseSecret.id)).all()
    opened = vault.of(session)
    return Identity(
        contacts=[opened.unseal(row.sealed) for row in rows if row.kind == CONTACT],
        words=[opened.unseal(row.sealed) for row in rows if row.kind == WORDS],
    )


def looks(session: Session, case: Case, zone: ZoneInfo) -> list[Look]:
    """Who looked, as the patient is told: role and day, oldest first."""
    rows = session.scalars(select(IdentityLook).where(IdentityLook.case_id == case.id).order_by(IdentityLook.id))
    return [Look(row.role, local_day(row.at, zone)) for row in rows]


def _write_down(session: Session, case: Case, unlock: IdentityUnlock, viewer: Viewer, now: datetime) -> None:
    session.add(IdentityLook(case_id=case.id, unlock_id=unlock.id, login=viewer.login, role=viewer.role, at=now))
    audit.write(
        session, actor=viewer.login, action="identity.seen", subject=case.number or "", now=now, unlock=unlock.id
    )
    evidence.write(
        session,
        "looked",
        f"identity:{unlock.id}",
        shown={"by": viewer.role, "agreed": unlock.decided_role},
        hidden={"case": case.number, "by": viewer.login, "agreed": unlock.decided_by, "reason": unlock.reason},
        now=now,
    )


def _is_open(unlock: IdentityUnlock, now: datetime) -> bool:
    return unlock.granted and unlock.expires_at is not None and now < unlock.expires_at
