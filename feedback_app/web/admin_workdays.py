"""The working calendar: what is published, and what an administrator enters over it."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.periods import local_day
from feedback_app.errors import FeedbackError, Refused
from feedback_app.services import workdays
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, OFFICE, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_workdays", __name__)
navigation.add(47, "admin_workdays.index", "workdays.nav")


@blueprint.get("/admin/workdays")
@allow(OFFICE, ADMIN)
def index() -> str:
    return _page()


@blueprint.post("/admin/workdays")
@allow(OFFICE, ADMIN)
def change() -> Any:
    """Enter, take back, or declare a year complete; every case that runs is counted anew at once."""
    try:
        with runtime().transaction() as session:
            moved = _do(session)
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), 400
    flash(t("workdays.done", count=moved), "ok")
    return redirect(url_for("admin_workdays.index"), 303)


def _do(session: Session) -> int:
    action, by = request.form.get("action", ""), str(g.account.login)
    zone, now = runtime().zone, runtime().now()
    if action == "complete":
        year = whole_number(request.form.get("year", "")) or 0
        if not 2000 < year < 2200:
            raise Refused("complaints.bad_date")
        return workdays.complete(session, year, by=by, zone=zone, now=now)
    first = _date("first")
    if action == "remove":
        return workdays.remove(session, first, by=by, zone=zone, now=now)
    last = _date("last") if request.form.get("last") else first
    worked = request.form.get("worked") == "1"
    return workdays.enter(session, first, last, worked=worked, by=by, zone=zone, now=now)


def _date(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise Refused("complaints.bad_date") from None


def _page(problem: str = "") -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/workdays.html",
            years=workdays.years(session, local_day(runtime().now(), runtime().zone)),
            entered=workdays.entered(session),
            problem=problem,
            kept=request.form,
        )
