"""Lists for spreadsheets and other programs, row by row: never an openid, phone number, name or text of a patient."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import xlsxwriter
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from feedback_app.db import tallies
from feedback_app.db.audit import AuditEntry
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaderboards import Leaderboard, LeaderboardRow
from feedback_app.db.ratings import CANARY, Rating
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import local_day
from feedback_app.domain.validity import why_not
from feedback_app.services import tallying

_AT_ONCE = 2000
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
Query = Select[*tuple[Any, ...]]
Row = tuple[Any, ...]
Rows = Iterator[Row]


@dataclass(frozen=True)
class Span:
    """Calendar days of the hospital, both included; None: no end on that side."""

    zone: ZoneInfo
    since: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Kind:
    """One list: its columns, and how its rows are read."""

    columns: tuple[str, ...]
    rows: Callable[[Session, Span], Iterator[Row]]


def _streamed(session: Session, query: Query) -> Iterator[Any]:
    """A few rows at a time; whoever stops in the middle leaves no cursor open."""
    with session.execute(query.execution_options(yield_per=_AT_ONCE)) as found:
        yield from found


def _within(query: Query, column: Any, span: Span) -> Query:
    query = query.where(column >= span.since) if span.since else query
    return query.where(column <= span.until) if span.until else query


def _moment(at: datetime | None, span: Span) -> str:
    return at.astimezone(span.zone).isoformat(timespec="seconds") if at else ""


def _ratings(session: Session, span: Span) -> Iterator[Row]:
    repeated = {one.id: reason for one, reason in tallying.repeated(tallies.repeats(session))}
    query = select(
        Rating.id,
        Rating.receipt,
        Rating.received_at,
        ServicePoint.kind,
        ServicePoint.key,
        Rating.score,
        Rating.channel,
        Rating.status,
        Rating.why_not,
    ).join(ServicePoint, Rating.service_point_id == ServicePoint.id)
    query = query.where(Rating.status != CANARY)
    for number, receipt, at, kind, key, score, channel, status, words in _streamed(
        session, _within(query, Rating.day, span).order_by(Rating.id)
    ):
        reason = why_not(status, words, repeated.get(number))
        yield receipt, _moment(at, span), kind, key, score, channel, not reason, reason


def _complaints(session: Session, span: Span) -> Iterator[Row]:
    place, unit = aliased(ServicePoint), aliased(ServicePoint)
    query = (
        select(Case, place.kind, place.key, unit.key)
        .outerjoin(place, Case.service_point_id == place.id)
        .outerjoin(unit, Case.department_id == unit.id)
    )
    for case, kind, key, department in _streamed(session, _within(query, Case.day, span).order_by(Case.id)):
        yield (
            case.number,
            _moment(case.received_at, span),
            case.kind,
            case.urgency,
            case.source,
            case.state,
            kind or "",
            key or "",
            department or "",
            case.due_on.isoformat() if case.due_on else "",
            _moment(case.closed_at, span),
        )


def _stars(session: Session, span: Span) -> Iterator[Row]:
    query = (
        select(Leaderboard, LeaderboardRow)
        .join(LeaderboardRow, LeaderboardRow.leaderboard_id == Leaderboard.id)
        .order_by(Leaderboard.period, Leaderboard.award_key, LeaderboardRow.id)
    )
    for board, row in _streamed(session, query):
        if not span.holds(Period.parse(board.period).first):
            continue
        body: Mapping[str, Any] = row.body
        yield (
            board.award_key,
            board.period,
            body["league"],
            body["rank"] if body["listed"] else "",
            body["key"],
            body["name"],
            body["department"],
            body["score"] if body["listed"] else "",
            body["valid"],
            body["listed"],
            _moment(board.closed_at, span),
            _moment(board.published_at, span),
            board.result_hash,
        )


def _audit(session: Session, span: Span) -> Iterator[Row]:
    for (entry,) in _streamed(session, select(AuditEntry).order_by(AuditEntry.id)):
        if span.holds(local_day(entry.at, span.zone)):
            details = json.dumps(entry.details, ensure_ascii=False, sort_keys=True)
            yield entry.id, _moment(entry.at, span), entry.actor, entry.action, entry.subject, details, entry.hash


KINDS: Mapping[str, Kind] = {
    "ratings": Kind(("receipt", "received_at", "kind", "key", "score", "channel", "counted", "why_not"), _ratings),
    "complaints": Kind(
        (
            "number",
            "received_at",
            "kind",
            "urgency",
            "source",
            "state",
            "about_kind",
            "about_key",
            "department",
            "due_on",
            "closed_at",
        ),
        _complaints,
    ),
    "stars": Kind(
        (
            "award",
            "period",
            "league",
            "rank",
            "key",
            "name",
            "department",
            "score",
            "valid",
            "listed",
            "closed_at",
            "published_at",
            "result_hash",
        ),
        _stars,
    ),
    "audit": Kind(("id", "at", "actor", "action", "subject", "details", "hash"), _audit),
}
"""``stars`` counts a period by its first day."""


def without_receipts(columns: Sequence[str], rows: Iterator[Row]) -> tuple[tuple[str, ...], Iterator[Row]]:
    """The form for the console: no receipt, and the day instead of the time, so that nobody finds a patient by it."""
    kept = [index for index, name in enumerate(columns) if name != "receipt"]
    moment = columns.index("received_at") if "received_at" in columns else -1
    names = tuple("day" if index == moment else columns[index] for index in kept)
    return names, (tuple(row[index][:10] if index == moment else row[index] for index in kept) for row in rows)


def harmless(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front; nothing is taken away."""
    if isinstance(cell, str) and cell[:1] in _FORMULA and cell:
        return f"'{cell}"
    return cell


def write_csv(columns: Sequence[str], rows: Iterator[Row], file: TextIO) -> int:
    """Returns the number of rows."""
    writer = csv.writer(file)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([str(cell).lower() if isinstance(cell, bool) else harmless(cell) for cell in row])
        count += 1
    return count


def write_jsonl(columns: Sequence[str], rows: Iterator[Row], file: TextIO) -> int:
    """One object a line; empty cells are left out. Returns the number of rows."""
    count = 0
    for row in rows:
        told = {name: cell for name, cell in zip(columns, row, strict=True) if cell != ""}
        file.write(json.dumps(told, ensure_ascii=False) + "\n")
        count += 1
    return count


def write_xlsx(columns: Sequence[str], rows: Iterator[Row], path: Path) -> int:
    """Written row by row to disk. Returns the number of rows."""
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, columns)
    count = 0
    for row in rows:
        count += 1
        sheet.write_row(count, 0, [harmless(cell) for cell in row])
    book.close()
    return count
