"""Checklists filled in on the spot, and what proves them: pictures drawn anew, minutes as PDF."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db import activities as rows
from feedback_app.db.activities import Activity, ActivityFile, ActivityMark, ActivityPerson
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.activities import MARKS
from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotFound, Refused
from feedback_app.services import activities, pictures
from feedback_app.services.activities import kind_of

MOST_FILES = 40
LARGEST_PDF = 8 * 1024 * 1024
PDF, JPEG = "application/pdf", "image/jpeg"


def read_file(data: bytes, name: str) -> tuple[str, str, bytes]:
    """Name, type and content as they are kept: a PDF as it is, anything else drawn anew as JPEG.

    Raises Refused ``activities.file_too_large``, ``questions.not_a_picture``, ``questions.picture_too_large``.
    """
    plain = clean(PurePath(name.replace("\\", "/")).name)[:100] or "file"
    if data.startswith(b"%PDF-"):
        if len(data) > LARGEST_PDF:
            raise Refused("activities.file_too_large", most=LARGEST_PDF // 1024**2)
        return plain, PDF, data
    return f"{PurePath(plain).stem[:90]}.jpg", JPEG, pictures.redrawn(data)


def digest_of(content: bytes) -> str:
    """What makes the same file the same."""
    return hashlib.sha256(content).hexdigest()


def may_fill(session: Session, one: Activity, point: ServicePoint) -> bool:
    """Whether this member of staff inspects: on the list as inspector or lead, and never at their own place."""
    own = one.target is not None and one.target.id in (point.id, point.department_id)
    row = session.scalar(
        select(ActivityPerson).where(
            ActivityPerson.activity_id == one.id, ActivityPerson.service_point_id == point.id,
            ActivityPerson.role.in_(("inspector", "lead")),
        )
    )  # fmt: skip
    return row is not None and not own


def mark(
    session: Session, activity_id: int, told: Mapping[str, tuple[str, str]], *, by: str, now: datetime
) -> Mapping[str, str]:
    """Item -> mark and note; told again, it replaces what was. A form sent twice, or after hours without network, is one.

    Returns all marks there are. Raises Conflict ``activities.over``, Refused ``activities.bad_mark``.
    """
    one = activities.planned(session, activity_id)
    items = {item.key for item in kind_of(one).items}
    if any(item not in items or said not in MARKS for item, (said, _) in told.items()):
        raise Refused("activities.bad_mark")
    known = {row.item: row for row in rows.marks(session, one.id)}
    for item, (said, note) in told.items():
        row = known.get(item)
        if row is None:
            row = known[item] = ActivityMark(activity_id=one.id, item=item)
            session.add(row)
        row.mark, row.note, row.by, row.at = said, clean(note)[:500], by, now
    session.flush()
    return {item: row.mark for item, row in known.items()}


def attach(
    session: Session, activity_id: int, file: tuple[str, str, bytes], *, item: str = "", by: str, now: datetime
) -> ActivityFile:
    """Keep what :func:`read_file` gave; the same file twice is once. After closing too: evidence may come later.

    Raises NotFound ``activities.none``, Refused ``activities.too_many_files``, ``activities.bad_mark``.
    """
    one = activities.get(session, activity_id)
    if item and item not in {each.key for each in kind_of(one).items}:
        raise Refused("activities.bad_mark")
    name, content_type, content = file
    digest = digest_of(content)
    mine = select(ActivityFile).where(ActivityFile.activity_id == one.id)
    known = session.scalar(mine.where(ActivityFile.digest == digest))
    if known is not None:
        return known
    if (session.scalar(select(func.count()).select_from(mine.subquery())) or 0) >= MOST_FILES:
        raise Refused("activities.too_many_files", most=MOST_FILES)
    made = ActivityFile(activity_id=one.id, item=item, name=name, content_type=content_type, content=content)
    made.digest, made.by, made.at = digest, by, now
    session.add(made)
    session.flush()
    return made


def file(session: Session, activity_id: int, file_id: int) -> ActivityFile:
    """Raises NotFound ``activities.no_file``."""
    found = session.get(ActivityFile, file_id)
    if found is None or found.activity_id != activity_id:
        raise NotFound("activities.no_file")
    return found


def files_by_item(session: Session, activity_id: int) -> Mapping[str, Sequence[ActivityFile]]:
    found: dict[str, list[ActivityFile]] = {}
    for one in rows.files(session, activity_id):
        found.setdefault(one.item, []).append(one)
    return found
