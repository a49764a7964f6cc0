"""Dashboards of director, quality office and administrators: the hospital, a department, one window."""

from typing import Any

from flask import Blueprint, render_template

from feedback_app.domain.periods import local_day
from feedback_app.services import dashboards, rescues
from feedback_app.services.dashboards import RANGES, STAFF, Overview, Part
from feedback_app.web import figure_charts, navigation
from feedback_app.web.access import ADMIN, CONSOLE, DIRECTOR, QUALITY, allow
from feedback_app.web.asked import number_from
from feedback_app.web.context import runtime, t, words

blueprint = Blueprint("admin_figures", __name__)
navigation.add(30, "admin_figures.index", "dashboards.nav")
USUAL_DAYS = 28


@blueprint.get("/admin/figures")
@allow(DIRECTOR, QUALITY, ADMIN)
def index() -> str:
    """What is not understood in the address does not narrow."""
    days = number_from("days", USUAL_DAYS)
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        of = dashboards.scope(session, number_from("unit"), number_from("point"))
        today = local_day(now, zone)
        found = dashboards.overview(session, of, days=days if days in RANGES else USUAL_DAYS, today=today, zone=zone)
        unit = of.unit or (of.point.department if of.point else None)
        return render_template(
            "admin/figures/index.html",
            found=found,
            of=of,
            days=days if days in RANGES else USUAL_DAYS,
            ranges=[(one, t("dashboards.days", n=one)) for one in RANGES],
            units=[(one.id, named(one.name, one.active)) for one in dashboards.listed_units(session)],
            unit=unit,
            points=[(one.id, named(one.name, one.active)) for one in dashboards.listed_points(session, unit)]
            if unit
            else [],
            rescued=rescues.standing(session, found.first, today) if of.unit is None and of.point is None else None,
            charts=charts_of(
                found, of.point.name if of.point else of.unit.name if of.unit else t("dashboards.hospital")
            ),
            percent=figure_charts.percent,
        )


@blueprint.get("/admin/figures/how")
@allow(*CONSOLE)
def how() -> str:
    """By which rules the figures are made."""
    return render_template("admin/figures/how.html")


def named(name: str, active: bool) -> str:
    return name if active else t("dashboards.former", name=name)


def charts_of(found: Overview, name: str) -> dict[str, Any]:
    lines = [(words(one.text), one.mean, one.n) for one in found.questions]
    return {
        "weekly": figure_charts.weekly(found.weeks, name),
        "channels": figure_charts.shares(
            t("dashboards.by_channel"),
            [(channel_name(one), one) for one in found.channels],
            t("dashboards.column.channel"),
        ),
        "hours": figure_charts.hours(t("dashboards.by_hour"), found.hours),
        "questions": figure_charts.questions(t("dashboards.by_question"), lines),
    }


def channel_name(part: Part) -> str:
    return t(f"admin_ratings.channels.{part.key}") if part.key else t("dashboards.rest")


@blueprint.app_template_global()
def part_name(part: Part) -> str:
    """How a row of a table is called."""
    if part.key == STAFF:
        return t("dashboards.staff_together")
    return part.name or (t("dashboards.rest") if not part.key else t("dashboards.no_unit"))
