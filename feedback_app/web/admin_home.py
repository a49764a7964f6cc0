"""The first page after signing in: what needs somebody today, and what a new hospital does next."""

from datetime import timedelta

from flask import Blueprint, current_app, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.periods import Month, local_day
from feedback_app.services import alarms, canary, rescues, today, urgent
from feedback_app.web import navigation
from feedback_app.web.access import CONSOLE, HEAD, IT, PROTECTION, allow, allowed_roles
from feedback_app.web.context import runtime

blueprint = Blueprint("admin_home", __name__)
RESCUES = timedelta(days=27)
navigation.add(0, "admin_home.index", "admin.home.nav")

STEPS = (
    ("directory", "admin_imports.upload"),
    ("codes", "admin_codes.index"),
    ("bindings", "admin_binding.index"),
    ("scan", "admin_codes.index"),
)
"""Each first step and the page where it is done; a page that is not installed gets no link."""

_FOR_IT = ("backup", "disk", "worker")
"""Alarms that stand nowhere else on the page."""


def page_for(endpoint: str) -> str:
    """The address of a console page if it exists and whoever is signed in may open it, else ""."""
    if endpoint not in current_app.view_functions or not allowed_roles(current_app, endpoint) & set(g.roles):
        return ""
    return url_for(endpoint)


@blueprint.get("/admin/")
@allow(*CONSOLE)
def index() -> str | Response:
    """What needs somebody today; who works with cases alone begins there."""
    if g.account.role == HEAD:
        return redirect(url_for("admin_unit_figures.index"))
    if g.account.role == IT:
        return redirect(url_for("admin_machines.index"))
    if g.account.role == PROTECTION:
        return redirect(url_for("admin_complaints.index"))
    now = runtime().now()
    day, month = local_day(now, runtime().zone), Month.of(now, runtime().zone)
    with runtime().reading() as session:
        figures, progress = today.figures(session, day, str(month), now), today.progress(session)
        proven = canary.standing(session, runtime(), now)
        rescued = rescues.standing(session, day - RESCUES, day)
        wrong = [one for one in alarms.found(session, runtime(), now) if one.name in _FOR_IT]
    return render_template(
        "admin/home.html",
        today=figures,
        progress=progress,
        steps=STEPS,
        day=day,
        month=month,
        page_for=page_for,
        proven=proven,
        rescued=rescued,
        alarms=wrong,
        duty_missing=runtime().settings.wechat.enabled and not urgent.is_set(runtime().settings),
    )
