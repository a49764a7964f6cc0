"""The first page after signing in: what needs somebody today, and what a new hospital does next."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, current_app, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.charts import Chart
from feedback_app.domain.periods import Month, local_day
from feedback_app.services import alarms, canary, dashboards, rescues, today, urgent
from feedback_app.services.dashboards import Overview
from feedback_app.services.transaction import Session
from feedback_app.web import figure_charts, navigation
from feedback_app.web.access import CONSOLE, HEAD, IT, PROTECTION, allow, allowed_roles
from feedback_app.web.admin_figures import USUAL_DAYS
from feedback_app.web.context import runtime, t

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

_FOR_IT = ("backup", "backup_old", "disk", "worker")
"""Alarms that stand nowhere else on the page."""


@dataclass(frozen=True)
class Trend:
    """The hospital's last weeks, as its dashboard shows them."""

    found: Overview
    weekly: Chart
    name: str


def _trend(session: Session, today: date) -> Trend | None:
    """None for whoever may not open the dashboard, and before the first ratings."""
    if not page_for("admin_figures.index"):
        return None
    whole = dashboards.scope(session, None, None)
    found = dashboards.overview(session, whole, days=USUAL_DAYS, today=today, zone=runtime().zone)
    name = t("dashboards.hospital")
    weekly = figure_charts.weekly(found.weeks, name)
    return None if weekly.is_empty else Trend(found, weekly, name)


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
        trend = _trend(session, day)
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
        trend=trend,
        alarms=wrong,
        duty_missing=runtime().settings.wechat.enabled and not urgent.is_set(runtime().settings),
    )
