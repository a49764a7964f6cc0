"""Importing a list without a command line: upload, look, correct, import. Works without JavaScript."""

from typing import Any

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for

from feedback_app.domain.directory_columns import KINDS
from feedback_app.errors import FeedbackError, NotFound, Refused
from feedback_app.services import import_drafts, import_words
from feedback_app.services.directory_import import Preview
from feedback_app.services.import_files import Table
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.context import explain, language, runtime

blueprint = Blueprint("admin_imports", __name__, url_prefix="/admin/directory/import")

ORDER = ("departments", "staff", "windows", "logistics", "places", "duty", "directory")
SHOWN_ROWS = 8
SHOWN_CORRECTIONS = 30  # rows at a time: more on one page tires, and the next ones follow
SHOWN_CHANGES = 100


@blueprint.get("")
@allow(ADMIN)
def upload() -> str:
    return _upload_page()


@blueprint.post("")
@allow(ADMIN)
def receive() -> Any:
    sent = request.files.get("file")
    kind = request.form.get("kind", "")
    try:
        if sent is None or not sent.filename:
            raise Refused("directory.no_file")
        data = sent.read()
        sent.close()  # a large one is a temporary file
        with runtime().transaction() as session:
            draft = import_drafts.start(session, data, sent.filename, kind, actor=g.account.login, now=runtime().now())
            draft_id = draft.id
    except Refused as error:
        return _upload_page(explain(error.code, error.params), kind), 400
    return redirect(url_for("admin_imports.preview", draft_id=draft_id), 303)


def _upload_page(error: str = "", kind: str = "") -> str:
    return render_template("admin/directory/upload.html", error=error, kind=kind, kinds=ORDER)


@blueprint.get("/<draft_id>")
@allow(ADMIN)
def preview(draft_id: str) -> Any:
    return _preview_page(draft_id)


def _preview_page(draft_id: str, error: str = "") -> Any:
    with runtime().reading() as session:
        try:
            draft = import_drafts.find(session, draft_id, runtime().now())
        except NotFound as gone:
            return _upload_page(explain(gone.code, gone.params)), 404
        if draft.result:
            return render_template("admin/directory/imported.html", draft=draft, codes_page=_codes_page())
        table = import_drafts.table_of(draft)
        shown = import_drafts.preview(session, draft, runtime().zone)
        return render_template(
            "admin/directory/preview.html",
            draft=draft,
            table=table,
            preview=shown,
            error=error,
            kinds=ORDER,
            sheets=import_drafts.sheet_names(draft),
            fields=KINDS[table.kind].fields if table.kind else (),
            needed=[import_words.field_word(name, table.kind, language()) for name in table.heading.missing],
            examples=_examples(table),
            corrections=_corrections(table, shown) if shown else [],
            correctable=_correctable(table, shown) if shown else [],
            shown_rows=SHOWN_ROWS,
            shown_corrections=SHOWN_CORRECTIONS,
            shown_changes=SHOWN_CHANGES,
            field_word=lambda name: import_words.field_word(name, table.kind, language()),
            form_words=import_words.form_words(draft.form, language()),
            words=import_words.problem_words,
            value=lambda one: import_words.value_words(one, language()),
        )


def _codes_page() -> str:
    known = "admin_codes.index" in current_app.view_functions
    return url_for("admin_codes.index") if known else ""


def _examples(table: Table) -> list[tuple[int, str, str, list[str]]]:
    """For each column of the file: its place, its heading, the field it is taken for, and its first contents."""
    columns = []
    for place in range(table.width):
        texts = [row.cells[place] for row in table.body[:40] if place < len(row.cells) and row.cells[place]]
        heading = table.headings[place] if place < len(table.headings) else ""
        if heading or texts:
            columns.append((place, heading, table.heading.columns.get(place, ""), list(dict.fromkeys(texts))[:3]))
    return columns


def _corrections(table: Table, shown: Preview) -> list[dict[str, Any]]:
    """The rejected rows, with every cell that counts, to be corrected in place."""
    cells = {row.line: row.cells for row in table.body}
    editable = {place for place, _ in _correctable(table, shown)}
    rows: dict[int, dict[str, Any]] = {}
    for problem in shown.rejected:
        if problem.line not in rows and len(rows) < SHOWN_CORRECTIONS:
            row = cells[problem.line]
            about = " · ".join(text for place, text in enumerate(row) if text and place in _telling(table) - editable)
            rows[problem.line] = {"line": problem.line, "cells": row, "about": about, "wrong": set(), "reasons": []}
        if problem.line in rows:
            rows[problem.line]["wrong"].add(problem.column)
            rows[problem.line]["reasons"].append(import_words.problem_words(problem, table, language()))
    return list(rows.values())


def _telling(table: Table) -> set[int]:
    """The columns by which a person recognises whom a row is about."""
    return {place for place, name in table.heading.columns.items() if name in _TELLING}


_TELLING = ("department", "title", "category", "building", "floor")
_ALWAYS_SHOWN = ("key", "name", "date", "window", "staff")
_TOGETHER = {"dept_code": "department", "department": "dept_code", "start": "end", "end": "start"}


def _correctable(table: Table, shown: Preview) -> list[tuple[int, str]]:
    """The columns to show beside the reasons: who it is, and what is wrong somewhere; not all of a wide sheet."""
    wrong = {problem.column for problem in shown.rejected}
    wanted = {*_ALWAYS_SHOWN, *wrong, *(_TOGETHER[name] for name in wrong if name in _TOGETHER)}
    return [(place, name) for place, name in sorted(table.heading.columns.items()) if name in wanted]


@blueprint.post("/<draft_id>/meaning")
@allow(ADMIN)
def meaning(draft_id: str) -> Any:
    """What kind of list it is, which sheet, what the columns are, and whether to create departments."""
    form = request.form
    kind = form.get("kind", "")
    try:
        with runtime().transaction() as session:
            draft = import_drafts.find(session, draft_id, runtime().now())
            if not draft.result:
                if not import_drafts.choose(
                    draft,
                    kind=kind,
                    sheet=form.get("sheet", None, type=int),
                    heading_line=form.get("heading", None, type=int),
                ):
                    import_drafts.name_columns(draft, _columns())
                draft.create_departments = "create_departments" in form
                draft.replace_missing = "replace_missing" in form
    except Refused as error:
        return _preview_page(draft_id, explain(error.code, error.params)), 400
    return redirect(url_for("admin_imports.preview", draft_id=draft_id), 303)


def _columns() -> dict[int, str]:
    """column-3=name -> {3: "name"}"""
    chosen = {}
    for name, field in request.form.items():
        place = name.removeprefix("column-")
        if name.startswith("column-") and place.isdecimal() and len(place) < 4 and field:
            chosen[int(place)] = field
    return chosen


@blueprint.post("/<draft_id>/rows")
@allow(ADMIN)
def rows(draft_id: str) -> Any:
    """Corrected cells come as cell-<line>-<place>, lines to leave out as drop."""
    cells: dict[tuple[int, int], str] = {}
    for name, text in request.form.items():
        start, _, rest = name.partition("-")
        line, _, place = rest.partition("-")
        if start == "cell" and line.isdecimal() and place.isdecimal() and len(rest) < 16:
            cells[int(line), int(place)] = text
    dropped = {int(line) for line in request.form.getlist("drop") if line.isdecimal() and len(line) < 10}
    with runtime().transaction() as session:
        draft = import_drafts.find(session, draft_id, runtime().now())
        if not draft.result:
            import_drafts.correct(draft, cells, dropped)
    return redirect(url_for("admin_imports.preview", draft_id=draft_id), 303)


@blueprint.post("/<draft_id>/import")
@allow(ADMIN)
def carry_out(draft_id: str) -> Any:
    try:
        with runtime().transaction() as session:
            draft = import_drafts.find(session, draft_id, runtime().now())
            if not draft.result:
                import_drafts.apply(
                    session,
                    runtime().vault,
                    draft,
                    zone=runtime().zone,
                    skip_bad="skip_bad" in request.form,
                    actor=g.account.login,
                    now=runtime().now(),
                )
    except FeedbackError as error:
        if isinstance(error, NotFound):
            raise
        return _preview_page(draft_id, explain(error.code, error.params)), 400
    return redirect(url_for("admin_imports.preview", draft_id=draft_id), 303)


@blueprint.post("/<draft_id>/discard")
@allow(ADMIN)
def discard(draft_id: str) -> Any:
    with runtime().transaction() as session:
        import_drafts.discard(session, import_drafts.find(session, draft_id, runtime().now()))
    return redirect(url_for("admin_imports.upload"), 303)
