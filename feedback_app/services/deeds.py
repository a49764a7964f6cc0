"""Letters of thanks and banners (感谢信, 锦旗), registered with a photo. One deed counts once, however it was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.case_media import CaseMedia
from feedback_app.db.complaints import Case
from feedback_app.db.deeds import Deed
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.periods import local_day
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, case_bundles, case_media, case_steps, complaints
from feedback_app.services.complaints import Filing

KINDS = ("letter", "banner")
NEAR = timedelta(days=14)
MOST = 100


@dataclass(frozen=True)
class Registration:
    """What was handed in. ``photo`` redrawn JPEG or None; ``form_key`` makes sending it twice one."""

    kind: str
    point_id: int
    words: str
    day: date | None
    form_key: str
    photo: bytes | None = None


@dataclass(frozen=True)
class Told:
    """One praised deed. ``kind``: letter | banner | message."""

    case: Case
    kind: str
    photo_id: int | None
    same: tuple[Case, ...] = ()  # perhaps the same deed, told another way


def register(session: Session, told: Registration, *, by: str, now: datetime, zone: ZoneInfo) -> Case:
    """Raises Refused ``deeds.bad_kind``, ``complaints.received_later``; NotFound ``deeds.nobody``."""
    if told.kind not in KINDS:
        raise Refused("deeds.bad_kind")
    if session.get(ServicePoint, told.point_id) is None:
        raise NotFound("deeds.nobody")
    filing = Filing(
        text=told.words,
        source="letter",
        origin_key=f"deed:{told.form_key}",
        kind="praise",
        point_id=told.point_id,
        received_on=told.day or local_day(now, zone),
        first_receiver=by,
    )
    case = complaints.file(session, filing, zone=zone, now=now)
    if session.get(Deed, case.id) is None:
        session.add(Deed(case_id=case.id, kind=told.kind))
        if told.photo is not None:
            case_media.keep(session, case, told.photo, now)
        audit.write(session, actor=by, action="deed.registered", subject=case.number or "", now=now, kind=told.kind)
    session.flush()
    return case


def find_person(session: Session, typed: str) -> list[ServicePoint]:
    """Whom a name or number means: staff, windows and teams in use."""
    words = typed.strip()
    if not words:
        return []
    query = select(ServicePoint).where(
        ServicePoint.active, ServicePoint.kind.in_(("staff", "window", "logistics", "department"))
    )
    exact = session.scalars(query.where((ServicePoint.name == words) | (ServicePoint.key == words))).all()
    found = exact or session.scalars(query.where(ServicePoint.name.icontains(words, autoescape=True)).limit(12)).all()
    return sorted(found, key=lambda one: (one.kind, one.sort_key, one.key))[:12]


def listed(session: Session, *, point_id: int | None = None) -> list[Told]:
    """Praise of all channels, the newest first, each with what may be the same deed."""
    query = select(Case).where(Case.kind == "praise", Case.state.not_in(("withdrawn", "merged")))
    if point_id is not None:
        query = query.where(Case.service_point_id == point_id)
    wide = query.options(joinedload(Case.service_point).joinedload(ServicePoint.department))
    cases = session.scalars(wide.order_by(Case.day.desc(), Case.id.desc()).limit(MOST)).all()
    ids = [one.id for one in cases]
    kinds = {one.case_id: one.kind for one in session.scalars(select(Deed).where(Deed.case_id.in_(ids)))}
    photos = {
        one.case_id: one.id
        for one in session.scalars(select(CaseMedia).where(CaseMedia.case_id.in_(ids), CaseMedia.state == "kept"))
    }
    return [Told(one, kinds.get(one.id, "message"), photos.get(one.id), _same(one, cases)) for one in cases]


def _same(case: Case, others: Sequence[Case]) -> tuple[Case, ...]:
    """Praise of the same one within two weeks that was told before it."""
    return tuple(
        one
        for one in others
        if one.id < case.id
        and one.service_point_id == case.service_point_id
        and one.service_point_id is not None
        and abs(one.day - case.day) <= NEAR
    )


def merge(session: Session, number: str, into: str, *, by: str, now: datetime, zone: ZoneInfo) -> Case:
    """The same deed told twice: from now on it counts once. Raises as ``case_bundles.merge``."""
    seen = case_steps.version(case_steps.get(session, number))
    return case_bundles.merge(session, number, into, seen=seen, by=by, now=now, zone=zone)
