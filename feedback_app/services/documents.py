"""Standards, notices, basis documents and leaflets: written, published by a second person, read, and who has read them."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db import documents as rows
from feedback_app.db.directory import ServicePoint
from feedback_app.db.documents import Document, DocumentFile, ReadReceipt
from feedback_app.domain import documents as rules
from feedback_app.domain.documents import FOR_PATIENTS, KINDS, LONGEST, LONGEST_TITLE, TO_BE_READ, Share
from feedback_app.domain.identity import readable
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, case_people, inspections, outbox
from feedback_app.settings import Settings
from feedback_app.texts import text

DRAFT, PUBLISHED, REPLACED, WITHDRAWN = "draft", "published", "replaced", "withdrawn"
BEFORE = timedelta(days=2)
File = tuple[str, str, bytes]


@dataclass(frozen=True)
class Wanted:
    """What the form says; words by language."""

    kind: str
    title: Mapping[str, str]
    body: Mapping[str, str]
    items: Sequence[str] = ()  # lines
    department_id: int | None = None
    issued_by: str = ""
    read_by_day: date | None = None
    files: Sequence[File] = field(default_factory=tuple)


def write(
    session: Session, wanted: Wanted, *, key: str = "", by: str, now: datetime, languages: Collection[str] = ("zh", "en"),
    dimensions: Collection[str] = (),
) -> Document:  # fmt: skip
    """A draft: of a new document, or (with ``key``) the next version of one; a draft there is already is written over.

    Raises Refused ``documents.bad_kind``, ``documents.needs_words``, ``documents.too_long``, ``documents.bad_item``;
    NotFound ``documents.none``.
    """
    if wanted.kind not in KINDS:
        raise Refused("documents.bad_kind")
    one = _draft(session, wanted.kind, key)
    one.title = rules.words({name: clean(said) for name, said in wanted.title.items()}, languages, LONGEST_TITLE)
    one.body = rules.words({name: clean(said) for name, said in wanted.body.items()}, languages, LONGEST)
    one.items = rules.items(wanted.items, dimensions) if wanted.kind == "standard" else []
    one.department_id, one.issued_by = wanted.department_id, clean(wanted.issued_by)[:120]
    one.read_by_day = wanted.read_by_day if wanted.kind in TO_BE_READ else None
    one.written_by, one.written_at = by, now
    session.add(one)
    session.flush()
    for name, content_type, content in wanted.files:
        _attach(session, one, name, content_type, content)
    audit.write(session, actor=by, action="document.written", subject=f"{one.kind} {one.key} {one.number}", now=now)
    return one


def _draft(session: Session, kind: str, key: str) -> Document:
    if not key:
        return Document(key=readable(secrets.token_bytes(8), 10).lower(), number=1, kind=kind)
    versions = rows.versions(session, key)
    if not versions or versions[0].kind != kind:
        raise NotFound("documents.none")
    if versions[0].state == DRAFT:
        return versions[0]
    return Document(key=key, number=versions[0].number + 1, kind=kind)


def _attach(session: Session, one: Document, name: str, content_type: str, content: bytes) -> None:
    digest = inspections.digest_of(content)
    mine = select(DocumentFile.id).where(DocumentFile.document_id == one.id, DocumentFile.digest == digest)
    if session.scalar(mine) is None:
        session.add(
            DocumentFile(document_id=one.id, name=name, content_type=content_type, content=content, digest=digest)
        )
        session.flush()


def publish(session: Session, document_id: int, *, by: str, now: datetime) -> Document:
    """By somebody else than wrote it; the version before is replaced and what was read of it stays on record.

    Raises NotFound ``documents.none``, Conflict ``documents.not_a_draft``, NotAllowed ``documents.second_person``.
    """
    one = get(session, document_id)
    if one.state != DRAFT:
        raise Conflict("documents.not_a_draft")
    if one.written_by == by:
        raise NotAllowed("documents.second_person")
    for other in rows.versions(session, one.key):
        if other.state == PUBLISHED:
            other.state = REPLACED
    one.state, one.published_by, one.published_at = PUBLISHED, by, now
    session.flush()
    audit.write(session, actor=by, action="document.published", subject=f"{one.kind} {one.key} {one.number}", now=now)
    return one


def withdraw(session: Session, document_id: int, *, by: str, now: datetime) -> Document:
    """No longer in force. Raises NotFound ``documents.none``."""
    one = get(session, document_id)
    if one.state in (DRAFT, PUBLISHED):
        one.state = WITHDRAWN
        session.flush()
        audit.write(
            session, actor=by, action="document.withdrawn", subject=f"{one.kind} {one.key} {one.number}", now=now
        )
    return one


def get(session: Session, document_id: int) -> Document:
    """Raises NotFound ``documents.none``."""
    found = session.get(Document, document_id, options=(joinedload(Document.department),))
    if found is None:
        raise NotFound("documents.none")
    return found


def listed(session: Session, kind: str = "") -> Sequence[Document]:
    """The newest version of each, drafts and published ones, the newest first."""
    newest = select(func.max(Document.id)).group_by(Document.key, Document.state == PUBLISHED)
    query = select(Document).where(Document.id.in_(newest), Document.state.in_((DRAFT, PUBLISHED)))
    query = query.where(Document.kind == kind) if kind else query
    return session.scalars(query.options(joinedload(Document.department)).order_by(Document.id.desc()).limit(300)).all()


def versions(session: Session, key: str) -> Sequence[Document]:
    return rows.versions(session, key)


def files(session: Session, document_id: int) -> Sequence[DocumentFile]:
    query = select(DocumentFile).where(DocumentFile.document_id == document_id)
    return session.scalars(query.order_by(DocumentFile.id)).all()


def file(session: Session, document_id: int, file_id: int) -> DocumentFile:
    """Raises NotFound ``documents.none``."""
    found = session.get(DocumentFile, file_id)
    if found is None or found.document_id != document_id:
        raise NotFound("documents.none")
    return found


def for_person(session: Session, point: ServicePoint) -> Sequence[Document]:
    """What is in force for this member of staff."""
    return [one for one in rows.published(session, *TO_BE_READ, "basis") if _concerns(one, point.department_id)]


def _concerns(one: Document, department_id: int | None) -> bool:
    return one.department_id is None or one.department_id == department_id


def receipts_of(session: Session, point: ServicePoint) -> dict[int, datetime]:
    """Document id -> when this person read and understood it."""
    query = select(ReadReceipt.document_id, ReadReceipt.at).where(ReadReceipt.service_point_id == point.id)
    return {document_id: at for document_id, at in session.execute(query)}  # noqa: C416


def read(session: Session, document_id: int, point: ServicePoint, *, now: datetime) -> None:
    """Read and understood; twice is once. Raises NotFound ``documents.none`` for what is not for this person."""
    one = get(session, document_id)
    if one.state != PUBLISHED or one.kind not in TO_BE_READ or not _concerns(one, point.department_id):
        raise NotFound("documents.none")
    if session.get(ReadReceipt, (one.id, point.id)) is None:
        session.add(ReadReceipt(document_id=one.id, service_point_id=point.id, at=now))
        session.flush()


def shares(session: Session, one: Document) -> list[Share]:
    """By department in the order of names: how many have read it. Counts only: who has not is reminded, not listed."""
    unit = select(ServicePoint.id, ServicePoint.name).where(ServicePoint.kind == "department")
    ordered = session.execute(unit.order_by(ServicePoint.sort_key, ServicePoint.key))
    names: dict[int | None, str] = {unit_id: name for unit_id, name in ordered}  # noqa: C416
    had = set(session.scalars(select(ReadReceipt.service_point_id).where(ReadReceipt.document_id == one.id)))
    counted: dict[int | None, list[int]] = {}
    for point_id, department_id in session.execute(_readers(one)):
        counts = counted.setdefault(department_id, [0, 0])
        counts[0] += point_id in had
        counts[1] += 1
    order = [*names, *(unit_id for unit_id in counted if unit_id not in names)]
    return [Share(names.get(unit_id, "—"), *counted[unit_id]) for unit_id in order if unit_id in counted]


def _readers(one: Document) -> Select[int, int | None]:
    query = select(ServicePoint.id, ServicePoint.department_id).where(ServicePoint.kind == "staff", ServicePoint.active)
    return query.where(ServicePoint.department_id == one.department_id) if one.department_id else query


def remind(session: Session, settings: Settings, now: datetime) -> int:
    """Two days before the date and on the day after it, whoever has not read it: once each. How many messages."""
    today, sent = local_day(now, settings.hospital.zone), 0
    for one in rows.published(session, *TO_BE_READ):
        if one.read_by_day is None:
            continue
        word = "soon" if one.read_by_day - BEFORE <= today <= one.read_by_day else "late"
        if today < one.read_by_day - BEFORE or today > one.read_by_day + timedelta(days=30):
            continue
        had = set(session.scalars(select(ReadReceipt.service_point_id).where(ReadReceipt.document_id == one.id)))
        missing = [point_id for point_id, _ in session.execute(_readers(one)) if point_id not in had]
        sent += sum(_remind(session, settings, one, point_id, word, now) for point_id in missing)
    return sent


def _remind(session: Session, settings: Settings, one: Document, point_id: int, word: str, now: datetime) -> bool:
    way = case_people.way(session, session.get(ServicePoint, point_id))
    if way is case_people.OFFICE:
        return False  # nobody is told of somebody else's reading
    return outbox.put(
        session, dedupe_key=f"document:{one.id}:{word}:{way.name}"[:160], purpose="reading", channel=way.channel,
        recipient=way.recipient, now=now, service_point_id=way.point_id,
        payload={
            "title": text("documents.push.title"), "url": f"{settings.server.base_url}/staff/reading/{one.id}",
            "text": text(f"documents.push.{word}", title=one.title["zh"], day=one.read_by_day or ""),
        },
    )  # fmt: skip


def leaflets(session: Session, department_id: int | None = None) -> Sequence[Document]:
    """Published leaflets; with a department, its own and those for everybody."""
    found = rows.published(session, FOR_PATIENTS)
    return [one for one in found if department_id is None or one.department_id in (None, department_id)]


def has_leaflets(session: Session, department_id: int | None) -> bool:
    """Whether there is one for this department or for everybody: the cheap question of a patient's page."""
    mine = or_(Document.department_id.is_(None), Document.department_id == department_id)
    query = select(Document.id).where(Document.kind == FOR_PATIENTS, Document.state == PUBLISHED, mine)
    return session.scalar(query.limit(1)) is not None


def leaflet(session: Session, key: str) -> Document:
    """The version in force. Raises NotFound ``leaflets.none``."""
    found = next(
        (one for one in rows.versions(session, key) if one.state == PUBLISHED and one.kind == FOR_PATIENTS), None
    )
    if found is None:
        raise NotFound("leaflets.none")
    return found
