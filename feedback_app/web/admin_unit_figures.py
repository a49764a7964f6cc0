"""A head's page: the own department's figures by whole months, and looking at one person's scores with a second person."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import releases, score_looks
from feedback_app.web import figure_charts, navigation
from feedback_app.web.access import DIRECTOR, HEAD, QUALITY, allow
from feedback_app.web.admin_figures import channel_name, part_name
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_unit_figures", __name__)
navigation.add(30, "admin_unit_figures.index", "dashboards.unit_nav")
navigation.add(32, "admin_unit_figures.looks", "dashboards.looks.nav")


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


@blueprint.get("/admin/figures/looks")
@allow(HEAD, QUALITY, DIRECTOR)
def looks() -> str:
    return _looks()


def _looks(problem: str = "") -> str:
    now = runtime().now()
    with runtime().reading() as session:
        mine = [(one, one.person.name, score_looks.is_open(one, now)) for one in score_looks.mine(session, g.account)]
        waiting = [(one, one.person.name) for one in score_looks.to_decide(session, g.account)]
    return render_template(
        "admin/figures/looks.html", mine=mine, waiting=waiting, problem=problem, typed=request.form, zone=runtime().zone
    )


@blueprint.post("/admin/figures/looks")
@allow(HEAD, QUALITY, DIRECTOR)
def ask() -> Any:
    """What was typed stays when something is missing."""
    try:
        with runtime().transaction() as session:
            score_looks.ask(
                session, g.account, request.form.get("staff_no", ""), request.form.get("purpose", ""), runtime().now()
            )
    except FeedbackError as error:
        return _looks(explain(error.code, error.params)), status_of(error)
    flash(t("dashboards.looks.asked"), "ok")
    return redirect(url_for("admin_unit_figures.looks"), 303)


@blueprint.post("/admin/figures/looks/<int:look>")
@allow(QUALITY, DIRECTOR)
def decide(look: int) -> Any:
    with runtime().transaction() as session:
        score_looks.decide(session, look, request.form.get("said") == "yes", g.account, runtime().now())
    flash(t("dashboards.looks.decided"), "ok")
    return redirect(url_for("admin_unit_figures.looks"), 303)


@blueprint.get("/admin/figures/looks/<int:look>")
@allow(HEAD, QUALITY, DIRECTOR)
def show(look: int) -> str:
    with runtime().transaction() as session:  # the first look is noted
        found, given = score_looks.open_for(session, look, g.account, runtime().now())
        name, until = found.person.name, found.decided_at + score_looks.OPEN_FOR if found.decided_at else None
    return render_template(
        "admin/figures/look.html",
        name=name,
        until=until,
        given=given,
        zone=runtime().zone,
        chart=figure_charts.monthly(given, name),
    )
