"""Looking at one person's scores: with a purpose, a second person, for one day."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import score_looks
from feedback_app.web import figure_charts, navigation
from feedback_app.web.access import DIRECTOR, HEAD, QUALITY, allow
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_score_looks", __name__)
navigation.add(32, "admin_score_looks.looks", "dashboards.looks.nav")


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
    return redirect(url_for("admin_score_looks.looks"), 303)


@blueprint.post("/admin/figures/looks/<int:look>")
@allow(QUALITY, DIRECTOR)
def decide(look: int) -> Any:
    with runtime().transaction() as session:
        score_looks.decide(session, look, request.form.get("said") == "yes", g.account, runtime().now())
    flash(t("dashboards.looks.decided"), "ok")
    return redirect(url_for("admin_score_looks.looks"), 303)


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
