"""A head's page: the own department's figures by whole months."""

from typing import Any

from flask import Blueprint, g, render_template

from feedback_app.services import releases
from feedback_app.web import figure_charts, navigation
from feedback_app.web.access import HEAD, allow
from feedback_app.web.admin_figures import channel_name, part_name
from feedback_app.web.context import runtime, t

blueprint = Blueprint("admin_unit_figures", __name__)
navigation.add(30, "admin_unit_figures.index", "dashboards.unit_nav")


@blueprint.get("/admin/figures/unit")
@allow(HEAD)
def index() -> str:
    """Never a named person, never a single month of too few."""
    with runtime().reading() as session:
        unit = releases.unit(session, g.account.department_id)
        given = releases.of_unit(session, unit.id) if unit else []
    newest = given[-1] if given else None
    charts: dict[str, Any] = {"months": figure_charts.monthly(given, unit.name if unit else "")}
    if newest:
        charts["parts"] = figure_charts.shares(
            t("dashboards.by_point"), [(part_name(one), one) for one in newest.parts], t("dashboards.point")
        )
        charts["channels"] = figure_charts.shares(
            t("dashboards.by_channel"),
            [(channel_name(one), one) for one in newest.channels],
            t("dashboards.column.channel"),
        )
        charts["hours"] = figure_charts.hours(t("dashboards.by_hour"), [one for one in newest.hours if one.key])
    return render_template("admin/figures/unit.html", unit=unit, given=given, newest=newest, charts=charts)
