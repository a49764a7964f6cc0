"""Rows of a directory list -> records, and for every row that cannot be taken: its line, column and reason. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from feedback_app.domain import directory_cells as cell
from feedback_app.domain.directory_columns import POINT_KINDS, Columns, Kind
from feedback_app.errors import Refused

LONGEST = {
    "key": 64, "name": 100, "category": 40, "title": 60, "duty": 60, "status": 20, "building": 60, "floor": 20,
    "open_hours": 60, "email": 200, "shift": 20, "dept_code": 64, "department": 100, "aliases": 400, "window": 100, "staff": 64,
}  # fmt: skip
KEPT_WHEN_EMPTY = ("aliases", "wecom_userid", "email")  # often added by hand, seldom known to HR
_TOTALS = ("合计", "总计", "小计", "共计")
EXAMPLE = "示例"  # how the key of the example row in our own templates begins
_SKIPPED = ("note",)


@dataclass(frozen=True)
class Problem:
    """Why a row was rejected (or, among the warnings, what is odd about it). ``column`` is the field, empty for the row."""

    line: int
    column: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PointRow:
    """One service point as a list gives it. ``values`` has only the columns of the list, already in their types.

    ``defaults``: what follows from them, for fields that are still empty.
    """

    line: int
    kind: str
    key: str
    values: Mapping[str, Any]
    dept_code: str = ""
    department: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DutyRow:
    """Who serves where, from when until when (aware, in the hospital's zone)."""

    line: int
    window: str
    staff: str
    shift: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Reading:
    """All that a list says. ``kinds``: of which kinds of service points it is a list."""

    points: tuple[PointRow, ...] = ()
    duty: tuple[DutyRow, ...] = ()
    rejected: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    rejected_keys: frozenset[str] = frozenset()  # so that nobody is called missing whose row was merely wrong

    @property
    def rows(self) -> int:
        return len(self.points) + len(self.duty) + len({problem.line for problem in self.rejected})


class _Rejected(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def read_rows(
    kind: Kind,
    columns: Columns,
    headings: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    zone: ZoneInfo,
    *,
    by_hand: bool = False,
) -> Reading:
    """Read the rows (line number, cells) below the heading. Repeated headings and our example rows are passed
    over; a row of totals is passed over with a warning.

    ``by_hand``: a person sees and changes every field, so that an empty one is meant to be empty.
    """
    points: dict[tuple[str, str], PointRow] = {}
    duty: dict[tuple[str, str, datetime], DutyRow] = {}
    rejected: list[Problem] = []
    warnings: list[Problem] = []
    rejected_keys: set[str] = set()
    for line, cells in rows:
        if _is_heading(cells, headings, columns):
            continue
        if _is_total(cells, columns):
            warnings.append(Problem(line, "", "directory.row_total"))
            continue
        try:
            values = _texts(line, columns, cells)
            if kind.name == "duty":
                if values.get("window", "").startswith(EXAMPLE):
                    continue
                slot = _duty_row(line, values, zone)
                _first_of(duty, (slot.window, slot.staff, slot.starts_at), slot)
            else:
                if values.get("key", "").startswith(EXAMPLE):
                    continue
                point = _point_row(kind, line, values, () if by_hand else KEPT_WHEN_EMPTY)
                _first_of(points, (point.kind, point.key), point)
                warnings.extend(_oddities(point))
        except _Rejected as error:
            rejected.append(error.problem)
            rejected_keys.update(cell.key(_at(cells, place)) for place, name in columns.items() if name == "key")
    warnings.extend(_overlaps(duty.values()))
    return Reading(
        tuple(points.values()), tuple(duty.values()), tuple(rejected), tuple(warnings), frozenset(rejected_keys)
    )


def _is_heading(cells: Sequence[str], headings: Sequence[str], columns: Columns) -> bool:
    return all(_at(cells, place) == _at(headings, place) for place in columns)


def _is_total(cells: Sequence[str], columns: Columns) -> bool:
    """The last line of many sheets: it says 合计 somewhere and has no number of its own."""
    close = ["".join(text.split()) for text in cells]
    keys = [_at(close, place) for place, name in columns.items() if name == "key"]
    nobody = all(not key or key.startswith(_TOTALS) for key in keys)
    return bool(keys) and nobody and any(text.startswith(_TOTALS) for text in close)


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _texts(line: int, columns: Columns, cells: Sequence[str]) -> dict[str, str]:
    values = {}
    for place, name in columns.items():
        if name in _SKIPPED:
            continue
        values[name] = text = _checked(line, name, cell.tidy, _at(cells, place))
        longest = LONGEST.get(name, 200)
        if len(text) > longest:
            raise _Rejected(Problem(line, name, "directory.cell_long", {"most": longest, "length": len(text)}))
    return values


def _checked(line: int, name: str, read: Any, text: str) -> Any:
    try:
        return read(text)
    except Refused as error:
        raise _Rejected(Problem(line, name, error.code, {"value": text[:60], **error.params})) from error


def _first_of(seen: dict[Any, Any], key: Any, row: Any) -> None:
    """The first row of a key counts; the others are rejected, because nobody can know which one is right."""
    if key in seen:
        raise _Rejected(
            Problem(row.line, "key", "directory.row_twice", {"first": seen[key].line, "value": str(key[1])})
        )
    seen[key] = row


def _needed(line: int, name: str, text: str) -> str:
    if not text:
        raise _Rejected(Problem(line, name, "directory.cell_empty"))
    return text


def _point_row(kind: Kind, line: int, texts: Mapping[str, str], kept: Sequence[str]) -> PointRow:
    point_kind = kind.point or _kind_of(line, texts)
    name = cell.name(texts.get("name", ""))
    key = cell.key(texts.get("key", ""))
    if point_kind == "department" and not key:
        key = cell.key(_needed(line, "name", name))[: LONGEST["key"]]
    elif point_kind == "window" and not name:
        name = key
    _needed(line, "key", key)
    values = _typed(line, {**texts, "name": _needed(line, "name", name)}, kept)
    if point_kind == "department":
        return PointRow(line, point_kind, key, values)
    dept_code, department = cell.key(texts.get("dept_code", "")), cell.name(texts.get("department", ""))
    defaults = _staff_category(values) if point_kind == "staff" else {}
    return PointRow(line, point_kind, key, values, dept_code, department, defaults)


def _staff_category(values: dict[str, Any]) -> dict[str, str]:
    """The usual word for the category of a member of staff; where none is given, what the title tells."""
    values.update({"category": cell.staff_category(values["category"])} if values.get("category") else {})
    by_title = cell.category_of_title(values.get("title", ""))
    if values.get("category") or not by_title:
        return {}
    values.pop("category", None)
    return {"category": by_title}


def _kind_of(line: int, texts: Mapping[str, str]) -> str:
    said = _needed(line, "kind", texts.get("kind", ""))
    if said.lower() not in POINT_KINDS:
        raise _Rejected(Problem(line, "kind", "directory.cell_kind", {"value": said}))
    return POINT_KINDS[said.lower()]


def _typed(line: int, texts: Mapping[str, str], kept: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name in {"key", "kind", "dept_code", "department"} or (not text and name in kept):
            continue
        values[name] = _checked(line, name, _READERS.get(name, str), text)
    if "status" in values:
        values["active"] = cell.is_active(values["status"])
    return values


_READERS: dict[str, Any] = {
    "aliases": lambda text: list(cell.names(text)),
    "sex": cell.sex,
    "hire_date": lambda text: cell.day(text) if text else None,
    "wecom_userid": lambda text: cell.userid(text) if text else "",
    "email": lambda text: cell.mail(text) if text else "",
    "made_up": cell.yes,
}


def _oddities(point: PointRow) -> Iterable[Problem]:
    status = point.values.get("status", "")
    if not cell.is_known_status(status):
        yield Problem(point.line, "status", "directory.status_unknown", {"value": status})


def _duty_row(line: int, texts: Mapping[str, str], zone: ZoneInfo) -> DutyRow:
    for name in ("date", "window", "start", "end", "staff"):
        _needed(line, name, texts.get(name, ""))
    on: date = _checked(line, "date", cell.day, texts["date"])
    starts_at = datetime.combine(on, _checked(line, "start", cell.clock, texts["start"]), zone)
    ends_at = datetime.combine(on, _checked(line, "end", cell.clock, texts["end"]), zone)
    if ends_at == starts_at:
        raise _Rejected(Problem(line, "end", "directory.shift_empty", {"value": texts["end"]}))
    if ends_at < starts_at:
        ends_at = _next_morning(line, starts_at, ends_at, texts)
    return DutyRow(line, texts["window"], cell.key(texts["staff"]), texts.get("shift", ""), starts_at, ends_at)


def _next_morning(line: int, starts_at: datetime, ends_at: datetime, texts: Mapping[str, str]) -> datetime:
    """A night shift ends the next day; but one that would last longer than 16 hours is a slip of the pen."""
    ends_next_day = ends_at + timedelta(days=1)
    if ends_next_day - starts_at > timedelta(hours=16):
        raise _Rejected(
            Problem(line, "end", "directory.shift_backwards", {"start": texts["start"], "end": texts["end"]})
        )
    return ends_next_day


def _overlaps(slots: Iterable[DutyRow]) -> Iterable[Problem]:
    """The same person at two places at once: possible, but worth a look."""
    last: dict[str, DutyRow] = {}
    for slot in sorted(slots, key=lambda one: (one.staff, one.starts_at, one.line)):
        before = last.get(slot.staff)
        if before and slot.starts_at < before.ends_at:
            yield Problem(slot.line, "staff", "directory.shift_overlaps", {"value": slot.staff, "other": before.line})
        if before is None or slot.ends_at > before.ends_at:
            last[slot.staff] = slot
