"""Who is away: nobody on leave counts as having served at a window, whatever the roster says."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaves import Leave
from feedback_app.services import audit
from feedback_app.services.checked import Problem


@dataclass(frozen=True)
class Told:
    staff: str
    first: date
    last: date


@dataclass(frozen=True)
class Kept:
    stored: int
    known: int
    changed: int
    problems: tuple[Problem, ...]


def keep(session: Session, told: Sequence[tuple[int, Told]], *, by: str, now: datetime) -> Kept:
    """Line and leave. One that begins on the same day as a known one replaces its end; whose end lies before its beginning or
    whose number is unknown is told with its line."""
    keys = {one.staff for _, one in told}
    query = select(ServicePoint.key, ServicePoint.id).where(ServicePoint.kind == "staff", ServicePoint.key.in_(keys))
    staff = {str(key): int(number) for key, number in session.execute(query)}
    kept = {
        (one.staff_id, one.first_day): one
        for one in session.scalars(select(Leave).where(Leave.staff_id.in_(staff.values())))
    }
    problems, counts = [], {"stored": 0, "known": 0, "changed": 0}
    for line, one in told:
        if one.staff not in staff:
            problems.append(Problem("visits.unknown_point", "staff", line, {"key": one.staff[:40]}))
            continue
        if one.last < one.first:
            problems.append(Problem("api.ends_before", "last_day", line))
            continue
        row = kept.get((staff[one.staff], one.first))
        if row is None:
            row = Leave(staff_id=staff[one.staff], first_day=one.first, last_day=one.last, told_at=now, told_by=by)
            kept[staff[one.staff], one.first] = row
            session.add(row)
            counts["stored"] += 1
        elif row.last_day == one.last:
            counts["known"] += 1
        else:
            row.last_day, row.told_at, row.told_by = one.last, now, by
            counts["changed"] += 1
    session.flush()
    if counts["stored"] or counts["changed"]:
        audit.write(
            session, actor=by, action="leaves.told", now=now, stored=counts["stored"], changed=counts["changed"]
        )
    return Kept(**counts, problems=tuple(problems))


def away(session: Session, staff_ids: Collection[int], day: date) -> frozenset[int]:
    """Those of these members of staff who are on leave that day."""
    query = select(Leave.staff_id).where(Leave.staff_id.in_(staff_ids), Leave.first_day <= day, day <= Leave.last_day)
    return frozenset(session.scalars(query))
