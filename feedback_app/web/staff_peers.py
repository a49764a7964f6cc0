"""Colleagues about colleagues, on a phone: five levels each, whoever is not known well is skipped."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import peer_marks
from feedback_app.web.access import STAFF, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("staff_peers", __name__, url_prefix="/staff/peers")


@blueprint.get("")
@allow(STAFF)
def index() -> str:
    return _page()


def _page(problem: str = "") -> str:
    with runtime().reading() as session:
        asked = peer_marks.asked(session, runtime().vault, g.staff, runtime().now(), runtime().zone)
        return render_template("staff/peers.html", asked=asked, levels=peer_marks.LEVELS, problem=problem)


@blueprint.post("/<award>/<period>")
@allow(STAFF)
def give(award: str, period: str) -> Any:
    levels = {
        point: whole_number(value) or 0
        for name, value in request.form.items()
        if name.startswith("peer:") and value and (point := whole_number(name.removeprefix("peer:"))) is not None
    }
    try:
        with runtime().transaction() as session:
            count = peer_marks.give(
                session,
                runtime().vault,
                g.staff,
                award,
                period,
                levels,
                now=runtime().now(),
                zone=runtime().zone,
            )
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), status_of(error)
    flash(t("peers.kept", count=count) if count else t("peers.nobody_chosen"), "ok")
    return redirect(url_for("staff_peers.index"), 303)
