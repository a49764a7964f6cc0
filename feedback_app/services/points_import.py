"""Points that people gave on paper or in a spreadsheet, brought in by table."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.criteria._base import Taken
from feedback_app.domain.cycles import Period
from feedback_app.errors import Refused
from feedback_app.services import assessing, directory, spreadsheets
from feedback_app.services.figures import Rejected


@dataclass(frozen=True)
class Given:
    given: int
    rejected: tuple[Rejected, ...]


def import_table(session: Session, scheme: Scheme, period: Period, share: str, data: bytes, *, now: datetime) -> Given:
    """A line for each opinion: number, points, who gave them. For a score sheet a line for each deduction: number, item,
    points taken off, reason, inspector; a line with the number alone is a sheet without deductions.

    The same table again changes nothing: who gave points before gives them anew. Raises what ``assessing.give`` raises.
    """
    is_sheet = any(one.name == share and one.kind == "score_sheet" for one in scheme.shares)
    lines = [(row.line, [*row.cells, "", "", "", ""]) for sheet in spreadsheets.read(data).sheets for row in sheet.rows]
    told = [one for place, one in enumerate(lines) if place or directory.by_key(session, one[1][0]) is not None]
    return (_sheets if is_sheet else _points)(session, scheme, period, share, told, now)


def _points(
    session: Session, scheme: Scheme, period: Period, share: str, lines: Sequence[tuple[int, list[str]]], now: datetime
) -> Given:
    rejected: list[Rejected] = []
    given = 0
    for line, (key, points, by, *_) in lines:
        point, value = directory.by_key(session, key), _number(points)
        if point is None or value is None or not 0 <= value <= 100:
            rejected.append(Rejected(line, key[:40], "unknown" if point is None else "no_number"))
            continue
        assessing.give(session, scheme, period, share, point, value, by=f"table:{by or line}"[:64], now=now)
        given += 1
    return Given(given, tuple(rejected))


def _sheets(
    session: Session, scheme: Scheme, period: Period, share: str, lines: Sequence[tuple[int, list[str]]], now: datetime
) -> Given:
    rejected: list[Rejected] = []
    sheets: dict[str, list[Taken]] = defaultdict(list)
    items = {one.key for one in scheme.sheet}
    for line, (key, item, points, reason, *_) in lines:
        value = _number(points)
        if directory.by_key(session, key) is None or (item and (item not in items or not value or value < 0)):
            rejected.append(Rejected(line, f"{key} {item}"[:40], "unknown" if item not in items else "no_number"))
            continue
        sheets[key] += [Taken(item, reason[:100], value)] if item and value else []
    for key, taken in sheets.items():
        point = directory.by_key(session, key)
        if point is None:
            raise Refused("stars.no_share", share=share[:40])
        assessing.inspect(session, scheme, period, share, point, taken, by="table", now=now)
    return Given(len(sheets), tuple(rejected))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
