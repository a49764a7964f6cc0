"""A trial in a few departments, and going live: chosen here, and told on every page of the consoles while it lasts."""

from typing import Any, cast

from flask import Blueprint, Flask, current_app, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import FeedbackError, Refused
from feedback_app.services import directory, pilot
from feedback_app.services.pilot import Stage
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, allow, asks_again
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_pilot", __name__, url_prefix="/admin/pilot")
navigation.add(81, "admin_pilot.index", "pilot.nav")
_EXTENSION = "service_star.pilot"
_CONSOLES = ("/admin", "/staff")


@blueprint.get("/")
@allow(ADMIN, DIRECTOR)
def index() -> str:
    with runtime().reading() as session:
        stage = pilot.stage(session)
        return render_template(
            "admin/pilot.html",
            stage=stage,
            departments=directory.departments(session),
            plan=pilot.plan(session) if stage.is_trial else None,
            zone=runtime().zone,
        )


@blueprint.post("/")
@allow(ADMIN, DIRECTOR)
def choose() -> Response:
    """Begin the trial, or change its departments."""
    try:
        with runtime().transaction() as session:
            begins = not pilot.stage(session).is_trial
            pilot.choose(session, request.form.getlist("unit"), by=g.account.login, now=runtime().now())
        flash(t("pilot.begun" if begins else "pilot.changed"), "ok")
    except FeedbackError as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(url_for("admin_pilot.index"), 303)


@blueprint.post("/live")
@allow(ADMIN, DIRECTOR)
@asks_again
def live() -> Response:
    """End the trial: every department opens, its scores no longer count."""
    try:
        if not request.form.get("sure"):
            raise Refused("pilot.not_sure")
        with runtime().transaction() as session:
            dropped = pilot.go_live(session, by=g.account.login, zone=runtime().zone, now=runtime().now())
        flash(t("pilot.live.done", n=f"{dropped:,}"), "ok")
    except FeedbackError as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(url_for("admin_pilot.index"), 303)


@blueprint.before_app_request
def _look() -> None:
    """How it stands, for pages of the consoles; read anew only when something that patients see has changed."""
    if request.path.startswith(_CONSOLES):
        g.pilot = _stage(current_app)


def _stage(app: Flask) -> Stage:
    state = runtime().database.shown_state()
    kept = cast(tuple[int, Stage] | None, app.extensions.get(_EXTENSION))
    if kept is None or kept[0] != state:
        with runtime().reading() as session:
            kept = app.extensions[_EXTENSION] = (state, pilot.stage(session))
    return kept[1]


@blueprint.app_context_processor
def _banner() -> dict[str, Any]:
    stage: Stage | None = g.get("pilot")
    return {"trial": stage} if stage is not None and stage.is_trial else {}
