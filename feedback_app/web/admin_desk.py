"""The desk's own things: saved views, prepared answers, who has how much, who takes new cases on which day."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.domain import placeholders
from feedback_app.domain.periods import local_day
from feedback_app.errors import Refused
from feedback_app.services import desk_tools
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, HEAD, OFFICE, PROTECTION, allow
from feedback_app.web.admin_complaints import inbox_page
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_desk", __name__)
navigation.add(42, "admin_desk.workload", "desk.workload.nav")
navigation.add(43, "admin_desk.prepared", "desk.prepared.nav")
DAYS = range(7)


@blueprint.post("/admin/complaints/views")
@allow(OFFICE, ADMIN, DIRECTOR, HEAD, PROTECTION)
def save_view() -> Any:
    """Keep the list that is open, under a name, for oneself."""
    query = request.query_string.decode("utf-8", "replace")
    try:
        with runtime().transaction() as session:
            desk_tools.save_view(session, g.account.login, request.form.get("name", ""), query)
    except Refused as error:
        return inbox_page(problem=explain(error.code, error.params)), 400
    flash(t("desk.views.saved"), "ok")
    return redirect(f"{url_for('admin_complaints.index')}?{query}", 303)


@blueprint.post("/admin/complaints/views/<int:view_id>/drop")
@allow(OFFICE, ADMIN, DIRECTOR, HEAD, PROTECTION)
def drop_view(view_id: int) -> Any:
    with runtime().transaction() as session:
        desk_tools.drop_view(session, g.account.login, view_id)
    return redirect(url_for("admin_complaints.index"), 303)


@blueprint.get("/admin/prepared-answers")
@allow(OFFICE, ADMIN, DIRECTOR)
def prepared() -> str:
    return _prepared_page()


@blueprint.post("/admin/prepared-answers")
@allow(OFFICE, ADMIN, DIRECTOR)
def keep_prepared() -> Any:
    """Keep a new one, change one, or drop one."""
    form, by, now = request.form, g.account.login, runtime().now()
    answer_id = whole_number(form.get("id", "")) or 0
    try:
        with runtime().transaction() as session:
            if form.get("drop"):
                desk_tools.drop_prepared(session, answer_id, by=by, now=now)
            else:
                title, text = form.get("title", ""), form.get("text", "")
                desk_tools.prepare(session, title, text, by=by, now=now, answer_id=answer_id)
    except Refused as error:
        return _prepared_page(problem=explain(error.code, error.params), kept=form), 400
    flash(t("desk.prepared.dropped" if form.get("drop") else "desk.prepared.kept"), "ok")
    return redirect(url_for("admin_desk.prepared"), 303)


@blueprint.get("/admin/workload")
@allow(OFFICE, ADMIN, DIRECTOR)
def workload() -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/workload.html",
            loads=desk_tools.loads(session, local_day(runtime().now(), runtime().zone)),
            officers=desk_tools.officers(session),
            roster=desk_tools.roster(session),
            days=DAYS,
        )


@blueprint.post("/admin/workload/roster")
@allow(OFFICE, ADMIN)
def roster() -> Any:
    """The week anew: ``on`` holds "login day" for each ticked box."""
    days: dict[str, set[int]] = {}
    for ticked in request.form.getlist("on"):
        login, _, day = ticked.rpartition(" ")
        if day.isascii() and day.isdigit():
            days.setdefault(login, set()).add(int(day[:2]))
    with runtime().transaction() as session:
        told = {login: frozenset(on) for login, on in days.items()}
        desk_tools.set_roster(session, told, by=g.account.login, now=runtime().now())
    flash(t("desk.workload.saved"), "ok")
    return redirect(url_for("admin_desk.workload"), 303)


def _prepared_page(problem: str = "", kept: Any = None) -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/prepared.html",
            prepared=desk_tools.prepared(session),
            names=placeholders.NAMES,
            problem=problem,
            kept=kept or {},
        )
