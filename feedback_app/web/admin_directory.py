"""The directory in the console: departments, staff, windows and logistics teams; find, change, add."""

from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import NotFound, Refused
from feedback_app.services import directory, import_words, place_profiles
from feedback_app.services.directory import LIST_OF, Wanted
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.asked import number_from
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.file_names import named

blueprint = Blueprint("admin_directory", __name__, url_prefix="/admin/directory")
navigation.add(10, "admin_directory.index", "directory.nav")

KINDS = tuple(LIST_OF)  # staff, window, logistics, department
_STATUSES = {"staff": ("在岗", "产假", "进修", "外派", "停职", "离职", "退休")}
_OTHER_STATUSES = ("启用", "停用")
_ACTIVE = {"yes": True, "no": False}


@blueprint.get("")
@allow(ADMIN)
def index() -> str:
    """The list, with search and filters in the address."""
    wanted = _wanted()
    with runtime().reading() as session:
        found = directory.search(session, wanted, number_from("page", 1) or 1)
        return render_template(
            "admin/directory/index.html",
            found=found,
            wanted=wanted,
            counts=directory.counts(session),
            departments=directory.departments(session),
            kinds=KINDS,
            page_link=_page_link,
        )


def _wanted() -> Wanted:
    kind = request.args.get("kind", "")
    return Wanted(
        text=request.args.get("q", ""),
        kind=kind if kind in KINDS else "",
        department_id=number_from("department"),
        active=_ACTIVE.get(request.args.get("active", "")),
    )


def _page_link(page: int) -> str:
    kept = ("q", "kind", "department", "active", "lang")
    given: dict[str, Any] = {name: request.args[name] for name in kept if name in request.args}
    return url_for("admin_directory.index", **given, page=page)


@blueprint.get("/<int:point_id>")
@allow(ADMIN)
def show(point_id: int) -> str:
    return _detail(point_id)


@blueprint.post("/<int:point_id>")
@allow(ADMIN)
def change(point_id: int) -> Any:
    with runtime().reading() as session:
        point = directory.find(session, point_id)
        kind, key, name = point.kind, point.key, point.name
    texts = {**_typed(kind), "key": key}
    wrong = _save(kind, texts, is_new=False)
    if wrong:
        return _detail(point_id, texts, wrong), 400
    flash(t("directory.saved", name=texts.get("name") or name), "ok")
    return redirect(url_for("admin_directory.show", point_id=point_id), 303)


@blueprint.post("/<int:point_id>/profile")
@allow(ADMIN)
def save_profile(point_id: int) -> Any:
    """What the place tells about itself behind its code; a refused text stays in its field."""
    typed = {part: request.form.get(part, "") for part in place_profiles.PARTS}
    try:
        with runtime().transaction() as session:
            point = directory.find(session, point_id)
            place_profiles.save(session, point, typed, by=g.account.login, now=runtime().now())
    except Refused as refused:
        return _detail(point_id, profile=typed, problem=explain(refused.code, refused.params)), 400
    flash(t("places.saved"), "ok")
    return redirect(url_for("admin_directory.show", point_id=point_id), 303)


@blueprint.get("/new/<kind>")
@allow(ADMIN)
def new(kind: str) -> str:
    return _new_form(_known(kind), {})


@blueprint.post("/new/<kind>")
@allow(ADMIN)
def add(kind: str) -> Any:
    texts = _typed(_known(kind))
    wrong = _save(kind, texts, is_new=True)
    if wrong:
        return _new_form(kind, texts, wrong), 400
    flash(t("directory.added", name=texts.get("name") or texts.get("key", "")), "ok")
    return redirect(url_for("admin_directory.index", kind=kind), 303)


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise NotFound("directory.unknown")
    return kind


def _typed(kind: str) -> dict[str, str]:
    return {field: request.form[field] for field in directory.fields_of(kind) if field in request.form}


def _save(kind: str, texts: dict[str, str], *, is_new: bool) -> dict[str, str]:
    """Field -> what is wrong with it; empty when it was saved."""
    with runtime().transaction() as session:
        problems = directory.save(
            session,
            runtime().vault,
            kind,
            texts,
            is_new=is_new,
            actor=g.account.login,
            now=runtime().now(),
            zone=runtime().zone,
        )
    return {problem.column or "key": explain(problem.code, dict(problem.params)) for problem in problems}


def _detail(
    point_id: int,
    texts: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
    *,
    profile: dict[str, str] | None = None,
    problem: str = "",
) -> str:
    with runtime().reading() as session:
        point = directory.find(session, point_id)
        return render_template(
            "admin/directory/point.html",
            point=point,
            code=directory.active_code(session, point),
            code_page="admin_codes.show" in current_app.view_functions,
            shifts=directory.shifts(session, point, runtime().zone),
            profile=place_profiles.of(session, point_id) if profile is None else profile,
            profile_parts=place_profiles.PARTS if point.kind != "staff" else (),
            problem=problem,
            **_form(session, point.kind, texts or directory.texts_of(point), wrong),
        )


def _new_form(kind: str, texts: dict[str, str], wrong: dict[str, str] | None = None) -> str:
    with runtime().reading() as session:
        return render_template("admin/directory/new.html", **_form(session, kind, texts, wrong))


def _form(session: Any, kind: str, texts: dict[str, str], wrong: dict[str, str] | None) -> dict[str, Any]:
    return {
        "kind": kind,
        "field_word": lambda name: import_words.field_word(name, LIST_OF[kind], language()),
        "fields": directory.fields_of(kind),
        "texts": texts,
        "wrong": wrong or {},
        "departments": directory.departments(session),
        "statuses": _STATUSES.get(kind, _OTHER_STATUSES),
    }


@blueprint.get("/template/<kind>.xlsx")
@allow(ADMIN)
def template(kind: str) -> Response:
    """An empty list to fill in."""
    from feedback_app.services import list_templates  # noqa: PLC0415 - the writer of workbooks, seldom needed

    if kind not in list_templates.kinds():
        raise NotFound("directory.unknown")
    answer = current_app.response_class(
        list_templates.workbook(kind), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    return named(answer, list_templates.file_name(kind))
