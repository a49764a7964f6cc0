"""Appeals of staff, for people outside the unit: without names, departments and days."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from feedback_app.errors import Conflict, Refused
from feedback_app.services import appeals
from feedback_app.web import access, navigation
from feedback_app.web.access import DIRECTOR, QUALITY, allow, viewer
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_appeals", __name__)
navigation.add(44, "admin_appeals.index", "appeals.nav")
APPEAL = "appeal"


def _is_theirs(who: access.Viewer, told: Mapping[str, Any]) -> bool:
    with runtime().reading() as session:
        return appeals.is_theirs(session, told["appeal_id"], who)


access.objects(APPEAL, _is_theirs, "appeals.unknown")


@blueprint.get("/admin/appeals")
@allow(own=(QUALITY, DIRECTOR))
def index() -> str:
    with runtime().reading() as session:
        return render_template("admin/appeals.html", appeals=appeals.listed(session, viewer()))


@blueprint.get("/admin/appeals/<int:appeal_id>")
@allow(own=(QUALITY, DIRECTOR), of=APPEAL)
def show(appeal_id: int) -> str:
    return _page(appeal_id)


@blueprint.post("/admin/appeals/<int:appeal_id>")
@allow(own=(QUALITY, DIRECTOR), of=APPEAL)
def decide(appeal_id: int) -> Any:
    words, result = request.form.get("text", ""), request.form.get("result", "")
    try:
        if result not in {appeals.UPHELD, appeals.REFUSED}:
            raise Refused("appeals.choose")
        with runtime().transaction() as session:
            appeals.decide(session, appeal_id, result == appeals.UPHELD, words, viewer(), runtime().now())
    except (Conflict, Refused) as error:
        return _page(appeal_id, problem=explain(error.code, error.params), kept=words, result=result), status_of(error)
    flash(t(f"appeals.done.{result}"), "ok")
    return redirect(url_for("admin_appeals.index"), 303)


def _page(appeal_id: int, *, problem: str = "", kept: str = "", result: str = "") -> str:
    with runtime().reading() as session:
        found = appeals.show(session, appeal_id, viewer())
    return render_template("admin/appeal.html", appeal=found, problem=problem, kept=kept, result=result)
