"""Figures from other systems, one a service point and period: waiting minutes, patients served … from a two-column table."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import assessments
from feedback_app.db import leaderboards as boards
from feedback_app.db.assessments import Figure
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.cycles import Period
from feedback_app.errors import Refused
from feedback_app.services import audit, spreadsheets

MOST_REASONS = 100


@dataclass(frozen=True)
class Rejected:
    """A line that was not taken, with why: a key under ``figures.reasons``."""

    line: int
    text: str
    why: str


@dataclass(frozen=True)
class Imported:
    """``again``: this very file was imported before for this figure and period. Unchanged values are not written anew."""

    new: int
    changed: int
    same: int
    again: bool
    rejected: tuple[Rejected, ...]


def import_table(session: Session, name: str, period: Period, data: bytes, *, by: str, now: datetime) -> Imported:
    """Take a table whose first column is a staff, window or team number and whose second is a number.

    The same table twice changes nothing and says so; another value for the same point replaces the old one. Raises
    Refused ``figures.bad_name``, ``figures.closed`` and what ``spreadsheets.read`` raises.
    """
    if not name or len(name) > 40 or not name.replace("_", "").isalnum() or not name.isascii():
        raise Refused("figures.bad_name")
    if boards.is_closed(session, str(period)):
        raise Refused("figures.closed", period=period)
    source = hashlib.sha256(data).hexdigest()
    points = _points(session)
    values, rejected = _read(data, points)
    known = {one.service_point_id: one for one in assessments.figures(session, {name}, str(period))}
    again = any(one.source == source for one in known.values())
    new = changed = same = 0
    for point_id, value in values.items():
        before = known.get(point_id)
        if before is None:
            new += 1
            session.add(
                Figure(
                    name=name,
                    period=str(period),
                    service_point_id=point_id,
                    value=value,
                    source=source,
                    imported_at=now,
                    imported_by=by,
                )
            )
        elif before.value == value:
            same += 1
        else:
            changed += 1
            before.value, before.source, before.imported_at, before.imported_by = value, source, now, by
    session.flush()
    if new or changed:
        audit.write(
            session, actor=by, action="figures.imported", subject=f"{name} {period}", now=now, new=new, changed=changed
        )
    return Imported(new, changed, same, again, tuple(rejected[:MOST_REASONS]))


def _points(session: Session) -> dict[str, int | None]:
    """Number to service point; None where two kinds share a number."""
    found: dict[str, int | None] = {}
    kinds = ("staff", "window", "logistics", "department")
    for point_id, key in session.execute(select(ServicePoint.id, ServicePoint.key).where(ServicePoint.kind.in_(kinds))):
        found[key] = None if key in found else point_id
    return found


def _read(data: bytes, points: dict[str, int | None]) -> tuple[dict[int, float], list[Rejected]]:
    values: dict[int, float] = {}
    rejected: list[Rejected] = []
    lines: list[tuple[int, Sequence[str]]] = [
        (row.line, row.cells) for sheet in spreadsheets.read(data).sheets for row in sheet.rows
    ]
    for place, (line, cells) in enumerate(lines):
        told = [*cells, "", ""]
        point_id, value = points.get(told[0]), _number(told[1])
        if place == 0 and value is None:
            continue  # the heading
        why = "twice" if point_id in values else "no_number" if value is None else "" if point_id else "unknown"
        if why or point_id is None or value is None:
            rejected.append(Rejected(line, told[0][:40], why))
        else:
            values[point_id] = value
    return values, rejected


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "").replace("%", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
