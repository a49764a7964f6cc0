"""The complaint register of a month and the summary of a year, ready to be printed and filed."""

from flask import Blueprint, render_template, request

from feedback_app.domain.periods import Month, local_day
from feedback_app.errors import Refused
from feedback_app.services import case_register
from feedback_app.web import navigation
from feedback_app.web.access import DIRECTOR, OFFICE, allow, viewer
from feedback_app.web.asked import number_from
from feedback_app.web.context import runtime

blueprint = Blueprint("admin_register", __name__)
navigation.add(45, "admin_register.index", "desk.register.nav")
_EARLIEST = 2020


@blueprint.get("/admin/complaint-register")
@allow(OFFICE, DIRECTOR)
def index() -> str:
    """Of this month, or of ``?month=2026-11``."""
    now = Month.of(runtime().now(), runtime().zone)
    try:
        month = Month.parse(request.args.get("month", str(now)))
    except Refused:
        month = now
    with runtime().reading() as session:
        return render_template(
            "admin/register.html",
            lines=case_register.register(session, month, viewer()),
            month=month,
            now=now,
            zone=runtime().zone,
        )


@blueprint.get("/admin/complaint-summary")
@allow(OFFICE, DIRECTOR)
def summary() -> str:
    """Of this year, or of ``?year=2025``."""
    this = local_day(runtime().now(), runtime().zone).year
    asked = number_from("year", this) or this
    year = asked if _EARLIEST <= asked <= this else this
    with runtime().reading() as session:
        told = case_register.summary(session, year)
    return render_template("admin/summary.html", told=told, years=range(this, _EARLIEST - 1, -1))
