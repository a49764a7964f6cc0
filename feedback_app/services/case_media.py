"""Pictures and voices sent about a case: fetched by their number while the platform has them, kept apart, shown to the office."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from feedback_app.db.case_media import CaseMedia
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.errors import NotFound, Refused
from feedback_app.services import pictures

KINDS = ("image", "voice")
LIFE = timedelta(days=3)  # how long the platform keeps what people send
AGAIN = timedelta(minutes=5)  # between two tries; also how long a try may take
LARGEST_VOICE = 2 * 1024 * 1024  # bytes; the platform's own limit is 60 seconds
_VOICES: Mapping[bytes, str] = {b"#!AMR": "audio/amr", b"ID3": "audio/mpeg", b"\xff\xfb": "audio/mpeg"}


class MediaSource(Protocol):
    """The platform, handed in by ``app``."""

    def fetch(self, media_id: str) -> bytes | None:
        """The file; None when the platform does not have it (any more). Raises Unavailable: later, perhaps."""
        ...


@dataclass(frozen=True)
class Wanted:
    id: int
    media_id: str


@dataclass(frozen=True)
class File:
    content: bytes
    content_type: str


def want(session: Session, case_id: int, event_id: int, kind: str, media_id: str, now: datetime) -> None:
    """Fetch it soon; kinds we do not keep are left alone."""
    if kind in KINDS and 0 < len(media_id) <= 128:
        session.add(
            CaseMedia(case_id=case_id, event_id=event_id, kind=kind, media_id=media_id, asked_at=now, next_at=now)
        )
        session.flush()


def keep(session: Session, case: Case, jpeg: bytes, now: datetime) -> None:
    """A photo that somebody of the house took, already redrawn, with the case's first entry."""
    first = session.scalar(select(CaseEvent.id).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id).limit(1))
    if first is not None:
        session.add(
            CaseMedia(
                case_id=case.id,
                event_id=first,
                kind="image",
                state="kept",
                asked_at=now,
                next_at=now,
                content_type="image/jpeg",
                content=jpeg,
            )
        )
        session.flush()


def has_work(session: Session, now: datetime) -> bool:
    return session.scalar(select(CaseMedia.id).where(*_due(now)).limit(1)) is not None


def take(session: Session, now: datetime, most: int) -> Sequence[Wanted]:
    """Up to ``most`` that are due, nobody else's for AGAIN; what is older than LIFE is given up."""
    taken = []
    rows = session.scalars(select(CaseMedia).where(*_due(now)).order_by(CaseMedia.id).limit(most))
    for row in rows.all():
        if now - row.asked_at > LIFE:
            row.state, row.media_id = "gone", ""
        else:
            row.next_at = now + AGAIN
            taken.append(Wanted(row.id, row.media_id))
    session.flush()
    return taken


def fetched(session: Session, wanted_id: int, content: bytes | None) -> str:
    """Keep what was fetched, pictures drawn anew; returns the new state. None: the platform has it no more."""
    row = session.get(CaseMedia, wanted_id)
    if row is None or row.state != "wanted":
        return "" if row is None else row.state
    file = None if content is None else _harmless(row.kind, content)
    row.state = "gone" if content is None else "kept" if file else "refused"
    if file is not None:
        row.content, row.content_type = file.content, file.content_type
    row.media_id = ""
    session.flush()
    return row.state


def of_case(session: Session, case: Case) -> Mapping[int, CaseMedia]:
    """Event id to what came with it; without the content."""
    return {row.event_id: row for row in session.scalars(select(CaseMedia).where(CaseMedia.case_id == case.id))}


def file(session: Session, number: str, media_id: int) -> File:
    """Raises NotFound ``complaints.no_media``."""
    query = select(CaseMedia).join(Case, Case.id == CaseMedia.case_id)
    row = session.scalar(query.where(Case.number == number, CaseMedia.id == media_id, CaseMedia.state == "kept"))
    if row is None or row.content is None:
        raise NotFound("complaints.no_media")
    return File(row.content, row.content_type)


def _harmless(kind: str, content: bytes) -> File | None:
    """A picture as its pixels alone; a voice as it is, if it is one and not too large."""
    if kind == "image":
        try:
            return File(pictures.redrawn(content), "image/jpeg")
        except Refused:
            return None
    known = next((name for sign, name in _VOICES.items() if content.startswith(sign)), "")
    return File(content, known) if known and len(content) <= LARGEST_VOICE else None


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (CaseMedia.state == "wanted", CaseMedia.next_at <= now)
