"""Appeals: staff contest a released case once; somebody outside the unit decides, without seeing a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.appeals import Appeal
from feedback_app.db.case_privacy import CaseRelease
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain import screening
from feedback_app.domain.questions.text import clean
from feedback_app.domain.roles import Viewer
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, case_findings, case_history, evidence, set_asides

LONGEST = 1000
UPHELD, REFUSED, OPEN = "upheld", "refused", "open"
WHY = "set aside after an appeal"
SOMEBODY = "〔职工〕"


@dataclass(frozen=True)
class Nameless:
    """What the person who decides reads: nobody's name, no department, no day."""

    id: int
    complaint: str
    reasons: str
    has_rating: bool
    state: str
    decision: str


def file(session: Session, release: CaseRelease, person: ServicePoint, reasons: str, now: datetime) -> Appeal:
    """Contest the case, once. Raises Refused ``appeals.reasons_needed``, ``appeals.too_long``, Conflict ``appeals.once``."""
    words = clean(reasons)
    if not words:
        raise Refused("appeals.reasons_needed")
    if len(words) > LONGEST:
        raise Refused("appeals.too_long", most=LONGEST, length=len(words))
    appeal = Appeal(
        case_id=release.case_id,
        rating_id=release.case.rating_id,
        person_id=person.id,
        department_id=person.department_id,
        reasons=words,
        filed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(appeal)
            session.flush()
    except IntegrityError:
        raise Conflict("appeals.once") from None
    case_history.write(session, release.case, "appealed", actor=f"staff:{person.key}", now=now)
    audit.write(session, actor=f"staff:{person.key}", action="appeal.filed", subject=release.case.number or "", now=now)
    return appeal


def of_person(session: Session, person_id: int) -> dict[int, Appeal]:
    """Case id to this person's appeal."""
    return {one.case_id: one for one in session.scalars(select(Appeal).where(Appeal.person_id == person_id))}


def listed(session: Session, viewer: Viewer) -> list[Nameless]:
    """Those this person may decide, open ones first; those of their own unit or about themself are not among them."""
    query = select(Appeal).where(*_outside(viewer)).options(joinedload(Appeal.case))
    rows = session.scalars(query.order_by((Appeal.state == OPEN).desc(), Appeal.id.desc()).limit(100)).all()
    return [_nameless(session, row) for row in rows]


def show(session: Session, appeal_id: int, viewer: Viewer) -> Nameless:
    """Raises NotFound ``appeals.unknown``."""
    return _nameless(session, _theirs(session, appeal_id, viewer))


def is_theirs(session: Session, appeal_id: int, viewer: Viewer) -> bool:
    return session.scalar(select(Appeal.id).where(Appeal.id == appeal_id, *_outside(viewer))) is not None


def decide(session: Session, appeal_id: int, upheld: bool, words: str, viewer: Viewer, now: datetime) -> Appeal:
    """Uphold it (the rating no longer counts, whoever asks can see that it was set aside) or not; with reasons.

    Raises NotFound ``appeals.unknown``, Refused ``appeals.reasons_needed``, Conflict ``appeals.decided``.
    """
    appeal, told = _theirs(session, appeal_id, viewer), clean(words)[:LONGEST]
    session.refresh(appeal, with_for_update=True)
    if not told:
        raise Refused("appeals.reasons_needed")
    if appeal.state != OPEN:
        raise Conflict("appeals.decided")
    appeal.state, appeal.decision = UPHELD if upheld else REFUSED, told
    appeal.decided_by, appeal.decided_role, appeal.decided_at = viewer.login, viewer.role, now
    if upheld:
        _set_aside(session, appeal, now)
        case_findings.fall(session, appeal.case, now=now)
    case_history.write(
        session, appeal.case, "appeal_decided", actor=viewer.login, now=now, text=told, details={"result": appeal.state}
    )
    audit.write(
        session, actor=viewer.login, action="appeal.decided", subject=appeal.case.number or "", now=now, result=appeal.state
    )  # fmt: skip
    hidden = {"case": appeal.case.number, "by": viewer.login, "why": told}
    evidence.write(
        session, "appeal", f"appeal:{appeal.id}", shown={"result": appeal.state}, hidden=hidden, now=now
    )  # fmt: skip
    session.flush()
    return appeal


def upheld_since(session: Session, person_id: int, closed_at: datetime, months: Sequence[str]) -> bool:
    """Whether a rating of these months was set aside for this person after a board was closed."""
    query = select(Appeal.id).join(Rating, Rating.id == Appeal.rating_id)
    query = query.where(Appeal.person_id == person_id, Appeal.state == UPHELD, Appeal.decided_at > closed_at)
    return session.scalar(query.where(Rating.period.in_(months)).limit(1)) is not None


def _set_aside(session: Session, appeal: Appeal, now: datetime) -> None:
    rating = set_asides.held_for_deciding(session, appeal.rating_id) if appeal.rating_id else None
    if rating is not None and rating.status == "counted":
        rating.status, rating.why_not = "excluded", WHY
        evidence.write_decision(session, rating, now)


def _outside(viewer: Viewer) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if viewer.department_id is not None:
        conditions.append(or_(Appeal.department_id.is_(None), Appeal.department_id != viewer.department_id))
    if viewer.person_id is not None:
        conditions.append(Appeal.person_id != viewer.person_id)
    return conditions


def _theirs(session: Session, appeal_id: int, viewer: Viewer) -> Appeal:
    row = session.scalar(select(Appeal).where(Appeal.id == appeal_id, *_outside(viewer)))
    if row is None:
        raise NotFound("appeals.unknown")
    return row


def _nameless(session: Session, appeal: Appeal) -> Nameless:
    release = session.scalar(select(CaseRelease.text).where(CaseRelease.case_id == appeal.case_id))
    names = _to_hide(session, appeal)
    return Nameless(
        id=appeal.id,
        complaint=_without(release or "", names),
        reasons=_without(appeal.reasons, names),
        has_rating=appeal.rating_id is not None,
        state=appeal.state,
        decision=appeal.decision,
    )


def _to_hide(session: Session, appeal: Appeal) -> list[str]:
    """Names of the person, the colleagues and the unit."""
    points = select(ServicePoint.name).where(
        or_(
            ServicePoint.id == appeal.person_id,
            ServicePoint.id == appeal.department_id,
            ServicePoint.department_id == (appeal.department_id or 0),
        )
    )
    return sorted(set(session.scalars(points)), key=len, reverse=True)


def _without(words: str, names: Sequence[str]) -> str:
    for name in names:
        words = words.replace(name, SOMEBODY)
    return screening.screened(words)
