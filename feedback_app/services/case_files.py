"""Files that staff add to a case: pictures, drawn anew without anything but their pixels, and PDF, never run by a browser here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.desk import CaseFile
from feedback_app.errors import NotFound, Refused
from feedback_app.services import pictures

LARGEST = 6 * 1024 * 1024  # bytes
MOST = 5  # at once
JPEG, PDF = "image/jpeg", "application/pdf"


@dataclass(frozen=True)
class Sent:
    """A file as it came; the name is only for the words of a refusal."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Ready:
    content: bytes
    content_type: str


def ready(sent: Sequence[Sent]) -> list[Ready]:
    """Check and redraw all of them before anything is stored.

    Raises Refused ``desk.file_too_large``, ``desk.file_kind``, ``desk.too_many_files``.
    """
    if len(sent) > MOST:
        raise Refused("desk.too_many_files", most=MOST)
    return [_ready(one) for one in sent]


def attach(session: Session, event: CaseEvent, files: Sequence[Ready], by: str, now: datetime) -> None:
    for one in files:
        row = CaseFile(
            case_id=event.case_id, event_id=event.id, content_type=one.content_type, content=one.content,
            size=len(one.content), by=by, at=now,
        )  # fmt: skip
        session.add(row)
    session.flush()


def of_case(session: Session, case: Case) -> Mapping[int, list[CaseFile]]:
    """Event id to its files, without their content."""
    found: dict[int, list[CaseFile]] = {}
    for row in session.scalars(select(CaseFile).where(CaseFile.case_id == case.id).order_by(CaseFile.id)):
        found.setdefault(row.event_id, []).append(row)
    return found


def file(session: Session, number: str, file_id: int) -> Ready:
    """Raises NotFound ``complaints.no_media``."""
    query = select(CaseFile).join(Case, Case.id == CaseFile.case_id).options(undefer(CaseFile.content))
    row = session.scalar(query.where(Case.number == number, CaseFile.id == file_id))
    if row is None:
        raise NotFound("complaints.no_media")
    return Ready(row.content, row.content_type)


def _ready(sent: Sent) -> Ready:
    name = sent.name[:40]
    if len(sent.content) > LARGEST:
        raise Refused("desk.file_too_large", name=name, most=LARGEST // 1024**2)
    if sent.content.startswith(b"%PDF-"):
        return Ready(sent.content, PDF)
    try:
        return Ready(pictures.redrawn(sent.content), JPEG)
    except Refused:
        raise Refused("desk.file_kind", name=name) from None
