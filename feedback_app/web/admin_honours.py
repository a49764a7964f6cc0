"""Honours that people must look at again, because something about them came to light, or fell, after the board was closed (S50)."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import awards, honour_reviews, person_records
from feedback_app.web.access import ADMIN, DIRECTOR, QUALITY, allow, asks_again
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_honours", __name__, url_prefix="/admin/honours")


@blueprint.get("/")
@allow(ADMIN, QUALITY, DIRECTOR)
def index() -> str:
    return _page()


def _page(problem: str = "") -> str:
    with runtime().reading() as session:
        found = honour_reviews.waiting(session, person_records.kinds(g.account.role))
        titles = {key: scheme.title for key, scheme in awards.schemes(session).items()}
    return render_template("admin/honours.html", found=found, titles=titles, problem=problem, typed=request.form)


@blueprint.post("/")
@allow(ADMIN, QUALITY, DIRECTOR)
@asks_again
def decide() -> Any:
    """Revoke it, give it back, or leave the board as it is; always with a reason that stays in the house."""
    form = request.form
    asked = (
        form.get("award", ""),
        form.get("period", ""),
        whole_number(form.get("point", "")) or 0,
        whole_number(form.get("record", "")) or 0,
    )
    try:
        with runtime().transaction() as session:
            told = honour_reviews.decide(
                session,
                asked,
                form.get("answer", ""),
                kinds=person_records.kinds(g.account.role),
                why=form.get("why", ""),
                by=g.account.login,
                now=runtime().now(),
            )
            name = told.point.name
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), status_of(error)
    flash(t("honours.done", name=name), "ok")
    return redirect(url_for("admin_honours.index"), 303)
