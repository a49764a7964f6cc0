"""Ratings that arrived oddly, or that somebody wants left out: people decide, and never see the level while they do."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.identity import tidy
from feedback_app.errors import Conflict, NotAllowed, Refused
from feedback_app.services import ratings, set_asides
from feedback_app.services.set_asides import ASKED
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, QUALITY, allow
from feedback_app.web.admin_ratings import uncovered
from feedback_app.web.asked import number_from
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_set_asides", __name__, url_prefix="/admin/set-asides")
navigation.add(35, "admin_set_asides.index", "set_asides.nav")

STATES = ("held", "proposed", "noticed", "excluded", "kept")


@blueprint.get("/")
@allow(QUALITY, ADMIN)
def index() -> str:
    wanted = request.args.get("state", STATES[0])
    state = wanted if wanted in STATES else STATES[0]
    with runtime().reading() as session:
        return render_template(
            "admin/set_asides.html",
            page=set_asides.page(session, state, number_from("page", 1) or 1),
            counts=set_asides.waiting(session),
            state=state,
            states=STATES,
            asked=ASKED,
            covered=runtime().vault.cover,
        )


@blueprint.post("/by-receipt")
@allow(QUALITY, ADMIN)
def ask() -> Response:
    """Propose a rating by the receipt its holder brought, without seeing what it says."""
    with runtime().reading() as session:
        rating_id = ratings.id_of(session, tidy(request.form.get("receipt", "")))
    return _proposed(rating_id)


@blueprint.post("/ratings/<covered>")
@allow(QUALITY, ADMIN)
def propose(covered: str) -> Response:
    return _proposed(uncovered(covered))


@blueprint.post("/<int:aside_id>/confirm")
@allow(QUALITY, ADMIN)
def confirm(aside_id: int) -> Response:
    try:
        with runtime().transaction() as session:
            set_asides.confirm(session, aside_id, by=g.account.login, now=runtime().now())
        flash(t("set_asides.confirmed"), "ok")
    except (Conflict, NotAllowed) as error:
        flash(explain(error.code, error.params), "warn")
    return _back()


@blueprint.post("/<int:aside_id>/keep")
@allow(QUALITY, ADMIN)
def keep(aside_id: int) -> Response:
    try:
        with runtime().transaction() as session:
            set_asides.keep(session, aside_id, by=g.account.login, now=runtime().now())
        flash(t("set_asides.kept"), "ok")
    except Conflict as error:
        flash(explain(error.code, error.params), "warn")
    return _back()


def _proposed(rating_id: int) -> Response:
    reason, words = request.form.get("reason", ""), request.form.get("words", "")[:500]
    try:
        with runtime().transaction() as session:
            set_asides.propose(session, rating_id, reason=reason, words=words, by=g.account.login, now=runtime().now())
        flash(t("set_asides.proposed"), "ok")
    except (Conflict, Refused) as error:
        flash(explain(error.code, error.params), "warn")
    return _back()


def _back() -> Response:
    state = request.form.get("state", "")
    return redirect(url_for("admin_set_asides.index", state=state if state in STATES else "proposed"), 303)
