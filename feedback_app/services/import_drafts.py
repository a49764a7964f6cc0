"""An uploaded list on its way into the directory: kept between upload, preview, correction and import."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db.imports import ImportDraft, forget_expired
from feedback_app.domain.directory_columns import KINDS, Heading, missing, recognise
from feedback_app.errors import NotFound, Refused
from feedback_app.services import imports
from feedback_app.services.directory_import import Preview
from feedback_app.services.import_files import Table, find_table, read_table, with_columns
from feedback_app.services.spreadsheets import Row, Sheet, Workbook, read
from feedback_app.services.vault import Vault

KEPT_FOR = timedelta(days=3)
_LONGEST_CELL = 500  # characters typed into a corrected cell


def start(session: Session, data: bytes, filename: str, kind: str, *, actor: str, now: datetime) -> ImportDraft:
    """Keep an uploaded file. Raises Refused as ``spreadsheets.read`` does, and ``directory.kind_unknown``."""
    forget_expired(session, now)
    _known(kind)
    draft = ImportDraft(
        id=secrets.token_urlsafe(16),
        created_by=actor,
        created_at=now,
        expires_at=now + KEPT_FOR,
        filename=filename[:200],
        create_departments=True,
        replace_missing=False,
        result={},
    )
    book = read(data)
    draft.form = book.form
    draft.sheets = [
        [sheet.name, [[row.line, list(row.cells)] for row in sheet.rows]] for sheet in book.sheets if sheet.rows
    ]
    session.add(draft)
    _understand(draft, kind)
    session.flush()
    return draft


def find(session: Session, draft_id: str, now: datetime) -> ImportDraft:
    """Raises NotFound ``directory.draft_gone``."""
    draft = session.get(ImportDraft, draft_id)
    if draft is None or draft.expires_at <= now:
        raise NotFound("directory.draft_gone")
    return draft


def table_of(draft: ImportDraft) -> Table:
    """The sheet being imported, as it is understood now."""
    name, rows = draft.sheets[draft.sheet]
    columns = {int(place): field for place, field in draft.columns.items()}
    needed = missing(KINDS[draft.kind], columns) if draft.kind else ()
    table_rows = tuple(Row(line, tuple(cells)) for line, cells in rows)
    return Table(draft.form, name, draft.kind, table_rows, Heading(draft.heading, columns, needed))


def sheet_names(draft: ImportDraft) -> list[str]:
    return [name for name, _ in draft.sheets]


def choose(draft: ImportDraft, *, kind: str, sheet: int | None, heading_line: int | None = None) -> bool:
    """Another kind, sheet or heading row: the headings are looked at anew. Returns whether it was another one."""
    _known(kind)
    is_other_sheet = sheet is not None and sheet != draft.sheet and 0 <= sheet < len(draft.sheets)
    if is_other_sheet or kind != draft.kind:
        _understand(draft, kind, sheet if is_other_sheet else None)
        return True
    return _move_heading(draft, heading_line)


def _move_heading(draft: ImportDraft, line: int | None) -> bool:
    rows = table_of(draft).rows
    index = next((index for index, row in enumerate(rows) if row.line == line), draft.heading)
    if index == draft.heading or not draft.kind:
        return False
    draft.heading = index
    draft.columns = {str(place): field for place, field in recognise(KINDS[draft.kind], rows[index].cells).items()}
    return True


def name_columns(draft: ImportDraft, columns: Mapping[int, str]) -> None:
    """What each column means, as a person says."""
    if draft.kind:
        chosen = with_columns(table_of(draft), columns).heading.columns
        draft.columns = {str(place): field for place, field in chosen.items()}


def correct(draft: ImportDraft, cells: Mapping[tuple[int, int], str], dropped: Collection[int]) -> None:
    """Write corrected cells (line, place) and leave out the dropped lines."""
    name, rows = draft.sheets[draft.sheet]
    by_line: dict[int, dict[int, str]] = {}
    for (line, place), text in cells.items():
        by_line.setdefault(line, {})[place] = text[:_LONGEST_CELL]
    width = table_of(draft).width
    changed = [
        [line, _with(old, by_line.get(line, {}), width)]
        for index, (line, old) in enumerate(rows)
        if index <= draft.heading or line not in dropped
    ]
    sheets = list(draft.sheets)
    sheets[draft.sheet] = [name, changed]
    draft.sheets = sheets


def _with(cells: list[str], corrections: Mapping[int, str], width: int) -> list[str]:
    if not corrections:
        return cells
    padded = [*cells, *[""] * (width - len(cells))]
    for place, text in corrections.items():
        if 0 <= place < width:
            padded[place] = text
    return padded


def preview(session: Session, draft: ImportDraft, zone: ZoneInfo) -> Preview | None:
    """What importing would do now; None while the kind or a needed column is not known."""
    table = table_of(draft)
    if not table.kind or table.heading.missing:
        return None
    return imports.plan(session, table.kind, read_table(table, zone), create_departments=draft.create_departments)


def apply(
    session: Session, vault: Vault, draft: ImportDraft, *, zone: ZoneInfo, skip_bad: bool, actor: str, now: datetime
) -> Preview:
    """Import the draft; done twice, the second time does nothing.

    Raises Refused ``directory.rows_rejected``, ``directory.not_ready``.
    """
    table = table_of(draft)
    if not table.kind or table.heading.missing or draft.result:
        raise Refused("directory.not_ready")
    done = imports.apply(
        session,
        vault,
        table.kind,
        read_table(table, zone),
        actor=actor,
        now=now,
        create_departments=draft.create_departments,
        skip_bad=skip_bad,
        replace_missing=draft.replace_missing,
    )
    draft.result = done.counts()
    draft.sheets = []
    session.flush()
    return done


def discard(session: Session, draft: ImportDraft) -> None:
    session.delete(draft)


def _known(kind: str) -> None:
    if kind and kind not in KINDS:
        raise Refused("directory.kind_unknown")


def _understand(draft: ImportDraft, kind: str, sheet: int | None = None) -> None:
    sheets = [Sheet(name, tuple(Row(line, tuple(cells)) for line, cells in rows)) for name, rows in draft.sheets]
    looked_at = sheets if sheet is None else [sheets[sheet]]
    table = find_table(Workbook(draft.form, tuple(looked_at)), kind)
    draft.sheet = sheet if sheet is not None else next(i for i, one in enumerate(sheets) if one.rows is table.rows)
    draft.kind = table.kind
    draft.heading = table.heading.index
    draft.columns = {str(place): field for place, field in table.heading.columns.items()}
