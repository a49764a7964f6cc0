"""Codes in the console: find, look at, print, retire, replace."""

from io import BytesIO

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from feedback_app.errors import NotFound, Refused
from feedback_app.services import codes, posters
from feedback_app.services.codes import KINDS, PRINTABLE, STATUSES, Code, CodeRow, Wanted
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.context import explain, language, runtime, t
from qr import codes as short_codes
from qr.layouts import LAYOUTS

blueprint = Blueprint("admin_codes", __name__, url_prefix="/admin/codes")
navigation.add(20, "admin_codes.index", "codes.nav")

PAGE = 50
LONGEST_WHY = 200
MANY = 200  # from here on, one file for each department is offered too


@blueprint.get("")
@allow(ADMIN)
def index() -> str | AnyResponse:
    """The list; a whole code typed into the search opens that code, retired or not."""
    wanted, problem = _wanted(), ""
    with runtime().reading() as session:
        if len(short_codes.tidy(wanted.search)) == short_codes.LENGTH:
            try:
                code = codes.find(session, runtime().vault, wanted.search)
                return redirect(url_for("admin_codes.show", code=code.text))
            except Refused:
                problem = t("codes.list.forged", typed=wanted.search)
            except NotFound as unknown:
                problem = explain(unknown.code, unknown.params)
        total = codes.count(session, wanted)
        last = max(1, -(-total // PAGE))
        number = min(max(1, _whole_number("page")), last)
        return render_template(
            "admin/codes/index.html",
            rows=codes.rows(session, _base_url(), wanted, most=PAGE, skip=(number - 1) * PAGE),
            wanted=wanted,
            filters=_filters(wanted),
            total=total,
            number=number,
            last=last,
            by_kind=codes.count_by_kind(session),
            resting=codes.resting_by_kind(session),
            printable=codes.count(session, _printing()) if _filters(wanted) and not wanted.status else 0,
            missing=codes.missing(session),
            departments=codes.departments(session, Wanted()),
            statuses=STATUSES,
            problem=problem,
        )


@blueprint.post("/missing")
@allow(ADMIN)
def make_missing() -> AnyResponse:
    """A code for everybody and everything that has none; then back, or on to printing one kind."""
    with runtime().transaction() as session:
        made = codes.issue_missing(session, runtime().vault, actor=_actor(), now=runtime().now())
    flash(t("codes.list.made", number=made), "ok")
    kind = request.form.get("kind", "")
    target = url_for("admin_codes.choose", kind=kind) if kind in KINDS else url_for("admin_codes.index")
    return redirect(target, code=303)


@blueprint.get("/print")
@allow(ADMIN)
def choose() -> str:
    """What is printed, in which layout: with a small picture of each."""
    wanted = _printing()
    with runtime().reading() as session:
        rows = _rows_to_print(session, wanted)
        departments = codes.departments(session, wanted) if len(rows) >= MANY else []
    settings = runtime().settings
    pages = {name: -(-len(rows) // form.per_page) for name, form in LAYOUTS.items()}
    return render_template(
        "admin/codes/print.html",
        rows=rows,
        what=_what(rows),
        wanted=wanted,
        filters=_filters(wanted),
        pages=pages,
        layout=_layout(rows),
        departments=departments,
        base=settings.server.base_url,
        public=settings.server.is_public,
        lacking=posters.unprintable(rows, settings, language()),
    )


@blueprint.get("/print.pdf")
@allow(ADMIN)
def document() -> Response:
    """The sheets themselves; 2,000 codes take about three seconds."""
    wanted = _printing()
    with runtime().reading() as session:
        rows = _rows_to_print(session, wanted)
    layout = _layout(rows)
    made = posters.document(rows, runtime().settings, layout, language=language(), now=runtime().now())
    with runtime().transaction() as session:
        codes.note_printing(session, number=len(rows), layout=layout, actor=_actor(), now=runtime().now())
    return _file(made, "application/pdf", posters.file_name(rows, layout, language()))


@blueprint.get("/preview/<layout>.svg")
@allow(ADMIN)
def preview(layout: str) -> Response:
    """The first page of what would be printed."""
    if layout not in LAYOUTS:
        raise NotFound("codes.nothing")
    with runtime().reading() as session:
        rows = _rows_to_print(session, _printing(), most=LAYOUTS[layout].per_page)
    drawn = posters.preview(rows, runtime().settings, layout, language())
    return Response(drawn, content_type="image/svg+xml; charset=utf-8")


@blueprint.get("/<code>")
@allow(ADMIN)
def show(code: str) -> str:
    with runtime().reading() as session:
        found = codes.find(session, runtime().vault, code)
        row = codes.row(found, _base_url())
        current = codes.current(session, found)
    return render_template("admin/codes/show.html", row=row, current=current, layouts=list(LAYOUTS))


@blueprint.get("/<code>/picture.<kind>")
@allow(ADMIN)
def picture(code: str, kind: str) -> Response:
    """The code alone: ``?save=1`` to keep it as a file."""
    if kind not in {"png", "svg"}:
        raise NotFound("codes.nothing")
    row = _row(code)
    content_type = "image/png" if kind == "png" else "image/svg+xml"
    if request.args.get("save"):
        return _file(posters.picture(row, kind, runtime().settings), content_type, posters.picture_name(row, kind))
    return Response(posters.picture(row, kind, runtime().settings), content_type=content_type)


@blueprint.get("/<code>/retire")
@allow(ADMIN)
def ask_retire(code: str) -> str:
    return render_template("admin/codes/change.html", row=_row(code), change="retire")


@blueprint.post("/<code>/retire")
@allow(ADMIN)
def retire(code: str) -> AnyResponse:
    with runtime().transaction() as session:
        found = _code(session, code)
        codes.retire(session, found, why=_why(), actor=_actor(), now=runtime().now())
    flash(t("codes.retire.done"), "ok")
    return redirect(url_for("admin_codes.show", code=found.text), code=303)


@blueprint.get("/<code>/reissue")
@allow(ADMIN)
def ask_reissue(code: str) -> str:
    return render_template("admin/codes/change.html", row=_row(code), change="reissue")


@blueprint.post("/<code>/reissue")
@allow(ADMIN)
def reissue(code: str) -> AnyResponse:
    """Twice (a second click) gives the same new code."""
    with runtime().transaction() as session:
        old = _code(session, code)
        new = codes.reissue(session, runtime().vault, old, why=_why(), actor=_actor(), now=runtime().now())
    flash(t("codes.reissue.done"), "ok")
    return redirect(url_for("admin_codes.show", code=new.text), code=303)


def _actor() -> str:
    return str(g.account.login)


def _base_url() -> str:
    return runtime().settings.server.base_url


def _code(session: Session, typed: str) -> Code:
    return codes.find(session, runtime().vault, typed)


def _row(typed: str) -> CodeRow:
    with runtime().reading() as session:
        return codes.row(_code(session, typed), _base_url())


def _why() -> str:
    return " ".join(request.form.get("why", "").replace("\0", "").split())[:LONGEST_WHY]


def _whole_number(field: str) -> int:
    value = request.args.get(field, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else 1


def _one_of(field: str, offered: tuple[str, ...]) -> str:
    value = request.args.get(field, "")
    return value if value in offered else ""


def _wanted() -> Wanted:
    """What the address asks for; anything strange asks for nothing."""
    return Wanted(
        kind=_one_of("kind", KINDS),
        department=request.args.get("department", "").replace("\0", "")[:100],
        status=_one_of("status", STATUSES),
        codes=tuple(request.args.getlist("code")[:2_000]),
        search=request.args.get("q", "").replace("\0", "").strip()[:60],
    )


def _printing() -> Wanted:
    """The same, but neither retired codes nor those of people who have left are ever printed."""
    asked = _wanted()
    return Wanted(asked.kind, asked.department, PRINTABLE, codes=asked.codes, search=asked.search)


def _filters(wanted: Wanted) -> dict[str, object]:
    """The fields of an address that asks for the same."""
    fields = {"kind": wanted.kind, "department": wanted.department, "q": wanted.search, "code": list(wanted.codes)}
    return {name: value for name, value in fields.items() if value}


def _rows_to_print(session: Session, wanted: Wanted, most: int | None = None) -> list[CodeRow]:
    """Raises NotFound ``codes.nothing``."""
    rows = list(codes.rows(session, _base_url(), wanted, most=most))
    if not rows:
        raise NotFound("codes.nothing")
    return rows


def _layout(rows: list[CodeRow]) -> str:
    """The layout asked for, else a badge for people and a stand for places."""
    usual = "badge" if all(row.kind == "staff" for row in rows) else "stand"
    return _one_of("layout", tuple(LAYOUTS)) or usual


def _what(rows: list[CodeRow]) -> str:
    if len(rows) == 1:
        return rows[0].name
    kinds = {row.kind for row in rows}
    return "、".join(t(f"codes.kinds.{kind}") for kind in KINDS if kind in kinds)


def _file(content: bytes, content_type: str, name: str) -> Response:
    return send_file(BytesIO(content), mimetype=content_type, as_attachment=True, download_name=name)
