"""Exports from the console: without receipts and times of day, in a stream that never holds more than a few rows.

Whoever may have a list is told by :data:`KINDS_OF`; heads of departments and staff may have none, because a row is one
patient's answer.
"""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db import saved_exports
from feedback_app.db.complaints import Case
from feedback_app.db.ratings import CANARY, Rating
from feedback_app.db.saved_exports import SavedExport
from feedback_app.domain.periods import Month
from feedback_app.domain.roles import ADMIN, DIRECTOR, OFFICE, QUALITY
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, exports, fhir
from feedback_app.services.exports import KINDS, Row, Rows, Span

FORMS = ("csv", "xlsx", "jsonl", "fhir")
MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl; charset=utf-8",
    "fhir": "application/fhir+ndjson; charset=utf-8",
}
KINDS_OF: Mapping[str, frozenset[str]] = {
    "ratings": frozenset({QUALITY, ADMIN, DIRECTOR}),
    "complaints": frozenset({OFFICE, DIRECTOR}),
    "stars": frozenset({QUALITY, ADMIN, DIRECTOR}),
    "audit": frozenset({ADMIN}),
}
SPANS = ("last_month", "this_month", "last_90", "this_year", "all")
MOST_IN_A_SHEET = 200_000  # rows of an XLSX: it is made whole before it can be sent
MOST_SAVED = 30
_AT_ONCE = 500  # rows of one piece of the stream
_MARK = "\ufeff"  # tells Excel that this is UTF-8
_MOMENTS = ("received_at", "closed_at")


def kinds(role: str) -> list[str]:
    return [kind for kind, roles in KINDS_OF.items() if role in roles]


def span(name: str, today: date) -> tuple[date | None, date | None]:
    """First and last day of a named span."""
    month = Month(today.year, today.month)
    first = date(today.year, today.month, 1)
    if name == "last_month":
        before = month.shifted(-1)
        return date(before.year, before.number, 1), first - timedelta(days=1)
    if name == "this_month":
        return first, today
    if name == "last_90":
        return today - timedelta(days=89), today
    return (date(today.year, 1, 1), today) if name == "this_year" else (None, None)


def number(session: Session, kind: str, asked: Span) -> int | None:
    """How many rows there will be, for the bar that shows how far it is; None where it would cost as much as the list."""
    column, table = {"ratings": (Rating.day, Rating), "complaints": (Case.day, Case)}.get(kind, (None, None))
    if column is None or table is None:
        return None
    query = select(func.count()).select_from(table)
    query = query.where(Rating.status != CANARY) if kind == "ratings" else query
    query = query.where(column >= asked.since) if asked.since else query
    query = query.where(column <= asked.until) if asked.until else query
    return session.scalar(query) or 0


def check(session: Session, kind: str, form: str, role: str, asked: Span) -> int | None:
    """The number of rows to come. Raises NotFound ``exports.no_kind``, ``exports.no_form``; Refused ``exports.too_many``,
    ``exports.bad_span``."""
    if role not in KINDS_OF.get(kind, ()):
        raise NotFound("exports.no_kind")
    if form not in FORMS or (form == "fhir" and kind != "ratings"):
        raise NotFound("exports.no_form")
    if asked.since and asked.until and asked.since > asked.until:
        raise Refused("exports.bad_span")
    rows = number(session, kind, asked)
    if form == "xlsx" and rows is not None and rows > MOST_IN_A_SHEET:
        raise Refused("exports.too_many", n=rows, most=MOST_IN_A_SHEET)
    return rows


def stream(session: Session, kind: str, form: str, asked: Span, base_url: str) -> Iterator[bytes]:
    """The file in pieces; ``session`` must stay open until the last one. For whom it is has been checked."""
    if form == "fhir":
        return _bytes(fhir.lines(session, asked, base_url))
    columns, rows = _without_moments(*exports.without_receipts(KINDS[kind].columns, KINDS[kind].rows(session, asked)))
    if form == "xlsx":
        return _sheet(columns, rows)
    return _bytes(_csv(columns, rows) if form == "csv" else _json(columns, rows))


def _without_moments(columns: tuple[str, ...], rows: Rows) -> tuple[tuple[str, ...], Rows]:
    """Days instead of moments in every other column too: who was there at that minute would be known."""
    places = {place for place, name in enumerate(columns) if name in _MOMENTS}
    if not places:
        return columns, rows
    return columns, (tuple(cell[:10] if place in places else cell for place, cell in enumerate(row)) for row in rows)


def _csv(columns: tuple[str, ...], rows: Rows) -> Iterator[str]:
    held = io.StringIO()
    writer = csv.writer(held)
    held.write(_MARK)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([str(cell).lower() if isinstance(cell, bool) else exports.harmless(cell) for cell in row])
        yield held.getvalue()
        held.seek(0)
        held.truncate()
    yield held.getvalue()


def _json(columns: tuple[str, ...], rows: Rows) -> Iterator[str]:
    for row in rows:
        told = {name: cell for name, cell in zip(columns, row, strict=True) if cell != ""}
        yield json.dumps(told, ensure_ascii=False) + "\n"


def _bytes(lines: Iterable[str]) -> Iterator[bytes]:
    held: list[str] = []
    for line in lines:
        held.append(line)
        if len(held) >= _AT_ONCE:
            yield "".join(held).encode()
            held = []
    if held:
        yield "".join(held).encode()


def _sheet(columns: tuple[str, ...], rows: Iterator[Row]) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        exports.write_xlsx(columns, rows, path)
        with path.open("rb") as file:
            while piece := file.read(1 << 16):
                yield piece


def note(session: Session, kind: str, form: str, asked: Span, *, by: str, now: datetime) -> None:
    """Who took what: before the first row goes out."""
    subject = f"{kind} {asked.since or ''}–{asked.until or ''}"
    audit.write(session, actor=by, action="export.made", subject=subject, now=now, form=form)


def save(
    session: Session, title: str, kind: str, form: str, name: str, *, role: str, login: str, now: datetime
) -> SavedExport:
    """Raises Refused ``exports.no_title``, ``exports.too_many_saved``, ``exports.bad_span``; NotFound as :func:`check`."""
    words = " ".join(title.split())[:60]
    if not words:
        raise Refused("exports.no_title")
    if name not in SPANS:
        raise Refused("exports.bad_span")
    if role not in KINDS_OF.get(kind, ()):
        raise NotFound("exports.no_kind")
    if form not in FORMS or (form == "fhir" and kind != "ratings"):
        raise NotFound("exports.no_form")
    if len(saved_exports.of(session, login)) >= MOST_SAVED:
        raise Refused("exports.too_many_saved", most=MOST_SAVED)
    made = SavedExport(title=words, kind=kind, form=form, span=name, login=login, made_at=now)
    session.add(made)
    session.flush()
    return made


def saved(session: Session, login: str, role: str) -> list[SavedExport]:
    """Their own; what their role may no longer have is left out."""
    return [one for one in saved_exports.of(session, login) if role in KINDS_OF.get(one.kind, ())]


def drop(session: Session, saved_id: int, login: str) -> None:
    """Gone already, or another's: nothing happens."""
    found = session.get(SavedExport, saved_id)
    if found is not None and found.login == login:
        session.delete(found)
