"""The directory as people use it: find somebody, change something by hand, add one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from feedback_app.db import codes as code_rows
from feedback_app.db import directory
from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.domain import directory_cells as cell
from feedback_app.domain.directory_columns import KINDS
from feedback_app.domain.directory_rows import Problem, read_rows
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, directory_import
from feedback_app.services.vault import Vault

PAGE_SIZE = 50
LIST_OF = {kind.point: kind.name for kind in KINDS.values() if kind.point}  # staff -> staff, window -> windows, …
NOT_BY_HAND = ("made_up", "note", "department")


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for. ``text``: part of a name, number, pinyin, initials or department."""

    text: str = ""
    kind: str = ""
    department_id: int | None = None
    active: bool | None = None


@dataclass(frozen=True)
class Found:
    points: Sequence[ServicePoint]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


def search(session: Session, wanted: Wanted, page: int = 1) -> Found:
    """One page of matching service points, in pinyin order; a page beyond the last gives the last."""
    unit = aliased(ServicePoint)
    conditions = _conditions(wanted, unit)
    matching = select(ServicePoint).outerjoin(unit, ServicePoint.department_id == unit.id).where(*conditions)
    total = session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    page = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
    ordered = matching.order_by(ServicePoint.kind, ServicePoint.sort_key, ServicePoint.key)
    query = ordered.options(joinedload(ServicePoint.department)).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return Found(session.scalars(query).all(), total, page)


def _conditions(wanted: Wanted, unit: type[ServicePoint]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kind:
        conditions.append(ServicePoint.kind == wanted.kind)
    if wanted.department_id is not None:
        conditions.append(ServicePoint.department_id == wanted.department_id)
    if wanted.active is not None:
        conditions.append(ServicePoint.active == wanted.active)
    text = _plain(wanted.text)
    if text:
        lower = text.lower().replace(" ", "")
        conditions.append(
            or_(
                ServicePoint.name.contains(text, autoescape=True),
                ServicePoint.key.contains(text, autoescape=True),
                ServicePoint.initials.startswith(lower, autoescape=True),
                func.replace(ServicePoint.sort_key, " ", "").startswith(lower, autoescape=True),
                unit.name.contains(text, autoescape=True),
            )
        )
    return conditions


def _plain(text: str) -> str:
    try:
        return cell.tidy(text)[:100]
    except Refused:
        return text.replace("\x00", "")[:100].strip()


def find(session: Session, point_id: int) -> ServicePoint:
    """With its department loaded. Raises NotFound ``directory.unknown``."""
    query = select(ServicePoint).where(ServicePoint.id == point_id).options(joinedload(ServicePoint.department))
    point = session.scalar(query)
    if point is None:
        raise NotFound("directory.unknown")
    return point


def by_key(session: Session, key: str) -> ServicePoint | None:
    """The only one of staff, windows, teams and departments with this number; None where there is none or several."""
    found = session.scalars(select(ServicePoint).where(ServicePoint.key == key).limit(2)).all()
    return found[0] if len(found) == 1 else None


def departments(session: Session) -> Sequence[ServicePoint]:
    return directory.all_points(session, kind="department")


def counts(session: Session) -> dict[str, int]:
    """Kind -> how many are active."""
    query = select(ServicePoint.kind, func.count()).where(ServicePoint.active).group_by(ServicePoint.kind)
    return {kind: count for kind, count in session.execute(query)}  # noqa: C416 - dict() does not take Row for mypy


def active_code(session: Session, point: ServicePoint) -> str:
    """The code as printed; empty when there is none."""
    found = code_rows.of_point(session, point.id)
    return (found[-1].text or "") if found else ""


@dataclass(frozen=True)
class Shift:
    window: str
    staff: str
    shift: str
    starts_at: datetime
    ends_at: datetime


def shifts(session: Session, point: ServicePoint, zone: ZoneInfo, most: int = 30) -> list[Shift]:
    """The latest shifts of a window or of a member of staff, newest first, in the hospital's time."""
    window, member = aliased(ServicePoint), aliased(ServicePoint)
    query = (
        select(window.name, member.name, DutySlot)
        .join(window, DutySlot.window_id == window.id)
        .join(member, DutySlot.staff_id == member.id)
        .where(or_(DutySlot.window_id == point.id, DutySlot.staff_id == point.id))
        .order_by(DutySlot.starts_at.desc(), DutySlot.id)
        .limit(most)
    )
    return [
        Shift(window_name, name, slot.shift, slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone))
        for window_name, name, slot in session.execute(query)
    ]


def fields_of(kind: str) -> tuple[str, ...]:
    """What a person may fill in for this kind of service point, in order; the department is given by ``dept_code``."""
    return tuple(field for field in KINDS[LIST_OF[kind]].fields if field not in NOT_BY_HAND)


def texts_of(point: ServicePoint) -> dict[str, str]:
    """The fields as they stand in the form."""
    texts = {}
    for field in fields_of(point.kind):
        if field == "dept_code":
            texts[field] = point.department.key if point.department else ""
            continue
        value = getattr(point, field)
        texts[field] = "；".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return texts


def save(
    session: Session,
    vault: Vault,
    kind: str,
    texts: Mapping[str, str],
    *,
    is_new: bool,
    actor: str,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[Problem, ...]:
    """Add one or change one by hand, under the same rules as an import. Returns what is wrong; then nothing was saved."""
    fields = [field for field in fields_of(kind) if field in texts]
    columns = dict(enumerate(fields))
    row = [texts[field] for field in fields]
    reading = read_rows(KINDS[LIST_OF[kind]], columns, (), [(1, row)], zone, by_hand=True)
    if is_new and any(directory.find(session, kind, point.key) for point in reading.points):
        return (Problem(1, "key", "directory.key_taken", {"value": reading.points[0].key}),)
    shown = directory_import.plan(session, reading)
    if shown.rejected or not reading.points:
        return shown.rejected or (Problem(1, "key", "directory.cell_empty"),)
    if not is_new and texts.get("dept_code") == "":
        _leave_department(session, kind, reading.points[0].key, actor, now)
    directory_import.apply(
        session,
        vault,
        reading,
        kind=f"{kind} {reading.points[0].key}",
        actor=actor,
        now=now,
        action="directory.added" if is_new else "directory.edited",
    )
    return ()


def _leave_department(session: Session, kind: str, key: str, actor: str, now: datetime) -> None:
    """A list that names no department keeps the one on record; a person who empties the field means it."""
    point = directory.find(session, kind, key)
    if point is not None and point.department_id is not None:
        point.department_id = None
        point.changed_at = now
        audit.write(session, actor=actor, action="directory.edited", subject=f"{kind} {key}", now=now, department="")
