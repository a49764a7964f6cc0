"""What a member of staff may read about a complaint that concerns them, say about it, and contest: once, with reasons."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import Conflict, FeedbackError, NotFound, Refused
from feedback_app.services import appeals, case_findings, case_releases
from feedback_app.services.transaction import Session
from feedback_app.web import access
from feedback_app.web.access import STAFF, allow, viewer
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("staff_cases", __name__)
RELEASE = "release"


def _is_theirs(who: access.Viewer, told: Mapping[str, Any]) -> bool:
    try:
        with runtime().reading() as session:
            case_releases.of_cover(session, str(told["cover"]), who.person_id or 0)
    except NotFound:
        return False
    return True


access.objects(RELEASE, _is_theirs, "desk.no_release")


@blueprint.get("/staff/cases")
@allow(own=(STAFF,))
def index() -> str:
    with runtime().reading() as session:
        rows = [(case_releases.covered(session, row), row) for row in case_releases.about(session, g.staff.id)]
        return render_template("staff/cases.html", rows=rows, appeals=appeals.of_person(session, g.staff.id))


@blueprint.get("/staff/cases/<cover>")
@allow(own=(STAFF,), of=RELEASE)
def show(cover: str) -> str:
    with runtime().reading() as session:
        return _page(session, cover)


@blueprint.post("/staff/cases/<cover>/statement")
@allow(own=(STAFF,), of=RELEASE)
def statement(cover: str) -> Any:
    words = request.form.get("text", "")
    try:
        with runtime().transaction() as session:
            row = case_releases.of_cover(session, cover, g.staff.id)
            case_releases.state(session, row.case, words, viewer(), runtime().now())
    except Refused as error:
        return _again(cover, error, {"statement": words})
    flash(t("desk.staff.stated"), "ok")
    return redirect(url_for("staff_cases.show", cover=cover), 303)


@blueprint.post("/staff/cases/<cover>/appeal")
@allow(own=(STAFF,), of=RELEASE)
def appeal(cover: str) -> Any:
    words = request.form.get("text", "")
    try:
        with runtime().transaction() as session:
            row = case_releases.of_cover(session, cover, g.staff.id)
            appeals.file(session, row, g.staff, words, runtime().now())
    except (Conflict, Refused) as error:
        return _again(cover, error, {"appeal": words})
    flash(t("appeals.filed"), "ok")
    return redirect(url_for("staff_cases.show", cover=cover), 303)


def _again(cover: str, error: FeedbackError, kept: dict[str, str]) -> tuple[str, int]:
    with runtime().reading() as session:
        return _page(session, cover, explain(error.code, error.params), kept), status_of(error)


def _page(session: Session, cover: str, problem: str = "", kept: dict[str, str] | None = None) -> str:
    row = case_releases.of_cover(session, cover, g.staff.id)
    return render_template(
        "staff/case.html",
        cover=cover,
        release=row,
        stated=case_releases.statements(row.case, [viewer().login]),
        appeal=appeals.of_person(session, g.staff.id).get(row.case_id),
        found=case_findings.told_to(session, row.case, g.staff.id),
        problem=problem,
        kept=kept or {},
    )
