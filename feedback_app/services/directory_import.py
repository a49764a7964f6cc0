"""Importing lists of departments, staff, windows and logistics teams: first a preview, then all of it or nothing.

What an import may do is decided in docs/decisions/0010: keys identify, nobody is deleted, who left loses access at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.people import Binding
from feedback_app.domain.directory_rows import PointRow, Problem, Reading
from feedback_app.errors import Refused
from feedback_app.services import audit, codes, pinyin, sign_ins
from feedback_app.services.departments import Departments
from feedback_app.services.vault import Vault

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Known:
    """Somebody or something in the directory, as a list names it."""

    kind: str
    key: str
    name: str


@dataclass(frozen=True)
class FieldChange:
    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Changed:
    line: int
    kind: str
    key: str
    name: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class Preview:
    """What an import does, or has done. ``missing``: in the directory, not in the list; they stay as they are."""

    added: tuple[Known, ...] = ()
    changed: tuple[Changed, ...] = ()
    unchanged: int = 0
    rejected: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    missing: tuple[Known, ...] = ()
    new_departments: tuple[str, ...] = ()
    leaving: tuple[Known, ...] = ()
    idle: int = 0  # of the added ones: gone or out of use already

    @property
    def changes_something(self) -> bool:
        return bool(self.added or self.changed or self.new_departments)

    def counts(self) -> dict[str, int]:
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "rejected": len({problem.line for problem in self.rejected}),
            "warnings": len(self.warnings),
            "missing": len(self.missing),
            "new_departments": len(self.new_departments),
            "leaving": len(self.leaving),
        }


@dataclass(frozen=True)
class _Step:
    row: PointRow
    point: ServicePoint | None
    department: str  # key; empty: none given
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class _Plan:
    steps: Sequence[_Step]
    preview: Preview
    departments: Departments


def plan(session: Session, reading: Reading, *, create_departments: bool = False) -> Preview:
    """What importing these rows would do; changes nothing."""
    return _prepare(session, reading, create_departments).preview


def apply(
    session: Session,
    vault: Vault,
    reading: Reading,
    *,
    kind: str,
    actor: str,
    now: datetime,
    create_departments: bool = False,
    skip_bad: bool = False,
    progress: Progress = lambda _: None,
    action: str = "directory.imported",
) -> Preview:
    """Import the rows; each point that becomes active gets a code; who left loses access.

    Raises Refused ``directory.rows_rejected`` (``count``) when a row is wrong, unless ``skip_bad`` says to go on without it.
    """
    prepared = _prepare(session, reading, create_departments)
    preview = prepared.preview
    if preview.rejected and not skip_bad:
        raise Refused("directory.rows_rejected", count=preview.counts()["rejected"])
    if not preview.changes_something:
        return preview
    uncoded: list[ServicePoint] = []
    _add_departments(session, prepared.departments, uncoded, now)
    for departments_now in (True, False):
        for step in prepared.steps:
            if (step.row.kind == "department") is not departments_now:
                continue
            _carry_out(session, step, prepared.departments, uncoded, now)
            progress(1)
        session.flush()
        prepared.departments.remember_ids(session)
    _end_access(session, [step.point for step in prepared.steps if step.point and _leaves(step)], now)
    codes.issue_all(session, vault, uncoded, now)
    audit.write(session, actor=actor, action=action, subject=kind, now=now, **preview.counts())
    return preview


def _prepare(session: Session, reading: Reading, create_departments: bool) -> _Plan:
    points = session.scalars(select(ServicePoint)).all()
    known = {(point.kind, point.key): point for point in points}
    departments = Departments(points, [row for row in reading.points if row.kind == "department"], create_departments)
    userids = {point.wecom_userid: point.key for point in points if point.wecom_userid}
    steps: list[_Step] = []
    rejected = list(reading.rejected)
    for row in reading.points:
        point = known.get((row.kind, row.key)) or (departments.provisional(row) if row.kind == "department" else None)
        try:
            _check_userid(row, userids)
            department = departments.resolve(row)
        except Refused as error:
            rejected.append(Problem(row.line, str(error.params.pop("column", "")), error.code, error.params))
            continue
        steps.append(_Step(row, point, department, tuple(_differences(row, point, department, departments))))
    return _Plan(steps, _preview(reading, steps, rejected, points, departments), departments)


def _check_userid(row: PointRow, userids: dict[str, str]) -> None:
    """One WeCom account is one person: otherwise somebody would read a colleague's results."""
    userid = row.values.get("wecom_userid")
    if userid and userids.setdefault(userid, row.key) != row.key:
        raise Refused("directory.userid_taken", column="wecom_userid", value=userid, other=userids[userid])


def _differences(
    row: PointRow, point: ServicePoint | None, department: str, departments: Departments
) -> list[FieldChange]:
    if point is None:
        return []
    wanted = {**row.values, **{name: value for name, value in row.defaults.items() if not getattr(point, name)}}
    changes = [
        FieldChange(name, getattr(point, name), value)
        for name, value in wanted.items()
        if getattr(point, name) != value
    ]
    if point.key != row.key:
        changes.append(FieldChange("key", point.key, row.key))
    before = departments.key_of(point.department_id)
    if department and department != before:
        changes.append(FieldChange("department", before, department))
    return changes


def _preview(
    reading: Reading,
    steps: Sequence[_Step],
    rejected: Sequence[Problem],
    points: Sequence[ServicePoint],
    departments: Departments,
) -> Preview:
    changed = [step for step in steps if step.point is not None and step.fields]
    listed = {step.point.id for step in steps if step.point is not None}
    kinds = {row.kind for row in reading.points}
    mentioned = reading.rejected_keys | {row.key for row in reading.points}
    return Preview(
        added=tuple(
            Known(step.row.kind, step.row.key, step.row.values["name"]) for step in steps if step.point is None
        ),
        changed=tuple(
            Changed(step.row.line, step.row.kind, step.row.key, step.row.values["name"], step.fields)
            for step in changed
        ),
        unchanged=sum(step.point is not None and not step.fields for step in steps),
        rejected=tuple(sorted(rejected, key=lambda problem: problem.line)),
        warnings=reading.warnings,
        missing=tuple(
            Known(point.kind, point.key, point.name)
            for point in sorted(points, key=lambda one: (one.kind, one.sort_key, one.key))
            if point.kind in kinds and point.active and point.id not in listed and point.key not in mentioned
        ),
        new_departments=departments.created(),
        idle=sum(step.point is None and step.row.values.get("active") is False for step in steps),
        leaving=tuple(Known(step.row.kind, step.row.key, step.row.values["name"]) for step in changed if _leaves(step)),
    )


def _leaves(step: _Step) -> bool:
    return any(change.field == "active" and change.old and not change.new for change in step.fields)


def _add_departments(session: Session, departments: Departments, uncoded: list[ServicePoint], now: datetime) -> None:
    made = [new_point("department", key, {"name": name}, now) for key, name in departments.to_create.items()]
    session.add_all(made)
    session.flush()
    uncoded.extend(made)
    departments.remember_ids(session)


def _carry_out(
    session: Session, step: _Step, departments: Departments, uncoded: list[ServicePoint], now: datetime
) -> None:
    if step.point is None:
        made = new_point(step.row.kind, step.row.key, {**step.row.defaults, **step.row.values}, now)
        made.department_id = departments.ids.get(step.department)
        session.add(made)
        if codes.keeps_code(made):
            uncoded.append(made)
    elif step.fields:
        change_point(step.point, step, departments, now)
        if any(change.field == "active" and change.new for change in step.fields):
            uncoded.append(step.point)


def change_point(point: ServicePoint, step: _Step, departments: Departments, now: datetime) -> None:
    for change in step.fields:
        if change.field == "department":
            point.department_id = departments.ids[change.new]
        else:
            setattr(point, change.field, change.new)
    name_again(point)
    point.changed_at = now


def new_point(kind: str, key: str, values: Any, now: datetime) -> ServicePoint:
    """A service point not yet in any session, sortable by pinyin."""
    point = ServicePoint(kind=kind, key=key, changed_at=now, **{"active": True, "aliases": [], **values})
    name_again(point)
    return point


def name_again(point: ServicePoint) -> None:
    """Sort key and initials follow the name."""
    person = point.kind == "staff"
    point.sort_key = pinyin.sort_key(point.name, person=person)
    point.initials = pinyin.initials(point.name, person=person)


def _end_access(session: Session, leavers: Sequence[ServicePoint], now: datetime) -> None:
    for point in leavers:
        end_access(session, point, now)


def end_access(session: Session, point: ServicePoint, now: datetime) -> None:
    """Whoever left is signed out everywhere and no longer reached, from this moment on."""
    sign_ins.end_all(session, "staff", point.id)
    session.execute(
        update(Binding).where(Binding.service_point_id == point.id, Binding.ended_at.is_(None)).values(ended_at=now)
    )
