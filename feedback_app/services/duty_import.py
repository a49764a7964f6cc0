"""Importing who serves at which window when."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.domain.directory_cells import key as as_key
from feedback_app.domain.directory_rows import DutyRow, Problem, Reading
from feedback_app.errors import Refused
from feedback_app.services import audit
from feedback_app.services.directory_import import Changed, FieldChange, Known, Preview, Progress

Slot = tuple[int, int, datetime]  # window, staff, start


@dataclass(frozen=True)
class _Plan:
    new: Sequence[tuple[Slot, DutyRow]]
    changed: Sequence[tuple[DutySlot, DutyRow]]
    missing: Sequence[DutySlot]
    preview: Preview


def plan(session: Session, reading: Reading) -> Preview:
    """What importing this roster would do; changes nothing."""
    return _prepare(session, reading).preview


def apply(
    session: Session,
    reading: Reading,
    *,
    actor: str,
    now: datetime,
    skip_bad: bool = False,
    replace_missing: bool = False,
    progress: Progress = lambda _: None,
) -> Preview:
    """Import the roster; ``replace_missing`` takes away the shifts of its windows and days that it does not have.

    Raises Refused ``directory.rows_rejected`` (``count``) as for the other lists.
    """
    prepared = _prepare(session, reading)
    preview = prepared.preview
    if preview.rejected and not skip_bad:
        raise Refused("directory.rows_rejected", count=preview.counts()["rejected"])
    gone = prepared.missing if replace_missing else ()
    if not preview.changes_something and not gone:
        return preview
    for slot_gone in gone:
        session.delete(slot_gone)
    for (window_id, staff_id, starts_at), row in prepared.new:
        session.add(
            DutySlot(window_id=window_id, staff_id=staff_id, shift=row.shift, starts_at=starts_at, ends_at=row.ends_at)
        )
        progress(1)
    for slot, row in prepared.changed:
        slot.shift, slot.ends_at = row.shift, row.ends_at
        progress(1)
    session.flush()
    audit.write(
        session,
        actor=actor,
        action="directory.imported",
        subject="duty",
        now=now,
        removed=len(gone),
        **preview.counts(),
    )
    return preview


def _prepare(session: Session, reading: Reading) -> _Plan:
    windows, staff = _windows(session), _staff(session)
    known = _slots_around(session, reading.duty)
    new: dict[Slot, DutyRow] = {}
    changed: list[tuple[DutySlot, DutyRow]] = []
    rejected, warnings, listed = list(reading.rejected), list(reading.warnings), set()
    for row in reading.duty:
        try:
            slot = (_window(windows, row.window).id, _member(staff, row.staff).id, row.starts_at)
        except Refused as error:
            rejected.append(Problem(row.line, str(error.params.pop("column")), error.code, error.params))
            continue
        listed.add(slot)
        if not staff[row.staff].active:
            warnings.append(Problem(row.line, "staff", "directory.staff_inactive", {"value": row.staff}))
        if slot not in known:
            new.setdefault(slot, row)
        elif (known[slot].ends_at, known[slot].shift) != (row.ends_at, row.shift):
            changed.append((known[slot], row))
    missing = _missing(known, listed)
    return _Plan(
        list(new.items()),
        changed,
        missing,
        Preview(
            added=tuple(Known("duty", row.window, _title(staff[row.staff].name, row)) for row in new.values()),
            changed=tuple(_changed(slot, row) for slot, row in changed),
            unchanged=len(listed) - len(new) - len(changed),
            rejected=tuple(sorted(rejected, key=lambda problem: problem.line)),
            warnings=tuple(warnings),
            missing=tuple(_named(session, missing, reading.duty)),
        ),
    )


def _title(name: str, row: DutyRow) -> str:
    return f"{name} {row.starts_at:%Y-%m-%d %H:%M}–{row.ends_at:%H:%M}"


def _changed(slot: DutySlot, row: DutyRow) -> Changed:
    changes = [FieldChange("end", slot.ends_at.astimezone(row.ends_at.tzinfo), row.ends_at)]
    changes.append(FieldChange("shift", slot.shift, row.shift))
    differing = tuple(change for change in changes if change.old != change.new)
    return Changed(row.line, "duty", row.window, row.staff, differing)


def _windows(session: Session) -> dict[str, list[ServicePoint]]:
    """Windows by number, name and other names; several when a name is not unique."""
    found: dict[str, list[ServicePoint]] = defaultdict(list)
    for window in session.scalars(select(ServicePoint).where(ServicePoint.kind == "window")):
        for word in dict.fromkeys((window.key, window.name, *window.aliases)):
            found[word].append(window)
    return found


def _window(windows: dict[str, list[ServicePoint]], word: str) -> ServicePoint:
    found = windows.get(word) or windows.get(as_key(word)) or []
    exact = [window for window in found if window.key == as_key(word)] or found
    if len(exact) != 1:
        code = "directory.window_ambiguous" if exact else "directory.window_unknown"
        raise Refused(code, column="window", value=word)
    return exact[0]


def _staff(session: Session) -> dict[str, ServicePoint]:
    return {member.key: member for member in session.scalars(select(ServicePoint).where(ServicePoint.kind == "staff"))}


def _member(staff: dict[str, ServicePoint], key: str) -> ServicePoint:
    if key not in staff:
        raise Refused("directory.staff_unknown", column="staff", value=key)
    return staff[key]


def _slots_around(session: Session, rows: Sequence[DutyRow]) -> dict[Slot, DutySlot]:
    """What is known of the days that the roster covers."""
    if not rows:
        return {}
    first, last = _days(rows)
    query = select(DutySlot).where(DutySlot.starts_at >= first, DutySlot.starts_at < last)
    return {(slot.window_id, slot.staff_id, slot.starts_at): slot for slot in session.scalars(query)}


def _days(rows: Sequence[DutyRow]) -> tuple[datetime, datetime]:
    first = min(row.starts_at for row in rows).replace(hour=0, minute=0)
    last = max(row.starts_at for row in rows).replace(hour=0, minute=0) + timedelta(days=1)
    return first, last


def _missing(known: dict[Slot, DutySlot], listed: set[Slot]) -> list[DutySlot]:
    """Shifts of the same windows and days that the roster does not have: perhaps swapped."""
    windows = {window_id for window_id, _, _ in listed}
    gone = [slot for key, slot in known.items() if key not in listed and slot.window_id in windows]
    return sorted(gone, key=lambda slot: slot.starts_at)


def _named(session: Session, slots: Sequence[DutySlot], rows: Sequence[DutyRow]) -> Iterator[Known]:
    zone = rows[0].starts_at.tzinfo if rows else None
    for slot in slots:
        window, member = session.get(ServicePoint, slot.window_id), session.get(ServicePoint, slot.staff_id)
        if window and member:
            yield Known("duty", window.key, f"{member.name} {slot.starts_at.astimezone(zone):%Y-%m-%d %H:%M}")
